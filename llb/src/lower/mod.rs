//! The plan's outputs, one file each: LLB here and in `runtime`, image configs in `config`, other forms beside them.

mod bake;
mod compiler;
mod config;
mod dockerfile;
pub mod graph;
mod llb;
mod runtime;

pub use bake::bake;
pub use config::{ConfigInput, image_config};
pub use dockerfile::{CacheForm, DockerfileOptions, dockerfile, open_arg};
pub use llb::{LlbOptions, Lowering, Materials, NoCache};
pub use runtime::{BINARY_DIR, CERTIFICATES, GROUP, PASSWD, ZONEINFO};
