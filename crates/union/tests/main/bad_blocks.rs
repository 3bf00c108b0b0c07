//! Blocks: only the next one is taken, and its bytes are read strictly.

use crate::chain::bytes;
use crate::scene::{A, B, Scene, Terms, signed};
use std::sync::Arc;
use union::{BLOCK_BYTES_MAX, Batch, Block, BlockError, BlockFormatError, Command, Hash, Union};

fn batch(scene: &Scene, sequence: u64) -> Batch {
    let record = Command::Pay(scene.order(u128::from(sequence), A, B, 10)).encode();
    let bytes = signed(scene.union.charter().hash(), A, sequence, &[record], &[]).unwrap();
    Batch::verify(Arc::from(bytes), scene.union.rosters()).unwrap()
}

fn facts(union: &mut Union) -> (u64, u64, Hash, Hash, Hash) {
    (union.height(), union.time_ms(), union.parent(), union.state(), union.books_hash())
}

#[test]
fn only_the_next_block_is_taken() {
    let mut scene = Scene::new(Terms::of(2));
    let batches = vec![batch(&scene, 1)];
    let far = scene.union.charter().calendar.time_ms(union::Day::LAST, 0);
    let union = &mut scene.union;
    let (height, time, parent, state) = (union.height(), union.time_ms(), union.parent(), union.state());
    let block = |height, time, parent, state| Block::new(height, time, parent, 0, state, batches.clone());
    for (bad, expected) in [
        (block(height, time, parent, state), BlockError::Height { got: height, last: height }),
        (block(height + 2, time, parent, state), BlockError::Height { got: height + 2, last: height }),
        (block(0, time, parent, state), BlockError::Height { got: 0, last: height }),
        (block(u64::MAX, time, parent, state), BlockError::Height { got: u64::MAX, last: height }),
        (block(height + 1, time, state, state), BlockError::Parent(height + 1)),
        (block(height + 1, time, parent, parent), BlockError::State { height: height + 1, named: height }),
        (block(height + 1, time - 1, parent, state), BlockError::Time(height + 1)),
        (block(height + 1, 0, parent, state), BlockError::Time(height + 1)),
        (block(height + 1, far, parent, state), BlockError::FarTime(height + 1)),
        (block(height + 1, u64::MAX, parent, state), BlockError::FarTime(height + 1)),
        (block(height + 1, 1 << 63, parent, state), BlockError::FarTime(height + 1)),
    ] {
        let before = facts(union);
        assert_eq!(union.apply(&bad).unwrap_err(), expected);
        assert_eq!(facts(union), before, "nothing changes on {expected}");
    }
    union.apply(&block(height + 1, time, parent, state)).unwrap();
}

/// The last day that can be named is reached, month by month, without a panic.
#[test]
fn the_end_of_days() {
    for (cycle, first_day) in
        [("months = 1", "9999-01-31"), ("days = 100", "9999-06-01"), ("months = 12", "9998-12-30")]
    {
        let mut scene = Scene::new(Terms { cycle, first_day, ..Terms::of(2) });
        let tomorrow = union::Payment { value_date: scene.union.today().0 + 1, ..scene.order(1, A, B, 5) };
        scene.pay(tomorrow);
        scene.clock("9999-12-30 09:59");
        assert!(scene.union.cycles().len() >= 2);
        assert_eq!(
            scene.pay(union::Payment { value_date: union::Day::LAST.0, ..scene.order(2, A, B, 5) }),
            "queued DT01"
        );
    }
    Scene::new(Terms { first_day: "9999-12-29", ..Terms::of(2) });
    Union::new(Terms { first_day: "9999-12-31", ..Terms::of(2) }.charter(), 0);
    Union::new(Terms { first_day: "1970-01-01", utc_offset_minutes: 840, ..Terms::of(2) }.charter(), 0);
}

/// Any flipped bit is found by reading or by checking, but for the time: nobody signs that.
#[test]
fn every_bit_counts() {
    let scene = Scene::new(Terms::of(2));
    let union = &scene.union;
    let block = Block::new(
        union.height() + 1,
        union.time_ms(),
        union.parent(),
        0,
        union.state(),
        vec![batch(&scene, 1), batch(&scene, 2)],
    );
    let good = bytes(&block);
    let decode = |bytes: &[u8]| Block::decode(bytes, |batch| Batch::verify(batch, union.rosters()));
    let read = decode(&good).expect("a good block");
    assert_eq!((read.header(), bytes(&read)), (block.header(), good.clone()));
    for bit in (0..good.len() * 8).filter(|bit| !(16..24).contains(&(bit / 8))) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let taken = decode(&bad).is_ok_and(|block| union.check(&block).is_ok());
        assert!(!taken, "bit {bit}");
    }
    for length in 0..good.len() {
        assert!(decode(&good[..length]).is_err(), "cut to {length} bytes");
    }
    let format = |text| Err(BlockFormatError::Format(text));
    let longer = [&good[..], &[0]].concat();
    assert_eq!(decode(&longer).map(|_| ()), format("bytes follow its last batch"));
    let too_long = vec![0; BLOCK_BYTES_MAX + 1];
    assert_eq!(decode(&too_long).map(|_| ()), format("it is longer than a block may be"));
    let swapped = [&good[..128], bytes(&block)[128 + 384..].as_ref(), &good[128..128 + 384]].concat();
    assert_eq!(decode(&swapped).map(|_| ()), format("its batches are not those that its header names"));
}
