//! Verified batches that wait for a block, by member and in the order of their sequences.

use crate::error::SubmitError;
use crate::node::Answer;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use union::{BLOCK_BATCHES_MAX, BLOCK_BYTES_MAX, Batch, Hash, Roster, Rosters, Tip};

/// The batches that this node knows of and that are in no final block yet. Every member has its own share of the
/// room: nobody can crowd out another.
#[derive(Debug)]
pub(crate) struct Pool {
    waiting: Mutex<Waiting>,
    /// Told when a batch comes.
    arrived: Notify,
    /// Bytes that the batches of one member may have.
    bytes_of_a_member: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    members: Vec<Queue>,
    /// Where a batch is, by its id.
    places: HashMap<Hash, (u16, u64)>,
}

#[derive(Debug, Default)]
struct Queue {
    batches: BTreeMap<u64, Entry>,
    bytes: usize,
}

impl Queue {
    /// The batches that can follow the one with a sequence, one after the other.
    fn following(&self, last: u64) -> impl Iterator<Item = &Entry> {
        let after = self.batches.range(last.saturating_add(1)..).zip(last.saturating_add(1)..);
        after.take_while(|((sequence, _), expected)| **sequence == *expected).map(|((_, entry), _)| entry)
    }

    /// Counts an entry no longer that was removed.
    fn take_out(&mut self, entry: Entry, places: &mut HashMap<Hash, (u16, u64)>) -> Left {
        self.bytes -= entry.batch.bytes().len();
        places.remove(&entry.batch.id());
        Left { batch: entry.batch, answers: entry.answers }
    }
}

#[derive(Debug)]
struct Entry {
    batch: Batch,
    /// Who waits for it here: it came from this node's own gateway, which tells the others of it until it is final.
    answers: Vec<Answer>,
}

/// Why a batch finds no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The member has as much waiting as it may.
    Full,
    /// Another batch of the member has the same sequence.
    Taken,
}

/// A batch that is no longer waiting, with who waits for what became of it.
pub(crate) struct Left {
    pub batch: Batch,
    pub answers: Vec<Answer>,
}

impl Pool {
    pub fn new(bytes_of_a_member: usize) -> Pool {
        Pool { waiting: Mutex::default(), arrived: Notify::new(), bytes_of_a_member }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a batch, whose member exists and whose signature was checked, with who waits for it here. Gives the
    /// answer back where there is no place.
    ///
    /// The member's batches that come after it make way if they must, and are returned: they cannot be in a block before it is.
    pub fn add(&self, batch: Batch, answer: Option<Answer>) -> Result<Vec<Left>, (NoPlace, Option<Answer>)> {
        let (member, sequence, length) = (batch.header().member, batch.header().sequence, batch.bytes().len());
        let mut waiting = self.lock();
        let Waiting { members, places } = &mut *waiting;
        if members.len() <= usize::from(member) {
            members.resize_with(usize::from(member) + 1, Queue::default);
        }
        let queue = &mut members[usize::from(member)];
        let id = batch.id();
        if let Some(entry) = queue.batches.get_mut(&sequence) {
            if !places.contains_key(&id) {
                return Err((NoPlace::Taken, answer));
            }
            entry.answers.extend(answer);
            return Ok(Vec::new());
        }
        let before: usize = queue.batches.range(..sequence).map(|(_, entry)| entry.batch.bytes().len()).sum();
        if before + length > self.bytes_of_a_member && before > 0 {
            return Err((NoPlace::Full, answer));
        }
        let mut left = Vec::new();
        while queue.bytes + length > self.bytes_of_a_member
            && let Some(last) = queue.batches.last_entry().filter(|last| *last.key() > sequence)
        {
            let later = last.remove();
            left.push(queue.take_out(later, places));
        }
        queue.bytes += length;
        queue.batches.insert(sequence, Entry { batch, answers: answer.into_iter().collect() });
        places.insert(id, (member, sequence));
        drop(waiting);
        self.arrived.notify_waiters();
        Ok(left)
    }

    /// The sequence of a member's next batch, where those up to `last` are in blocks: after all that wait without a gap.
    pub fn next_sequence(&self, member: u16, last: u64) -> u64 {
        let waiting = self.lock();
        let queue = waiting.members.get(usize::from(member));
        let known = queue.into_iter().flat_map(|queue| queue.following(last));
        last + 1 + known.count() as u64
    }

    /// A batch by its id.
    pub fn get(&self, id: &Hash) -> Option<Batch> {
        let waiting = self.lock();
        let (member, sequence) = waiting.places.get(id)?;
        Some(waiting.members[usize::from(*member)].batches[sequence].batch.clone())
    }

    /// Resolves when a batch has come since this was called.
    pub fn arrival(&self) -> tokio::sync::futures::Notified<'_> {
        self.arrived.notified()
    }

    /// What a leader puts on top of a block: of each member in turn, the next in sequence, until nothing is left or
    /// `bytes` are reached. The member whose turn is first changes with the height.
    /// What is signed with a key that the roster of the block's epoch does not name is left out, with all that follows it.
    pub fn choose(&self, tip: &Tip, roster: &Roster, bytes: usize) -> Vec<Batch> {
        let waiting = self.lock();
        let members = waiting.members.len();
        let first = (tip.height() % members.max(1) as u64) as usize;
        let mut queues: Vec<_> = (0..members)
            .map(|turn| {
                let member = (first + turn) % members;
                let following = waiting.members[member].following(tip.sequence(member as u16));
                following.take_while(|entry| roster.check(entry.batch.header()).is_ok())
            })
            .collect();
        let (mut chosen, mut size) = (Vec::new(), 0);
        while !queues.is_empty() {
            let mut is_full = false;
            queues.retain_mut(|queue| {
                let Some(entry) = queue.next().filter(|_| !is_full) else { return false };
                let length = entry.batch.bytes().len();
                if chosen.len() == BLOCK_BATCHES_MAX || size + length > BLOCK_BYTES_MAX / 2 {
                    is_full = true;
                    return false;
                }
                size += length;
                chosen.push(entry.batch.clone());
                is_full = size >= bytes;
                true
            });
            if is_full {
                break;
            }
        }
        chosen
    }

    /// This node's own batches that wait, for telling the others of them again.
    pub fn own(&self) -> Vec<Batch> {
        let waiting = self.lock();
        let entries = waiting.members.iter().flat_map(|queue| queue.batches.values());
        entries.filter(|entry| !entry.answers.is_empty()).map(|entry| entry.batch.clone()).collect()
    }

    /// Takes out every batch that can be in no later block: those up to the member's sequence, and those whose keys do not count any
    /// more.
    pub fn settle(&self, tip: &Tip, rosters: &Rosters) -> Vec<Left> {
        let mut waiting = self.lock();
        let mut left = Vec::new();
        let Waiting { members, places } = &mut *waiting;
        for (member, queue) in (0..).zip(members) {
            let is_over = |sequence: &u64, entry: &mut Entry| {
                *sequence <= tip.sequence(member) || rosters.check(entry.batch.header()).is_err()
            };
            let over: Vec<Entry> = queue.batches.extract_if(.., is_over).map(|(_, entry)| entry).collect();
            left.extend(over.into_iter().map(|entry| queue.take_out(entry, places)));
        }
        left
    }

    /// Takes out everything, for a node that stops: whether any of it will be in a block is not known here.
    pub fn answer_all_unknown(&self) {
        let mut waiting = self.lock();
        waiting.places.clear();
        for queue in &mut waiting.members {
            for answer in std::mem::take(queue).batches.into_values().flat_map(|entry| entry.answers) {
                let text = "this node has stopped, and the others may put the batch into a block";
                drop(answer.send(Err(SubmitError::Unknown(text.into()))));
            }
        }
    }

    /// Batches and bytes that wait.
    pub fn size(&self) -> (usize, usize) {
        let waiting = self.lock();
        let queues = &waiting.members;
        (queues.iter().map(|queue| queue.batches.len()).sum(), queues.iter().map(|queue| queue.bytes).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Payer, charter};
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use union::{Charter, Union};

    /// Batches of one length, by sequence from 1 on.
    fn batches(charter: &Charter, count: u64) -> Vec<Batch> {
        let (mut payer, random) = (Payer::new(0, 4), &mut ChaCha8Rng::seed_from_u64(1));
        let one = payer.payments(charter, random)[..1].to_vec();
        let signed = (1..=count).map(|sequence| {
            payer.sequence = sequence;
            Batch::signed(payer.sign(charter, &one), &charter.hash()).unwrap()
        });
        signed.collect()
    }

    #[test]
    fn a_leader_chooses_up_to_the_first_that_is_missing() {
        let charter = charter(4);
        let batches = batches(&charter, 4);
        let union = Union::new(charter, 0);
        let pool = Pool::new(1 << 20);
        let sequences = || {
            let chosen = pool.choose(union.tip(), union.rosters().current(), 1 << 20);
            chosen.iter().map(|batch| batch.header().sequence).collect::<Vec<_>>()
        };
        for (added, chosen, next) in [(3, vec![], 1), (0, vec![1], 2), (1, vec![1, 2], 3), (2, vec![1, 2, 3, 4], 5)] {
            assert!(pool.add(batches[added].clone(), None).is_ok());
            assert_eq!((sequences(), pool.next_sequence(0, 0)), (chosen, next));
        }
        assert_eq!(pool.next_sequence(0, 4), 5);
        assert_eq!(pool.next_sequence(3, 7), 8, "of a member that nothing is known of");
    }

    /// Otherwise a member whose room is full of later batches could never give the one that they wait for.
    #[test]
    fn later_batches_make_way_for_earlier_ones() {
        let batches = batches(&charter(4), 4);
        let pool = Pool::new(2 * batches[0].bytes().len());
        let add = |at: usize| pool.add(batches[at].clone(), None);
        assert!(add(2).unwrap().is_empty() && add(3).unwrap().is_empty());
        let left: Vec<u64> = add(1).unwrap().iter().map(|left| left.batch.header().sequence).collect();
        assert_eq!(left, [4]);
        assert_eq!(add(0).unwrap().len(), 1);
        assert!(matches!(add(2), Err((NoPlace::Full, None))));
        assert_eq!((pool.size(), pool.next_sequence(0, 0)), ((2, 2 * batches[0].bytes().len()), 3));
    }
}
