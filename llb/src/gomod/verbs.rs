//! The verbs of mod files: which directives each kind of file may have.

/// Every verb of a go.mod file.
pub(super) const MOD: &[&str] = &[
    "module",
    "go",
    "toolchain",
    "godebug",
    "require",
    "exclude",
    "replace",
    "retract",
    "tool",
    "ignore",
];

/// The verbs that may have a block in a go.mod file.
pub(super) const MOD_BLOCKS: &[&str] = &[
    "module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore",
];

/// The verbs that matter in the go.mod of a dependency.
pub(super) const DEPENDENCY: &[&str] = &["go", "module", "retract", "require", "ignore"];

/// Every verb of a go.work file.
pub(super) const WORK: &[&str] = &["go", "toolchain", "godebug", "use", "replace"];

/// The verbs that may have a block in a go.work file.
pub(super) const WORK_BLOCKS: &[&str] = &["godebug", "use", "replace"];
