//! Records: what is read encodes to the same bytes again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use union::Command;

fuzz_target!(|record: [u8; 128]| {
    if let Ok(command) = Command::decode(&record) {
        assert_eq!(command.encode(), record);
    }
});
