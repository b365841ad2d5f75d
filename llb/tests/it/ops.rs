//! Tests of ops: the oracle recorded from BuildKit's own client, and properties that need none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests to us, but not to clippy"
)]

mod cases;
mod errors;
mod image;
mod oracle;
mod properties;
mod render;
mod words;
