//! Builders that cannot do all that a build asks for: each capability withheld in turn.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::rc::Rc;

use buildkit_proto::pb;
use gowork_frontend::gateway::fake::{FakeGateway, Files};
use gowork_frontend::gateway::{Pong, caps, release};
use gowork_frontend::opts::RawOptions;
use gowork_frontend::serve;
use gowork_llb::ops::caps::{self as llb, Supported};
use gowork_llb::ops::source::Image;
use gowork_llb::ops::{Definition, Reference};
use gowork_llb::packages;
use gowork_llb::resolution::{self, Resolution, ResolvedPackage};
use gowork_llb::tree::MemTree;

const SOURCES: &str = "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- main.go --\npackage main\nimport _ \"example.com/m/lib\"\nfunc main() {}\n-- lib/lib.go --\npackage lib\n";

/// What BuildKit v0.34's gateway can do, as far as it matters here.
const GATEWAY: [&str; 8] = [
    caps::SOLVE_EVALUATE,
    caps::EVALUATE,
    caps::SOURCE_META_RESOLVER,
    caps::INPUTS,
    caps::WARNINGS,
    caps::ATTESTATIONS,
    "proto.refarray",
    "gateway.exec.secretenv",
];

/// What steps of the frontend's own programs leave.
fn answer(op: &pb::Op) -> Option<Files> {
    let Some(pb::op::Op::Exec(exec)) = &op.op else {
        return None;
    };
    let meta = exec.meta.as_ref()?;
    let files = if meta.args.iter().any(|arg| arg == "scan") {
        vec![(
            "scan.json",
            serde_json::to_vec(&packages::scan(&MemTree::from_txtar(SOURCES))).unwrap(),
        )]
    } else if meta.args.iter().any(|arg| arg == "resolve") {
        vec![("resolution.json", serde_json::to_vec(&resolved()).unwrap())]
    } else {
        return None;
    };
    Some(
        files
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes))
            .collect(),
    )
}

fn resolved() -> Resolution {
    let runtime = ResolvedPackage {
        path: "runtime".into(),
        module: None,
        imports: vec![],
        dir: String::new(),
        files: vec![],
        size: 0,
        reads_module: false,
    };
    Resolution {
        version: resolution::VERSION,
        go_version: "go1.26.8".into(),
        modules: vec![],
        packages: vec![runtime],
        replaced: BTreeMap::new(),
        runtime_files: [
            "/etc/ssl/certs/ca-certificates.crt",
            "/usr/share/zoneinfo.zip",
        ]
        .map(Into::into)
        .to_vec(),
    }
}

/// How a build ends on a builder with these capabilities, and what its definitions ask for.
async fn build(
    gateway: &[&str],
    definitions: &[&str],
    workers: &str,
) -> (Result<(), String>, BTreeSet<String>) {
    let asked = Rc::new(RefCell::new(BTreeSet::new()));
    let dockerfile = "# syntax=docker.io/gowork/gowork:1\n";
    let fake = FakeGateway::new(gateway, definitions)
        .source("local://dockerfile", &[("Dockerfile", dockerfile)])
        .source("local://context", &[(".fsutil-metadata", "")])
        .image(
            "docker.io/library/golang:1.26",
            Some(&format!("sha256:{}", "0".repeat(64))),
            "{}",
        )
        .rule(|op| answer(op).map(Ok));
    let mut own = tempfile::NamedTempFile::new().unwrap();
    let image = Image::new(&Reference::parse("docker.io/gowork/gowork:1").unwrap()).output();
    own.write_all(&image.to_definition().to_bytes()).unwrap();
    let raw = RawOptions {
        workers: workers.to_owned(),
        ..RawOptions::default()
    };
    serve(&fake, &raw, own.path()).await.unwrap();
    let recorded = fake.recorded();
    for solve in recorded.solves {
        asked.borrow_mut().extend(
            Definition::from_pb(solve.definition.into_pb())
                .caps()
                .into_keys()
                .map(str::to_owned),
        );
    }
    let ended = recorded.returned.into_iter().next().unwrap();
    (
        ended.map(drop).map_err(|status| status.message),
        asked.take(),
    )
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
            "this builder is {name}; gowork needs BuildKit v0.10 (Docker 23) or later\n    help: update Docker or BuildKit; or make a \
             builder with a new BuildKit beside it, with `docker buildx create --use`"
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
