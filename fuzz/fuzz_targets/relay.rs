//! Messages between nodes about blocks: what is read is whole and within its bounds. Raw bytes, and announcements of blocks.
#![no_main]

use comity_fuzz::{batch, block, founded};
use libfuzzer_sys::fuzz_target;
use network::fuzzing::relayed;

fuzz_target!(|input: (&[u8], u8, Vec<(u16, u8)>)| {
    let (raw, batches, changes) = input;
    look_at(raw);
    let (union, time_ms) = founded();
    let batches = (1..=u64::from(batches % 4)).filter_map(|sequence| batch(&union, 0, sequence, &[[7; 128]], &[]));
    let block = block(&union, time_ms, batches.collect());
    let mut message = vec![0];
    message.extend_from_slice(block.header_bytes());
    block.batches().iter().for_each(|batch| message.extend_from_slice(&batch.id()));
    assert_eq!(relayed(&message), Some((0, block.batches().len())), "an announcement of a block");
    let good = message.clone();
    for (at, value) in changes {
        let at = usize::from(at) % message.len();
        message[at] = value;
    }
    if message[0] == 0 && message[129..] != good[129..] && message[..129] == good[..129] {
        assert_eq!(relayed(&message), None, "the header names other batches");
    }
    message.extend_from_slice(raw);
    look_at(&message);
});

fn look_at(message: &[u8]) {
    match relayed(message) {
        None => {}
        Some((0, batches)) => assert_eq!(message.len(), 1 + 128 + 32 * batches),
        Some((1, batches)) => assert_eq!(message.len(), 1 + 32 + 2 * batches),
        Some((tag, batches)) => assert!(tag == 2 && batches == 1 && message.len() >= 1 + 32 + 2),
    }
}
