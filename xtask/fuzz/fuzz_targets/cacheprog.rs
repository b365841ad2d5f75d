//! The target `cacheprog`: see `gowork_fuzz::cacheprog`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::cacheprog::check(data));
