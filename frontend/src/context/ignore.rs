//! `.dockerignore`: its text as patterns. The client applies them, so nothing here matches.

use gowork_llb::tree::Ignore;

/// The patterns of an ignore file, in order, in the form BuildKit takes them.
pub fn parse(text: &[u8]) -> Vec<String> {
    Ignore::parse(text).patterns()
}
