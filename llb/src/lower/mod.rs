//! The plan's outputs, one file each: LLB here and in `runtime`, other forms beside them.

mod dockerfile;
mod llb;
mod runtime;

pub use dockerfile::{CacheForm, DockerfileOptions, dockerfile, open_arg};
pub use llb::{LlbOptions, Lowering, Materials, NoCache};
pub use runtime::{BINARY_DIR, CERTIFICATES, ZONEINFO};
