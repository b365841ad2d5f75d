//! Builds that ask a checksum database: one of the user's own, none, and one that lies.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::{Build, Engine};
use crate::repository::{Repository, files, unique};
use crate::server::Server;

/// A workspace that needs a sum which no go.sum has, as with a go.work.sum that was not committed:
/// `app` imports b, which it requires at v1.0.0, and `other` requires c, and thereby b at v1.1.0,
/// without its packages.
struct Asking {
    server: Server,
    repository: Repository,
    modules: String,
}

impl Asking {
    fn new() -> Self {
        let modules = format!("private.example/{}", unique());
        let server = Server::of_module(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/servers/checksum_database"),
            &[&modules],
        );
        let mod_file = |name: &str, requires: &str| {
            format!("module example.com/{name}\n\ngo 1.26\n\nrequire {modules}/{requires} v1.0.0\n")
        };
        let main = |of: &str| {
            format!(
                "package main\n\nimport lib \"{modules}/{of}\"\n\nfunc main() {{ println(lib.Name) }}\n"
            )
        };
        let repository = Repository::new(&[
            ("go.work", "go 1.26\n\nuse (\n\t./app\n\t./other\n)\n"),
            ("app/go.mod", &mod_file("app", "b")),
            ("app/main.go", &main("b")),
            ("other/go.mod", &mod_file("other", "c")),
            ("other/main.go", &main("c")),
        ]);
        let asking = Self {
            server,
            repository,
            modules,
        };
        let cache = tempfile::tempdir().unwrap();
        for member in ["app", "other"] {
            let mut go = Command::new("go");
            go.args(["mod", "tidy"])
                .current_dir(asking.repository.root().join(member))
                .env("GOENV", "off")
                .env("GOTOOLCHAIN", "local")
                .env("GOWORK", "off")
                .env("GOSUMDB", "off")
                .env("GOFLAGS", "-modcacherw")
                .env("GOMODCACHE", cache.path())
                .env("GOPROXY", asking.proxy());
            let status = go.status().expect("the go command must be on PATH");
            assert!(status.success(), "{member}");
        }
        asking
    }

    fn proxy(&self) -> String {
        format!("http://{}/proxy", self.server.address)
    }

    /// GOSUMDB: the key that the server wrote to the file `key`, and an address.
    fn database(&self, key: &str, at: &str) -> String {
        let key = fs::read_to_string(self.server.file(key)).unwrap();
        format!("{key} {at}")
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}/{path}", self.server.address)
    }

    /// What the database was asked since the last time.
    fn asked(&self) -> String {
        let file = self.server.file("asked");
        let asked = fs::read_to_string(&file).unwrap();
        fs::write(file, "").unwrap();
        asked
    }

    /// A build that finds no result of an earlier one.
    fn build(&self) -> Build {
        let proxy = format!("GOPROXY={}", self.proxy());
        let build = Engine::main().frontend(&self.repository.root());
        build
            .target("app")
            .args(["--no-cache", "--build-arg", &proxy])
    }

    fn succeeds(&self, build: Build) {
        let out = tempfile::tempdir().unwrap();
        build.files_to(out.path()).succeeds();
        let binary = files(out.path()).remove("usr/local/bin/app").unwrap();
        assert!(memchr::memmem::find(&binary, b"v1.1.0 of a proxy").is_some());
    }

    /// What a build over this database says.
    fn said(&self, sumdb: &str) -> String {
        let build = self
            .build()
            .args(["--build-arg", &format!("GOSUMDB={sumdb}")]);
        build.args(["--output=type=cacheonly"]).fails().everything()
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn one_of_your_own() {
    let asking = Asking::new();
    let sumdb = asking.database("key", &asking.at("sumdb"));
    let as_argument = asking
        .build()
        .args(["--build-arg", &format!("GOSUMDB={sumdb}")]);
    asking.succeeds(as_argument);
    let asked = asking.asked();
    assert!(
        asked.contains(&format!("{}/b v1.1.0\n", asking.modules)),
        "{asked}"
    );
    let configuration = format!("\n[modules]\nsumdb = \"{sumdb}\"\n");
    asking.repository.append("Dockerfile", &configuration);
    asking.succeeds(asking.build());
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn none() {
    let asking = Asking::new();
    asking.succeeds(asking.build().args(["--build-arg", "GOSUMDB=off"]));
    // Or not for these modules: the database of the second argument answers nobody.
    let nobody = format!("GOSUMDB={}", asking.database("key", "http://127.0.0.1:9"));
    let without = asking.build().args(["--build-arg", &nobody]);
    asking.succeeds(without.args(["--build-arg", "GONOSUMDB=private.example"]));
    assert_eq!(asking.asked(), "");
}

/// Each thing that can be wrong with a database has its own advice.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn one_that_is_wrong() {
    let asking = Asking::new();
    let sumdb = asking.at("sumdb");
    for (database, words, advice) in [
        (
            asking.database("key", "http://127.0.0.1:9"),
            "connection refused",
            "the checksum database cannot be reached",
        ),
        (
            asking.database("other-key", &sumdb),
            "no verifiable signatures",
            "signs with another key",
        ),
        (
            format!("sums.example.test {sumdb}"),
            "invalid GOSUMDB",
            "named by its key and its address",
        ),
        (
            asking.database("key", &asking.at("tampered")),
            "SECURITY ERROR",
            "somebody changed the module after it was published",
        ),
    ] {
        let said = asking.said(&database);
        assert!(said.contains(words) && said.contains(advice), "{said}");
    }
}
