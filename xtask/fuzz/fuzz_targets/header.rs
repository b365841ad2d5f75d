//! The target `header`: see `gowork_fuzz::header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::header::check(data));
