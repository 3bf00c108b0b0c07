//! Obligations and terms that make no sense: what is said, and that nothing is changed.

use crate::scene::owed;
use clearing::set_off::{AMOUNT_MAX, BilateralLimit, Clearing, Maximum, Obligation, SetOffError, Terms, largest};

#[track_caller]
fn refused(list: &[(u32, u32, u64)], terms: Terms, words: &[&str]) {
    let error = largest(3, owed(list), terms).expect_err("it makes no sense").to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{error:?} does not say {words:?}");
}

#[test]
fn obligations() {
    refused(&[(0, 1, 1), (1, 3, 1)], Terms::default(), &["obligation 1", "party 3"]);
    refused(&[(0, 1, 1), (2, 2, 1)], Terms::default(), &["obligation 1", "party 2", "itself"]);
    refused(&[(0, 1, AMOUNT_MAX + 1)], Terms::default(), &["obligation 0", "1000000000000000001", "split"]);
}

#[test]
fn terms() {
    let list = [(0, 1, 1), (1, 0, 1)];
    refused(&list, Terms { untouched: vec![2], ..Terms::default() }, &["obligation 2", "only 2"]);
    refused(&list, Terms { ages: vec![1], ..Terms::default() }, &["1 ages", "2 obligations"]);
    refused(&list, Terms { liquidity: Some(AMOUNT_MAX + 1), ..Terms::default() }, &["1000000000000000001"]);
    let maximum = Maximum { party: 1, amount: 1 };
    refused(&list, Terms { maxima: vec![maximum, maximum], ..Terms::default() }, &["party 1", "two maxima"]);
    refused(&list, Terms { maxima: vec![Maximum { party: 3, amount: 1 }], ..Terms::default() }, &["party 3"]);
    let limit = BilateralLimit { debtor: 0, creditor: 1, limit: 1 };
    refused(&list, Terms { limits: vec![limit, limit], ..Terms::default() }, &["party 0 to party 1", "twice"]);
    let own = BilateralLimit { debtor: 1, creditor: 1, limit: 1 };
    refused(&list, Terms { limits: vec![own], ..Terms::default() }, &["itself"]);
    let both = Terms { maxima: vec![maximum], limits: vec![limit], ..Terms::default() };
    assert_eq!(largest(3, owed(&list), both), Err(SetOffError::MaximaWithLimits));
}

#[test]
fn ages_that_cannot_be_weighed_exactly() {
    let parties = 1 << 20;
    let terms = Terms { ages: vec![u32::MAX], ..Terms::default() };
    let error = largest(parties, owed(&[(0, 1, 1)]), terms).expect_err("beyond 64 bits");
    assert_eq!(error, SetOffError::AgeRange { age: u32::MAX, parties });
    // Days of a century among a million parties are fine.
    let terms = Terms { ages: vec![36_525], ..Terms::default() };
    assert!(largest(parties, owed(&[(0, 1, 1)]), terms).is_ok());
}

#[test]
fn changes_that_make_no_sense_change_nothing() {
    let terms = Terms { ages: vec![1, 1], ..Terms::default() };
    let mut clearing = Clearing::new(1 << 20, owed(&[(0, 1, 5), (1, 0, 5)]), terms).unwrap();
    assert_eq!(clearing.set_amount(2, 1), Err(SetOffError::Obligation { obligation: 2, obligations: 2 }));
    let amount = AMOUNT_MAX + 1;
    assert_eq!(clearing.set_amount(1, amount), Err(SetOffError::Amount { obligation: 1, amount }));
    let itself = Obligation { debtor: 1, creditor: 1, amount: 1 };
    assert_eq!(clearing.add(itself, 0), Err(SetOffError::OwedToItself { obligation: 2, party: 1 }));
    let ancient = clearing.add(Obligation { debtor: 0, creditor: 1, amount: 1 }, u32::MAX);
    assert_eq!(ancient, Err(SetOffError::AgeRange { age: u32::MAX, parties: 1 << 20 }));
    assert_eq!(clearing.solve().unwrap().amounts, [5, 5]);
    assert_eq!(clearing.terms().ages, [1, 1]);
}
