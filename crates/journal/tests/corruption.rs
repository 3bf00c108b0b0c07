//! Damage to what was durable is reported with its place, and nothing is changed by whoever finds it.

use journal::simulated_disk::SimulatedDisk;
use journal::{
    Damage, Disk as _, Error, Fault, Head, Journal, Options, RECORD_HEADER_BYTES, Reader, SnapshotId, parse_record,
    verify,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const OPTIONS: Options = Options { segment_bytes: 900, reserve_bytes: 0 };
const SEGMENT_HEADER_BYTES: usize = 64;
const BLOCKS: u64 = 14;

/// A closed journal of a few segments, and a writer's view of where each record lies: (file, first byte, byte after the last).
struct Journaled {
    disk: SimulatedDisk,
    records: Vec<(String, usize, usize)>,
    head: Head,
}

impl Journaled {
    fn new(seed: u64) -> Self {
        Self::with(seed, OPTIONS)
    }

    /// Groups of two, and the last of three, so that there are unsynced neighbours.
    fn with(seed: u64, options: Options) -> Self {
        let disk = SimulatedDisk::new(seed);
        let mut journal = Journal::create_on(Arc::new(disk.clone()), b"charter", options).unwrap();
        let mut snapshots = journal.snapshot_writer();
        for height in 1..=BLOCKS {
            journal.append(height, &[&vec![height as u8; 20 * height as usize]]).unwrap();
            if height % 2 == 1 && height < BLOCKS - 1 {
                let head = journal.sync().unwrap();
                snapshots
                    .write(SnapshotId { head, state_hash: [height as u8; 32] }, |out| out.write_all(&[7; 100]))
                    .unwrap();
            }
        }
        drop(snapshots);
        let head = journal.close().unwrap();
        let records = records(&disk);
        assert_eq!(records.len() as u64, BLOCKS + 1);
        Self { disk, records, head }
    }

    fn reader(&self) -> Reader {
        Reader::open_on(Arc::new(self.disk.clone())).unwrap()
    }

    fn content(&self, file: &str) -> Vec<u8> {
        self.disk.content(file).unwrap()
    }

    fn verify(&self) -> Result<journal::Verified, Error> {
        verify(&self.reader(), |_, _| Ok(()), |_| {})
    }

    /// What opening for writing says; dropped at once.
    fn open(&self) -> Result<journal::Recovery, Error> {
        Journal::open_on(Arc::new(self.disk.clone()), OPTIONS).map(|(_, recovery)| recovery)
    }

    fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let names = self.disk.names().unwrap();
        names.into_iter().map(|name| (name.clone(), self.content(&name))).filter(|(name, _)| name != "lock").collect()
    }
}

fn segments(disk: &SimulatedDisk) -> Vec<String> {
    let mut names: Vec<String> = disk.names().unwrap().into_iter().filter(|name| name.starts_with("blocks-")).collect();
    names.sort();
    names
}

/// The records, found by their lengths alone.
fn records(disk: &SimulatedDisk) -> Vec<(String, usize, usize)> {
    let mut records = Vec::new();
    for file in segments(disk) {
        let content = disk.content(&file).unwrap();
        let mut start = SEGMENT_HEADER_BYTES;
        while start < content.len() {
            let payload = u32::from_le_bytes(content[start + 4..start + 8].try_into().unwrap()) as usize;
            let end = start + RECORD_HEADER_BYTES + payload.next_multiple_of(8);
            records.push((file.clone(), start, end));
            start = end;
        }
    }
    records
}

fn fault(result: Result<impl std::fmt::Debug, Error>) -> Fault {
    match result {
        Err(Error::Corrupt(fault)) => fault,
        other => panic!("expected corruption, found {other:?}"),
    }
}

#[test]
fn every_changed_byte_is_reported_with_its_block() {
    let journaled = Journaled::new(1);
    assert!(segments(&journaled.disk).len() >= 4);
    let last_segment = segments(&journaled.disk).pop().unwrap();
    let mut changes = 0;
    for (index, (file, start, end)) in journaled.records.iter().enumerate() {
        let height = index as u64;
        let good = journaled.content(file);
        // The segment's header belongs to its first block.
        let begin = if *start == SEGMENT_HEADER_BYTES { 0 } else { *start };
        for at in begin..*end {
            for damage in [|byte: u8| byte ^ 1, |byte: u8| byte ^ 0x80, |_: u8| 0] {
                let mut bad = good.clone();
                bad[at] = damage(bad[at]);
                if bad[at] == good[at] {
                    continue;
                }
                journaled.disk.replace_content(file, bad);
                let before = journaled.everything();
                let offset = if at < SEGMENT_HEADER_BYTES { 0 } else { *start as u64 };
                let found = fault(journaled.verify());
                assert_eq!((&found.file, found.offset, found.height), (file, offset, height), "byte {at}: {found}");
                if *file == last_segment || at < SEGMENT_HEADER_BYTES {
                    assert_eq!(fault(journaled.open()), found);
                }
                assert!(journaled.everything() == before, "byte {at} of {file}: reporting changed something");
                changes += 1;
            }
        }
        journaled.disk.replace_content(file, good);
    }
    assert!(changes > 5000);
    assert_eq!(journaled.verify().unwrap().head, journaled.head);
}

#[test]
fn every_cut_is_reported() {
    let journaled = Journaled::new(2);
    let last_segment = segments(&journaled.disk).pop().unwrap();
    for (index, (file, start, end)) in journaled.records.iter().enumerate() {
        let good = journaled.content(file);
        for length in *start..*end {
            journaled.disk.replace_content(file, good[..length].to_vec());
            let result = journaled.verify();
            if length == *start && *file == last_segment {
                let found = index as u64 - 1;
                assert!(
                    matches!(&result, Err(Error::Lost { acknowledged, found: at, .. }) if *acknowledged == journaled.head && *at == found)
                );
                assert!(matches!(journaled.open(), Err(Error::Lost { .. })));
            } else {
                let found = fault(result);
                assert_eq!((&found.file, found.offset, found.height), (file, *start as u64, index as u64));
                let missing = matches!(found.damage, Damage::MissingBlocks(_));
                assert_eq!(missing, length == *start, "{found}");
            }
        }
        journaled.disk.replace_content(file, good);
    }
}

#[test]
fn without_head_later_segments_prove_what_was_durable() {
    without_head(&Journaled::new(3));
}

#[test]
fn without_head_later_records_prove_what_was_durable() {
    let journaled = Journaled::with(3, Options::default());
    assert_eq!(segments(&journaled.disk).len(), 1);
    without_head(&journaled);
}

#[test]
fn a_record_far_behind_proves_what_was_durable() {
    let disk = SimulatedDisk::new(12);
    let mut journal = Journal::create_on(Arc::new(disk.clone()), b"charter", Options::default()).unwrap();
    journal.append(1, &[&vec![1; 3_000_001]]).unwrap();
    journal.sync().unwrap();
    journal.append(2, &[b"two"]).unwrap();
    journal.close().unwrap();
    disk.remove("head").unwrap();
    let records = records(&disk);
    let (file, start, _) = &records[1];
    let mut bad = disk.content(file).unwrap();
    bad[*start] ^= 1;
    disk.replace_content(file, bad);
    let found = fault(Journal::open_on(Arc::new(disk), Options::default()));
    assert_eq!((found.height, found.offset), (1, *start as u64));
}

fn without_head(journaled: &Journaled) {
    journaled.disk.remove("head").unwrap();
    // The last group is blocks 12 to 14. Nothing was written after it, so nothing proves it durable.
    for (index, (file, start, _)) in journaled.records.iter().enumerate() {
        let good = journaled.content(file);
        let mut bad = good.clone();
        bad[*start + RECORD_HEADER_BYTES] ^= 1;
        journaled.disk.replace_content(file, bad);
        // A later segment proves more than a group: there may be blocks of the last group in one that is not the last.
        let in_last_segment = segments(&journaled.disk).last() == Some(file);
        if index >= 12 && in_last_segment {
            let verified = journaled.verify().unwrap();
            assert_eq!(verified.head.height, index as u64 - 1);
            assert!(verified.torn_bytes > 0);
        } else {
            assert_eq!(fault(journaled.verify()).height, index as u64);
        }
        journaled.disk.replace_content(file, good);
    }
}

#[test]
fn a_forged_block_with_right_checksums_breaks_the_chain() {
    let journaled = Journaled::new(4);
    for (index, (file, start, end)) in journaled.records.iter().enumerate() {
        let good = journaled.content(file);
        let salt = &good[56..60];
        let (header, _) = parse_record(&good[*start..*end], u32::from_le_bytes(salt.try_into().unwrap())).unwrap();
        let mut forged = good.clone();
        let payload = start + RECORD_HEADER_BYTES..start + RECORD_HEADER_BYTES + header.payload_bytes as usize;
        forged[payload.start] ^= 1;
        let checksum = crc32c::crc32c(&forged[payload]);
        forged[start + 56..start + 60].copy_from_slice(&checksum.to_le_bytes());
        let checksum = crc32c::crc32c_append(crc32c::crc32c(salt), &forged[*start..start + 60]);
        forged[start + 60..start + 64].copy_from_slice(&checksum.to_le_bytes());
        journaled.disk.replace_content(file, forged);
        let found = fault(journaled.verify());
        assert_eq!((found.height, found.damage), (index as u64, Damage::Chain));
        journaled.disk.replace_content(file, good);
    }
}

#[test]
fn missing_and_foreign_segments_are_reported() {
    let journaled = Journaled::new(5);
    let other = Journaled::new(6);
    let files = segments(&journaled.disk);
    for (index, file) in files.iter().enumerate() {
        let good = journaled.content(file);
        let first: u64 = file["blocks-".len()..].parse().unwrap();
        journaled.disk.remove(file).unwrap();
        match Reader::open_on(Arc::new(journaled.disk.clone())) {
            Err(Error::Corrupt(found)) => assert_eq!((index, found.height), (0, 0)),
            Ok(reader) => match verify(&reader, |_, _| Ok(()), |_| {}) {
                Err(Error::Corrupt(found)) => {
                    assert_eq!((found.height, found.damage), (first, Damage::MissingBlocks(files[index + 1].clone())));
                }
                Err(Error::Lost { found, .. }) => assert_eq!((index, found), (files.len() - 1, first - 1)),
                other => panic!("{other:?}"),
            },
            Err(other) => panic!("{other}"),
        }
        // The same blocks, written by another journal: the payloads and hashes are the same, so this is the same chain.
        journaled.disk.replace_content(file, other.content(file));
        assert_eq!(journaled.verify().unwrap().head, journaled.head);
        journaled.disk.replace_content(file, good);
    }

    let different = SimulatedDisk::new(7);
    let mut journal = Journal::create_on(Arc::new(different.clone()), b"charter", OPTIONS).unwrap();
    for height in 1..=BLOCKS {
        journal.append(height, &[&vec![!height as u8; 20 * height as usize]]).unwrap();
        journal.sync().unwrap();
    }
    let foreign = different.content(&files[2]).unwrap();
    journaled.disk.replace_content(&files[2], foreign);
    let found = fault(journaled.verify());
    assert_eq!((&found.file, found.offset, found.damage), (&files[2], 0, Damage::Chain));
}

#[test]
fn a_head_of_another_history_is_reported() {
    let journaled = Journaled::new(8);
    let other = SimulatedDisk::new(9);
    let mut journal = Journal::create_on(Arc::new(other.clone()), b"another charter", OPTIONS).unwrap();
    journal.append(1, &[b"other"]).unwrap();
    journal.close().unwrap();
    journaled.disk.replace_content("head", other.content("head").unwrap());
    let found = fault(journaled.verify());
    assert_eq!((found.height, found.damage), (1, Damage::Acknowledged));
}

#[test]
fn the_slots_of_head_are_written_in_turn() {
    let disk = SimulatedDisk::new(13);
    // What the file says with only one of its slots.
    let acknowledged = |disk: &SimulatedDisk| {
        let good = disk.content("head").unwrap();
        let heights = [0..4096, 4096..good.len()].map(|slot| {
            let mut bad = good.clone();
            bad[slot].fill(0);
            disk.replace_content("head", bad);
            let reader = Reader::open_on(Arc::new(disk.clone())).unwrap();
            reader.acknowledged().unwrap().map_or(0, |head| head.height)
        });
        disk.replace_content("head", good);
        heights.into_iter().collect::<std::collections::BTreeSet<_>>()
    };
    let mut journal = Journal::create_on(Arc::new(disk.clone()), b"charter", OPTIONS).unwrap();
    for height in 1..=9_u64 {
        journal.append(height, &[b"block"]).unwrap();
        if height % 2 == 0 {
            journal.sync().unwrap();
            assert_eq!(acknowledged(&disk), [height - 2, height].into());
            drop(journal);
            journal = Journal::open_on(Arc::new(disk.clone()), OPTIONS).unwrap().0;
            assert_eq!(acknowledged(&disk), [height].into());
        }
    }
}

#[test]
fn a_damaged_head_is_no_evidence() {
    let journaled = Journaled::new(10);
    for content in [vec![], vec![0xff; 5000], vec![0; 10]] {
        journaled.disk.replace_content("head", content);
        let verified = journaled.verify().unwrap();
        assert_eq!((verified.head, verified.acknowledged), (journaled.head, None));
        assert_eq!(journaled.open().unwrap().head, journaled.head);
    }
}

#[test]
fn damaged_snapshots_are_passed_over_and_named() {
    let journaled = Journaled::new(11);
    let names: Vec<String> = journaled.everything().into_keys().filter(|name| name.starts_with("snapshot-")).collect();
    assert_eq!(names, ["snapshot-00000000000000000009", "snapshot-00000000000000000011"], "the newest two are kept");
    let good = journaled.content(&names[1]);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        journaled.disk.replace_content(&names[1], bad);
        let latest = journaled.reader().latest_snapshot().unwrap();
        let [Error::Corrupt(passed_over)] = latest.passed_over.as_slice() else { panic!("{:?}", latest.passed_over) };
        assert_eq!((&passed_over.file, passed_over.height), (&names[1], 11), "byte {at}");
        assert_eq!(latest.snapshot.unwrap().id.head.height, 9);
        assert_eq!(fault(journaled.verify()), *passed_over);
    }
    for length in 0..good.len() {
        journaled.disk.replace_content(&names[1], good[..length].to_vec());
        assert_eq!(journaled.reader().latest_snapshot().unwrap().snapshot.unwrap().id.head.height, 9);
    }
}
