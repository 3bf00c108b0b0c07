//! Shapes whose largest set-off is known by reasoning.

use crate::scene::{owed, parties, proved};
use clearing::set_off::{AMOUNT_MAX, Obligation, Terms, components};

#[track_caller]
fn cleared(list: &[(u32, u32, u64)]) -> u128 {
    proved(&owed(list), &Terms::default()).cleared
}

#[test]
fn nothing_is_owed() {
    assert_eq!(cleared(&[]), 0);
    assert_eq!(cleared(&[(0, 1, 0), (1, 0, 5)]), 0);
}

#[test]
fn the_triangle_goes_before_the_pair() {
    assert_eq!(cleared(&[(0, 1, 1), (1, 0, 1), (1, 2, 1), (2, 0, 1)]), 3);
}

#[test]
fn one_sided_flows_clear_nothing() {
    // Everybody owes only those with a higher number.
    let list: Vec<_> = (0..40).flat_map(|debtor| (debtor + 1..40).map(move |creditor| (debtor, creditor, 7))).collect();
    let obligations = owed(&list);
    assert_eq!(proved(&obligations, &Terms::default()).cleared, 0);
    assert_eq!(components(40, &obligations), 0);
    // Debtors on one side, creditors on the other.
    let list: Vec<_> = (0..30).flat_map(|debtor| (30..60).map(move |creditor| (debtor, creditor, 9))).collect();
    assert_eq!(cleared(&list), 0);
}

#[test]
fn a_long_circle_clears_its_least_amount() {
    let length = 2_000;
    let list: Vec<_> = (0..length).map(|party| (party, (party + 1) % length, 1_000 + u64::from(party))).collect();
    assert_eq!(cleared(&list), 1_000 * u128::from(length));
}

#[test]
fn long_circles_that_share_an_obligation() {
    // From 0 to 1, and back on a long way and on a short one.
    let mut list = vec![(0, 1, 10)];
    list.extend((1..300).map(|party| (party, party + 1, 6)));
    list.push((300, 0, 6));
    list.push((1, 301, 100));
    list.push((301, 0, 100));
    // 6 on the long way with 301 obligations, the other 4 on the short one with three.
    assert_eq!(cleared(&list), 6 * 301 + 4 * 3);
}

#[test]
fn complete_graphs_with_equal_amounts_clear_whole() {
    for parties in [2, 3, 10, 60] {
        let list: Vec<_> = (0..parties)
            .flat_map(|debtor| (0..parties).filter(move |&c| c != debtor).map(move |creditor| (debtor, creditor, 5)))
            .collect();
        assert_eq!(cleared(&list), 5 * u128::from(parties * (parties - 1)));
    }
}

#[test]
fn a_hub_clears_what_passes_it() {
    // Party 0 owes odd parties and is owed by even ones, and even parties are owed by the odd ones next to them.
    let mut list = Vec::new();
    for spoke in (1..4_000).step_by(2) {
        list.extend([(0, spoke, 10), (spoke, spoke + 1, 7), (spoke + 1, 0, 12)]);
    }
    assert_eq!(cleared(&list), 2_000 * 21);
}

#[test]
fn bipartite_in_both_directions() {
    // Each of the first owes each of the second 3 and is owed 2.
    let list: Vec<_> = (0..20).flat_map(|a| (20..40).flat_map(move |b| [(a, b, 3), (b, a, 2)])).collect();
    assert_eq!(cleared(&list), 400 * 4);
}

#[test]
fn powers_of_two() {
    // A circle of each power, all through the same two parties.
    let circle = |power: u32| [(0, 1, 1_u64 << power), (1, power + 2, 1 << power), (power + 2, 0, 1 << power)];
    let list: Vec<_> = (0..59).flat_map(circle).collect();
    assert_eq!(cleared(&list), 3 * ((1 << 59) - 1));
}

#[test]
fn amounts_at_the_limit_and_sums_beyond_64_bits() {
    let count = 100;
    let parallel = |debtor, creditor| (0..count).map(move |_| (debtor, creditor, AMOUNT_MAX));
    let list: Vec<_> = parallel(0, 1).chain(parallel(1, 2)).chain(parallel(2, 0)).collect();
    let all = 3 * count as u128 * u128::from(AMOUNT_MAX);
    assert!(all > u128::from(u64::MAX));
    assert_eq!(cleared(&list), all);

    // One unit less on one side leaves one unit of each of the three.
    let mut less = list;
    less[0].2 -= 1;
    let set_off = proved(&owed(&less), &Terms::default());
    assert_eq!((set_off.total, set_off.cleared, set_off.remaining()), (all - 1, all - 3, 2));
}

#[test]
fn sums_beyond_64_bits_on_terms() {
    let parallel = |debtor, creditor| (0..50).map(move |_| (debtor, creditor, AMOUNT_MAX));
    let list: Vec<_> = parallel(0, 1).chain(parallel(1, 0)).chain([(1, 2, AMOUNT_MAX)]).collect();
    let obligations: Vec<Obligation> = owed(&list);
    let limits = vec![clearing::set_off::BilateralLimit { debtor: 0, creditor: 1, limit: 0 }];
    let terms = Terms { limits, liquidity: Some(AMOUNT_MAX), ages: vec![3; 101], ..Terms::default() };
    assert_eq!(proved(&obligations, &terms).cleared, 101 * u128::from(AMOUNT_MAX));
    let maxima = vec![clearing::set_off::Maximum { party: 0, amount: u64::MAX }];
    assert_eq!(proved(&obligations, &Terms { maxima, ..Terms::default() }).cleared, 2 * u128::from(u64::MAX));
    assert_eq!(parties(&obligations), 3);
}
