//! Properties that hold for whatever parties owe each other.

use clearing::{Concentration, Flows, Liquidity, Novation, Savings, Standing, settlement_legs};
use proptest::prelude::*;

const PARTIES: usize = 12;

fn obligations() -> impl Strategy<Value = Vec<(usize, usize, u64)>> {
    let amount = prop_oneof![0..1_000_u64, any::<u64>()];
    prop::collection::vec((0..PARTIES, 1..PARTIES, amount), 0..200).prop_map(|drawn| {
        // A step of 1..PARTIES from the debtor is always another party.
        drawn.into_iter().map(|(debtor, step, amount)| (debtor, (debtor + step) % PARTIES, amount)).collect()
    })
}

/// Amounts whose squares and sums of squares stay inside 128 bits with room to multiply.
fn small_obligations() -> impl Strategy<Value = Vec<(usize, usize, u64)>> {
    obligations().prop_map(|mut obligations| {
        for (_, _, amount) in &mut obligations {
            *amount %= 1 << 40;
        }
        obligations
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
        drawn in prop::collection::vec((0..PARTIES / 2, PARTIES / 2..PARTIES, 1_u64..1 << 55), 1..200),
    ) {
        let flows = flows_of(&drawn);
        prop_assert_eq!(flows.multilateral_net_total(), flows.gross());
        prop_assert_eq!(flows.bilateral_net_total(), flows.gross());
        prop_assert_eq!(Liquidity::of(&flows).multilateral_saved_ratio().map(|saved| saved.numerator()), Some(0));
        prop_assert_eq!(Savings::of(&flows).expect("within capacities"), Savings::default());
        // The exposures are other ones, and not one unit of money less.
        let novation = Novation::of(&flows);
        prop_assert!(novation.parties.iter().all(|standing| standing.netted() == 0));
        prop_assert_eq!(novation.parties.iter().map(|standing| standing.net_owes).sum::<u128>(), flows.gross());
    }

    /// Negative control: where debts go in one direction only, from lower to higher indices, no set-off is possible; all that
    /// multilateral netting saves is what parties in the middle pass on.
    #[test]
    fn flows_without_rings_save_by_novation_only(
        drawn in prop::collection::vec((0..PARTIES - 1, 1..PARTIES, 1_u64..1 << 40), 1..200),
    ) {
        let downhill: Vec<_> = drawn
            .into_iter()
            .map(|(debtor, step, amount)| (debtor, debtor + 1 + (step - 1) % (PARTIES - 1 - debtor), amount))
            .collect();
        let flows = flows_of(&downhill);
        let savings = Savings::of(&flows).expect("within capacities");
        prop_assert_eq!((savings.by_pairs, savings.by_rings), (0, 0));
        prop_assert_eq!(savings.by_novation, flows.gross() - flows.multilateral_net_total());
    }

    /// What is saved is what everybody pays with what it is owed, wherever it comes from; and set-off alone, with all
    /// obligations kept between those who made them, never saves more.
    #[test]
    fn savings_add_up(obligations in small_obligations()) {
        let flows = flows_of(&obligations);
        let (liquidity, savings) = (Liquidity::of(&flows), Savings::of(&flows).expect("within capacities"));
        let netted: u128 = Novation::of(&flows).parties.iter().map(Standing::netted).sum();
        prop_assert_eq!(liquidity.gross - liquidity.multilateral_net, netted);
        prop_assert_eq!(savings.by_pairs + savings.by_rings + savings.by_novation, netted);
        prop_assert_eq!(savings.by_pairs, liquidity.gross - liquidity.bilateral_net);
        for saved in [liquidity.bilateral_saved_ratio(), liquidity.multilateral_saved_ratio()].into_iter().flatten() {
            prop_assert!(saved.numerator() <= saved.denominator());
        }
    }

    #[test]
    fn novation_moves_every_position_and_changes_none(obligations in obligations()) {
        let flows = flows_of(&obligations);
        let novation = Novation::of(&flows);
        let positions: Vec<i128> = novation.parties.iter().map(|standing| standing.position).collect();
        prop_assert_eq!(&positions, &flows.positions());
        prop_assert_eq!(positions.iter().sum::<i128>(), 0, "the union's own position");
        let sum = |figure: fn(&Standing) -> u128| novation.parties.iter().map(figure).sum::<u128>();
        prop_assert_eq!((sum(|s| s.owes), sum(|s| s.is_owed)), (flows.gross(), flows.gross()));
        let net = flows.bilateral_net_total();
        prop_assert_eq!((sum(|s| s.net_owes), sum(|s| s.net_is_owed)), (net, net));
        for standing in &novation.parties {
            prop_assert_eq!(standing.is_owed as i128 - standing.owes as i128, standing.position);
            prop_assert_eq!(standing.net_is_owed as i128 - standing.net_owes as i128, standing.position);
            prop_assert!(standing.counterparties < PARTIES);
        }
        prop_assert!(novation.open_pairs <= novation.pairs && novation.pairs <= PARTIES * (PARTIES - 1) / 2);
        prop_assert_eq!(novation.open_positions, positions.iter().filter(|&&position| position != 0).count());
    }

    #[test]
    fn concentration_is_between_equal_parts_and_one(obligations in small_obligations()) {
        let flows = flows_of(&obligations);
        for (concentration, total, most_share_of_one) in [
            (flows.net_debits(), flows.multilateral_net_total(), 1),
            (flows.net_credits(), flows.multilateral_net_total(), 1),
            (flows.turnover(), 2 * flows.gross(), 2),
        ] {
            let Some(concentration) = concentration else {
                prop_assert_eq!(total, 0);
                continue;
            };
            prop_assert_eq!(concentration.total(), total);
            let parts = concentration.largest_first();
            prop_assert!(parts.is_sorted_by(|a, b| (b.amount, a.party) < (a.amount, b.party)));
            // The definition again, with the total's common divisor left in: numerators below 2^106.
            let squares: u128 = parts.iter().map(|part| part.amount * part.amount).sum();
            let index = concentration.index();
            prop_assert_eq!(clearing::Ratio::new(squares, total * total), Some(index));
            prop_assert!(index.numerator() * parts.len() as u128 >= index.denominator(), "at least 1/n");
            prop_assert!(index.numerator() * most_share_of_one <= index.denominator());
            prop_assert!(parts[0].amount * most_share_of_one <= total);
            ranks_add_up(&concentration)?;
        }
    }
}

fn ranks_add_up(concentration: &Concentration) -> Result<(), TestCaseError> {
    let mut sum = 0;
    for (at, part) in concentration.largest_first().iter().enumerate() {
        sum += part.amount;
        prop_assert_eq!(Some(concentration.share_of_largest(at + 1)), clearing::Ratio::new(sum, concentration.total()));
    }
    prop_assert_eq!(sum, concentration.total());
    Ok(())
}
