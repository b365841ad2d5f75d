//! Which step failed, and whose fault it is: known by the digest of the step's op, and never by
//! what steps are called.

use std::cell::RefCell;

use buildkit_proto::pb;
use gowork_frontend::gateway::GatewayError;
use gowork_frontend::gateway::fake::{FakeGateway, Files, Recorded, Vertex};
use gowork_llb::gomod::ImportPath;
use gowork_llb::ops::caps as llb;
use gowork_llb::resolution::{ResolveError, ResolveReport};
use gowork_step::Version;

use crate::opts::raw;
use crate::scripted::{self, GATEWAY, args};

/// The images api, job and web. Their packages are compiled in one step, because assets imports
/// lib and is small.
const SOURCES: &str = "\
-- go.mod --
module example.com/m
go 1.26
-- cmd/api/main.go --
package main
import _ \"example.com/m/lib\"
func main() {}
-- cmd/job/main.go --
package main
import _ \"example.com/m/assets\"
func main() {}
-- cmd/web/main.go --
package main
import _ \"example.com/m/assets\"
import _ \"example.com/m/lib\"
func main() {}
-- assets/assets.go --
package assets
import _ \"example.com/m/lib\"
func broken() { missing() }
-- lib/lib.go --
package lib
";

/// What BuildKit 0.34 says if it stumbles over a failure.
const LOST: &str = "releasing already released reference";

/// A builder on which the first step of the repository's packages fails, with an error that has
/// `vertex`, and on which a step that failed has printed what is wrong with assets.
fn builder(message: &'static str, vertex: Vertex) -> FakeGateway {
    let broken = RefCell::new(None);
    let is_broken = move |op: &pb::Op| {
        let words = args(op);
        if !words.iter().any(|word| word == "compile") || words.iter().any(|word| word == "failure")
        {
            return false;
        }
        let cwd = match &op.op {
            Some(pb::op::Op::Exec(exec)) => exec.meta.as_ref().map(|meta| meta.cwd.clone()),
            _ => None,
        };
        // Steps of std run elsewhere.
        cwd.as_deref() == Some("/src")
            && broken.borrow_mut().get_or_insert_with(|| op.clone()) == op
    };
    let sources = format!("{SOURCES}// {}\n", "x".repeat(5000));
    scripted::builder(&GATEWAY, llb::ALL, &sources)
        .rule(|op| {
            let said = b"# example.com/m/assets\nassets/assets.go:3:17: undefined: missing\n";
            args(op)
                .iter()
                .any(|word| word == "failure")
                .then(|| Ok(Files::from([("said".to_owned(), said.to_vec())])))
        })
        .failing(is_broken, GatewayError::new("Solve", message), vertex)
}

async fn build(fake: &FakeGateway, target: &str) -> (Result<(), String>, Recorded) {
    let (ended, recorded) = scripted::run(fake, &raw(&[&format!("target={target}")])).await;
    (ended.map(drop), recorded)
}

/// How often the builder was asked what a step printed.
fn asked_what_was_said(recorded: &Recorded) -> usize {
    let is_question = |bytes: &Vec<u8>| {
        let op: pb::Op = prost::Message::decode(bytes.as_slice()).unwrap();
        args(&op).iter().any(|word| word == "failure")
    };
    let solves = recorded.solves.iter();
    solves
        .filter(|solve| solve.definition.as_pb().def.iter().any(is_question))
        .count()
}

/// The message names a step that compiles nothing of the sort.
#[tokio::test(start_paused = true)]
async fn the_digest_says_which_step_failed() {
    let message =
        "process \"/gowork/gowork-cache link\" did not complete successfully: exit code: 1";
    let (ended, _) = build(&builder(message, Vertex::Named), "web").await;
    assert_eq!(
        ended,
        Err("assets/assets.go:3:17: undefined: missing".to_owned())
    );
    let (ended, recorded) = build(&builder(message, Vertex::Named), "api").await;
    assert_eq!(ended, Ok(()));
    let warnings: Vec<&str> = recorded
        .warnings
        .iter()
        .map(|warning| warning.short.as_str())
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("api is built in steps of its own")
            && warnings[0].contains("assets/assets.go:3:17: undefined: missing"),
        "{warnings:?}"
    );
}

/// Without a digest nobody knows which step it was. Nothing is guessed from words.
#[tokio::test(start_paused = true)]
async fn an_error_without_a_digest_is_shown_as_it_is() {
    let message = "compile ./assets, ./lib (api, job, web): something went wrong";
    for target in ["web", "api"] {
        let (ended, recorded) = build(&builder(message, Vertex::Unknown), target).await;
        assert_eq!(ended, Err(message.to_owned()), "{target}");
        assert_eq!(asked_what_was_said(&recorded), 0, "{target}");
    }
}

/// A daemon that loses the error of a step is asked step by step.
#[tokio::test(start_paused = true)]
async fn a_lost_error_is_looked_for() {
    let (ended, _) = build(&builder(LOST, Vertex::Unknown), "web").await;
    assert_eq!(
        ended,
        Err("assets/assets.go:3:17: undefined: missing".to_owned())
    );
    let (ended, _) = build(&builder(LOST, Vertex::Unknown), "api").await;
    assert_eq!(ended, Ok(()));
}

/// Whether the op is a resolve step, or its second run that makes a report.
fn resolves(op: &pb::Op, with_report: bool) -> bool {
    let words = args(op);
    let has = |word: &str| words.iter().any(|other| other == word);
    has("resolve") && has("--report") == with_report
}

/// A failed resolve step is run again, for a report. If another op failed, that is shown as it is.
#[tokio::test(start_paused = true)]
async fn only_a_failed_resolve_step_is_asked_for_a_report() {
    let report = ResolveReport {
        version: Version,
        errors: vec![ResolveError {
            package: ImportPath::default(),
            message: "cannot find module".to_owned(),
        }],
        advice: Vec::new(),
    };
    let report = serde_json::to_vec(&report).unwrap();
    let plain = || GatewayError::new("Solve", "exit code: 1");
    for (error, vertex, expected) in [
        (plain(), Vertex::Named, "cannot find module"),
        (plain(), Vertex::Unknown, "cannot find module"),
        (
            plain().of_vertex("sha256:of-another-op"),
            Vertex::Unknown,
            "exit code: 1",
        ),
    ] {
        let report = Files::from([("report.json".to_owned(), report.clone())]);
        let builder = scripted::builder(&GATEWAY, llb::ALL, SOURCES)
            .failing(|op| resolves(op, false), error, vertex)
            .rule(move |op| resolves(op, true).then(|| Ok(report.clone())));
        let (ended, _) = build(&builder, "web").await;
        assert_eq!(ended, Err(expected.to_owned()));
    }
}
