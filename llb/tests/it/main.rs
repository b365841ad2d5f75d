//! One test binary for the library: one file a stage, `tidy` for the house rules.
#![allow(
    clippy::disallowed_methods,
    reason = "tests read fixtures and run the real go command"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]
#![allow(missing_docs, reason = "tests document themselves")]

mod config;
mod contexts;
mod contracts;
mod excluded;
mod gomod;
mod gosrc;
mod included;
mod keys;
mod licenses;
mod limits;
mod links;
mod lint;
mod lower;
mod names;
mod opened;
mod ops;
mod plan;
mod programs;
mod refused;
mod repository;
mod resolution;
mod roots;
mod support;
mod tidy;
mod tree;
mod unusual_modules;
mod workspace;
mod workspace_go;
