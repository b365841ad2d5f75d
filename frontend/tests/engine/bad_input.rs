//! Bad input, as a person sees it through buildx: what is wrong, in which line of which file, and what to do.
//!
//! The inputs are `testdata/bad/NAME`, the whole text that buildx prints for each is `testdata/bad/NAME.txt`. `UPDATE_EXPECT=1` writes the
//! texts anew.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use expect_test::expect_file;

use crate::engine::{Build, Engine, Outcome};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/bad").canonicalize().unwrap()
}

/// A build of the case `name`.
fn build(name: &str) -> Build {
    Engine::main().frontend(&directory().join(name)).args(["--output=type=cacheonly"])
}

/// Holds what buildx printed against the case's text.
fn said(name: &str, outcome: &Outcome) {
    expect_file![directory().join(format!("{name}.txt"))].assert_eq(&outcome.text);
}

fn fails(name: &str) {
    said(name, &build(name).fails());
}

/// A message of the go command in the output of a step.
fn go_says(outcome: &Outcome, message: &str) {
    assert!(outcome.records.logs().contains(message), "no {message:?} in:\n{}", outcome.everything());
}

#[test]
fn every_case_is_tested() {
    let tests = include_str!("bad_input.rs");
    for entry in fs::read_dir(directory()).unwrap().map(Result::unwrap) {
        let file = entry.file_name().into_string().unwrap();
        let name = file.trim_end_matches(".txt");
        assert!(tests.contains(&format!("\"{name}\"")), "testdata/bad/{file} has no test");
        assert!(directory().join(name).is_dir(), "testdata/bad/{file} is the text of no case");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn mod_files() {
    fails("work-syntax");
    fails("work-member-without-module");
    fails("work-duplicate-module");
    fails("work-member-go");
    fails("work-use-outside");
    fails("module-path");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn configuration() {
    fails("config-toml");
    fails("config-unknown-key");
    fails("config-build-arg");
    fails("config-image-main");
    let secret = build("proxy-unreachable").args(["--build-arg", "GOPROXY=http://user:canary@127.0.0.1:9"]).fails();
    assert!(secret.text.contains("--secret id=netrc") && !secret.everything().contains("canary"), "{}", secret.everything());
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn go_too_old_by_name() {
    fails("config-go-old");
    fails("config-builder-old");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn images_that_no_registry_has() {
    fails("config-builder-missing");
    fails("module-go-missing");
    fails("config-base-missing");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn which_image() {
    said("target", &build("target").target("wroker").fails());
    fails("target-none");
    fails("same-name");
    said("no-main", &build("no-main").args(["--platform", "linux/amd64"]).fails());
    fails("no-module");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn packages() {
    fails("import-no-package");
    fails("go-syntax");
    fails("package-clauses");
    fails("embed");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules() {
    fails("import-no-module");
    fails("proxy-unreachable");
}

/// A proxy whose certificate nobody has signed, as a company's own looks from inside a build step; and the secret that is the cure.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn certificates_of_a_proxy() {
    let proxy = TlsProxy::start();
    let argument = format!("GOPROXY=https://{}", proxy.address);
    let build = || build("proxy-tls").args(["--build-arg", &argument]);
    let mut outcome = build().fails();
    outcome.text = outcome.text.replace(&proxy.address, "PROXY");
    said("proxy-tls", &outcome);
    let trusting = build().args([format!("--secret=id=ca,src={}", proxy.certificate().display())]).fails();
    assert!(trusting.text.contains(&proxy.address) && !trusting.text.contains("x509"), "{}", trusting.everything());
}

/// A server that speaks TLS and nothing else, until it is dropped.
struct TlsProxy {
    dir: tempfile::TempDir,
    process: Child,
    address: String,
}

impl TlsProxy {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("main.go"), include_str!("tls_proxy.go")).unwrap();
        // The address by which also a container finds this machine. Connecting a datagram socket sends nothing.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let routed = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
        let ip = routed.map_or_else(|_| "127.0.0.1".to_owned(), |address| address.ip().to_string());
        let mut go = Command::new("go");
        go.args(["run", "main.go", &ip, "certificate.pem"]).current_dir(dir.path());
        go.env("GOENV", "off").env("GOTOOLCHAIN", "local").env("GOWORK", "off").env_remove("GOFLAGS");
        let mut process = go.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the go command must be on PATH");
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { dir, process, address: address.trim().to_owned() }
    }

    fn certificate(&self) -> PathBuf {
        self.dir.path().join("certificate.pem")
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Nothing of a secret is ever shown, also where its reader fails.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn secrets_are_not_shown() {
    let netrc = tempfile::NamedTempFile::new().unwrap();
    fs::write(netrc.path(), "machine 127.0.0.1 login canary-in-netrc password canary-in-netrc\n").unwrap();
    let build = build("proxy-unreachable").args(["--progress", "plain", "--no-cache"]);
    let build = build.args([format!("--secret=id=netrc,src={}", netrc.path().display())]);
    let outcome = build.fails();
    assert!(outcome.text.contains("dial tcp 127.0.0.1:9"), "the proxy is asked:\n{}", outcome.everything());
    assert!(!outcome.everything().contains("canary"), "{}", outcome.everything());
}

/// The go command's own words, file and line included, and the step in words.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn compile_errors() {
    let unit = build("compile-unit").target("api").fails();
    said("compile-unit", &unit);
    go_says(&unit, "worker/jobs/jobs.go:3:26: cannot use \"one\" (untyped string constant) as int value in return statement\n");
    let main = build("compile-main").fails();
    said("compile-main", &main);
    go_says(&main, "./main.go:5:10: undefined: m\n");
    let syntax = build("compile-syntax").fails();
    said("compile-syntax", &syntax);
    go_says(&syntax, "./main.go:4:14: syntax error: unexpected literal \"b\" in argument list; possibly missing comma or )\n");
}

/// An image whose name does not tell the version: the resolve step does.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn go_too_old_by_its_own_word() {
    let layout = tempfile::tempdir().unwrap();
    let dockerfile = tempfile::NamedTempFile::new().unwrap();
    fs::write(dockerfile.path(), OLD_GO).unwrap();
    let output = format!("--output=type=oci,tar=false,name=company.example/go:latest,dest={}", layout.path().display());
    Engine::main().stock(layout.path(), dockerfile.path()).args([output]).succeeds();
    let context = format!("company.example/go=oci-layout://{}", layout.path().display());
    said("builder-old", &build("builder-old").args(["--build-context", &context]).fails());
}

/// A go command that says that it is an older one, and is not.
const OLD_GO: &str = r#"FROM golang:1.26
COPY --chmod=755 <<"END" /usr/local/bin/go
#!/bin/sh
/usr/local/go/bin/go "$@" | sed 's/"GOVERSION": "go1\.[0-9.]*"/"GOVERSION": "go1.22.12"/'
END
ENV PATH=/usr/local/bin:/usr/local/go/bin:/usr/bin:/bin
"#;
