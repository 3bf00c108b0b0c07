//! How much of a total is with how few.

use std::cmp::Reverse;

use crate::ratio::greatest_common_divisor;
use crate::{Flows, Ratio};

/// One party's part of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the party.
    pub party: usize,
    /// Its part, in minor units; never zero.
    pub amount: u128,
}

/// How a total is spread over parties: who has the largest parts, and one figure for all of it.
///
/// ```
/// let mut flows = clearing::Flows::new(4);
/// for (debtor, creditor, amount) in [(0, 3, 60), (1, 3, 30), (2, 3, 10)] {
///     flows.record(debtor, creditor, amount)?;
/// }
/// let debtors = flows.net_debits().expect("somebody owes");
/// assert_eq!(debtors.index(), clearing::Ratio::new(46, 100).unwrap()); // 0.6² + 0.3² + 0.1²
/// assert_eq!(debtors.share_of_largest(2), clearing::Ratio::new(90, 100).unwrap());
/// # Ok::<(), clearing::FlowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concentration {
    total: u128,
    index: Ratio,
    largest_first: Vec<Part>,
}

impl Concentration {
    /// Of parts whose sum is at most twice [`Flows::GROSS_MAX`]; `None` where all are zero.
    fn of(amounts: impl IntoIterator<Item = u128>) -> Option<Self> {
        let largest_first = largest_first(amounts);
        let total = largest_first.iter().map(|part| part.amount).sum();
        let index = herfindahl_hirschman(&largest_first, total)?;
        Some(Self { total, index, largest_first })
    }

    /// The sum of all parts, in minor units; never zero.
    #[must_use]
    pub const fn total(&self) -> u128 {
        self.total
    }

    /// The parts, largest first, equal ones by index; without parties that have none.
    #[must_use]
    pub fn largest_first(&self) -> &[Part] {
        &self.largest_first
    }

    /// The Herfindahl-Hirschman index: the sum of the squares of all shares of the total, from 1/n for n equal parts
    /// to 1 for a single one. Its inverse is the number of equal parts that would be as concentrated.
    ///
    /// Source: O. C. Herfindahl, *Concentration in the Steel Industry* (1950); A. O. Hirschman, *National Power and the
    /// Structure of Foreign Trade* (1945). Competition authorities write it times 10,000 and call a market above 1,800
    /// highly concentrated (US Department of Justice and Federal Trade Commission, *Merger Guidelines*, 2023, 2.1).
    ///
    /// Exact while the total, divided by the greatest common divisor of the parts, is below 2^62. Beyond that the
    /// parts are first counted in the smallest power of two that brings it there, rounded down, which changes no
    /// share by more than n / 2^60.
    #[must_use]
    pub const fn index(&self) -> Ratio {
        self.index
    }

    /// The share of the `count` largest parts in the total, exact.
    #[must_use]
    pub fn share_of_largest(&self, count: usize) -> Ratio {
        let largest = self.largest_first.iter().take(count).map(|part| part.amount).sum();
        Ratio::new(largest, self.total).expect("the total is not zero")
    }
}

impl Flows {
    /// How what is to be paid after multilateral netting is spread over the net debtors; the largest debtors come
    /// first. `None` where no position is open.
    #[must_use]
    pub fn net_debits(&self) -> Option<Concentration> {
        Concentration::of(self.positions().into_iter().map(|position| position.min(0).unsigned_abs()))
    }

    /// How what is to be received after multilateral netting is spread over the net creditors; the largest creditors
    /// come first. `None` where no position is open.
    #[must_use]
    pub fn net_credits(&self) -> Option<Concentration> {
        Concentration::of(self.positions().into_iter().map(|position| position.max(0).unsigned_abs()))
    }

    /// How gross turnover (what a party owes plus what it is owed) is spread over the parties. Its total is twice the
    /// gross total, as every obligation is somebody's debt and somebody's claim; so nobody has more than half of it,
    /// and the index is at most 1/2. `None` without any flow.
    #[must_use]
    pub fn turnover(&self) -> Option<Concentration> {
        let mut turnover = vec![0_u128; self.parties()];
        for pair in self.bilateral_positions() {
            turnover[pair.first] += pair.gross();
            turnover[pair.second] += pair.gross();
        }
        Concentration::of(turnover)
    }
}

/// Parts that are not zero, largest first, equal ones by index.
pub(crate) fn largest_first(amounts: impl IntoIterator<Item = u128>) -> Vec<Part> {
    let parts = amounts.into_iter().enumerate().map(|(party, amount)| Part { party, amount });
    let mut parts: Vec<Part> = parts.filter(|part| part.amount > 0).collect();
    parts.sort_by_key(|part| (Reverse(part.amount), part.party));
    parts
}

/// The sum of squared shares; `None` where the total is zero.
fn herfindahl_hirschman(parts: &[Part], total: u128) -> Option<Ratio> {
    /// Squares of what has so many bits have ten times room in 128.
    const BITS: u32 = 62;
    let divisor = parts.iter().fold(0, |divisor, part| greatest_common_divisor(divisor, part.amount));
    let bits = u128::BITS - total.checked_div(divisor)?.leading_zeros();
    let counted: Vec<u128> = parts.iter().map(|part| (part.amount / divisor) >> bits.saturating_sub(BITS)).collect();
    let total: u128 = counted.iter().sum();
    Ratio::new(counted.iter().map(|part| part * part).sum(), total * total)
}

#[cfg(test)]
mod tests {
    use super::{Concentration, Part};
    use crate::{Flows, Ratio};

    fn index(amounts: &[u128]) -> (u128, u128) {
        let index = Concentration::of(amounts.iter().copied()).expect("not all zero").index();
        (index.numerator(), index.denominator())
    }

    #[test]
    fn examples_by_hand() {
        for (amounts, expected) in [
            (vec![7], (1, 1)),
            (vec![0, 0, 9, 0], (1, 1)),
            (vec![5, 5], (1, 2)),
            (vec![5, 5, 5, 5], (1, 4)),
            (vec![60, 30, 10], (23, 50)),
            // Beyond 64 bits, and exact: the common divisor is taken out.
            (vec![6 << 100, 3 << 100, 1 << 100], (23, 50)),
        ] {
            assert_eq!(index(&amounts), expected, "{amounts:?}");
        }
        assert_eq!(Concentration::of([]), None);
        assert_eq!(Concentration::of([0, 0]), None);
    }

    /// No common divisor and far beyond 62 bits: rounded, and still within a hair of the truth.
    #[test]
    fn the_largest_sums_do_not_overflow() {
        let half = Flows::GROSS_MAX;
        let (numerator, denominator) = index(&[half, half - 1]);
        assert!(denominator < 1 << 124);
        let distance = (2 * numerator).abs_diff(denominator);
        assert!(distance <= denominator >> 60, "{numerator}/{denominator}");
        let (numerator, denominator) = index(&[2 * half - 1, 1]);
        assert_eq!((numerator, denominator), (1, 1), "one part in 2 * 10^36 is below a 2^61st");
    }

    #[test]
    fn ranks_go_by_size_then_by_index() {
        let concentration = Concentration::of([3, 0, 9, 3]).expect("not all zero");
        let ranked: Vec<_> =
            concentration.largest_first().iter().map(|&Part { party, amount }| (party, amount)).collect();
        assert_eq!(ranked, [(2, 9), (0, 3), (3, 3)]);
        assert_eq!(concentration.total(), 15);
        for (count, part) in [(0, 0), (1, 9), (2, 12), (3, 15), (9, 15)] {
            assert_eq!(Some(concentration.share_of_largest(count)), Ratio::new(part, 15));
        }
    }

    #[test]
    fn debtors_and_creditors_are_told_apart() {
        let mut flows = Flows::new(4);
        for (debtor, creditor, amount) in [(0, 1, 50), (1, 2, 30), (3, 2, 10)] {
            flows.record(debtor, creditor, amount).expect("two different parties");
        }
        let ranked = |concentration: Option<Concentration>| {
            let concentration = concentration.expect("open positions");
            concentration.largest_first().iter().map(|part| (part.party, part.amount)).collect::<Vec<_>>()
        };
        assert_eq!(flows.positions(), [-50, 20, 40, -10]);
        assert_eq!(ranked(flows.net_debits()), [(0, 50), (3, 10)]);
        assert_eq!(ranked(flows.net_credits()), [(2, 40), (1, 20)]);
        assert_eq!(ranked(flows.turnover()), [(1, 80), (0, 50), (2, 40), (3, 10)]);
        let empty = Flows::new(4);
        assert_eq!((empty.net_debits(), empty.net_credits(), empty.turnover()), (None, None, None));
    }
}
