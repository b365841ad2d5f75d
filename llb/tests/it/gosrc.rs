//! Tests of gosrc, most of them against the go command.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails here is a failed test"
)]

mod calls;
mod constraint;
mod embed;
pub(crate) mod go;
mod header;
mod importdir;
mod main_func;
mod selection;
mod shape;
mod soup;
