//! gowork as a BuildKit frontend: everything async, and everything that speaks to the daemon.
//!
//! [`run`] is the program: connect, read the options, build ([`builder`]), return the result or the
//! error. All the rest serves the builder: the [`gateway`] with its calls, the build's [`opts`],
//! its [`context`], the [`subrequests`], the [`result`] and the [`error`].

pub mod builder;
pub mod context;
pub mod error;
pub mod gateway;
pub mod opts;
pub mod result;
mod serve;
pub mod steps;
pub mod subrequests;
pub mod version;

pub use serve::{run, serve};
