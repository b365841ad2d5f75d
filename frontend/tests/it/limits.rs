//! Limits of what the frontend is given, reads and shows: both sides of each.

use gowork_frontend::error::{BuildError, SourceFiles};
use gowork_frontend::gateway::fake::FakeGateway;
use gowork_frontend::gateway::{Gateway as _, Solve};
use gowork_frontend::opts::Options;
use gowork_frontend::steps::scan;
use gowork_frontend::subrequests::lint;
use gowork_llb::diag::{Diagnostic, Position, Span};
use gowork_llb::gosrc::ports::PORTS;
use gowork_llb::limits;
use gowork_llb::ops::Reference;
use gowork_llb::ops::caps as llb;
use gowork_llb::ops::source::Image;
use gowork_llb::packages::Scan;

use crate::opts::raw;
use crate::scripted::GATEWAY;

/// What is wrong with options; nothing if they are right.
fn wrong(opts: &[String]) -> Option<String> {
    let opts: Vec<&str> = opts.iter().map(String::as_str).collect();
    Options::read(&raw(&opts))
        .check()
        .err()
        .map(|problems| BuildError::from(problems).to_string())
}

#[test]
fn builds_are_given_a_number_of_things() {
    let kinds = [
        ("build-arg:", "build-arg"),
        ("label:", "label"),
        ("context:", "named context"),
    ];
    for (prefix, kind) in kinds {
        let many = |count: usize| -> Vec<String> {
            (0..count)
                .map(|number| format!("{prefix}n{number}=x"))
                .collect()
        };
        assert_eq!(wrong(&many(limits::GIVEN)), None);
        assert_eq!(
            wrong(&many(limits::GIVEN + 1)).unwrap(),
            format!("1001 {kind}s; gowork takes 1000")
        );
        let long = |bytes: usize| vec![format!("{prefix}n={}", "x".repeat(bytes - 1))];
        assert_eq!(wrong(&long(limits::GIVEN_TEXT)), None);
        assert_eq!(
            wrong(&long(limits::GIVEN_TEXT + 1)).unwrap(),
            format!("{kind} n: 65537 bytes; gowork takes 65536")
        );
    }
}

#[test]
fn builds_have_a_number_of_platforms() {
    let mut platforms: Vec<String> = PORTS
        .iter()
        .map(|(os, arch)| format!("{os}/{arch}"))
        .collect();
    // These are too few. Variants are platforms, too.
    platforms.extend((2..=4).map(|level| format!("linux/amd64/v{level}")));
    platforms.extend((1..=9).map(|level| format!("linux/arm64/v8.{level}")));
    platforms.extend((0..=5).map(|level| format!("linux/arm64/v9.{level}")));
    let asked = |count: usize| wrong(&[format!("platform={}", platforms[..count].join(","))]);
    assert_eq!(asked(limits::PLATFORMS), None);
    assert_eq!(
        asked(limits::PLATFORMS + 1).unwrap(),
        "build option platform: 65 platforms; gowork builds for up to 64"
    );
}

/// A builder with a file of that size.
fn builder_with(bytes: usize) -> FakeGateway {
    FakeGateway::new(&GATEWAY, llb::ALL).rule(move |_| {
        let file = ("answer".to_owned(), vec![b'x'; bytes]);
        Some(Ok([file].into()))
    })
}

/// What is solved on it.
fn anything() -> Solve {
    let image = Image::new(&Reference::parse("docker.io/library/x").unwrap()).output();
    Solve {
        definition: image.to_definition(),
        ..Solve::default()
    }
}

#[tokio::test]
async fn answers_have_a_size() {
    let most = usize::try_from(limits::ANSWER).unwrap();
    for (bytes, is_read) in [(most, true), (most + 1, false)] {
        let gateway = builder_with(bytes);
        let solved = gateway.solve(anything()).await.unwrap();
        let read = gateway.read_file(&solved.reference, "answer").await;
        match read {
            Ok(read) => assert!(is_read && read.len() == bytes),
            Err(error) => {
                assert!(!is_read);
                let words = "answer has more than 134217728 bytes, gowork's limit";
                assert!(error.to_string().contains(words), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn definitions_have_a_size() {
    let most = usize::try_from(limits::DEFINITION).unwrap();
    for (bytes, is_read) in [(most, true), (most + 1, false)] {
        let gateway = builder_with(bytes);
        let solved = gateway.solve(anything()).await.unwrap();
        let read = gateway
            .read_file_of(&solved.reference, "answer", limits::DEFINITION)
            .await;
        assert_eq!(read.is_ok(), is_read);
    }
}

/// The scan step hands over no more than the frontend reads, but the reason.
#[test]
fn a_scan_beyond_what_is_read_says_so() {
    let scanned = |bytes: usize| -> (usize, Option<String>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("go.mod"), "module m\n").unwrap();
        // A control character takes six bytes of JSON.
        let sums = ["\u{1}".repeat(bytes / 6), "x".repeat(bytes % 6)].concat();
        std::fs::write(dir.path().join("go.sum"), sums).unwrap();
        let out = dir.path().join("scan.json");
        let paths = [dir.path(), &out].map(|path| path.to_str().unwrap().to_owned());
        let [source, out] = paths;
        let args = [
            "--source".to_owned(),
            source,
            "--out".to_owned(),
            out.clone(),
        ];
        scan::run(&args).unwrap();
        let json = std::fs::read(out).unwrap();
        let scan: Scan = serde_json::from_slice(&json).unwrap();
        (json.len(), scan.refused.map(|refused| refused.message))
    };
    let most = usize::try_from(limits::ANSWER).unwrap();
    let (rest, _) = scanned(0);
    assert_eq!(scanned(most - rest), (most, None));
    assert_eq!(
        scanned(most - rest + 1).1.unwrap(),
        "the scan of the sources has more than 134217728 bytes, gowork's limit"
    );
}

#[test]
fn files_that_are_shown_have_a_size() {
    let mut files = SourceFiles::default();
    for (name, bytes, shown) in [
        ("at", limits::SHOWN_FILE, limits::SHOWN_FILE),
        ("beyond", limits::SHOWN_FILE + 1, limits::SHOWN_FILE),
    ] {
        files.add(name, vec![b'x'; bytes], "go");
        assert_eq!(files.size(name), Some(shown));
    }
}

/// A check shows lines of files up to a limit of bytes. What is wrong in further files is listed all
/// the same.
#[test]
fn all_files_that_are_shown_have_a_size() {
    let mut files = SourceFiles::default();
    files.add("Dockerfile", "", "TOML");
    let count = limits::SHOWN_FILES / limits::SHOWN_FILE;
    let mut errors = Vec::new();
    for number in 0..=count {
        let name = format!("{number}.go");
        files.add(&name, vec![b'x'; limits::SHOWN_FILE], "go");
        errors.push(lint::LintWarning {
            detail: format!("warning {number}"),
            span: Some(Span::at(name, Position::new(1, 1))),
            ..lint::LintWarning::default()
        });
    }
    let result = lint::result(
        &lint::Lint {
            warnings: errors,
            errors: vec![Diagnostic::error("x")],
        },
        &files,
    );
    let json: serde_json::Value = serde_json::from_slice(&result.metadata["result.json"]).unwrap();
    let sources: Vec<&str> = json["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["filename"].as_str().unwrap())
        .collect();
    assert_eq!(sources.len(), count + 1, "{sources:?}");
    assert!(
        !sources.contains(&format!("{count}.go").as_str()),
        "{sources:?}"
    );
    assert_eq!(json["warnings"].as_array().unwrap().len(), count + 1);
}
