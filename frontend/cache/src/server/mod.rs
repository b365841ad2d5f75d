//! The answers to one go command: the protocol, and where results are looked for and kept.

pub mod protocol;
pub mod serve;
pub mod store;
pub mod usage_log;
