//! What a state hash is made of, so that somebody who knows the hash only can be shown a part.

use crate::merkle;
use crate::order_record::OrderEvents;
use crate::tip::Tip;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;
use sha2::{Digest, Sha256};

const LABEL: &[u8; 16] = b"comity state v3\0";

/// The parts of a state hash: 224 bytes, little-endian.
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 32 | `books` |
/// | 32 | 32 | `nodes` |
/// | 64 | 32 | `block` |
/// | 96 | 32 | `sequences` |
/// | 128 | 32 | `states` |
/// | 160 | 32 | `order_events` |
/// | 192 | 8 | `order_event_count` |
/// | 200 | 8 | `height` |
/// | 208 | 8 | `time_ms` |
/// | 216 | 8 | `state_height` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StateParts {
    /// Hash of the charter and of everything in the books, see [`crate::Union::books_hash`].
    pub books: Hash,
    /// The nodes that vote on the blocks of the next epoch, see [`crate::nodes_hash`].
    pub nodes: Hash,
    /// Hash of the last block; the charter's hash before the first.
    pub block: Hash,
    /// SHA-256 of the members' highest sequences: 8 bytes each, by number.
    pub sequences: Hash,
    /// Merkle root (RFC 6962) of the state hashes after the blocks `state_height` to `height - 1`: those that a later block may
    /// name, but for the one that these parts have themselves.
    pub states: Hash,
    /// Merkle root of the last block's order events, [`crate::RECORDS_A_LEAF`] a leaf, see [`crate::OrderRecord`].
    pub order_events: Hash,
    /// How many order events the last block had.
    pub order_event_count: u64,
    /// Height of the last block.
    pub height: u64,
    /// Its time, Unix milliseconds.
    pub time_ms: u64,
    /// The height after which it names the state: not above `height`, and below it but for height 0.
    pub state_height: u64,
}

/// Bytes of the parts of a state hash.
pub(crate) const STATE_PARTS_BYTES: usize = 224;

const _: () = assert!(size_of::<StateParts>() == STATE_PARTS_BYTES);

impl StateParts {
    /// The parts after the block of `tip`; `earlier` are the state hashes from the one that it names to the one before its own.
    pub(crate) fn new(books: Hash, nodes: Hash, tip: &Tip, earlier: &[Hash], order_events: OrderEvents) -> StateParts {
        let mut sequences = Sha256::new();
        for sequence in tip.sequences() {
            sequences.update(sequence.to_le_bytes());
        }
        StateParts {
            books,
            nodes,
            block: tip.hash(),
            sequences: sequences.finalize().into(),
            states: merkle::root(earlier.iter().map(|state| merkle::leaf(state)).collect()),
            order_events: order_events.root,
            order_event_count: order_events.count,
            height: tip.height(),
            time_ms: tip.time_ms(),
            state_height: tip.state_height(),
        }
    }

    /// The state hash: SHA-256 over the 16 bytes `comity state v3`, zero-terminated, and the parts.
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(LABEL);
        hasher.update(bytemuck::bytes_of(self));
        hasher.finalize().into()
    }
}
