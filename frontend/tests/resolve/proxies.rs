//! Proxies that refuse, fail, hesitate, or stop in the middle: what the user reads, and that the
//! resolve ends.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::case::{Case, is_mod_file, request, resolution, shared_cache, single};

/// What a proxy does with every request.
#[derive(Debug, Clone, Copy)]
enum Proxy {
    /// Answers with this status, in the words of the proxy.
    Says(u16, &'static str),
    /// The same, after a while.
    SaysLate(u16, &'static str),
    /// Promises more than it sends.
    CutsOff,
    /// Hangs up before it answers.
    HangsUp,
}

impl Proxy {
    /// Starts it. Returns its URL. It ends with the tests.
    fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || self.answer(stream));
            }
        });
        url
    }

    fn answer(self, mut stream: TcpStream) {
        let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
        // The request ends with an empty line.
        while request
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let mut text = String::new();
        match self {
            Self::Says(status, words) => reply(&mut text, status, words),
            Self::SaysLate(status, words) => {
                thread::sleep(Duration::from_secs(1));
                reply(&mut text, status, words);
            }
            Self::CutsOff => text.push_str("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nmodule"),
            Self::HangsUp => {}
        }
        let _ = stream.write_all(text.as_bytes());
    }
}

fn reply(text: &mut String, status: u16, words: &str) {
    let length = words.len();
    let reason = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        500 => "Internal Server Error",
        _ => "Service Unavailable",
    };
    let _ = write!(
        text,
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{words}"
    );
}

/// What a resolve says over this proxy. The host of the module is private if `private` is.
fn said(proxy: Proxy, env: &[(&str, &str)]) -> String {
    let case = Case::new(&[
        (
            "go.mod",
            "module example.com/one\n\ngo 1.24\n\nrequire git.example.test/lib v1.0.0\n",
        ),
        (
            "go.sum",
            "git.example.test/lib v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\ngit.example.test/lib v1.0.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        ),
    ]);
    let cache = case.dir.path().join("cache");
    let mut asked = request(false, &["git.example.test/lib"], &cache);
    asked.env.insert("GOPROXY".into(), proxy.start());
    for (name, value) in env {
        asked.env.insert((*name).into(), (*value).into());
    }
    case.resolve("out", &asked, false, is_mod_file)
        .unwrap_err()
        .to_string()
}

/// The proxy's own words are shown, and what gives access.
#[test]
fn a_proxy_refuses() {
    for (status, words) in [
        (401, "log in first"),
        (403, "not for you"),
        (404, "no such module"),
        (410, "it was here"),
    ] {
        let said = said(Proxy::Says(status, words), &[]);
        for expected in [&status.to_string(), words, "--secret id=netrc"] {
            assert!(said.contains(expected), "{status}: {said}");
        }
    }
}

/// A private host is named, and what to pass for it.
#[test]
fn a_private_host_refuses() {
    // For the proxy to be asked for what is private.
    let env = [("GOPRIVATE", "git.example.test/*"), ("GONOPROXY", "none")];
    let said = said(Proxy::Says(403, "not for you"), &env);
    let help = "git.example.test is private, and the build has nothing to log in with: pass --secret id=GIT_AUTH_TOKEN.git.example.test,env=TOKEN";
    assert!(said.contains(help), "{said}");
}

#[test]
fn a_proxy_fails() {
    for proxy in [
        Proxy::Says(500, "out of order"),
        Proxy::SaysLate(503, "out of order"),
    ] {
        let said = said(proxy, &[]);
        assert!(said.contains("out of order"), "{proxy:?}: {said}");
        assert!(
            said.contains("modules are fetched with GOPROXY=http://127.0.0.1:"),
            "{proxy:?}: {said}"
        );
    }
}

#[test]
fn a_proxy_stops_in_the_middle() {
    for proxy in [Proxy::CutsOff, Proxy::HangsUp] {
        let said = said(proxy, &[]);
        assert!(said.contains("EOF"), "{proxy:?}: {said}");
        assert!(
            said.contains("modules are fetched with GOPROXY=http://127.0.0.1:"),
            "{proxy:?}: {said}"
        );
    }
}

/// What a resolve gives if it asks `first`, and then a directory of files that has the module. A
/// comma goes on after 404 and 410 alone, a bar after every error.
fn chained(first: Proxy, separator: char) -> Result<(), String> {
    let case = single(true);
    let cache = case.dir.path().join("cache");
    let mut asked = request(false, &["github.com/google/uuid"], &cache);
    let files = shared_cache().join("cache/download");
    let chain = format!("{}{separator}file://{}", first.start(), files.display());
    asked.env.insert("GOPROXY".into(), chain);
    let resolved = case.resolve("out", &asked, false, is_mod_file);
    let out = resolved.map_err(|failure| failure.to_string())?;
    let modules = resolution(&out).modules;
    assert!(!modules.is_empty(), "no module");
    Ok(())
}

#[test]
fn a_chain_of_proxies() {
    for status in [404, 410] {
        assert_eq!(chained(Proxy::Says(status, "no such module"), ','), Ok(()));
    }
    for first in [Proxy::Says(503, "out of order"), Proxy::HangsUp] {
        assert_eq!(chained(first, '|'), Ok(()), "{first:?}");
    }
    let stopped = chained(Proxy::Says(503, "out of order"), ',').unwrap_err();
    assert!(stopped.contains("out of order"), "{stopped}");
}
