//! What must hold of gowork's readers for any bytes: one module a fuzz target, each with a property
//! beyond "no panic".
//!
//! `cargo xtask fuzz TARGET` looks for bytes that break one; the test `corpora` replays what is in
//! `corpus/`, without any fuzzer. A `check` panics where its property does not hold, which is what
//! both count as a finding.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a property that does not hold is a panic"
)]

pub mod cacheprog;
pub mod calls;
pub mod config;
pub mod constraint;
pub mod embed;
pub mod header;
pub mod modfile;
mod places;
pub mod sums;

/// Panics if the property does not hold for these bytes.
pub type Check = fn(&[u8]);

/// Every target with its check.
pub const TARGETS: [(&str, Check); 8] = [
    ("modfile", modfile::check),
    ("sums", sums::check),
    ("header", header::check),
    ("constraint", constraint::check),
    ("embed", embed::check),
    ("calls", calls::check),
    ("config", config::check),
    ("cacheprog", cacheprog::check),
];
