//! The target `constraint`: see `gowork_fuzz::constraint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::constraint::check(data));
