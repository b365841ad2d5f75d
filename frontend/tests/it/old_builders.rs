//! Builders that cannot do all that a build asks for: each capability withheld in turn.

use std::collections::BTreeSet;

use gowork_frontend::gateway::fake::FakeGateway;
use gowork_frontend::gateway::{Pong, release};
use gowork_frontend::opts::RawOptions;
use gowork_frontend::serve;
use gowork_llb::ops::Definition;
use gowork_llb::ops::caps::{self as llb, Supported};

use crate::scripted::{self, GATEWAY};

const SOURCES: &str = "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- main.go --\npackage main\nimport _ \"example.com/m/lib\"\nfunc main() {}\n-- lib/lib.go --\npackage lib\n";

/// How a build ends on a builder with these capabilities, and what its definitions ask for.
async fn build(
    gateway: &[&str],
    definitions: &[&str],
    workers: &str,
) -> (Result<(), String>, BTreeSet<String>) {
    let raw = RawOptions {
        workers: workers.to_owned(),
        ..RawOptions::default()
    };
    let (ended, recorded) =
        scripted::run(&scripted::builder(gateway, definitions, SOURCES), &raw).await;
    let mut asked = BTreeSet::new();
    for solve in recorded.solves {
        let definition = Definition::from_pb(solve.definition.into_pb());
        asked.extend(definition.caps().into_keys().map(str::to_owned));
    }
    (ended.map(drop), asked)
}

fn without<'a>(all: &[&'a str], cap: &str) -> Vec<&'a str> {
    all.iter().copied().filter(|other| *other != cap).collect()
}

#[tokio::test(start_paused = true)]
async fn each_capability_that_a_build_asks_for_is_missed_with_clear_words() {
    let (ended, asked) = build(&GATEWAY, llb::ALL, "").await;
    assert_eq!(ended, Ok(()));
    assert!(asked.len() > 15, "{asked:?}");
    let mut refused = Vec::new();
    for cap in &asked {
        let (ended, _) = build(
            &GATEWAY,
            &without(llb::ALL, cap),
            r#"[{"buildkitVersion":{"version":"v0.34.2"}}]"#,
        )
        .await;
        let Err(message) = ended else { continue };
        let first = message.lines().next().unwrap();
        let expected = "this builder is BuildKit v0.34.2; gowork needs BuildKit v0.10 (Docker 23) or later; it lacks ";
        assert_eq!(first, format!("{expected}{cap}"), "{message}");
        refused.push(cap.as_str());
    }
    // For these there is another way.
    let others: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|cap| !refused.contains(cap))
        .collect();
    assert_eq!(others, [llb::MERGE, llb::SOURCE_LOCAL_METADATA_TRANSFER]);
}

#[tokio::test(start_paused = true)]
async fn builds_work_without_each_capability_of_the_gateway() {
    for cap in GATEWAY {
        let (ended, _) = build(&without(&GATEWAY, cap), llb::ALL, "").await;
        assert_eq!(ended, Ok(()), "{cap}");
    }
}

/// Capabilities as their tags list them.
#[tokio::test(start_paused = true)]
async fn builders_that_are_too_old_are_called_by_their_names() {
    let first = [
        "source.image",
        "source.local",
        "source.git",
        "exec.meta.base",
        "exec.mount.bind",
        "file.base",
        "constraints",
    ];
    let of_8 = [&first[..], &["file.rm.wildcard", "source.git.httpauth"]].concat();
    let of_9 = [
        &of_8[..],
        &["file.copy.includeexcludepatterns", "source.local.differ"],
    ]
    .concat();
    let gateway_8 = [
        "proto.refarray",
        "frontend.inputs",
        "gateway.exec",
        "gateway.solve.evaluate",
    ];
    for (gateway, definitions, name) in [
        (&[][..], &[][..], "BuildKit older than v0.7"),
        (&["proto.refarray"], &first, "BuildKit v0.7"),
        (&gateway_8, &of_8, "BuildKit v0.8 (Docker 20.10)"),
        (&gateway_8, &of_9, "BuildKit v0.9"),
    ] {
        let (ended, _) = build(gateway, definitions, "").await;
        let expected = format!(
            "this builder is {name}; gowork needs BuildKit v0.10 (Docker 23) or later\n    help: update Docker or BuildKit, or \
             create a builder with a newer BuildKit: `docker buildx create --use`"
        );
        assert_eq!(ended, Err(expected));
    }
}

#[test]
fn a_version_that_is_said_counts() {
    let pong = Pong {
        llb_caps: Supported::only([llb::MERGE]),
        ..Pong::default()
    };
    let workers = |version: &str| {
        format!(r#"[{{"buildkitVersion":{{"package":"x","version":"{version}"}}}}]"#)
    };
    assert_eq!(
        release::name(&pong, &workers("v0.12.5")),
        "BuildKit v0.12.5"
    );
    for nothing in ["v0.0.0+unknown", "", "devel"] {
        assert_eq!(
            release::name(&pong, &workers(nothing)),
            "BuildKit v0.10 or later"
        );
    }
}

/// Where the frontend is started by other means than BuildKit's, or its own image is not what it
/// seems.
#[tokio::test]
async fn a_builder_that_keeps_the_image_to_itself() {
    let fake = FakeGateway::new(&GATEWAY, llb::ALL);
    serve(
        &fake,
        &RawOptions::default(),
        std::path::Path::new("/nowhere/frontend.bin"),
    )
    .await
    .unwrap();
    let message = fake.recorded().returned.remove(0).unwrap_err().message;
    let expected = "this builder does not say which image the frontend was started from: No such file or directory";
    assert!(
        message.starts_with(expected) && !message.contains("frontend.bin"),
        "{message}"
    );
}
