//! Whole builds against a scripted builder: the scan and resolve steps answer, all others leave
//! nothing.

use std::collections::BTreeMap;
use std::io::Write as _;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_frontend::gateway::caps;
use gowork_frontend::gateway::fake::{FakeGateway, Files, Recorded};
use gowork_frontend::opts::RawOptions;
use gowork_frontend::serve;
use gowork_frontend::steps::licenses::LicenseAnswer;
use gowork_llb::gomod::ImportPath;
use gowork_llb::ops::Reference;
use gowork_llb::ops::source::Image;
use gowork_llb::packages;
use gowork_llb::resolution::{self, Resolution, ResolvedPackage};
use gowork_llb::tree::MemTree;

/// What BuildKit v0.34's gateway can do, as far as it matters here.
pub(crate) const GATEWAY: [&str; 8] = [
    caps::SOLVE_EVALUATE,
    caps::EVALUATE,
    caps::SOURCE_META_RESOLVER,
    caps::INPUTS,
    caps::WARNINGS,
    caps::ATTESTATIONS,
    "proto.refarray",
    "gateway.exec.secretenv",
];

/// A builder on which the repository `sources` (txtar) is built.
pub(crate) fn builder(gateway: &[&str], definitions: &[&str], sources: &str) -> FakeGateway {
    let fake = FakeGateway::new(gateway, definitions);
    configured(fake, "", &[], sources)
}

/// The same with a configuration, and with more files that are read one by one.
pub(crate) fn configured(
    fake: FakeGateway,
    configuration: &str,
    files: &[(&str, &str)],
    sources: &str,
) -> FakeGateway {
    let sources = sources.to_owned();
    let dockerfile = format!("# syntax=docker.io/gowork/gowork:1\n{configuration}");
    let context = [&[(".fsutil-metadata", "")], files].concat();
    fake.source("local://dockerfile", &[("Dockerfile", &dockerfile)])
        .source("local://context", &context)
        .image(
            "docker.io/library/golang:1.26",
            Some(&format!("sha256:{}", "0".repeat(64))),
            "{}",
        )
        .rule(move |op| answer(op, &sources).map(Ok))
}

/// Runs the frontend. Returns how the build ended, and what was asked.
pub(crate) async fn run(
    fake: &FakeGateway,
    raw: &RawOptions,
) -> (Result<proto::Result, String>, Recorded) {
    let mut own = tempfile::NamedTempFile::new().unwrap();
    let image = Image::new(&Reference::parse("docker.io/gowork/gowork:1").unwrap()).output();
    own.write_all(&image.to_definition().to_bytes()).unwrap();
    serve(fake, raw, own.path()).await.unwrap();
    let mut recorded = fake.recorded();
    let ended = recorded.returned.remove(0);
    assert!(recorded.returned.is_empty(), "one build ends once");
    (ended.map_err(|status| status.message), recorded)
}

/// The words that a step's program is called with; none of other ops.
pub(crate) fn args(op: &pb::Op) -> &[String] {
    match &op.op {
        Some(pb::op::Op::Exec(exec)) => exec.meta.as_ref().map_or(&[], |meta| &meta.args),
        _ => &[],
    }
}

/// What steps of the frontend's own programs leave.
fn answer(op: &pb::Op, sources: &str) -> Option<Files> {
    let does = |word: &str| args(op).iter().any(|arg| arg == word);
    let (name, bytes) = if does("scan") {
        let scan = packages::scan(&MemTree::from_txtar(sources));
        ("scan.json", serde_json::to_vec(&scan).unwrap())
    } else if does("resolve") && !does("--report") {
        ("resolution.json", serde_json::to_vec(&resolved()).unwrap())
    } else if does("licenses") {
        let answer = LicenseAnswer {
            // Of the standard library, and of the module.
            expressions: vec![Some("BSD-3-Clause".to_owned()), None],
        };
        ("licenses.json", serde_json::to_vec(&answer).unwrap())
    } else {
        return None;
    };
    Some(Files::from([(name.to_owned(), bytes)]))
}

/// A repository that imports nothing but the runtime.
fn resolved() -> Resolution {
    let runtime = ResolvedPackage {
        path: ImportPath::new("runtime"),
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
