//! Programs that say which commit they are made of (`buildvcs = true`), compared byte by byte with
//! those of `go build -buildvcs=true` in the checkout; and what a commit runs again.

use std::collections::BTreeMap;
use std::process::Command;

use crate::engine::{Build, Engine, Outcome};
use crate::options::tiny;
use crate::repository::{Repository, files, slow_to_compile, unique};
use crate::server::Server;

const GIT: &str = "ask git about the commit";

const STAMPED: [&str; 2] = ["-buildvcs=true", "-ldflags=-s -w"];

/// The mains of [`mono`]: what the image is called, where its module's build is run, and the package
/// from there.
const MAINS: [(&str, &str, &str); 7] = [
    ("root", "", "./cmd/root"),
    ("sub", "sub", "."),
    ("api", "api", "./cmd/api"),
    ("a", "work", "./a"),
    ("b", "work", "./b"),
    ("kept", "kept", "."),
    ("other", "other", "."),
];

/// A repository with modules of all kinds, each with a program.
fn mono() -> Repository {
    let main = "package main\n\nfunc main() {}\n";
    let mono = Repository::new(&[
        ("go.mod", "module example.com/mono\n\ngo 1.26.0\n"),
        ("cmd/root/main.go", main),
        ("sub/go.mod", "module example.com/mono/sub\n\ngo 1.26.0\n"),
        ("sub/main.go", main),
        (
            "api/go.mod",
            "module example.com/mono/api/v2\n\ngo 1.26.0\n",
        ),
        ("api/cmd/api/main.go", main),
        ("work/go.work", "go 1.26.0\n\nuse ./a\nuse ./b\n"),
        (
            "work/a/go.mod",
            "module example.com/mono/work/a\n\ngo 1.26.0\n",
        ),
        ("work/a/main.go", main),
        (
            "work/b/go.mod",
            "module example.com/mono/work/b\n\ngo 1.26.0\n",
        ),
        ("work/b/main.go", main),
        (
            "kept/go.mod",
            "module example.com/mono/kept\n\ngo 1.26.0\n\nrequire example.com/x v1.0.0\n",
        ),
        (
            "kept/main.go",
            "package main\n\nimport \"example.com/x\"\n\nfunc main() { println(x.X) }\n",
        ),
        (
            "kept/vendor/modules.txt",
            "# example.com/x v1.0.0\n## explicit; go 1.26\nexample.com/x\n",
        ),
        (
            "kept/vendor/example.com/x/x.go",
            "package x\n\nconst X = 1\n",
        ),
        // It has no version, since it is not below the module at the root.
        ("other/go.mod", "module example.com/other\n\ngo 1.26.0\n"),
        ("other/main.go", main),
    ]);
    mono.append("Dockerfile", "\n[go]\nbuildvcs = true\n");
    mono.git(&["init", "--quiet"]);
    mono.commit();
    mono
}

fn commit_note(repository: &Repository) {
    repository.write("docs/notes.md", &unique());
    repository.commit();
}

/// All binaries of a repository, by name.
fn binaries(repository: &Repository) -> (BTreeMap<String, Vec<u8>>, Outcome) {
    let out = tempfile::tempdir().unwrap();
    let build = Engine::main()
        .frontend(&repository.root())
        .target("binaries");
    let outcome = build.files_to(out.path()).succeeds();
    (files(out.path()), outcome)
}

/// What `go version -m` says of a binary: its module with the version, and what it knows of git.
fn stamp(binary: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), binary).unwrap();
    let output = Command::new("go")
        .args(["version", "-m"])
        .arg(file.path())
        .output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    let lines = said.lines().map(str::trim);
    let lines = lines.filter(|line| line.starts_with("mod\t") || line.contains("\tvcs"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Builds all programs of [`mono`] and compares each with what Go makes. Returns what the modules of
/// the programs are called.
fn versions(mono: &Repository) -> BTreeMap<String, String> {
    let (built, _) = binaries(mono);
    let mut versions = BTreeMap::new();
    for (name, directory, package) in MAINS {
        let expected = mono.go_build_with(&STAMPED, directory, package);
        let (ours, go) = (stamp(&built[name]), stamp(&expected));
        assert_eq!(ours, go, "{name}");
        assert!(built[name] == expected, "{name} has other bytes");
        let module = go.lines().next().unwrap();
        versions.insert(
            name.to_owned(),
            module.split('\t').nth(2).unwrap().to_owned(),
        );
    }
    versions
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn programs_are_stamped_as_by_go_in_the_checkout() {
    let mono = mono();
    // A version of the revision alone.
    let said = versions(&mono);
    assert!(said["root"].starts_with("v0.0.0-2"), "{said:?}");
    assert!(said["api"].starts_with("v2.0.0-2"), "{said:?}");
    for tag in [
        "v1.2.3",
        "v1.3.0-rc.1",
        "sub/v0.4.0",
        "api/v2.1.0",
        "work/a/v1.0.0",
        "kept/v1.0",
    ] {
        mono.git(&["tag", tag]);
    }
    mono.git(&["tag", "--annotate", "kept/v1.1.0", "--message", "words"]);
    let said = versions(&mono);
    assert_eq!(said["root"], "v1.3.0-rc.1");
    assert_eq!(said["sub"], "v0.4.0");
    assert_eq!(said["api"], "v2.1.0");
    assert_eq!(said["a"], "v1.0.0");
    assert_eq!(said["kept"], "v1.1.0");
    assert_eq!(said["other"], "(devel)");
    // Tags behind, and others beside the history.
    commit_note(&mono);
    mono.git(&["checkout", "--quiet", "-b", "side"]);
    commit_note(&mono);
    mono.git(&["tag", "v9.9.9"]);
    mono.git(&["checkout", "--quiet", "-"]);
    let said = versions(&mono);
    assert!(said["root"].starts_with("v1.3.0-rc.1.0.2"), "{said:?}");
    assert!(said["sub"].starts_with("v0.4.1-0.2"), "{said:?}");
    // A new file makes it dirty as well.
    mono.write("docs/new.md", "new\n");
    let said = versions(&mono);
    assert!(said["a"].ends_with("+dirty"), "{said:?}");
}

/// Without a go.mod at the root there are no versions, but there is a commit.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_root_without_a_module_has_a_commit() {
    let mono = mono();
    mono.remove("go.mod");
    mono.remove("cmd/root/main.go");
    mono.commit();
    let (built, _) = binaries(&mono);
    let expected = mono.go_build_with(&STAMPED, "work", "./b");
    assert!(
        built["b"] == expected,
        "{}\n{}",
        stamp(&built["b"]),
        stamp(&expected)
    );
    let said = stamp(&built["b"]);
    assert!(
        said.contains("(devel)") && said.contains("vcs.revision="),
        "{said}"
    );
}

/// The program of [`tiny`] that a build makes, which is the one that go makes in the checkout.
fn as_by_go(tiny: &Repository, build: Build) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    build.files_to(out.path()).succeeds();
    let built = std::fs::read(out.path().join("tiny")).unwrap();
    assert!(
        built == tiny.go_build_with(&STAMPED, "", "."),
        "{}",
        stamp(&built)
    );
    built
}

/// The fetch of a git context has one commit, and the tag that it was asked for.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_git_context_stamps_programs() {
    let tiny = tiny();
    tiny.append("Dockerfile", "\n[go]\nbuildvcs = true\n");
    tiny.git(&["init", "--quiet"]);
    tiny.commit();
    tiny.git(&["tag", "v1.3.0"]);
    let server = Server::of_git(&tiny, "tiny.git");
    let url = format!("http://{}/tiny.git#v1.3.0", server.address);
    let built = as_by_go(&tiny, Engine::main().remote(&url).target("binaries"));
    assert!(stamp(&built).contains("\tv1.3.0"), "{}", stamp(&built));
}

/// Four services. Either one of them says which commit it is made of, or all do; then what they share
/// takes long to compile, so that a batch has the time to begin.
fn fleet(all: bool) -> Repository {
    let fleet = Repository::new(&[
        ("go.mod", "module example.com/fleet\n\ngo 1.26.0\n"),
        (
            "lib/lib.go",
            &format!(
                "// Package lib has a word.\npackage lib\n\nconst Word = {:?}\n",
                unique()
            ),
        ),
    ]);
    for service in ["api", "orders", "users", "web"] {
        let main = format!(
            "package main\n\nimport \"example.com/fleet/lib\"\n\nfunc main() {{ println({service:?}, lib.Word) }}\n"
        );
        fleet.write(&format!("cmd/{service}/main.go"), &main);
    }
    if all {
        fleet.write("lib/slow.go", &slow_to_compile("lib"));
    }
    let table = if all { "go" } else { "images.web" };
    fleet.append("Dockerfile", &format!("\n[{table}]\nbuildvcs = true\n"));
    fleet.git(&["init", "--quiet"]);
    fleet.commit();
    fleet
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_commit_links_what_says_it_and_nothing_else() {
    let fleet = fleet(false);
    let (before, _) = binaries(&fleet);
    commit_note(&fleet);
    let (after, outcome) = binaries(&fleet);
    let ran = outcome.records.programs_ran();
    assert_eq!(ran, ["scan Go sources", GIT, "link web"].into());
    assert!(before["api"] == after["api"] && before["web"] != after["web"]);
    assert!(after["api"] == fleet.go_build("", "./cmd/api"));
    assert!(after["web"] == fleet.go_build_with(&STAMPED, "", "./cmd/web"));
}

/// A batch links them too, with the same bytes.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_batch_stamps_programs() {
    let fleet = fleet(true);
    let (built, outcome) = binaries(&fleet);
    assert!(outcome.records.compiled_at_once(), "{}", outcome.records);
    for service in ["api", "orders", "users", "web"] {
        let expected = fleet.go_build_with(&STAMPED, "", &format!("./cmd/{service}"));
        assert!(built[service] == expected, "{}", stamp(&built[service]));
    }
}

/// Settings beside a Dockerfile with stages have the key, too.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn binaries_of_a_dockerfile_are_stamped() {
    let tiny = tiny();
    tiny.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\nFROM scratch\nCOPY --from=gowork /tiny /\n",
    );
    tiny.write("gowork.toml", "[go]\nbuildvcs = true\n");
    tiny.git(&["init", "--quiet"]);
    tiny.commit();
    tiny.git(&["tag", "v0.1.0"]);
    as_by_go(&tiny, Engine::main().frontend(&tiny.root()));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn without_a_repository_it_is_an_error() {
    let tiny = tiny();
    tiny.append("Dockerfile", "\n[go]\nbuildvcs = true\n");
    let said = Engine::main().frontend(&tiny.root()).fails().everything();
    let words = "`buildvcs`: programs cannot say which commit they are made of: the build context has no .git";
    assert!(said.contains(words), "{said}");
    assert!(
        said.contains("build the root of the checkout, or set `buildvcs = false`"),
        "{said}"
    );
    assert!(said.contains(">>> buildvcs = true"), "{said}");
}
