//! Proofs that an order came to a status: all that can be made check, and nothing else does.

use crate::chain::{Chain, behind, replay};
use crate::drafts::{steps, terms};
use crate::scene::{A, B, Terms};
use proptest::prelude::*;
use std::collections::BTreeSet;
use union::{
    Applied, Batch, Block, BlockHeader, Command, Event, Hash, ORDER_PROOF_BYTES_MAX, OrderEvent, OrderProof,
    OrderProofError, OrderRecord, Payment, RECORDS_A_LEAF, StateParts, Union,
};

/// A chain with everything that a prover keeps.
struct Kept {
    /// By height.
    parts: Vec<StateParts>,
    applied: Vec<Applied>,
    headers: Vec<BlockHeader>,
}

impl Kept {
    fn of(terms: &Terms, chain: &Chain) -> Kept {
        let mut union = Union::new(terms.charter(), 0);
        let genesis = union.state_parts();
        assert_eq!(genesis.hash(), union.state());
        let applied = replay(&mut union, &chain.blocks);
        let parts = std::iter::once(genesis).chain(applied.iter().map(|applied| applied.parts)).collect();
        let header = |bytes: &Vec<u8>| *Block::decode(bytes, Batch::from_journal).expect("a block").header();
        Kept { parts, applied, headers: chain.blocks.iter().map(header).collect() }
    }

    fn prove(&self, applied: &Applied, index: u64, header: &BlockHeader) -> Option<OrderProof> {
        OrderProof::new(applied, index, *header, |height| self.parts.get(height as usize).copied())
    }
}

fn order_events(applied: &Applied) -> Vec<OrderEvent> {
    let order = |event: &Event| if let Event::Order(order) = event { Some(*order) } else { None };
    applied.events.iter().filter_map(order).collect()
}

/// What bytes prove, if anything.
fn proved(bytes: &[u8]) -> Result<(OrderEvent, Hash), OrderProofError> {
    let proof = OrderProof::decode(bytes)?;
    assert_eq!(proof.encode(), bytes, "what is read has the same bytes again");
    proof.check()
}

/// A number of links, as the bytes have it.
fn links(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[16..24].try_into().unwrap())
}

/// Blocks with these numbers of orders, naming states so far behind.
fn chain_of(orders: &[u64], behind: &[u32]) -> (Terms, Chain) {
    let terms = Terms::of(2);
    let mut chain = Chain::new(&terms, behind);
    let mut id = 0;
    for &count in orders {
        let mut record = || {
            id += 1;
            let order = Payment::new(id, A, B, 840, id as u64, chain.union.today().0);
            (A, Command::Pay(order).encode())
        };
        let records: Vec<_> = (0..count).map(|_| record()).collect();
        chain.apply(&records);
    }
    (terms, chain)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every order event has a proof under every header that names its block's state or a later one, and under no
    /// other; under the first such header there is at most one link.
    #[test]
    fn every_order_event_has_a_proof(terms in terms(), steps in steps(60), per_block in 1..30_usize, behind in behind()) {
        let mut chain = Chain::new(&terms, &behind);
        for steps in steps.chunks(per_block) {
            chain.time_ms += steps.iter().map(|step| u64::from(step.minutes) * 60_000).sum::<u64>();
            let records: Vec<_> = steps.iter().map(|step| step.record(&chain.union)).collect();
            chain.apply(&records);
        }
        for _ in 0..4 {
            chain.apply(&[]);
        }
        let kept = Kept::of(&terms, &chain);
        for applied in &kept.applied {
            let events = order_events(applied);
            let mut is_first = true;
            for header in &kept.headers {
                let names_it = header.state_height().expect("a header that was taken") >= applied.height;
                for (index, event) in (0..).zip(&events) {
                    let proof = kept.prove(applied, index, header);
                    prop_assert_eq!(proof.is_some(), names_it);
                    let Some(proof) = proof else { continue };
                    prop_assert_eq!(proof.check(), Ok((*event, header.hash())));
                    prop_assert_eq!((proof.parts(), proof.header()), (&applied.parts, header));
                    let bytes = proof.encode();
                    prop_assert_eq!(proved(&bytes), Ok((*event, header.hash())));
                    prop_assert!(!is_first || links(&bytes) <= 1, "{} links", links(&bytes));
                }
                is_first &= !names_it;
                prop_assert!(kept.prove(applied, events.len() as u64, header).is_none(), "an event that is not there");
            }
        }
    }
}

/// Every number of events around what a leaf holds: any flipped bit proves nothing, or the event under a header that nobody
/// signed.
#[test]
fn every_bit_of_a_proof_counts() {
    for (count, behind) in [(1, 0), (15, 1), (16, 0), (17, 2), (33, 3)] {
        // Block 1 names the foundation; then none is final for a while.
        let (terms, chain) = chain_of(&[count, 1, 0, 2, 0, 0], &[0, behind, behind, behind, 0]);
        let kept = Kept::of(&terms, &chain);
        let events = order_events(&kept.applied[0]);
        let header = kept.headers.iter().find(|header| header.state_height() > Some(1)).expect("a later header");
        for index in [0, count / 2, count - 1] {
            let good = kept.prove(&kept.applied[0], index, header).expect("a proof").encode();
            let event = events[index as usize];
            assert_eq!(proved(&good), Ok((event, header.hash())));
            assert_eq!(links(&good), 1);
            for bit in 0..good.len() * 8 {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                match proved(&bad) {
                    Ok((same, hash)) => {
                        assert!(bit / 8 >= good.len() - 128, "bit {bit} of {count}");
                        assert_eq!(same, event);
                        assert_ne!(hash, header.hash(), "bit {bit} of {count}");
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            for length in 0..good.len() {
                assert!(proved(&good[..length]).is_err(), "cut to {length} bytes");
            }
            let format = |text| Err(OrderProofError::Format(text));
            assert_eq!(proved(&[&good[..], &[0]].concat()), format("bytes follow its header"));
        }
    }
    let too_long = vec![0; ORDER_PROOF_BYTES_MAX + 1];
    assert_eq!(proved(&too_long), Err(OrderProofError::Format("it is longer than a proof may be")));
}

/// Parts of proofs of the same chain in the place of one another, each whole by itself.
#[test]
fn swapped_parts_prove_nothing() {
    let (terms, chain) = chain_of(&[3, 2, 3, 1, 0, 0, 0], &[0, 1, 1, 0, 0, 1, 0]);
    let kept = Kept::of(&terms, &chain);
    let mut good = Vec::new();
    for (at, applied) in kept.applied.iter().enumerate() {
        for header in &kept.headers {
            let proofs = (0..3).filter_map(|index| kept.prove(applied, index, header));
            good.extend(proofs.map(|proof| (at, proof.encode())));
        }
    }
    let known: BTreeSet<Vec<u8>> = good.iter().map(|(_, bytes)| bytes.clone()).collect();
    let mut swapped = 0;
    for (_, left) in &good {
        for (_, right) in good.iter().filter(|(_, right)| right.len() == left.len()) {
            // Parts of the state, the order, the first record, what follows it, the header.
            let cuts = [0, 24, 216, 344, 408, left.len() - 128, left.len()];
            for (from, to) in cuts.into_iter().flat_map(|from| cuts.map(|to| (from, to))).filter(|(from, to)| from < to)
            {
                let mut mixed = left.clone();
                mixed[from..to].copy_from_slice(&right[from..to]);
                if known.contains(&mixed) {
                    continue;
                }
                swapped += 1;
                assert!(proved(&mixed).is_err(), "bytes {from} to {to}");
            }
        }
    }
    assert!(swapped > 1_000, "{swapped} were tried");
}

/// Where every block names the state before it, a later header reaches back block by block, until a proof would be too long.
#[test]
fn links_chain_back() {
    let mut orders = vec![1; 400];
    orders[399] = 0;
    let (terms, chain) = chain_of(&orders, &[0]);
    let kept = Kept::of(&terms, &chain);
    let mut longest = 0;
    for (named, header) in kept.headers.iter().enumerate().skip(1) {
        match kept.prove(&kept.applied[0], 0, header) {
            None => assert!(named > 280, "under the header that names block {named}"),
            Some(proof) => {
                let bytes = proof.encode();
                assert_eq!(links(&bytes), named as u64 - 1);
                assert_eq!(proved(&bytes).map(|(event, _)| event.payment.id), Ok(1));
                longest = longest.max(bytes.len());
            }
        }
    }
    assert!((ORDER_PROOF_BYTES_MAX - 224..=ORDER_PROOF_BYTES_MAX).contains(&longest), "{longest} bytes");

    // Whoever lacks the parts on the way makes no proof.
    let header = &kept.headers[9];
    assert!(OrderProof::new(&kept.applied[0], 0, *header, |_| None).is_none());
    assert!(OrderProof::new(&kept.applied[8], 0, *header, |_| None).is_some());
}

/// Wrong in one thing each, in words.
#[test]
fn errors_say_what_is_wrong() {
    let (terms, chain) = chain_of(&[20, 1, 0, 0, 0], &[0, 0, 2]);
    let kept = Kept::of(&terms, &chain);
    // Block 4 names the state after block 3, which remembers those after blocks 1 and 2.
    let good = kept.prove(&kept.applied[0], 17, &kept.headers[3]).expect("a proof").encode();
    assert_eq!(good.len(), 1048, "as in docs/order-proof.md");
    assert_eq!((links(&good), proved(&good).map(|(event, _)| event.payment.id)), (1, Ok(18)));
    let changed = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        proved(&bad).expect_err("not a proof").to_string()
    };
    let (order, records, header) = (24 + 224, 24 + 224 + 128, good.len() - 128);
    let link = records + 4 * 64 + 32;
    assert_eq!(header, link + 224 + 32);
    let among = "the records are not among the order events that the state after block 1 has";
    let other = "the order is another than the one that its record has";
    for (at, bytes, expected) in [
        (0, &b"COMITYO2"[..], "not a proof of an order: it does not begin with COMITYO1"),
        (8, &[20], "not a proof of an order: the block has fewer order events than its place says"),
        (16, &[0], "not a proof of an order: its last bytes are not the header of a block"),
        (16, &[2], "not a proof of an order: it is cut off"),
        (24 + 200, &[9], "not a proof of an order: a state comes before one that it remembers"),
        (24, &[0; 32], "the state after block 3 does not remember the state after block 1 that is shown"),
        (8, &[18], other),
        (24 + 160, &[0; 32], among),
        (order, &[3], "not a proof of an order: its order is not that of a payment"),
        (order + 64, &[99], other),
        (records + 64, &[99], other),
        (records + 56, &[8], "not a proof of an order: a record is not that of an order event"),
        (records + 63, &[1], "not a proof of an order: a record is not that of an order event"),
        (records + 32, &[99], among),
        (link - 32, &[0; 32], among),
        (link, &[0; 32], "the header names another state after block 3 than the one that is shown"),
        (link + 128, &[0; 32], "the state after block 3 does not remember the state after block 1 that is shown"),
        (header, b"COMITYK1", "not a proof of an order: its last bytes are not the header of a block"),
        (header + 8, &[3], "the header names the state after block 2, and the proof ends with that after block 3"),
        (header + 28, &[9], "not a proof of an order: its last bytes are not the header of a block"),
        (header + 64, &[0; 32], "the header names another state after block 3 than the one that is shown"),
    ] {
        assert_eq!(changed(at, bytes), expected, "at {at}");
    }
    assert_eq!(RECORDS_A_LEAF, 16);
}

#[test]
fn a_record_is_read_strictly() {
    let (_, mut chain) = chain_of(&[], &[0]);
    let order = Payment::new(7, A, B, 840, 9, chain.union.today().0);
    let event = order_events(&chain.apply(&[(A, Command::Pay(order).encode())]))[0];
    let record = OrderRecord::encode(&event);
    assert_eq!((record.decode(&order), record.order()), (Some(event), order.digest()));
    assert_eq!(record.decode(&Payment { amount: 10, ..order }), None);
    let bytes: [u8; 64] = bytemuck::cast(record);
    for bit in 0..64 * 8 {
        let mut bad = bytes;
        bad[bit / 8] ^= 1 << (bit % 8);
        match bytemuck::cast::<_, OrderRecord>(bad).decode(&order) {
            Some(other) => {
                assert_eq!(bytemuck::cast::<_, [u8; 64]>(OrderRecord::encode(&other)), bad, "bit {bit}");
                assert!((32..58).contains(&(bit / 8)), "bit {bit}");
            }
            None => assert!(!(32..52).contains(&(bit / 8)), "bit {bit}"),
        }
    }
}
