//! The commands of a `RUN`.

use super::condition::{filled_in, holds, matters};
use super::file::Run;
use super::shell::{self, Node, Simple};
use super::value::{Part, Value};
use super::walked::{Command, Role, Walked};
use super::walker::{Running, Walker};
use super::word::{Piece, Word};

/// How many commands are read, of scripts and loops, too.
const COMMANDS: usize = 10_000;

impl Walker<'_> {
    /// Reads a `RUN`.
    pub(super) fn run(
        &mut self,
        stage: usize,
        run: &Run,
        walked: &mut Walked,
    ) -> (Role, Vec<Command>) {
        let kept = walked.layout.len();
        for mount in &run.mounts {
            self.mount(mount, run.at, walked);
        }
        let mounted = walked.layout.len() - kept;
        let scope = walked.scope.clone();
        let mut running = Running {
            stage,
            at: run.at,
            walked,
            scope,
            depth: 0,
            nested: 0,
        };
        let mut roles = Vec::new();
        match &run.exec {
            Some(words) => {
                let words: Vec<Value> = words.iter().map(Value::text).collect();
                let role = self.words(&words, &mut running);
                roles.push((run.at..run.at, role));
            }
            None => {
                for node in shell::parse(&run.script) {
                    let span = node.span();
                    running.at = run.at + span.start;
                    let role = self.node(&node, &mut running);
                    roles.push((run.at + span.start..run.at + span.end, role));
                }
            }
        }
        walked.layout.forget(kept, mounted);
        let role = roles.iter().map(|(_, role)| *role).max();
        (role.unwrap_or(Role::Neutral), roles)
    }

    /// What a mount brings: the context, or a directory of another stage.
    fn mount(&mut self, mount: &str, at: usize, walked: &mut Walked) {
        let field = |names: &[&str]| {
            mount.split(',').find_map(|field| {
                let (name, value) = field.split_once('=')?;
                names.contains(&name).then(|| value.to_owned())
            })
        };
        let kind = field(&["type"]).unwrap_or_else(|| "bind".to_owned());
        if kind != "bind" {
            return;
        }
        let target = field(&["target", "dst", "destination"]).unwrap_or_else(|| ".".to_owned());
        let target = walked.scope.path(&walked.scope.text(&target));
        let source = field(&["source", "src"]).unwrap_or_else(|| "/".to_owned());
        match field(&["from"]) {
            None => walked.layout.bind(&source, &target),
            Some(from) => {
                walked.layout.copy_from(&from, &source, &target);
                if walked.layout.would_be(&target).is_none() {
                    walked.mounted.get_or_insert(at);
                }
                self.needs(walked, (&from, &source, &target), false, at);
            }
        }
    }

    pub(super) fn nodes(&mut self, nodes: &[Node], running: &mut Running<'_>) -> Role {
        let mut role = Role::Neutral;
        for node in nodes {
            role = role.max(self.node(node, running));
        }
        role
    }

    fn node(&mut self, node: &Node, running: &mut Running<'_>) -> Role {
        match node {
            Node::Simple(simple) => self.simple(simple, running),
            Node::Group(body, _) => {
                let dir = running.scope.dir.clone();
                let role = self.nodes(body, running);
                running.scope.dir = dir;
                role
            }
            Node::For {
                name, words, body, ..
            } => {
                let mut role = Role::Neutral;
                for value in running.scope.words(words) {
                    running.scope.set(name, value);
                    role = role.max(self.nodes(body, running));
                }
                role
            }
            Node::If {
                branches,
                otherwise,
                ..
            } => self.conditional(branches, otherwise, running),
            Node::Other(words, _) => {
                if words.iter().any(is_about_go) {
                    self.leave(
                        running.at,
                        "gowork does not look into `case`, `while` and functions of the shell",
                        "write the flags that are set here, and what is compiled, into gowork.toml",
                    );
                }
                Role::Other
            }
        }
    }

    /// Takes the branch that is taken where no build-arg is given. If that cannot be said, all are
    /// read.
    fn conditional(
        &mut self,
        branches: &[(Vec<Node>, Vec<Node>)],
        otherwise: &[Node],
        running: &mut Running<'_>,
    ) -> Role {
        for (condition, body) in branches {
            let (holds, arg) = if self.exists(condition, running) {
                (Some(true), None)
            } else {
                holds(condition, &running.scope)
            };
            if let Some(filled) = filled_in(condition, body, &running.scope) {
                let default = match filled.value.0.as_slice() {
                    [Part::Command(command)] => Some(format!("$({command})")),
                    _ => filled.value.by_default(),
                };
                let Some(default) = default else {
                    let name = filled.arg;
                    self.leave(
                        running.at,
                        format!("where the build-arg {name} is not given, commands say the value"),
                        format!("pass it: --build-arg {name}=..."),
                    );
                    return Role::Neutral;
                };
                let value = Value::of(Part::Arg {
                    name: filled.arg,
                    default: Some(default),
                });
                running.scope.set(&filled.variable, value);
                return Role::Neutral;
            }
            if let Some(arg) = arg
                && matters(body)
            {
                running.walked.decisions.insert((running.at, arg));
            }
            match holds {
                Some(true) => return self.nodes(body, running),
                Some(false) => {}
                None => {
                    let mut role = self.nodes(body, &mut running.aside());
                    for (_, other) in branches.iter().skip(1) {
                        role = role.max(self.nodes(other, &mut running.aside()));
                    }
                    return role.max(self.nodes(otherwise, running));
                }
            }
        }
        self.nodes(otherwise, running)
    }

    /// Whether a condition asks for a file or directory of the repository that is there.
    fn exists(&self, condition: &[Node], running: &Running<'_>) -> bool {
        let [Node::Simple(simple)] = condition else {
            return false;
        };
        let words = running.scope.words(&simple.words);
        let texts: Option<Vec<String>> = words.iter().map(Value::plain).collect();
        let texts = texts.unwrap_or_default();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (["[" | "[[", flag, path, _] | ["test", flag, path]) = texts.as_slice() else {
            return false;
        };
        let path = running.scope.path(&Value::text(*path));
        let found = running.walked.layout.in_context(&path, self.repo);
        match *flag {
            "-e" | "-f" | "-r" | "-s" => found.is_some(),
            "-d" => found.is_some_and(|path| self.repo.is_dir(&path) == Some(true)),
            _ => false,
        }
    }

    fn simple(&mut self, simple: &Simple, running: &mut Running<'_>) -> Role {
        self.steps += 1;
        if self.steps > COMMANDS {
            if self.steps == COMMANDS + 1 {
                self.leave(
                    running.at,
                    format!("more than {COMMANDS} commands run, as many as gowork reads"),
                    "write what they compile into gowork.toml",
                );
            }
            return Role::Opaque;
        }
        let before = running.scope.clone();
        for (name, word) in &simple.assigns {
            let value = running.scope.expand(&word.pieces);
            running.scope.set(name, value);
        }
        if simple.words.is_empty() {
            return Role::Neutral;
        }
        for word in &simple.words {
            running.scope.set_defaults(&word.pieces);
        }
        let mut words = running.scope.words(&simple.words);
        if let Some(root) = running.walked.layout.root() {
            with_root(&mut words, root);
        }
        let role = self.words(&words, running);
        let dir = running.scope.dir.clone();
        let is_setting = words
            .first()
            .and_then(Value::plain)
            .is_some_and(|word| word == "export");
        if !is_setting && !simple.assigns.is_empty() {
            running.scope = before;
            running.scope.dir = dir;
        }
        let writes_source = simple.outputs.iter().any(|word| {
            let path = running.scope.path(&running.scope.expand(&word.pieces));
            running
                .walked
                .layout
                .would_be(&path)
                .is_some_and(|path| path.ends_with(".go"))
        });
        if writes_source {
            running.walked.changes.get_or_insert(running.at);
            return role.max(Role::Sources);
        }
        let known = running.walked.foreign.len();
        for word in &simple.outputs {
            let path = running.scope.path(&running.scope.expand(&word.pieces));
            running.walked.put(&path);
        }
        if running.walked.foreign.len() > known {
            return role.max(Role::Other);
        }
        role
    }
}

/// Whether a word runs Go or make, or sets what Go reads.
fn is_about_go(word: &Word) -> bool {
    let text = match word.pieces.first() {
        Some(Piece::Text(text)) => text.as_str(),
        _ => "",
    };
    ["go", "make", "xx-go"].contains(&text) || text.starts_with("GO") || text.starts_with("CGO_")
}

/// Puts the directory of the sources where git is asked for it.
fn with_root(words: &mut [Value], root: &str) {
    for word in words {
        let mut filled = Value::default();
        for part in &word.0 {
            match part {
                Part::Command(command) if command == "git rev-parse --show-toplevel" => {
                    filled.push(Part::Text(root.to_owned()));
                }
                part => filled.push(part.clone()),
            }
        }
        *word = filled;
    }
}
