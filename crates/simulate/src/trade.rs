//! Yearly trade between countries, from a file of `exporter,importer,year,usd_million` or out of a scenario.

use crate::Scenario;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// The most rows that are read.
const ROWS_MAX: usize = 5_000_000;

/// The largest figure, in US cents: a billion million dollars. What a member buys from 99 others stays within 64 bits.
const FIGURE_MAX: u64 = 100_000_000_000_000_000;

/// What each country sold to each other one, by year, in US cents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trade {
    /// By year, then exporter and importer.
    years: BTreeMap<i16, BTreeMap<(String, String), u64>>,
}

/// What is wrong with a file of trade.
#[derive(Debug, thiserror::Error)]
pub enum TradeError {
    /// Not a table of the four columns.
    #[error("{0}")]
    Table(#[from] csv::Error),
    /// A field that cannot be read, or a pair that comes twice.
    #[error("line {line}: {problem}")]
    Row {
        /// The line.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(serde::Deserialize)]
struct Row {
    exporter: String,
    importer: String,
    year: i16,
    usd_million: String,
}

impl Trade {
    /// Reads a file. Parts of a cent are dropped; a country's trade with itself is left out.
    ///
    /// # Errors
    ///
    /// Another header, an amount that is no decimal number, a pair that comes twice in a year.
    pub fn read(from: impl Read) -> Result<Trade, TradeError> {
        let mut trade = Trade::default();
        let mut reader = csv::Reader::from_reader(from);
        let headers = reader.headers()?.clone();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let bad = |problem: String| TradeError::Row { line, problem };
            let row: Row = record.deserialize(Some(&headers))?;
            if !(1970..=2100).contains(&row.year) {
                return Err(bad(format!("the year {} is not between 1970 and 2100", row.year)));
            }
            let cents = cents_of_millions(&row.usd_million).map_err(|text| bad(format!("usd_million: {text}")))?;
            let year = trade.years.entry(row.year).or_default();
            if year.len() >= ROWS_MAX {
                return Err(bad(format!("a year has more than {ROWS_MAX} rows")));
            }
            if row.exporter != row.importer && year.insert((row.exporter, row.importer), cents).is_some() {
                return Err(bad("the pair has come in this year already".into()));
            }
        }
        Ok(trade)
    }

    /// The figures of a scenario, all of its year.
    #[must_use]
    pub fn of_scenario(scenario: &Scenario) -> Trade {
        let code = |member: u16| scenario.members[usize::from(member)].code.clone();
        let figures =
            scenario.trade.iter().map(|figure| ((code(figure.exporter), code(figure.importer)), figure.amount));
        Trade { years: BTreeMap::from([(scenario.year, figures.collect())]) }
    }

    /// The years, ascending.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.keys().copied()
    }

    /// All countries of a year, in the order of their codes.
    #[must_use]
    pub fn countries(&self, year: i16) -> BTreeSet<String> {
        let pairs = self.years.get(&year).into_iter().flat_map(BTreeMap::keys);
        pairs.flat_map(|(exporter, importer)| [exporter.clone(), importer.clone()]).collect()
    }

    /// What an exporter sold to an importer in a year, in US cents; 0 for nothing.
    #[must_use]
    pub fn between(&self, year: i16, exporter: &str, importer: &str) -> u64 {
        let pair = (exporter.to_owned(), importer.to_owned());
        self.years.get(&year).and_then(|pairs| pairs.get(&pair)).copied().unwrap_or(0)
    }

    /// What a member sold to and bought from others in a year, in US cents.
    #[must_use]
    pub fn turnover(&self, year: i16, member: &str, members: &[String]) -> u128 {
        let others = members.iter().filter(|other| *other != member);
        let both = |other: &String| [self.between(year, member, other), self.between(year, other, member)];
        others.flat_map(both).map(u128::from).sum()
    }
}

/// Millions of dollars, a decimal number, in cents: parts of a cent are dropped.
fn cents_of_millions(text: &str) -> Result<u64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // Eight decimals of a million dollars are a cent.
    let kept: String = fraction.chars().take(8).collect();
    let digits = if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") };
    if !fraction.chars().all(|c| c.is_ascii_digit()) {
        return Err("is not a decimal number".into());
    }
    let cents = money::parse_amount(&digits, 8).map_err(|error| error.to_string())?;
    if cents > FIGURE_MAX {
        return Err("is more than 1000000000".into());
    }
    Ok(cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_to_the_cent() {
        let text =
            "exporter,importer,year,usd_million\nARG,BRA,2006,6197.997622\nBRA,ARG,2006,0.000000019\nBRA,BRA,2006,5\n";
        let trade = Trade::read(text.as_bytes()).expect("a file");
        assert_eq!(trade.between(2006, "ARG", "BRA"), 619_799_762_200);
        assert_eq!(trade.between(2006, "BRA", "ARG"), 1, "1.9 cents");
        assert_eq!(trade.turnover(2006, "ARG", &["ARG".into(), "BRA".into()]), 619_799_762_201);
        assert_eq!(trade.countries(2006).len(), 2);
        for bad in [
            "ARG,BRA,2006,-1",
            "ARG,BRA,2006,1e3",
            "ARG,BRA,2006,1000000000.00000001",
            "ARG,BRA,1969,1",
            "ARG,BRA,2006",
            "ARG,BRA,2006,1\nARG,BRA,2006,1",
        ] {
            let text = format!("exporter,importer,year,usd_million\n{bad}\n");
            assert!(Trade::read(text.as_bytes()).is_err(), "{bad}");
        }
    }
}
