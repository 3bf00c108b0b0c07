//! What a seed decides: who takes part, who is hostile, which faults there are.

use super::adversary::Hostility;
use super::network::Conditions;
use crate::consensus::Timing;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Faults that a seed may have. Each seed has some of them, so that one does not hide what another would show.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// A node is told to stop, and started again.
    pub stops: bool,
    pub kills: bool,
    pub power_failures: bool,
    /// All machines lose power at the same moment.
    pub blackouts: bool,
    /// A machine dies in the middle of a disk operation.
    pub torn_writes: bool,
    /// A disk operation fails.
    pub disk_errors: bool,
    pub full_disks: bool,
    pub splits: bool,
    pub loss: bool,
    pub doubling: bool,
    pub reordering: bool,
    pub delay: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub seed: u64,
    pub nodes: usize,
    /// By member.
    pub hostile: Vec<Option<Hostility>>,
    pub faults: Faults,
    /// How long there are faults.
    pub storm: Duration,
    /// Members suspend one another by votes, and readmit. Only where nobody is hostile: fewer nodes withstand fewer.
    pub decides: bool,
    /// An honest member whose node first starts so long after the others, with a checkpoint of another node if that one has any: at times
    /// one in which a byte is changed.
    pub late: Option<(usize, Duration)>,
    /// Orders of each honest member during that time.
    pub orders: usize,
    /// By member, what its clock shows too much.
    pub clock_skews_ms: Vec<i64>,
    /// How long messages take when there are no faults any more, in milliseconds.
    pub calm_delay_ms: (u64, u64),
    /// The clocks stand still, as in a scenario: no block is made unasked.
    pub clocks_stand: bool,
    pub timing: Timing,
    /// A node writes a snapshot when so many bytes of blocks came.
    pub snapshot_bytes: u64,
    /// The journal begins a new file when one has so many bytes.
    pub segment_bytes: u64,
}

impl Plan {
    pub fn of(seed: u64) -> Plan {
        let random = &mut random(seed, 0);
        let nodes = if random.random_ratio(2, 3) { 4 } else { 7 };
        let mut hostile = vec![None; nodes];
        for _ in 0..random.random_range(0..=(nodes - 1) / 3) {
            hostile[random.random_range(0..nodes)] = Some(Hostility::of(random));
        }
        let mut some = || random.random_bool(0.4);
        let faults = Faults {
            stops: some(),
            kills: some(),
            power_failures: some(),
            blackouts: some(),
            torn_writes: some(),
            disk_errors: some(),
            full_disks: some(),
            splits: some(),
            loss: some(),
            doubling: some(),
            reordering: some(),
            delay: some(),
        };
        let storm = Duration::from_millis(random.random_range(4_000..12_000));
        let decides = hostile.iter().all(Option::is_none);
        let late = random.random_bool(0.3).then(|| {
            let honest: Vec<usize> = (0..nodes).filter(|&member| hostile[member].is_none()).collect();
            (honest[random.random_range(0..honest.len())], Duration::from_millis(random.random_range(2_000..10_000)))
        });
        let skew_ms = if random.random() { 250 } else { 0 };
        Plan {
            seed,
            nodes,
            hostile,
            faults,
            storm,
            decides,
            late,
            orders: random.random_range(2..8),
            clock_skews_ms: (0..nodes).map(|_| random.random_range(-skew_ms..=skew_ms)).collect(),
            calm_delay_ms: Conditions::CALM.delay_ms,
            clocks_stand: false,
            timing: Timing { idle: Duration::from_millis(random.random_range(200..800)), ..Timing::default() },
            snapshot_bytes: if random.random() { 4_000 } else { 1 << 30 },
            segment_bytes: if random.random() { 4_096 } else { 64 << 20 },
        }
    }

    pub fn is_hostile(&self, member: usize) -> bool {
        self.hostile[member].is_some()
    }

    pub fn honest(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes).filter(|&member| !self.is_hostile(member))
    }

    /// The most hostile nodes that the union of this size withstands.
    pub fn hostile_max(&self) -> u64 {
        (self.nodes as u64 - 1) / 3
    }
}

/// Independent random numbers for each purpose: what one part draws does not change what another does.
pub(crate) fn random(seed: u64, purpose: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(purpose);
    random
}
