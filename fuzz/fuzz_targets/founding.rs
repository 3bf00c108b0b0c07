//! What a journal begins with, and files of founders' signatures: read strictly or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use union::{Founding, Signatures};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(founding) = Founding::from_genesis(bytes) {
        assert_eq!(founding.genesis(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(signatures) = Signatures::parse(text) {
        assert_eq!(Signatures::parse(&signatures.text()), Ok(signatures.clone()));
        assert!(signatures.unsigned(&comity_fuzz::charter()).is_some(), "nobody has signed the small union's charter");
    }
});
