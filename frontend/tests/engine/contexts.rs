//! Files from elsewhere than a directory: an archive, named contexts.

use std::process::Command;

use crate::engine::{Build, Engine};
use crate::options::tiny;
use crate::repository::{Repository, files, unique};

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_archive_builds_to_the_same_binary_as_its_directory() {
    let tiny = tiny();
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&tiny.root())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    let from_directory = files(out.path());
    assert!(from_directory.contains_key("tiny"));
    let archive = tempfile::NamedTempFile::new().unwrap();
    let tar = Command::new("tar")
        .arg("-czf")
        .arg(archive.path())
        .arg("-C")
        .arg(tiny.root())
        .arg(".")
        .status();
    assert!(tar.expect("tar must be on PATH").success());
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .archive(archive.path())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    assert_eq!(files(out.path()), from_directory);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_named_context_stands_in_for_an_image() {
    let tiny = tiny();
    tiny.append(
        "Dockerfile",
        "\n[go]\nbuilder = \"registry.invalid/our/go\"\n\n[runtime]\nbase = \"our-base\"\n",
    );
    let out = tempfile::tempdir().unwrap();
    let build = Engine::main().frontend(&tiny.root()).files_to(out.path());
    let contexts = [
        "registry.invalid/our/go=docker-image://golang:1.26",
        "our-base=docker-image://busybox:latest",
    ];
    build
        .args(
            contexts
                .iter()
                .flat_map(|context| ["--build-context", context]),
        )
        .succeeds();
    let inside = files(out.path());
    assert!(
        inside.contains_key("usr/local/bin/tiny") && inside.contains_key("bin/busybox"),
        "{:?}",
        inside.keys()
    );
}

/// A named context may be a directory of files.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_directory_can_be_the_base_image() {
    let tiny = tiny();
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join("hello.txt"), "hello\n").unwrap();
    tiny.append("Dockerfile", "\n[runtime]\nbase = \"our-base\"\n");
    let out = tempfile::tempdir().unwrap();
    let context = format!("our-base={}", base.path().display());
    Engine::main()
        .frontend(&tiny.root())
        .args(["--build-context", &context])
        .files_to(out.path())
        .succeeds();
    assert_eq!(files(out.path())["hello.txt"], b"hello\n");
}

/// A module outside of the repository, with a package of its own, in a directory of this name.
fn module_outside(beside: &Repository, path: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("go.mod", &format!("module {path}\n\ngo 1.26\n"));
    write(
        "lib.go",
        &format!(
            "package lib\n\n// Name is the name.\nconst Name = \"{path} {}\"\n",
            unique()
        ),
    );
    // A checkout, whose repository is nobody's business.
    write(".git/config", "[core]\n");
    let link = beside.root().parent().unwrap().join("lib");
    std::os::unix::fs::symlink(dir.path(), link).unwrap();
    dir
}

pub(crate) fn user_of(module: &str) -> String {
    format!("package main\n\nimport lib \"{module}\"\n\nfunc main() {{ println(lib.Name) }}\n")
}

/// The program of an image that this build makes.
fn program(build: Build, name: &str) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    build.files_to(out.path()).succeeds();
    files(out.path())
        .remove(&format!("usr/local/bin/{name}"))
        .unwrap()
}

/// `use ../lib`: the program is that of the go command beside the directory.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_member_outside_of_the_repository_is_a_context() {
    let repository = Repository::new(&[
        ("go.work", "go 1.26\n\nuse (\n\t./app\n\t../lib\n)\n"),
        ("app/go.mod", "module example.com/app\n\ngo 1.26\n"),
        ("app/main.go", &user_of("example.com/lib")),
    ]);
    let lib = module_outside(&repository, "example.com/lib");
    let build = || Engine::main().frontend(&repository.root()).target("app");
    let refused = build().fails().everything();
    let help = "directory ../lib lies outside the build context";
    assert!(
        refused.contains(help) && refused.contains("--build-context lib=../lib"),
        "{refused}"
    );
    let expected = repository.go_build("app", ".");
    for name in ["lib", "example.com/lib"] {
        let context = format!("{name}={}", lib.path().display());
        let made = program(build().args(["--build-context", &context]), "app");
        assert!(made == expected, "{name}: differs from that of go build");
    }
    // An edit there is an edit.
    std::fs::write(
        lib.path().join("lib.go"),
        "package lib\n\nconst Name = \"two\"\n",
    )
    .unwrap();
    let context = format!("lib={}", lib.path().display());
    let made = program(build().args(["--build-context", &context]), "app");
    assert!(
        made == repository.go_build("app", "."),
        "the edit is not seen"
    );
    // An error there is shown.
    std::fs::write(
        lib.path().join("lib.go"),
        "package lib\n\nconst Name = two\n",
    )
    .unwrap();
    let failed = build()
        .args(["--build-context", &context])
        .fails()
        .everything();
    assert!(failed.contains("lib.go:3:14: undefined: two"), "{failed}");
}

/// A module that is required takes its code from a context, whatever go.sum says of it; what the
/// context requires needs its own lines there.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_context_takes_the_place_of_a_module() {
    let repository = Repository::new(&[
        (
            "go.mod",
            "module example.com/app\n\ngo 1.26\n\nrequire rsc.io/quote v1.5.2\n",
        ),
        (
            "main.go",
            "package main\n\nimport \"rsc.io/quote\"\n\nfunc main() { println(quote.Hello()) }\n",
        ),
    ]);
    repository.go("", &["mod", "tidy"]);
    let fork = tempfile::tempdir().unwrap();
    std::fs::write(
        fork.path().join("go.mod"),
        "module rsc.io/quote\n\ngo 1.26\n",
    )
    .unwrap();
    std::fs::write(
        fork.path().join("quote.go"),
        format!(
            "package quote\n\nfunc Hello() string {{ return \"{}\" }}\n",
            unique()
        ),
    )
    .unwrap();
    let context = format!("rsc.io/quote={}", fork.path().display());
    let build = Engine::main().frontend(&repository.root());
    let made = program(build.args(["--build-context", &context]), "app");
    let text = std::fs::read_to_string(fork.path().join("quote.go")).unwrap();
    let canary = text.split('"').nth(1).unwrap();
    assert!(
        memchr::memmem::find(&made, canary.as_bytes()).is_some(),
        "the module is not that of the context"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_context_that_nothing_uses_is_reported() {
    let repository = tiny();
    repository.append(
        "go.mod",
        "\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib => ./lib\n",
    );
    repository.write("lib/go.mod", "module example.com/lib\n");
    let dir = tempfile::tempdir().unwrap();
    let build = Engine::main().frontend(&repository.root()).args([
        "--output=type=cacheonly",
        "--build-context",
        &format!("example.com/lbi={}", dir.path().display()),
    ]);
    let warnings = build.succeeds().records.warnings;
    assert_eq!(
        warnings,
        ["build context example.com/lbi is not used (did you mean example.com/lib?)"]
    );
}

/// Files as a proxy serves them, with version v1.0.0 of a module.
pub(crate) fn proxy_files(module: &str) -> tempfile::TempDir {
    let proxy = tempfile::tempdir().unwrap();
    let versions = proxy.path().join(module).join("@v");
    std::fs::create_dir_all(&versions).unwrap();
    let mod_text = format!("module {module}\n\ngo 1.26\n");
    std::fs::write(versions.join("v1.0.0.mod"), &mod_text).unwrap();
    std::fs::write(versions.join("v1.0.0.info"), "{\"Version\":\"v1.0.0\"}").unwrap();
    let zip = Command::new("python3")
        .arg("-c")
        .arg("import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w')\nz.writestr(sys.argv[2] + '/go.mod', sys.argv[3])\nz.writestr(sys.argv[2] + '/lib.go', 'package lib\\n\\nconst Name = \"from a directory\"\\n')")
        .arg(versions.join("v1.0.0.zip"))
        .arg(format!("{module}@v1.0.0"))
        .arg(&mod_text)
        .status();
    assert!(zip.expect("python3 must be on PATH").success());
    proxy
}

/// Modules that the user has in a directory, without any proxy: a module cache, and files as a proxy
/// serves them.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_come_from_a_directory() {
    let module = format!("private.example/{}", unique());
    let proxy = proxy_files(&module);
    let cache = tempfile::tempdir().unwrap();
    let repository = Repository::new(&[
        (
            "go.mod",
            &format!("module example.com/app\n\ngo 1.26\n\nrequire {module} v1.0.0\n"),
        ),
        ("main.go", &user_of(&module)),
    ]);
    let mut go = Command::new("go");
    go.args(["mod", "tidy"]).current_dir(repository.root());
    go.env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off");
    go.env("GOPROXY", format!("file://{}", proxy.path().display()))
        .env("GONOSUMDB", "private.example")
        .env("GOFLAGS", "-modcacherw")
        .env("GOMODCACHE", cache.path());
    assert!(
        go.status()
            .expect("the go command must be on PATH")
            .success()
    );
    for dir in [proxy.path(), cache.path()] {
        let build = Engine::main().frontend(&repository.root()).args([
            "--build-arg",
            "GOPROXY=off",
            "--build-context",
            &format!("gowork-modules={}", dir.display()),
        ]);
        let made = program(build, "app");
        assert!(memchr::memmem::find(&made, b"from a directory").is_some());
    }
}
