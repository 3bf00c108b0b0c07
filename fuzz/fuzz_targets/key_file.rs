//! Key files: no panic, and nothing that was not encrypted with the passphrase is a key.
#![no_main]

use keys::key_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert!(key_file::decode(text, "passphrase").is_err());
});
