//! What is refused: errors of the go command, arguments and requests.

use std::fs;

use gowork_frontend::steps::resolve::{ResolveArgs, resolve};
use gowork_llb::resolution::ResolveReport;

use crate::case::{is_mod_file, request, shared_cache, single};

#[test]
fn missing_sums_of_a_single_module_are_an_error() {
    let asked = request(false, &["github.com/google/uuid"], shared_cache());
    let text = single(false)
        .resolve("out", &asked, false, is_mod_file)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("missing go.sum entry") && text.contains("go mod tidy"),
        "{text}"
    );
}

#[test]
fn a_package_that_no_module_has_is_reported() {
    let case = single(true);
    let asked = request(
        false,
        &["example.com/one/nothing", "github.com/google/uuid"],
        shared_cache(),
    );
    let out = case.resolve("out", &asked, true, is_mod_file).unwrap();
    let report: ResolveReport =
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report.errors.len(), 1, "{report:?}");
    assert_eq!(report.errors[0].package, "example.com/one/nothing");
    assert!(report.errors[0].message.contains("example.com/one/nothing"));
}

#[test]
fn an_unreachable_proxy_is_named_without_its_password() {
    let case = single(true);
    let mut asked = request(
        false,
        &["github.com/google/uuid"],
        &case.dir.path().join("cache"),
    );
    asked
        .env
        .insert("GOPROXY".into(), "https://user:hunter2@127.0.0.1:1".into());
    let text = case
        .resolve("out", &asked, false, is_mod_file)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("connection refused") && text.contains("GOPROXY=https://***@127.0.0.1:1"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn arguments_and_requests_are_checked() {
    let words = |line: &str| {
        line.split_whitespace()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert!(
        ResolveArgs::parse(&words("--request r --source s --out o --report"))
            .unwrap()
            .report
    );
    for line in [
        "",
        "--request r --source s",
        "--request r --source s --out",
        "--request r --source s --out o --x",
    ] {
        assert!(ResolveArgs::parse(&words(line)).is_err(), "{line}");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("request.json");
    let good = serde_json::to_string(&request(false, &[], shared_cache())).unwrap();
    for (good_words, other, said) in [
        (
            "\"version\":2",
            "\"version\":99",
            "the file has version 99, this program reads version 2",
        ),
        ("\"tags\"", "\"labels\"", "unknown field `labels`"),
        ("\"tags\":[],", "", "missing field `tags`"),
    ] {
        assert!(good.contains(good_words), "{good}");
        fs::write(&file, good.replace(good_words, other)).unwrap();
        let line = format!(
            "--request {} --source {1} --out {1}",
            file.display(),
            dir.path().display()
        );
        let args = ResolveArgs::parse(&words(&line)).unwrap();
        let failure = resolve(&args).unwrap_err();
        assert!(failure.to_string().contains(said), "{failure}");
    }
}
