//! What may name an image: what is a stage of a Dockerfile, a target of a bake file and a
//! repository of a registry at once.

use super::wrong::{Wrong, wrong};
use crate::text_type::text_type;

text_type! {
    /// The name of an image. In a plan it is one that Docker, bake and registries take; in a
    /// configuration with errors it is what is written.
    ImageName
}

/// Names with a meaning of their own: `binaries` is the target with the programs of all images,
/// `default` is the group that bake builds, `context` and `scratch` cannot be stages
/// (moby/buildkit, frontend/dockerfile).
pub(crate) const RESERVED_NAMES: [&str; 4] = ["binaries", "context", "default", "scratch"];

/// Whether `text` can name an image: words of small letters and digits that begin with a letter,
/// with a [separator](is_separator) between two. This is the grammar of a repository's last element
/// (distribution/reference) without those that begin with a digit, which `FROM` and `--target` do
/// not take.
pub(crate) fn is_image_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = text;
    loop {
        let end = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
        let after = &rest[end..];
        if end == 0 {
            return false;
        }
        if after.is_empty() {
            return text.starts_with(|c: char| c.is_ascii_lowercase())
                && !RESERVED_NAMES.contains(&text);
        }
        let next = after.find(is_letter).unwrap_or(after.len());
        if !is_separator(&after[..next]) {
            return false;
        }
        rest = &after[next..];
    }
}

/// What may stand between two words of a name: `.`, `_`, `__`, or any number of `-`.
pub(crate) fn is_separator(text: &str) -> bool {
    matches!(text, "." | "_" | "__") || (!text.is_empty() && text.bytes().all(|byte| byte == b'-'))
}

/// The key of a table of `[images]`. Capital letters count as small ones, as in `--target`.
pub(super) fn image_name(text: &str) -> Result<(), Wrong> {
    let lower = text.to_lowercase();
    if lower == "binaries" {
        return wrong(
            "`binaries` cannot name an image: that target gives the binaries of all",
            "choose another name",
        );
    }
    if RESERVED_NAMES.contains(&lower.as_str()) {
        return wrong(
            format!("`{text}` cannot name an image: it means something else to Docker"),
            "choose another name",
        );
    }
    if is_image_name(&lower) {
        return Ok(());
    }
    let help = "names begin with a letter, and are words of letters and digits with `.`, `_` or `-` between them";
    wrong(format!("{text:?} cannot name an image"), help)
}
