//! The report of a run: plain data, as JSON and as one screen of text.

mod decimal;
mod json;
mod terminal;

use std::time::Duration;

use clearing::{Flows, Ratio};
use jiff::civil::Date;
use money::Currency;

/// What came of running a scenario.
///
/// [`serde::Serialize`] writes it as JSON for programs. Amounts stand twice: as an integer in minor units (`gross`) and as
/// text in major units (`gross_major`). Ratios are numbers with six decimals, rounded half up from the exact fraction,
/// and null where nothing was owed; `seconds` has three. [`Report::render`] writes it for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// Its year.
    pub year: i16,
    /// Currency of every amount.
    pub currency: Currency,
    /// The whole year netted at once.
    pub figures: Figures,
    /// Orders presented.
    pub orders: u64,
    /// Orders settled.
    pub settled: u64,
    /// The clearing cycles, in order.
    pub cycles: Vec<CycleReport>,
    /// The members' positions over the whole year.
    pub members: Vec<MemberPosition>,
    /// Hash of the union's state at the end, in hexadecimal.
    pub state_hash: String,
    /// How long the run took.
    pub elapsed: Duration,
}

/// What happened in one clearing cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleReport {
    /// From 1.
    pub number: u32,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// The cycle netted by itself.
    pub figures: Figures,
    /// Orders presented.
    pub orders: u64,
    /// Orders settled.
    pub settled: u64,
    /// Settlement legs that the members had to pay at its close.
    pub legs: u64,
}

/// Flows before and after netting, in minor units of the report's currency, at most [`Flows::GROSS_MAX`] each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Everything owed.
    pub gross: u128,
    /// What is left when each pair of members sets off for itself.
    pub bilateral_net: u128,
    /// What is left when all net together: half the sum of the absolute positions.
    pub multilateral_net: u128,
}

/// A member's net position over the year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPosition {
    /// Code of the member.
    pub code: String,
    /// Name of the member.
    pub name: String,
    /// What it was owed minus what it owed, in minor units of the report's currency.
    pub position: i128,
}

impl Figures {
    /// The figures of a set of flows.
    #[must_use]
    pub fn of(flows: &Flows) -> Self {
        Self {
            gross: flows.gross(),
            bilateral_net: flows.bilateral_net_total(),
            multilateral_net: flows.multilateral_net_total(),
        }
    }

    /// Bilateral net as a share of gross; `None` without any flow.
    #[must_use]
    pub fn bilateral_net_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.bilateral_net, self.gross)
    }

    /// Multilateral net as a share of gross; `None` without any flow.
    #[must_use]
    pub fn multilateral_net_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.multilateral_net, self.gross)
    }
}
