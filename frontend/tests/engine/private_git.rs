//! Private modules from git over HTTPS, with a token: as Docker takes it for git contexts.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::contexts;
use crate::engine::{Build, Engine, Outcome};
use crate::leaks::Canaries;
use crate::repository::{Repository, files, unique};
use crate::server::Server;

/// A company with a module in a repository of its own, and a program that uses it.
struct Company {
    server: Server,
    files: tempfile::TempDir,
    canaries: Canaries,
    user: Repository,
}

/// The host in the path of the module, which the git configuration leads to the server.
pub(crate) const HOST: &str = "git.example.test";

/// A module in a repository of git: its path, and the directory that the path names below the host.
pub(crate) fn library(unique: &str) -> (String, tempfile::TempDir) {
    let module = format!("{HOST}/{unique}/lib.git");
    let lib = Repository::new(&[
        ("go.mod", &format!("module {module}\n\ngo 1.24\n")),
        (
            "lib.go",
            "package lib\n\n// Name is a name.\nconst Name = \"private\"\n",
        ),
    ]);
    lib.git(&["init", "--quiet"]);
    lib.commit();
    lib.git(&["tag", "v1.0.0"]);
    let served = tempfile::tempdir().unwrap();
    let bare = served.path().join(unique).join("lib.git");
    lib.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    (module, served)
}

/// A program that uses the module, with this configuration.
pub(crate) fn user_of(module: &str, configuration: &str) -> Repository {
    Repository::new(&[
        (
            "Dockerfile",
            &format!("# syntax=docker.io/gowork/gowork:1\n{configuration}"),
        ),
        (
            "go.mod",
            &format!("module example.com/user\n\ngo 1.26\n\nrequire {module} v1.0.0\n"),
        ),
        ("main.go", &contexts::user_of(module)),
    ])
}

/// Writes a program's go.sum: the go command of this machine asks git for the module, as the files
/// `gitconfig` and `ca` of a directory say.
pub(crate) fn sum(user: &Repository, files: &Path) {
    let modules = tempfile::tempdir().unwrap();
    let mut go = Command::new("go");
    go.args(["mod", "tidy"]).current_dir(user.root());
    go.env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOPRIVATE", HOST)
        .env("GOMODCACHE", modules.path())
        .env("GOFLAGS", "-modcacherw");
    go.env("HOME", files)
        .env("GOCACHE", modules.path().join("cache"))
        .env("GIT_CONFIG_GLOBAL", files.join("gitconfig"))
        .env("GIT_SSL_CAINFO", files.join("ca"));
    let output = go.output().expect("the go command must be on PATH");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

impl Company {
    fn new() -> Self {
        let unique = unique();
        let (token, wrong) = (
            format!("canarytoken{unique}"),
            format!("canarywrong{unique}"),
        );
        let (module, served) = library(&unique);
        let dir = served.keep();
        let server = Server::with_tls(
            include_str!("servers/private_git.go"),
            &[dir.to_str().unwrap(), &token],
        );
        let mut canaries = Canaries::default();
        canaries.add("token", &token);
        canaries.add("wrong token", &wrong);
        let user = user_of(
            &module,
            "[modules]\nprivate = [\"git.example.test/*\", \"${SERVER}/*\"]\n",
        );
        let company = Self {
            server,
            files: tempfile::tempdir().unwrap(),
            canaries,
            user,
        };
        let certificate = fs::read_to_string(company.server.file("certificate.pem")).unwrap();
        let others = std::env::var_os("GOWORK_TEST_CA")
            .map_or_else(String::new, |bundle| fs::read_to_string(bundle).unwrap());
        company.write("ca", &format!("{others}\n{certificate}"));
        let address = &company.server.address;
        company.write(
            "gitconfig",
            &format!("[url \"https://{address}/\"]\n\tinsteadOf = https://{HOST}/\n"),
        );
        company.write("token", &token);
        company.write("wrong", &wrong);
        company.write(
            ".netrc",
            &format!(
                "machine {} login x-access-token password {token}\n",
                company.ip()
            ),
        );
        company.sum();
        company
    }

    fn ip(&self) -> &str {
        self.server.address.rsplit_once(':').unwrap().0
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.files.path().join(name), text).unwrap();
    }

    fn secret(&self, id: &str, file: &str) -> String {
        format!(
            "--secret=id={id},src={}",
            self.files.path().join(file).display()
        )
    }

    /// Writes the user's go.sum.
    fn sum(&self) {
        sum(&self.user, self.files.path());
    }

    /// A build with everything but a login.
    fn build(&self) -> Build {
        let server = format!("SERVER={}", self.ip());
        let build = Engine::main().frontend(&self.user.root());
        build.args(["--build-arg", &server]).args([
            self.secret("ca", "ca"),
            self.secret("gitconfig", "gitconfig"),
        ])
    }

    fn silent(&self, what: &str, outcome: &Outcome) {
        let said = [outcome.stderr.as_str(), &outcome.everything()].concat();
        let found = self.canaries.in_bytes(what, said.as_bytes());
        assert_eq!(found, Vec::<String>::new(), "{said}");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_token_is_used_and_kept_nowhere() {
    let company = Company::new();
    let refused = company.build().args(["--output=type=cacheonly"]).fails();
    let said = refused.everything();
    let help = "git.example.test is private, and the build has nothing to log in with: pass --secret id=GIT_AUTH_TOKEN.git.example.test,env=TOKEN";
    assert!(said.contains(help), "{said}");

    let build = company.build().args(["--output=type=cacheonly"]);
    let wrong = build
        .args([company.secret("GIT_AUTH_TOKEN", "wrong")])
        .fails();
    let said = wrong.everything();
    let help = "git.example.test is private, and it did not accept a GIT_AUTH_TOKEN";
    assert!(said.contains(help), "{said}");
    company.silent("the error", &wrong);

    let of_server = format!("GIT_AUTH_TOKEN.{}", company.ip());
    let (image, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = format!("type=local,mode=max,dest={}", cache.path().display());
    let built = company
        .build()
        .args([company.secret(&of_server, "token")])
        .args(["--provenance", "mode=max", "--cache-to", &to])
        .layout_to(image.path())
        .succeeds();
    company.silent("the progress", &built);
    for dir in [image.path(), cache.path()] {
        assert_eq!(company.canaries.in_directory(dir), Vec::<String>::new());
    }
}

/// The token for all private hosts, and a netrc file that git reads.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn other_ways_to_log_in() {
    for secret in ["GIT_AUTH_TOKEN", "netrc"] {
        let company = Company::new();
        let file = if secret == "netrc" { ".netrc" } else { "token" };
        let out = tempfile::tempdir().unwrap();
        let build = company.build().args([company.secret(secret, file)]);
        let built = build.files_to(out.path()).succeeds();
        company.silent(secret, &built);
        assert!(files(out.path()).contains_key("usr/local/bin/user"));
    }
}
