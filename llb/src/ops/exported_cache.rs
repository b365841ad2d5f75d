//! How much BuildKit writes down of a definition when it exports a cache of all steps (`mode=max`).
//!
//! The numbers here are means. BuildKit wrote 341,048 bytes for forty images whose steps these
//! numbers put at 355 kB.

use std::collections::BTreeMap;

use buildkit_proto::pb;
use prost::Message as _;

use super::definition::Definition;

/// The most bytes of a cache's config that BuildKit imports. It ignores a cache with more, and the
/// build goes on without it (BuildKit, cache/remotecache/import.go, `readBlob`).
pub const MAX_CACHE_CONFIG: u64 = 1 << 20;

/// Bytes of the record of a step: its digest, and its layer with a time, here and in the list of
/// layers (BuildKit, solver/exporter.go and cache/remotecache/v1/spec.go).
const RECORD: u64 = 250;

/// Bytes of a step's input: the step that it comes from; what was selected of that, as two digests;
/// and a share of the record of its content, which several inputs have in common.
const INPUT: u64 = 140;

impl Definition {
    /// About how many bytes the config of an exported cache has for each of the steps, by the digest
    /// of the step's op. Steps of several definitions that are the same count once.
    pub fn cache_config_sizes(&self) -> BTreeMap<String, u64> {
        let mut sizes = BTreeMap::new();
        for (digest, bytes) in self.digests().iter().zip(&self.as_pb().def) {
            let Ok(op) = pb::Op::decode(bytes.as_slice()) else {
                continue;
            };
            // The op that names the result is no step.
            if op.op.is_some() {
                let size = RECORD + INPUT * op.inputs.len() as u64;
                sizes.insert(digest.as_str().to_owned(), size);
            }
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::exec::{Exec, Mount};
    use crate::ops::source::Local;

    #[test]
    fn steps_count_once_and_inputs_by_their_number() {
        let context = Local::new("context").output();
        let compiled = Exec::new(["go", "build"])
            .root(&context)
            .mount(Mount::read_only(&context, "/src").selector("/a"))
            .mount(Mount::scratch_output("/out"))
            .run()
            .and_then(|built| built.output("/out"))
            .expect("a step");
        let sizes = compiled.to_definition().cache_config_sizes();
        assert_eq!(sizes.len(), 2);
        assert_eq!(sizes.values().sum::<u64>(), 2 * RECORD + INPUT);
    }
}
