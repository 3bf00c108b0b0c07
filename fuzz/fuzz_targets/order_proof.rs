//! Proofs of order events: what is read has the same bytes again, and under a header of the small union nothing is proved
//! that did not happen. Raw bytes, and changes to a good proof.
#![no_main]

use comity_fuzz::{batch, block, founded};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use union::{Applied, Command, Event, Hash, OrderProof, Payment, StateParts};

struct Good {
    proof: Vec<u8>,
    applied: Applied,
    header: Hash,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let (mut union, time_ms) = founded();
    let record = |id| Command::Pay(Payment::new(id, 0, 1, 840, 5, union.today().0)).encode();
    let records: Vec<_> = (1..=20).map(record).collect();
    let batches = batch(&union, 0, 1, &records, &[]).into_iter().collect();
    let mut parts: Vec<StateParts> = vec![union.state_parts()];
    let applied = union.apply(&block(&union, time_ms, batches)).expect("the first block");
    parts.push(applied.parts);
    for _ in 0..2 {
        parts.push(union.apply(&block(&union, time_ms, Vec::new())).expect("the next block").parts);
    }
    // The header names the state after block 3, two links above block 1.
    let header = *block(&union, time_ms, Vec::new()).header();
    let proof = OrderProof::new(&applied, 17, header, |height| parts.get(height as usize).copied());
    Good { proof: proof.expect("a proof").encode(), applied, header: header.hash() }
});

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>, u16)| {
    let (raw, changes, length) = input;
    look_at(raw);
    let mut changed = GOOD.proof.clone();
    for (at, value) in changes {
        let at = usize::from(at) % changed.len();
        changed[at] = value;
    }
    changed.truncate(usize::from(length).max(GOOD.proof.len() / 2));
    look_at(&changed);
    changed.extend_from_slice(raw);
    look_at(&changed);
});

fn look_at(raw: &[u8]) {
    let Ok(proof) = OrderProof::decode(raw) else { return };
    assert_eq!(proof.encode(), raw);
    match proof.check() {
        Ok((event, header)) if header == GOOD.header => assert!(GOOD.applied.events.contains(&Event::Order(event))),
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
