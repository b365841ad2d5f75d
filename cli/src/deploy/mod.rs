//! Files that run images: what an image is configured as in, the text of a file out.

mod compose;
mod quadlet;
mod service;
mod span;
mod unit;
mod volume;

pub(crate) use compose::{ComposeOptions, compose};
pub(crate) use quadlet::quadlet;
pub(crate) use service::service;
