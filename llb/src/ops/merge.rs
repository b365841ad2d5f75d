//! Merge and diff: file systems laid over, and taken from, one another without copying.

use buildkit_proto::pb;

use super::caps;
use super::marshal::{Draft, Inputs};
use super::meta::Meta;
use super::output::Output;

/// `outputs` laid over one another, later ones on top. Scratch adds nothing; one output is itself.
pub fn merge(outputs: &[Output]) -> Output {
    Merge::of(outputs).output()
}

/// What `upper` has on top of `lower`. Against scratch, `upper` itself.
pub fn diff(lower: &Output, upper: &Output) -> Output {
    Diff::between(lower, upper).output()
}

/// A merge with something to say about it; [`merge()`] is the short form. Needs [`caps::MERGE`].
#[derive(Debug, Clone)]
pub struct Merge {
    outputs: Vec<Output>,
    meta: Meta,
}

meta_builders!(Merge);

impl Merge {
    /// `outputs` laid over one another, later ones on top.
    pub fn of(outputs: &[Output]) -> Self {
        let outputs = outputs
            .iter()
            .filter(|output| !output.is_scratch())
            .cloned()
            .collect();
        Self {
            outputs,
            meta: Meta::default(),
        }
    }

    /// The merged file system.
    pub fn output(self) -> Output {
        match &self.outputs[..] {
            [] => return Output::scratch(),
            [one] => return one.clone(),
            _ => {}
        }
        let platform = self.outputs.first().and_then(Output::platform).cloned();
        let mut inputs = Inputs::default();
        let merged = self
            .outputs
            .iter()
            .map(|output| pb::MergeInput {
                input: inputs.push(output),
            })
            .collect();
        let kind = pb::op::Op::Merge(pb::MergeOp { inputs: merged });
        let caps = [caps::MERGE].into();
        Draft::new(kind, inputs, caps, &self.meta, platform).output()
    }
}

/// A diff with something to say about it; [`diff()`] is the short form. Needs [`caps::DIFF`].
#[derive(Debug, Clone)]
pub struct Diff {
    lower: Output,
    upper: Output,
    meta: Meta,
}

meta_builders!(Diff);

impl Diff {
    /// What `upper` has on top of `lower`.
    pub fn between(lower: &Output, upper: &Output) -> Self {
        Self {
            lower: lower.clone(),
            upper: upper.clone(),
            meta: Meta::default(),
        }
    }

    /// The difference. It can be empty, in which case BuildKit returns no reference for it.
    pub fn output(self) -> Output {
        if self.lower.is_scratch() {
            return self.upper;
        }
        let mut inputs = Inputs::default();
        let lower = Some(pb::LowerDiffInput {
            input: inputs.push(&self.lower),
        });
        let upper = Some(pb::UpperDiffInput {
            input: inputs.push(&self.upper),
        });
        let kind = pb::op::Op::Diff(pb::DiffOp { lower, upper });
        let platform = self.lower.platform().cloned();
        let caps = [caps::DIFF].into();
        Draft::new(kind, inputs, caps, &self.meta, platform).output()
    }
}
