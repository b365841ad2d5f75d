//! The plan's outputs, one file each; LLB is in `llb` and `runtime`, the image config in `config`.

mod config;
mod dockerfile;
mod llb;
mod runtime;

pub use config::{ConfigInput, image_config};
pub use dockerfile::{CacheForm, DockerfileOptions, dockerfile, open_arg};
pub use llb::{LlbOptions, Lowering, Materials, NoCache};
pub use runtime::{BINARY_DIR, CERTIFICATES, ZONEINFO};
