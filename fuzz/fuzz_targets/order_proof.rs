//! Proofs of order events: what is read has the same bytes again, and under a header of the small union nothing is proved
//! that did not happen. Raw bytes, and changes to a good proof.
#![no_main]

use comity_fuzz::good_proof;
use libfuzzer_sys::fuzz_target;
use union::{Event, OrderProof};

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>, u16)| {
    let (raw, changes, length) = input;
    look_at(raw);
    let good = good_proof();
    let mut changed = good.bytes.clone();
    for (at, value) in changes {
        let at = usize::from(at) % changed.len();
        changed[at] = value;
    }
    changed.truncate(usize::from(length).max(good.bytes.len() / 2));
    look_at(&changed);
    changed.extend_from_slice(raw);
    look_at(&changed);
});

fn look_at(raw: &[u8]) {
    let Ok(proof) = OrderProof::decode(raw) else { return };
    assert_eq!(proof.encode(), raw);
    match proof.check() {
        Ok((event, header)) if header == good_proof().header => {
            assert!(good_proof().applied.events.contains(&Event::Order(event)))
        }
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
