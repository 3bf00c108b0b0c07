//! What one party owes another.

use super::SetOffError;

/// The largest amount of one obligation, and the most that a source of liquidity may lend: 10^18 minor units. Sums are
/// kept in 128 bits and may go beyond it.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000_000_000;

/// What one party owes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// Who owes.
    pub debtor: u32,
    /// Who is owed.
    pub creditor: u32,
    /// How much, in minor units of one currency; at most [`AMOUNT_MAX`]. Zero where nothing is owed any more.
    pub amount: u64,
}

impl Obligation {
    /// Whether it makes sense among so many parties; `index` is its place, for the error.
    pub(super) fn validate(&self, index: usize, parties: u32) -> Result<(), SetOffError> {
        for party in [self.debtor, self.creditor] {
            if party >= parties {
                return Err(SetOffError::Party { obligation: index, party, parties });
            }
        }
        if self.debtor == self.creditor {
            return Err(SetOffError::OwedToItself { obligation: index, party: self.debtor });
        }
        if self.amount > AMOUNT_MAX {
            return Err(SetOffError::Amount { obligation: index, amount: self.amount });
        }
        Ok(())
    }
}
