//! Definitions: the list of ops that BuildKit runs, with metadata for each and a source map.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use buildkit_proto::pb;
use prost::Message as _;

use super::digest::Digest;
use super::output::{Output, Vertex};
use super::sourcemap::Collector;
use super::{caps, import, marshal, meta};

/// A marshalled output: ops in dependency order, the last one terminal, naming the result. Empty
/// for scratch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Definition(pb::Definition);

/// Why bytes or ops are not a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// Not a protobuf message of the right type.
    #[error("not an LLB definition: {0}")]
    NotADefinition(String),
    /// One of its ops is not.
    #[error("op {index} of the LLB definition cannot be read: {reason}")]
    NotAnOp {
        /// Which, from 0.
        index: usize,
        /// What the decoder says.
        reason: String,
    },
    /// The last op is not a terminal one, with one input and nothing else.
    #[error("the LLB definition's last op is not the one that names the result")]
    NoResult,
    /// An op wants the output of one that is not there, or a negative output.
    #[error("the LLB definition refers to output {index} of {digest:?}, which it does not have")]
    UnknownInput {
        /// As given.
        digest: String,
        /// As given.
        index: i64,
    },
    /// A location in a file that is not there.
    #[error("the LLB definition's source map refers to file {0}, which it does not have")]
    UnknownFile(i32),
}

impl Definition {
    /// From the wire type, unchecked: checks happen where it is read ([`Output::from_definition`])
    /// or run.
    pub fn from_pb(definition: pb::Definition) -> Self {
        Self(definition)
    }

    /// From its bytes, such as `/run/config/buildkit/metadata/frontend.bin`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DefinitionError> {
        pb::Definition::decode(bytes)
            .map(Self)
            .map_err(|e| DefinitionError::NotADefinition(e.to_string()))
    }

    /// The wire type.
    pub fn into_pb(self) -> pb::Definition {
        self.0
    }

    /// The wire type.
    pub fn as_pb(&self) -> &pb::Definition {
        &self.0
    }

    /// The bytes, as `buildctl build` reads them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    /// Whether it stands for the empty file system.
    pub fn is_scratch(&self) -> bool {
        self.0.def.is_empty()
    }

    /// The digests of its ops, in order, the terminal one last.
    pub fn digests(&self) -> Vec<Digest> {
        self.0.def.iter().map(|bytes| Digest::of(bytes)).collect()
    }

    /// The digest of the op whose output it stands for.
    pub fn head(&self) -> Option<Digest> {
        let terminal = pb::Op::decode(self.0.def.last()?.as_slice()).ok()?;
        Digest::parse(&terminal.inputs.first()?.digest).ok()
    }

    /// The capabilities it asks for, each with the digests of the ops that do.
    pub fn caps(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut caps: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (digest, metadata) in &self.0.metadata {
            for cap in metadata
                .caps
                .iter()
                .filter(|(_, needed)| **needed)
                .map(|(cap, _)| cap)
            {
                caps.entry(cap).or_default().push(digest);
            }
        }
        caps
    }

    /// What to call the op with `digest` in a message: its name, or the first digits of the digest.
    pub(crate) fn step_name(&self, digest: &str) -> String {
        match self.custom_name(digest) {
            Some(name) => name.to_owned(),
            None => Digest::parse(digest)
                .map_or_else(|_| digest.to_owned(), |digest| digest.short().to_owned()),
        }
    }

    /// The name that the op with `digest` was given, if there is such an op and it was.
    pub fn custom_name(&self, digest: &str) -> Option<&str> {
        self.0.metadata.get(digest).and_then(meta::custom_name)
    }

    /// The same, with no op that ignores what is cached.
    #[must_use]
    pub fn with_cache(mut self) -> Self {
        for metadata in self.0.metadata.values_mut() {
            metadata.ignore_cache = false;
        }
        self
    }

    /// The definition of `output`.
    pub(super) fn of(output: &Output) -> Self {
        let (Some(root), Some(input)) = (output.vertex(), output.to_input()) else {
            return Self::default();
        };
        let mut definition = pb::Definition::default();
        let mut locations = Collector::default();
        for vertex in post_order(root) {
            let digest = vertex.digest.as_str();
            match definition.metadata.get_mut(digest) {
                Some(metadata) => meta::merge(metadata, &vertex.metadata),
                None => {
                    definition
                        .metadata
                        .insert(digest.to_owned(), vertex.metadata.clone());
                    definition.def.push(vertex.bytes.clone());
                }
            }
            locations.add(digest, &vertex.locations);
        }
        let terminal = marshal::encode(pb::Op {
            inputs: vec![input],
            ..pb::Op::default()
        });
        let metadata = terminal_metadata(definition.metadata.values());
        definition
            .metadata
            .insert(Digest::of(&terminal).as_str().to_owned(), metadata);
        definition.def.push(terminal);
        definition.source = locations.finish();
        Self(definition)
    }
}

/// The terminal op asks for what the metadata of all ops needs.
fn terminal_metadata<'a>(all: impl Iterator<Item = &'a pb::OpMetadata>) -> pb::OpMetadata {
    let mut needed = BTreeSet::from([caps::CONSTRAINTS, caps::PLATFORM]);
    for metadata in all {
        needed.extend(metadata.ignore_cache.then_some(caps::META_IGNORE_CACHE));
        needed.extend((!metadata.description.is_empty()).then_some(caps::META_DESCRIPTION));
        needed.extend(
            metadata
                .export_cache
                .is_some()
                .then_some(caps::META_EXPORT_CACHE),
        );
    }
    meta::Meta::default().to_pb(&needed)
}

/// Every op that `root` needs, inputs first, `root` last. Not recursive: definitions that come from
/// outside may be deep.
fn post_order(root: &Arc<Vertex>) -> Vec<&Vertex> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::from([Arc::as_ptr(root)]);
    let mut stack = vec![(root.as_ref(), 0)];
    while let Some((vertex, next)) = stack.pop() {
        let Some(input) = vertex.inputs.get(next) else {
            order.push(vertex);
            continue;
        };
        stack.push((vertex, next + 1));
        if let Some(input) = input
            .vertex()
            .filter(|input| seen.insert(Arc::as_ptr(input)))
        {
            stack.push((input, 0));
        }
    }
    order
}

impl Output {
    /// The output that `definition` stands for, to build further ops on: op bytes, metadata and
    /// source map are kept as they are. Metadata newer than the known protocol is dropped.
    pub fn from_definition(definition: &pb::Definition) -> Result<Self, DefinitionError> {
        import::output(definition)
    }
}
