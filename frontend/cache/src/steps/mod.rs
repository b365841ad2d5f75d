//! What the program does as a step of a build, and how such steps find each other.

pub mod batch;
pub mod compile;
pub mod failure;
mod go;
pub mod go_trace;
pub mod link;
pub mod locks;
pub mod memo;
pub mod watch;
