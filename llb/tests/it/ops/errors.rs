//! Steps that cannot be written, and daemons that cannot run them: the whole messages.

use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use expect_test::{Expect, expect};
use gowork_llb::ops::caps::{self, Supported};
use gowork_llb::ops::exec::{Exec, Mount, Sharing};
use gowork_llb::ops::source::{Git, Http};
use gowork_llb::ops::{Output, merge};

use super::cases::{base, src};

fn step() -> Exec {
    Exec::new(["go", "build"]).root(&base())
}

fn refused(exec: Exec, want: Expect) {
    want.assert_eq(&exec.run().unwrap_err().to_string());
}

#[test]
fn steps_that_make_no_sense() {
    refused(
        Exec::new([""; 0]).root(&base()).named("link"),
        expect![[r#"step "link": it has no program to run"#]],
    );
    refused(
        Exec::new(["x"]),
        expect![[r#"step "x": it has no root file system; give it one, or scratch"#]],
    );
    refused(
        step().cwd("src"),
        expect![[r#"step "go build": its working directory "src" must be absolute"#]],
    );
    refused(
        step().env("A=B", "c"),
        expect![[r#"step "go build": "A=B" cannot be the name of an environment variable"#]],
    );
    refused(
        step().env("A", "\0"),
        expect![[r#"step "go build": an argument or a variable has a NUL byte in it"#]],
    );
    refused(
        step().mount(Mount::scratch_output("out")),
        expect![[r#"step "go build": the mount at "out" must be at an absolute path"#]],
    );
    refused(
        step()
            .mount(Mount::tmpfs("/a/", 0))
            .mount(Mount::secret("x", "/a")),
        expect![[r#"step "go build": it has two mounts at /a"#]],
    );
    refused(
        step().mount(Mount::read_only(&src(), "/.")),
        expect![[r#"step "go build": a mount cannot be at /, which is the root's place"#]],
    );
    refused(
        step().mount(Mount::cache("", "/c", Sharing::Shared)),
        expect![[r#"step "go build": the cache mount at /c has an empty id"#]],
    );
    refused(
        step().mount(Mount::tmpfs("/t", u64::MAX)),
        expect![[r#"step "go build": the memory file system at /t is too big"#]],
    );
}

#[test]
fn outputs_that_are_not_there() {
    let run = step()
        .mount(Mount::discarded(&src(), "/src"))
        .mount(Mount::read_only(&src(), "/in"))
        .run()
        .unwrap();
    assert_eq!(
        run.output("/in").unwrap(),
        src(),
        "a read-only mount is what it was"
    );
    expect![[r#"step "go build": the mount at /src has no output: its changes are dropped"#]]
        .assert_eq(&run.output("/src").unwrap_err().to_string());
    expect![[r#"step "go build": it has no mount at /out; it has /, /in, /src"#]]
        .assert_eq(&run.output("/out").unwrap_err().to_string());
    let read_only = Exec::new(["x"]).read_only_root(&base()).run().unwrap();
    assert_eq!(read_only.root(), base());
}

#[test]
fn addresses_that_are_none_and_keep_their_passwords() {
    let git = |remote| Git::new(remote, "", "").unwrap_err().to_string();
    expect![[
        r#""ftp://***@host/x" is not a git source: its scheme is not https, http, ssh or git"#
    ]]
    .assert_eq(&git("ftp://user:pass@host/x"));
    expect![[r##""https://***@host/x#main" is not a git source: the reference and the directory are to be given apart from the address, without '#' and '?'"##]]
        .assert_eq(&git("https://user:pass@host/x#main"));
    expect![[r#""https:///x" is not a git source: it has no host"#]].assert_eq(&git("https:///x"));
    expect![[
        r#""file:///x" is not an HTTP source: it does not begin with http:// or https:// and a host"#
    ]]
    .assert_eq(&Http::new("file:///x").unwrap_err().to_string());
}

#[test]
fn daemons_that_lack_something() {
    let out = step()
        .named("link api")
        .mount(Mount::cache("id", "/c", Sharing::Shared))
        .run()
        .unwrap()
        .root();
    let definition = merge(&[base(), out]).to_definition();
    let disabled = ApiCap {
        id: caps::MERGE.into(),
        disabled_reason_msg: "only enabled with containerd image store backend".into(),
        ..ApiCap::default()
    };
    let enabled = |id: &&str| ApiCap {
        id: (*id).into(),
        enabled: true,
        ..ApiCap::default()
    };
    let without = |missing: &'static str| {
        caps::ALL
            .iter()
            .filter(move |id| **id != missing && **id != caps::MERGE)
    };
    let daemon: Vec<ApiCap> = without(caps::EXEC_MOUNT_CACHE)
        .map(enabled)
        .chain([disabled])
        .collect();
    let error = caps::check(&definition, &Supported::from_api(&daemon)).unwrap_err();
    let merge_digest = definition.head().unwrap();
    let text = error.to_string().replace(merge_digest.short(), "DIGEST");
    expect![[r#"
        this BuildKit cannot run the build; update it, or use a builder that can
        - it has no exec.mount.cache, which "link api" needs
        - it has no mergeop (only enabled with containerd image store backend), which "DIGEST" needs"#]]
    .assert_eq(&text);
    assert_eq!(
        caps::check(&definition, &Supported::only(caps::ALL.iter().copied())),
        Ok(())
    );
    assert_eq!(
        caps::check(&Output::scratch().to_definition(), &Supported::default()),
        Ok(())
    );
}
