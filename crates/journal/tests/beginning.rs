//! Journals that begin with the state after a block, rather than with genesis.

use journal::simulated_disk::SimulatedDisk;
use journal::{Damage, Disk as _, Error, Head, Journal, Options, Reader, SnapshotId, block_hash, verify};
use std::io::{self, Read as _, Write};
use std::sync::Arc;

const BEGINS: u64 = 1_000;
const STATE: [u8; 32] = [7; 32];
const OPTIONS: Options = Options { segment_bytes: 256, reserve_bytes: 4_096 };

fn body(file: &mut dyn Write) -> io::Result<()> {
    file.write_all(&[9; 5_000])
}

fn begun(disk: &SimulatedDisk) -> Result<Journal, Error> {
    Journal::create_after_on(Arc::new(disk.clone()), (BEGINS, b"why"), (STATE, body), OPTIONS)
}

/// With `blocks` after the beginning, a snapshot after each.
fn written(disk: &SimulatedDisk, blocks: u64) -> Head {
    let mut journal = begun(disk).unwrap();
    let mut snapshots = journal.snapshot_writer();
    for height in BEGINS + 1..=BEGINS + blocks {
        journal.append(height, &[&[height as u8; 200]]).unwrap();
        let head = journal.sync().unwrap();
        snapshots.write(SnapshotId { head, state_hash: [1; 32] }, body).unwrap();
    }
    drop(snapshots);
    journal.close().unwrap()
}

#[test]
fn it_is_read_from_its_beginning_and_not_before() {
    let disk = SimulatedDisk::new(1);
    let head = written(&disk, 20);
    let reader = Reader::open_on(Arc::new(disk.clone())).unwrap();
    assert_eq!(reader.begins().unwrap(), BEGINS);
    let first = reader.block(BEGINS).unwrap();
    assert_eq!(first.payload, b"why");
    assert_eq!(first.hash, block_hash(Default::default(), BEGINS, &[b"why"]));
    let heights: Vec<u64> = reader.blocks(BEGINS).unwrap().map(|block| block.unwrap().height).collect();
    assert_eq!(heights, (BEGINS..=BEGINS + 20).collect::<Vec<_>>());
    for before in [0, 1, BEGINS - 1] {
        assert!(matches!(reader.block(before), Err(Error::NoBlock { height, .. }) if height == before));
    }
    let verified = verify(&reader, |_, _| Ok(()), |_| {}).unwrap();
    assert_eq!((verified.begins, verified.blocks, verified.head), (BEGINS, 21, head));
    // The two newest, and the one that it begins with.
    assert_eq!(verified.snapshots, [BEGINS, BEGINS + 19, BEGINS + 20]);

    let (mut journal, recovery) = Journal::open_on(Arc::new(disk.clone()), OPTIONS).unwrap();
    assert_eq!((recovery.head, recovery.torn_bytes), (head, 0));
    journal.append(BEGINS + 21, &[b"more"]).unwrap();
    journal.close().unwrap();
}

#[test]
fn there_is_a_state_before_there_is_a_journal() {
    let disk = SimulatedDisk::new(2);
    drop(begun(&disk).unwrap());
    let reader = Reader::open_on(Arc::new(disk.clone())).unwrap();
    let mut snapshot = reader.latest_snapshot().unwrap().snapshot.unwrap();
    assert_eq!((snapshot.id.head.height, snapshot.id.state_hash), (BEGINS, STATE));
    let mut bytes = Vec::new();
    snapshot.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, [9; 5_000]);
    assert!(matches!(begun(&disk), Err(Error::Exists { .. })));
    assert!(matches!(Journal::create_on(Arc::new(disk), b"charter", OPTIONS), Err(Error::Exists { .. })));

    let failing = |_: &mut dyn Write| Err(io::Error::other("the state cannot be read"));
    let empty = SimulatedDisk::new(3);
    let journal = Journal::create_after_on(Arc::new(empty.clone()), (BEGINS, b"why"), (STATE, failing), OPTIONS);
    assert!(matches!(journal, Err(Error::Io { .. })));
    assert!(matches!(Reader::open_on(Arc::new(empty)), Err(Error::Missing { .. })));
}

#[test]
fn power_may_fail_at_any_point_of_its_creation() {
    let mut seen = (0, 0);
    for seed in 0..200 {
        let disk = SimulatedDisk::new(seed);
        disk.crash_in(1 + seed % 20);
        let created = begun(&disk).is_ok();
        let after = disk.after_power_failure();
        match Journal::open_on(Arc::new(after.clone()), OPTIONS) {
            Ok((journal, recovery)) => {
                assert_eq!(recovery.head.height, BEGINS);
                assert!(journal.reader().latest_snapshot().unwrap().snapshot.is_some());
                seen.0 += 1;
            }
            Err(error) => {
                assert!(matches!(error, Error::Missing { .. }) && !created, "seed {seed}: {error}");
                seen.1 += 1;
            }
        }
    }
    assert!(seen.0 > 10 && seen.1 > 10, "{seen:?}");
}

#[test]
fn a_lost_first_segment_is_no_beginning() {
    let disk = SimulatedDisk::new(4);
    written(&disk, 20);
    disk.remove(&format!("blocks-{BEGINS:020}")).unwrap();
    let error = Reader::open_on(Arc::new(disk.clone())).unwrap_err();
    assert!(matches!(&error, Error::Corrupt(fault) if matches!(fault.damage, Damage::MissingBlocks(_))), "{error}");
    assert!(Journal::open_on(Arc::new(disk), OPTIONS).is_err());
}
