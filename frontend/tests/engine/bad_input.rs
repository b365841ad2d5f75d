//! Bad input, as a person sees it through buildx: what is wrong, in which line of which file, and
//! what to do.
//!
//! The inputs are `testdata/bad/NAME`, the whole text that buildx prints for each is
//! `testdata/bad/NAME.txt`. `UPDATE_EXPECT=1` writes the texts anew.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::engine::{Build, Engine, Outcome};
use crate::repository::Repository;
use crate::server::Server;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/bad")
        .canonicalize()
        .unwrap()
}

/// A build of the case `name`.
fn build(name: &str) -> Build {
    Engine::main()
        .frontend(&directory().join(name))
        .args(["--output=type=cacheonly"])
}

/// Holds what buildx printed against the case's text.
fn said(name: &str, outcome: &Outcome) {
    expect_file![directory().join(format!("{name}.txt"))].assert_eq(&outcome.text);
}

fn fails(name: &str) {
    said(name, &build(name).fails());
}

/// A message of the go command in the output of a step.
fn go_says(outcome: &Outcome, message: &str) {
    assert!(
        outcome.records.logs().contains(message),
        "no {message:?} in:\n{}",
        outcome.everything()
    );
}

#[test]
fn every_case_is_tested() {
    let tests = include_str!("bad_input.rs");
    for entry in fs::read_dir(directory()).unwrap().map(Result::unwrap) {
        let file = entry.file_name().into_string().unwrap();
        let name = file.trim_end_matches(".txt");
        assert!(
            tests.contains(&format!("\"{name}\"")),
            "testdata/bad/{file} has no test"
        );
        assert!(
            directory().join(name).is_dir(),
            "testdata/bad/{file} is the text of no case"
        );
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn mod_files() {
    fails("work-syntax");
    fails("work-member-without-module");
    fails("work-duplicate-module");
    fails("work-member-go");
    fails("work-use-outside");
    fails("module-path");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn configuration() {
    fails("config-toml");
    fails("config-unknown-key");
    fails("config-build-arg");
    fails("config-image-main");
    let secret = build("proxy-unreachable")
        .args(["--build-arg", "GOPROXY=http://user:canary@127.0.0.1:9"])
        .fails();
    assert!(
        secret.text.contains("--secret id=netrc") && !secret.everything().contains("canary"),
        "{}",
        secret.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn go_too_old_by_name() {
    fails("config-go-old");
    fails("config-builder-old");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn images_that_no_registry_has() {
    fails("config-builder-missing");
    fails("module-go-missing");
    fails("config-base-missing");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn which_image() {
    said("target", &build("target").target("wroker").fails());
    fails("target-none");
    fails("same-name");
    said(
        "no-main",
        &build("no-main").args(["--platform", "linux/amd64"]).fails(),
    );
    fails("no-module");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn packages() {
    fails("import-no-package");
    fails("go-syntax");
    fails("package-clauses");
    fails("embed");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules() {
    fails("import-no-module");
    fails("proxy-unreachable");
}

/// What is laid over the repository: errors are at its table, and those of its stage in the
/// Dockerfile.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn overlays() {
    fails("overlay-stage");
    fails("overlay-context");
    fails("overlay-outside");
    fails("overlay-source");
    fails("overlay-file");
    fails("overlay-empty");
    fails("overlay-failed");
    fails("overlay-circle");
    fails("embed-ignored");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn stages_as_builders() {
    fails("builder-stage");
    fails("builder-circle");
    fails("builder-stage-without-go");
    fails("stage-text");
    fails("stage-text-syntax");
    fails("stage-path");
    fails("stage-empty");
}

/// Of a Dockerfile: what Docker's frontend says is said, and what concerns the binaries is said at
/// the instruction that takes them.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn stages_of_a_dockerfile() {
    fails("stages-binary");
    fails("stages-pattern");
    fails("stages-syntax");
    said(
        "stages-target",
        &build("stages-target").target("app").fails(),
    );
    fails("stages-missing");
    fails("stages-misspelt");
    fails("stages-circle");
    fails("stages-first-word");
    fails("stages-no-module");
    fails("stages-no-main");
    fails("stages-excluded");
    fails("stages-name");
    fails("stages-after-toml");
    fails("stages-before-toml");
    fails("stages-platform");
    fails("stages-settings");
}

/// A proxy whose certificate nobody has signed, as a company's own looks from inside a build step;
/// and the secret that is the cure.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn certificates_of_a_proxy() {
    let proxy = Server::with_tls(include_str!("servers/tls_proxy.go"), &[]);
    let argument = format!("GOPROXY=https://{}", proxy.address);
    let build = || build("proxy-tls").args(["--build-arg", &argument]);
    let mut outcome = build().fails();
    outcome.text = outcome.text.replace(&proxy.address, "PROXY");
    said("proxy-tls", &outcome);
    let trusting = build()
        .args([format!(
            "--secret=id=ca,src={}",
            proxy.file("certificate.pem").display()
        )])
        .fails();
    assert!(
        trusting.text.contains(&proxy.address) && !trusting.text.contains("x509"),
        "{}",
        trusting.everything()
    );
}

/// The go command's own words, file and line included, and the step in words.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn compile_errors() {
    let unit = build("compile-unit").target("api").fails();
    said("compile-unit", &unit);
    go_says(
        &unit,
        "worker/jobs/jobs.go:3:26: cannot use \"one\" (untyped string constant) as int value in return statement\n",
    );
    let main = build("compile-main").fails();
    said("compile-main", &main);
    go_says(&main, "./main.go:5:10: undefined: m\n");
    let syntax = build("compile-syntax").fails();
    said("compile-syntax", &syntax);
    go_says(
        &syntax,
        "./main.go:4:14: syntax error: unexpected literal \"b\" in argument list; possibly missing comma or )\n",
    );
}

/// What the compiler said is the error, at the lines that it names: of assembly, C, linkers and
/// vendored code too.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn errors_of_all_tools() {
    fails("compile-many");
    fails("compile-assembly");
    fails("compile-c");
    fails("compile-vendored");
    fails("link-body");
    fails("link-c");
}

/// With `--no-cache` too, which empties the mount that what a step prints is kept in.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn compile_errors_without_a_cache() {
    for cache in ["layer", "mount", "both"] {
        let input = tempfile::tempdir().unwrap();
        let text = format!("# syntax=docker.io/gowork/gowork:1\ncache = \"{cache}\"\n");
        for (name, text) in [
            ("Dockerfile", text.as_str()),
            ("go.mod", "module example.com/shop\n\ngo 1.26\n"),
            (
                "main.go",
                "package main\n\nimport \"example.com/shop/lib\"\n\nfunc main() { lib.Run() }\n",
            ),
            // Two programs, so that lib is compiled in a step of its own.
            (
                "job/main.go",
                "package main\n\nimport \"example.com/shop/lib\"\n\nfunc main() { lib.Run() }\n",
            ),
            ("lib/lib.go", "package lib\n\nfunc Run() { missing() }\n"),
        ] {
            let path = input.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for arguments in [&[][..], &["--no-cache"]] {
            let outcome = Engine::main()
                .frontend(input.path())
                .target("shop")
                .args(["--output=type=cacheonly"])
                .args(arguments)
                .fails();
            let first =
                "ERROR: failed to build: failed to solve: lib/lib.go:3:14: undefined: missing";
            assert_eq!(
                outcome.text.lines().last(),
                Some(first),
                "{cache} {arguments:?}: {}",
                outcome.everything()
            );
        }
    }
}

/// A link mounts several parts of one step, and BuildKit 0.34 loses the error of such a step: it has
/// to be looked for, without a look that empties what the step left.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn link_errors_without_a_cache() {
    let input = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n"),
        ("go.mod", "module example.com/shop\n\ngo 1.26\n"),
        ("main.go", "package main\n\nfunc main() { missing() }\n"),
    ] {
        fs::write(input.path().join(name), text).unwrap();
    }
    for arguments in [&[][..], &["--no-cache"], &["--no-cache-filter", "shop"]] {
        let outcome = Engine::main()
            .frontend(input.path())
            .args(["--output=type=cacheonly"])
            .args(arguments)
            .fails();
        let said = "ERROR: failed to build: failed to solve: main.go:3:15: undefined: missing";
        let last = outcome.text.lines().last();
        assert_eq!(last, Some(said), "{arguments:?}: {}", outcome.everything());
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn files_builders_and_platforms() {
    fails("files-missing");
    fails("builder-without-go");
    said(
        "platform",
        &build("platform")
            .args(["--platform=linux/amd64", "--target=svc"])
            .fails(),
    );
    build("platform").target("api").succeeds();
}

/// An image whose name does not tell the version: the resolve step does.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn go_too_old_by_its_own_word() {
    let layout = tempfile::tempdir().unwrap();
    let dockerfile = tempfile::NamedTempFile::new().unwrap();
    fs::write(dockerfile.path(), OLD_GO).unwrap();
    let output = format!(
        "--output=type=oci,tar=false,name=company.example/go:latest,dest={}",
        layout.path().display()
    );
    Engine::main()
        .stock(layout.path(), dockerfile.path())
        .args([output])
        .succeeds();
    let context = format!(
        "company.example/go=oci-layout://{}",
        layout.path().display()
    );
    said(
        "builder-old",
        &build("builder-old")
            .args(["--build-context", &context])
            .fails(),
    );
}

/// A go command that says that it is an older one, and is not.
const OLD_GO: &str = r#"FROM golang:1.26
COPY --chmod=755 <<"END" /usr/local/bin/go
#!/bin/sh
/usr/local/go/bin/go "$@" | sed 's/"GOVERSION": "go1\.[0-9.]*"/"GOVERSION": "go1.22.12"/'
END
ENV PATH=/usr/local/bin:/usr/local/go/bin:/usr/bin:/bin
"#;

/// Each of many images imports another choice of packages, and BuildKit refuses the message that
/// describes all steps. It does so while most of the message is still on its way.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn more_steps_than_a_message_holds() {
    const IMAGES: u32 = 400;
    const PACKAGES: u32 = 800;
    // Three of eight, as if by chance.
    let imports = |image: u32, package: u32| {
        let number = (image + 1)
            .wrapping_mul(package + 1)
            .wrapping_mul(0x9E37_79B1);
        (number >> 16) % 8 < 3
    };
    let syntax = "# syntax=docker.io/gowork/gowork:1\n";
    let module = "module example.com/many\n\ngo 1.26\n";
    let many = Repository::new(&[("Dockerfile", syntax), ("go.mod", module)]);
    for package in 0..PACKAGES {
        let text = format!("package p{package}\n\nconst N = {package}\n");
        many.write(&format!("p{package}/p.go"), &text);
    }
    for image in 0..IMAGES {
        let mut text = "package main\n\n".to_owned();
        for package in (0..PACKAGES).filter(|&package| imports(image, package)) {
            text += &format!("import _ \"example.com/many/p{package}\"\n");
        }
        text += "\nfunc main() {}\n";
        many.write(&format!("cmd/s{image}/main.go"), &text);
    }
    let build = Engine::main().frontend(&many.root()).target("binaries");
    let outcome = build.args(["--output=type=cacheonly"]).fails();
    let said =
        "which is more than BuildKit takes in one message\n    help: build fewer images at once";
    assert!(outcome.text.contains(said), "{}", outcome.text);
    assert!(
        !outcome
            .records
            .ran()
            .iter()
            .any(|step| step.starts_with("compile ")),
        "{}",
        outcome.everything()
    );
}
