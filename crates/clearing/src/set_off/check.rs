//! Proof that a set-off is right and the largest, from the set-off and its dual alone, in one pass.
//!
//! Nothing here is shared with the code that finds set-offs. The proof is that of weak duality. Each party has a
//! *potential*, a price for a unit that arrives there; maxima, limits and liquidity have prices of zero or more. What a
//! unit of an obligation *gains* is
//!
//! ```text
//! gain = weight + potential[creditor] - potential[debtor]
//!      - price of the debtor's maximum
//!      + price of the limit from debtor to creditor - price of the limit from creditor to debtor
//! ```
//!
//! Take any set-off `y` within all terms, and sum `weight * y` over the obligations with the weight taken from this line:
//!
//! 1. `gain * y` is at most `max(gain, 0) * amount`, and zero for what may not be touched.
//! 2. The potentials sum to `potential[p] * loan[p]` over the parties, as what a party discharges is what is discharged
//!    towards it and its loan. Loans sum to zero, and those above zero to at most the liquidity: this is at most
//!    `liquidity * (greatest - least potential)`, and zero without liquidity.
//! 3. A party discharges at most its maximum, so its price comes to at most `price * maximum`.
//! 4. A set-off raises what a debtor owes net by at most `rise = max(limit - net before, 0)`, so the price of a limit comes
//!    to at most `price * rise`.
//!
//! So no set-off counts more than the sum of these bounds. If this one counts exactly as much, none counts more.
//!
//! An obligation's weight is `base + age`. Without ages every weight is the base, so the total is the largest. With ages the
//! base must be more than `(2 * parties + 2 * limits + 2) * greatest age`: two set-offs differ by circles that pass no party,
//! exit or limited direction twice, so the ages in a circle never outweigh one unit of total. A set-off that counts most
//! then has the largest total, and among those the oldest obligations.

mod claim;
mod fault;

pub use claim::{Claim, Entry, PricedLimit, PricedMaximum, Proved};
pub use fault::Fault;

use super::terms::Terms;
use super::{Obligation, SetOff};
use std::collections::BTreeMap;

/// Both directions of a pair with limits.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    /// What the first owes the second net, before.
    net: i128,
    /// By how much the set-off raises it.
    rise: i128,
    /// What an obligation of the first to the second gains by the limits' prices.
    gain: i128,
}

/// Goes through obligations once and proves a claim, or tells why not.
#[derive(Clone, Debug)]
pub struct Checker {
    claim: Claim,
    /// By party: what is set off of what it owes, less what is set off of what it is owed.
    changes: Vec<i128>,
    /// By party with a maximum: which one, and what is set off of what it owes.
    maxima: BTreeMap<u32, (usize, u128)>,
    /// By parties, the lower number first.
    pairs: BTreeMap<(u32, u32), Pair>,
    proved: Proved,
    age_max: u32,
    counted: i128,
    bound: i128,
    first_cause: Option<(u64, i128)>,
}

impl Checker {
    /// Takes a claim.
    ///
    /// # Errors
    ///
    /// [`Fault::Terms`] and [`Fault::Loans`].
    pub fn new(claim: Claim) -> Result<Self, Fault> {
        let parties = claim.potentials.len();
        if !claim.loans.is_empty() && claim.loans.len() != parties {
            return Err(Fault::Loans { loans: claim.loans.len(), parties });
        }
        let mut maxima = BTreeMap::new();
        for (at, &PricedMaximum { party, price, .. }) in claim.maxima.iter().enumerate() {
            if price < 0 || party as usize >= parties || maxima.insert(party, (at, 0)).is_some() {
                return Err(Fault::Terms { party });
            }
        }
        let mut pairs: BTreeMap<(u32, u32), Pair> = BTreeMap::new();
        let mut limited = BTreeMap::new();
        for &PricedLimit { debtor, creditor, price, .. } in &claim.limits {
            let is_known = debtor.max(creditor) < u32::try_from(parties).unwrap_or(u32::MAX) && debtor != creditor;
            if price < 0 || !is_known || limited.insert((debtor, creditor), ()).is_some() {
                return Err(Fault::Terms { party: debtor });
            }
            let (key, sign) = ordered(debtor, creditor);
            pairs.entry(key).or_default().gain += sign * i128::from(price);
        }
        Ok(Checker {
            changes: vec![0; parties],
            claim,
            maxima,
            pairs,
            proved: Proved::default(),
            age_max: 0,
            counted: 0,
            bound: 0,
            first_cause: None,
        })
    }

    /// Takes the next obligation.
    ///
    /// # Errors
    ///
    /// What is wrong with it alone; see [`Fault`].
    pub fn obligation(&mut self, entry: Entry) -> Result<(), Fault> {
        let obligation = self.proved.obligations;
        let Entry { obligation: Obligation { debtor, creditor, amount }, age, is_untouched, set_off } = entry;
        let potential = |party: u32| match self.claim.potentials.get(party as usize) {
            Some(&potential) => Ok(i128::from(potential)),
            None => Err(Fault::Party { obligation, party }),
        };
        let weight = i128::from(self.claim.base) + i128::from(age);
        let mut gain = weight + potential(creditor)? - potential(debtor)?;
        if debtor == creditor {
            return Err(Fault::OwedToItself { obligation });
        }
        if is_untouched && set_off > 0 {
            return Err(Fault::Touched { obligation, set_off });
        }
        if set_off > amount {
            return Err(Fault::BeyondAmount { obligation, amount, set_off });
        }
        if let Some((at, sum)) = self.maxima.get_mut(&debtor) {
            gain -= i128::from(self.claim.maxima[*at].price);
            *sum += u128::from(set_off);
        }
        if !self.pairs.is_empty() {
            let (key, sign) = ordered(debtor, creditor);
            if let Some(pair) = self.pairs.get_mut(&key) {
                gain += sign * pair.gain;
                pair.net += sign * i128::from(amount);
                pair.rise -= sign * i128::from(set_off);
            }
        }

        let room = if is_untouched { 0 } else { amount };
        let is_cause = (gain > 0 && set_off < room) || (gain < 0 && set_off > 0);
        if is_cause && self.first_cause.is_none() {
            self.first_cause = Some((obligation, gain));
        }
        self.bound = add_product(self.bound, gain.max(0), room.into())?;
        self.counted = add_product(self.counted, weight, set_off.into())?;
        self.changes[debtor as usize] += i128::from(set_off);
        self.changes[creditor as usize] -= i128::from(set_off);
        self.age_max = self.age_max.max(age);
        self.proved.obligations += 1;
        self.proved.total += u128::from(amount);
        self.proved.cleared += u128::from(set_off);
        Ok(())
    }

    /// The first obligation that prices and set-off do not agree on, and what a unit of it gains: something of it that gains
    /// is left, or something that loses is set off.
    #[must_use]
    pub fn first_cause(&self) -> Option<(u64, i128)> {
        self.first_cause
    }

    /// Says what was proved, after the last obligation.
    ///
    /// # Errors
    ///
    /// What is wrong in all; see [`Fault`].
    pub fn finish(mut self) -> Result<Proved, Fault> {
        self.positions()?;
        self.terms()?;
        let circle = 2 * self.changes.len() as i128 + 2 * self.claim.limits.len() as i128 + 2;
        let (base, age) = (self.claim.base, self.age_max);
        let least = circle * i128::from(age) + 1;
        if i128::from(base) < least {
            return Err(Fault::Base { base, age, least });
        }
        if self.counted != self.bound {
            let (obligation, gain) = self.first_cause.map_or((None, 0), |(at, gain)| (Some(at), gain));
            return Err(Fault::Gap { counted: self.counted, bound: self.bound, obligation, gain });
        }
        Ok(self.proved)
    }

    /// Net positions unchanged but for loans, and no more lent than there is.
    fn positions(&mut self) -> Result<(), Fault> {
        let loans = self.claim.loans.iter().copied().chain(std::iter::repeat(0));
        for ((party, &change), loan) in (0..).zip(&self.changes).zip(loans) {
            if change != loan {
                return Err(Fault::Position { party, change, loan });
            }
            self.proved.lent += loan.max(0).unsigned_abs();
        }
        let (lent, liquidity) = (self.proved.lent, self.claim.liquidity);
        if lent > u128::from(liquidity) {
            return Err(Fault::Lent { lent, liquidity });
        }
        let potentials = || self.claim.potentials.iter().copied().map(i128::from);
        let spread = potentials().max().unwrap_or(0) - potentials().min().unwrap_or(0);
        self.bound = add_product(self.bound, spread, liquidity.into())?;
        Ok(())
    }

    /// Maxima and limits kept.
    fn terms(&mut self) -> Result<(), Fault> {
        for (&party, &(at, set_off)) in &self.maxima {
            let PricedMaximum { amount: maximum, price, .. } = self.claim.maxima[at];
            if set_off > u128::from(maximum) {
                return Err(Fault::Maximum { party, set_off, maximum });
            }
            self.bound = add_product(self.bound, price.into(), maximum.into())?;
        }
        for &PricedLimit { debtor, creditor, limit, price } in &self.claim.limits {
            let (key, sign) = ordered(debtor, creditor);
            let pair = self.pairs[&key];
            let net = sign * pair.net;
            let (after, allowed) = (net + sign * pair.rise, net.max(limit.into()));
            if after > allowed {
                return Err(Fault::Limit { debtor, creditor, after, allowed });
            }
            self.bound = add_product(self.bound, price.into(), allowed - net)?;
        }
        Ok(())
    }
}

/// The lower number first, and 1 where that is the debtor's, else -1.
fn ordered(debtor: u32, creditor: u32) -> ((u32, u32), i128) {
    if debtor < creditor { ((debtor, creditor), 1) } else { ((creditor, debtor), -1) }
}

fn add_product(sum: i128, price: i128, amount: i128) -> Result<i128, Fault> {
    price.checked_mul(amount).and_then(|product| sum.checked_add(product)).ok_or(Fault::Overflow)
}

/// Proves a set-off of these obligations on these terms.
///
/// # Errors
///
/// Why it is not proved; see [`Fault`]. Obligations are named by index from zero.
pub fn check(obligations: &[Obligation], terms: &Terms, set_off: &SetOff) -> Result<Proved, Fault> {
    let dual = &set_off.dual;
    let priced = |prices: &[i64], at: usize| prices.get(at).copied().unwrap_or(-1);
    let maxima = terms.maxima.iter().enumerate().map(|(at, maximum)| PricedMaximum {
        party: maximum.party,
        amount: maximum.amount,
        price: priced(&dual.maxima, at),
    });
    let limits = terms.limits.iter().enumerate().map(|(at, limit)| PricedLimit {
        debtor: limit.debtor,
        creditor: limit.creditor,
        limit: limit.limit,
        price: priced(&dual.limits, at),
    });
    let mut checker = Checker::new(Claim {
        base: dual.base,
        potentials: dual.potentials.clone(),
        loans: set_off.loans.clone(),
        liquidity: terms.liquidity.unwrap_or(0),
        maxima: maxima.collect(),
        limits: limits.collect(),
    })?;
    if set_off.amounts.len() != obligations.len() {
        return Err(Fault::Count { set_offs: set_off.amounts.len(), obligations: obligations.len() });
    }
    let mut untouched = terms.untouched.clone();
    untouched.sort_unstable();
    for ((at, &obligation), &set_off) in (0..).zip(obligations).zip(&set_off.amounts) {
        let age = terms.ages.get(at as usize).copied().unwrap_or(0);
        checker.obligation(Entry { obligation, age, is_untouched: untouched.binary_search(&at).is_ok(), set_off })?;
    }
    checker.finish()?.of(set_off.total, set_off.cleared)
}
