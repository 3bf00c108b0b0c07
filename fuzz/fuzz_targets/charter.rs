//! Charters: any text is read or refused, and what is read founds a union that takes blocks.
#![no_main]

use comity_fuzz::{block, snapshot};
use libfuzzer_sys::fuzz_target;
use union::{Charter, Union};

fuzz_target!(|text: &str| {
    let Ok(charter) = Charter::parse(text) else { return };
    assert_eq!(charter.text(), text);
    let mut union = Union::new(charter.clone(), 0);
    // A day later, and up to a cycle's end if that is near.
    for time_ms in [union.time_ms() + union::DAY_MS, union.falls_due_at_ms()] {
        let next = block(&union, time_ms, Vec::new());
        if union.check(&next).is_ok() {
            union.apply(&next).expect("checked");
        }
    }
    let read = Union::from_snapshot(charter, &snapshot(&union), union.state(), 1).expect("its own snapshot");
    assert_eq!(read.state(), union.state());
});
