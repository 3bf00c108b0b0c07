//! Blocks on top of blocks that are not final: what a header may name, what is remembered for that, and tips.

use crate::chain::{Chain, behind, bytes, snapshot};
use crate::drafts::{Step, steps, terms};
use crate::scene::{A, B, Scene, Terms, signed};
use proptest::prelude::*;
use std::sync::Arc;
use union::{Batch, BatchError, Block, BlockError, Command, Hash, Tip, Union};

/// An empty block that names the state of `height` with the hash `state`.
fn naming(union: &Union, height: u64, state: Hash) -> Block {
    let behind = (union.height() - height) as u32;
    Block::new(union.height() + 1, union.time_ms(), union.parent(), behind, state, Vec::new())
}

/// What a refused block leaves as it was.
fn facts(union: &mut Union) -> (Vec<u8>, Hash, Tip) {
    (snapshot(union), union.state(), union.tip().clone())
}

#[test]
fn a_header_names_what_its_parent_named_or_later() {
    let mut scene = Scene::new(Terms::of(2));
    let union = &mut scene.union;
    let mut states = vec![union.state_at(0).unwrap_or_default(), union.state()];
    // Blocks 2 to 5 name the state after block 1, which is all that is known until then.
    for height in 2..=5 {
        let block = naming(union, 1, states[1]);
        assert_eq!(block.header().state_height(), Some(1));
        states.push(union.apply(&block).expect("the next block").state);
        assert_eq!((union.height(), union.tip().state_height()), (height, 1));
    }
    let remembered = |union: &Union| -> Vec<Option<Hash>> { (0..8).map(|height| union.state_at(height)).collect() };
    let some = |range: std::ops::RangeInclusive<usize>| -> Vec<Option<Hash>> {
        (0..8).map(|height| range.contains(&height).then(|| states[height])).collect()
    };
    assert_eq!(remembered(union), some(1..=5));

    // Block 6 names the state after block 3: those before are forgotten, and no later block names them.
    union.apply(&naming(union, 3, states[3])).expect("the next block");
    states.push(union.state());
    let some = |range: std::ops::RangeInclusive<usize>| -> Vec<Option<Hash>> {
        (0..8).map(|height| range.contains(&height).then(|| states[height])).collect()
    };
    assert_eq!(remembered(union), some(3..=6));
    let before = facts(union);
    assert_eq!(
        union.apply(&naming(union, 2, states[2])).unwrap_err(),
        BlockError::StateBehind { height: 7, behind: 4, most: 3 }
    );
    for (named, state) in [(3, 4), (4, 3), (6, 5), (5, 6)] {
        let block = naming(union, named, states[state]);
        assert_eq!(union.apply(&block).unwrap_err(), BlockError::State { height: 7, named });
        assert_eq!(union.tip().check(&block, union.rosters().current()), Ok(()), "a tip knows no states");
    }
    assert_eq!(facts(union), before);
    union.apply(&naming(union, 6, states[6])).expect("the next block");
    assert_eq!(remembered(union)[..7], some(6..=6)[..7]);

    // Behind the foundation there is nothing.
    let block = |behind| Block::new(8, union.time_ms(), union.parent(), behind, union.state(), Vec::new());
    for behind in [2, 7, 8, u32::MAX] {
        let (block, most) = (block(behind), 1);
        assert_eq!(block.header().state_height(), 7_u64.checked_sub(u64::from(behind)));
        assert_eq!(union.check(&block), Err(BlockError::StateBehind { height: 8, behind, most }));
        assert_eq!(Block::decode(&bytes(&block), Batch::from_journal).is_ok(), behind <= 7);
    }
}

/// A proposer goes on while nothing is executed; what it made is executed later, to the same tips.
#[test]
fn blocks_on_blocks_that_nobody_executed() {
    let mut scene = Scene::new(Terms::of(3));
    let (charter, rosters) = (scene.union.charter().clone(), scene.union.rosters().clone());
    let batch = |member, sequence| {
        let record =
            Command::Pay(scene.order(u128::from(sequence) * 3 + u128::from(member), member, (member + 1) % 3, 10))
                .encode();
        let bytes = signed(charter.hash(), member, sequence, &[record], &[]).unwrap();
        Batch::verify(Arc::from(bytes), &rosters).unwrap()
    };
    let (mut tip, state) = (scene.union.tip().clone(), scene.union.state());
    let mut blocks = Vec::new();
    for (behind, sequences) in [(0, [(A, 1), (B, 1)]), (1, [(B, 2), (B, 3)]), (2, [(B, 4), (A, 2)])] {
        let batches = sequences.map(|(member, sequence)| batch(member, sequence)).to_vec();
        let block = Block::new(tip.height() + 1, tip.time_ms() + 5, tip.hash(), behind, state, batches);
        assert_eq!(tip.check(&block, rosters.current()), Ok(()));
        tip = tip.after(&block);
        assert_eq!(tip.hash(), block.header().hash());
        blocks.push(block);
    }
    assert_eq!((tip.sequences(), tip.state_height()), (&[2, 4, 0][..], 1));

    // What it may not put on top.
    let on_top = |batches| Block::new(tip.height() + 1, tip.time_ms(), tip.hash(), 0, state, batches);
    let check = |batches| tip.check(&on_top(batches), rosters.current());
    let refused = |batch, error| Err(BlockError::Batch { height: 5, batch, error });
    let replay = |got, last| BatchError::Replay { member: A, got, last };
    assert_eq!(check(vec![batch(A, 3), batch(B, 5)]), Ok(()));
    assert_eq!(check(vec![batch(A, 2)]), refused(0, replay(2, 2)));
    assert_eq!(check(vec![batch(B, 5), batch(A, 3), batch(A, 3)]), refused(2, replay(3, 3)));
    assert_eq!(check(vec![batch(B, 5), batch(A, 4)]), refused(1, BatchError::Gap { member: A, got: 4, last: 2 }));
    let mut next = tip.clone();
    assert_eq!(next.take(batch(A, 3).header()), Ok(()));
    assert_eq!(next.take(batch(A, 3).header()), Err(replay(3, 3)));
    assert_eq!(next.sequence(A), 3);

    for block in &blocks {
        scene.union.apply(block).expect("the next block");
    }
    assert_eq!(*scene.union.tip(), tip);
    assert_eq!(scene.union.state_at(1), Some(state));
}

/// Applies steps, three commands a block, and gives the chain with the tip and the state after every block.
fn played(terms: &Terms, steps: &[Step], behind: &[u32]) -> (Chain, Vec<(Tip, Hash)>) {
    let mut chain = Chain::new(terms, behind);
    let mut after = vec![(chain.union.tip().clone(), chain.union.state())];
    for steps in steps.chunks(3) {
        chain.time_ms += steps.iter().map(|step| u64::from(step.minutes) * 60_000).sum::<u64>();
        let records: Vec<_> = steps.iter().map(|step| step.record(&chain.union)).collect();
        chain.apply(&records);
        after.push((chain.union.tip().clone(), chain.union.state()));
    }
    (chain, after)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Exactly the states that a later block may name are remembered, and a tip that follows blocks without executing
    /// them is the union's.
    #[test]
    fn states_are_remembered_while_they_may_be_named(terms in terms(), steps in steps(60), behind in behind()) {
        let (chain, after) = played(&terms, &steps, &behind);
        let mut union = Union::new(terms.charter(), 0);
        let mut tip = union.tip().clone();
        for bytes in &chain.blocks {
            let block = Block::decode(bytes, Batch::from_journal).expect("a block that was written");
            prop_assert_eq!(tip.check(&block, union.rosters().current()), Ok(()));
            tip = tip.after(&block);
            union.apply(&block).expect("the next block");
            prop_assert_eq!(&tip, union.tip());
            prop_assert!(tip.state_height() < tip.height());
            for (height, (_, state)) in (0..).zip(&after) {
                let is_named_later = (tip.state_height()..=tip.height()).contains(&height);
                prop_assert_eq!(union.state_at(height), is_named_later.then_some(*state), "after block {}", height);
            }
        }
    }

    /// A header in which any bit is flipped is not one of the next block, but for its time and for what leaves it so.
    #[test]
    fn every_bit_of_a_header_counts(terms in terms(), steps in steps(24), behind in behind()) {
        let (mut chain, _) = played(&terms, &steps, &behind);
        let good = bytes(&chain.block(&[(0, [0; 128])]));
        let before = facts(&mut chain.union);
        for bit in (0..128 * 8).filter(|bit| !(16..24).contains(&(bit / 8))) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            if let Ok(block) = Block::decode(&bad, Batch::from_journal) {
                prop_assert!(chain.union.apply(&block).is_err(), "bit {}", bit);
            }
        }
        prop_assert_eq!(facts(&mut chain.union), before);
        let block = Block::decode(&good, Batch::from_journal).expect("a block");
        chain.union.apply(&block).expect("the next block");
    }
}
