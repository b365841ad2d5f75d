//! Op bytes, digests and metadata against `testdata/oracle/llb/recorded.json`, which BuildKit's Go
//! client wrote.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;
use gowork_llb::ops::{Definition, Output, caps};
use serde::Deserialize;

#[derive(Deserialize)]
struct Record {
    caps: BTreeSet<String>,
    definitions: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    name: String,
    ops: Vec<Op>,
}

#[derive(Deserialize, PartialEq, Debug, Default)]
struct Op {
    digest: String,
    bytes: String,
    caps: BTreeSet<String>,
    #[serde(default)]
    description: BTreeMap<String, String>,
    #[serde(default)]
    ignore_cache: bool,
    #[serde(default)]
    export_cache: Option<bool>,
    #[serde(default)]
    progress_group: String,
    #[serde(default)]
    locations: BTreeSet<String>,
}

/// Capabilities that we ask for and Go's client forgets: its loop over file operations runs over an
/// empty list, and it has none for dropped writes and cgroups.
const BEYOND_GO: &[&str] = &[
    caps::FILE_COPY_ALWAYS_REPLACE_EXISTING_DEST_PATHS,
    caps::FILE_COPY_INCLUDE_EXCLUDE_PATTERNS,
    caps::FILE_COPY_REQUIRED_PATHS,
    caps::FILE_RM_WILDCARD,
    caps::FILE_SYMLINK_CREATE,
    caps::EXEC_MOUNT_BIND_READ_WRITE_NO_OUTPUT,
    caps::EXEC_META_CGROUP_PARENT,
];

fn record() -> Record {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testdata/oracle/llb/recorded.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn ours(definition: &Definition) -> Vec<Op> {
    let pb = definition.as_pb();
    let op = |(digest, bytes): (&String, &Vec<u8>)| {
        let metadata: &pb::OpMetadata = &pb.metadata[digest];
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let group = metadata
            .progress_group
            .as_ref()
            .map(|g| format!("{}/{}/{}", g.id, g.name, g.weak));
        Op {
            digest: digest.clone(),
            bytes: hex,
            caps: metadata
                .caps
                .keys()
                .filter(|cap| !BEYOND_GO.contains(&cap.as_str()))
                .cloned()
                .collect(),
            description: metadata.description.clone(),
            ignore_cache: metadata.ignore_cache,
            export_cache: metadata.export_cache.map(|export| export.value),
            progress_group: group.unwrap_or_default(),
            locations: locations(pb, digest),
        }
    };
    let digests: Vec<String> = definition
        .digests()
        .iter()
        .map(ToString::to_string)
        .collect();
    digests.iter().zip(&pb.def).map(op).collect()
}

fn locations(definition: &pb::Definition, digest: &str) -> BTreeSet<String> {
    let Some(source) = &definition.source else {
        return BTreeSet::new();
    };
    let all = source
        .locations
        .get(digest)
        .map(|all| all.locations.as_slice())
        .unwrap_or_default();
    let text = |location: &pb::Location| {
        let info = &source.infos[usize::try_from(location.source_index).unwrap()];
        let file = format!(
            "{} ({}, {} bytes)",
            info.filename,
            info.language,
            info.data.len()
        );
        let lines = |r: &pb::Range| format!("{}-{}", r.start.unwrap().line, r.end.unwrap().line);
        location
            .ranges
            .iter()
            .map(|range| format!("{file}:{}", lines(range)))
            .collect::<Vec<_>>()
    };
    all.iter().flat_map(text).collect()
}

fn by_digest(ops: Vec<Op>) -> BTreeMap<String, Op> {
    ops.into_iter().map(|op| (op.digest.clone(), op)).collect()
}

#[test]
fn definitions_are_those_of_buildkits_own_client() {
    let record = record();
    let cases: BTreeMap<&str, Output> = super::cases::all().into_iter().collect();
    let names: BTreeSet<&str> = record.definitions.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(
        names,
        cases.keys().copied().collect::<BTreeSet<_>>(),
        "one case here for each one recorded"
    );
    for Recorded { name, ops } in record.definitions {
        let definition = cases[name.as_str()].to_definition();
        let ours = ours(&definition);
        // Where an op has several inputs, the order of the list is free: what matters is that the
        // terminal op is last.
        assert_eq!(ours.last(), ops.last(), "{name}: terminal op");
        assert_eq!(by_digest(ours), by_digest(ops), "{name}");
    }
}

#[test]
fn every_capability_asked_for_exists_and_is_enabled() {
    let known = record().caps;
    for cap in caps::ALL {
        assert!(
            known.contains(*cap),
            "{cap}: this BuildKit does not have it, so asking for it fails every build"
        );
    }
    for cap in [
        "exec.meta.removemountstubs.recursive",
        "file.copy.modestring",
    ] {
        assert!(
            !known.contains(cap),
            "{cap} is enabled now; say so in caps.rs"
        );
    }
}
