//! The target `sums`: see `gowork_fuzz::sums`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gowork_fuzz::sums::check(data));
