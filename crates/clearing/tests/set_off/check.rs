//! The checker by itself: every kind of fault, each made by one change to a good proof.

use crate::scene::{owed, proved};
use clearing::set_off::check::{Checker, Claim, Entry, Fault, PricedLimit, PricedMaximum, check};
use clearing::set_off::{AMOUNT_MAX, BilateralLimit, Maximum, Obligation, SetOff, Terms};

/// A triangle with a pair, over 10 each.
fn scene() -> Vec<Obligation> {
    owed(&[(0, 1, 10), (1, 0, 10), (1, 2, 10), (2, 0, 10)])
}

#[track_caller]
fn fault(terms: &Terms, change: impl FnOnce(&mut Vec<Obligation>, &mut Terms, &mut SetOff)) -> Fault {
    let (mut obligations, mut terms) = (scene(), terms.clone());
    let mut set_off = proved(&obligations, &terms);
    change(&mut obligations, &mut terms, &mut set_off);
    check(&obligations, &terms, &set_off).expect_err("this is no proof")
}

#[test]
fn each_kind_of_fault() {
    let none = Terms::default();
    assert_eq!(
        fault(&none, |_, _, set_off| set_off.amounts[0] = 11),
        Fault::BeyondAmount { obligation: 0, amount: 10, set_off: 11 }
    );
    assert_eq!(fault(&none, |_, _, set_off| set_off.amounts[2] = 9), Fault::Position { party: 1, change: -1, loan: 0 });
    assert_eq!(fault(&none, |_, terms, _| terms.untouched.push(2)), Fault::Touched { obligation: 2, set_off: 10 });
    assert_eq!(
        fault(&none, |_, terms, set_off| {
            terms.maxima.push(Maximum { party: 1, amount: 9 });
            set_off.dual.maxima.push(1);
        }),
        Fault::Maximum { party: 1, set_off: 10, maximum: 9 }
    );
    assert_eq!(
        fault(&none, |_, terms, set_off| {
            terms.limits.push(BilateralLimit { debtor: 1, creditor: 0, limit: 9 });
            set_off.dual.limits.push(1);
        }),
        Fault::Limit { debtor: 1, creditor: 0, after: 10, allowed: 9 }
    );
    assert_eq!(
        fault(&none, |_, terms, _| terms.maxima.push(Maximum { party: 1, amount: 90 })),
        Fault::Terms { party: 1 },
        "a maximum without a price"
    );
    assert_eq!(fault(&none, |_, _, set_off| set_off.amounts.truncate(3)), Fault::Count { set_offs: 3, obligations: 4 });
    assert!(matches!(
        fault(&none, |_, _, set_off| set_off.cleared += 1),
        Fault::Sums { cleared: 31, of_cleared: 30, .. }
    ));
    assert_eq!(fault(&none, |_, _, set_off| set_off.loans = vec![0]), Fault::Loans { loans: 1, parties: 3 });
    assert_eq!(
        fault(&none, |_, _, set_off| set_off.dual.potentials.truncate(2)),
        Fault::Party { obligation: 2, party: 2 }
    );
    assert!(matches!(
        fault(&none, |_, terms, _| terms.ages = vec![0, 0, 0, 1]),
        Fault::Base { base: 1, age: 1, least: 9 }
    ));
    assert_eq!(fault(&none, |obligations, _, _| obligations[3].creditor = 2), Fault::OwedToItself { obligation: 3 });
}

#[test]
fn prices_that_lead_out_of_range() {
    let claim = Claim { base: 1, potentials: vec![i64::MIN, i64::MAX], ..Claim::default() };
    let mut checker = Checker::new(claim).unwrap();
    let obligation = Obligation { debtor: 0, creditor: 1, amount: AMOUNT_MAX };
    let mut take = || checker.obligation(Entry { obligation, age: 0, is_untouched: false, set_off: 0 });
    // A product is below 2^124; the sum of some leaves 128 bits.
    assert_eq!(take(), Ok(()));
    assert_eq!((0..10).find_map(|_| take().err()), Some(Fault::Overflow));
}

#[test]
fn a_smaller_set_off_is_not_proved() {
    // The pair instead of the triangle: right in everything but its size.
    let found = fault(&Terms::default(), |_, _, set_off| {
        set_off.amounts = vec![10, 10, 0, 0];
        set_off.cleared = 20;
    });
    assert!(matches!(found, Fault::Gap { counted: 20, bound: 30, obligation: Some(_), .. }), "{found:?}");
}

#[test]
fn more_lent_than_there_is() {
    let terms = Terms { liquidity: Some(4), ..Terms::default() };
    let chain = owed(&[(0, 1, 10), (1, 2, 10)]);
    let set_off = proved(&chain, &terms);
    let less = Terms { liquidity: Some(3), ..Terms::default() };
    assert_eq!(check(&chain, &less, &set_off), Err(Fault::Lent { lent: 4, liquidity: 3 }));
    let mut other = set_off;
    other.loans[0] += 1;
    assert_eq!(check(&chain, &terms, &other), Err(Fault::Position { party: 0, change: 4, loan: 5 }));
}

#[test]
fn terms_that_are_none() {
    let claim = Claim { base: 1, potentials: vec![0; 2], ..Claim::default() };
    let maxima = |list: &[(u32, i64)]| Claim {
        maxima: list.iter().map(|&(party, price)| PricedMaximum { party, amount: 1, price }).collect(),
        ..claim.clone()
    };
    let limits = |list: &[(u32, u32, i64)]| Claim {
        limits: list
            .iter()
            .map(|&(debtor, creditor, price)| PricedLimit { debtor, creditor, limit: 1, price })
            .collect(),
        ..claim.clone()
    };
    for (bad, party) in [
        (maxima(&[(0, -1)]), 0),
        (maxima(&[(2, 0)]), 2),
        (maxima(&[(1, 0), (1, 0)]), 1),
        (limits(&[(0, 1, -1)]), 0),
        (limits(&[(0, 2, 0)]), 0),
        (limits(&[(1, 1, 0)]), 1),
        (limits(&[(1, 0, 0), (1, 0, 0)]), 1),
    ] {
        assert_eq!(Checker::new(bad.clone()).err(), Some(Fault::Terms { party }), "{bad:?}");
    }
    assert!(Checker::new(limits(&[(1, 0, 0), (0, 1, 0)])).is_ok());
}
