//! What has to be paid with and without netting, and what makes the difference.

use crate::flow::{self, Arc, Network};
use crate::{Flows, Ratio};

/// The money that settles the same obligations in three ways, in minor units of their currency.
///
/// Definitions follow CPSS, *A glossary of terms used in payments and settlement systems* (BIS, March 2003), under
/// "gross settlement", "bilateral netting" and "multilateral netting": the multilateral net position is the sum of a
/// party's bilateral net positions. Always `gross >= bilateral_net >= multilateral_net`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Liquidity {
    /// Every obligation paid by itself: their sum.
    pub gross: u128,
    /// Each pair nets for itself: the sum over pairs of |a - b|.
    pub bilateral_net: u128,
    /// All net together. This is the liquidity that settlement needs: the sum of all net debit positions, which is
    /// the sum of all net credit positions and half the sum of the absolute positions.
    pub multilateral_net: u128,
}

impl Liquidity {
    /// The three figures of these flows.
    #[must_use]
    pub fn of(flows: &Flows) -> Self {
        Self {
            gross: flows.gross(),
            bilateral_net: flows.bilateral_net_total(),
            multilateral_net: flows.multilateral_net_total(),
        }
    }

    /// Bilateral net as a share of gross; `None` without any flow.
    #[must_use]
    pub fn bilateral_net_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.bilateral_net, self.gross)
    }

    /// Multilateral net as a share of gross; `None` without any flow.
    #[must_use]
    pub fn multilateral_net_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.multilateral_net, self.gross)
    }

    /// Liquidity saved by bilateral netting: `(gross - bilateral net) / gross`, from 0 to 1; `None` without any flow.
    #[must_use]
    pub fn bilateral_saved_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.gross - self.bilateral_net, self.gross)
    }

    /// Liquidity saved by multilateral netting: `(gross - multilateral net) / gross`, from 0 to 1; `None` without any
    /// flow.
    ///
    /// The amount saved is the sum over all parties of the smaller of what it owes and what it is owed: everybody nets
    /// exactly that. So a party in the middle of a chain saves too, see [`Savings::by_novation`].
    #[must_use]
    pub fn multilateral_saved_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.gross - self.multilateral_net, self.gross)
    }
}

/// Where the liquidity saved by multilateral netting comes from, in minor units: three parts that add up to
/// `gross - multilateral net`.
///
/// The first two cancel obligations: each party is left with fewer debts to the same parties. The third moves them:
/// it needs a union that stands between the parties. One-sided flows have none of the three.
///
/// ```
/// // A and B owe each other 1; A, B and C owe each other 1 around; C owes D 1, and D owes E 1.
/// let mut flows = clearing::Flows::new(5);
/// for (debtor, creditor) in [(0, 1), (1, 0), (0, 1), (1, 2), (2, 0), (2, 3), (3, 4)] {
///     flows.record(debtor, creditor, 1)?;
/// }
/// let savings = clearing::Savings::of(&flows)?;
/// assert_eq!((savings.by_pairs, savings.by_rings, savings.by_novation), (2, 3, 1));
/// assert_eq!(flows.multilateral_net_total(), 7 - 2 - 3 - 1); // C pays E
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Savings {
    /// Set off within pairs: `gross - bilateral net`.
    pub by_pairs: u128,
    /// Set off around rings of three and more beyond that: the largest set-off that leaves every position unchanged,
    /// less [`by_pairs`](Self::by_pairs), which is a set-off itself.
    pub by_rings: u128,
    /// Passed through: in a chain where A owes B and B owes C the same, nothing can be set off. If all owe the union
    /// and are owed by it, B has no position left, and A owes what C is owed, though the two never dealt with each
    /// other. This part is what novation saves and set-off cannot.
    pub by_novation: u128,
}

/// Why it cannot be told where savings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavingsError {
    /// One party owes another more than [`Network::CAPACITY_MAX`].
    #[error(
        "party {debtor} owes party {creditor} {amount}; the largest set-off is computed for at most {} between two: \
         count in larger units",
        Network::CAPACITY_MAX
    )]
    TooLarge {
        /// Index of the party that owes.
        debtor: usize,
        /// Index of the party that is owed.
        creditor: usize,
        /// What it is owed, in minor units.
        amount: u128,
    },
    /// The largest set-off cannot be computed for another reason.
    #[error("the largest set-off: {0}")]
    Flow(#[from] flow::FlowError),
}

impl Savings {
    /// The three parts for these flows.
    ///
    /// # Errors
    ///
    /// See [`SavingsError`].
    pub fn of(flows: &Flows) -> Result<Self, SavingsError> {
        let liquidity = Liquidity::of(flows);
        let by_pairs = liquidity.gross - liquidity.bilateral_net;
        let set_off = largest_set_off(flows)?;
        Ok(Self {
            by_pairs,
            by_rings: set_off - by_pairs,
            by_novation: liquidity.gross - liquidity.multilateral_net - set_off,
        })
    }
}

/// The largest total that can be set off with every position unchanged: a circulation in which every unit on an arc
/// from debtor to creditor gains one.
fn largest_set_off(flows: &Flows) -> Result<u128, SavingsError> {
    let mut arcs = Vec::new();
    for pair in flows.bilateral_positions() {
        for (debtor, creditor, amount) in
            [(pair.first, pair.second, pair.owed_by_first), (pair.second, pair.first, pair.owed_by_second)]
        {
            let capacity = u64::try_from(amount).ok().filter(|&capacity| capacity <= Network::CAPACITY_MAX);
            let capacity = capacity.ok_or(SavingsError::TooLarge { debtor, creditor, amount })?;
            if capacity > 0 {
                arcs.push(Arc { tail: node(debtor), head: node(creditor), capacity, cost: -1 });
            }
        }
    }
    let network = Network { nodes: node(flows.parties()), supplies: Vec::new(), arcs };
    let solution = flow::minimum_cost(&network)?;
    Ok(solution.flows.into_iter().map(u128::from).sum())
}

/// A party's index as a node. More parties than nodes can be numbered are refused by the solver by their number.
fn node(party: usize) -> u32 {
    u32::try_from(party).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Liquidity, Savings, SavingsError};
    use crate::{Flows, Ratio};

    fn flows(parties: usize, obligations: &[(usize, usize, u128)]) -> Flows {
        let mut flows = Flows::new(parties);
        for &(debtor, creditor, amount) in obligations {
            flows.record(debtor, creditor, amount).expect("two different parties");
        }
        flows
    }

    fn parts(flows: &Flows) -> (u128, u128, u128) {
        let Savings { by_pairs, by_rings, by_novation } = Savings::of(flows).expect("small");
        (by_pairs, by_rings, by_novation)
    }

    #[test]
    fn each_shape_saves_in_its_own_way() {
        for (what, parties, obligations, expected) in [
            ("nothing", 3, vec![], (0, 0, 0)),
            ("one debt", 2, vec![(0, 1, 9)], (0, 0, 0)),
            ("a pair", 2, vec![(0, 1, 9), (1, 0, 7)], (14, 0, 0)),
            ("a ring", 3, vec![(0, 1, 9), (1, 2, 7), (2, 0, 8)], (0, 21, 1)),
            ("a chain", 3, vec![(0, 1, 9), (1, 2, 7)], (0, 0, 7)),
            ("a star that pays", 4, vec![(0, 1, 3), (0, 2, 4), (0, 3, 5)], (0, 0, 0)),
            ("a star that is paid", 4, vec![(1, 0, 3), (2, 0, 4), (3, 0, 5)], (0, 0, 0)),
            // The hub is paid 7 and pays 9: nobody is set off, and the hub passes 7 on.
            ("a hub between two sides", 5, vec![(0, 2, 3), (1, 2, 4), (2, 3, 4), (2, 4, 5)], (0, 0, 7)),
            // The triangle alone clears 3 and keeps one debt of the pair: by pairs 2, and by rings 1 more.
            ("a triangle upon a pair", 3, vec![(0, 1, 1), (1, 0, 1), (1, 2, 1), (2, 0, 1)], (2, 1, 0)),
        ] {
            assert_eq!(parts(&flows(parties, &obligations)), expected, "{what}");
        }
    }

    /// One side sells 17 times what it buys: of its receipts 5.8 % can be offset, the highest that Ecuador saw in the
    /// SUCRE (2010-2015). Both sides of what is set off count, so that is 116 of 1,058 owed.
    #[test]
    fn one_sided_trade_saves_next_to_nothing() {
        let (venezuela, ecuador) = (0, 1);
        let flows = flows(2, &[(venezuela, ecuador, 1_000), (ecuador, venezuela, 58)]);
        assert_eq!(parts(&flows), (116, 0, 0));
        let liquidity = Liquidity::of(&flows);
        assert_eq!(liquidity.multilateral_net, 942);
        assert_eq!(liquidity.multilateral_saved_ratio(), Ratio::new(116, 1_058));
        assert_eq!(liquidity.bilateral_saved_ratio(), liquidity.multilateral_saved_ratio());
    }

    #[test]
    fn what_cannot_be_solved_is_refused() {
        assert!(Savings::of(&flows(2, &[(1, 0, (1 << 63) - 1)])).is_ok());
        for amount in [1 << 63, 1 << 64, 1 << 100] {
            let error = Savings::of(&flows(2, &[(1, 0, amount)])).expect_err("beyond a capacity");
            assert_eq!(error, SavingsError::TooLarge { debtor: 1, creditor: 0, amount });
            assert!(error.to_string().contains("9223372036854775807 between two: count in larger"), "{error}");
        }
    }
}
