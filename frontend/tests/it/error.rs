//! Errors as the daemon gets them.

use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc::Status;
use expect_test::expect;
use gowork_frontend::error::{BuildError, SourceFiles};
use gowork_frontend::gateway::GatewayError;
use gowork_llb::diag::{Diagnostic, Findings, Position, Rule, Span};

fn files() -> SourceFiles {
    let mut files = SourceFiles::default();
    files.add("Dockerfile", "# syntax=x\n[go]\nversoin = 1\n", "TOML");
    files.add("go.work", "use ./a\nuse ./a\n", "go.work");
    files
}

fn details(status: &Status) -> String {
    let detail = |any: &Any| {
        format!(
            "{}\n{}\n",
            any.type_url,
            String::from_utf8_lossy(&any.value)
        )
    };
    status.details.iter().map(detail).collect()
}

#[test]
fn a_diagnostic_is_a_message_and_a_box() {
    let span = Span::new("Dockerfile", Position::new(3, 1), Position::new(3, 8));
    let error = BuildError::from(
        Diagnostic::error("unknown key versoin")
            .at(span)
            .help("did you mean version?"),
    );
    let status = error.status(&files());
    assert_eq!(status.code, 2);
    expect![[r#"
        Dockerfile:3: unknown key versoin
            help: did you mean version?"#]]
    .assert_eq(&status.message);
    expect![[r#"
        github.com/moby/buildkit/errdefs.Source+json
        {"info":{"filename":"Dockerfile","data":"IyBzeW50YXg9eApbZ29dCnZlcnNvaW4gPSAxCg==","language":"TOML"},"ranges":[{"start":{"line":3,"character":0},"end":{"line":3,"character":7}}]}
    "#]]
    .assert_eq(&details(&status));
}

#[test]
fn several_diagnostics_are_all_in_the_text_with_their_places() {
    let twice = Diagnostic::error("./a is used twice").at(Span::at("go.work", Position::new(2, 5)));
    let error = BuildError::from(vec![
        Diagnostic::warning(Rule::UnusedSkip, "old")
            .at(Span::at("Dockerfile", Position::new(2, 1))),
        twice.related(Span::at("go.work", Position::new(1, 5)), "first used here"),
        Diagnostic::error("no main package"),
        Diagnostic::error("expected a version")
            .at(Span::at("elsewhere/go.mod", Position::new(7, 3))),
    ]);
    let status = error.status(&files());
    expect![[r#"
        3 errors:
        go.work:2:5: ./a is used twice
            go.work:1:5: first used here
        no main package
        elsewhere/go.mod:7:3: expected a version
        Dockerfile:2: warning: old"#]]
    .assert_eq(&status.message);
    let lines: Vec<String> = details(&status)
        .lines()
        .filter_map(|json| json.split("start").nth(1))
        .map(|at| at[3..11].to_owned())
        .collect();
    assert_eq!(
        lines,
        [r#""line":2"#, r#""line":1"#, r#""line":2"#],
        "a box for each place whose text is there, last first"
    );
}

#[test]
fn spans_end_before_their_end_and_whole_files_have_no_box() {
    let lines = Span::new("Dockerfile", Position::new(1, 1), Position::new(3, 1));
    let status = BuildError::from(Diagnostic::error("x").at(lines)).status(&files());
    assert!(
        details(&status).contains(r#""end":{"line":2,"#),
        "{}",
        details(&status)
    );
    let whole = Span::at("Dockerfile", Position::new(0, 0));
    assert!(
        BuildError::from(Diagnostic::error("x").at(whole))
            .status(&files())
            .details
            .is_empty()
    );
}

#[test]
fn a_hundred_errors_do_not_send_the_file_a_hundred_times() {
    let error = |line| Diagnostic::error("x").at(Span::at("Dockerfile", Position::new(line, 1)));
    let status = BuildError::from((1..=100).map(error).collect::<Vec<_>>()).status(&files());
    assert_eq!(status.message.lines().count(), 101);
    assert_eq!(status.details.len(), 10);
}

#[test]
fn what_the_daemon_said_goes_through_unchanged() {
    let vertex = Any {
        type_url: "github.com/moby/buildkit/errdefs.Vertex+json".into(),
        value: br#"{"digest":"sha256:0"}"#.to_vec(),
    };
    let status = Status {
        code: 5,
        message: "golang:9: not found".into(),
        details: vec![vertex.clone()],
    };
    let error = GatewayError {
        call: "Solve",
        status: Box::new(status.clone()),
    };
    assert_eq!(BuildError::from(error.clone()).status(&files()), status);

    let located = BuildError::from(error)
        .at(Span::at("Dockerfile", Position::new(3, 1)))
        .help("is the version right?");
    let status = located.status(&files());
    assert_eq!(
        status.message,
        "Dockerfile:3: golang:9: not found\n    help: is the version right?"
    );
    assert_eq!((status.code, status.details.len()), (5, 2));
    assert_eq!(status.details[0], vertex);
}

#[test]
fn an_error_is_small_whatever_the_file() {
    let mut files = files();
    let imports: String = (0..60_000)
        .map(|number| format!("\t_ \"example.com/m/missing/p{number}\"\n"))
        .collect();
    files.add("main.go", imports, "go");
    let error =
        |line| Diagnostic::error("no such package").at(Span::at("main.go", Position::new(line, 2)));
    let error = BuildError::from((1..=60_000).map(error).collect::<Findings>().into_vec());
    let status = error.status(&files);
    assert!(
        status
            .message
            .starts_with("60000 errors:\nmain.go:1:2: no such package\n"),
        "{}",
        &status.message[..100]
    );
    assert!(status.message.ends_with("\n... and 59900 more errors"));
    assert_eq!(status.details.len(), 10);
    assert!(
        prost::Message::encoded_len(&status) < 32 << 10,
        "{} bytes",
        prost::Message::encoded_len(&status)
    );
}
