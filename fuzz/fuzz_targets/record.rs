//! A record of the journal: no panic; what is whole has the length that its header says.
#![no_main]

use journal::parse_record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, &[u8])| {
    let (salt, bytes) = input;
    if let Ok((_, payload)) = parse_record(bytes, salt) {
        assert!(payload.len() < bytes.len(), "a record has a header");
    }
});
