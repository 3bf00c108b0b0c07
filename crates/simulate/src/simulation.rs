//! A union through years of trade on a virtual clock: trade becomes dated orders, cycles close, positions, tranches, charges and
//! defaults happen, all of it in [`union::Union::apply`], the same that a node runs.
//!
//! The simulator is every member at once. Batches are made but not signed: whose they are is not in question. What is assumed
//! beside the rules: orders come at ten on their day; a creditor confirms a leg at ten on the next weekday after it was called for,
//! unless its debtor has stopped paying; weekends are Saturday and Sunday and there are no holidays.

pub mod chart;
mod founding;
pub mod html;
pub mod monte_carlo;
mod observer;
pub mod outcome;
mod run;
pub mod shock;

use crate::Payment;
use crate::scenario::{Member, PaymentAssumptions, Scenario, Source, TradeFigure};
use crate::split::{SplitError, split};
use crate::trade::Trade;
use founding::found;
use outcome::Outcome;
use run::Run;
use shock::Shock;
use union::{CharterError, Day};

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// What the rules are called.
    pub rules_name: &'a str,
    /// The text of a preset or of a charter.
    pub rules: &'a str,
    /// What was traded.
    pub trade: &'a Trade,
    /// The years, one after another, ascending.
    pub years: &'a [i16],
    /// Codes of the members.
    pub members: &'a [String],
    /// At least so many orders a year.
    pub orders: u32,
    /// Of everything random.
    pub seed: u64,
    /// What goes wrong.
    pub shocks: &'a [Shock],
    /// Where members pay out of deposits: percent of a year's imports that each deposits with the agent at first.
    pub deposit_percent: u32,
}

/// Why something cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// Rules that are no TOML.
    #[error("the rules are no TOML: {0}")]
    Rules(#[from] toml_edit::TomlError),
    /// Rules that make no charter with these members.
    #[error("the rules make no charter with these members: {0}")]
    Charter(#[from] CharterError),
    /// Trade that makes no orders.
    #[error("{0}")]
    Orders(#[from] SplitError),
    /// Anything else about what was asked for.
    #[error("{0}")]
    Setup(String),
    /// Nobody wants to know any more.
    #[error("stopped before its end")]
    Stopped,
}

/// Runs a simulation. `told` hears of orders as they are presented.
///
/// # Errors
///
/// What was asked for cannot be simulated.
pub fn simulate(setup: &Setup, told: impl Fn(u64)) -> Result<Outcome, SimulationError> {
    simulate_while(setup, |orders| {
        told(orders);
        true
    })
}

/// As [`simulate`], as long as `told` says to go on; it is asked once for each day with orders.
///
/// # Errors
///
/// As [`simulate`], and [`SimulationError::Stopped`].
pub fn simulate_while(setup: &Setup, told: impl Fn(u64) -> bool) -> Result<Outcome, SimulationError> {
    check(setup)?;
    let founding = found(setup)?;
    let mut run = Run::new(setup, founding);
    run.open(setup)?;
    for (number, &year) in setup.years.iter().enumerate() {
        let payments = payments(setup, year, number)?;
        for same_day in payments.chunk_by(|a, b| a.date == b.date) {
            run.day(Day::from_date(same_day[0].date).expect("a simulation is after 1970"), same_day);
            if !told(same_day.len() as u64) {
                return Err(SimulationError::Stopped);
            }
        }
        let last = jiff::civil::date(year, 12, 31);
        run.pass_to(Day::from_date(last).expect("a simulation is after 1970"));
    }
    run.finish();
    Ok(run.observer.outcome(setup, &run.union))
}

fn check(setup: &Setup) -> Result<(), SimulationError> {
    let wrong = |text: String| Err(SimulationError::Setup(text));
    if setup.members.len() < 2 || setup.members.len() > Scenario::MEMBERS_MAX {
        return wrong(format!("{} members: 2 to {} are simulated", setup.members.len(), Scenario::MEMBERS_MAX));
    }
    if setup.years.is_empty() || !setup.years.is_sorted_by(|a, b| a < b) {
        return wrong("years are to be named in ascending order".into());
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = setup.members.iter().find(|member| !seen.insert(*member)) {
        return wrong(format!("member {twice} is named twice"));
    }
    for &year in setup.years {
        let countries = setup.trade.countries(year);
        if countries.is_empty() {
            let years: Vec<_> = setup.trade.years().map(|year| year.to_string()).collect();
            return wrong(format!("there is no trade of {year}; there is of {}", years.join(", ")));
        }
        if let Some(unknown) = setup.members.iter().find(|member| !countries.contains(*member)) {
            return wrong(format!("there is no trade of {unknown} in {year}"));
        }
    }
    for shock in setup.shocks {
        if !setup.members.contains(&shock.member) {
            return wrong(format!("a shock is about {}, which is not a member", shock.member));
        }
    }
    Ok(())
}

/// The orders of a year, by date and time.
fn payments(setup: &Setup, year: i16, number: usize) -> Result<Vec<Payment>, SimulationError> {
    let mut trade = Vec::new();
    for (exporter, from) in (0..).zip(setup.members) {
        for (importer, to) in (0..).zip(setup.members) {
            let amount = setup.trade.between(year, from, to);
            // Less than a cent for each of a pair's payments is no trade.
            if exporter != importer && amount >= u64::from(crate::split::PAYMENTS_PER_PAIR_MIN) {
                trade.push(TradeFigure { exporter, importer, amount });
            }
        }
    }
    if trade.is_empty() {
        return Err(SimulationError::Setup(format!("the members did not trade with each other in {year}")));
    }
    let unit = money::Currency::from_code("USD").expect("a listed currency");
    let member = |code: &String| Member {
        code: code.clone(),
        name: code.clone(),
        currency: unit,
        central_bank: code.clone(),
        holidays: Vec::new(),
    };
    let scenario = Scenario {
        name: setup.rules_name.to_owned(),
        year,
        cycle_months: 1,
        source: Source { title: String::new(), package: String::new(), licence: String::new() },
        payments: PaymentAssumptions {
            at_least: setup.orders,
            // Another stream each year, the same one for all charters that are compared.
            seed: setup.seed.wrapping_add((number as u64) << 32),
            participants_per_member: 1,
            opens: 9 * 3_600,
            closes: 17 * 3_600,
        },
        members: setup.members.iter().map(member).collect(),
        trade,
    };
    Ok(split(&scenario, setup.orders)?)
}
