//! What the program does as a step of a build. `compile`, `link`, `batch`, `watch` and `failure` are
//! words of its command line, and `git` is another name of the program; `memo` and `locks` are how
//! such steps share results and wait for each other.

pub mod batch;
pub mod compile;
pub mod description;
pub mod failure;
pub mod git;
mod go;
pub mod go_trace;
pub mod link;
pub mod locks;
pub mod memo;
pub mod watch;
