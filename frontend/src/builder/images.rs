//! The config of an image.

use std::collections::BTreeMap;

use gowork_llb::ops::Platform;
use gowork_llb::plan::Image;

use crate::error::BuildError;

pub(super) fn config(
    image: &Image,
    platform: &Platform,
    base: Option<&[u8]>,
    labels: &BTreeMap<String, String>,
    epoch: Option<i64>,
) -> Result<Vec<u8>, BuildError> {
    let _ = (base, labels, epoch);
    let json = serde_json::json!({"os": platform.os(), "architecture": platform.architecture(), "config": {"Entrypoint": [format!("/usr/local/bin/{}", image.binary)]}});
    Ok(serde_json::to_vec(&json).unwrap_or_default())
}
