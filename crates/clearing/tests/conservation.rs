//! Properties that hold for whatever parties owe each other.

use clearing::{Flows, settlement_legs};
use proptest::prelude::*;

const PARTIES: usize = 12;

fn obligations() -> impl Strategy<Value = Vec<(usize, usize, u64)>> {
    let amount = prop_oneof![0..1_000_u64, any::<u64>()];
    prop::collection::vec((0..PARTIES, 1..PARTIES, amount), 0..200).prop_map(|drawn| {
        // A step of 1..PARTIES from the debtor is always another party.
        drawn.into_iter().map(|(debtor, step, amount)| (debtor, (debtor + step) % PARTIES, amount)).collect()
    })
}

fn flows_of(obligations: &[(usize, usize, u64)]) -> Flows {
    let mut flows = Flows::new(PARTIES);
    for &(debtor, creditor, amount) in obligations {
        flows.record(debtor, creditor, amount.into()).expect("two different known parties");
    }
    flows
}

proptest! {
    #[test]
    fn flows_conserve(obligations in obligations()) {
        let flows = flows_of(&obligations);
        let positions = flows.positions();

        // Straight from the obligations, by a different road than the sparse pairs.
        let mut expected = [0_i128; PARTIES];
        for &(debtor, creditor, amount) in &obligations {
            expected[debtor] -= i128::from(amount);
            expected[creditor] += i128::from(amount);
        }
        prop_assert_eq!(&positions[..], &expected[..]);
        prop_assert_eq!(positions.iter().sum::<i128>(), 0);
        prop_assert_eq!(flows.gross(), obligations.iter().map(|o| u128::from(o.2)).sum::<u128>());
        prop_assert_eq!(2 * flows.multilateral_net_total(), positions.iter().map(|p| p.unsigned_abs()).sum::<u128>());

        // Netting among more parties never needs more.
        prop_assert!(flows.gross() >= flows.bilateral_net_total());
        prop_assert!(flows.bilateral_net_total() >= flows.multilateral_net_total());
    }

    #[test]
    fn bilateral_net_is_what_the_dense_matrix_says(obligations in obligations()) {
        let flows = flows_of(&obligations);
        let mut matrix = [[0_u128; PARTIES]; PARTIES];
        for &(debtor, creditor, amount) in &obligations {
            matrix[debtor][creditor] += u128::from(amount);
        }
        let mut total = 0;
        for (first, row) in matrix.iter().enumerate() {
            for (second, &owed) in row.iter().enumerate() {
                let owed_back = matrix[second][first];
                let net = owed_back as i128 - owed as i128;
                prop_assert_eq!(flows.owed(first, second), owed);
                prop_assert_eq!(flows.bilateral_net(first, second), net);
                total += net.max(0).unsigned_abs();
            }
        }
        prop_assert_eq!(flows.bilateral_net_total(), total);
    }

    /// Positions as they come, whose sum is rarely zero.
    #[test]
    fn legs_and_carried_make_up_the_position(positions in prop::collection::vec(-1_000_i128..1_000, 0..40)) {
        let plan = settlement_legs(&positions);
        let mut made_up = plan.carried.clone();
        for leg in &plan.legs {
            prop_assert!(leg.amount > 0);
            prop_assert!(positions[leg.debtor] < 0 && positions[leg.creditor] > 0);
            made_up[leg.debtor] -= leg.amount as i128;
            made_up[leg.creditor] += leg.amount as i128;
        }
        prop_assert_eq!(&made_up, &positions);

        let open = positions.iter().filter(|&&position| position != 0).count();
        prop_assert!(plan.legs.len() <= open.saturating_sub(1), "{} legs for {open} parties", plan.legs.len());

        // The smaller side is settled in full: whatever is carried is on the side that has more.
        let sum: i128 = positions.iter().sum();
        prop_assert!(plan.carried.iter().all(|&carried| carried.signum() * sum.signum() >= 0 && (sum != 0 || carried == 0)));
        prop_assert_eq!(plan.carried.iter().sum::<i128>(), sum);
    }

    /// Balanced positions leave nothing behind and move exactly the multilateral net total.
    #[test]
    fn balanced_positions_settle_in_full(obligations in obligations()) {
        let flows = flows_of(&obligations);
        let plan = settlement_legs(&flows.positions());
        prop_assert!(plan.carried.iter().all(|&carried| carried == 0));
        prop_assert_eq!(plan.legs.iter().map(|leg| leg.amount).sum::<u128>(), flows.multilateral_net_total());
    }

    /// The order of the obligations does not matter.
    #[test]
    fn order_does_not_matter(obligations in obligations()) {
        let reversed: Vec<_> = obligations.iter().rev().copied().collect();
        prop_assert_eq!(flows_of(&obligations), flows_of(&reversed));
    }

    /// Negative control: where every party either only pays or only receives there is nothing to set off, and a saving
    /// would be a bug.
    #[test]
    fn one_sided_flows_save_nothing(
        drawn in prop::collection::vec((0..PARTIES / 2, PARTIES / 2..PARTIES, 1_u64..), 1..200),
    ) {
        let flows = flows_of(&drawn);
        prop_assert_eq!(flows.multilateral_net_total(), flows.gross());
        prop_assert_eq!(flows.bilateral_net_total(), flows.gross());
        prop_assert_eq!(flows.multilateral_saved_ratio().map(|saved| saved.numerator()), Some(0));
    }
}
