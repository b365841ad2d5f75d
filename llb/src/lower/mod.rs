//! The plan's outputs, one file each: LLB in `llb`, `sources` and `runtime`, image configs in
//! `config`, other forms beside them.

mod ahead;
mod bake;
mod compiler;
mod config;
mod dockerfile;
mod failures;
mod go_errors;
pub mod graph;
mod llb;
mod mark;
mod materials;
mod platform;
mod progress;
mod runtime;
mod sources;
mod start;
mod words;

pub use bake::{BakeOptions, bake};
pub use config::{ConfigInput, check_env, image_config};
pub use dockerfile::{CacheForm, DockerfileOptions, dockerfile, open_arg};
pub use go_errors::{GoErrors, go_errors};
pub use llb::Lowering;
pub use mark::Mark;
pub use materials::{LlbOptions, Materials, NoCache};
pub use platform::{docker_platform, go_target, parse_target};
pub use runtime::{BINARY_DIR, CERTIFICATES, GROUP, PASSWD, ZONEINFO};
pub use start::check_scratch;
