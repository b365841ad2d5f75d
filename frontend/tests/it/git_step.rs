//! The git step, compared with git in a checkout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use gowork_frontend::steps::git::{ASK_CHECKOUT, GitAnswer, Said};
use tempfile::TempDir;

const NAMES: [&str; 4] = [
    "GIT_REVISION",
    "GIT_DESCRIBE",
    "GIT_COMMIT_TIME",
    "GIT_DIRTY",
];

/// A checkout, in which a person works.
struct Checkout {
    dir: TempDir,
}

impl Checkout {
    /// With a tag, and a commit after it.
    fn new() -> Self {
        let checkout = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        checkout.git(&["init", "--quiet"]);
        checkout.write("main.go", "package main\n");
        checkout.write("docs/notes.md", "one\n");
        checkout.commit();
        checkout.git(&["tag", "v1.2.3"]);
        checkout.write("docs/notes.md", "two\n");
        checkout.commit();
        checkout
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message", "words"]);
    }

    /// What git prints there.
    fn git(&self, words: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(["-c", "protocol.file.allow=always"])
            .args(words)
            .current_dir(self.path())
            // Not in UTC.
            .env("GIT_COMMITTER_DATE", "2026-11-29T01:30:00+02:00")
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What the step must say of it, if it is asked for all.
    fn expected(&self) -> [String; 4] {
        let describe = self.git(&["describe", "--tags", "--always", "--dirty"]);
        let dirty = describe.ends_with("-dirty").to_string();
        let time = "2026-11-28T23:30:00Z".to_owned();
        [self.git(&["rev-parse", "HEAD"]), describe, time, dirty]
    }

    /// What a build gets of it: a copy without what `ignored` names, with the same times.
    fn transfer(&self, ignored: &str) -> Transfer {
        let dir = tempfile::tempdir().unwrap();
        let copied = Command::new("cp")
            .args(["--archive", "--no-target-directory"])
            .args([self.path(), &dir.path().join("src")])
            .status();
        assert!(copied.unwrap().success());
        std::fs::write(dir.path().join("ignored"), ignored).unwrap();
        Transfer { dir }
    }
}

/// What the step sees.
struct Transfer {
    dir: TempDir,
}

impl Transfer {
    fn source(&self) -> PathBuf {
        self.dir.path().join("src")
    }

    fn ask(&self, names: &[&str]) -> Said {
        self.ask_with(names, &std::env::var("PATH").unwrap()).said
    }

    fn ask_with(&self, names: &[&str], path: &str) -> GitAnswer {
        let out = self.dir.path().join("git.json");
        let before = files(&self.source());
        let status = Command::new(env!("CARGO_BIN_EXE_gowork-frontend"))
            .arg("git")
            .arg("--source")
            .arg(self.source())
            .arg("--ignored")
            .arg(self.dir.path().join("ignored"))
            .arg("--out")
            .arg(&out)
            .args(names)
            .env("PATH", path)
            .status();
        assert!(status.unwrap().success());
        assert_eq!(files(&self.source()), before, "the transfer is only read");
        serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap()
    }

    /// What programs say of the commit.
    fn commit(&self) -> gowork_step::Checkout {
        let answer = self.ask_with(&[ASK_CHECKOUT], &std::env::var("PATH").unwrap());
        assert_eq!(answer.said, Said::Values(BTreeMap::new()));
        answer.checkout.unwrap()
    }

    /// The values, in the order in which they are asked for.
    fn values(&self, names: &[&str]) -> Vec<String> {
        match self.ask(names) {
            Said::Values(mut values) => names
                .iter()
                .map(|name| values.remove(*name).unwrap())
                .collect(),
            said => panic!("{said:?}"),
        }
    }
}

/// Paths and contents below a directory.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn it_says_what_git_says_in_the_checkout() {
    let checkout = Checkout::new();
    let clean = checkout.expected();
    assert!(clean[1].starts_with("v1.2.3-1-g"), "{clean:?}");
    assert_eq!(checkout.transfer("").values(&NAMES), clean);
    // A new file is no change of a tracked one.
    checkout.write("new.go", "package main\n");
    assert_eq!(checkout.transfer("").values(&NAMES), clean);
    // Nor is a file that was only touched.
    checkout.write("main.go", "package main\n");
    assert_eq!(checkout.transfer("").values(&NAMES), clean);
    checkout.write("main.go", "package other\n");
    let dirty = checkout.expected();
    assert!(
        dirty[1].ends_with("-dirty") && dirty[3] == "true",
        "{dirty:?}"
    );
    assert_eq!(checkout.transfer("").values(&NAMES), dirty);
    // Staged, but not committed.
    checkout.git(&["add", "."]);
    assert_eq!(checkout.transfer("").values(&NAMES), checkout.expected());
    checkout.commit();
    checkout.git(&["tag", "--annotate", "v1.3.0", "--message", "words"]);
    let tagged = checkout.expected();
    assert_eq!(tagged[1], "v1.3.0");
    assert_eq!(checkout.transfer("").values(&NAMES), tagged);
}

#[test]
fn what_the_ignore_file_leaves_out_is_no_change() {
    let checkout = Checkout::new();
    let clean = checkout.expected();
    let transfer = checkout.transfer("docs\n");
    std::fs::remove_dir_all(transfer.source().join("docs")).unwrap();
    assert_eq!(transfer.values(&NAMES), clean);
    // A deleted file is one.
    let transfer = checkout.transfer("docs\n");
    std::fs::remove_file(transfer.source().join("main.go")).unwrap();
    assert_eq!(transfer.values(&["GIT_DIRTY"]), ["true"]);
}

#[test]
fn files_of_submodules_are_not_compared() {
    let checkout = Checkout::new();
    let other = Checkout::new();
    let from = other.path().to_str().unwrap();
    checkout.git(&["submodule", "--quiet", "add", from, "other"]);
    checkout.commit();
    let clean = checkout.expected();
    let transfer = checkout.transfer("");
    // No transfer has the repositories of submodules.
    std::fs::remove_dir_all(transfer.source().join(".git/modules")).unwrap();
    assert_eq!(transfer.values(&NAMES), clean);
}

/// What a build transfers if no value depends on the work tree.
#[test]
fn a_few_files_of_the_repository_are_enough_for_a_commit() {
    let checkout = Checkout::new();
    checkout.git(&["gc", "--quiet"]);
    let transfer = checkout.transfer("");
    for entry in std::fs::read_dir(transfer.source()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    for name in ["index", "description"] {
        std::fs::remove_file(transfer.source().join(".git").join(name)).unwrap();
    }
    for name in ["hooks", "info", "logs"] {
        std::fs::remove_dir_all(transfer.source().join(".git").join(name)).unwrap();
    }
    let [revision, _, time, _] = checkout.expected();
    let names = ["GIT_REVISION", "GIT_COMMIT_TIME"];
    assert_eq!(transfer.values(&names), [revision, time]);
}

/// What `go build -buildvcs=true` asks git.
#[test]
fn it_says_what_programs_say_of_the_commit() {
    let checkout = Checkout::new();
    checkout.write(
        "sub/go.mod",
        "module \"example.com/sub\" // words\n\ngo 1.26\n",
    );
    checkout.commit();
    checkout.git(&["tag", "--annotate", "sub/v0.1.0", "--message", "words"]);
    checkout.git(&["tag", "nightly"]);
    let said = checkout.transfer("").commit();
    assert_eq!(said.revision, checkout.git(&["rev-parse", "HEAD"]));
    let time = checkout.git(&["log", "-1", "--format=%ct"]);
    assert_eq!(said.time.to_string(), time);
    assert!(!said.modified);
    assert_eq!(said.tags, ["sub/v0.1.0"]);
    assert_eq!(said.tags_before, ["sub/v0.1.0", "v1.2.3"]);
    let module = ("sub/go.mod", "module \"example.com/sub\" // words\n");
    let mod_files = said.mod_files.iter();
    let mod_files: Vec<_> = mod_files
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    assert_eq!(mod_files, [module]);
    // For Go a new file is a change.
    checkout.write("new.go", "package main\n");
    assert!(checkout.transfer("").commit().modified);
    checkout.write(".gitignore", "new.go\n.gitignore\n");
    assert!(!checkout.transfer("").commit().modified);
    let transfer = checkout.transfer("docs\n");
    std::fs::remove_dir_all(transfer.source().join("docs")).unwrap();
    assert!(!transfer.commit().modified);
}

#[test]
fn what_git_refuses_is_an_answer() {
    let checkout = Checkout {
        dir: tempfile::tempdir().unwrap(),
    };
    checkout.git(&["init", "--quiet"]);
    let Said::Failed(words) = checkout.transfer("").ask(&["GIT_REVISION"]) else {
        panic!("there is no commit");
    };
    assert!(words.starts_with("git rev-parse: fatal: "), "{words}");
    let transfer = Checkout::new().transfer("");
    assert_eq!(
        transfer.ask_with(&["GIT_DESCRIBE"], "/nowhere").said,
        Said::NoGit
    );
}
