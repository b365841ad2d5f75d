//! Images that a warning is about, in its words.

use crate::config::ImageName;

/// Images that a warning names.
const MAX_NAMES: usize = 3;

/// `image api`, `images api, job`, or the first ones and how many more.
pub(super) fn listed(names: &[ImageName]) -> String {
    match names {
        [name] => format!("image {name}"),
        names if names.len() <= MAX_NAMES => format!("images {}", names.join(", ")),
        names => format!(
            "images {} and {} more",
            names[..MAX_NAMES].join(", "),
            names.len() - MAX_NAMES
        ),
    }
}
