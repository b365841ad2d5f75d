//! One command of a `RUN`: a program and its words.

use super::files::{moved, put};
use super::go_command::GoCommand;
use super::scope::{Scope, base, join};
use super::shell;
use super::value::{Part, Value};
use super::walked::Role;
use super::walker::{Running, Walker};

/// How many commands such as `env` may stand before another.
const NESTED: usize = 20;

/// How deep scripts may call scripts.
const DEPTH: usize = 6;

/// Commands that change nothing that matters.
const NEUTRAL: [&str; 30] = [
    "cd",
    "export",
    "set",
    "echo",
    "printf",
    "ls",
    "pwd",
    "true",
    ":",
    "mkdir",
    "chown",
    "git",
    "test",
    "[",
    "[[",
    "which",
    "command",
    "id",
    "env",
    "cat",
    "find",
    "sleep",
    "exit",
    "unset",
    "date",
    "uname",
    "touch",
    "trap",
    "shopt",
    "xx-verify",
];
const PACKAGES: [&str; 19] = [
    "apk",
    "apt-get",
    "apt",
    "yum",
    "dnf",
    "microdnf",
    "tdnf",
    "zypper",
    "pacman",
    "xx-apk",
    "xx-apt",
    "xx-apt-get",
    "update-ca-certificates",
    "adduser",
    "addgroup",
    "useradd",
    "groupadd",
    "apt-key",
    "dpkg",
];
const COMPILERS: [&str; 8] = [
    "gcc",
    "g++",
    "clang",
    "build-base",
    "build-essential",
    "alpine-sdk",
    "musl-dev",
    "libc6-dev",
];
const FETCH: [&str; 8] = [
    "curl",
    "wget",
    "tar",
    "unzip",
    "gzip",
    "gpg",
    "sha256sum",
    "install",
];
const TEST: [&str; 6] = [
    "golangci-lint",
    "staticcheck",
    "govulncheck",
    "gotestsum",
    "gosec",
    "revive",
];
/// Programs that build by files of their own.
const BUILDERS: [&str; 8] = [
    "make",
    "gmake",
    "mage",
    "task",
    "just",
    "goreleaser",
    "bazel",
    "promu",
];
/// Programs that change files.
const CHANGE: [&str; 6] = ["patch", "sed", "cp", "mv", "ln", "tee"];
/// Where Docker's images have Go.
const GOROOT: &str = "/usr/local/go/";
const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

impl Walker<'_> {
    /// The command behind one such as `env`.
    fn deeper(&mut self, words: &[Value], running: &mut Running<'_>) -> Role {
        if running.nested == NESTED {
            return Role::Opaque;
        }
        running.nested += 1;
        let role = self.words(words, running);
        running.nested -= 1;
        role
    }

    /// One command, its words filled in.
    pub(super) fn words(&mut self, words: &[Value], running: &mut Running<'_>) -> Role {
        if let Some(command) = GoCommand::parse(words) {
            return self.go(command, running);
        }
        let Some((program, rest)) = words.split_first() else {
            return Role::Neutral;
        };
        let program = program.to_string();
        let name = base(&program).to_owned();
        let name = name.as_str();
        if CHANGE.contains(&name) && rest.iter().any(is_of_go) {
            running.walked.other_go.get_or_insert(running.at);
            return Role::Other;
        }
        match name {
            "cd" => {
                let dir = rest.first().cloned().unwrap_or_default();
                running.scope.dir = running.scope.path(&dir);
                return Role::Neutral;
            }
            "export" => {
                export(rest, &mut running.scope);
                return Role::Neutral;
            }
            "mkdir" => return self.mkdir(rest, running),
            "git" => return self.git(rest, running),
            "." | "source" => return self.sourced(rest, running),
            "chmod" | "rm" => return self.altered(name, rest, running),
            "cp" | "mv" | "ln" | "install" => {
                if let Some(role) = moved(self.repo, name, rest, running) {
                    return role;
                }
            }
            "env" => {
                let scope = running.scope.clone();
                let is_set = |word: &&Value| word.to_string().contains('=');
                let sets: Vec<Value> = rest.iter().take_while(is_set).cloned().collect();
                export(&sets, &mut running.scope);
                let role = self.deeper(&rest[sets.len()..], running);
                running.scope = scope;
                return role;
            }
            "xx-go" | "time" | "exec" | "sudo" | "nice" => return self.deeper(rest, running),
            _ => {}
        }
        if SHELLS.contains(&name) && rest.first().and_then(Value::plain).as_deref() == Some("-c") {
            let script = rest.get(1).and_then(Value::plain).unwrap_or_default();
            running.nested += 1;
            let role = if running.nested > NESTED {
                Role::Opaque
            } else {
                self.nodes(&shell::parse(&script), running)
            };
            running.nested -= 1;
            return role;
        }
        if name == "touch" && put(rest, running) {
            return Role::Other;
        }
        if NEUTRAL.contains(&name) {
            return Role::Neutral;
        }
        if PACKAGES.contains(&name) {
            return packages(name, rest, running);
        }
        if TEST.contains(&name) {
            return Role::Test;
        }
        if says_version(rest)
            && running
                .walked
                .products
                .contains_key(&join(&running.scope.dir, &program))
        {
            return Role::Neutral;
        }
        if let Some(role) = self.script(&program, rest, running) {
            return role;
        }
        let touches = rest.iter().any(|word| {
            running
                .walked
                .products
                .contains_key(&running.scope.path(word))
        });
        if touches {
            return Role::Product;
        }
        put(rest, running);
        if FETCH.contains(&name) || !running.walked.layout.has_sources() {
            return Role::Other;
        }
        let is_among_sources = running.walked.layout.would_be(&running.scope.dir).is_some();
        if is_among_sources && !["ldd", "file", "du", "sha256sum"].contains(&name) {
            running.walked.changes.get_or_insert(running.at);
            return Role::Sources;
        }
        Role::Other
    }

    /// Directories that are made beside the sources.
    fn mkdir(&self, rest: &[Value], running: &mut Running<'_>) -> Role {
        for dir in rest {
            let mut dir = running.scope.path(dir);
            let is_source = |dir: &str, running: &Running<'_>| {
                running.walked.layout.copied(dir, self.repo).is_some()
            };
            while dir != "/" && dir != running.scope.dir && !is_source(&dir, running) {
                running.walked.dirs.insert(dir.clone());
                dir = join(&dir, "..");
            }
        }
        Role::Neutral
    }

    /// A script of the repository, or make: what it runs.
    fn script(&mut self, program: &str, rest: &[Value], running: &mut Running<'_>) -> Option<Role> {
        // Some have their version in the name: promu-v0.17.0.
        let tool = base(program).split("-v").next().unwrap_or_default();
        let is_builder = BUILDERS.contains(&tool);
        let (path, args) = if SHELLS.contains(&base(program)) {
            let (path, args) = rest.split_first()?;
            (running.scope.path(path), args)
        } else {
            (join(&running.scope.dir, program), rest)
        };
        let text = if is_builder {
            let dir = running
                .walked
                .layout
                .in_context(&running.scope.dir, self.repo);
            let name = base(program).to_owned();
            if goals(rest)
                .iter()
                .any(|goal| ["test", "lint", "vet", "fmt"].contains(&goal.as_str()))
            {
                return Some(Role::Test);
            }
            match (self.make, dir) {
                (Some(make), Some(dir)) if name.ends_with("make") => {
                    make(&dir, rest, &running.scope)
                }
                _ => None,
            }
        } else {
            if !program.contains('/') && !SHELLS.contains(&base(program)) {
                return None;
            }
            let file = running.walked.layout.in_context(&path, self.repo)?;
            Some(self.repo.read_text(&file)?)
        };
        let text = text.filter(|text| {
            let first = text.lines().next().unwrap_or_default();
            running.depth < DEPTH && (!first.starts_with("#!") || first.contains("sh"))
        });
        let Some(text) = text else {
            running.walked.opaque.get_or_insert(running.at);
            running.walked.compiled();
            return Some(Role::Opaque);
        };
        let text = text.replace("\\\n", "  ");
        let scope = running.scope.clone();
        running.depth += 1;
        if !is_builder {
            running.scope.call(args);
        }
        let compiled = self.compiles.len();
        let changes = running.walked.changes;
        let mut role = Role::Neutral;
        if is_builder {
            // A shell for each line.
            for line in text.lines() {
                role = role.max(self.nodes(&shell::parse(line), running));
                running.scope = scope.clone();
            }
        } else {
            role = self.nodes(&shell::parse(&text), running);
        }
        running.scope = scope;
        running.depth -= 1;
        if self.compiles.len() > compiled {
            let step = running.walked.roles.len();
            running.walked.scripts.insert(step);
        }
        let before = (self.compiles.len() > compiled).then_some(changes);
        Some(self.summed(role, before, (program, running)))
    }

    /// A file that runs in the shell that names it: what it sets holds there.
    fn sourced(&mut self, rest: &[Value], running: &mut Running<'_>) -> Role {
        let Some((file, args)) = rest.split_first() else {
            return Role::Neutral;
        };
        let path = running.scope.path(file);
        let file = running.walked.layout.in_context(&path, self.repo);
        let text = file.and_then(|file| self.repo.read_text(&file));
        let Some(text) = text.filter(|_| running.depth < DEPTH) else {
            return Role::Neutral;
        };
        if !args.is_empty() {
            running.scope.call(args);
        }
        running.depth += 1;
        let role = self.nodes(&shell::parse(&text.replace("\\\n", "  ")), running);
        running.depth -= 1;
        role
    }

    /// What a script does as a whole. If it compiles, `before` says where sources were made before
    /// it.
    fn summed(
        &mut self,
        role: Role,
        before: Option<Option<usize>>,
        (program, running): (&str, &mut Running<'_>),
    ) -> Role {
        let Some(changes) = before else {
            return role;
        };
        if role == Role::Sources {
            running.walked.changes = changes;
            running.walked.makes_sources = changes;
            self.leave(
                running.at,
                format!("{} also makes or changes sources before it compiles", base(program)),
                "commit what it makes, or make it in a stage of its own and lay that over the repository with [[overlay]]",
            );
        }
        if role == Role::Opaque {
            running.walked.opaque = None;
        }
        Role::Compile
    }

    fn git(&mut self, rest: &[Value], running: &mut Running<'_>) -> Role {
        let verb = rest.first().and_then(Value::plain).unwrap_or_default();
        if verb != "clone" {
            return Role::Neutral;
        }
        let mut paths = rest[1..].iter().filter(
            |word| !matches!(word.0.first(), Some(Part::Text(text)) if text.starts_with('-')),
        );
        // Values of flags such as `-b main` are no URLs.
        let url = paths.find_map(|word| word.by_default().filter(|text| text.contains("://")));
        let Some(url) = url else {
            return Role::Other;
        };
        let dir = match paths.next() {
            Some(dir) => running.scope.path(dir),
            None => join(&running.scope.dir, base(&url).trim_end_matches(".git")),
        };
        if !self.is_own(&url) {
            return Role::Other;
        }
        running.walked.layout.bind("", &dir);
        Role::Prepare
    }
}

/// Whether a program is asked for its version, or for help.
fn says_version(rest: &[Value]) -> bool {
    let asks = ["version", "help", "h", "v"];
    let words: Vec<String> = rest.iter().map(ToString::to_string).collect();
    matches!(words.as_slice(), [word] if asks.contains(&word.trim_start_matches('-')))
}

/// Whether a path is of a file that belongs to Go.
fn is_of_go(word: &Value) -> bool {
    word.0.iter().any(|part| match part {
        Part::Text(text) => text.starts_with(GOROOT) || text.contains(&format!("={GOROOT}")),
        Part::Command(command) => command == "go env GOROOT",
        _ => false,
    })
}

/// Names of make's goals: words without `=` and dashes.
fn goals(rest: &[Value]) -> Vec<String> {
    let words = rest.iter().map(ToString::to_string);
    words
        .filter(|word| !word.starts_with('-') && !word.contains('='))
        .collect()
}

fn export(rest: &[Value], scope: &mut Scope) {
    for word in rest {
        let Some(Part::Text(first)) = word.0.first() else {
            continue;
        };
        let Some((name, text)) = first.split_once('=') else {
            continue;
        };
        let mut value = Value::text(text);
        for part in &word.0[1..] {
            value.push(part.clone());
        }
        scope.set(name, value);
    }
}

fn packages(name: &str, rest: &[Value], running: &mut Running<'_>) -> Role {
    let words: Vec<String> = rest.iter().map(ToString::to_string).collect();
    running.walked.has_c |= words
        .iter()
        .any(|word| COMPILERS.contains(&word.split(['=', '~', '<']).next().unwrap_or_default()));
    let installs = ["add", "install", "-i"]
        .iter()
        .any(|verb| words.iter().any(|word| word == verb));
    running.walked.has_packages |= installs && !name.starts_with("update-ca");
    Role::Packages
}
