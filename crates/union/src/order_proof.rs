//! Proof that an order came to a status, for somebody who trusts a block's header and nothing else.
//!
//! It leads from the order event over the [`StateParts`] of its block to the state that a header names. A header may name the state
//! of a later block than that of the event: then the parts of that later state are shown too, whose root of remembered states
//! covers the one below. `docs/order-proof.md` has the bytes, and how to check them by hand.
//!
//! **One link is enough** for the first header that names a state of height h or above, where h is the block of the event. Say it
//! names height e, above h. Block e came before that header, so it named a state below h; and the state after e
//! remembers all states from the one that block e named up to e - 1: that of h is among them. A later header names a state that may
//! have forgotten that of h, but it remembers the one that its block named, and that block came earlier: link by link, heights fall
//! until h is reached. So there is a proof under every header that names h or above, and the sooner the header, the shorter it is.

use crate::block::{BLOCK_HEADER_BYTES, BlockHeader};
use crate::command::{Command, Payment, RECORD_BYTES};
use crate::event::{Applied, Event, OrderEvent};
use crate::merkle;
use crate::order_record::{self, OrderRecord, RECORDS_A_LEAF};
use crate::state_parts::{STATE_PARTS_BYTES, StateParts};
use bytemuck::Pod;
use ledger::Hash;

/// The longest proof, in bytes: enough for about three hundred links.
pub const ORDER_PROOF_BYTES_MAX: usize = 64 << 10;

const MAGIC: [u8; 8] = *b"COMITYO1";

/// That an order came to a status in a block, as a later header commits to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderProof {
    /// The event's place among the order events of its block.
    index: u64,
    /// Of the block of the event.
    parts: StateParts,
    payment: Payment,
    /// The records of the event's leaf.
    records: Vec<OrderRecord>,
    /// From that leaf to the root.
    path: Vec<Hash>,
    /// From the state after the block of the event up to the one that the header names.
    links: Vec<StateLink>,
    header: BlockHeader,
}

/// A state that remembers an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StateLink {
    parts: StateParts,
    /// From the earlier state to the root of those that are remembered.
    path: Vec<Hash>,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderProofError {
    /// Not in the format.
    #[error("not a proof of an order: {0}")]
    Format(&'static str),
    /// The order is not the one of its record.
    #[error("the order is another than the one that its record has")]
    Order,
    /// The records are not those of the block.
    #[error("the records are not among the order events that the state after block {height} has")]
    Records {
        /// Height of the block.
        height: u64,
    },
    /// A state does not remember the one below.
    #[error("the state after block {by} does not remember the state after block {height} that is shown")]
    Link {
        /// Height of the earlier state.
        height: u64,
        /// Height of the later one.
        by: u64,
    },
    /// The header names a state of another height than the last one shown.
    #[error("the header names the state after block {named}, and the proof ends with that after block {reached}")]
    Height {
        /// Height that the header names.
        named: u64,
        /// Height of the last state shown.
        reached: u64,
    },
    /// The header names another state.
    #[error("the header names another state after block {0} than the one that is shown")]
    State(u64),
}

/// The leaf of an event: its place among the leaves, how many leaves there are, and how many records it has. `None` where there
/// are not so many events.
fn leaf_of(index: u64, events: u64) -> Option<(u64, u64, usize)> {
    let a_leaf = RECORDS_A_LEAF as u64;
    let after = events.checked_sub(index - index % a_leaf)?;
    (index < events).then(|| (index / a_leaf, events.div_ceil(a_leaf), after.min(a_leaf) as usize))
}

/// The place of the state at `height` among those that the state of `parts` remembers, and how many these are.
fn place_of(height: u64, parts: &StateParts) -> Option<(u64, u64)> {
    let at = height.checked_sub(parts.state_height)?;
    let count = parts.height.checked_sub(parts.state_height)?;
    (at < count).then_some((at, count))
}

impl OrderProof {
    /// The proof that the order event in place `index` among the order events of a block happened, under a header. `parts` gives the
    /// parts of the state after a block ([`Applied::parts`]); it is asked for what the named state and those on the way to it
    /// remember. `None` if the block has no such order event, the header names a state before it, parts are missing, or the proof would be
    /// longer than [`ORDER_PROOF_BYTES_MAX`]: then a header closer to the block is needed.
    pub fn new(
        applied: &Applied,
        index: u64,
        header: BlockHeader,
        parts: impl Fn(u64) -> Option<StateParts>,
    ) -> Option<OrderProof> {
        let order = |event: &Event| if let Event::Order(order) = event { Some(*order) } else { None };
        let events: Vec<OrderEvent> = applied.events.iter().filter_map(order).collect();
        let all: Vec<OrderRecord> = events.iter().map(OrderRecord::encode).collect();
        let (leaf, _, length) = leaf_of(index, all.len() as u64)?;
        let records = all[leaf as usize * RECORDS_A_LEAF..][..length].to_vec();
        let path = merkle::path(order_record::leaves(&all), leaf as usize);

        let mut links = Vec::new();
        let mut height = header.state_height()?;
        while height > applied.height {
            let later = parts(height)?;
            let below = later.state_height.max(applied.height);
            let state = |height| Some(merkle::leaf(&parts(height)?.hash()));
            let remembered = (later.state_height..height).map(state).collect::<Option<Vec<_>>>()?;
            let (at, _) = place_of(below, &later)?;
            links.push(StateLink { parts: later, path: merkle::path(remembered, at as usize) });
            height = below;
        }
        links.reverse();
        let payment = events[index as usize].payment;
        let proof = OrderProof { index, parts: applied.parts, payment, records, path, links, header };
        (height == applied.height && proof.bytes() <= ORDER_PROOF_BYTES_MAX).then_some(proof)
    }

    /// Whether it proves what it says. Returns the order event, and the hash of the header under which it is proved: the proof is worth
    /// as much as a quorum's certificate over that hash, which is not part of it.
    pub fn check(&self) -> Result<(OrderEvent, Hash), OrderProofError> {
        let mut shown = &self.parts;
        let height = shown.height;
        let (leaf, leaves, _) = leaf_of(self.index, shown.order_event_count).ok_or(NO_EVENT)?;
        let record = self.records.get((self.index % RECORDS_A_LEAF as u64) as usize).ok_or(NO_EVENT)?;
        let event = record.decode(&self.payment).ok_or(OrderProofError::Order)?;
        let root = merkle::root_of_path(order_record::leaf(&self.records), leaf, leaves, &self.path);
        if root != Some(shown.order_events) {
            return Err(OrderProofError::Records { height });
        }
        for link in &self.links {
            let (at, count) = place_of(shown.height, &link.parts).ok_or(NO_PLACE)?;
            let root = merkle::root_of_path(merkle::leaf(&shown.hash()), at, count, &link.path);
            if root != Some(link.parts.states) {
                return Err(OrderProofError::Link { height: shown.height, by: link.parts.height });
            }
            shown = &link.parts;
        }
        let (named, reached) = (self.header.state_height().ok_or(NO_STATE)?, shown.height);
        if named != reached {
            return Err(OrderProofError::Height { named, reached });
        }
        if self.header.state != shown.hash() {
            return Err(OrderProofError::State(named));
        }
        Ok((event, self.header.hash()))
    }

    /// The parts of the state after the block of the event: its height and time, among others. They are true once
    /// [`check`](Self::check) has said so.
    pub fn parts(&self) -> &StateParts {
        &self.parts
    }

    /// The header under which the event is proved.
    pub fn header(&self) -> &BlockHeader {
        &self.header
    }

    fn bytes(&self) -> usize {
        let links = self.links.iter().map(|link| STATE_PARTS_BYTES + size_of_val(&*link.path));
        let fixed = 24 + STATE_PARTS_BYTES + RECORD_BYTES + BLOCK_HEADER_BYTES;
        fixed + size_of_val(&*self.records) + size_of_val(&*self.path) + links.sum::<usize>()
    }

    /// The proof's bytes; `docs/order-proof.md` describes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.index.to_le_bytes());
        bytes.extend_from_slice(&(self.links.len() as u64).to_le_bytes());
        bytes.extend_from_slice(bytemuck::bytes_of(&self.parts));
        bytes.extend_from_slice(bytemuck::bytes_of(&self.payment));
        bytes.extend_from_slice(bytemuck::cast_slice(&self.records));
        bytes.extend_from_slice(self.path.as_flattened());
        for link in &self.links {
            bytes.extend_from_slice(bytemuck::bytes_of(&link.parts));
            bytes.extend_from_slice(link.path.as_flattened());
        }
        bytes.extend_from_slice(bytemuck::bytes_of(&self.header));
        bytes
    }

    /// Reads a proof strictly: what was read has the same bytes again. That it is well formed does not mean that it proves anything,
    /// see [`check`](Self::check).
    pub fn decode(bytes: &[u8]) -> Result<OrderProof, OrderProofError> {
        if bytes.len() > ORDER_PROOF_BYTES_MAX {
            return Err(OrderProofError::Format("it is longer than a proof may be"));
        }
        let mut rest = Rest(bytes);
        if rest.one::<[u8; 8]>()? != MAGIC {
            return Err(OrderProofError::Format("it does not begin with COMITYO1"));
        }
        let (index, count) = (rest.one::<u64>()?, rest.one::<u64>()?);
        let parts: StateParts = rest.one()?;
        let (leaf, leaves, length) = leaf_of(index, parts.order_event_count).ok_or(NO_EVENT)?;
        let Ok(Command::Pay(payment)) = Command::decode(&rest.one()?) else {
            return Err(OrderProofError::Format("its order is not that of a payment"));
        };
        let records: Vec<OrderRecord> = rest.many(length)?;
        if records.iter().any(|record| record.status().is_none()) {
            return Err(OrderProofError::Format("a record is not that of an order event"));
        }
        let path = rest.many(merkle::path_length(leaf, leaves))?;
        let (mut links, mut below) = (Vec::new(), parts.height);
        // However many links are announced, there are no more than the bytes hold.
        for _ in 0..count {
            let parts: StateParts = rest.one()?;
            let (at, remembered) = place_of(below, &parts).ok_or(NO_PLACE)?;
            links.push(StateLink { path: rest.many(merkle::path_length(at, remembered))?, parts });
            below = parts.height;
        }
        let header = BlockHeader::decode(&rest.one()?).map_err(|_| NO_STATE)?;
        if !rest.0.is_empty() {
            return Err(OrderProofError::Format("bytes follow its header"));
        }
        Ok(OrderProof { index, parts, payment, records, path, links, header })
    }
}

const NO_EVENT: OrderProofError = OrderProofError::Format("the block has fewer order events than its place says");
const NO_PLACE: OrderProofError = OrderProofError::Format("a state comes before one that it remembers");
const NO_STATE: OrderProofError = OrderProofError::Format("its last bytes are not the header of a block");

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn many<T: Pod>(&mut self, count: usize) -> Result<Vec<T>, OrderProofError> {
        let cut = OrderProofError::Format("it is cut off");
        let (head, rest) = self.0.split_at_checked(count * size_of::<T>()).ok_or(cut)?;
        self.0 = rest;
        Ok(head.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect())
    }

    fn one<T: Pod>(&mut self) -> Result<T, OrderProofError> {
        self.many(1).map(|one| one[0])
    }
}
