//! Blocks: what is read has the same bytes again. The bytes are also laid over those of a good block.
#![no_main]

use comity_fuzz::{batch, block, bytes, founded};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use union::{Batch, Block, Command, Payment};

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (union, time_ms) = founded();
    let record = |id| Command::Pay(Payment::new(id, 0, 1, 840, 5, union.today().0)).encode();
    let batches = [
        batch(&union, 0, 1, &[record(1), record(2)], &[(1, b"sealed".to_vec())]),
        batch(&union, 1, 1, &[record(3)], &[]),
    ];
    bytes(&block(&union, time_ms, batches.into_iter().flatten().collect()))
});

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>, u16)| {
    let (raw, changes, length) = input;
    look_at(raw);
    let mut changed = GOOD.clone();
    for (at, value) in changes {
        let at = usize::from(at) % changed.len();
        changed[at] = value;
    }
    changed.truncate(usize::from(length).max(GOOD.len() / 2));
    look_at(&changed);
    changed.extend_from_slice(raw);
    look_at(&changed);
});

fn look_at(raw: &[u8]) {
    if let Ok(block) = Block::decode(raw, Batch::from_journal) {
        assert_eq!(bytes(&block), raw);
        let (mut union, time_ms) = founded();
        // A block in the year 9000 closes a million cycles: right, but slow.
        let is_near = block.header().time_ms < time_ms + 1_000 * union::DAY_MS;
        if is_near && union.check(&block).is_ok() {
            union.apply(&block).expect("checked");
            assert!(union.ledger().sums().values().all(|&sum| sum == 0));
        }
    }
}
