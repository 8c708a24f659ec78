#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(indelible_sim::fuzz::rdb(bytes)));
