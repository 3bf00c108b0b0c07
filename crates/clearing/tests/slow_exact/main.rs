//! Set-offs against solvers that are slow and plainly right, on tens of thousands of small random problems.
//!
//! `cancel` takes any problem without terms but ages, and improves a set-off by circles until there is none that helps.
//! `enumerate` tries every set-off of tiny amounts, and knows of the terms only their definition.

mod cancel;
mod draw;
mod enumerate;

use clearing::set_off::check::check;
use clearing::set_off::{Clearing, Obligation, Start, Terms, largest};
use draw::Draw;

/// The largest set-off, after it was proved to be.
#[track_caller]
fn proved(parties: u32, obligations: &[Obligation], terms: &Terms) -> clearing::set_off::SetOff {
    let set_off = largest(parties, obligations.to_vec(), terms.clone())
        .unwrap_or_else(|error| panic!("{error}: {obligations:?} {terms:?}"));
    let proved = check(obligations, terms, &set_off);
    assert!(proved.is_ok(), "{}: {obligations:?} {terms:?} {set_off:?}", proved.unwrap_err());
    set_off
}

/// By age too, as far as there are ages: (total, sum of age times amount).
fn objectives(terms: &Terms, amounts: &[u64]) -> (u128, u128) {
    let age = |at: usize| u128::from(terms.ages.get(at).copied().unwrap_or(0));
    let sum =
        |weight: &dyn Fn(usize) -> u128| amounts.iter().enumerate().map(|(at, &x)| weight(at) * u128::from(x)).sum();
    (sum(&|_| 1), sum(&age))
}

#[test]
fn as_large_as_cancelling_circles() {
    let mut draw = Draw::new(1);
    for _ in 0..20_000 {
        let parties = draw.between(2, 12) as u32;
        let count = draw.between(0, 30);
        let most = [1, 3, 100, 1_000_000_000_000_000_000][draw.below(4) as usize];
        let obligations = draw.obligations(parties, count, most);
        let mut terms = Terms::default();
        if draw.below(3) == 0 {
            terms.ages = obligations.iter().map(|_| draw.below(5) as u32).collect();
        }
        let found = proved(parties, &obligations, &terms);
        let expected = cancel::largest(parties, &obligations, &terms.ages);
        assert_eq!(objectives(&terms, &found.amounts), objectives(&terms, &expected), "{obligations:?} {terms:?}");
    }
}

#[test]
fn as_large_as_any_on_the_same_terms() {
    let mut draw = Draw::new(2);
    let mut with_limits_that_bind = 0;
    for _ in 0..30_000 {
        let parties = draw.between(2, 4) as u32;
        let count = draw.between(2, 7);
        let obligations = draw.obligations(parties, count, 3);
        let terms = draw.terms(parties, &obligations);
        let found = proved(parties, &obligations, &terms);
        let expected = enumerate::best(parties, &obligations, &terms);
        assert_eq!(objectives(&terms, &found.amounts), expected, "{obligations:?} {terms:?} {found:?}");
        with_limits_that_bind += u32::from(found.dual.limits.iter().any(|&price| price > 0));
    }
    assert!(with_limits_that_bind > 500, "limits were tried {with_limits_that_bind} times only");
}

#[test]
fn one_more_unit_of_liquidity_clears_what_is_said() {
    let mut draw = Draw::new(3);
    for _ in 0..10_000 {
        let parties = draw.between(2, 5) as u32;
        let count = draw.between(1, 8);
        let obligations = draw.obligations(parties, count, 4);
        let mut terms = draw.terms(parties, &obligations);
        let liquidity = draw.below(6);
        terms.liquidity = Some(liquidity);
        let mut clearing = Clearing::new(parties, obligations.clone(), terms.clone()).expect("good terms");
        let before = clearing.solve().expect("good amounts");
        let one_more = clearing.one_more().expect("good amounts").expect("there is liquidity");
        assert_eq!(clearing.solve().expect("good amounts").cleared, before.cleared, "it is as it was");
        let with_more = proved(parties, &obligations, &Terms { liquidity: Some(liquidity + 1), ..terms.clone() });
        assert_eq!(one_more, with_more.cleared - before.cleared, "{obligations:?} {terms:?}");
    }
}

/// Changes, additions and a new start lead to the same as solving from nothing.
#[test]
fn after_changes_as_from_nothing() {
    let mut draw = Draw::new(4);
    for _ in 0..5_000 {
        let parties = draw.between(2, 8) as u32;
        let count = draw.between(1, 20);
        let obligations = draw.obligations(parties, count, 5);
        let terms = draw.terms(parties, &obligations);
        let mut clearing = Clearing::new(parties, obligations, terms).expect("good terms");
        for _ in 0..4 {
            let last = clearing.solve().expect("good amounts");
            check(clearing.obligations(), clearing.terms(), &last).expect("proved after changes");
            let (obligations, terms) = (clearing.obligations().to_vec(), clearing.terms().clone());
            let anew = proved(parties, &obligations, &terms);
            assert_eq!(
                objectives(&terms, &last.amounts),
                objectives(&terms, &anew.amounts),
                "{obligations:?} {terms:?}"
            );

            for _ in 0..draw.between(1, 4) {
                let at = draw.below(clearing.obligations().len() as u64) as u32;
                clearing.set_amount(at, draw.below(6)).expect("a known obligation");
            }
            if draw.below(2) == 0 {
                let added = draw.obligations(parties, 1, 5)[0];
                let age = draw.below(9) as u32;
                assert_eq!(
                    clearing.add(added, age).expect("a good obligation") as usize,
                    clearing.obligations().len() - 1
                );
            }
            // From a certificate of before, which may be of fewer obligations and other amounts.
            let (obligations, terms) = (clearing.obligations().to_vec(), clearing.terms().clone());
            let start = Start { amounts: last.amounts, potentials: last.dual.potentials };
            let mut resumed =
                Clearing::resume(parties, obligations.clone(), terms.clone(), start).expect("good obligations");
            let resumed = resumed.solve().expect("good amounts");
            check(&obligations, &terms, &resumed).expect("proved from an earlier one");
        }
    }
}

/// Whatever is changed in a result, it is refused, or it is another proof of the same largest set-off.
#[test]
fn no_change_goes_unnoticed() {
    let mut draw = Draw::new(5);
    let mut refused = 0;
    for _ in 0..20_000 {
        let parties = draw.between(2, 6) as u32;
        let count = draw.between(1, 12);
        let mut obligations = draw.obligations(parties, count, 6);
        let mut terms = draw.terms(parties, &obligations);
        let mut changed = proved(parties, &obligations, &terms);
        let before = objectives(&terms, &changed.amounts);
        let at = draw.below(obligations.len() as u64) as usize;
        let other = |draw: &mut Draw, value: i64| value + if draw.below(2) == 0 { 1 } else { -1 };
        let what = draw.below(7);
        match what {
            0 => changed.amounts[at] = other(&mut draw, changed.amounts[at] as i64).max(0) as u64,
            1 => {
                let party = draw.below(parties.into()) as usize;
                changed.dual.potentials[party] = other(&mut draw, changed.dual.potentials[party]);
            }
            2 => obligations[at].amount = draw.below(8),
            3 => changed.dual.base = other(&mut draw, changed.dual.base),
            4 => {
                if let Some(price) = changed.dual.maxima.first_mut().or(changed.dual.limits.first_mut()) {
                    *price = other(&mut draw, *price);
                }
            }
            5 => {
                if let Some(loan) = changed.loans.first_mut() {
                    *loan += 1;
                }
            }
            _ => {
                if let Some(maximum) = terms.maxima.first_mut() {
                    maximum.amount = draw.below(8);
                } else if let Some(limit) = terms.limits.first_mut() {
                    limit.limit = draw.below(8);
                } else if let Some(liquidity) = &mut terms.liquidity {
                    *liquidity = draw.below(8);
                }
            }
        }
        changed.total = obligations.iter().map(|obligation| u128::from(obligation.amount)).sum();
        changed.cleared = changed.amounts.iter().map(|&amount| u128::from(amount)).sum();
        match check(&obligations, &terms, &changed) {
            Err(_) => refused += 1,
            Ok(_) => {
                let anew = proved(parties, &obligations, &terms);
                assert_eq!(objectives(&terms, &anew.amounts), objectives(&terms, &changed.amounts));
                assert!(what != 0 || before == objectives(&terms, &changed.amounts));
            }
        }
    }
    assert!(refused > 5_000, "only {refused} changes were refused");
}
