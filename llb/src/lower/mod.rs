//! The plan's outputs. LLB is the folder `llb`, a plain Dockerfile the folder `dockerfile`, the other
//! forms are a file each. What images hold is the same in all of them: `rootfs`, `image_config`.

mod accounts;
mod bake;
mod contexts;
mod dockerfile;
mod dynamic;
mod go_errors;
pub mod graph;
mod image_config;
mod llb;
mod mark;
mod named_images;
mod oci_labels;
mod platform;
mod rootfs;
mod start;

pub use accounts::{Accounts, GROUP_FILE, PASSWD_FILE};
pub use bake::{BakeOptions, bake};
pub use contexts::ContextUse;
pub use dockerfile::{CacheForm, DockerfileOptions, ModuleContext, dockerfile, open_arg};
pub use go_errors::{GoErrors, go_errors};
pub use image_config::{ConfigInput, check_env, image_config};
pub use llb::{
    GOLANG_PATH, LlbInputs, LlbOptions, Lowering, MODULES, MODULES_CONTEXT, MadeResults, NoCache,
    RESULTS_CONTEXT, RESULTS_VERSION, ResultsImage, ResultsLayers, Secret,
};
pub use mark::{Mark, missing};
pub use oci_labels::{LabelInput, annotations};
pub use platform::{docker_platform, go_target, parse_target, platforms};
pub use rootfs::{
    BINARY_DIR, CERTIFICATES, GROUP, LICENSES_DIR, PASSWD, PlacedBinary, ZONEINFO, binary_path,
    placed_binaries,
};
pub use start::{check_scratch, outlines};
