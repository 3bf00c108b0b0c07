//! Reports of what a union cleared: plain data, as JSON and as one screen of text.

mod decimal;
mod demo_screen;
mod json;
mod layout;
mod screen;

use std::time::Duration;

use clearing::{BilateralPosition, Concentration, Flows, Liquidity, Novation, Savings};
use jiff::civil::Date;
use money::Currency;
use union::CycleStatus;

use crate::scenario::Scenario;

/// The ratio in millionths, rounded half up.
pub(crate) fn millionths(ratio: clearing::Ratio) -> u128 {
    decimal::scaled(ratio, 6)
}

/// What came of running a scenario.
///
/// [`serde::Serialize`] writes it as JSON for programs, [`Report::render`] for people: see [`ClearingReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// Its year.
    pub year: i16,
    /// What the union cleared in it.
    pub clearing: ClearingReport,
    /// How long the run took.
    pub elapsed: Duration,
}

impl Report {
    /// The report of a scenario that was run; members are called by their countries.
    #[must_use]
    pub fn of(scenario: &Scenario, clearing: ClearingReport, elapsed: Duration) -> Self {
        let members = scenario.members.iter();
        let members = members.map(|member| MemberName { code: member.code.clone(), name: member.name.clone() });
        let clearing = ClearingReport { members: members.collect(), ..clearing };
        Self { scenario: scenario.name.clone(), year: scenario.year, clearing, elapsed }
    }
}

/// What a union cleared, cycle by cycle and in all.
///
/// [`serde::Serialize`] writes it as JSON for programs. Amounts stand twice: as an integer in minor units (`gross`)
/// and as text in major units (`gross_major`). Ratios are numbers with six decimals, rounded half up from the exact
/// fraction, and null where nothing was owed. [`ClearingReport::render`] writes it for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearingReport {
    /// The members, by number.
    pub members: Vec<MemberName>,
    /// Everything that the report covers, netted at once.
    pub total: Cleared,
    /// The clearing cycles that it covers, in order.
    pub cycles: Vec<CycleReport>,
    /// Hash of the union's state at the end, in hexadecimal.
    pub state_hash: String,
}

/// What a member is called in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberName {
    /// Code of the member.
    pub code: String,
    /// Name of the member.
    pub name: String,
}

/// What happened in one clearing cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleReport {
    /// From 1.
    pub number: u32,
    /// How far it has come.
    pub status: CycleStatus,
    /// First day of its period.
    pub from: Date,
    /// Day of its close, included; while it is open, the day on which it is to close.
    pub to: Date,
    /// The cycle netted by itself.
    pub cleared: Cleared,
    /// Settlement legs that the members had to pay at its close.
    pub legs: u64,
}

/// What settled in a period, netted at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Orders presented, returns included, that were not rejected.
    pub orders: u64,
    /// Everything in the unit of account, at what creditors got.
    pub netting: Netting,
    /// What debtors gave beyond that, in minor units of the unit of account: the difference between two published
    /// rates, and roundings. It is in the union's own accounts, not in any member's claim.
    pub exchange_and_rounding: u128,
    /// The same payments in the currencies in which they were made, by ISO 4217 number. What one currency alone would
    /// leave to pay, were it netted by itself.
    pub currencies: Vec<Netting>,
}

/// Obligations in one currency, before and after netting. Parties are members by number, amounts minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Netting {
    /// The currency of every amount here.
    pub currency: Currency,
    /// Orders settled, returns included.
    pub settled: u64,
    /// What is to be paid gross, by pairs, and among all.
    pub liquidity: Liquidity,
    /// Where the difference comes from; `None` where two members owe each other beyond what is solved for.
    pub savings: Option<Savings>,
    /// Each member's positions with others, and the one with the union that takes their place.
    pub novation: Novation,
    /// Every pair between which anything was owed.
    pub bilateral: Vec<BilateralPosition>,
    /// How turnover is spread over members.
    pub turnover: Option<Concentration>,
    /// How net debts are; the largest debtors first.
    pub net_debits: Option<Concentration>,
    /// How net claims are; the largest creditors first.
    pub net_credits: Option<Concentration>,
}

impl Netting {
    /// Nets flows in a currency, which `settled` orders made up.
    #[must_use]
    pub fn of(currency: Currency, settled: u64, flows: &Flows) -> Self {
        Self {
            currency,
            settled,
            liquidity: Liquidity::of(flows),
            savings: Savings::of(flows).ok(),
            novation: Novation::of(flows),
            bilateral: flows.bilateral_positions().collect(),
            turnover: flows.turnover(),
            net_debits: flows.net_debits(),
            net_credits: flows.net_credits(),
        }
    }

    /// Each member's net position, by number: what it was owed minus what it owed.
    pub fn positions(&self) -> impl Iterator<Item = i128> {
        self.novation.parties.iter().map(|standing| standing.position)
    }
}
