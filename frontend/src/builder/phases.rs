//! The phases of a build, one file each.

pub(super) mod inputs;
pub(super) mod linker_check;
pub(super) mod outline;
pub(super) mod resolve;
pub(super) mod scan;
