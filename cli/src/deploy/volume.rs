//! Names of volumes.

use gowork_llb::config::ImageConfig;

/// The named volume for a directory of an image: `api-var-lib-data`.
pub(super) fn volume_name(image: &ImageConfig, path: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let path: String = path.trim_matches('/').chars().map(plain).collect();
    format!("{}-{path}", image.name)
}
