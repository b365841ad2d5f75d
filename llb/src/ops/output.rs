//! Outputs of ops, the values everything else is built from, and the ops behind them.

use std::fmt;
use std::sync::Arc;

use buildkit_proto::pb;

use super::definition::Definition;
use super::digest::Digest;
use super::platform::Platform;
use super::sourcemap::Location;

/// One op, written: bytes, digest, and metadata.
pub(super) struct Vertex {
    pub(super) digest: Digest,
    pub(super) bytes: Vec<u8>,
    pub(super) metadata: pb::OpMetadata,
    pub(super) locations: Vec<Location>,
    /// In the order of the op's own inputs, then equal ones that were built apart.
    pub(super) inputs: Vec<Output>,
    pub(super) platform: Option<Platform>,
}

/// One output of one op, or scratch, the empty file system. Cheap to clone; equal if op digest and
/// output are.
#[derive(Clone, Default)]
pub struct Output {
    vertex: Option<Arc<Vertex>>,
    index: i64,
}

impl Output {
    /// The empty file system.
    pub fn scratch() -> Self {
        Self::default()
    }

    /// Whether it is the empty file system.
    pub fn is_scratch(&self) -> bool {
        self.vertex.is_none()
    }

    /// The digest of the op it comes from; none for scratch.
    pub fn digest(&self) -> Option<&Digest> {
        self.vertex.as_ref().map(|vertex| &vertex.digest)
    }

    /// The op's name for the progress output, if it was given one.
    pub fn name(&self) -> Option<&str> {
        self.vertex
            .as_ref()
            .and_then(|vertex| super::meta::custom_name(&vertex.metadata))
    }

    /// What programs in it run on, as far as it was said: by the image it comes from or by the step
    /// that made it.
    pub(crate) fn platform(&self) -> Option<&Platform> {
        self.vertex
            .as_ref()
            .and_then(|vertex| vertex.platform.as_ref())
    }

    /// What BuildKit has to do for this output: all ops it needs and the terminal op that names it.
    pub fn to_definition(&self) -> Definition {
        Definition::of(self)
    }

    /// The same output of an op that also comes from this place. The op keeps its digest.
    #[must_use]
    pub fn located(&self, location: Location) -> Self {
        let Some(vertex) = &self.vertex else {
            return self.clone();
        };
        let locations = vertex.locations.iter().cloned().chain([location]);
        let vertex = Arc::new(Vertex {
            digest: vertex.digest.clone(),
            bytes: vertex.bytes.clone(),
            metadata: vertex.metadata.clone(),
            locations: locations.collect(),
            inputs: vertex.inputs.clone(),
            platform: vertex.platform.clone(),
        });
        Self::new(&vertex, self.index)
    }

    pub(super) fn new(vertex: &Arc<Vertex>, index: i64) -> Self {
        Self {
            vertex: Some(Arc::clone(vertex)),
            index,
        }
    }

    pub(super) fn vertex(&self) -> Option<&Arc<Vertex>> {
        self.vertex.as_ref()
    }

    pub(super) fn to_input(&self) -> Option<pb::Input> {
        self.digest().map(|digest| pb::Input {
            digest: digest.as_str().to_owned(),
            index: self.index,
        })
    }

    fn key(&self) -> (Option<&Digest>, i64) {
        (self.digest(), self.index)
    }
}

impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Output {}

impl PartialOrd for Output {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Output {
    /// By digest: an order that is the same in every run, and means nothing.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.digest(), self.name()) {
            (None, _) => f.write_str("scratch"),
            (Some(digest), None) => write!(f, "{}#{}", digest.short(), self.index),
            (Some(digest), Some(name)) => write!(f, "{}#{} ({name})", digest.short(), self.index),
        }
    }
}

/// A step that cannot be written down as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step {step:?}: {problem}")]
#[non_exhaustive]
pub struct OpError {
    /// The step's name, or its command.
    pub step: String,
    /// What is wrong with it, and what to do.
    pub problem: String,
}
