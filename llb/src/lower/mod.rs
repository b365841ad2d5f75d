//! The plan's outputs, one file each: LLB here and in `runtime`, other forms beside them.

mod config;
mod llb;
mod runtime;

pub use config::{ConfigInput, image_config};
pub use llb::{LlbOptions, Lowering, Materials, NoCache};
pub use runtime::{BINARY_DIR, CERTIFICATES, ZONEINFO};
