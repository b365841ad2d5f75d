//! One test binary for the frontend: one file a room, against scripted gateways and a server of the
//! real protocol.
#![allow(missing_docs, reason = "tests document themselves")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod bridge;
mod calls;
mod context;
mod error;
mod failed_step;
mod faults;
mod git_ref;
mod git_step;
mod git_values;
mod license_texts_step;
mod licenses_step;
mod limits;
mod logins;
mod old_builders;
mod opened_step;
mod opts;
mod result;
mod round_trips;
mod sbom;
mod scripted;
mod subrequests;
mod transport;
