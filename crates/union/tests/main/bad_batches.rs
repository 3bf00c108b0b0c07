//! Signed batches: form, union, member, key, signature, content and sequence, in this order.

use crate::scene::{A, B, Record, Scene, Terms, signed, signing_key};
use ed25519_dalek::Signer;
use std::sync::Arc;
use union::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, Batch, BatchError, Block, BlockError, Command, DETAIL_BYTES_MAX};

fn records(scene: &Scene, count: usize) -> Vec<Record> {
    (1..=count as u128).map(|id| Command::Pay(scene.order(id, A, B, 1)).encode()).collect()
}

fn verify(scene: &Scene, bytes: Vec<u8>) -> Result<Batch, BatchError> {
    Batch::verify(Arc::from(bytes), scene.union.rosters())
}

#[test]
fn sizes() {
    let scene = Scene::new(Terms::of(2));
    let union = scene.union.charter().hash();
    let build = |count: usize, details: &[(u16, Vec<u8>)]| signed(union, A, 1, &records(&scene, count), details);
    let count = Err(BatchError::Format("it does not have 1 to 8190 records"));
    assert_eq!(build(0, &[]), count);
    assert_eq!(build(BATCH_COMMANDS_MAX + 1, &[]), count);
    let full = build(BATCH_COMMANDS_MAX, &[]).unwrap();
    assert_eq!(full.len(), (1 << 20) + 256 - 2 * 128);
    assert_eq!(verify(&scene, full).unwrap().len(), BATCH_COMMANDS_MAX);

    let detail = |bytes: usize, record| (record, vec![1; bytes]);
    let length = Err(BatchError::Format("a detail is empty or longer than 4096 bytes"));
    assert_eq!(build(2, &[detail(0, 0)]), length);
    assert_eq!(build(2, &[detail(DETAIL_BYTES_MAX + 1, 0)]), length);
    assert_eq!(build(2, &[detail(1 << 16, 0)]), Err(BatchError::Format("a detail is too long")));
    let order = Err(BatchError::Format("details are not in the order of the records"));
    assert_eq!(build(2, &[detail(1, 2)]), order);
    assert_eq!(build(2, &[detail(1, 1), detail(1, 0)]), order);
    assert_eq!(build(2, &[detail(1, 1), detail(1, 1)]), order);
    assert!(verify(&scene, build(2, &[detail(DETAIL_BYTES_MAX, 0), detail(1, 1)]).unwrap()).is_ok());
    let many: Vec<_> = (0..500).map(|record| detail(DETAIL_BYTES_MAX, record)).collect();
    assert!(matches!(build(500, &many), Err(BatchError::TooLong(_))));
    assert_eq!(verify(&scene, vec![0; BATCH_BYTES_MAX + 1]).unwrap_err(), BatchError::TooLong(BATCH_BYTES_MAX + 1));
}

#[test]
fn another_s_batch() {
    let scene = Scene::new(Terms::of(2));
    let union = scene.union.charter().hash();
    let records = records(&scene, 1);
    let other = Terms::of(3).charter().hash();
    assert_eq!(verify(&scene, signed(other, A, 1, &records, &[]).unwrap()).unwrap_err(), BatchError::Union);
    assert_eq!(verify(&scene, signed(union, 2, 1, &records, &[]).unwrap()).unwrap_err(), BatchError::Member(2));
    // B signs, with its own key, what it says is A's.
    let key = signing_key(B);
    let sign = |message: &[u8]| key.sign(message).to_bytes();
    let forged = Batch::build(union, A, *key.verifying_key().as_bytes(), 1, &records, &[], sign).unwrap();
    assert_eq!(verify(&scene, forged).unwrap_err(), BatchError::Key(A));
    // And what it says is A's, with A's key named.
    let named = *signing_key(A).verifying_key().as_bytes();
    let forged = Batch::build(union, A, named, 1, &records, &[], sign).unwrap();
    assert_eq!(verify(&scene, forged).unwrap_err(), BatchError::Signature(A));
}

/// Header, signature, record, detail: no bit can be flipped, nothing added and nothing cut off.
#[test]
fn every_bit_counts() {
    let scene = Scene::new(Terms::of(2));
    let union = scene.union.charter().hash();
    let good = signed(union, A, 1, &records(&scene, 2), &[(1, b"sealed".to_vec())]).unwrap();
    assert!(verify(&scene, good.clone()).is_ok());
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let error = verify(&scene, bad).expect_err("a flipped bit is found");
        match bit / 8 {
            0..8 => assert_eq!(error, BatchError::Format("it does not begin with COMITYB1")),
            8..40 => assert_eq!(error, BatchError::Union),
            64..96 => assert_eq!(error, BatchError::Signature(A), "digest"),
            96..128 => assert_eq!(error, BatchError::Key(A)),
            128..192 => assert_eq!(error, BatchError::Signature(A)),
            192..256 => assert_eq!(error, BatchError::Format("a reserved byte of the header is set")),
            256..512 => assert_eq!(error, BatchError::Signature(A), "records"),
            _ => {}
        }
    }
    for length in 0..good.len() {
        assert!(verify(&scene, good[..length].to_vec()).is_err(), "cut to {length} bytes");
    }
    let longer = [&good[..], &[0]].concat();
    assert_eq!(verify(&scene, longer).unwrap_err(), BatchError::Format("its length is not what its header says"));
}

/// A batch is taken once, after the one before it and before the one after it: no leader can leave one out or change their order.
#[test]
fn sequences_have_no_gaps() {
    let mut scene = Scene::new(Terms::of(2));
    let charter = scene.union.charter().clone();
    let batch = |sequence, id: u128, amount| {
        let record = Command::Pay(scene.order(id, A, B, amount)).encode();
        verify(&scene, signed(charter.hash(), A, sequence, &[record], &[]).unwrap()).unwrap()
    };
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|at| batch(at, u128::from(at), 10));
    let zeroth = batch(0, 9, 10);
    let block = |union: &union::Union, batches: &[&Batch]| {
        let batches = batches.iter().map(|&batch| batch.clone()).collect();
        Block::new(union.height() + 1, union.time_ms(), union.parent(), 0, union.state(), batches)
    };
    let refused = |batch, error| Err(BlockError::Batch { height: 3, batch, error });
    let replay = |got, last| BatchError::Replay { member: A, got, last };
    let gap = |got, last| BatchError::Gap { member: A, got, last };
    let union = &mut scene.union;
    let at_first = |error| Err(BlockError::Batch { height: 2, batch: 0, error });
    assert_eq!(union.check(&block(union, &[&zeroth])), at_first(replay(0, 0)));
    assert_eq!(union.check(&block(union, &[&second])), at_first(gap(2, 0)));
    union.apply(&block(union, &[&first])).unwrap();
    for (batches, expected) in [
        (vec![&first], refused(0, replay(1, 1))),
        (vec![&zeroth], refused(0, replay(0, 1))),
        (vec![&second, &second], refused(1, replay(2, 2))),
        (vec![&third], refused(0, gap(3, 1))),
        (vec![&third, &second], refused(0, gap(3, 1))),
        (vec![&second, &fourth, &third], refused(1, gap(4, 2))),
    ] {
        let (before, state) = (union.books_hash(), union.state());
        let bad = block(union, &batches);
        assert_eq!(union.apply(&bad).map(|_| ()), expected);
        assert_eq!((union.books_hash(), union.state(), union.height(), union.sequence(A)), (before, state, 2, 1));
    }
    let good = block(union, &[&second, &third]);
    assert_eq!(union.apply(&good).unwrap().outcomes.len(), 2);
    assert_eq!((union.sequence(A), union.sequence(B)), (3, 0));
    assert_eq!(scene.positions(), [-30, 30]);
}
