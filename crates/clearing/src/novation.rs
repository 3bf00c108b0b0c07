//! Novation to the union: a party's positions with every other replaced by one with the union.

use crate::Flows;

/// What every party has with others before novation, and with the union after it. Amounts in minor units.
///
/// *Novation* is the discharge of existing obligations by their replacement with new ones; here with a substitution
/// of parties: whoever owed or was owed by another owes or is owed by the union, and as the union is on both sides of
/// everything, its own position is zero (CPSS, *A glossary of terms used in payments and settlement systems*, BIS,
/// March 2003, "novation", "multilateral netting").
///
/// ```
/// // A owes B 100, B owes C 100, C owes A 70.
/// let mut flows = clearing::Flows::new(3);
/// for (debtor, creditor, amount) in [(0, 1, 100), (1, 2, 100), (2, 0, 70)] {
///     flows.record(debtor, creditor, amount)?;
/// }
/// let novation = clearing::Novation::of(&flows);
/// assert_eq!((novation.open_pairs, novation.open_positions), (3, 2)); // B has nothing left
/// assert_eq!((novation.largest_bilateral, novation.largest_position), (100, 30));
/// # Ok::<(), clearing::FlowError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Novation {
    /// By party.
    pub parties: Vec<Standing>,
    /// Pairs of parties between which anything was owed.
    pub pairs: usize,
    /// Pairs between which something is left after bilateral netting: as many exposures before novation.
    pub open_pairs: usize,
    /// Parties that owe the union or are owed by it: as many exposures after novation.
    pub open_positions: usize,
    /// The largest of all bilateral net positions, without sign.
    pub largest_bilateral: u128,
    /// The largest of all positions with the union, without sign.
    pub largest_position: u128,
}

/// Where one party stands, in minor units.
///
/// `is_owed - owes = net_is_owed - net_owes = position`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many others it owes or is owed by.
    pub counterparties: usize,
    /// What it owes others, before any netting.
    pub owes: u128,
    /// What others owe it, before any netting.
    pub is_owed: u128,
    /// After bilateral netting: what it owes those with whom it is in debt.
    pub net_owes: u128,
    /// After bilateral netting: what those owe it that are in debt with it. Its exposure before novation.
    pub net_is_owed: u128,
    /// After novation: what the union owes it (positive) or it owes the union (negative).
    pub position: i128,
}

impl Standing {
    /// What it pays with what it is owed: the smaller of [`owes`](Self::owes) and [`is_owed`](Self::is_owed). The sum
    /// over all parties is what multilateral netting saves in all.
    #[must_use]
    pub fn netted(&self) -> u128 {
        self.owes.min(self.is_owed)
    }
}

impl Novation {
    /// Before and after novation of these flows.
    #[must_use]
    pub fn of(flows: &Flows) -> Self {
        let mut novation = Self {
            parties: vec![Standing::default(); flows.parties()],
            pairs: 0,
            open_pairs: 0,
            open_positions: 0,
            largest_bilateral: 0,
            largest_position: 0,
        };
        for pair in flows.bilateral_positions() {
            let net = pair.net();
            for (party, owes, is_owed, net) in [
                (pair.first, pair.owed_by_first, pair.owed_by_second, net),
                (pair.second, pair.owed_by_second, pair.owed_by_first, -net),
            ] {
                let standing = &mut novation.parties[party];
                standing.counterparties += 1;
                standing.owes += owes;
                standing.is_owed += is_owed;
                standing.net_owes += net.min(0).unsigned_abs();
                standing.net_is_owed += net.max(0).unsigned_abs();
                standing.position += net;
            }
            novation.pairs += 1;
            novation.open_pairs += usize::from(net != 0);
            novation.largest_bilateral = novation.largest_bilateral.max(net.unsigned_abs());
        }
        for standing in &novation.parties {
            novation.open_positions += usize::from(standing.position != 0);
            novation.largest_position = novation.largest_position.max(standing.position.unsigned_abs());
        }
        novation
    }
}

#[cfg(test)]
mod tests {
    use super::{Novation, Standing};
    use crate::Flows;

    #[test]
    fn a_small_book_by_hand() {
        // A and B owe each other 70 and 100, B and C each 40; D is owed 5 by A.
        let mut flows = Flows::new(5);
        for (debtor, creditor, amount) in [(0, 1, 70), (1, 0, 100), (1, 2, 40), (2, 1, 40), (0, 3, 5)] {
            flows.record(debtor, creditor, amount).expect("two different parties");
        }
        let novation = Novation::of(&flows);
        let standing = |counterparties, owes, is_owed, net_owes, net_is_owed, position| Standing {
            counterparties,
            owes,
            is_owed,
            net_owes,
            net_is_owed,
            position,
        };
        assert_eq!(
            novation.parties,
            [
                standing(2, 75, 100, 5, 30, 25),
                standing(2, 140, 110, 30, 0, -30),
                standing(1, 40, 40, 0, 0, 0),
                standing(1, 0, 5, 0, 5, 5),
                Standing::default(),
            ]
        );
        assert_eq!((novation.pairs, novation.open_pairs, novation.open_positions), (3, 2, 3));
        assert_eq!((novation.largest_bilateral, novation.largest_position), (30, 30));
        assert_eq!(novation.parties.iter().map(Standing::netted).sum::<u128>(), 75 + 110 + 40);
    }
}
