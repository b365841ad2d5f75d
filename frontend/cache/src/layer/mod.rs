//! A layer of compile results on disk: its form, reading it, writing it.

pub mod read;
pub mod write;
