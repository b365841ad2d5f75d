//! The program `gowork-cache`. The library's first page says what a layer is.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words = std::env::args_os().skip(1);
    gowork_cache::run::run(
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
    )
}
