//! The resolve step with the real go command and modules of the public proxy. The oracle is an
//! ordinary build with the same sources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod packages;
mod proxies;
mod refused;
mod shared_cache;
mod vendored;
mod workspace;
