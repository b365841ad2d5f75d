//! gowork as a BuildKit frontend: everything async, and everything that speaks to the daemon.

pub mod error;
pub mod gateway;
pub mod opts;
pub mod result;
pub mod steps;
pub mod subrequests;
