//! Tests of the program: what it prints, to whom, and with which exit code.
#![allow(missing_docs, reason = "tests document themselves")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod affected;
mod affected_formats;
mod behind;
mod below;
mod bill;
mod broken;
#[cfg(unix)]
mod cases;
mod contexts;
mod contract;
mod definition;
mod deploy;
mod doctor;
mod documented;
#[cfg(unix)]
mod engine;
mod errors;
mod examples;
mod explain;
mod fixes;
mod git_values;
#[cfg(unix)]
mod hazards;
mod ignored;
mod init;
mod inner_loop;
mod license_texts;
mod named_files;
mod opened;
mod output;
mod overlays;
#[cfg(unix)]
mod overwrite;
#[cfg(unix)]
mod pipeline;
#[path = "../property/proxy.rs"]
mod proxy;
#[cfg(unix)]
mod reach;
#[cfg(unix)]
mod rebuild;
mod reference;
mod reports;
mod rules;
mod sbom;
mod schemas;
mod secrets;
mod shown;
mod support;
mod vendored;
mod version;
mod vulnerable;
