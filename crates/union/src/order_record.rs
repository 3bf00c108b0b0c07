//! A block's order events as records of fixed size, and the Merkle tree over them.

use crate::command::Payment;
use crate::event::OrderEvent;
use crate::merkle;
use crate::order::{HeldBy, OrderStatus};
use crate::reason::Reason;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;

/// How many consecutive records are a leaf of the tree; the last leaf may have fewer. That a leaf has several keeps the cost of a
/// record near that of hashing its bytes once.
pub const RECORDS_A_LEAF: usize = 16;

/// An order event as bytes, little-endian. An event has one encoding only.
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 32 | the order: SHA-256 of its record, see [`Payment::digest`] |
/// | 32 | 8 | what settlement took from the debtor member's position, in minor units of the unit of account |
/// | 40 | 8 | what it gave to the creditor member's position, likewise |
/// | 48 | 4 | the open cycle |
/// | 52 | 4 | the ISO 20022 reason code, or zero |
/// | 56 | 1 | the status that the order came to ([`OrderStatus`]) |
/// | 57 | 1 | the acceptance rule that matched, or 255 |
/// | 58 | 1 | who holds it ([`HeldBy`]): not zero where the status is held, and only there |
/// | 59 | 5 | zero |
///
/// The order stands in it by its digest: that is computed for the books anyway, hashing the records costs less than half as much,
/// and who is shown a leaf to prove one order does not see the other fifteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct OrderRecord {
    order: Hash,
    unit_debit: u64,
    unit_credit: u64,
    cycle: u32,
    reason: Reason,
    status: u8,
    rule: u8,
    held_by: u8,
    reserved: [u8; 5],
}

const _: () = assert!(size_of::<OrderRecord>() == 64);

impl OrderRecord {
    /// The event's record.
    pub fn encode(event: &OrderEvent) -> OrderRecord {
        let &OrderEvent { ref payment, status, held_by, reason, rule, cycle, unit_debit, unit_credit } = event;
        let (order, status, held_by) = (payment.digest(), status as u8, held_by as u8);
        OrderRecord { order, unit_debit, unit_credit, cycle, reason, status, rule, held_by, reserved: [0; 5] }
    }

    /// Reads a record strictly, given the order: an event that is read has the same record again. `None` where that is not the order,
    /// a reserved byte is set, or the status, the reason or who holds it is not well formed.
    pub fn decode(&self, payment: &Payment) -> Option<OrderEvent> {
        let &OrderRecord { order, unit_debit, unit_credit, cycle, reason, rule, .. } = self;
        let (status, held_by, payment) = (self.status()?, HeldBy::from_number(self.held_by)?, *payment);
        (order == payment.digest()).then_some(OrderEvent {
            payment,
            status,
            held_by,
            reason,
            rule,
            cycle,
            unit_debit,
            unit_credit,
        })
    }

    /// The status, if the record is well formed.
    pub(crate) fn status(&self) -> Option<OrderStatus> {
        let holds = HeldBy::from_number(self.held_by)? != HeldBy::Nobody;
        let is_well_formed = self.reason.is_well_formed() && self.reserved == [0; 5];
        let status = OrderStatus::from_number(self.status).filter(|_| is_well_formed)?;
        (holds == (status == OrderStatus::Held)).then_some(status)
    }

    /// The order's digest.
    pub fn order(&self) -> Hash {
        self.order
    }
}

/// A block's order events as the state hash has them: how many, and the root of their tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderEvents {
    pub count: u64,
    pub root: Hash,
}

impl OrderEvents {
    pub fn new(records: &[OrderRecord]) -> OrderEvents {
        OrderEvents { count: records.len() as u64, root: merkle::root(leaves(records)) }
    }
}

/// The hashes of the leaves that records make.
pub(crate) fn leaves(records: &[OrderRecord]) -> Vec<Hash> {
    records.chunks(RECORDS_A_LEAF).map(leaf).collect()
}

/// The hash of a leaf with these records.
pub(crate) fn leaf(records: &[OrderRecord]) -> Hash {
    merkle::leaf(bytemuck::cast_slice(records))
}
