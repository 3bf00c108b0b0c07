//! Certificates in files. Their form is `clearing::set_off::certificate`'s.

use super::obligations::Obligations;
use super::table;
use super::unfinished::Unfinished;
use crate::exit::{Failure, Result};
use crate::progress;
use clearing::set_off::certificate::{CertificateError, Head, LINE_BYTES_MAX, Parser, Row};
use clearing::set_off::{SetOff, Start, Terms};
use indicatif::{ProgressBar, ProgressBarIter};
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Writes the certificate of a set-off.
pub fn write(
    path: &Path,
    sha256: String,
    ages: Option<&str>,
    obligations: &Obligations,
    terms: &Terms,
    set_off: &SetOff,
) -> Result<()> {
    let party = |number: u32| obligations.parties.text(number);
    let dual = &set_off.dual;
    let loan = |number: usize| set_off.loans.get(number).copied().unwrap_or(0);
    let maxima = terms.maxima.iter().zip(&dual.maxima);
    let limits = terms.limits.iter().zip(&dual.limits);
    let parties = obligations.parties.iter().zip(&dual.potentials).enumerate();
    let head = Head {
        sha256,
        total: set_off.total,
        cleared: set_off.cleared,
        base: dual.base,
        ages,
        liquidity: terms.liquidity.unwrap_or(0),
        kept: terms.untouched.iter().map(|&number| obligations.ids.text(number)).collect(),
        maxima: maxima.map(|(maximum, &price)| (party(maximum.party), maximum.amount, price)).collect(),
        limits: limits.map(|(term, &price)| (party(term.debtor), party(term.creditor), term.limit, price)).collect(),
        parties: parties.map(|(number, (name, &potential))| (name, potential, loan(number))).collect(),
        obligations: set_off.amounts.len() as u64,
    };
    let mut file = Unfinished::create(path)?;
    let mut write = |line: &dyn Display| write!(file.writer, "{line}").map_err(Failure::io("write", path));
    write(&head)?;
    for (id, &set_off) in obligations.ids.iter().zip(&set_off.amounts) {
        write(&Row { id, set_off })?;
    }
    file.finish()
}

/// A certificate that is being read.
pub struct Certificate {
    path: PathBuf,
    lines: BufReader<ProgressBarIter<File>>,
    line: Vec<u8>,
    number: u64,
    parser: Parser,
    bar: ProgressBar,
}

impl Certificate {
    /// Reads the head.
    pub fn open(path: &Path) -> Result<Self> {
        let file = table::open(path)?;
        let bar = progress::bytes(file.metadata().map_err(Failure::io("read", path))?.len());
        let lines = BufReader::with_capacity(1 << 20, bar.wrap_read(file));
        let (path, line) = (path.to_owned(), Vec::new());
        let mut certificate = Certificate { path, lines, line, number: 0, parser: Parser::new(), bar };
        while !certificate.parser.is_past_head() {
            if !certificate.read_line()? {
                return Err(certificate.missing());
            }
            certificate.parse()?;
        }
        Ok(certificate)
    }

    /// All but the obligations.
    pub fn head(&self) -> &Head<Box<str>> {
        self.parser.head()
    }

    /// The next obligation.
    pub fn row(&mut self) -> Result<Option<Row<'_>>> {
        match self.read_line()? {
            true => self.parse(),
            false if self.parser.is_at_end() => Ok(None),
            false => Err(self.missing()),
        }
    }

    /// Makes sure that nothing follows and nothing is missing.
    pub fn finish(mut self) -> Result<()> {
        if self.row()?.is_some() {
            return Err(Failure::failed(format!("{} has more obligations than the file", self.path.display())));
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    fn missing(&self) -> Failure {
        match self.parser.clone().finish() {
            Err(error) => wrong(&self.path, error),
            Ok(_) => unreachable!("this is asked only where lines are missing"),
        }
    }

    /// Reads a line, and says whether there was one.
    fn read_line(&mut self) -> Result<bool> {
        self.line.clear();
        self.number += 1;
        let mut limited = self.lines.by_ref().take(LINE_BYTES_MAX as u64 + 2);
        let length = limited.read_until(b'\n', &mut self.line).map_err(Failure::io("read", &self.path))?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if length > 0 && length <= LINE_BYTES_MAX {
            let problem = "it ends in the middle of a line; the file was cut off".to_owned();
            return Err(wrong(&self.path, CertificateError { line: self.number, problem }));
        }
        Ok(length > 0)
    }

    fn parse(&mut self) -> Result<Option<Row<'_>>> {
        let Ok(line) = std::str::from_utf8(&self.line) else {
            let error = CertificateError { line: self.number, problem: "it is not UTF-8".to_owned() };
            return Err(wrong(&self.path, error));
        };
        self.parser.line(line).map_err(|error| wrong(&self.path, error))
    }
}

fn wrong(path: &Path, error: CertificateError) -> Failure {
    Failure::failed(format!("{}, {error}", path.display()))
}

/// What an earlier certificate says of these obligations, found by id and by the names of parties; it may be of others.
pub fn start_from(path: &Path, obligations: &mut Obligations) -> Result<Start> {
    let mut certificate = Certificate::open(path)?;
    let mut start =
        Start { amounts: vec![0; obligations.obligations.len()], potentials: vec![0; obligations.parties.len()] };
    for (name, potential, _) in &certificate.head().parties {
        if let Some(party) = obligations.parties.number(name) {
            start.potentials[party as usize] = *potential;
        }
    }
    // Most often the obligations are in the same order, and no index is needed.
    let mut next = 0_u32;
    let mut is_indexed = false;
    while let Some(row) = certificate.row()? {
        let is_next = (next as usize) < obligations.ids.len() && obligations.ids.text(next) == row.id;
        if !is_next && !is_indexed {
            obligations.index_ids();
            is_indexed = true;
        }
        let number = if is_next { Some(next) } else { obligations.ids.number(row.id) };
        if let Some(number) = number {
            start.amounts[number as usize] = row.set_off;
            next = number + 1;
        }
    }
    certificate.finish()?;
    obligations.ids.forget_index();
    Ok(start)
}
