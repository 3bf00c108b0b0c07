//! The roster of an epoch: whose batches count, and whose nodes vote on blocks.
//!
//! A block is checked before those on which it is built are applied, so what it is checked by must be known in time: the
//! roster of an epoch is drawn up at the first block of the epoch before. Until then a new key, a new member or a suspension
//! waits; the union's own rules follow at once.

use crate::batch::{BatchError, BatchHeader};
use crate::charter::Charter;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;
use sha2::{Digest, Sha256};

/// A member's keys in an epoch; one that is all zero is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Seat {
    /// Signs its batches. None: it has left.
    pub signing_key: [u8; 32],
    /// Its node's, which votes on blocks.
    pub node_key: [u8; 32],
    /// That of the node which stands by: it follows, and votes only once its key has become the node's.
    pub standby_key: [u8; 32],
}

/// No key.
pub(crate) const NO_KEY: [u8; 32] = [0; 32];

/// Who counts in an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub(crate) epoch: u64,
    pub(crate) seats: Vec<Seat>,
}

impl Roster {
    /// The epoch; with [`crate::Charter::epoch_blocks`], the heights that it is for.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The seats, by member.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The nodes that vote on blocks, in ascending order of their keys. None: one node orders alone.
    pub fn nodes(&self) -> Vec<[u8; 32]> {
        let mut keys: Vec<_> = self.seats.iter().map(|seat| seat.node_key).filter(|key| *key != NO_KEY).collect();
        keys.sort_unstable();
        keys
    }

    /// The nodes that follow without a vote.
    pub fn standbys(&self) -> impl Iterator<Item = [u8; 32]> {
        self.seats.iter().map(|seat| seat.standby_key).filter(|key| *key != NO_KEY)
    }

    /// Whether a batch is signed with the key that its member has in this epoch.
    pub fn check(&self, batch: &BatchHeader) -> Result<(), BatchError> {
        let member = batch.member;
        let seat = self.seats.get(usize::from(member)).filter(|seat| seat.signing_key != NO_KEY);
        let seat = seat.ok_or(BatchError::Member(member))?;
        if seat.signing_key == batch.key { Ok(()) } else { Err(BatchError::Key(member)) }
    }

    /// What a state hash binds the nodes of an epoch by, see [`nodes_hash`].
    pub fn nodes_hash(&self) -> Hash {
        nodes_hash(&self.nodes())
    }

    pub(crate) fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"comity roster v1");
        hasher.update(self.epoch.to_le_bytes());
        hasher.update(bytemuck::cast_slice::<Seat, u8>(&self.seats));
        hasher.finalize().into()
    }
}

/// The rosters that are known: that of the epoch of the last block, and that of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rosters {
    union: Hash,
    epoch_blocks: u64,
    pub(crate) known: [Roster; 2],
}

impl Rosters {
    pub(crate) fn new(charter: &Charter, epoch: u64, [current, next]: [Vec<Seat>; 2]) -> Rosters {
        let known = [Roster { epoch, seats: current }, Roster { epoch: epoch + 1, seats: next }];
        Rosters { union: charter.hash(), epoch_blocks: charter.epoch_blocks, known }
    }

    /// The union's identity.
    pub fn union(&self) -> &Hash {
        &self.union
    }

    /// The roster of the epoch of the last block.
    pub fn current(&self) -> &Roster {
        &self.known[0]
    }

    /// The roster of the epoch after it.
    pub fn next(&self) -> &Roster {
        &self.known[1]
    }

    /// The roster of the epoch that a height is in, if it is known.
    pub fn of_height(&self, height: u64) -> Option<&Roster> {
        self.known.iter().find(|roster| roster.epoch == height / self.epoch_blocks)
    }

    /// Whether a batch is signed with a key that its member has in one of the two epochs.
    pub fn check(&self, batch: &BatchHeader) -> Result<(), BatchError> {
        self.current().check(batch).or_else(|_| self.next().check(batch))
    }

    /// The next epoch has come; `next` is the roster of the one after it.
    pub(crate) fn advance(&mut self, next: Roster) {
        self.known.swap(0, 1);
        self.known[1] = next;
    }
}

/// SHA-256 over the 16 bytes `comity nodes v1`, zero-terminated, and the nodes' keys in ascending order.
pub fn nodes_hash(keys: &[[u8; 32]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"comity nodes v1\0");
    hasher.update(keys.as_flattened());
    hasher.finalize().into()
}
