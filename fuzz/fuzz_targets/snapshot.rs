//! Snapshots: only the bytes that a union wrote have its state hash. Raw bytes, and changes to a good snapshot.
#![no_main]

use comity_fuzz::{batch, block, charter, founded, snapshot};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use union::{Command, Hash, Payment, Union, pad_text};

/// A union in which something waits, something is settled and a leg is open.
static GOOD: LazyLock<(Vec<u8>, Hash)> = LazyLock::new(|| {
    let (mut union, time_ms) = founded();
    let today = union.today().0;
    let (identifier, name) = (pad_text("COOP").expect("short"), pad_text("Cooperativa").expect("short"));
    let mut records = vec![Command::RegisterParticipant { participant: 1, identifier, name }.encode()];
    for (id, amount) in [(1, 100), (2, 450), (3, 300), (4, 700)] {
        records.push(Command::Pay(Payment::new(id, 0, 1, 840, amount, today)).encode());
    }
    let first = block(&union, time_ms, batch(&union, 0, 1, &records, &[]).into_iter().collect());
    union.apply(&first).expect("the first block");
    let second = block(&union, union.open_cycle_row().closes_at_ms, Vec::new());
    union.apply(&second).expect("the second block");
    assert!(union.orders().open_count() > 0 && union.cycles()[0].legs_open > 0);
    (snapshot(&union), union.state())
});

fuzz_target!(|input: (Vec<(u16, u8)>, &[u8], bool)| {
    let (changes, raw, cut) = input;
    let (good, state) = &*GOOD;
    let mut bytes = if changes.is_empty() { raw.to_vec() } else { good.clone() };
    for (at, value) in changes {
        let at = usize::from(at) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
    }
    if cut {
        bytes.truncate(raw.len() * 8);
    }
    let read = Union::from_snapshot(charter(), &bytes, *state, 1);
    assert_eq!(read.is_ok(), bytes == *good, "only what the union wrote is believed");
});
