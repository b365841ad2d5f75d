//! Printed Dockerfiles on a real BuildKit. `cargo xtask test` brings it and says where it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Repository, SMALL, root, run};

/// A copy of an example that may be edited.
struct Example {
    dir: tempfile::TempDir,
}

impl Example {
    fn copy(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let from = root().join("examples").join(name).join(".");
        assert!(
            Command::new("cp")
                .arg("-r")
                .arg(from)
                .arg(dir.path())
                .status()
                .unwrap()
                .success()
        );
        Self { dir }
    }

    /// These files, and links as `NAME -> TARGET`.
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let (name, target) = name
                .split_once(" -> ")
                .map_or((*name, None), |(name, target)| (name, Some(target)));
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            match target {
                Some(target) => std::os::unix::fs::symlink(target, &file).unwrap(),
                None => std::fs::write(&file, text).unwrap(),
            }
        }
        Self { dir }
    }

    /// A module whose third-party package imports a fork in a directory.
    fn with_fork() -> Self {
        let example = Self::new(&[
            (
                "go.mod",
                "module example.com/app\n\ngo 1.26\n\nrequire rsc.io/quote v1.5.2\n\nreplace rsc.io/sampler => ./third_party/sampler\n",
            ),
            (
                "main.go",
                "package main\n\nimport \"rsc.io/quote\"\n\nfunc main() { println(quote.Hello()) }\n",
            ),
            (
                "third_party/sampler/go.mod",
                "module rsc.io/sampler\n\nrequire golang.org/x/text v0.14.0\n",
            ),
            (
                "third_party/sampler/sampler.go",
                "package sampler\n\nimport \"golang.org/x/text/language\"\n\nfunc Hello(...language.Tag) string { return \"forked\" }\n\nfunc Glass(...language.Tag) string { return \"glass\" }\n",
            ),
        ]);
        let mut tidy = Command::new("go");
        tidy.args(["mod", "tidy"])
            .current_dir(example.path())
            .env("GOWORK", "off")
            .env("GOTOOLCHAIN", "local");
        assert!(tidy.status().unwrap().success());
        example
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Builds all binaries by the printed Dockerfile; gives the directory they are in, and the
    /// stages whose RUN ran.
    fn build(&self, form: &str) -> (tempfile::TempDir, BTreeSet<String>) {
        self.build_with(form, &[])
    }

    /// The same with named contexts.
    fn build_with(&self, form: &str, contexts: &[String]) -> (tempfile::TempDir, BTreeSet<String>) {
        let given = contexts
            .iter()
            .map(|context| format!("--build-context={context}"));
        let given: Vec<String> = given.collect();
        let words = given.join(" ");
        let printed = run(self.path(), &format!("dockerfile --cache {form} {words}"));
        assert_eq!(printed.code, 0, "{printed}");
        // Without the first line the engine's own Dockerfile frontend reads it, which needs no
        // registry.
        let text = printed.out.split_once('\n').unwrap().1;
        let (file, out) = (
            tempfile::NamedTempFile::new().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        std::fs::write(file.path(), text).unwrap();
        let mut build = Command::new(variable("GOWORK_TEST_BUILDX"));
        build
            .args([
                "build",
                "--progress",
                "plain",
                "--target",
                "binaries",
                "--file",
            ])
            .arg(file.path());
        build.arg(format!("--output=type=local,dest={}", out.path().display()));
        if let Some(bundle) = std::env::var_os("GOWORK_TEST_CA") {
            build.arg(format!(
                "--secret=id=ca,src={}",
                PathBuf::from(bundle).display()
            ));
        }
        let output = build.args(given).arg(self.path()).output().unwrap();
        let progress = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{progress}");
        (out, ran(&progress))
    }

    /// What `go build` makes of each image's main, with the flags of the plan.
    fn local_build(&self, out: &Path) -> Vec<String> {
        let plan: serde_json::Value = serde_json::from_str(
            &run(self.path(), "plan --format json --platform linux/amd64").out,
        )
        .unwrap();
        let mut binaries = Vec::new();
        for image in plan["images"].as_object().unwrap().values() {
            let link = plan["steps"]
                .as_array()
                .unwrap()
                .iter()
                .find(|step| step["name"] == image["link"])
                .unwrap();
            let dir = self.path().join(link["root"].as_str().unwrap());
            let work = dir.join("go.work");
            let mut go = Command::new("go");
            go.current_dir(&dir)
                .args(["build", "-trimpath", "-buildvcs=false"]);
            go.args(
                link["flags"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|flag| flag.as_str().unwrap()),
            );
            go.arg("-o")
                .arg(out.join(image["binary"].as_str().unwrap()))
                .arg(image["package"].as_str().unwrap());
            go.envs([("GOENV", "off"), ("GOFLAGS", ""), ("GOTOOLCHAIN", "local")]);
            go.env(
                "GOWORK",
                if work.exists() {
                    work.into_os_string()
                } else {
                    "off".into()
                },
            );
            go.envs(
                link["env"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, value)| (name, value.as_str().unwrap())),
            );
            let output = go.output().expect("the go command is needed");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            binaries.push(image["binary"].as_str().unwrap().to_owned());
        }
        binaries
    }
}

pub(crate) fn variable(name: &str) -> std::ffi::OsString {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test`, or `eval \"$(cargo xtask engine env)\"` first"))
}

/// Puts a program `docker` into a directory that is buildx alone.
pub(crate) fn docker_in(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let docker = dir.join("docker");
    let buildx = variable("GOWORK_TEST_BUILDX");
    let script = format!("#!/bin/sh\nshift\nexec '{}' \"$@\"\n", buildx.display());
    std::fs::write(&docker, script).unwrap();
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The build stages whose RUN was not cached, from plain progress: `#12 [build-api 2/2] RUN ...`,
/// then `#12 CACHED` or not.
fn ran(progress: &str) -> BTreeSet<String> {
    let number = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let cached: BTreeSet<String> = progress
        .lines()
        .filter(|line| line.ends_with(" CACHED"))
        .map(number)
        .collect();
    let runs = progress.lines().filter(|line| {
        line.starts_with('#') && line.contains("] RUN ") && !cached.contains(&number(line))
    });
    runs.filter_map(|line| Some(line.split_once('[')?.1.split_once(' ')?.0.to_owned()))
        .collect()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn binaries_are_those_of_go_build() {
    for name in ["single", "replace", "vendored", "shop", "fork"] {
        for form in ["layer", "mount"] {
            let example = if name == "fork" {
                Example::with_fork()
            } else {
                Example::copy(name)
            };
            let (built, _) = example.build(form);
            let local = tempfile::tempdir().unwrap();
            let binaries = example.local_build(local.path());
            assert!(!binaries.is_empty());
            for binary in binaries {
                let read = |dir: &Path| std::fs::read(dir.join(&binary)).unwrap();
                assert!(
                    read(built.path()) == read(local.path()),
                    "{name}, --cache {form}: {binary} differs from go build's"
                );
            }
        }
    }
}

/// Modules, packages and files behind links; a package called `vendor`, and a module named like a
/// part of std.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_behind_links_is_copied() {
    let example = Example::new(&[
        ("go.work -> real/go.work", ""),
        (
            "real/go.work",
            "go 1.26\n\nuse (\n\t./lib\n\t./services/api\n\t./database\n)\n",
        ),
        ("lib -> external/lib", ""),
        ("external/lib/go.mod -> ../../real/lib.mod", ""),
        ("real/lib.mod", "module example.com/lib\n\ngo 1.26\n"),
        (
            "external/lib/lib.go",
            "package lib\n\nconst Name = \"lib\"\n",
        ),
        (
            "external/lib/cmd/tool/main.go",
            "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name) }\n",
        ),
        ("database/go.mod", "module database\n\ngo 1.26\n"),
        (
            "database/vendor/vendor.go",
            "package vendor\n\nimport \"database/sql/driver\"\n\nvar Err = driver.ErrBadConn\n",
        ),
        ("services/api/go.mod", "module example.com/api\n\ngo 1.26\n"),
        (
            "services/api/main.go",
            "package main\n\nimport (\n\t\"database/vendor\"\n\n\t\"example.com/api/internal/shared\"\n\t\"example.com/lib\"\n)\n\nfunc main() { println(lib.Name, shared.Words, version, vendor.Err) }\n",
        ),
        ("services/api/version.go -> ../../common/version.go", ""),
        ("common/version.go", "package main\n\nconst version = 1\n"),
        ("services/api/internal/shared -> ../../../shared", ""),
        (
            "shared/shared.go",
            "package shared\n\nimport _ \"embed\"\n\n//go:embed words.txt\nvar Words string\n",
        ),
        ("shared/words.txt", "words\n"),
        ("shared/shared_test.go", "package shared\n\nfunc broken(\n"),
    ]);
    let (built, _) = example.build("layer");
    let local = tempfile::tempdir().unwrap();
    for binary in example.local_build(local.path()) {
        let read = |dir: &Path| std::fs::read(dir.join(&binary)).unwrap();
        assert!(
            read(built.path()) == read(local.path()),
            "{binary} differs from go build's"
        );
    }
}

/// A printed ignore file lets in what is added to embedded directories later, for the matcher that
/// BuildKit has too.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_comes_into_embedded_directories_is_embedded() {
    let main = r#"package main

import "embed"

//go:embed static "a+b {c}" ui/(app)/*.htm[l] all:parts/p*
var files embed.FS

func main() { _, _ = files.ReadDir(".") }
"#;
    let example = Example::new(&[
        ("go.mod", "module example.com/app\n\ngo 1.26\n"),
        ("main.go", main),
        ("static/one.css", "one"),
        ("a+b {c}/one", "one"),
        ("ui/(app)/one.html", "one"),
        ("parts/p1/.one", "one"),
    ]);
    let printed = run(example.path(), "dockerignore --output .dockerignore");
    assert_eq!(printed.code, 0, "{printed}");
    for name in [
        "static/deep/two.css",
        "a+b {c}/two",
        "ui/(app)/two.html",
        "parts/p2/.two",
        "parts/not",
    ] {
        let file = example.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "two").unwrap();
    }
    let (built, _) = example.build("layer");
    let local = tempfile::tempdir().unwrap();
    assert_eq!(example.local_build(local.path()), ["app"]);
    let read = |dir: &Path| std::fs::read(dir.join("app")).unwrap();
    assert!(
        read(built.path()) == read(local.path()),
        "app differs from go build's"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn only_what_changed_is_built() {
    let example = Example::copy("shop");
    example.build("layer");
    let append = |file: &str, text: &str| {
        let path = example.path().join(file);
        std::fs::write(
            &path,
            std::fs::read_to_string(&path).unwrap_or_default() + text,
        )
        .unwrap();
    };
    append("README.md", "\nMore.\n");
    append("lib/money/money_test.go", "\n// More.\n");
    append("lib/events/host_windows.go", "\n// More.\n");
    assert_eq!(
        example.build("layer").1,
        BTreeSet::new(),
        "a README, a test, a file of another platform"
    );
    // A random comment: the engine may remember an earlier run of this test.
    append(
        "services/api/cmd/api/main.go",
        &format!("\n// {}\n", example.path().display()),
    );
    assert_eq!(
        example.build("layer").1,
        BTreeSet::from(["build-api".to_owned()]),
        "one main"
    );
}

/// What `buildx bake --print` makes of the printed file with these variables.
fn baked(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> serde_json::Value {
    let mut bake = Command::new(variable("GOWORK_TEST_BUILDX"));
    bake.args(["bake", "--print"]).args(args).current_dir(dir);
    for name in [
        "REGISTRY",
        "TAG",
        "PLATFORMS",
        "CACHE_FROM",
        "CACHE_TO",
        "DOCKERFILE",
    ] {
        bake.env_remove(name);
    }
    let output = bake.envs(variables.iter().copied()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A member, and a replacement, that lie outside of the repository.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_of_contexts_are_built() {
    let lib = |file: &str, text: &str| (format!("../lib/{file}"), text.to_owned());
    let shop = Example::new(&[]);
    let repository = Example {
        dir: tempfile::tempdir_in(shop.path()).unwrap(),
    };
    let files = [
        ("go.work".to_owned(), "go 1.26\n\nuse (\n\t./app\n\t../lib\n)\n".to_owned()),
        (
            "app/go.mod".to_owned(),
            "module example.com/app\n\ngo 1.26\n\nrequire example.com/fork v1.0.0\n\nreplace example.com/fork => ../../fork\n".to_owned(),
        ),
        (
            "app/main.go".to_owned(),
            "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name()) }\n".to_owned(),
        ),
        (
            "app/cmd/forked/main.go".to_owned(),
            "package main\n\nimport \"example.com/fork\"\n\nfunc main() { println(fork.Name) }\n".to_owned(),
        ),
        lib("go.mod", "module example.com/lib\n\ngo 1.26\n"),
        lib(
            "lib.go",
            "package lib\n\nimport _ \"embed\"\n\n//go:embed name.txt\nvar name string\n\nfunc Name() string { return name }\n",
        ),
        lib("lib_test.go", "package lib\n\nfunc broken() int { return \"\" }\n"),
        lib("name.txt", "of a context"),
        ("../fork/go.mod".to_owned(), "module example.com/fork\n\ngo 1.26\n".to_owned()),
        (
            "../fork/fork.go".to_owned(),
            "package fork\n\nconst Name = \"of a fork\"\n".to_owned(),
        ),
    ];
    for (name, text) in &files {
        let file = repository.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let contexts =
        ["lib", "fork"].map(|name| format!("{name}={}", shop.path().join(name).display()));
    for form in ["layer", "mount"] {
        let (built, _) = repository.build_with(form, &contexts);
        let mut go = Command::new("go");
        go.current_dir(repository.path().join("app"));
        go.args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags=-s -w",
            "-o",
        ]);
        let local = tempfile::tempdir().unwrap();
        go.arg(local.path()).arg(".");
        go.envs([
            ("GOENV", "off"),
            ("GOFLAGS", ""),
            ("GOTOOLCHAIN", "local"),
            ("CGO_ENABLED", "0"),
        ]);
        assert!(go.status().unwrap().success());
        let read = |dir: &Path| std::fs::read(dir.join("app")).unwrap();
        assert!(
            read(built.path()) == read(local.path()),
            "--cache {form}: app differs"
        );
        // The build info names the directory that a context is laid at.
        let said = Command::new(built.path().join("forked")).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&said.stderr),
            "of a fork\n",
            "--cache {form}"
        );
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn buildx_reads_the_bake_file() {
    use serde_json::json;
    let repository = Repository::new(SMALL);
    repository.write(
        "gowork.toml",
        "[go]\nldflags = \"-X main.v=${VERSION} -X main.t=${TAG:-dev}\"\n[images.\"job.v2\"]\nmain = \"./job\"\n",
    );
    let dir = repository.path();
    assert_eq!(repository.run("bake -o docker-bake.hcl").code, 0);
    let plain = baked(dir, &[], &[]);
    let args = json!({ "TAG": "dev", "VERSION": "" });
    let api = json!({ "context": ".", "dockerfile": "Dockerfile", "args": args, "tags": ["api:dev"], "target": "api" });
    assert_eq!(
        plain["target"]["api"], api,
        "a build-arg of the same name has the say"
    );
    assert_eq!(
        plain["group"]["default"]["targets"],
        json!(["api", "job-v2"])
    );
    assert_eq!(plain["target"]["job-v2"]["tags"], json!(["job.v2:dev"]));
    let variables = [
        ("REGISTRY", "registry.example.com/shop/"),
        ("TAG", "1.2,latest"),
        ("PLATFORMS", "linux/amd64,linux/arm/v7"),
        ("CACHE_FROM", "type=gha,scope={name}"),
        (
            "CACHE_TO",
            "type=registry,ref=registry.example.com/cache:{name},mode=max",
        ),
        ("DOCKERFILE", "gowork.toml"),
        ("VERSION", "1.2"),
    ];
    let full = baked(dir, &["api", "binaries"], &variables);
    let expected = json!({
        "context": ".",
        "dockerfile": "gowork.toml",
        "args": { "TAG": "1.2,latest", "VERSION": "1.2" },
        "tags": ["registry.example.com/shop/api:1.2", "registry.example.com/shop/api:latest"],
        "target": "api",
        "platforms": ["linux/amd64", "linux/arm/v7"],
        "cache-from": [{ "type": "gha", "scope": "api" }],
        "cache-to": [{ "type": "registry", "ref": "registry.example.com/cache:api", "mode": "max" }],
    });
    assert_eq!(full["target"]["api"], expected);
    assert_eq!(
        full["target"]["binaries"]["cache-from"][0]["scope"],
        "binaries"
    );
    assert_eq!(
        full["target"]["binaries"]["output"],
        json!([{ "type": "local", "dest": "bin" }])
    );
    assert_eq!(
        repository
            .run("bake -o docker-bake.hcl --platform linux/arm64,linux/x86_64")
            .code,
        0
    );
    assert_eq!(
        baked(dir, &["api"], &[])["target"]["api"]["platforms"],
        json!(["linux/arm64", "linux/amd64"])
    );
    assert_eq!(
        baked(dir, &["api"], &[("PLATFORMS", "linux/s390x")])["target"]["api"]["platforms"],
        json!(["linux/s390x"])
    );
}
