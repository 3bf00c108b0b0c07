//! Crashes at seeded points on a simulated disk: nothing acknowledged is lost, nothing half-written is seen, and reopening goes on.
//!
//! More points: `JOURNAL_CRASH_SEEDS=100000 cargo test --release -p journal --test crashes`.

use journal::simulated_disk::SimulatedDisk;
use journal::{Error, Head, Journal, Options, Reader, SnapshotId, verify};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

/// Small, so that every run crosses several segments.
const OPTIONS: Options = Options { segment_bytes: 6 << 10, reserve_bytes: 2 << 10 };

/// The state after a block, as a function of it.
fn state(head: Head) -> Vec<u8> {
    let mut random = ChaCha8Rng::from_seed(head.hash.0);
    let mut state = vec![0; random.random_range(0..4000)];
    random.fill(&mut state[..]);
    state
}

/// What the owner of a journal knows across crashes.
struct Owner {
    random: ChaCha8Rng,
    /// Payloads by height, of which those above the acknowledged head may or may not have survived.
    offered: BTreeMap<u64, Vec<u8>>,
    acknowledged: Head,
    /// The height of the last snapshot whose writing succeeded.
    snapshot: Option<u64>,
}

#[derive(Default)]
struct Seen {
    crashes: u64,
    failures: u64,
    torn: u64,
    secured: u64,
    unacknowledged_survived: u64,
}

impl Owner {
    fn payload(&mut self) -> Vec<u8> {
        let longest = *[0, 40, 400, 3000].get(self.random.random_range(0..4_usize)).expect("within the list");
        let mut payload = vec![0; self.random.random_range(0..=longest)];
        // Zeros and repeated bytes must not be mistaken for anything.
        if self.random.random_range(0..3) > 0 {
            self.random.fill(&mut payload[..]);
        }
        payload
    }

    /// Works until the disk fails or the steps are done.
    fn work(&mut self, journal: &mut Journal, steps: u32) -> Result<(), Error> {
        let mut snapshots = journal.snapshot_writer();
        for _ in 0..steps {
            match self.random.random_range(0..10) {
                0..=6 => {
                    let height = journal.last().height + 1;
                    let payload = self.payload();
                    let split = self.random.random_range(0..=payload.len());
                    self.offered.insert(height, payload.clone());
                    self.offered.retain(|offered, _| *offered <= height);
                    journal.append(height, &[&payload[..split], &payload[split..]])?;
                }
                7 | 8 => self.acknowledged = journal.sync()?,
                _ => {
                    let head = journal.durable();
                    let body = state(head);
                    let id = SnapshotId { head, state_hash: [head.height as u8; 32] };
                    snapshots.write(id, |out| out.write_all(&body))?;
                    self.snapshot = Some(head.height);
                }
            }
        }
        Ok(())
    }

    /// Reads everything back.
    fn check(&self, disk: &SimulatedDisk, head: Head, seed: u64) {
        assert!(
            head.height >= self.acknowledged.height,
            "seed {seed}: acknowledged {:?}, found {head:?}",
            self.acknowledged
        );
        let reader = Reader::open_on(Arc::new(disk.clone())).unwrap();
        let mut heights = 0..;
        let verified = verify(
            &reader,
            |height, payload| {
                assert_eq!(Some(height), heights.next());
                assert!(
                    self.offered.get(&height).is_some_and(|offered| offered == payload),
                    "seed {seed}: block {height}"
                );
                Ok(())
            },
            |_| {},
        )
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!((verified.head, verified.torn_bytes), (head, 0), "seed {seed}");
        assert_eq!(reader.block(self.acknowledged.height).unwrap().hash, self.acknowledged.hash, "seed {seed}");
        let latest = reader.latest_snapshot().unwrap();
        assert!(latest.passed_over.is_empty(), "seed {seed}: {:?}", latest.passed_over);
        let found = latest.snapshot.map(|mut snapshot| {
            let mut body = Vec::new();
            snapshot.read_to_end(&mut body).unwrap();
            assert!(body == state(snapshot.id.head), "seed {seed}: {:?}", snapshot.id);
            snapshot.id.head.height
        });
        assert!(found >= self.snapshot, "seed {seed}: snapshot {:?} was written, {found:?} found", self.snapshot);
    }
}

/// One journal through several crashes and failures.
fn live(seed: u64, seen: &mut Seen) {
    let random = ChaCha8Rng::seed_from_u64(seed);
    let mut disk = SimulatedDisk::new(seed);
    let genesis = b"charter".to_vec();
    let journal = Journal::create_on(Arc::new(disk.clone()), &genesis, OPTIONS).unwrap();
    let acknowledged = journal.durable();
    let mut owner = Owner { random, offered: [(0, genesis)].into(), acknowledged, snapshot: None };
    let mut open = Some(journal);
    for _ in 0..4 {
        // Up to 60 operations: creating, opening, a group, a new segment or a snapshot takes 2 to 10.
        let fails = owner.random.random_range(0..3) == 0;
        let operation = owner.random.random_range(1..60);
        if fails {
            disk.fail_in(operation)
        } else {
            disk.crash_in(operation)
        }
        let mut journal = match open.take() {
            Some(journal) => journal,
            // The crash may also come while recovering from the one before.
            None => match Journal::open_on(Arc::new(disk.clone()), OPTIONS) {
                Ok((journal, _)) => journal,
                Err(Error::Io { .. }) => {
                    disk = next(&disk, &mut owner.random);
                    continue;
                }
                Err(other) => panic!("seed {seed}: {other}"),
            },
        };
        let stopped = owner.work(&mut journal, 200);
        match stopped {
            Err(Error::Io { .. }) => seen.failures += u64::from(fails),
            Err(Error::Stopped(_)) | Ok(()) => {}
            Err(other) => panic!("seed {seed}: {other}"),
        }
        drop(journal);
        seen.crashes += u64::from(disk.has_crashed());
        disk = next(&disk, &mut owner.random);
        let (journal, recovery) = match Journal::open_on(Arc::new(disk.clone()), OPTIONS) {
            Ok(opened) => opened,
            Err(error) => panic!("seed {seed}: {error}"),
        };
        seen.torn += u64::from(recovery.torn_bytes > 0);
        seen.secured += u64::from(recovery.secured_blocks > 0);
        seen.unacknowledged_survived += u64::from(recovery.head.height > owner.acknowledged.height);
        owner.check(&disk, recovery.head, seed);
        owner.acknowledged = recovery.head;
        open = owner.random.random::<bool>().then_some(journal);
    }
}

/// The disk after the process was killed, or the power failed.
fn next(disk: &SimulatedDisk, random: &mut ChaCha8Rng) -> SimulatedDisk {
    if random.random_range(0..4) == 0 { disk.after_kill() } else { disk.after_power_failure() }
}

#[test]
fn nothing_acknowledged_is_lost_at_any_crash_point() {
    let seeds = std::env::var("JOURNAL_CRASH_SEEDS").map_or(1000, |seeds| seeds.parse().expect("a number of seeds"));
    let mut seen = Seen::default();
    for seed in 0..seeds {
        live(seed, &mut seen);
    }
    println!(
        "{seeds} seeds: {} crashes, {} failed operations; recoveries with a torn tail {}, with blocks secured {}, with unacknowledged blocks that \
         survived {}",
        seen.crashes, seen.failures, seen.torn, seen.secured, seen.unacknowledged_survived
    );
    // The test would be empty if it no longer met what it is for.
    assert!(seen.crashes >= seeds && seen.failures >= seeds / 4);
    assert!(seen.torn >= seeds / 10 && seen.secured >= seeds / 20 && seen.unacknowledged_survived >= seeds / 20);
}

#[test]
fn what_a_killed_process_left_half_done_is_made_durable_by_the_next() {
    let mut crashes = 0;
    for (seed, operation) in (0..20).flat_map(|seed| (1..30).map(move |operation| (seed, operation))) {
        let disk = SimulatedDisk::new(seed);
        let mut journal = Journal::create_on(Arc::new(disk.clone()), b"charter", OPTIONS).unwrap();
        disk.crash_in(operation);
        let grow = |journal: &mut Journal, blocks: u64| {
            for _ in 0..blocks {
                journal.append(journal.last().height + 1, &[&[1; 2500]])?;
                journal.sync()?;
            }
            Ok::<_, Error>(journal.durable())
        };
        crashes += u64::from(grow(&mut journal, 10).is_err());
        let killed = disk.after_kill();
        let (mut journal, _) = Journal::open_on(Arc::new(killed.clone()), OPTIONS).unwrap();
        // In the same segment, perhaps: no new name makes the one before it durable.
        let acknowledged = grow(&mut journal, 1).unwrap();
        let (_, recovery) = Journal::open_on(Arc::new(killed.after_power_failure()), OPTIONS)
            .unwrap_or_else(|error| panic!("seed {seed}, operation {operation}: {error}"));
        assert_eq!(recovery.head, acknowledged, "seed {seed}, operation {operation}");
    }
    assert!(crashes > 500);
}
