//! Reading definitions that others marshalled, so that our ops can stand on theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use buildkit_proto::pb;
use prost::Message as _;

use super::definition::DefinitionError;
use super::digest::Digest;
use super::output::{Output, Vertex};
use super::platform::Platform;
use super::sourcemap::{Location, SourceMap};

/// The output that `definition` stands for.
pub(super) fn output(definition: &pb::Definition) -> Result<Output, DefinitionError> {
    let mut raw = read_ops(definition)?;
    let Some((terminal, _)) = raw.pop() else {
        return Ok(Output::scratch());
    };
    let result = result(&terminal).ok_or(DefinitionError::NoResult)?;
    let locations = read_locations(definition)?;
    let mut import = Import {
        definition,
        locations,
        built: BTreeMap::new(),
    };
    import.build(raw)?;
    import.resolve(result)
}

/// What the terminal op names. It does nothing itself; an op that does would be one whose end was
/// cut off.
fn result(terminal: &pb::Op) -> Option<&pb::Input> {
    match &terminal.inputs[..] {
        [result] if terminal.op.is_none() && terminal.constraints.is_none() => Some(result),
        _ => None,
    }
}

/// The ops, each with its bytes.
fn read_ops(definition: &pb::Definition) -> Result<Vec<(pb::Op, &[u8])>, DefinitionError> {
    let read = |(index, bytes): (usize, &'_ Vec<u8>)| {
        let op = pb::Op::decode(bytes.as_slice());
        op.map_err(|e| DefinitionError::NotAnOp {
            index,
            reason: e.to_string(),
        })
    };
    definition
        .def
        .iter()
        .enumerate()
        .map(|op| Ok((read(op)?, op.1.as_slice())))
        .collect()
}

/// The locations by op digest. The daemon does not check the file index everywhere, so it is
/// checked here.
fn read_locations(
    definition: &pb::Definition,
) -> Result<BTreeMap<String, Vec<Location>>, DefinitionError> {
    let Some(source) = &definition.source else {
        return Ok(BTreeMap::new());
    };
    let maps: Vec<SourceMap> = source.infos.iter().map(SourceMap::from_pb).collect();
    let read = |location: &pb::Location| {
        let map = usize::try_from(location.source_index)
            .ok()
            .and_then(|index| maps.get(index));
        map.map(|map| Location::from_pb(map, location))
            .ok_or(DefinitionError::UnknownFile(location.source_index))
    };
    let entry = |(digest, all): (&'_ String, &'_ pb::Locations)| {
        Ok((
            digest.clone(),
            all.locations.iter().map(read).collect::<Result<_, _>>()?,
        ))
    };
    source.locations.iter().map(entry).collect()
}

struct Import<'a> {
    definition: &'a pb::Definition,
    locations: BTreeMap<String, Vec<Location>>,
    built: BTreeMap<String, Arc<Vertex>>,
}

impl Import<'_> {
    /// Builds every op whose inputs are there, round by round. Definitions come in dependency
    /// order, so one round does; more rounds only serve a writer that does not keep it.
    fn build(&mut self, mut waiting: Vec<(pb::Op, &[u8])>) -> Result<(), DefinitionError> {
        loop {
            let before = waiting.len();
            let mut later = Vec::new();
            for (op, bytes) in waiting {
                if op
                    .inputs
                    .iter()
                    .all(|input| self.built.contains_key(&input.digest))
                {
                    let vertex = self.vertex(&op, bytes)?;
                    self.built
                        .insert(vertex.digest.as_str().to_owned(), Arc::new(vertex));
                } else {
                    later.push((op, bytes));
                }
            }
            match later.first() {
                None => return Ok(()),
                Some((op, _)) if later.len() == before => {
                    return op
                        .inputs
                        .iter()
                        .try_for_each(|input| self.resolve(input).map(drop));
                }
                Some(_) => waiting = later,
            }
        }
    }

    fn vertex(&mut self, op: &pb::Op, bytes: &[u8]) -> Result<Vertex, DefinitionError> {
        let digest = Digest::of(bytes);
        let inputs: Vec<Output> = op
            .inputs
            .iter()
            .map(|input| self.resolve(input))
            .collect::<Result<_, _>>()?;
        Ok(Vertex {
            bytes: bytes.to_vec(),
            metadata: self
                .definition
                .metadata
                .get(digest.as_str())
                .cloned()
                .unwrap_or_default(),
            locations: self.locations.remove(digest.as_str()).unwrap_or_default(),
            platform: platform(op, &inputs),
            inputs,
            digest,
        })
    }

    fn resolve(&self, input: &pb::Input) -> Result<Output, DefinitionError> {
        let unknown = || DefinitionError::UnknownInput {
            digest: input.digest.clone(),
            index: input.index,
        };
        let vertex = self
            .built
            .get(&input.digest)
            .filter(|_| input.index >= 0)
            .ok_or_else(unknown)?;
        Ok(Output::new(vertex, input.index))
    }
}

/// What the op's results are for: what it says itself, or what its base is for.
fn platform(op: &pb::Op, inputs: &[Output]) -> Option<Platform> {
    use pb::op::Op;
    let base = match op.op.as_ref()? {
        Op::File(file) => file.actions.first()?.input,
        Op::Merge(merge) => merge.inputs.first()?.input,
        Op::Diff(diff) => diff.lower.as_ref()?.input,
        Op::Exec(_) | Op::Source(_) | Op::Build(_) => {
            return op.platform.as_ref().map(Platform::from_pb);
        }
    };
    inputs.get(usize::try_from(base).ok()?)?.platform().cloned()
}
