//! What a journal begins with, and files of founders' signatures: read strictly or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use union::{Founding, Signatures};

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>)| {
    let (raw, changes) = input;
    look_at(raw);
    // A good one with some of its bytes set to others.
    let mut bytes = comity_fuzz::founding(comity_fuzz::charter()).genesis();
    for (at, value) in changes {
        let at = usize::from(at) % bytes.len();
        bytes[at] = value;
    }
    look_at(&bytes);
});

fn look_at(bytes: &[u8]) {
    if let Ok(founding) = Founding::from_genesis(bytes) {
        assert_eq!(founding.genesis(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(signatures) = Signatures::parse(text) {
        assert_eq!(Signatures::parse(&signatures.text()), Ok(signatures.clone()));
    }
}
