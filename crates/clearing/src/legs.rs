//! Who pays whom to settle multilateral net positions.

use crate::concentration::{Part, largest_first};

/// One payment in the settlement asset from a net debtor to a net creditor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Index of the party that pays.
    pub debtor: usize,
    /// Index of the party that is paid.
    pub creditor: usize,
    /// Minor units of the positions' currency; never zero.
    pub amount: u128,
}

/// The legs that settle a set of positions, and what they leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementPlan {
    /// Payments in the order in which they were paired: largest debtors and creditors first.
    pub legs: Vec<Leg>,
    /// What stays of each party's position, in minor units, with the position's sign. All zero where the positions sum
    /// to zero; otherwise the entries sum to what the positions sum to and all have one sign.
    pub carried: Vec<i128>,
}

/// Pairs net debtors (negative positions) with net creditors (positive positions), largest first, ties by index.
///
/// Each leg discharges its debtor or its creditor (or both), and the last one a debtor and a creditor or all that one
/// side has, so that `n` parties with a position need at most `n - 1` legs.
///
/// Positions need not sum to zero: a union account may hold a residual of rounding that is nobody's to settle. Then the
/// side with the smaller sum is settled in full and the other as far as that goes: creditors are paid until the debtors'
/// sum is used up, and what is left of the smallest of them is carried (or, the other way round, what is left of the
/// smallest debtors). For every party, received - paid + carried = position.
///
/// ```
/// let plan = clearing::settlement_legs(&[-50, 80, -31]);
/// let legs: Vec<_> = plan.legs.iter().map(|leg| (leg.debtor, leg.creditor, leg.amount)).collect();
/// assert_eq!(legs, [(0, 1, 50), (2, 1, 30)]);
/// assert_eq!(plan.carried, [0, 0, -1]);
/// ```
#[must_use]
pub fn settlement_legs(positions: &[i128]) -> SettlementPlan {
    // A part is what of a position is not yet settled.
    let mut debtors = largest_first(positions.iter().map(|position| position.min(&0).unsigned_abs()));
    let mut creditors = largest_first(positions.iter().map(|position| position.max(&0).unsigned_abs()));

    let mut legs = Vec::with_capacity((debtors.len() + creditors.len()).saturating_sub(1));
    let (mut next_debtor, mut next_creditor) = (0, 0);
    while let (Some(debtor), Some(creditor)) = (debtors.get_mut(next_debtor), creditors.get_mut(next_creditor)) {
        let amount = debtor.amount.min(creditor.amount);
        legs.push(Leg { debtor: debtor.party, creditor: creditor.party, amount });
        debtor.amount -= amount;
        creditor.amount -= amount;
        next_debtor += usize::from(debtor.amount == 0);
        next_creditor += usize::from(creditor.amount == 0);
    }

    let mut carried = vec![0_i128; positions.len()];
    for Part { party, amount } in creditors {
        carried[party] = 0_i128.checked_add_unsigned(amount).expect("no more than the position it is part of");
    }
    for Part { party, amount } in debtors {
        carried[party] = 0_i128.checked_sub_unsigned(amount).expect("no more than the position it is part of");
    }
    SettlementPlan { legs, carried }
}

#[cfg(test)]
mod tests {
    use super::{Leg, settlement_legs};

    fn legs_of(positions: &[i128]) -> (Vec<(usize, usize, u128)>, Vec<i128>) {
        let plan = settlement_legs(positions);
        (
            plan.legs.into_iter().map(|Leg { debtor, creditor, amount }| (debtor, creditor, amount)).collect(),
            plan.carried,
        )
    }

    #[test]
    fn examples_by_hand() {
        for (positions, legs, carried) in [
            // Nothing to settle.
            (vec![], vec![], vec![]),
            (vec![0, 0], vec![], vec![0, 0]),
            // Ties go by index, on both sides.
            (vec![5, -5, 5, -5], vec![(1, 0, 5), (3, 2, 5)], vec![0; 4]),
            // Largest first, not first come first.
            (vec![-1, -9, 4, 6], vec![(1, 3, 6), (1, 2, 3), (0, 2, 1)], vec![0; 4]),
            // Debtors bring less than creditors are owed: the smallest creditor carries the rest.
            (vec![-10, 7, 5], vec![(0, 1, 7), (0, 2, 3)], vec![0, 0, 2]),
            // Debtors owe more: the smallest debtors carry the rest.
            (vec![-10, -3, 11, -1], vec![(0, 2, 10), (1, 2, 1)], vec![0, -2, 0, -1]),
            // One side only: nothing can be paid.
            (vec![3, 4], vec![], vec![3, 4]),
            (vec![-3, 0], vec![], vec![-3, 0]),
            // The ends of the range.
            (vec![i128::MIN, i128::MAX, 1], vec![(0, 1, i128::MAX as u128), (0, 2, 1)], vec![0; 3]),
            (vec![i128::MIN], vec![], vec![i128::MIN]),
        ] {
            assert_eq!(legs_of(&positions), (legs, carried), "{positions:?}");
        }
    }
}
