//! Runs what pages show, in the shell, in the order of the page.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::place::Ground;
use super::{How, Place, Shown, all};
use crate::engine::variable;

/// What the tests have in place of names and places that pages make up; `{registry}` is a part of the
/// tests' own.
const REPLACED: [(&str, &str); 9] = [
    ("REGISTRY/", "{registry}/"),
    ("registry.example.com", "{registry}"),
    ("/media/usb/", "$TEST_AROUND/usb-"),
    ("/tmp/modules", "$TEST_AROUND/downloaded"),
    ("https://github.com/spf13/cobra", "../cobra.git"),
    // A second platform takes minutes, and other tests build several.
    ("PLATFORMS=linux/amd64,linux/arm64", "PLATFORMS=linux/amd64"),
    // Each target would export a whole cache.
    ("docker buildx bake --push", "docker buildx bake --push api"),
    // There is no Docker that takes images.
    (" --load", " --output type=docker,dest=image.tar"),
    // A server, which would go on.
    ("./bin/api", "./bin/api -version"),
];

/// `docker`: buildx, which finds the frontend under test by its name. A printed file is read by the
/// frontend that is part of BuildKit.
const DOCKER: &str = r#"#!/bin/bash
set -eu
[ "$1" = buildx ]
kind=$2
shift 2
place=oci-layout://$GOWORK_TEST_FRONTEND
for file in Dockerfile Dockerfile.plain; do
  [ ! -e $file ] || sed -i '/^# syntax=docker\/dockerfile/d' $file
done
words=()
case $kind in
  build) words=(--build-context "docker.io/gowork/gowork:1=$place") ;;
  bake) words=(--allow 'fs=*' --set "*.contexts.gowork/gowork:1=$place") ;;
esac
if [ -n "${GOWORK_TEST_CA:-}" ]; then
  case "$kind $*" in
    *id=ca,*) ;;
    build*) words+=(--secret "id=ca,src=$GOWORK_TEST_CA") ;;
    bake*) words+=(--set "*.secrets=id=ca,src=$GOWORK_TEST_CA") ;;
  esac
fi
exec "$GOWORK_TEST_BUILDX" "$kind" "${words[@]}" "$@"
"#;

/// `crane`, which also keeps what it prints.
const CRANE: &str = r#"#!/bin/bash
set -euo pipefail
"$GOWORK_TEST_CRANE" "$@" | tee -a "$TEST_AROUND/manifests"
"#;

/// A place where the commands of a page are run one after another.
struct Session {
    ground: Ground,
    _bin: tempfile::TempDir,
    /// Where the commands of a block are run, and the number of the block.
    directory: (usize, PathBuf),
    environment: Vec<(String, String)>,
    /// A part of the registry that no other place uses.
    registry: String,
    /// What stands for digests that the page shows: their beginnings.
    digests: BTreeMap<String, String>,
    /// An agent that has no keys.
    _agent: UnixListener,
}

impl Session {
    fn new(place: Place, is_with_engine: bool) -> Self {
        let ground = Ground::new(place);
        let bin = tempfile::tempdir().unwrap();
        let gowork = assert_cmd::cargo::cargo_bin("gowork");
        std::os::unix::fs::symlink(gowork, bin.path().join("gowork")).unwrap();
        for (name, text) in [("docker", DOCKER), ("crane", CRANE)] {
            let path = bin.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let around = ground.around().to_str().unwrap().to_owned();
        let agent = ground.around().join("agent");
        let path = std::env::var("PATH").unwrap();
        let mut environment = vec![
            (
                "PATH".to_owned(),
                format!("{}:{path}", bin.path().display()),
            ),
            ("TEST_AROUND".to_owned(), around.clone()),
            (
                "SSH_AUTH_SOCK".to_owned(),
                agent.to_str().unwrap().to_owned(),
            ),
            ("HOME".to_owned(), around.clone()),
            ("GOFLAGS".to_owned(), "-modcacherw".to_owned()),
            ("BUILDX_NO_DEFAULT_ATTESTATIONS".to_owned(), "1".to_owned()),
        ];
        let mut names = String::new();
        if is_with_engine {
            let registry = variable("GOWORK_TEST_REGISTRY").into_string().unwrap();
            let unique = Path::new(&around).file_name().unwrap().to_str().unwrap();
            let unique = unique.trim_start_matches('.').to_lowercase();
            names = format!("{registry}/{unique}");
            // Where a page fills a module cache, it is one of its own.
            let modules = match place {
                Place::Api => format!("{around}/modules"),
                _ => module_cache(),
            };
            environment.push(("GOMODCACHE".to_owned(), modules));
        }
        let session = Self {
            _agent: UnixListener::bind(agent).unwrap(),
            directory: (0, ground.repository().to_owned()),
            ground,
            _bin: bin,
            environment,
            registry: names,
            digests: BTreeMap::new(),
        };
        if is_with_engine {
            session.put_files_of_the_user();
        }
        session
    }

    /// What commands name that is the user's own, and not of a repository.
    fn put_files_of_the_user(&self) {
        let put = |path: PathBuf, text: &[u8]| std::fs::write(path, text).unwrap();
        let login = b"machine git.example.com login build password example\n";
        put(self.ground.around().join(".netrc"), login);
        let repository = self.ground.repository();
        put(repository.join("known_hosts"), b"");
        put(repository.join("gitconfig"), b"");
        let bundle = std::env::var_os("GOWORK_TEST_CA").map(std::fs::read);
        let bundle = bundle.map_or_else(Vec::new, Result::unwrap);
        put(repository.join("company-ca.pem"), &bundle);
    }

    /// Runs a command. What it does otherwise than the page shows.
    fn check(&mut self, shown: &Shown) -> Option<String> {
        if self.directory.0 != shown.block {
            self.directory = (shown.block, self.ground.repository().to_owned());
        }
        if let Some(directory) = shown.command.strip_prefix("cd ") {
            self.directory.1.push(directory);
            return None;
        }
        let mut command = shown.command.clone();
        for (from, to) in REPLACED {
            command = command.replace(from, to);
        }
        command = command.replace("{registry}", &self.registry);
        for (from, to) in &self.digests {
            command = command.replace(&format!("{from}..."), to);
        }
        let output = self.shell(&command);
        let out = text(&output.stdout);
        let err = text(&output.stderr);
        let place = format!("{}:{}: {command}", shown.page, shown.line);
        // A terminal shows both. What BuildKit says of its progress is on no page.
        let both = format!("{err}{out}");
        if shown.output.is_empty() {
            // Of a build with a warning, buildx says how many there are.
            let is_wrong = !output.status.success() || both.contains(" found (use ");
            return is_wrong.then(|| format!("{place}\n{both}"));
        }
        let expected = trimmed(&self.with_own_digests(&shown.output, &out));
        let said = [&both, &out, &err].map(|it| trimmed(it));
        let is_shown = said.contains(&expected);
        (!is_shown).then(|| format!("{place}\n--- prints\n{both}\n--- the page has\n{expected}\n"))
    }

    fn shell(&self, command: &str) -> Output {
        let mut bash = Command::new("bash");
        bash.args(["-c", command]).current_dir(&self.directory.1);
        bash.envs(self.environment.iter().cloned());
        bash.output().expect("bash must be on PATH")
    }

    /// The output of a page with the digests that this run has: pages show 12 digits of them.
    fn with_own_digests(&mut self, shown: &str, said: &str) -> String {
        let mut text = shown.to_owned();
        let manifests = std::fs::read_to_string(self.ground.around().join("manifests"));
        let manifests = manifests.unwrap_or_default();
        for (theirs, ours) in digests(shown).zip(digests(said)) {
            text = text.replace(theirs, ours);
            let mut full = manifests.split('"').filter(|it| it.starts_with(ours));
            let full = full.next().expect("a digest of a manifest").to_owned();
            self.digests.insert(theirs.to_owned(), full);
        }
        text
    }
}

/// Beginnings of digests.
fn digests(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace();
    words.filter(|word| word.starts_with("sha256:"))
}

/// That of this machine.
fn module_cache() -> String {
    let output = Command::new("go").args(["env", "GOMODCACHE"]).output();
    let output = output.expect("the go command must be on PATH");
    text(&output.stdout).trim().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Without blanks at the ends of lines, which nobody sees.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Runs these commands, page after page. How many they are.
fn run(commands: impl Iterator<Item = (Place, Shown)>, is_with_engine: bool) -> usize {
    let mut sessions: BTreeMap<Place, Session> = BTreeMap::new();
    let mut page = String::new();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (place, shown) in commands {
        if page != shown.page {
            sessions.clear();
            page.clone_from(&shown.page);
        }
        let session = sessions.entry(place);
        let session = session.or_insert_with(|| Session::new(place, is_with_engine));
        wrong.extend(session.check(&shown));
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    count
}

#[test]
fn commands_without_an_engine() {
    let commands = all().into_iter().filter_map(|shown| match shown.how() {
        How::Run(place) => Some((place, shown)),
        _ => None,
    });
    let count = run(commands, false);
    assert!(count > 20, "{count}");
}

/// With those before and after them on the page that need no engine.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn commands_with_an_engine() {
    let is_needed = |shown: &Shown| match shown.how() {
        How::OnEngine(place) => Some((shown.page.clone(), place)),
        _ => None,
    };
    let needed: BTreeSet<(String, Place)> = all().iter().filter_map(is_needed).collect();
    let commands = all().into_iter().filter_map(|shown| match shown.how() {
        How::Run(place) | How::OnEngine(place) => {
            let is_needed = needed.contains(&(shown.page.clone(), place));
            is_needed.then_some((place, shown))
        }
        _ => None,
    });
    let count = run(commands, true);
    assert!(count > 60, "{count}");
}

/// Words of a command, without what is the shell's.
fn words(command: &str) -> Vec<&str> {
    let command = command.split("  #").next().unwrap_or_default();
    let words = command.split_whitespace();
    words
        .skip_while(|word| word.contains('=') && !word.starts_with('-'))
        .filter(|word| *word != "...")
        .collect()
}

/// What is wrong with the words: the program says it, if `--help` follows them.
fn wrong_words(words: &[&str]) -> Option<String> {
    let (program, rest) = match words {
        ["docker", "buildx", rest @ ..] => ("GOWORK_TEST_BUILDX", rest),
        ["cargo", "xtask", rest @ ..] => ("GOWORK_TEST_XTASK", rest),
        ["cargo", "test", "-p", package, "--test", test, ..] => {
            return (!has_test(package, test)).then(|| format!("{package} has no test {test}"));
        }
        _ => return Some(format!("nothing here parses {words:?}")),
    };
    let mut command = Command::new(variable(program));
    let output = command.args(rest).arg("--help").output().unwrap();
    (!output.status.success()).then(|| text(&output.stderr))
}

/// Whether a package of the workspace has a target of this name with tests.
fn has_test(package: &str, test: &str) -> bool {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let output = cargo.output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|it| it["name"] == package);
    package.is_some_and(|package| {
        let targets = package["targets"].as_array().unwrap();
        targets
            .iter()
            .any(|it| it["name"] == test && it["kind"][0] == "test")
    })
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn parsed_commands_are_understood() {
    let mut wrong = Vec::new();
    for shown in all().into_iter().filter(|shown| shown.how() == How::Parsed) {
        let found = wrong_words(&words(&shown.command));
        wrong.extend(
            found.map(|it| format!("{}:{}: {}: {it}", shown.page, shown.line, shown.command)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
