//! Programs that run inside build steps: this same binary, under another subcommand.

pub mod scan;
pub mod transferred;
