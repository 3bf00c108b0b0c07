//! The public surface on real files.

use bytes::Bytes;
use journal::simulated_disk::SimulatedDisk;
use journal::{
    Error, Head, Journal, MAX_PAYLOAD_BYTES, Options, Reader, SnapshotId, Writer, WriterOptions, block_hash, verify,
};
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn options(segment_bytes: u64) -> Options {
    Options { segment_bytes, ..Options::default() }
}

#[test]
fn a_journal_comes_back_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("not/yet/there");
    let mut journal = Journal::create(&place, b"charter").unwrap();
    let mut previous = block_hash(Default::default(), 0, &[b"charter"]);
    assert_eq!(journal.durable(), Head { height: 0, hash: previous });
    for height in 1..=50_u64 {
        let payload = vec![height as u8; 1000];
        let hash = journal.append(height, &[&payload[..10], &payload[10..]]).unwrap();
        previous = block_hash(previous, height, &[&payload]);
        assert_eq!(hash, previous);
    }
    assert_eq!(journal.durable().height, 0);
    let head = journal.sync().unwrap();
    assert_eq!(head, Head { height: 50, hash: previous });

    assert!(matches!(Journal::open(&place), Err(Error::Locked { .. })));
    assert!(matches!(Journal::create(&place, b"charter"), Err(Error::Locked { .. })));
    assert_eq!(journal.close().unwrap(), head);
    assert!(matches!(Journal::create(&place, b"charter"), Err(Error::Exists { .. })));

    let (mut journal, recovery) = Journal::open(&place).unwrap();
    assert_eq!((recovery.head, recovery.torn_bytes, recovery.secured_blocks), (head, 0, 0));
    assert!(matches!(journal.append(50, &[]), Err(Error::OutOfOrder { height: 50, expected: 51 })));
    assert!(matches!(journal.append(52, &[]), Err(Error::OutOfOrder { height: 52, expected: 51 })));
    journal.append(51, &[]).unwrap();
    journal.sync().unwrap();

    let reader = Reader::open(&place).unwrap();
    assert_eq!(reader.acknowledged().unwrap().unwrap().height, 51);
    assert_eq!(reader.block(0).unwrap().payload, b"charter");
    assert_eq!(reader.block(51).unwrap().payload, b"");
    assert!(matches!(reader.block(52), Err(Error::NoBlock { height: 52, .. })));
    assert!(matches!(reader.block(60), Err(Error::NoBlock { height: 60, .. })));
    let read: Vec<u64> = reader.blocks(17).unwrap().map(|block| block.unwrap().height).collect();
    assert_eq!(read, (17..=51).collect::<Vec<_>>());
}

/// A reader remembers places: what it finds does not depend on what it has read before.
#[test]
fn blocks_are_found_in_any_order() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let mut journal = Journal::create_on(disk.clone(), b"charter", options(600_000)).unwrap();
    for height in 1..=2_000_u64 {
        journal.append(height, &[&height.to_le_bytes()]).unwrap();
    }
    journal.sync().unwrap();
    let reader = journal.reader();
    let (forwards, backwards) = (1..=2_000_u64, (1..=2_000_u64).rev());
    for height in (1..=2_000).map(|at| at * 997 % 2_001).chain(backwards.step_by(7)).chain(forwards.step_by(11)) {
        let expected = Reader::open_on(disk.clone()).unwrap().block(height).unwrap();
        assert_eq!(expected.payload, height.to_le_bytes());
        assert_eq!(reader.block(height).unwrap(), expected);
    }
    assert!(matches!(reader.block(2_001), Err(Error::NoBlock { height: 2_001, .. })));
    journal.append(2_001, &[b"and on"]).unwrap();
    journal.sync().unwrap();
    assert_eq!(reader.block(2_001).unwrap().payload, b"and on");
    let read: Vec<u64> = reader.blocks(1_500).unwrap().map(|block| block.unwrap().height).collect();
    assert_eq!(read, (1_500..=2_001).collect::<Vec<_>>());
}

#[test]
fn there_must_be_a_journal() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(Journal::open(directory.path()), Err(Error::Missing { .. })));
    assert!(matches!(Reader::open(directory.path()), Err(Error::Missing { .. })));
    assert!(matches!(Reader::open(directory.path().join("nowhere")), Err(Error::Io { .. })));
}

#[test]
fn what_was_never_finished_is_removed_and_nothing_else() {
    let disk = SimulatedDisk::new(1);
    let unfinished =
        ["blocks-00000000000000000000.new", "blocks-00000000000000000007.new", "snapshot-00000000000000000003.new"];
    let foreign = ["blocks-7.new", "notes.new", "notes"];
    let litter = || unfinished.iter().chain(&foreign).for_each(|name| disk.replace_content(name, vec![7; 10_000]));
    litter();
    let mut journal = Journal::create_on(Arc::new(disk.clone()), b"charter", options(1)).unwrap();
    litter();
    for height in 1..=3 {
        drop(journal);
        journal = Journal::open_on(Arc::new(disk.clone()), options(1)).unwrap().0;
        journal.append(height, &[b"block"]).unwrap();
        journal.sync().unwrap();
    }
    assert_eq!(verify(&journal.reader(), |_, _| Ok(()), |_| {}).unwrap().blocks, 4);
    assert!(
        unfinished.iter().all(|name| disk.content(name).is_none())
            && foreign.iter().all(|name| disk.content(name).is_some())
    );
}

#[test]
fn large_blocks_fill_segments_of_their_own_and_too_large_ones_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(journal::Directory::create(directory.path()).unwrap());
    let mut journal = Journal::create_on(disk.clone(), b"", options(1 << 20)).unwrap();
    let large = vec![3; 5 << 20];
    for height in 1..=3 {
        journal.append(height, &[&large]).unwrap();
    }
    let too_large = vec![0; MAX_PAYLOAD_BYTES as usize + 1];
    assert!(matches!(journal.append(4, &[&too_large]), Err(Error::TooLarge { height: 4, .. })));
    assert!(matches!(
        Journal::create_on(Arc::new(SimulatedDisk::new(0)), &too_large, options(1)),
        Err(Error::TooLarge { height: 0, .. })
    ));
    journal.append(4, &[&too_large[1..]]).unwrap();
    let head = journal.close().unwrap();
    let verified = verify(&Reader::open_on(disk).unwrap(), |_, _| Ok(()), |_| {}).unwrap();
    assert_eq!((verified.head, verified.payload_bytes), (head, 15 * (1 << 20) + MAX_PAYLOAD_BYTES));
    // Nothing stays reserved.
    let files = std::fs::read_dir(directory.path()).unwrap();
    let blocks =
        files.map(|file| std::os::unix::fs::MetadataExt::blocks(&file.unwrap().metadata().unwrap())).sum::<u64>();
    assert!(blocks * 512 < verified.payload_bytes + (1 << 20), "{blocks} blocks of 512 bytes are in use");
}

#[test]
fn verification_stops_where_the_caller_refuses() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let mut journal = Journal::create_on(disk, b"charter", options(1 << 10)).unwrap();
    for height in 1..=30_u64 {
        journal.append(height, &[&height.to_le_bytes()]).unwrap();
    }
    journal.sync().unwrap();
    let mut progress = Vec::new();
    let refuse = |height, _: &[u8]| if height == 20 { Err("no such member".to_owned()) } else { Ok(()) };
    let error = verify(&journal.reader(), refuse, |now| progress.push((now.blocks, now.of_blocks))).unwrap_err();
    assert!(matches!(&error, Error::Refused { height: 20, reason, .. } if reason == "no such member"), "{error}");
    assert_eq!(progress, (1..=20).map(|blocks| (blocks, 31)).collect::<Vec<_>>());
}

#[test]
fn a_snapshot_names_a_durable_block_and_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(directory.path(), b"charter").unwrap();
    let mut snapshots = journal.snapshot_writer();
    let hash = journal.append(1, &[b"one"]).unwrap();
    let id = SnapshotId { head: Head { height: 1, hash }, state_hash: [9; 32] };
    assert!(matches!(snapshots.write(id, |_| Ok(())), Err(Error::TooEarly { height: 1, durable: 0 })));
    journal.sync().unwrap();
    // Longer than a piece, and not a multiple of one.
    let body: Vec<u8> = (0..2_500_000_u32).map(|number| (number % 251) as u8).collect();
    snapshots.write(id, |out| out.write_all(&body)).unwrap();
    let refusing = snapshots.write(id, |out| {
        out.write_all(&body)?;
        out.write_all(&body)?;
        Err(std::io::Error::other("no state today"))
    });
    assert!(matches!(&refusing, Err(Error::Io { source, .. }) if source.to_string() == "no state today"));

    let mut snapshot = journal.reader().latest_snapshot().unwrap().snapshot.unwrap();
    assert_eq!((snapshot.id, snapshot.body_bytes), (id, 2_500_000));
    let mut read = Vec::new();
    snapshot.read_to_end(&mut read).unwrap();
    assert!(read == body);
    let verified = verify(&journal.reader(), |_, _| Ok(()), |_| {}).unwrap();
    assert_eq!(verified.snapshots, [1]);

    // Again, and shorter than what the refused attempt left.
    snapshots.write(id, |out| out.write_all(&body[..10])).unwrap();
    let latest = journal.reader().latest_snapshot().unwrap();
    assert!(latest.passed_over.is_empty(), "{:?}", latest.passed_over);
    assert_eq!(latest.snapshot.unwrap().body_bytes, 10);

    // A snapshot of a block that this journal does not have.
    let foreign = SnapshotId { head: Head { height: 0, hash }, state_hash: [9; 32] };
    snapshots.write(foreign, |out| out.write_all(b"state")).unwrap();
    assert!(
        matches!(verify(&journal.reader(), |_, _| Ok(()), |_| {}), Err(Error::Corrupt(fault)) if fault.height == 0)
    );
}

#[test]
fn a_reader_beside_a_writer_sees_whole_blocks_only() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::new(journal::Directory::create(directory.path()).unwrap());
    let mut journal = Journal::create_on(disk, &[0; 100], options(200_000)).unwrap();
    let writing = AtomicBool::new(true);
    let mut rounds = 0_u64;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for height in 1..=2000_u64 {
                journal.append(height, &[&vec![height as u8; (height * 37 % 3000) as usize]]).unwrap();
                if height % 7 == 0 {
                    journal.sync().unwrap();
                }
            }
            let head = journal.sync().unwrap();
            writing.store(false, Ordering::Release);
            head
        });
        let reader = Reader::open(directory.path()).unwrap();
        let mut followed = reader.blocks(0).unwrap();
        loop {
            let last_round = !writing.load(Ordering::Acquire);
            // One follows, and one begins again each time.
            while let Some(block) = followed.next_block().unwrap() {
                let (height, length) = (block.height, block.payload.len());
                assert!(
                    length as u64 == if height == 0 { 100 } else { height * 37 % 3000 }
                        && block.payload.iter().all(|byte| *byte == height as u8)
                );
            }
            let acknowledged = reader.acknowledged().unwrap().unwrap();
            assert!(verify(&reader, |_, _| Ok(()), |_| {}).unwrap().head.height >= acknowledged.height);
            rounds += 1;
            if last_round {
                break;
            }
        }
        assert_eq!(followed.head(), Some(writer.join().unwrap()));
    });
    assert!(rounds > 1);
}

#[test]
fn the_writer_acknowledges_in_order_and_groups() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::create(directory.path(), b"charter").unwrap();
    let writer = Writer::spawn(journal, WriterOptions::default()).unwrap();
    let (sender, receiver) = channel();
    let acknowledge = |sender: std::sync::mpsc::Sender<_>| move |head: Result<Head, Error>| sender.send(head).unwrap();
    for height in 1..=500 {
        writer
            .submit(height, vec![Bytes::from(vec![1; 300]), Bytes::from_static(b"tail")], acknowledge(sender.clone()))
            .unwrap();
    }
    // These two concern nobody else.
    writer.submit(500, vec![], acknowledge(sender.clone())).unwrap();
    writer
        .submit(501, vec![Bytes::from(vec![0; MAX_PAYLOAD_BYTES as usize + 1])], acknowledge(sender.clone()))
        .unwrap();
    writer.submit(501, vec![], acknowledge(sender)).unwrap();
    let head = writer.close().unwrap();
    let answers: Vec<_> = receiver.iter().collect();
    assert_eq!(answers.len(), 503);
    for (answer, height) in answers.iter().zip(1..=500) {
        assert_eq!(answer.as_ref().unwrap().height, height);
    }
    assert!(matches!(answers[500], Err(Error::OutOfOrder { height: 500, expected: 501 })));
    assert!(matches!(answers[501], Err(Error::TooLarge { height: 501, .. })));
    assert_eq!(answers[502].as_ref().unwrap(), &head);
    let reader = Reader::open(directory.path()).unwrap();
    let hashes: Vec<_> = reader.blocks(1).unwrap().map(|block| block.unwrap().hash).collect();
    assert_eq!(hashes, answers.iter().flatten().map(|head| head.hash).collect::<Vec<_>>());
}

#[test]
fn a_full_queue_makes_the_submitter_wait() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let journal = Journal::create_on(disk, b"charter", Options::default()).unwrap();
    let writer = Writer::spawn(journal, WriterOptions { queue_blocks: 3, queue_bytes: 1000, group_bytes: 1 }).unwrap();
    // The writer is held in the first acknowledgement, so the queue only fills.
    let (release, held) = sync_channel::<()>(0);
    let (entered, in_first) = sync_channel(0);
    writer
        .submit(1, vec![], move |_| {
            entered.send(()).unwrap();
            held.recv().unwrap();
        })
        .unwrap();
    in_first.recv().unwrap();
    std::thread::scope(|scope| {
        let (submitted, submissions) = channel();
        let writer = &writer;
        scope.spawn(move || {
            // Three by number; then one fills the bytes, and the next must wait for it.
            for (height, bytes) in [(2, 1), (3, 1), (4, 1), (5, 999), (6, 2)] {
                writer.submit(height, vec![Bytes::from(vec![0; bytes])], |head| assert!(head.is_ok())).unwrap();
                submitted.send(height).unwrap();
            }
        });
        assert_eq!(submissions.iter().take(3).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(submissions.recv_timeout(Duration::from_millis(50)), Err(RecvTimeoutError::Timeout));
        release.send(()).unwrap();
        assert_eq!(submissions.iter().collect::<Vec<_>>(), [5, 6]);
    });
    assert_eq!(writer.close().unwrap().height, 6);
}

#[test]
fn a_failing_disk_stops_the_writer_for_good() {
    for operation in 1..12 {
        let disk = SimulatedDisk::new(operation);
        let journal = Journal::create_on(Arc::new(disk.clone()), b"charter", Options::default()).unwrap();
        disk.fail_in(operation);
        let writer = Writer::spawn(journal, WriterOptions { group_bytes: 300, ..WriterOptions::default() }).unwrap();
        let answers = Arc::new(Mutex::new(Vec::new()));
        for height in 1..=40 {
            let answers = answers.clone();
            writer
                .submit(height, vec![Bytes::from(vec![1; 100])], move |head| answers.lock().unwrap().push(head))
                .unwrap();
        }
        let error = writer.close().unwrap_err();
        assert!(matches!(error.cause(), Error::Io { .. }), "{error}");
        let answers = answers.lock().unwrap();
        assert_eq!(answers.len(), 40);
        let acknowledged = answers.iter().take_while(|answer| answer.is_ok()).count();
        assert!(
            answers[acknowledged..]
                .iter()
                .all(|answer| matches!(answer.as_ref().unwrap_err().cause(), Error::Io { .. }))
        );
        let (_, recovery) = Journal::open_on(Arc::new(disk.after_power_failure()), Options::default()).unwrap();
        assert!(recovery.head.height >= acknowledged as u64);
    }
}

#[test]
fn a_panic_in_an_acknowledgement_does_not_hang_anyone() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let journal = Journal::create_on(disk, b"charter", Options::default()).unwrap();
    let writer = Writer::spawn(journal, WriterOptions { queue_blocks: 1, ..WriterOptions::default() }).unwrap();
    writer.submit(1, vec![], |_| panic!("as planned")).unwrap();
    let refused = (2..).find_map(|height| writer.submit(height, vec![], |_| {}).err());
    assert!(matches!(refused, Some(Error::Closed)));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| writer.close())).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"as planned"));
}
