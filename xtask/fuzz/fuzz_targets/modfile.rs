//! The target `modfile`: see `gowork_fuzz::modfile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::modfile::check(data));
