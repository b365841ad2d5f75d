//! Tests of gomod: against recordings of the go command, against the go command itself, and by
//! properties.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test checks with may panic"
)]

mod go_command;
#[path = "../../examples/modfile.rs"]
#[allow(dead_code, reason = "the example's main is not for tests")]
mod modfile_example;
mod properties;
mod recorded;
mod tables;
mod write;
