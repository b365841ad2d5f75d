//! The phases of a build, one file each, in their order: read the definition file, ask what the
//! stages of a Dockerfile take, make what is laid over the repository, scan the sources, once more if
//! named contexts have some of the modules, ask git about the commit, outline the images, find those
//! whose binaries the stages take, look up the inputs, read the users of what an image is built upon,
//! resolve modules; with a finished image, check its dynamic linker, and write its config and its
//! SBOM, with the licences of modules and the versions that binaries say.
//!
//! A phase knows the session and what earlier phases found. It does not know the walk above it.

pub(super) mod accounts;
mod build_info;
pub(super) mod contexts;
pub(super) mod definition;
pub(super) mod git;
pub(super) mod image_config;
pub(super) mod inputs;
pub(super) mod licenses;
pub(super) mod linker_check;
mod made;
pub(super) mod opened;
pub(super) mod outline;
pub(super) mod overlays;
pub(super) mod resolve;
pub(super) mod sbom;
pub(super) mod scan;
pub(super) mod stage_list;
pub(super) mod stages;
mod taken;
