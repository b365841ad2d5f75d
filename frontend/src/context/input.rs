//! Contexts that are the results of other builds, as bake passes them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::pb;
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::Output;
use serde_json::Value;

use crate::error::BuildError;

/// The output that another build passed as `name`, if there is one.
pub(super) fn output(
    inputs: &BTreeMap<String, pb::Definition>,
    name: &str,
) -> Result<Option<Output>, BuildError> {
    let Some(definition) = inputs.get(name) else {
        return Ok(None);
    };
    match Output::from_definition(definition) {
        Ok(output) => Ok(Some(output)),
        Err(error) => Err(Diagnostic::error(format!("context {name}: {error}")).into()),
    }
}

/// The image config in an input's metadata.
pub(super) fn config(metadata: &str) -> Result<Option<Vec<u8>>, String> {
    let metadata: Value = serde_json::from_str(metadata)
        .map_err(|error| format!("its metadata is not JSON: {error}"))?;
    let Some(config) = metadata
        .get("containerimage.config")
        .and_then(Value::as_str)
    else {
        return Ok(None);
    };
    STANDARD
        .decode(config)
        .map(Some)
        .map_err(|error| format!("its image config is not base64: {error}"))
}
