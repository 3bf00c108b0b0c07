//! What users ask of a set-off besides that it be the largest.

use super::SetOffError;
use super::obligation::{AMOUNT_MAX, Obligation};
use std::collections::BTreeSet;

/// The most that may be set off of what one party owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maximum {
    /// The party.
    pub party: u32,
    /// The most, in minor units. Without liquidity this also bounds what is set off of its claims, which is as much.
    pub amount: u64,
}

/// What a debtor may owe a creditor after the set-off, net of what the creditor owes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BilateralLimit {
    /// Who owes.
    pub debtor: u32,
    /// Who is owed.
    pub creditor: u32,
    /// The most that may be owed net, in minor units. Where more was owed before, no more than that.
    pub limit: u64,
}

/// What users ask of a set-off besides that it be the largest. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Obligations, by index, that must not be touched.
    pub untouched: Vec<u32>,
    /// The most that may be set off by party, at most one for each.
    pub maxima: Vec<Maximum>,
    /// A second objective: by obligation an age in days, or any priority. Among the set-offs with the largest total, that
    /// with the largest sum of age times amount is found: the oldest first. Empty for none.
    pub ages: Vec<u32>,
    /// The most that a source of liquidity lends in all: it pays for debtors who lack, and what it paid ends with those
    /// who are owed more than they owe, whose deposits it takes.
    pub liquidity: Option<u64>,
    /// Bilateral limits, at most one for each debtor and creditor. Not together with `maxima`.
    ///
    /// Without maxima, whatever remains in both directions between two parties can be set off further without touching
    /// anybody else or the net of the two, so a limit on the net is a limit on what remains in one direction. A maximum
    /// may stand in the way of that.
    pub limits: Vec<BilateralLimit>,
}

impl Terms {
    /// Whether they make sense for these obligations.
    pub(super) fn validate(&self, parties: u32, obligations: &[Obligation]) -> Result<(), SetOffError> {
        if let Some(&obligation) = self.untouched.iter().find(|&&at| at as usize >= obligations.len()) {
            return Err(SetOffError::Untouched { obligation, obligations: obligations.len() });
        }
        if !self.ages.is_empty() && self.ages.len() != obligations.len() {
            return Err(SetOffError::Ages { ages: self.ages.len(), obligations: obligations.len() });
        }
        if let Some(liquidity) = self.liquidity.filter(|&most| most > AMOUNT_MAX) {
            return Err(SetOffError::Liquidity { liquidity });
        }
        if !self.maxima.is_empty() && !self.limits.is_empty() {
            return Err(SetOffError::MaximaWithLimits);
        }
        let mut parties_seen = BTreeSet::new();
        for &Maximum { party, .. } in &self.maxima {
            if party >= parties {
                return Err(SetOffError::TermsParty { party, parties });
            }
            if !parties_seen.insert(party) {
                return Err(SetOffError::MaximumTwice { party });
            }
        }
        let mut pairs_seen = BTreeSet::new();
        for &BilateralLimit { debtor, creditor, .. } in &self.limits {
            for party in [debtor, creditor] {
                if party >= parties {
                    return Err(SetOffError::TermsParty { party, parties });
                }
            }
            if debtor == creditor || !pairs_seen.insert((debtor, creditor)) {
                return Err(SetOffError::LimitTwice { debtor, creditor });
            }
        }
        Ok(())
    }

    /// What one unit set off counts besides the age of its obligation, so that a larger total always counts more than
    /// older obligations.
    ///
    /// Two set-offs differ by circles in the network of the model (parties, an exit for each maximum, a node for each
    /// limited direction, the source's two nodes). A circle visits no node twice, so it has at most
    /// `2 * parties + 2 * limits + 2` arcs, whose ages sum to at most that times the greatest age. One unit more of total
    /// in a circle outweighs this with a base of one more than that product.
    pub(super) fn weight_base(&self, parties: u32) -> Result<i64, SetOffError> {
        let age = self.ages.iter().copied().max().unwrap_or(0);
        let arcs = 2 * u64::from(parties) + 2 * self.limits.len() as u64 + 2;
        // A power of two, as the solver takes costs in bit by bit, and the bits above those of the ages are then the same
        // for all obligations: they are done with at once.
        let base = (u128::from(arcs) * u128::from(age) + 1).next_power_of_two() as i128; // below 2^66
        // Paths of as many arcs have to stay in range, too.
        let longest_path = (base + i128::from(age)) * i128::from(arcs);
        match i64::try_from(base) {
            Ok(base) if longest_path <= i128::from(i64::MAX / 8) => Ok(base),
            _ => Err(SetOffError::AgeRange { age, parties }),
        }
    }
}
