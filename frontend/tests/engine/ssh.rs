//! Private modules from git over SSH, with a key in an agent and the keys of known hosts.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::{Build, Engine};
use crate::private_git::{HOST, library, sum, user_of};
use crate::repository::{Repository, files, unique};
use crate::server::Server;

/// Official Go images have ssh. Those of the tests do not: theirs is that of this machine.
const CONFIGURATION: &str = r#"
[modules]
private = ["git.example.test/*"]

[go]
builder = "stage:tools"

[stages.tools]
dockerfile = '''
FROM golang:1.26
COPY --from=ssh --chmod=755 / /
'''
"#;

/// The ssh of this machine with its libraries, as files of an image.
fn ssh() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("opt/ssh");
    fs::create_dir_all(&place).unwrap();
    fs::create_dir_all(root.path().join("usr/bin")).unwrap();
    let found = Command::new("sh").args(["-c", "command -v ssh"]).output();
    let program = String::from_utf8(found.unwrap().stdout).unwrap();
    let program = program.trim();
    assert!(
        !program.is_empty(),
        "ssh must be on PATH (Debian: openssh-client)"
    );
    fs::copy(program, place.join("ssh")).unwrap();
    let needed = Command::new("ldd").arg(program).output().unwrap().stdout;
    let needed = String::from_utf8(needed).unwrap();
    let mut loader = String::new();
    for word in needed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
    {
        let path = Path::new(word);
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::copy(path, place.join(name)).unwrap();
        if name.starts_with("ld-") {
            name.clone_into(&mut loader);
        }
    }
    let script =
        format!("#!/bin/sh\nexec /opt/ssh/{loader} --library-path /opt/ssh /opt/ssh/ssh \"$@\"\n");
    fs::write(root.path().join("usr/bin/ssh"), script).unwrap();
    root
}

/// A company with a git server, and a program that uses a module of it.
struct Company {
    server: Server,
    _served: tempfile::TempDir,
    files: tempfile::TempDir,
    ssh: tempfile::TempDir,
    user: Repository,
}

impl Company {
    fn new() -> Self {
        let (module, served) = library(&unique());
        let server = Server::of_module(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/servers/ssh"),
            &[served.path().to_str().unwrap()],
        );
        let files = tempfile::tempdir().unwrap();
        let user = user_of(&module, CONFIGURATION);
        // On this machine, git takes the files themselves.
        let rule = |base: &str| format!("[url \"{base}\"]\n\tinsteadOf = https://{HOST}/\n");
        let here = format!("file://{}/", served.path().display());
        fs::write(files.path().join("gitconfig"), rule(&here)).unwrap();
        sum(&user, files.path());
        let there = format!("ssh://git@{}/", server.address);
        fs::write(files.path().join("gitconfig"), rule(&there)).unwrap();
        Self {
            server,
            _served: served,
            files,
            ssh: ssh(),
            user,
        }
    }

    /// A build that knows where the server is.
    fn build(&self) -> Build {
        let gitconfig = self.files.path().join("gitconfig");
        Engine::main().frontend(&self.user.root()).args([
            format!("--build-context=ssh={}", self.ssh.path().display()),
            format!("--secret=id=gitconfig,src={}", gitconfig.display()),
        ])
    }

    fn known_hosts(&self, file: &str) -> String {
        let file = self.server.file(file);
        format!("--secret=id=known_hosts,src={}", file.display())
    }

    fn agent(&self) -> String {
        format!("--ssh=default={}", self.server.file("key.pem").display())
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_host_is_known_by_its_key() {
    let company = Company::new();
    // Without a key to log in with, and with that of another host.
    let anonymous = company.build().args(["--output=type=cacheonly"]);
    let said = anonymous.fails().everything();
    assert!(said.contains("for git over SSH --ssh default"), "{said}");

    let build = company.build().args([
        "--output=type=cacheonly",
        &company.agent(),
        &company.known_hosts("others_known"),
    ]);
    let said = build.fails().everything();
    for words in [
        "no secure protocol found for repository",
        "Host key verification failed",
        "the host shows no SSH key that the secret known_hosts has for it",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let out = tempfile::tempdir().unwrap();
    let known = company.known_hosts("known_hosts");
    let build = company.build().args([company.agent(), known]);
    build.files_to(out.path()).succeeds();
    assert!(files(out.path()).contains_key("usr/local/bin/user"));
}

/// Without keys of known hosts, the first key that a host shows is accepted.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_agent_is_enough() {
    let company = Company::new();
    let out = tempfile::tempdir().unwrap();
    let build = company.build().args([company.agent()]);
    build.files_to(out.path()).succeeds();
    assert!(files(out.path()).contains_key("usr/local/bin/user"));
}

/// Another key than the one that the server takes.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_wrong_key_is_refused() {
    let (company, other) = (Company::new(), Company::new());
    let build = company
        .build()
        .args(["--output=type=cacheonly", &other.agent()]);
    let said = build.fails().everything();
    assert!(
        said.contains("Permission denied (publickey)")
            && said.contains("git.example.test is private, and it did not accept an SSH agent"),
        "{said}"
    );
}
