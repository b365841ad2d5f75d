//! Programs that run inside build steps: this same binary, under another subcommand.

pub mod git;
pub mod license_texts;
pub mod licenses;
pub mod opened;
pub mod resolve;
pub mod scan;
pub mod transferred;
