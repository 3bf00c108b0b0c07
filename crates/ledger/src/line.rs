//! What one member has let another owe it, and how far that went in the open cycle.

use bytemuck::{Pod, Zeroable};

/// The line from a debtor member to a creditor member, 32 bytes, in minor units of the unit of account.
///
/// There are two lines a pair, one in each direction; the bilateral net position is the difference of
/// their `gross`. Closing a cycle novates bilateral positions to the union and sets `gross` to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Line {
    /// Settled from debtor to creditor since the cycle opened.
    pub gross: u128,
    /// The debtor's own limit on what it may owe the creditor, net; [`crate::NO_CAP`] for none.
    pub debit_limit: u64,
    /// The creditor's limit on what the debtor may owe it, net; [`crate::NO_CAP`] for none.
    pub credit_limit: u64,
}

impl Line {
    /// A line without limits.
    pub const OPEN: Line = Line { gross: 0, debit_limit: crate::NO_CAP, credit_limit: crate::NO_CAP };
}
