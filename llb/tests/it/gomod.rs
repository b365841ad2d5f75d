//! Tests of gomod: against recordings of the go command, against the go command itself, and by properties.

mod go_command;
#[path = "../../examples/modfile.rs"]
#[allow(dead_code, reason = "the example's main is not for tests")]
mod modfile_example;
mod properties;
mod recorded;
mod tables;
