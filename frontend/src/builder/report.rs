//! Failed steps, explained: which step it was, and what the go command said, with places in the
//! user's files.

pub(super) mod resolve;
pub(super) mod step;
