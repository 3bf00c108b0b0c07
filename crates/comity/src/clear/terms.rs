//! The terms of a set-off as options and files.

use super::names::Names;
use super::obligations::{Obligations, amount};
use super::table::{self, shortened};
use crate::exit::{Failure, Result};
use clap::Args;
use clearing::set_off::{BilateralLimit, Maximum, Terms};
use std::collections::HashSet;
use std::path::PathBuf;

/// What is asked of a set-off besides that it be the largest.
#[derive(Args, Debug)]
#[command(next_help_heading = "Terms")]
pub struct TermsArguments {
    /// The most that may be set off of what a party owes; may be given several times
    #[arg(long, value_name = "PARTY=AMOUNT", value_parser = maximum)]
    maximum: Vec<(String, u64)>,
    /// File of maxima: party,maximum
    #[arg(long, value_name = "FILE")]
    maxima: Option<PathBuf>,
    /// An obligation that must not be touched, by id; may be given several times
    #[arg(long, value_name = "ID")]
    keep: Vec<String>,
    /// File of obligations that must not be touched: id
    #[arg(long, value_name = "FILE")]
    keep_file: Option<PathBuf>,
    /// Among equal totals, set off the most of the obligations with the largest numbers in this column: ages in days, or
    /// priorities
    #[arg(long, value_name = "COLUMN")]
    pub oldest_first: Option<String>,
    /// The most that a source of liquidity lends in all, to parties that lack to pay what they owe; those who are owed more
    /// than they owe leave with the source what they receive
    #[arg(long, value_name = "AMOUNT", value_parser = |text: &str| amount(text))]
    liquidity: Option<u64>,
    /// File of bilateral limits: debtor,creditor,limit. What a debtor owes a creditor net must not rise beyond the limit
    #[arg(long, value_name = "FILE", conflicts_with_all = ["maximum", "maxima"])]
    limits: Option<PathBuf>,
}

fn maximum(text: &str) -> std::result::Result<(String, u64), String> {
    let (party, most) = text.rsplit_once('=').ok_or("it has the form PARTY=AMOUNT")?;
    Ok((party.to_owned(), amount(most)?))
}

impl TermsArguments {
    /// The terms for these obligations, whose ages they take.
    pub fn terms(&self, obligations: &mut Obligations) -> Result<Terms> {
        let mut terms = Terms { liquidity: self.liquidity, ..Terms::default() };
        self.add_kept(&mut terms, obligations)?;
        self.add_maxima(&mut terms, &obligations.parties)?;
        self.add_limits(&mut terms, &obligations.parties)?;
        terms.ages = std::mem::take(&mut obligations.ages);
        Ok(terms)
    }

    fn add_kept(&self, terms: &mut Terms, obligations: &mut Obligations) -> Result<()> {
        if self.keep.is_empty() && self.keep_file.is_none() {
            return Ok(());
        }
        obligations.index_ids();
        let ids = &obligations.ids;
        let find = |id: &str| ids.number(id).ok_or_else(|| format!("there is no obligation {}", shortened(id)));
        for id in &self.keep {
            terms.untouched.push(find(id).map_err(|problem| Failure::usage(format!("--keep: {problem}")))?);
        }
        if let Some(path) = &self.keep_file {
            table::read(path, &["id"], |place, cells| {
                terms.untouched.push(find(cells[0]).map_err(|problem| place.failure("id", problem))?);
                Ok(())
            })?;
        }
        obligations.ids.forget_index();
        terms.untouched.sort_unstable();
        terms.untouched.dedup();
        Ok(())
    }

    fn add_maxima(&self, terms: &mut Terms, parties: &Names) -> Result<()> {
        let mut seen = HashSet::new();
        let mut add = |name: &str, most: u64| {
            let party = find(parties, name)?;
            if !seen.insert(party) {
                return Err(format!("there is another maximum of {}; give one", shortened(name)));
            }
            terms.maxima.push(Maximum { party, amount: most });
            Ok(())
        };
        for (party, most) in &self.maximum {
            add(party, *most).map_err(|problem| Failure::usage(format!("--maximum: {problem}")))?;
        }
        if let Some(path) = &self.maxima {
            table::read(path, &["party", "maximum"], |place, cells| {
                let most = amount(cells[1]).map_err(|problem| place.failure("maximum", problem))?;
                add(cells[0], most).map_err(|problem| place.failure("party", problem))
            })?;
        }
        Ok(())
    }

    fn add_limits(&self, terms: &mut Terms, parties: &Names) -> Result<()> {
        let Some(path) = &self.limits else { return Ok(()) };
        let mut seen = HashSet::new();
        table::read(path, &["debtor", "creditor", "limit"], |place, cells| {
            let debtor = find(parties, cells[0]).map_err(|problem| place.failure("debtor", problem))?;
            let creditor = find(parties, cells[1]).map_err(|problem| place.failure("creditor", problem))?;
            let limit = amount(cells[2]).map_err(|problem| place.failure("limit", problem))?;
            if debtor == creditor {
                return Err(place.failure("creditor", "a limit is between two parties"));
            }
            if !seen.insert((debtor, creditor)) {
                return Err(
                    place.failure("debtor", "there is another limit from this debtor to this creditor; give one")
                );
            }
            terms.limits.push(BilateralLimit { debtor, creditor, limit });
            Ok(())
        })
    }
}

fn find(parties: &Names, name: &str) -> std::result::Result<u32, String> {
    parties.number(name).ok_or_else(|| format!("{} is no party of an obligation", shortened(name)))
}
