//! The states of `testdata/oracle/llb/cases.go`, built here.

use gowork_llb::ops::exec::{
    ContentCache, Exec, Mount, Network, ProxyEnv, Security, Sharing, Ulimit,
};
use gowork_llb::ops::file::{Copy, File, Mkdir, Mkfile, Owner, Rm, Symlink};
use gowork_llb::ops::source::{Differ, Git, Http, Image, Local, OciLayout, ResolveMode};
use gowork_llb::ops::{
    Digest, Merge, Output, Platform, ProgressGroup, Reference, SourceMap, diff, merge,
};

const SUM: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// All cases, by the names they are recorded under.
pub(super) fn all() -> Vec<(&'static str, Output)> {
    [images(), locals(), remotes(), execs(), files(), graphs()]
        .into_iter()
        .flatten()
        .collect()
}

fn platform(text: &str) -> Platform {
    Platform::parse(text).unwrap()
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn sum() -> Digest {
    Digest::parse(SUM).unwrap()
}

fn image(name: &str) -> Image {
    Image::new(&reference(name)).platform(platform("linux/amd64"))
}

/// The image that most cases start from.
pub(super) fn base() -> Output {
    image("alpine:3.22").output()
}

/// A source without options that matter.
pub(super) fn src() -> Output {
    Local::new("src").session("s").output()
}

fn images() -> Vec<(&'static str, Output)> {
    let pinned = reference("registry.example:5000/team/golang:1.26").pinned(&sum());
    let options = Image::new(&pinned)
        .platform(platform("linux/aarch64/v8"))
        .resolve_mode(ResolveMode::Pull)
        .internal();
    let arm = Image::new(&reference("user/name:tag"))
        .platform(platform("linux/arm"))
        .resolve_mode(ResolveMode::Local);
    let layout = OciLayout::new(&reference(&format!("base@{SUM}")))
        .session("session1")
        .store("store1")
        .layer_limit(3);
    vec![
        (
            "image",
            image("golang").resolve_mode(ResolveMode::Default).output(),
        ),
        ("image-options", options.named("load golang").output()),
        ("image-local-arm", arm.output()),
        (
            "image-checksum",
            image("busybox").layer_limit(2).checksum(&sum()).output(),
        ),
        (
            "oci-layout",
            layout.platform(platform("linux/arm64")).output(),
        ),
    ]
}

fn locals() -> Vec<(&'static str, Output)> {
    let local = Local::new("context")
        .session("session1")
        .shared_key_hint("ctx")
        .include(["**/*.go", "go.mod"])
        .exclude(["a&b", "<x>", "\"q\"\t", "\u{2028}é"])
        .follow(["Dockerfile"])
        .differ(Differ::None)
        .named("[internal] load context");
    vec![
        ("local", local.output()),
        (
            "local-metadata",
            Local::new("context")
                .session("session1")
                .metadata_only(["**/go.mod", "go.work"])
                .output(),
        ),
        (
            "local-unique",
            Local::new("dockerfile")
                .unique("once")
                .differ(Differ::Metadata)
                .include([""; 0])
                .output(),
        ),
    ]
}

fn remotes() -> Vec<(&'static str, Output)> {
    let git = |remote, reference, subdir| Git::new(remote, reference, subdir).unwrap();
    let options = git("https://user@example.com/team/re%20po.git", COMMIT, "")
        .keep_git_dir()
        .auth_token_secret("token")
        .auth_header_secret("header")
        .checksum(COMMIT)
        .skip_submodules()
        .commit_times()
        .fetch_by_commit();
    let ssh = git("git@example.com:team/repo.git", "main", "")
        .known_ssh_hosts("example.com ssh-ed25519 AAAA")
        .ssh("agent");
    let http = Http::new("http://example.com/x?y=z")
        .unwrap()
        .checksum(&sum())
        .filename("tool")
        .perm(0o755)
        .owner(1000, 1001)
        .auth_header_secret("auth")
        .accept("a/b")
        .user_agent("gowork");
    vec![
        (
            "git-https",
            git("https://example.com/team/repo.git", "v1.2.3", "/sub/dir/").output(),
        ),
        ("git-bare", git("example.com/team/repo", "", "").output()),
        ("git-options", options.output()),
        ("git-ssh", ssh.output()),
        (
            "http",
            Http::new("https://example.com/file.tgz").unwrap().output(),
        ),
        ("http-options", http.output()),
    ]
}

fn with_mounts() -> Exec {
    let busybox = image("busybox").output();
    Exec::new(["go", "build", "./..."])
        .root(&base())
        .cwd("/src")
        .user("1000:1000")
        .env("A", "1")
        .env("B", "2")
        .env("A", "3")
        .env("EMPTY", "")
        .hostname("box")
        .mount(Mount::read_only(&src(), "/src").selector("sub"))
        .mount(Mount::scratch_output("/out"))
        .mount(Mount::writable(&src(), "/a"))
        .mount(Mount::discarded(&src(), "/drop"))
        .mount(Mount::read_only(&busybox, "/b").content_cache(ContentCache::Off))
        .mount(Mount::cache("go-build", "/cache", Sharing::Shared))
        .mount(
            Mount::cache("locked", "/cache2", Sharing::Locked)
                .starting_from(&src())
                .selector("/cache"),
        )
        .mount(Mount::cache("private", "/cache3", Sharing::Private))
        .mount(Mount::tmpfs("/tmp", 0))
        .shm_size(1 << 20)
        .named("compile")
}

fn with_client() -> Exec {
    Exec::new(["sh", "-c", "id"])
        .root(&base())
        .mount(Mount::secret("ca", "/run/secrets/ca").optional())
        .mount(
            Mount::secret("netrc", "/root/.netrc")
                .mode(0o440)
                .uid(1)
                .gid(2),
        )
        .secret_env("TOKEN", "token", false)
        .secret_env("MAYBE", "maybe", true)
        .mount(Mount::ssh("default", ""))
        .mount(Mount::ssh("other", "/agent").optional())
        .mount(Mount::ssh("third", "/third").uid(5).gid(6).mode(0o660))
}

fn with_settings() -> Exec {
    let proxy = ProxyEnv {
        http: "http://p".into(),
        https: "https://p".into(),
        no: "localhost".into(),
        ..ProxyEnv::default()
    };
    Exec::new(["x"])
        .root(&base())
        .env("SSH_AUTH_SOCK", "/mine")
        .network(Network::Host)
        .security(Security::Insecure)
        .mount(Mount::ssh("default", ""))
        .extra_host("one", "10.0.0.1".parse().unwrap())
        .extra_host("two", "fe80::1".parse().unwrap())
        .ulimit(Ulimit {
            name: "nofile".into(),
            soft: 10,
            hard: -1,
        })
        .cgroup_parent("parent")
        .valid_exit_codes([0, 3, 255])
        .device("vendor/class=a", false)
        .device("vendor/class=b", true)
        .proxy(proxy)
        .ignore_cache(true)
        .export_cache(false)
        .progress_group(ProgressGroup {
            id: "group".into(),
            name: "compiling".into(),
            weak: true,
        })
}

fn execs() -> Vec<(&'static str, Output)> {
    let simple = Exec::new(["true"]).root(&base()).run().unwrap().root();
    let many = with_mounts().run().unwrap();
    let read_only = Exec::new(["x"])
        .read_only_root(&base())
        .network(Network::None)
        .mount(Mount::scratch_output("/out"));
    let on_scratch = Exec::new(["/bin/x"])
        .root(&Output::scratch())
        .platform(platform("linux/arm64"))
        .mount(Mount::read_only(&base(), "/bin"));
    let second = Exec::new(["b"]).root(&simple).run().unwrap().root();
    let third = Exec::new(["c"])
        .root(&second)
        .platform(platform("linux/arm64"));
    vec![
        ("exec", simple),
        ("exec-mounts", many.root()),
        ("exec-mounts-out", many.output("/out").unwrap()),
        ("exec-mounts-a", many.output("/a/").unwrap()),
        ("exec-client", with_client().run().unwrap().root()),
        ("exec-settings", with_settings().run().unwrap().root()),
        (
            "exec-readonly-root",
            read_only.run().unwrap().output("/out").unwrap(),
        ),
        ("exec-scratch-root", on_scratch.run().unwrap().root()),
        ("exec-chain", third.run().unwrap().root()),
    ]
}

fn files() -> Vec<(&'static str, Output)> {
    let (other, at) = (image("busybox").output(), 1_700_000_000);
    let actions = File::on(&base())
        .mkdir(
            Mkdir::new("/a/b", 0o755)
                .parents()
                .owner(Owner::ids(1, 2))
                .timestamp(at),
        )
        .mkfile(
            Mkfile::new("a/b/c.txt", 0o600, *b"hello\0world").owner(Owner::named("root:daemon")),
        )
        .mkfile(Mkfile::new("/empty", 0o644, *b"").timestamp(at))
        .symlink(Symlink::new("../c.txt", "/a/link").timestamp(at))
        .rm(Rm::new("/old*").allow_not_found().wildcard())
        .rm(Rm::new("x/../y"))
        .mkdir(Mkdir::new("/plain", 0o700))
        .named("prepare");
    let all = Copy::from(&src(), "/", "/dst/.")
        .contents_only()
        .include(["**/*.go"])
        .exclude(["vendor"])
        .wildcard(true);
    let tool = Copy::from(&other, "/bin//busybox", "bin/sh")
        .mode(0o755)
        .owner(Owner::named("www-data"))
        .timestamp(at);
    let none = Copy::from(&Output::scratch(), "/", "/none")
        .follow_symlinks()
        .unpack()
        .replace_existing()
        .required(["x"]);
    let copies = File::on(&base())
        .copy(Copy::from(&src(), "go.mod", "/src/").create_dest_path())
        .copy(all)
        .copy(tool)
        .copy(none)
        .copy(
            Copy::from(&other, "/etc", "/etc2")
                .chmod("go-w")
                .owner(Owner::named("1000")),
        );
    let scratch = File::on(&Output::scratch())
        .copy(Copy::from(&base(), "/etc/ssl/certs", "/etc/ssl/certs"))
        .mkfile(Mkfile::new("/etc/passwd", 0o644, *b"x").owner(Owner::named("nobody")));
    vec![
        ("file-actions", actions.output()),
        ("file-copies", copies.output()),
        ("file-scratch", scratch.output()),
        (
            "file-same",
            File::on(&base())
                .copy(Copy::from(&base(), "/a", "/b"))
                .output(),
        ),
    ]
}

fn graphs() -> Vec<(&'static str, Output)> {
    let file = |name: &str| {
        File::on(&Output::scratch())
            .mkfile(Mkfile::new(&format!("/{name}"), 0o644, name))
            .output()
    };
    let (a, b) = (file("a"), file("b"));
    let one = Exec::new(["build"])
        .root(&base())
        .mount(Mount::scratch_output("/one"))
        .mount(Mount::scratch_output("/two"))
        .run()
        .unwrap();
    let (first, second) = (one.output("/one").unwrap(), one.output("/two").unwrap());
    let diamond = File::on(&Output::scratch())
        .copy(Copy::from(&first, "/", "/1"))
        .copy(Copy::from(&second, "/", "/2"))
        .copy(Copy::from(&one.root(), "/etc", "/3"));
    vec![
        ("scratch", Output::scratch()),
        (
            "merge",
            Merge::of(&[base(), Output::scratch(), a.clone(), b, a])
                .named("assemble")
                .output(),
        ),
        ("diff", diff(&base(), &one.root())),
        ("diff-to-scratch", diff(&base(), &Output::scratch())),
        (
            "merge-of-diffs",
            merge(&[base(), diff(&base(), &one.root()), second]),
        ),
        ("diamond", diamond.output()),
        ("source-map", source_map()),
    ]
}

fn source_map() -> Output {
    let data = "# syntax=x\n[images.api]\n";
    let (file, same) = (
        SourceMap::new("Dockerfile", "TOML", data),
        SourceMap::new("Dockerfile", "TOML", data),
    );
    let step = || Exec::new(["x"]).root(&base());
    let named = step()
        .location(file.lines(2..=2))
        .named("first")
        .run()
        .unwrap();
    let again = step()
        .location(same.lines(1..=2))
        .described("other", "key")
        .ignore_cache(true)
        .run()
        .unwrap();
    File::on(&Output::scratch())
        .copy(Copy::from(&named.root(), "/", "/n"))
        .copy(Copy::from(&again.root(), "/", "/a"))
        .location(file.lines(2..=2))
        .output()
}
