//! The answers to one go command. `protocol` is the wire form, `serve` the conversation, `store`
//! decides where results come from and where they go, `usage_log` lists those that stay in a cache
//! mount.

pub mod protocol;
pub mod serve;
pub mod store;
pub mod usage_log;
