//! Gross flows between parties and what is left of them after bilateral and multilateral netting.

use std::collections::BTreeMap;

/// What parties owe each other in one currency: the sum of all obligations of each pair, in each direction.
///
/// Sparse: memory grows with the pairs that owe anything, not with the square of the parties.
///
/// ```
/// // A owes B 100, B owes C 100, C owes A 70, A owes C 10.
/// let mut flows = clearing::Flows::new(3);
/// for (debtor, creditor, amount) in [(0, 1, 100), (1, 2, 100), (2, 0, 70), (0, 2, 10)] {
///     flows.record(debtor, creditor, amount)?;
/// }
/// assert_eq!(flows.gross(), 280);
/// assert_eq!(flows.bilateral_net_total(), 260); // only A and C have anything to set off between them
/// assert_eq!(flows.positions(), [-40, 0, 40]);
/// assert_eq!(flows.multilateral_net_total(), 40);
/// # Ok::<(), clearing::FlowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    parties: usize,
    gross: u128,
    pairs: BTreeMap<Pair, Owed>,
}

/// Two different parties, the one with the lower index first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    lower: usize,
    higher: usize,
}

/// What the two parties of a pair owe each other, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Owed {
    by_lower: u128,
    by_higher: u128,
}

/// What two parties owe each other, in minor units: an entry of the matrix of bilateral positions and its mirror image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BilateralPosition {
    /// The party with the lower index.
    pub first: usize,
    /// The party with the higher index.
    pub second: usize,
    /// What the first owes the second, before netting.
    pub owed_by_first: u128,
    /// What the second owes the first, before netting.
    pub owed_by_second: u128,
}

impl BilateralPosition {
    /// What both owe together, before netting.
    #[must_use]
    pub const fn gross(&self) -> u128 {
        self.owed_by_first + self.owed_by_second // both are parts of a gross total, which is bounded
    }

    /// The bilateral net position: positive where the second owes the first.
    #[must_use]
    pub fn net(&self) -> i128 {
        signed(self.owed_by_second) - signed(self.owed_by_first)
    }
}

/// Why an obligation cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// A party index at or above the number of parties.
    #[error("party {party} is unknown: the flows are between parties 0 to {parties} (exclusive)")]
    UnknownParty {
        /// The index given.
        party: usize,
        /// How many parties there are.
        parties: usize,
    },
    /// Debtor and creditor are the same party.
    #[error("party {party} cannot owe itself: name two different parties")]
    SameParty {
        /// The index given twice.
        party: usize,
    },
    /// The gross total would exceed [`Flows::GROSS_MAX`].
    #[error(
        "{amount} from party {debtor} to party {creditor} takes the gross total of {gross} above {}",
        Flows::GROSS_MAX
    )]
    Overflow {
        /// Who owes.
        debtor: usize,
        /// Who is owed.
        creditor: usize,
        /// The amount refused, in minor units.
        amount: u128,
        /// The gross total without it, in minor units.
        gross: u128,
    },
}

impl Flows {
    /// The largest gross total, 10^36 minor units. Every other figure of the flows is a sum or difference of parts of
    /// the gross total, so this one bound keeps all of them inside `i128`, with room to spare for a decimal digit.
    pub const GROSS_MAX: u128 = 10_u128.pow(36);

    /// No flows yet between `parties` parties, numbered from zero.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        Self { parties, gross: 0, pairs: BTreeMap::new() }
    }

    /// Adds an obligation (or a sum of obligations) of `amount` minor units, owed by `debtor` to `creditor`. On an error
    /// nothing is recorded.
    ///
    /// # Errors
    ///
    /// An unknown party, a party that would owe itself, or a gross total above [`Self::GROSS_MAX`].
    pub fn record(&mut self, debtor: usize, creditor: usize, amount: u128) -> Result<(), FlowError> {
        for party in [debtor, creditor] {
            if party >= self.parties {
                return Err(FlowError::UnknownParty { party, parties: self.parties });
            }
        }
        if debtor == creditor {
            return Err(FlowError::SameParty { party: debtor });
        }
        let gross = self.gross.saturating_add(amount); // beyond the bound anyway if it saturates
        if gross > Self::GROSS_MAX {
            return Err(FlowError::Overflow { debtor, creditor, amount, gross: self.gross });
        }
        if amount == 0 {
            return Ok(());
        }
        self.gross = gross;
        let pair = Pair { lower: debtor.min(creditor), higher: debtor.max(creditor) };
        let owed = self.pairs.entry(pair).or_default();
        if debtor == pair.lower {
            owed.by_lower += amount;
        } else {
            owed.by_higher += amount;
        }
        Ok(())
    }

    /// How many parties the flows are between.
    #[must_use]
    pub const fn parties(&self) -> usize {
        self.parties
    }

    /// What all parties owe each other, before any netting, in minor units.
    #[must_use]
    pub const fn gross(&self) -> u128 {
        self.gross
    }

    /// What `debtor` owes `creditor`, before any netting, in minor units. Zero for parties that are unknown or the same.
    #[must_use]
    pub fn owed(&self, debtor: usize, creditor: usize) -> u128 {
        let pair = Pair { lower: debtor.min(creditor), higher: debtor.max(creditor) };
        let owed = self.pairs.get(&pair).copied().unwrap_or_default();
        if debtor == pair.lower { owed.by_lower } else { owed.by_higher }
    }

    /// What two parties owe each other after their own set-off: positive where `second` owes `first`.
    #[must_use]
    pub fn bilateral_net(&self, first: usize, second: usize) -> i128 {
        signed(self.owed(second, first)) - signed(self.owed(first, second))
    }

    /// Every pair of parties between which anything is owed, by the lower index, then by the higher.
    pub fn bilateral_positions(&self) -> impl Iterator<Item = BilateralPosition> {
        self.pairs.iter().map(|(pair, owed)| BilateralPosition {
            first: pair.lower,
            second: pair.higher,
            owed_by_first: owed.by_lower,
            owed_by_second: owed.by_higher,
        })
    }

    /// What is left to pay when every pair sets off for itself: the sum over pairs of |a - b|, in minor units.
    #[must_use]
    pub fn bilateral_net_total(&self) -> u128 {
        self.pairs.values().map(|owed| owed.by_lower.abs_diff(owed.by_higher)).sum()
    }

    /// Every party's multilateral net position, what it is owed minus what it owes, in minor units. They sum to zero.
    #[must_use]
    pub fn positions(&self) -> Vec<i128> {
        let mut positions = vec![0_i128; self.parties];
        for (pair, owed) in &self.pairs {
            let claim_of_lower = signed(owed.by_higher) - signed(owed.by_lower);
            positions[pair.lower] += claim_of_lower;
            positions[pair.higher] -= claim_of_lower;
        }
        positions
    }

    /// What is left to pay when all parties net together: half the sum of the absolute positions, in minor units.
    #[must_use]
    pub fn multilateral_net_total(&self) -> u128 {
        // The sum is even, as the positions sum to zero; half of it is what the net creditors are owed.
        self.positions().into_iter().map(|position| position.max(0).unsigned_abs()).sum()
    }
}

/// An amount inside the gross total as a signed number.
fn signed(amount: u128) -> i128 {
    i128::try_from(amount).expect("no part of the gross total is above GROSS_MAX, which fits")
}

#[cfg(test)]
mod tests {
    use super::{BilateralPosition, FlowError, Flows};

    #[test]
    fn refusals_name_the_party_and_change_nothing() {
        let mut flows = Flows::new(3);
        flows.record(0, 1, 5).expect("valid");
        let before = flows.clone();
        for (debtor, creditor, expected) in [
            (3, 0, FlowError::UnknownParty { party: 3, parties: 3 }),
            (0, 9, FlowError::UnknownParty { party: 9, parties: 3 }),
            (2, 2, FlowError::SameParty { party: 2 }),
        ] {
            assert_eq!(flows.record(debtor, creditor, 1), Err(expected));
        }
        assert_eq!(flows, before);
    }

    #[test]
    fn gross_total_is_bounded() {
        let mut flows = Flows { gross: Flows::GROSS_MAX - 10, ..Flows::new(2) };
        assert_eq!(
            flows.record(0, 1, 11),
            Err(FlowError::Overflow { debtor: 0, creditor: 1, amount: 11, gross: Flows::GROSS_MAX - 10 })
        );
        assert_eq!(flows.record(0, 1, 10), Ok(()));
        assert_eq!(flows.gross(), Flows::GROSS_MAX);
        assert_eq!(
            flows.record(1, 0, u128::MAX),
            Err(FlowError::Overflow { debtor: 1, creditor: 0, amount: u128::MAX, gross: Flows::GROSS_MAX })
        );
    }

    #[test]
    fn a_ring_nets_to_nothing_multilaterally_and_saves_nothing_bilaterally() {
        let mut flows = Flows::new(3);
        for (debtor, creditor) in [(0, 1), (1, 2), (2, 0)] {
            flows.record(debtor, creditor, 40).expect("valid");
        }
        assert_eq!(flows.gross(), 120);
        assert_eq!(flows.bilateral_net_total(), 120);
        assert_eq!(flows.multilateral_net_total(), 0);
    }

    #[test]
    fn both_sides_of_a_pair_are_kept_apart() {
        let mut flows = Flows::new(2);
        flows.record(0, 1, 70).expect("valid");
        flows.record(1, 0, 100).expect("valid");
        flows.record(1, 0, 0).expect("nothing owed is no error");
        assert_eq!((flows.owed(0, 1), flows.owed(1, 0)), (70, 100));
        assert_eq!((flows.bilateral_net(0, 1), flows.bilateral_net(1, 0)), (30, -30));
        assert_eq!(flows.positions(), [30, -30]);
        let pair = BilateralPosition { first: 0, second: 1, owed_by_first: 70, owed_by_second: 100 };
        assert_eq!(flows.bilateral_positions().collect::<Vec<_>>(), [pair]);
        assert_eq!((pair.gross(), pair.net()), (170, 30));
    }
}
