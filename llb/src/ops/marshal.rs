//! Op bytes, exactly as BuildKit's own client writes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use buildkit_proto::pb;
use prost::Message as _;

use super::digest::Digest;
use super::meta::Meta;
use super::output::{Output, Vertex};
use super::platform::Platform;

/// "No input": the mount or action starts from scratch.
pub(super) const EMPTY: i64 = -1;
/// "No output": no other op can use the result of this mount or action.
pub(super) const SKIP: i64 = -1;

/// The op's bytes with the oneof last. Go writes oneofs after all other fields, prost at the place
/// of their lowest tag; the daemon marshals every op again in Go's order, so only that order keeps
/// our digests valid.
pub(super) fn encode(mut op: pb::Op) -> Vec<u8> {
    let kind = op.op.take();
    let mut bytes = op.encode_to_vec();
    if kind.is_some() {
        bytes.extend(
            pb::Op {
                op: kind,
                ..pb::Op::default()
            }
            .encode_to_vec(),
        );
    }
    bytes
}

/// The inputs of one op under construction, in wire order.
#[derive(Default)]
pub(super) struct Inputs {
    outputs: Vec<Output>,
    /// Outputs of ops equal to ones in `outputs`, but built apart: metadata about them counts too.
    twins: Vec<Output>,
}

impl Inputs {
    /// The index of `output`, added unless it is there already; [`EMPTY`] for scratch.
    pub(super) fn add(&mut self, output: &Output) -> i64 {
        if output.is_scratch() {
            return EMPTY;
        }
        match self.outputs.iter().position(|known| known == output) {
            Some(index) => {
                self.twins.push(output.clone());
                wire_index(index)
            }
            None => self.push(output),
        }
    }

    /// The index of `output`, added even if it is there already; [`EMPTY`] for scratch.
    pub(super) fn push(&mut self, output: &Output) -> i64 {
        if output.is_scratch() {
            return EMPTY;
        }
        self.outputs.push(output.clone());
        wire_index(self.outputs.len() - 1)
    }

    pub(super) fn len(&self) -> i64 {
        wire_index(self.outputs.len())
    }

    fn to_pb(&self) -> Vec<pb::Input> {
        self.outputs.iter().filter_map(Output::to_input).collect()
    }
}

/// A position as the wire has it. Positions come from vectors, so they fit.
pub(super) fn wire_index(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// An op ready to be written.
pub(super) struct Draft<'a> {
    pub(super) kind: pb::op::Op,
    pub(super) inputs: Inputs,
    pub(super) caps: BTreeSet<&'static str>,
    pub(super) meta: &'a Meta,
    /// Written into the op.
    pub(super) op_platform: Option<Platform>,
    /// What ops built on this one's outputs run on, written or not.
    pub(super) platform: Option<Platform>,
}

impl<'a> Draft<'a> {
    /// An op that runs on no platform. `platform` is what its inputs run on.
    pub(super) fn new(
        kind: pb::op::Op,
        inputs: Inputs,
        caps: BTreeSet<&'static str>,
        meta: &'a Meta,
        platform: Option<Platform>,
    ) -> Self {
        Self {
            kind,
            inputs,
            caps,
            meta,
            op_platform: None,
            platform,
        }
    }

    /// Writes an op with one output.
    pub(super) fn output(self) -> Output {
        Output::new(&self.finish(), 0)
    }

    /// Writes the op.
    pub(super) fn finish(self) -> Arc<Vertex> {
        let bytes = encode(pb::Op {
            inputs: self.inputs.to_pb(),
            platform: self.op_platform.as_ref().map(Platform::to_pb),
            // Go always sets it; an absent one would change the digest.
            constraints: Some(pb::WorkerConstraints::default()),
            op: Some(self.kind),
        });
        Arc::new(Vertex {
            digest: Digest::of(&bytes),
            bytes,
            metadata: self.meta.to_pb(&self.caps),
            locations: self.meta.locations.clone(),
            inputs: self
                .inputs
                .outputs
                .into_iter()
                .chain(self.inputs.twins)
                .collect(),
            platform: self.platform,
        })
    }
}
