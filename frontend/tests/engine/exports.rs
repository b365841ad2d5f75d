//! Wherever a cache is exported to, another machine with nothing but it compiles only what was
//! edited. `elsewhere` has the local directory.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::engine::{EmptyEngine, Engine, Outcome, variable};
use crate::options::tiny;
use crate::predicted::Predicted;
use crate::repository::Repository;
use crate::server::Server;

const SCAN: &str = "scan Go sources";
const RESOLVE: &str = "resolve modules";

/// A name that no earlier run of the tests has left in the registry.
fn unique() -> String {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos()
        .to_string()
}

fn in_registry(name: &str) -> String {
    format!(
        "{}/test/{name}:{}",
        variable("GOWORK_TEST_REGISTRY").to_str().unwrap(),
        unique()
    )
}

fn build(engine: &Engine, program: &Repository, arguments: &[&str]) -> Outcome {
    engine
        .frontend(&program.root())
        .args(["--output", "type=cacheonly"])
        .args(arguments)
        .succeeds()
}

fn ran(outcome: &Outcome) -> BTreeSet<String> {
    outcome
        .records
        .programs_ran()
        .into_iter()
        .map(ToOwned::to_owned)
        .collect()
}

fn steps<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(ToOwned::to_owned).into()
}

/// Exports the cache of a program with `to`, and builds it on an empty engine with `from`: as it
/// is, and with an edit in a package.
fn travels(to: &str, from: &str) {
    let program = tiny();
    build(&Engine::main(), &program, &["--cache-to", to]);
    let empty = EmptyEngine::start("imported");
    let same = build(&empty.engine, &program, &["--cache-from", from]);
    assert_eq!(
        ran(&same),
        steps([SCAN]),
        "nothing was edited:\n{}",
        same.everything()
    );
    let before = Predicted::of(&program.root());
    program.append("words/words.go", "\n// Edited is new.\nvar Edited = 1\n");
    let mut predicted = Predicted::of(&program.root()).runs_beside(&before.keys().collect());
    assert_eq!(predicted, BTreeSet::from(["link tiny".to_owned()]));
    predicted.insert(SCAN.to_owned());
    let edited = build(&empty.engine, &program, &["--cache-from", from]);
    assert_eq!(ran(&edited), predicted, "{}", edited.everything());
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_registry() {
    let cache = in_registry("cache");
    // In the form that all registries take, which older releases of BuildKit have to be asked for.
    let form = "image-manifest=true,oci-mediatypes=true";
    travels(
        &format!("type=registry,ref={cache},mode=max,compression=zstd,{form}"),
        &format!("type=registry,ref={cache}"),
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_bucket() {
    let storage = Server::of_module(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/servers/s3"),
        &[],
    );
    let bucket = format!(
        "type=s3,region=us-east-1,bucket=cache,name=tiny,endpoint_url=http://{},use_path_style=true,access_key_id=id,secret_access_key=key",
        storage.address
    );
    travels(&format!("{bucket},mode=max"), &bucket);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_cache_of_github_actions() {
    let service = Server::start(
        &[("main.go", include_str!("servers/actions_cache.go"))],
        &[],
    );
    let scope = format!(
        "type=gha,scope=tiny,url_v2=http://{}/,token={}",
        service.address,
        token()
    );
    travels(&format!("{scope},mode=max"), &scope);
}

/// What a runner gives to its job: the branch whose entries may be read and written.
fn token() -> String {
    let scopes = r#"[{\"Scope\":\"refs/heads/main\",\"Permission\":3}]"#;
    let claims = format!(r#"{{"ac":"{scopes}","nbf":0,"exp":9999999999}}"#);
    let [header, claims] =
        [r#"{"alg":"HS256","typ":"JWT"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode("not signed"))
}

/// A cache in an image has the image's own layers and no others: enough to find out that nothing
/// changed, and of no use after an edit.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_with_its_own_cache() {
    let program = tiny();
    let image = in_registry("image");
    let output = format!("type=image,name={image},push=true");
    Engine::main()
        .frontend(&program.root())
        .args(["--cache-to", "type=inline", "--output", &output])
        .succeeds();
    let empty = EmptyEngine::start("imported");
    let from = format!("type=registry,ref={image}");
    let same = build(&empty.engine, &program, &["--cache-from", &from]);
    assert_eq!(
        ran(&same),
        steps([SCAN, RESOLVE]),
        "nothing was edited:\n{}",
        same.everything()
    );
    program.append("main.go", "\nfunc init() { version += \"!\" }\n");
    let edited = build(&empty.engine, &program, &["--cache-from", &from]);
    let compiled = ran(&edited)
        .into_iter()
        .filter(|name| name.starts_with("compile "))
        .count();
    assert!(
        compiled > 0 && ran(&edited).contains("link tiny"),
        "{}",
        edited.everything()
    );
}
