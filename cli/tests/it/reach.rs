//! `gowork doctor --reach` on a real BuildKit: proxies that work, refuse, and hang.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::Value;

use crate::engine::docker_in;
use crate::schemas::follows;
use crate::support::{Repository, Said};

const MODULE: &str = "public.example/tiny";

/// What a proxy does.
#[derive(Clone, Copy)]
enum Manner {
    /// Has the module.
    Works,
    /// Wants a login.
    Refuses,
    /// Takes connections, and says nothing.
    Hangs,
}

/// Starts a proxy, and gives its URL. It ends with the tests.
fn proxy(manner: Manner) -> String {
    // A builder in a container finds this machine by the address that it sends from.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket.connect("192.0.2.1:9");
    let own = routed.and_then(|()| socket.local_addr());
    let own = own.map_or_else(|_| "127.0.0.1".to_owned(), |own| own.ip().to_string());
    let listener = TcpListener::bind((own.as_str(), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            match manner {
                Manner::Hangs => held.push(stream),
                Manner::Works | Manner::Refuses => answer(stream, manner),
            }
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, manner: Manner) {
    // The go command keeps connections open, without a request on some.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut request = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = request.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    request.take_while(|line| !line.is_empty()).for_each(drop);
    let file = path.strip_prefix(&format!("/{MODULE}/@v/v1.0.0."));
    let (status, text) = match (manner, file) {
        (Manner::Refuses, _) => ("403 Forbidden", "canary of the server\n".to_owned()),
        (_, Some("info")) => ("200 OK", "{\"Version\":\"v1.0.0\"}\n".to_owned()),
        (_, Some("mod")) => ("200 OK", format!("module {MODULE}\n")),
        _ => ("404 Not Found", "not found\n".to_owned()),
    };
    let length = text.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
}

fn repository() -> Repository {
    let repository = Repository::new(
        "
-- go.mod --
module example.com/app

go 1.26

require (
	git.corp.example/secret v1.0.0
	public.example/tiny v1.0.0
)
-- main.go --
package main

func main() {}
",
    );
    repository.write(
        "gowork.toml",
        "[modules]\nprivate = [\"*.corp.example\"]\nsumdb = \"off\"\n",
    );
    repository
}

fn doctor(repository: &Repository, arguments: &str) -> Said {
    let bin = tempfile::tempdir().unwrap();
    docker_in(bin.path());
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", bin.path().display());
    repository.run_with(&format!("doctor --reach {arguments}"), &[("PATH", path)])
}

fn report(repository: &Repository, arguments: &str) -> Value {
    let said = doctor(repository, &format!("--format json {arguments}"));
    follows("doctor", &said.out);
    serde_json::from_str(&said.out).unwrap()
}

/// The message of a rule's finding; empty if the rule found nothing.
fn message<'a>(report: &'a Value, rule: &str) -> &'a str {
    let mut findings = report["findings"].as_array().unwrap().iter();
    let finding = findings.find(|finding| finding["rule"] == rule);
    finding.map_or("", |finding| finding["message"].as_str().unwrap())
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn proxies_are_asked_through_the_engine() {
    let repository = repository();
    let (works, refuses) = (proxy(Manner::Works), proxy(Manner::Refuses));

    let good = report(&repository, &format!("--build-arg GOPROXY={works}"));
    let reach = &good["host"]["reach"];
    assert_eq!(reach["module"], format!("{MODULE} v1.0.0"), "{good:#}");
    assert_eq!(reach["failure"], Value::Null, "{good:#}");
    assert_eq!(reach["proxies"][0]["ok"], true, "{good:#}");
    assert_eq!(reach["sums"], Value::Null, "{good:#}");
    for rule in [
        "BuilderStepFailed",
        "ProxyUnreachable",
        "DeadProxy",
        "ClockDiffers",
    ] {
        assert_eq!(message(&good, rule), "", "{good:#}");
    }

    let said = doctor(
        &repository,
        &format!("--build-arg GOPROXY={refuses},{works}"),
    );
    assert_eq!(said.code, 1, "{said}");
    let line = format!("does not get {MODULE} v1.0.0 from {refuses}: ");
    assert!(said.out.contains(&line), "{said}");
    assert!(said.out.contains("403 Forbidden"), "{said}");
    assert!(said.out.contains("--secret id=netrc,src=FILE"), "{said}");
    assert!(!said.to_string().contains("canary"), "{said}");
    assert!(!said.to_string().contains("git.corp.example"), "{said}");

    let database = "sum.golang.org http://127.0.0.1:9";
    let configuration = format!("[modules]\nproxy = \"{works}\"\nsumdb = \"{database}\"\n");
    repository.write("gowork.toml", &configuration);
    let report = report(&repository, "--build-arg GOPRIVATE=*.corp.example");
    let message = message(&report, "SumDatabaseUnreachable");
    assert!(
        message.contains("cannot check sums with http://127.0.0.1:9: "),
        "{report:#}"
    );
}

/// The time is bounded, and the next proxy counts.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_proxy_that_hangs_is_not_waited_for() {
    let (works, hangs) = (proxy(Manner::Works), proxy(Manner::Hangs));
    let report = report(
        &repository(),
        &format!("--build-arg GOPROXY={hangs}|{works}"),
    );
    let message = message(&report, "DeadProxy");
    assert!(
        message.contains(&format!("{hangs} (no answer within 20 s)")),
        "{report:#}"
    );
}

/// A secret is not shown, and a build takes no login in the address of a proxy.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn no_login_is_shown() {
    let repository = repository();
    let netrc = "machine 127.0.0.1 login me password canary-of-netrc\n";
    repository.write("netrc", netrc);
    let secret = repository.path().join("netrc");
    let secret = format!("--secret id=netrc,src={}", secret.display());
    let said = doctor(
        &repository,
        &format!("--build-arg GOPROXY=http://127.0.0.1:9 {secret}"),
    );
    assert_eq!(said.code, 1, "{said}");
    assert!(said.out.contains("connection refused"), "{said}");
    assert!(!said.to_string().contains("canary"), "{said}");
    let said = doctor(
        &repository,
        "--build-arg GOPROXY=http://me:canary@127.0.0.1:9",
    );
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("build-arg GOPROXY"), "{said}");
    assert!(!said.to_string().contains("canary"), "{said}");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_builder_that_cannot_be_had() {
    let repository = repository();
    repository.write(
        "gowork.toml",
        "[go]\nbuilder = \"127.0.0.1:9/golang:1.26\"\n",
    );
    let report = report(&repository, "");
    let message = message(&report, "BuilderStepFailed");
    assert!(
        message.starts_with("no step of 127.0.0.1:9/golang:1.26 ran: "),
        "{report:#}"
    );
    repository.write("gowork.toml", "[go]\nbuilder = \"busybox:latest\"\n");
    let report = self::report(&repository, "");
    let message = self::message(&report, "BuilderStepFailed");
    assert!(message.contains("go: not found"), "{report:#}");
}
