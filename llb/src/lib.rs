//! Go workspaces to container images: the library.
//!
//! ```text
//! tree ──► gomod, gosrc (parse) ──► workspace (modules) ──► packages (import graph) ──► resolution (what `go` chose)
//!                                                                                            │
//!                                           config + options + platform ──► plan (IR: steps, mounts, caches)
//!                                                                                            │
//!                                                            lower ──► LLB · Dockerfile · bake · graph
//! ```
//!
//! Arrows go one way. The library is pure, synchronous and deterministic: no clock, environment, randomness, hash order
//! or network; only `tree/local.rs` touches a disk. Parsers never panic: they return what they understood, with diagnostics.

pub mod diag;

pub mod tree;

pub mod gomod;
pub mod gosrc;

pub mod workspace;

pub mod packages;

pub mod resolution;

pub mod config;
pub mod plan;

pub mod image;
pub mod ops;

pub mod lower;
