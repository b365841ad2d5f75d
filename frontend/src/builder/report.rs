//! Failed steps, explained.

pub(super) mod resolve;
pub(super) mod step;
