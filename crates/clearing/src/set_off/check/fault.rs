//! Why a claim is not proved.

/// Why a claim is not proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are what the messages name")]
pub enum Fault {
    /// A party without a potential.
    #[error("obligation {obligation} names party {party}, which has no potential")]
    Party { obligation: u64, party: u32 },
    /// A party that owes itself.
    #[error("in obligation {obligation} a party owes itself")]
    OwedToItself { obligation: u64 },
    /// More set off than is owed.
    #[error("of obligation {obligation} over {amount}, {set_off} is set off")]
    BeyondAmount { obligation: u64, amount: u64, set_off: u64 },
    /// An obligation that must not be touched.
    #[error("obligation {obligation} must not be touched, but {set_off} of it is set off")]
    Touched { obligation: u64, set_off: u64 },
    /// A net position that is not what it was.
    #[error("the net position of party {party} changes by {change}, and its loan is {loan}")]
    Position { party: u32, change: i128, loan: i128 },
    /// More lent than there is.
    #[error("{lent} is lent in all, but the liquidity is {liquidity}")]
    Lent { lent: u128, liquidity: u64 },
    /// More set off than a party's maximum.
    #[error("{set_off} is set off of what party {party} owes, but its maximum is {maximum}")]
    Maximum { party: u32, set_off: u128, maximum: u64 },
    /// A net beyond a bilateral limit.
    #[error("party {debtor} owes party {creditor} net {after} after the set-off; allowed is {allowed}")]
    Limit { debtor: u32, creditor: u32, after: i128, allowed: i128 },
    /// A price below zero, a term for no party, or two terms where there can be one.
    #[error("the terms for party {party} are no terms: a price below zero, no such party, or given twice")]
    Terms { party: u32 },
    /// Not a set-off for each obligation.
    #[error("there are {set_offs} set-offs for {obligations} obligations")]
    Count { set_offs: usize, obligations: usize },
    /// Sums that are not those of the obligations.
    #[error("{cleared} of {total} set off is claimed; in fact it is {of_cleared} of {of_total}")]
    Sums { total: u128, cleared: u128, of_total: u128, of_cleared: u128 },
    /// Not a loan for each party.
    #[error("there are loans for {loans} parties and potentials for {parties}")]
    Loans { loans: usize, parties: usize },
    /// A base too small for the ages.
    #[error(
        "the base of the weights is {base}; to weigh ages up to {age} after the total, it must be at least {least}"
    )]
    Base { base: i64, age: u32, least: i128 },
    /// Prices that prove less.
    #[error(
        "not proved to be the largest: the set-off counts {counted}, and the prices only prove that none counts more than \
         {bound}{}", first_cause(*obligation, *gain)
    )]
    Gap { counted: i128, bound: i128, obligation: Option<u64>, gain: i128 },
    /// Sums beyond 128 bits.
    #[error("the prices are so large that sums leave the range of 128 bits")]
    Overflow,
}

fn first_cause(obligation: Option<u64>, gain: i128) -> String {
    obligation.map_or(String::new(), |at| format!("; the first cause is obligation {at}, of which a unit gains {gain}"))
}
