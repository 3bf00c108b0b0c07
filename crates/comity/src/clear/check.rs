//! `comity clear --check`: a certificate proved against the obligations, both read once from end to end.

use super::certificate::Certificate;
use super::names::Names;
use super::obligations::{self, sha256};
use super::table::shortened;
use crate::exit::{Exit, Failure, Result};
use crate::output::{Align, Output, Table};
use clearing::set_off::Obligation;
use clearing::set_off::certificate::Head;
use clearing::set_off::check::{Checker, Entry, Fault, Proved};
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What was proved.
#[derive(Debug, Serialize)]
struct Report {
    verified: bool,
    file: PathBuf,
    certificate: PathBuf,
    sha256: String,
    obligations: u64,
    parties: usize,
    total: u128,
    cleared: u128,
    remaining: u128,
    terms: TermsReport,
}

/// The terms, as the certificate states them.
#[derive(Debug, Serialize)]
struct TermsReport {
    kept: usize,
    maxima: usize,
    limits: usize,
    oldest_first: Option<String>,
    liquidity: u64,
    lent: u128,
}

/// What is not as it is claimed.
#[derive(Debug, Serialize)]
struct Refuted {
    verified: bool,
    file: PathBuf,
    certificate: PathBuf,
    reason: String,
}

/// Checks, and prints what was proved or the first fault.
pub fn run(certificate: &Path, file: &Path, output: Output) -> Result<()> {
    let digest = sha256(file)?;
    match check(certificate, file, &digest)? {
        Ok(report) => output.show(&report, Report::text),
        Err(reason) => {
            let refuted =
                Refuted { verified: false, file: file.to_owned(), certificate: certificate.to_owned(), reason };
            output.show(&refuted, |refuted| format!("Not proved: {}\n", refuted.reason))?;
            Err(Failure::told(Exit::Fault))
        }
    }
}

/// What was proved or why not; a failure where a file is not what it should be.
fn check(path: &Path, file: &Path, digest: &str) -> Result<std::result::Result<Report, String>> {
    let mut certificate = Certificate::open(path)?;
    let head = certificate.head().clone();
    if head.sha256 != digest {
        let text = format!("the certificate is about another file: its SHA-256 is {}, that of", head.sha256);
        return Ok(Err(format!("{text} {} is {digest}", file.display())));
    }
    let mut parties = Names::default();
    for (name, ..) in &head.parties {
        if parties.number(name).is_some() {
            return Ok(Err(format!("the certificate names party {} twice", shortened(name))));
        }
        parties.intern(name).map_err(Failure::failed)?;
    }
    let claim = match head.claim(|name| parties.number(name)) {
        Ok(claim) => claim,
        Err(name) => return Ok(Err(format!("a term is for {}, which has no potential", shortened(name)))),
    };
    let kept: HashSet<&str> = head.kept.iter().map(AsRef::as_ref).collect();
    let mut prover = match Checker::new(claim) {
        Ok(checker) => Prover { checker, parties: &parties, fault: None, cause: String::new() },
        Err(fault) => return Ok(Err(describe(&fault, &parties, ""))),
    };

    let ages = head.ages.as_deref();
    obligations::rows(file, ages, |row| {
        let proof = certificate.row()?.map(|proof| (proof.id == row.id, proof.set_off));
        if prover.fault.is_none() {
            prover.fault = prover.take(&row, kept.contains(row.id), proof).err();
        }
        Ok(())
    })?;
    if let Some(fault) = prover.fault {
        return Ok(Err(fault));
    }
    certificate.finish()?;
    let Prover { checker, cause, .. } = prover;
    let proved = checker.finish().and_then(|proved| proved.of(head.total, head.cleared));
    Ok(match proved {
        Ok(proved) => Ok(Report::new(path, file, head, proved)),
        Err(fault) => Err(describe(&fault, &parties, &cause)),
    })
}

/// A proof on its way through the obligations.
struct Prover<'a> {
    checker: Checker,
    parties: &'a Names,
    /// The first thing that is wrong.
    fault: Option<String>,
    /// The obligation that a gap begins with, if there is one.
    cause: String,
}

impl Prover<'_> {
    /// Takes an obligation, and what the certificate has in its place: whether that is about it, and the set-off.
    fn take(
        &mut self,
        row: &obligations::Row<'_>,
        is_untouched: bool,
        proof: Option<(bool, u64)>,
    ) -> std::result::Result<(), String> {
        let id = shortened(row.id);
        let set_off = match proof {
            Some((true, set_off)) => set_off,
            Some((false, _)) => return Err(format!("the certificate has another obligation in the place of {id}")),
            None => return Err(format!("the certificate has no set-off of obligation {id}")),
        };
        let party = |name: &str| {
            let unknown = || format!("obligation {id}: party {} has no potential in the certificate", shortened(name));
            self.parties.number(name).ok_or_else(unknown)
        };
        let obligation = Obligation { debtor: party(row.debtor)?, creditor: party(row.creditor)?, amount: row.amount };
        let had_cause = self.checker.first_cause().is_some();
        let taken = self.checker.obligation(Entry { obligation, age: row.age, is_untouched, set_off });
        taken.map_err(|fault| describe(&fault, self.parties, row.id))?;
        if !had_cause && self.checker.first_cause().is_some() {
            self.cause = row.id.to_owned();
        }
        Ok(())
    }
}

/// A fault with the names of parties, and the id of the obligation that it is about.
fn describe(fault: &Fault, parties: &Names, id: &str) -> String {
    let id = shortened(id);
    let name = |party: u32| shortened(if (party as usize) < parties.len() { parties.text(party) } else { "" });
    match *fault {
        Fault::BeyondAmount { amount, set_off, .. } => format!("obligation {id}: {set_off} of {amount} is set off"),
        Fault::Touched { set_off, .. } => {
            format!("obligation {id} must not be touched, but {set_off} of it is set off")
        }
        Fault::Position { party, change, loan } => {
            let party = name(party);
            format!(
                "party {party}: {change} more of what it owes is set off than of what it is owed; its loan is {loan}"
            )
        }
        Fault::Maximum { party, set_off, maximum } => {
            format!("party {}: {set_off} of what it owes is set off; its maximum is {maximum}", name(party))
        }
        Fault::Limit { debtor, creditor, after, allowed } => {
            let (debtor, creditor) = (name(debtor), name(creditor));
            format!("party {debtor} owes {creditor} net {after} after the set-off; allowed is {allowed}")
        }
        Fault::Terms { party } => format!("party {}: a price is below zero, or a term is given twice", name(party)),
        Fault::Gap { counted, bound, obligation, .. } => {
            let cause = obligation.map_or(String::new(), |_| format!(": see obligation {id}"));
            format!("it may not be the largest: it counts {counted}, and the bound that is proved is {bound}{cause}")
        }
        fault => fault.to_string(),
    }
}

impl Report {
    fn new(certificate: &Path, file: &Path, head: Head<Box<str>>, proved: Proved) -> Self {
        Report {
            verified: true,
            file: file.to_owned(),
            certificate: certificate.to_owned(),
            sha256: head.sha256,
            obligations: proved.obligations,
            parties: head.parties.len(),
            total: proved.total,
            cleared: proved.cleared,
            remaining: proved.total - proved.cleared,
            terms: TermsReport {
                kept: head.kept.len(),
                maxima: head.maxima.len(),
                limits: head.limits.len(),
                oldest_first: head.ages.map(String::from),
                liquidity: head.liquidity,
                lent: proved.lent,
            },
        }
    }

    fn text(&self) -> String {
        let mut table = Table::new(&[("", Align::Left), ("", Align::Right)]);
        let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
        row("obligations", self.obligations.to_string());
        row("parties", self.parties.to_string());
        row("total", self.total.to_string());
        row("cleared", self.cleared.to_string());
        row("remaining", self.remaining.to_string());
        let terms = &self.terms;
        for (name, count) in [("kept", terms.kept), ("maxima", terms.maxima), ("limits", terms.limits)] {
            if count > 0 {
                row(name, count.to_string());
            }
        }
        if terms.liquidity > 0 {
            row("liquidity", terms.liquidity.to_string());
            row("lent", terms.lent.to_string());
        }
        let oldest = terms.oldest_first.as_ref();
        let second = oldest.map_or(String::new(), |column| format!(", oldest first by column {}", shortened(column)));
        format!(
            "Proved: net positions unchanged, terms kept, and no set-off clears more{second}\n{}",
            table.text("").trim_start_matches('\n')
        )
    }
}
