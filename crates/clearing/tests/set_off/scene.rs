//! Obligations in short notation, and set-offs that are checked on the way.

use clearing::set_off::check::check;
use clearing::set_off::{Obligation, SetOff, Terms, largest};

/// Obligations from (debtor, creditor, amount).
pub fn owed(list: &[(u32, u32, u64)]) -> Vec<Obligation> {
    list.iter().map(|&(debtor, creditor, amount)| Obligation { debtor, creditor, amount }).collect()
}

/// One more than the greatest party.
pub fn parties(obligations: &[Obligation]) -> u32 {
    obligations.iter().map(|obligation| obligation.debtor.max(obligation.creditor) + 1).max().unwrap_or(0)
}

/// The largest set-off, after it was proved to be.
#[track_caller]
pub fn proved(obligations: &[Obligation], terms: &Terms) -> SetOff {
    let set_off =
        largest(parties(obligations), obligations.to_vec(), terms.clone()).expect("good obligations and terms");
    check(obligations, terms, &set_off)
        .unwrap_or_else(|fault| panic!("{fault}: {obligations:?} {terms:?} {set_off:?}"));
    set_off
}
