//! The target `embed`: see `gowork_fuzz::embed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::embed::check(data));
