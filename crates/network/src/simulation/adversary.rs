//! What hostile nodes do. They run the real code, which lies for them where it matters.

use super::injected::Twist;
use super::network::{BATCHES, BLOCKS, Habit, Network, Place};
use super::payments::Payer;
use super::plan::random;
use commonware_runtime::{Clock as _, IoBuf, deterministic};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use union::{Batch, Block, Charter};

/// What a hostile node does beside taking part; it votes for every block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hostility {
    /// It runs twice with the same key, and tells some of the others one thing and the rest another: two blocks of a view,
    /// votes for both.
    pub is_two: bool,
    /// The blocks that it proposes are wrong, each in another way.
    pub proposes_wrong: bool,
    /// The member whose batches it leaves out when it leads.
    pub censors: Option<u16>,
    /// When it leads, it puts only the last of several batches of a member into its block.
    pub overtakes: bool,
    /// Sends old messages of others, changed messages, and noise.
    pub is_noisy: bool,
    /// Asks all the time for blocks that nobody has.
    pub chatters: bool,
    /// Its member signs two batches with the same sequence, and tells each to some.
    pub signs_twice: bool,
    pub withholds_batches: bool,
    pub lost_percent: u32,
    pub late_ms: u64,
}

impl Hostility {
    pub fn of(random: &mut ChaCha8Rng) -> Hostility {
        Hostility {
            is_two: random.random_bool(0.4),
            proposes_wrong: random.random_bool(0.5),
            censors: random.random_bool(0.5).then(|| random.random_range(0..4)),
            overtakes: random.random_bool(0.2),
            is_noisy: random.random_bool(0.3),
            chatters: random.random_bool(0.3),
            signs_twice: random.random_bool(0.5),
            withholds_batches: random.random_bool(0.3),
            lost_percent: if random.random_bool(0.3) { random.random_range(10..=100) } else { 0 },
            late_ms: if random.random_bool(0.3) { random.random_range(100..3_000) } else { 0 },
        }
    }

    pub fn habit(&self) -> Habit {
        let Hostility { withholds_batches, lost_percent, late_ms, .. } = *self;
        Habit { withholds_batches, lost_percent, late_ms }
    }
}

/// The blocks of a hostile leader.
pub(crate) struct Lies {
    hostility: Hostility,
    seen: Mutex<(ChaCha8Rng, Vec<Batch>)>,
}

impl Lies {
    pub fn new(hostility: Hostility, seed: u64, place: Place) -> Lies {
        Lies { hostility, seen: Mutex::new((random(seed, 100 + (place.0 * 2 + place.1) as u64), Vec::new())) }
    }
}

impl Twist for Lies {
    fn twist(&self, block: Block) -> Block {
        let (random, seen) = &mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let header = *block.header();
        let mut batches = block.batches().to_vec();
        if let Some(victim) = self.hostility.censors {
            batches.retain(|batch| batch.header().member != victim);
        }
        if self.hostility.overtakes {
            let members: Vec<u16> = batches.iter().map(|batch| batch.header().member).collect();
            let mut at = 0..;
            batches.retain(|_| at.next().is_some_and(|at| !members[at + 1..].contains(&members[at])));
        }
        seen.extend(batches.first().cloned());
        let (mut height, mut time_ms, mut parent, mut behind, mut state) =
            (header.height, header.time_ms, header.parent, header.state_behind, header.state);
        match if self.hostility.proposes_wrong { random.random_range(0..11) } else { 0 } {
            1 => state = random.random(),
            2 => time_ms = time_ms.saturating_sub(60_000),
            3 => time_ms += 60_000,
            4 => batches.extend(seen.first().cloned()),
            5 => batches.extend(seen.last().cloned()),
            6 => batches.extend(batches.first().map(forged)),
            7 => height += random.random_range(1..3),
            8 => behind += random.random_range(1..4),
            9 => parent = random.random(),
            10 => batches.reverse(),
            _ => {}
        }
        Block::new(height, time_ms, parent, behind, state, batches)
    }
}

/// A batch whose signature is not the member's.
fn forged(batch: &Batch) -> Batch {
    let mut bytes = batch.bytes().to_vec();
    bytes[130] ^= 0x40; // in the signature
    Batch::from_journal(Arc::from(bytes)).expect("the form is right")
}

/// Sends what nobody should act on, until the context ends.
pub(crate) async fn make_noise(
    context: deterministic::Context,
    network: Network,
    place: Place,
    nodes: usize,
    seed: u64,
) {
    let mut random = random(seed, 200 + place.0 as u64);
    loop {
        context.sleep(Duration::from_millis(random.random_range(20..1_500))).await;
        let to: Vec<usize> = (0..nodes).filter(|_| random.random()).collect();
        let (channel, message) = match (network.remembered(), random.random_range(0..6)) {
            (Some(old), 0..=2) => old,
            (Some((channel, old)), 3..=4) => {
                let mut bytes = old.as_ref().to_vec();
                if let Some(last) = bytes.len().checked_sub(1) {
                    bytes[random.random_range(0..=last)] ^= 1 << random.random_range(0..8);
                }
                (channel, IoBuf::from(bytes))
            }
            _ => {
                let bytes: Vec<u8> = (0..random.random_range(0..300)).map(|_| random.random()).collect();
                (random.random_range(0..6), IoBuf::from(bytes))
            }
        };
        network.send(place, &to, channel, message);
    }
}

/// Asks for blocks that nobody has, as often as the network lets it.
pub(crate) async fn chatter(context: deterministic::Context, network: Network, place: Place, nodes: usize) {
    let everybody: Vec<usize> = (0..nodes).collect();
    loop {
        context.sleep(Duration::from_millis(8)).await;
        let mut question = vec![1];
        question.extend_from_slice(&[0xee; 32]);
        network.send(place, &everybody, BLOCKS, IoBuf::from(question));
    }
}

/// Signs pairs of batches with the same sequence, and tells each to one half of the nodes.
pub(crate) async fn sign_twice(
    context: deterministic::Context,
    network: Network,
    charter: Charter,
    mut payer: Payer,
    nodes: usize,
    seed: u64,
) {
    let place = (usize::from(payer.number), 0);
    let mut random = random(seed, 300 + place.0 as u64);
    loop {
        context.sleep(Duration::from_millis(random.random_range(200..2_000))).await;
        let sides: Vec<bool> = (0..nodes).map(|_| random.random()).collect();
        payer.sequence += 1;
        for side in [false, true] {
            let payments = payer.payments(&charter, &mut random);
            let batch = payer.sign(&charter, &payments);
            let to: Vec<usize> = (0..nodes).filter(|&node| sides[node] == side).collect();
            network.send(place, &to, BATCHES, IoBuf::from(batch.to_vec()));
        }
    }
}
