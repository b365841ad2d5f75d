//! What all answers have in common.

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use serde::Serialize;

use crate::result::metadata_only;

/// Where an answer has its JSON.
pub(super) const JSON: &str = "result.json";
/// Where an answer has its text.
pub(super) const TEXT: &str = "result.txt";

/// The answer to a call: JSON for programs, text for people.
pub fn answer(version: &str, json: &impl Serialize, text: String) -> proto::Result {
    let json = serde_json::to_vec_pretty(json).unwrap_or_default();
    metadata_only([
        (JSON, json),
        (TEXT, text.into_bytes()),
        ("version", version.as_bytes().to_vec()),
    ])
}
