//! Logins in the URLs of contexts: the warning of a build.

use expect_test::expect;
use gowork_frontend::gateway::fake::FakeGateway;
use gowork_llb::ops::caps as llb;

use crate::opts::raw;
use crate::scripted::{self, GATEWAY};

const SOURCES: &str =
    "-- go.mod --\nmodule example.com/api\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

const GIT: &str = "git://git.example.com/shop.git#v1";

/// The warnings of a build with these options, whose definition file has this configuration.
async fn warnings(configuration: &str, options: &[&str]) -> String {
    let dockerfile = format!("# syntax=docker.io/gowork/gowork:1\n{configuration}");
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    let fake = scripted::configured(fake, "", &[], SOURCES);
    let fake = fake.source(GIT, &[("Dockerfile", &dockerfile)]);
    let (ended, recorded) = scripted::run(&fake, &raw(options)).await;
    ended.unwrap();
    let warnings = recorded.warnings.iter();
    let lines: Vec<String> = warnings.map(|it| format!("{}\n", it.short)).collect();
    lines.concat()
}

#[tokio::test]
async fn each_context_with_a_login_is_warned_of_and_no_login_is_shown() {
    let main = "context=https://ci:canary@git.example.com/shop.git#v1";
    let named = "context:assets=https://canary@127.0.0.1:8080/assets.git";
    let file = "context:data=https://ci:canary@127.0.0.1:8080/data.tar";
    let configuration = "[check]\nskip = [\"UnusedContext\"]\n";
    let said = warnings(configuration, &[main, named, file]).await;
    assert!(!said.contains("canary"), "{said}");
    expect![[r#"
        the URL of the build context has a login: the builder's history keeps it, and so does provenance with mode=max (leave it out, and pass a token as a secret: --secret id=GIT_AUTH_TOKEN.git.example.com,env=TOKEN)
        the URL of the build context assets has a login: the builder's history keeps it, and so does provenance with mode=max (leave it out, and pass a token as a secret: --secret id=GIT_AUTH_TOKEN.127.0.0.1:8080,env=TOKEN)
        the URL of the build context data has a login: the builder's history keeps it, and so does provenance with mode=max (leave it out, and with BuildKit 0.23 or newer pass the Authorization header as a secret: --secret id=HTTP_AUTH_HEADER_127.0.0.1,env=HEADER)
    "#]].assert_eq(&said);
}

#[tokio::test]
async fn other_urls_are_not_warned_of() {
    let main = "context=https://git.example.com/shop.git#v1";
    assert_eq!(warnings("", &[main]).await, "");
    let with_login = "context=https://ci:canary@git.example.com/shop.git#v1";
    let skipped = "[check]\nskip = [\"BuildOption\"]\n";
    assert_eq!(warnings(skipped, &[with_login]).await, "");
}
