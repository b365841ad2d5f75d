//! The target `config`: see `gowork_fuzz::config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::config::check(data));
