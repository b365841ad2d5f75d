//! Programs that run inside build steps: this same binary, under another subcommand.

pub mod opened;
pub mod resolve;
pub mod scan;
pub mod transferred;
