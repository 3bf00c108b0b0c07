//! A set-off and its proof.

/// The largest set-off on its terms, and its dual, from which [`check`](super::check) proves that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetOff {
    /// By obligation: how much of it is set off, in minor units.
    pub amounts: Vec<u64>,
    /// What is owed in all.
    pub total: u128,
    /// What is set off in all.
    pub cleared: u128,
    /// By party: what the source of liquidity lends it, or below zero, what it leaves with the source. Empty where the
    /// terms have no liquidity.
    pub loans: Vec<i128>,
    /// The proof.
    pub dual: Dual,
}

impl SetOff {
    /// What remains owed in all.
    #[must_use]
    pub fn remaining(&self) -> u128 {
        self.total - self.cleared
    }

    /// What is lent in all.
    #[must_use]
    pub fn lent(&self) -> u128 {
        self.loans.iter().filter(|&&loan| loan > 0).map(|loan| loan.unsigned_abs()).sum()
    }
}

/// What a unit is worth where: multipliers of the constraints of the linear programme.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dual {
    /// What a unit set off counts besides the age of its obligation: 1 where there are no ages.
    pub base: i64,
    /// By party. An obligation on which nothing is decided by its bounds has
    /// `base + age + potential[creditor] - potential[debtor] - prices = 0`.
    pub potentials: Vec<i64>,
    /// By maximum of the terms: how much more would count with one unit more; zero where it does not bind.
    pub maxima: Vec<i64>,
    /// By limit of the terms, likewise.
    pub limits: Vec<i64>,
}

/// Where to start from: a set-off and potentials that were right for obligations like these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// By obligation; may be beyond what it is over now.
    pub amounts: Vec<u64>,
    /// By party.
    pub potentials: Vec<i64>,
}
