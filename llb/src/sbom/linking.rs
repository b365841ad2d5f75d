//! What is looked at to find out what binaries hold.

use std::collections::BTreeMap;

use crate::plan::{BuildIx, Plan};
use crate::resolution::Resolution;
use crate::workspace::Workspace;

/// What is linked, and what the go command chose for it.
#[derive(Debug, Clone, Copy)]
pub struct Linking<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The modules that it was made of.
    pub workspace: &'a Workspace,
    /// What `go` chose, as it was given to the planner.
    pub resolutions: &'a BTreeMap<BuildIx, Resolution>,
}
