//! Builds that reach no module proxy, or more than one.

use std::path::Path;
use std::process::Command;

use crate::contexts::{proxy_files, user_of};
use crate::engine::{Build, EmptyEngine, Engine};
use crate::repository::{Repository, files, unique};
use crate::server::Server;

/// A program that uses a module of a proxy, with its sums. The proxy is a directory of files.
fn user(module: &str, proxy: &Path) -> Repository {
    let mod_file = format!("module example.com/app\n\ngo 1.26\n\nrequire {module} v1.0.0\n");
    let main = user_of(module);
    let repository = Repository::new(&[("go.mod", &mod_file), ("main.go", &main)]);
    let cache = tempfile::tempdir().unwrap();
    let mut go = Command::new("go");
    go.args(["mod", "tidy"]).current_dir(repository.root());
    go.env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GONOSUMDB", "private.example")
        .env("GOFLAGS", "-modcacherw")
        .env("GOMODCACHE", cache.path())
        .env("GOPROXY", format!("file://{}", proxy.display()));
    let status = go.status().expect("the go command must be on PATH");
    assert!(status.success());
    repository
}

/// Builds the program with one more argument, and gives its binary.
fn built(build: Build, argument: &str) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    build.args([argument]).files_to(out.path()).succeeds();
    files(out.path()).remove("usr/local/bin/app").unwrap()
}

fn holds(binary: &[u8], text: &str) -> bool {
    memchr::memmem::find(binary, text.as_bytes()).is_some()
}

/// The first proxy of a chain does not have the module. Then no proxy is there any more: the cache of
/// the first build has the module, also for a build after an edit.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_travel_in_a_cache() {
    let module = format!("private.example/{}", unique());
    let proxy = proxy_files(&module);
    let repository = user(&module, proxy.path());
    let directory = proxy.path().to_str().unwrap();
    let server = Server::start(
        &[("main.go", include_str!("servers/files.go"))],
        &[directory],
    );
    let address = &server.address;
    let chain = format!("GOPROXY=http://{address}/nothing,http://{address}");
    let build = |engine: &Engine| {
        engine
            .frontend(&repository.root())
            .args(["--build-arg", &chain])
    };
    let cache = tempfile::tempdir().unwrap();
    let place = cache.path().display();
    let to = format!("--cache-to=type=local,dest={place},mode=max");
    assert!(holds(
        &built(build(&Engine::main()), &to),
        "from a directory"
    ));
    drop(server);
    let empty = EmptyEngine::start("imported");
    let from = format!("--cache-from=type=local,src={place}");
    assert!(holds(
        &built(build(&empty.engine), &from),
        "from a directory"
    ));
    repository.append("main.go", "\nfunc init() { println(\"edited words\") }\n");
    let edited = built(build(&empty.engine), &from);
    assert!(holds(&edited, "from a directory") && holds(&edited, "edited words"));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_vendored_asks_no_proxy() {
    let repository = Repository::example("vendored");
    let build = Engine::main().frontend(&repository.root()).args([
        "--no-cache",
        "--build-arg=GOPROXY=http://127.0.0.1:9",
        "--output=type=cacheonly",
    ]);
    build.succeeds();
}
