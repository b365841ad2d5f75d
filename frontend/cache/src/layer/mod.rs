//! Layers of compile results on disk. `format` says what a layer is; `read` and `write` are the two
//! ends of a go command's cache; `parts` makes one layer into several; `image` reads those of a
//! results image.

pub mod format;
pub mod image;
pub mod parts;
pub mod read;
pub mod write;
