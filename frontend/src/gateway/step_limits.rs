//! Limits of steps. BuildKit v0.33 and later take them with the metadata of each op, in a field
//! that `buildkit_proto` does not have: so the messages that hold it are written down here.

use std::collections::BTreeMap;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;

/// What each step may take of the builder, at most. Zero and empty: no limit of that kind.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StepLimits {
    /// Bytes of memory.
    #[prost(int64, tag = "1")]
    pub memory: i64,
    /// Bytes of memory and swap together; -1: any number.
    #[prost(int64, tag = "2")]
    pub memory_swap: i64,
    /// Its weight where processors are short.
    #[prost(uint64, tag = "3")]
    pub cpu_shares: u64,
    /// The microseconds that the quota is for.
    #[prost(uint64, tag = "4")]
    pub cpu_period: u64,
    /// Microseconds of processors.
    #[prost(int64, tag = "5")]
    pub cpu_quota: i64,
    /// Processors: `0-3,5`.
    #[prost(string, tag = "6")]
    pub cpuset_cpus: String,
    /// Memory nodes, likewise.
    #[prost(string, tag = "7")]
    pub cpuset_mems: String,
}

/// A request to solve a definition whose ops have limits.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveRequest {
    #[prost(message, optional, tag = "1")]
    definition: Option<Definition>,
    #[prost(bool, tag = "5")]
    allow_result_return: bool,
    #[prost(bool, tag = "6")]
    allow_result_array_ref: bool,
    #[prost(message, repeated, tag = "12")]
    cache_imports: Vec<proto::CacheOptionsEntry>,
    #[prost(bool, tag = "14")]
    evaluate: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Definition {
    #[prost(bytes = "vec", repeated, tag = "1")]
    def: Vec<Vec<u8>>,
    #[prost(btree_map = "string, message", tag = "2")]
    metadata: BTreeMap<String, OpMetadata>,
    #[prost(message, optional, tag = "3")]
    source: Option<pb::Source>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct OpMetadata {
    #[prost(bool, tag = "1")]
    ignore_cache: bool,
    #[prost(btree_map = "string, string", tag = "2")]
    description: BTreeMap<String, String>,
    #[prost(message, optional, tag = "4")]
    export_cache: Option<pb::ExportCache>,
    #[prost(btree_map = "string, bool", tag = "5")]
    caps: BTreeMap<String, bool>,
    #[prost(message, optional, tag = "6")]
    progress_group: Option<pb::ProgressGroup>,
    #[prost(message, optional, tag = "7")]
    linux_resources: Option<StepLimits>,
}

impl SolveRequest {
    /// The same request, for steps with limits.
    pub(super) fn new(request: proto::SolveRequest, limits: &StepLimits) -> Self {
        Self {
            definition: request
                .definition
                .map(|definition| Definition::new(definition, limits)),
            allow_result_return: request.allow_result_return,
            allow_result_array_ref: request.allow_result_array_ref,
            cache_imports: request.cache_imports,
            evaluate: request.evaluate,
        }
    }
}

impl Definition {
    /// Every op gets them. BuildKit looks at those of ops that run programs.
    fn new(definition: pb::Definition, limits: &StepLimits) -> Self {
        let pb::Definition {
            def,
            metadata,
            source,
        } = definition;
        let limited = |(digest, metadata)| (digest, OpMetadata::new(metadata, limits));
        Self {
            def,
            metadata: metadata.into_iter().map(limited).collect(),
            source,
        }
    }
}

impl OpMetadata {
    /// Names every field: if there is one more, nothing is lost without a word.
    fn new(metadata: pb::OpMetadata, limits: &StepLimits) -> Self {
        let pb::OpMetadata {
            ignore_cache,
            description,
            export_cache,
            caps,
            progress_group,
        } = metadata;
        Self {
            ignore_cache,
            description,
            export_cache,
            caps,
            progress_group,
            linux_resources: Some(limits.clone()),
        }
    }
}
