//! An image that the command line names and that cannot be shown.

use std::collections::BTreeSet;

use gowork_llb::config::ImageName;
use gowork_llb::diag::Diagnostic;

/// An image that the command line names and that cannot be shown: it is broken, or the repository
/// has none of that name.
pub(super) fn no_image<'a>(
    images: impl IntoIterator<Item = &'a ImageName>,
    broken: &BTreeSet<ImageName>,
    name: &str,
) -> Diagnostic {
    if broken.contains(name) {
        return Diagnostic::error(format!(
            "image {name} cannot be shown until the errors above are fixed"
        ));
    }
    let names: Vec<&str> = images.into_iter().map(ImageName::as_str).collect();
    let error = Diagnostic::error(format!(
        "there is no image {name}; images are {}",
        names.join(", ")
    ));
    match gowork_llb::diag::nearest(name, names.iter().copied()) {
        Some(nearest) => error.help(format!("did you mean {nearest}?")),
        None => error,
    }
}
