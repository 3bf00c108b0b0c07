//! The whole path over a disk that crashes: what was acknowledged is there, and the state is the one that the surviving blocks
//! led to before. The journal has its own crash tests; this one checks that state and journal never part.
//!
//! More points: `NETWORK_CRASH_SEEDS=20000 cargo test --release -p network --test node crashes`.

use crate::fixture::{Member, charter, founding, members, noon, pay};
use journal::simulated_disk::SimulatedDisk;
use journal::{Journal, Options, SnapshotId};
use network::recover;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use union::{Batch, Block, Charter, Command, Hash, Union};

const OPTIONS: Options = Options { segment_bytes: 12 << 10, reserve_bytes: 2 << 10 };

struct Owner {
    random: ChaCha8Rng,
    members: Vec<Member>,
    charter: Charter,
    /// State hashes by height, of blocks that were made; those above the acknowledged height may not have survived.
    states: BTreeMap<u64, Hash>,
    acknowledged: u64,
    next_order: u128,
}

impl Owner {
    fn block(&mut self, union: &Union) -> Block {
        let day = u32::try_from(union.height() / 7).unwrap();
        let sender = self.random.random_range(0..3u16);
        let commands: Vec<Command> = (0..self.random.random_range(1..6))
            .map(|_| {
                self.next_order += 1;
                let creditor = (sender + self.random.random_range(1..3u16)) % 3;
                pay(&self.charter, self.next_order, sender, creditor, self.random.random_range(0..50), day)
            })
            .collect();
        let member = &mut self.members[usize::from(sender)];
        member.follow(union);
        let batch = member.sign(&self.charter, &commands);
        let batch = Batch::verify(batch, union.rosters()).unwrap();
        Block::new(union.height() + 1, noon(&self.charter, day), union.parent(), 0, union.state(), vec![batch])
    }

    /// Works until the disk fails or the steps are done.
    fn work(&mut self, journal: &mut Journal, union: &mut Union, steps: u32) -> Result<(), journal::Error> {
        let mut snapshots = journal.snapshot_writer();
        for _ in 0..steps {
            match self.random.random_range(0..10) {
                0..=6 => {
                    let block = self.block(union);
                    let applied = union.apply(&block).unwrap();
                    self.states.insert(applied.height, applied.state);
                    let batch = block.batches()[0].bytes().clone();
                    journal.append(applied.height, &[&applied.state, &[0; 4], block.header_bytes(), &batch])?;
                }
                7 | 8 => self.acknowledged = journal.sync()?.height,
                _ if journal.durable().height == union.height() => {
                    let id = SnapshotId { head: journal.durable(), state_hash: union.state() };
                    snapshots.write(id, |file| union.snapshot(|bytes| file.write_all(bytes)))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn live(seed: u64) -> (u64, u64) {
    let mut disk = SimulatedDisk::new(seed);
    let members = members(3);
    let charter = charter(&members);
    drop(Journal::create_on(Arc::new(disk.clone()), &founding(&charter).genesis(), OPTIONS).unwrap());
    let states = BTreeMap::from([(0, Union::new(charter.clone(), 0).state())]);
    let random = ChaCha8Rng::seed_from_u64(seed);
    let mut owner = Owner { random, members, charter, states, acknowledged: 0, next_order: 0 };
    let (mut crashes, mut from_snapshot) = (0, 0);
    for _ in 0..4 {
        let (mut journal, recovery) = Journal::open_on(Arc::new(disk.clone()), OPTIONS).unwrap();
        let index_seed = owner.random.random();
        let (mut union, recovered) = recover(&journal.reader(), Path::new("simulated"), index_seed).unwrap();
        assert_eq!(union.height(), recovery.head.height, "seed {seed}");
        assert!(union.height() >= owner.acknowledged, "seed {seed}: an acknowledged block is gone");
        assert_eq!(owner.states.get(&union.height()), Some(&union.state()), "seed {seed}: height {}", union.height());
        assert!(recovered.passed_over.is_empty(), "seed {seed}: {:?}", recovered.passed_over);
        assert!(union.ledger().sums().values().all(|&sum| sum == 0), "seed {seed}");
        from_snapshot += u64::from(recovered.snapshot > 0);
        owner.states.split_off(&(union.height() + 1));
        // What survived is durable now, acknowledged or not.
        owner.acknowledged = union.height();

        disk.crash_in(owner.random.random_range(1..60));
        let done = owner.work(&mut journal, &mut union, 60);
        assert!(done.is_err() || !disk.has_crashed(), "seed {seed}: a crash went unnoticed");
        crashes += u64::from(disk.has_crashed());
        drop(journal);
        disk = if owner.random.random() { disk.after_power_failure() } else { disk.after_kill() };
    }
    (crashes, from_snapshot)
}

#[test]
fn state_and_journal_agree_after_every_crash() {
    let seeds = std::env::var("NETWORK_CRASH_SEEDS").map_or(400, |text| text.parse().expect("a number of seeds"));
    let (mut crashes, mut from_snapshot) = (0, 0);
    for seed in 0..seeds {
        let (crashed, snapshots) = live(seed);
        crashes += crashed;
        from_snapshot += snapshots;
    }
    println!("{seeds} seeds, {crashes} crashes, {from_snapshot} recoveries from a snapshot");
    assert!(crashes > seeds && from_snapshot > seeds / 4, "the seeds reach what they are for");
}
