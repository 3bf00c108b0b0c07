//! Obligations from a file: `id,debtor,creditor,amount`, and a column of ages where it is asked for.

use super::names::{Full, Names};
use super::table::{self, Place, shortened};
use crate::exit::{Failure, Result};
use clearing::set_off::certificate::{NAME_BYTES_MAX, is_name};
use clearing::set_off::{AMOUNT_MAX, Obligation};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A row of the file.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Where it stands.
    pub place: Place<'a>,
    pub id: &'a str,
    pub debtor: &'a str,
    pub creditor: &'a str,
    /// In minor units, from 1 to [`AMOUNT_MAX`].
    pub amount: u64,
    /// Zero where there is no column of ages.
    pub age: u32,
}

/// All obligations of a file.
#[derive(Clone, Debug, Default)]
pub struct Obligations {
    /// Identifiers by obligation.
    pub ids: Names,
    /// Names by party, in the order in which the file names them.
    pub parties: Names,
    pub obligations: Vec<Obligation>,
    /// By obligation; empty where there is no column of ages.
    pub ages: Vec<u32>,
}

/// Reads the rows of a file, one at a time. `ages` names a column.
pub fn rows(path: &Path, ages: Option<&str>, mut each: impl FnMut(Row<'_>) -> Result<()>) -> Result<()> {
    let columns: Vec<&str> = ["id", "debtor", "creditor", "amount"].into_iter().chain(ages).collect();
    table::read(path, &columns, |place, cells| {
        let name = |at: usize| {
            let text = cells[at];
            if is_name(text) { Ok(text) } else { Err(place.failure(columns[at], name_problem(text))) }
        };
        let (id, debtor, creditor) = (name(0)?, name(1)?, name(2)?);
        if debtor == creditor {
            let problem = format!("obligation {} is one of {} to itself", shortened(id), shortened(debtor));
            return Err(place.failure("creditor", problem));
        }
        let amount = amount(cells[3]).map_err(|problem| place.failure("amount", problem))?;
        if amount == 0 {
            return Err(place.failure("amount", "it is zero; leave out what is not owed"));
        }
        let age = match cells.get(4) {
            Some(text) => text.parse().map_err(|_| {
                let problem = format!("{} is no whole number from 0 to {}", shortened(text), u32::MAX);
                place.failure(columns[4], problem)
            })?,
            None => 0,
        };
        each(Row { place, id, debtor, creditor, amount, age })
    })
}

/// What is wrong with an identifier or a name.
pub fn name_problem(text: &str) -> String {
    match text.len() {
        0 => "it is missing".to_owned(),
        length if length > NAME_BYTES_MAX => format!("it has {length} bytes; at most {NAME_BYTES_MAX} are allowed"),
        _ => format!("{} has tabs, line breaks or other control characters in it", shortened(text)),
    }
}

/// An amount in minor units, from 0 to [`AMOUNT_MAX`].
pub fn amount(text: &str) -> std::result::Result<u64, String> {
    let right = format_args!("an amount is a whole number of minor units from 1 to {AMOUNT_MAX}").to_string();
    let problem = |what: &str| Err(format!("{} {what}; {right}", shortened(text)));
    if text.is_empty() {
        return Err(format!("it is missing; {right}"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse() {
            Ok(amount) if amount <= AMOUNT_MAX => Ok(amount),
            _ => problem("is too large"),
        };
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_prefix('-') {
        Some(rest) if is_number(rest) => problem("is negative"),
        _ => match text.split_once('.') {
            Some((whole, decimals)) if is_number(whole) && is_number(decimals) => problem("has decimals"),
            _ => problem("is no number"),
        },
    }
}

impl Obligations {
    /// Reads a file whole. Identifiers are [indexed](Names::index) only where that was needed to see that none is used
    /// twice.
    pub fn load(path: &Path, ages: Option<&str>) -> Result<Self> {
        let mut loaded = Obligations::default();
        let mut is_ascending = true;
        let mut previous = String::new();
        rows(path, ages, |row| {
            // Identifiers that ascend are all different; numbers usually do.
            is_ascending &= (previous.len(), previous.as_str()) < (row.id.len(), row.id);
            if is_ascending {
                previous.clear();
                previous.push_str(row.id);
            }
            loaded.push(&row).map_err(|full| row.place.failure("line", full))?;
            if ages.is_some() {
                loaded.ages.push(row.age);
            }
            Ok(())
        })?;
        if loaded.obligations.is_empty() {
            return Err(Failure::failed(format!("{} has no obligations, only the names of columns", path.display())));
        }
        if !is_ascending {
            loaded.ids.index().map_err(|(first, second)| {
                let id = shortened(loaded.ids.text(first));
                let text = format!("{}: the id {id} is used by obligations {}", path.display(), first + 1);
                Failure::failed(format!("{text} and {}; an id is used once", second + 1))
            })?;
            loaded.ids.forget_index();
        }
        Ok(loaded)
    }

    /// Makes obligations known by their ids.
    pub fn index_ids(&mut self) {
        self.ids.index().expect("no id is used twice, or the file would not have been loaded");
    }

    fn push(&mut self, row: &Row<'_>) -> std::result::Result<(), Full> {
        self.ids.push(row.id)?;
        let debtor = self.parties.intern(row.debtor)?;
        let creditor = self.parties.intern(row.creditor)?;
        self.obligations.push(Obligation { debtor, creditor, amount: row.amount });
        Ok(())
    }
}

/// SHA-256 of a file, in lower-case hexadecimal.
pub fn sha256(path: &Path) -> Result<String> {
    use sha2::{Digest, Sha256};
    let mut file: File = table::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece).map_err(Failure::io("read", path))? {
            0 => return Ok(crate::output::hex(&hash.finalize())),
            length => hash.update(&piece[..length]),
        }
    }
}
