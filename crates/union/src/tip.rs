//! The end of a chain of blocks, and what a block must have to follow it that can be told without executing anything.
//!
//! A proposer builds on blocks that are not final yet, and a node executes final blocks only: it follows the chain with tips.

use crate::batch::{BatchError, BatchHeader};
use crate::block::{Block, BlockHeader};
use crate::calendar::{DAY_MS, Day};
use crate::roster::Roster;
use ledger::Hash;

/// A block names a state that is at most so many blocks behind that of its parent: a node that is further behind with applying
/// waits before it proposes.
pub const STATE_BEHIND_MAX: u64 = 12;

/// An epoch has so many blocks at least: when one begins, the roster that is drawn up then is known to whoever checks a
/// block of the next one, and named by a block of its own.
pub(crate) const EPOCH_BLOCKS_MIN: u64 = 16;

/// From then on it is the last day that can be named somewhere on earth, in Unix milliseconds.
const TIME_MS_END: u64 = Day::LAST.0 as u64 * DAY_MS - 14 * 3_600_000;

const _: () = assert!(STATE_BEHIND_MAX + 2 < EPOCH_BLOCKS_MIN);

/// The last block of a chain, as far as the next one depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    height: u64,
    hash: Hash,
    time_ms: u64,
    state_height: u64,
    sequences: Vec<u64>,
}

/// Why a block does not follow. Nothing of it was applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Not the next height.
    #[error("block {got} does not follow block {last}")]
    Height {
        /// Height of the block.
        got: u64,
        /// Height reached.
        last: u64,
    },
    /// On top of another block.
    #[error("block {0} does not name the block before it")]
    Parent(u64),
    /// Before its parent.
    #[error("the time of block {0} is before that of the block before it")]
    Time(u64),
    /// Beyond the days that can be named.
    #[error("the time of block {0} is on 9999-12-31, or that day has begun somewhere")]
    FarTime(u64),
    /// Names a state that is older than the one that its parent named, or than all.
    #[error(
        "block {height} names a state {behind} blocks behind that of the block before it; it may be {most} behind at most"
    )]
    StateBehind {
        /// Height of the block.
        height: u64,
        /// How far behind the state is that it names, in blocks.
        behind: u32,
        /// How far it may be.
        most: u64,
    },
    /// Made under rules that this software does not know.
    #[error(
        "from block {height} on, the members apply version {needed} of the rules, and this software knows them up to version {known}: \
         install a later release and start again; nothing is lost"
    )]
    Protocol {
        /// Height of the block.
        height: u64,
        /// The version that is needed.
        needed: u32,
        /// The latest one known.
        known: u32,
    },
    /// Names another state than the blocks led to.
    #[error("block {height} names another state than the blocks up to {named} led to")]
    State {
        /// Height of the block.
        height: u64,
        /// Height of the block after which it names the state.
        named: u64,
    },
    /// A batch that was taken before, or of no member.
    #[error("block {height}, batch {batch}: {error}")]
    Batch {
        /// Height of the block.
        height: u64,
        /// Place of the batch in the block.
        batch: usize,
        /// What is wrong with it.
        error: BatchError,
    },
}

impl Tip {
    /// The charter, on which the first block is built.
    pub(crate) fn genesis(charter: Hash, time_ms: u64, members: usize) -> Tip {
        Tip { height: 0, hash: charter, time_ms, state_height: 0, sequences: vec![0; members] }
    }

    /// A tip out of a snapshot; its numbers count once the state hash has been checked.
    pub(crate) fn from_snapshot(height: u64, hash: Hash, time_ms: u64, state_height: u64, sequences: Vec<u64>) -> Tip {
        Tip { height, hash, time_ms, state_height, sequences }
    }

    /// Whether the block follows, as far as that can be told without its state: height, parent, time, the height of the state that it
    /// names, and the members, keys and sequences of its batches. `roster` is that of the epoch of the block's height.
    pub fn check(&self, block: &Block, roster: &Roster) -> Result<(), BlockError> {
        let header = block.header();
        let height = header.height;
        if self.height.checked_add(1) != Some(height) {
            return Err(BlockError::Height { got: height, last: self.height });
        }
        if header.parent != self.hash {
            return Err(BlockError::Parent(height));
        }
        if header.time_ms < self.time_ms {
            return Err(BlockError::Time(height));
        }
        if header.time_ms >= TIME_MS_END {
            return Err(BlockError::FarTime(height));
        }
        let (behind, most) = (header.state_behind, (self.height - self.state_height).min(STATE_BEHIND_MAX));
        if u64::from(behind) > most {
            return Err(BlockError::StateBehind { height, behind, most });
        }
        let mut after = self.clone();
        for (batch, taken) in block.batches().iter().enumerate() {
            let taken = roster.check(taken.header()).and_then(|()| after.take(taken.header()));
            taken.map_err(|error| BlockError::Batch { height, batch, error })?;
        }
        Ok(())
    }

    /// The tip after a block. Panics where [`check`](Self::check) refuses the block for the state that it names or for a batch.
    pub fn after(&self, block: &Block) -> Tip {
        let &BlockHeader { height, time_ms, .. } = block.header();
        let state_height = block.header().state_height().expect("the block was checked");
        let mut after =
            Tip { height, hash: block.header().hash(), time_ms, state_height, sequences: self.sequences.clone() };
        for batch in block.batches() {
            after.take(batch.header()).expect("the block was checked");
        }
        after
    }

    /// Counts a batch as one of the next block, or says why it cannot be in it and changes nothing. With a tip of its own,
    /// a proposer finds out which of the batches that wait fit behind one another.
    pub fn take(&mut self, batch: &BatchHeader) -> Result<(), BatchError> {
        let (member, got) = (batch.member, batch.sequence);
        if usize::from(member) >= crate::MEMBERS_MAX {
            return Err(BatchError::Member(member));
        }
        if self.sequences.len() <= usize::from(member) {
            // The first batch of a member that came later.
            self.sequences.resize(usize::from(member) + 1, 0);
        }
        let last = &mut self.sequences[usize::from(member)];
        if got <= *last {
            return Err(BatchError::Replay { member, got, last: *last });
        }
        if got - 1 > *last {
            return Err(BatchError::Gap { member, got, last: *last });
        }
        *last = got;
        Ok(())
    }

    /// Height of the block; 0 for the charter.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The block's hash, which the next one names; the charter's hash at height 0.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The block's time, Unix milliseconds.
    pub fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// The height after which the block names the state: a later block names no earlier state.
    pub fn state_height(&self) -> u64 {
        self.state_height
    }

    /// The highest sequence of a member's batches so far; 0 before the first.
    pub fn sequence(&self, member: u16) -> u64 {
        self.sequences.get(usize::from(member)).copied().unwrap_or(0)
    }

    /// The same for all members, by number.
    pub fn sequences(&self) -> &[u64] {
        &self.sequences
    }
}
