//! Passwords and tokens are neither shown nor printed.

use crate::support::Repository;

const PROGRAM: &str = "
-- go.mod --
module example.com/m

go 1.24

require example.com/private v1.0.0
-- go.sum --
example.com/private v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
example.com/private v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
-- main.go --
package main

import _ \"example.com/private\"

func main() {}
";

/// A token stands in the place of the user, a password in its own.
const CREDENTIALS: [&str; 2] = ["canary-token", "someone:canary-password"];

#[test]
fn what_go_says_of_its_own_proxy_is_shown_without_credentials() {
    let repository = Repository::new(PROGRAM);
    let modules = tempfile::tempdir().unwrap();
    for credentials in CREDENTIALS {
        let proxy = format!("https://{credentials}@127.0.0.1:9");
        let cache = modules.path().to_str().unwrap().to_owned();
        let env = [
            ("GOPROXY", proxy),
            ("GOMODCACHE", cache),
            ("GONOSUMDB", "example.com".to_owned()),
            ("GOENV", "off".to_owned()),
        ];
        for command in ["plan --resolve", "explain m --resolve", "dockerfile"] {
            let said = repository.run_with(command, &env).to_string();
            assert!(!said.contains("canary"), "{command}: {said}");
            assert!(
                command == "dockerfile"
                    || said.contains("https://***@127.0.0.1:9/example.com/private"),
                "{command}: {said}"
            );
        }
    }
}

#[test]
fn urls_with_credentials_are_refused_and_not_shown() {
    let repository = Repository::new(PROGRAM);
    for credentials in CREDENTIALS {
        for command in [
            "plan",
            "explain m",
            "affected --files main.go",
            "dockerfile",
            "graph",
            "bake",
            "check",
        ] {
            let said = repository
                .run(&format!(
                    "{command} --build-arg GOPROXY=https://{credentials}@127.0.0.1:9"
                ))
                .to_string();
            assert!(
                said.contains("--secret id=netrc") && !said.contains("canary"),
                "{command}: {said}"
            );
        }
        for variable in [
            "GOPROXY",
            "GOPRIVATE",
            "GONOPROXY",
            "GONOSUMDB",
            "GOSUMDB",
            "GOINSECURE",
        ] {
            // A slash in a password, as it should not stand there, does not hide the rest of it.
            for url in [
                format!("https://{credentials}@127.0.0.1:9"),
                format!("https://{credentials}/canary@127.0.0.1:9"),
            ] {
                let said = repository
                    .run(&format!("dockerfile --build-arg {variable}={url}"))
                    .to_string();
                let reported =
                    format!("build-arg {variable}: a URL must not contain a user or password");
                assert!(
                    said.contains(&reported) && !said.contains("canary"),
                    "{variable}: {said}"
                );
            }
        }
    }
}

#[test]
fn credentials_in_the_configuration_are_refused_and_its_line_is_shown_without_them() {
    let repository = Repository::new(PROGRAM);
    for credentials in CREDENTIALS {
        for line in [
            format!("proxy = \"https://{credentials}@host\""),
            format!("private = [\"https://{credentials}@host\"]"),
        ] {
            repository.write("gowork.toml", &format!("[modules]\n{line}\n"));
            let said = repository.run("check").to_string();
            assert!(
                said.contains("a URL must not contain a user or password")
                    && said.contains("*@host"),
                "{said}"
            );
            assert!(!said.contains("canary"), "{said}");
        }
    }
}
