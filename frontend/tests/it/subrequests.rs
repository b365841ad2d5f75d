//! Answers to calls, as buildx reads them.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use expect_test::expect;
use gowork_frontend::error::SourceFiles;
use gowork_frontend::subrequests::{Call, Request, describe, lint, outline, targets};
use gowork_llb::diag::{Diagnostic, Position, Span};

fn shown(result: &proto::Result) -> String {
    assert!(result.result.is_none(), "a call gives no filesystem");
    let text = |key: &str| {
        String::from_utf8_lossy(result.metadata.get(key).map_or(&b""[..], Vec::as_slice))
            .into_owned()
    };
    format!(
        "{}\n--- {} {}\n{}",
        text("result.json"),
        text("version"),
        text("result.statuscode"),
        text("result.txt")
    )
}

fn files() -> SourceFiles {
    let mut files = SourceFiles::default();
    files.add("Dockerfile", "# x\n[images.api]\n", "TOML");
    files
}

fn line(line: u32) -> Option<Span> {
    Some(Span::at("Dockerfile", Position::new(line, 1)))
}

#[test]
fn requests_by_name() {
    assert_eq!(Request::parse(None), Ok(Request::Build));
    assert_eq!(
        Request::parse(Some("frontend.targets")),
        Ok(Request::Call(Call::Targets))
    );
    assert_eq!(
        Request::parse(Some("frontend.gowork.plan")),
        Ok(Request::Call(Call::Own("plan".to_owned())))
    );
    let status = Request::parse(Some("frontend.convertllb"))
        .unwrap_err()
        .status(&files());
    assert_eq!(status.message, "unsupported request frontend.convertllb");
    assert_eq!(
        status.details[0].type_url,
        "github.com/moby/buildkit/errdefs.Subrequest+json"
    );
    assert_eq!(
        status.details[0].value,
        br#"{"name":"frontend.convertllb"}"#
    );
}

#[test]
fn describe_lists_every_call() {
    let result = describe::result();
    let calls: serde_json::Value = serde_json::from_slice(&result.metadata["result.json"]).unwrap();
    let names: Vec<&str> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "frontend.outline",
            "frontend.targets",
            "frontend.lint",
            "frontend.subrequests.describe"
        ]
    );
    for call in calls.as_array().unwrap() {
        assert!(Request::parse(call["name"].as_str()).is_ok(), "{call}");
        assert_eq!(
            (call["type"].as_str(), call.get("inputs")),
            (Some("rpc"), Some(&serde_json::Value::Null))
        );
    }
}

#[test]
fn targets() {
    let api = targets::Target {
        name: "api".into(),
        description: "./cmd/api".into(),
        span: line(2),
        ..Default::default()
    };
    let all = targets::Target {
        name: "binaries".into(),
        default: true,
        ..Default::default()
    };
    expect![[r#"
        {
          "targets": [
            {
              "name": "api",
              "description": "./cmd/api",
              "location": {
                "ranges": [
                  {
                    "start": {
                      "line": 2
                    },
                    "end": {
                      "line": 2
                    }
                  }
                ]
              }
            },
            {
              "name": "binaries",
              "default": true
            }
          ],
          "sources": [
            "IyB4CltpbWFnZXMuYXBpXQo="
          ]
        }
        --- 1.0.0 
        TARGET              DESCRIPTION
        api                 ./cmd/api
        binaries (default)
    "#]]
    .assert_eq(&shown(&targets::result(&[api, all], &files())));
}

#[test]
fn outline() {
    let version = outline::Arg {
        name: "VERSION".into(),
        value: "1".into(),
        description: "stamped".into(),
        span: line(1),
    };
    let secret = |name: &str, required| outline::Forward {
        name: name.into(),
        required,
        span: None,
    };
    let outline = outline::Outline {
        name: "api".into(),
        args: vec![version],
        secrets: vec![secret("ca", false), secret("netrc", true)],
        ..Default::default()
    };
    expect![[r#"
        {
          "name": "api",
          "args": [
            {
              "name": "VERSION",
              "description": "stamped",
              "value": "1",
              "location": {
                "ranges": [
                  {
                    "start": {
                      "line": 1
                    },
                    "end": {
                      "line": 1
                    }
                  }
                ]
              }
            }
          ],
          "secrets": [
            {
              "name": "ca"
            },
            {
              "name": "netrc",
              "required": true
            }
          ],
          "sources": [
            "IyB4CltpbWFnZXMuYXBpXQo="
          ]
        }
        --- 1.0.0 
        TARGET: api

        BUILD ARG  VALUE  DESCRIPTION
        VERSION    1      stamped

        SECRET  REQUIRED
        ca
        netrc   true
    "#]]
    .assert_eq(&shown(&outline::result(&outline, &files())));
}

#[test]
fn lint() {
    let warning = lint::LintWarning {
        rule: "UnusedKey".into(),
        detail: "nothing uses it".into(),
        span: None,
        ..Default::default()
    };
    let error = Diagnostic::error("unknown key").at(line(2).unwrap());
    let found = lint::Lint {
        warnings: vec![warning],
        errors: vec![error],
    };
    expect![[r#"
        {
          "warnings": [
            {
              "ruleName": "UnusedKey",
              "detail": "nothing uses it",
              "location": {}
            }
          ],
          "sources": [
            {
              "filename": "Dockerfile",
              "data": "IyB4CltpbWFnZXMuYXBpXQo=",
              "language": "TOML"
            }
          ],
          "buildError": {
            "message": "Dockerfile:2: unknown key",
            "location": {
              "ranges": [
                {
                  "start": {
                    "line": 2
                  },
                  "end": {
                    "line": 2
                  }
                }
              ]
            }
          }
        }
        --- 1.0.0 1
        WARNING: UnusedKey
        nothing uses it

        ERROR: Dockerfile:2: unknown key
    "#]]
    .assert_eq(&shown(&lint::result(&found, &files())));
    let clean = lint::result(&lint::Lint::default(), &files());
    assert_eq!(clean.metadata["result.statuscode"], b"0");
}

/// buildx prints the name of the definition file, whatever file a warning is in.
#[test]
fn a_warning_in_another_file_names_its_place() {
    let at = |file: &str| lint::LintWarning {
        detail: "it is odd".to_owned(),
        span: Some(Span::at(file, Position::new(2, 3))),
        ..lint::LintWarning::default()
    };
    let found = lint::Lint {
        warnings: vec![at("api/main.go"), at("Dockerfile")],
        errors: Vec::new(),
    };
    let result = lint::result(&found, &files());
    let json: serde_json::Value = serde_json::from_slice(&result.metadata["result.json"]).unwrap();
    assert_eq!(json["warnings"][0]["detail"], "api/main.go:2:3: it is odd");
    assert_eq!(json["warnings"][1]["detail"], "it is odd");
    let text = String::from_utf8_lossy(&result.metadata["result.txt"]);
    assert_eq!(
        text.matches("api/main.go:2:3: it is odd").count(),
        1,
        "{text}"
    );
}

/// buildx takes a source by its index without a look whether there is one.
#[test]
fn every_location_has_a_source() {
    let mut files = files();
    files.add("big.go", vec![b'\n'; 9 << 20], "go");
    (0..20).for_each(|number| files.add(format!("{number}.go"), vec![b'x'; 1 << 20], "go"));
    let mut places = vec![
        None,
        Some(Span::at("not-read.go", Position::new(1, 1))),
        Some(Span::at("Dockerfile", Position::default())),
    ];
    places.extend(["Dockerfile", "big.go"].map(|file| Some(Span::at(file, Position::new(2, 1)))));
    places
        .extend((0..20).map(|number| Some(Span::at(format!("{number}.go"), Position::new(1, 1)))));
    let located = |place: &Option<Span>| Diagnostic {
        span: place.clone(),
        ..Diagnostic::error("wrong")
    };
    for files in [&files, &SourceFiles::default()] {
        for place in &places {
            let warning = lint::LintWarning {
                rule: "A".into(),
                span: place.clone(),
                ..Default::default()
            };
            let warnings = if place.is_some() {
                vec![warning; 2]
            } else {
                vec![warning]
            };
            check_locations(
                &lint::Lint {
                    warnings,
                    errors: vec![located(place)],
                },
                files,
            );
            check_locations(
                &lint::Lint {
                    warnings: Vec::new(),
                    errors: vec![located(place)],
                },
                files,
            );
        }
        let warnings = places
            .iter()
            .map(|span| lint::LintWarning {
                span: span.clone(),
                ..Default::default()
            })
            .collect();
        check_locations(
            &lint::Lint {
                warnings,
                errors: places.iter().map(located).collect(),
            },
            files,
        );
    }
}

fn check_locations(found: &lint::Lint, files: &SourceFiles) {
    let result = lint::result(found, files);
    let json: serde_json::Value = serde_json::from_slice(&result.metadata["result.json"]).unwrap();
    let sources = json["sources"].as_array().unwrap();
    let size: usize = sources
        .iter()
        .map(|source| source["data"].as_str().unwrap().len())
        .sum();
    assert!(size < 8 << 20, "{size} bytes");
    let warnings = json["warnings"].as_array().unwrap().iter();
    for located in warnings.chain([&json["buildError"]]) {
        let index = located["location"]
            .get("sourceIndex")
            .map_or(0, |index| index.as_u64().unwrap());
        assert!(usize::try_from(index).unwrap() < sources.len(), "{located}");
    }
}
