//! Images as a matrix of GitHub Actions.

use gowork_llb::config::ImageName;
use serde_json::{Value, json};

/// What goes into GITHUB_OUTPUT for these images, which can be built. A matrix of nothing is an error
/// there, which `any` is for.
pub(super) fn github<'a>(built: impl Iterator<Item = &'a ImageName>) -> String {
    let include: Vec<Value> = built.map(|name| json!({ "image": name })).collect();
    format!(
        "matrix={}\nany={}\n",
        json!({ "include": include }),
        !include.is_empty()
    )
}
