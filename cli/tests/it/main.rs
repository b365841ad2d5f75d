//! Tests of the program: what it prints, to whom, and with which exit code.
#![allow(missing_docs, reason = "tests document themselves")]

mod errors;
mod examples;
mod output;
mod support;
