#![doc = include_str!("../README.md")]

pub mod diag;
pub mod limits;
mod text_type;

pub mod tree;

pub mod gomod;
pub mod gosrc;

pub mod workspace;

pub mod packages;

pub mod resolution;

pub mod config;
pub mod lint;
pub mod plan;

pub mod image;
pub mod ops;

pub mod keys;
pub mod licenses;
pub mod lower;
pub mod sbom;

mod batches;
#[cfg(feature = "local")]
mod repository;
#[cfg(feature = "local")]
pub use repository::{PlanError, Repository};
