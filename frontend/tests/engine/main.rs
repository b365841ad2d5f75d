//! The frontend on a real BuildKit: one file a promise. Each test reads from BuildKit's own records
//! what ran and what was cached.
//!
//! They need an engine and a frontend image: `cargo xtask test` provides both, and runs them one at
//! a time, for they share the engine's cache.
#![allow(missing_docs, reason = "tests document themselves")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

#[path = "../../../cli/tests/it/bill.rs"]
mod bill;
mod engine;
mod kinds;
mod layout;
mod leaks;
mod mounts;
mod predicted;
mod records;
mod repository;
mod server;

mod arm64;
mod bad_input;
mod bake;
mod bases;
mod behind;
mod binaries;
mod builder_stage;
mod cases;
mod cgo;
mod checks;
mod checksum_database;
mod clock;
mod closed_network;
mod contexts;
mod debug;
mod edits;
mod elsewhere;
mod exports;
mod files_from_stages;
mod git_values;
mod identical;
mod image;
mod image_names;
mod installing;
mod license_texts;
mod licenses;
mod limits;
mod links;
mod made;
mod names;
mod opened;
mod options;
mod others;
mod outputs;
mod overlays;
mod predictions;
mod private_git;
mod provenance;
mod published;
mod reproducible;
mod results;
mod rows;
mod runtime;
mod runtime_stages;
mod sbom;
mod secrets;
mod shared;
mod signing;
mod smoke;
mod ssh;
mod stages;
mod stages_as_docker;
mod stages_tools;
mod stages_without_binaries;
mod stamps;
mod tiers;
mod users;
mod variants;
mod ways;
mod workspaces;
