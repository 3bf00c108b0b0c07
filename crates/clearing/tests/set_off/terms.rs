//! What each term does, on examples that can be worked out by hand.

use crate::scene::{owed, proved};
use clearing::set_off::{BilateralLimit, Clearing, Maximum, Obligation, SetOff, Terms};

fn on(list: &[(u32, u32, u64)], terms: Terms) -> SetOff {
    proved(&owed(list), &terms)
}

#[test]
fn what_must_not_be_touched_is_not() {
    let circle = [(0, 1, 5), (0, 1, 4), (1, 0, 9)];
    let set_off = on(&circle, Terms { untouched: vec![0], ..Terms::default() });
    assert_eq!(set_off.amounts, [0, 4, 4]);
}

#[test]
fn a_maximum_bounds_both_sides_of_a_party() {
    let list = [(0, 1, 5), (1, 0, 5), (1, 2, 5), (2, 1, 5)];
    let set_off = on(&list, Terms { maxima: vec![Maximum { party: 1, amount: 7 }], ..Terms::default() });
    assert_eq!(set_off.cleared, 14);
    assert_eq!(set_off.amounts[0] + set_off.amounts[3], 7);
    assert_eq!(set_off.dual.maxima, [2], "one more for party 1 clears one more on each side");
    let none = on(&list, Terms { maxima: vec![Maximum { party: 1, amount: 0 }], ..Terms::default() });
    assert_eq!(none.cleared, 0);
}

#[test]
fn the_oldest_of_equal_obligations_goes_first() {
    let list = [(0, 1, 5), (0, 1, 5), (0, 1, 5), (1, 0, 7)];
    assert_eq!(on(&list, Terms { ages: vec![1, 30, 9, 0], ..Terms::default() }).amounts, [0, 5, 2, 7]);
    assert_eq!(on(&list, Terms { ages: vec![30, 9, 1, 0], ..Terms::default() }).amounts, [5, 2, 0, 7]);
}

#[test]
fn age_never_costs_a_unit_of_the_total() {
    // The pair is very old, the triangle is not.
    let list = [(0, 1, 1), (1, 0, 1), (1, 2, 1), (2, 0, 1)];
    let set_off = on(&list, Terms { ages: vec![0, 100_000, 0, 0], ..Terms::default() });
    assert_eq!(set_off.amounts, [1, 0, 1, 1]);
}

#[test]
fn a_chain_needs_liquidity_once() {
    let chain = [(0, 1, 10), (1, 2, 10), (2, 3, 10)];
    assert_eq!(on(&chain, Terms::default()).cleared, 0);
    let set_off = on(&chain, Terms { liquidity: Some(4), ..Terms::default() });
    assert_eq!((set_off.cleared, set_off.lent()), (12, 4));
    assert_eq!(set_off.loans, [4, 0, 0, -4]);
    let all = on(&chain, Terms { liquidity: Some(1_000), ..Terms::default() });
    assert_eq!((all.cleared, all.lent()), (30, 10), "no more is lent than is of use");
}

#[test]
fn one_more_unit_of_liquidity() {
    // A chain of three obligations over 2, and one of two.
    let list = owed(&[(0, 1, 2), (1, 2, 2), (2, 3, 2), (4, 5, 9), (5, 6, 9)]);
    for (liquidity, one_more) in [(0, 3), (1, 3), (2, 2), (10, 2), (11, 0), (500, 0)] {
        let terms = Terms { liquidity: Some(liquidity), ..Terms::default() };
        let mut clearing = Clearing::new(7, list.clone(), terms).unwrap();
        assert_eq!(clearing.one_more().unwrap(), Some(one_more), "with {liquidity}");
    }
    assert_eq!(Clearing::new(7, list, Terms::default()).unwrap().one_more(), Ok(None));
}

/// Without the limit the triangle clears whole, and with it what 0 owes 1 cannot be all that remains between them.
#[test]
fn a_limit_bounds_what_is_owed_net_after() {
    let list = [(0, 1, 10), (1, 0, 10), (1, 2, 10), (2, 0, 10)];
    let limit = |limit| Terms { limits: vec![BilateralLimit { debtor: 1, creditor: 0, limit }], ..Terms::default() };
    assert_eq!(on(&list, Terms::default()).amounts, [10, 0, 10, 10]);
    assert_eq!(on(&list, limit(4)).amounts, [10, 6, 4, 4]);
    assert_eq!(on(&list, limit(0)).amounts, [10, 10, 0, 0]);
    assert_eq!(
        on(&list, limit(4)).dual.limits,
        [1],
        "a unit more sets off one more in the triangle's two, one less here"
    );
}

#[test]
fn where_a_limit_was_exceeded_before_it_must_not_get_worse() {
    // 1 owes 0 net 5 already, with a limit of 2: the triangle may not raise it.
    let list = [(0, 1, 5), (1, 0, 10), (1, 2, 5), (2, 0, 5)];
    let limits = vec![BilateralLimit { debtor: 1, creditor: 0, limit: 2 }];
    assert_eq!(on(&list, Terms { limits, ..Terms::default() }).amounts, [5, 5, 0, 0]);
    assert_eq!(on(&list, Terms::default()).amounts, [5, 0, 5, 5]);
}

/// The smaller a change, the less is done; here only that it comes to the same is tested.
#[test]
fn changes_one_by_one() {
    let mut clearing = Clearing::new(4, owed(&[(0, 1, 5), (1, 2, 5), (2, 0, 5)]), Terms::default()).unwrap();
    assert_eq!(clearing.solve().unwrap().amounts, [5, 5, 5]);
    clearing.set_amount(1, 2).unwrap();
    assert_eq!(clearing.solve().unwrap().amounts, [2, 2, 2]);
    assert_eq!(clearing.add(Obligation { debtor: 1, creditor: 3, amount: 9 }, 0), Ok(3));
    assert_eq!(clearing.add(Obligation { debtor: 3, creditor: 2, amount: 2 }, 0), Ok(4));
    assert_eq!(clearing.solve().unwrap().amounts, [4, 2, 4, 2, 2]);
    clearing.set_amount(2, 0).unwrap();
    assert_eq!(clearing.solve().unwrap().cleared, 0);
}
