//! What is claimed, and what was proved of it.

use super::fault::Fault;
use crate::set_off::Obligation;

/// A maximum by party and its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedMaximum {
    /// The party.
    pub party: u32,
    /// The most that may be set off of what it owes, in minor units.
    pub amount: u64,
    /// The price.
    pub price: i64,
}

/// A bilateral limit and its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricedLimit {
    /// Who owes.
    pub debtor: u32,
    /// Who is owed.
    pub creditor: u32,
    /// The most that may be owed net after the set-off, or what was before where that is more.
    pub limit: u64,
    /// The price.
    pub price: i64,
}

/// What is claimed besides the obligations: terms and prices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// What a unit set off counts besides the age of its obligation.
    pub base: i64,
    /// By party.
    pub potentials: Vec<i64>,
    /// By party, what it is lent (below zero: what it leaves with the source). Empty for nothing.
    pub loans: Vec<i128>,
    /// The most that is lent in all; zero for nothing.
    pub liquidity: u64,
    /// At most one for each party.
    pub maxima: Vec<PricedMaximum>,
    /// At most one for each debtor and creditor.
    pub limits: Vec<PricedLimit>,
}

/// An obligation and what is claimed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is owed.
    pub obligation: Obligation,
    /// Its age or priority; zero without ages.
    pub age: u32,
    /// Whether it must not be touched.
    pub is_untouched: bool,
    /// What is set off of it.
    pub set_off: u64,
}

/// What was proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proved {
    /// How many obligations there are.
    pub obligations: u64,
    /// What is owed in all.
    pub total: u128,
    /// What is set off in all, and no more can be.
    pub cleared: u128,
    /// What is lent in all.
    pub lent: u128,
}

impl Proved {
    /// What was proved, where these sums were claimed.
    ///
    /// # Errors
    ///
    /// [`Fault::Sums`] where they are others.
    pub fn of(self, total: u128, cleared: u128) -> Result<Self, Fault> {
        if (total, cleared) == (self.total, self.cleared) {
            return Ok(self);
        }
        Err(Fault::Sums { total, cleared, of_total: self.total, of_cleared: self.cleared })
    }
}
