//! Certificates of set-offs: no panic; what was read is written back as it was; a claim is taken or refused.
#![no_main]

use clearing::set_off::Obligation;
use clearing::set_off::certificate::{Parser, Row};
use clearing::set_off::check::{Checker, Entry};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut parser = Parser::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        match parser.line(line) {
            Ok(row) => rows.extend(row),
            Err(error) => return assert!(!error.problem.is_empty()),
        }
    }
    let Ok(head) = parser.finish() else { return };
    assert_eq!(head.obligations, rows.len() as u64);
    let again: String = rows.iter().map(Row::to_string).collect();
    assert!(format!("{head}{again}").lines().eq(text.lines()));

    // Any obligations will do to see that the checker bears any prices.
    let place = |name: &str| head.parties.iter().position(|(party, ..)| &**party == name).map(|at| at as u32);
    let Ok(claim) = head.claim(place) else { return };
    let parties = claim.potentials.len() as u32;
    let Ok(mut checker) = Checker::new(claim) else { return };
    for (at, row) in (0..).zip(&rows) {
        let obligation =
            Obligation { debtor: at % parties.max(1), creditor: (at + 1) % parties.max(1), amount: row.set_off };
        if checker.obligation(Entry { obligation, age: at, is_untouched: false, set_off: row.set_off }).is_err() {
            return;
        }
    }
    let _ = checker.finish();
});
