//! What git says of the commit that is built, for a go command that stamps it into programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{VERSION, Version};

/// The file with a [`Checkout`]. A link has it in the directory `.git` of its sources.
pub const CHECKOUT: &str = "gowork.json";

/// What git says of a commit and of the files that were checked out from it: as much as
/// `go build -buildvcs=true` asks (cmd/go/internal/vcs, `gitStatus`, for the commit;
/// cmd/go/internal/modfetch, `codeRepo`, for the version of the main module).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkout {
    /// Version of this form.
    pub version: Version<VERSION>,
    /// The commit: 40 lower-case hex digits, or 64 if the repository has SHA-256.
    pub revision: String,
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// Whether files differ from the commit, or others lie beside them.
    pub modified: bool,
    /// The tags on it that may be versions of modules: `v1.2.3`, `sub/v1.2.3`. Sorted.
    pub tags: Vec<String>,
    /// Such tags on it and on the commits before it. Sorted.
    pub tags_before: Vec<String>,
    /// Its go.mod files: of each the lines that may name the module.
    pub mod_files: BTreeMap<String, String>,
}
