//! The program `gowork-cache`. The library's first page says what a layer is.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let name = words.next().unwrap_or_default();
    gowork_cache::run::run(&name, words.collect())
}
