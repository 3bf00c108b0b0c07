//! A scenario: members, their calendars, and what they owe each other over a year.

mod file;

use jiff::civil::{Date, Weekday, date};
use money::Currency;

pub use file::{ScenarioError, ScenarioProblem};

/// The scenario file of eight Latin American countries in 2006, with the 56 trade figures between them.
pub const LATIN_AMERICA_2006: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/latin-america-2006.toml"));

/// A year of a union, as read from a scenario file. Everything in it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What the scenario is called.
    pub name: String,
    /// The calendar year, 1970 to 2100.
    pub year: i16,
    /// Length of a clearing cycle in months: a divisor of 12.
    pub cycle_months: u8,
    /// Where the figures are from.
    pub source: Source,
    /// How the figures are split into payments.
    pub payments: PaymentAssumptions,
    /// The members, 2 to [`Scenario::MEMBERS_MAX`]; elsewhere a member is an index into this.
    pub members: Vec<Member>,
    /// The figures, in file order, each pair of exporter and importer at most once.
    pub trade: Vec<TradeFigure>,
}

/// Where the figures of a scenario are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Title of the publication.
    pub title: String,
    /// Where it is found as data.
    pub package: String,
    /// The licence of the data.
    pub licence: String,
}

/// How figures are split into payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentAssumptions {
    /// Least number of payments, all pairs together.
    pub at_least: u32,
    /// The seed of everything random.
    pub seed: u64,
    /// Participants sponsored by each member, numbered from 1.
    pub participants_per_member: u32,
    /// Start of business, in seconds since midnight.
    pub opens: u32,
    /// End of business, in seconds since midnight; no payment is made at or after it.
    pub closes: u32,
}

/// A member of the union and its calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// ISO 3166-1 alpha-3 code of the country.
    pub code: String,
    /// English short name of the country.
    pub name: String,
    /// Home currency.
    pub currency: Currency,
    /// Name of the central bank.
    pub central_bank: String,
    /// Public holidays in the year, by date.
    pub holidays: Vec<Holiday>,
}

/// A day on which a member's banks are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// What is celebrated.
    pub name: String,
}

/// What one member bought from another in the year. The importer owes it to the exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeFigure {
    /// Index of the member that sold and is owed.
    pub exporter: u16,
    /// Index of the member that bought and owes.
    pub importer: u16,
    /// US cents, more than zero.
    pub amount: u64,
}

/// A clearing cycle of the year: whole months, from the first day to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// From 1.
    pub number: u32,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
}

impl Scenario {
    /// Most members a scenario can have.
    pub const MEMBERS_MAX: usize = 100;

    /// Reads a scenario file.
    ///
    /// # Errors
    ///
    /// Anything that is not as a scenario file must be, with the line it stands in.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        file::parse(text)
    }

    /// The scenario of eight Latin American countries in 2006.
    #[must_use]
    pub fn latin_america_2006() -> Self {
        Self::parse(LATIN_AMERICA_2006).expect("the file is part of the program and tested with it")
    }

    /// Whether a member's banks are open on a date: neither weekend nor holiday. Never outside the scenario's year, whose
    /// holidays are the only ones it knows, and never for an index that is not a member.
    #[must_use]
    pub fn is_business_day(&self, member: usize, day: Date) -> bool {
        let Some(member) = self.members.get(member) else { return false };
        day.year() == self.year
            && !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && member.holidays.binary_search_by_key(&day, |holiday| holiday.date).is_err()
    }

    /// The days of the year on which both members' banks are open, in order.
    #[must_use]
    pub fn joint_business_days(&self, first: usize, second: usize) -> Vec<Date> {
        let new_year = date(self.year, 1, 1);
        std::iter::successors(Some(new_year), |day| day.tomorrow().ok())
            .take_while(|day| day.year() == self.year)
            .filter(|&day| self.is_business_day(first, day) && self.is_business_day(second, day))
            .collect()
    }

    /// The clearing cycles of the year, in order.
    #[must_use]
    pub fn cycles(&self) -> Vec<Cycle> {
        let months = i8::try_from(self.cycle_months).expect("a divisor of 12");
        (0..12 / months)
            .map(|cycle| Cycle {
                number: u32::from(cycle.unsigned_abs()) + 1,
                from: date(self.year, cycle * months + 1, 1),
                to: date(self.year, (cycle + 1) * months, 1).last_of_month(),
            })
            .collect()
    }

    /// Sum of all figures, in US cents.
    #[must_use]
    pub fn gross(&self) -> u128 {
        self.trade.iter().map(|figure| u128::from(figure.amount)).sum()
    }
}
