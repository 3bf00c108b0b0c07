//! The report as JSON.

use clearing::Ratio;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::decimal::scaled;
use super::{CycleReport, Figures, MemberPosition, Report};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.currency.minor_digits();
        ReportJson {
            scenario: &self.scenario,
            year: self.year,
            currency: self.currency.code(),
            figures: FiguresJson::new(&self.figures, digits),
            orders: self.orders,
            settled: self.settled,
            cycles: self.cycles.iter().map(|cycle| CycleJson::new(cycle, digits)).collect(),
            members: self.members.iter().map(|member| MemberJson::new(member, digits)).collect(),
            state_hash: &self.state_hash,
            // A duration, not an amount: a binary fraction does no harm here.
            seconds: self.elapsed.as_millis() as f64 / 1e3,
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
struct ReportJson<'a> {
    scenario: &'a str,
    year: i16,
    currency: &'static str,
    #[serde(flatten)]
    figures: FiguresJson,
    orders: u64,
    settled: u64,
    cycles: Vec<CycleJson>,
    members: Vec<MemberJson<'a>>,
    state_hash: &'a str,
    seconds: f64,
}

#[derive(Serialize)]
struct CycleJson {
    number: u32,
    #[serde(serialize_with = "as_text")]
    from: Date,
    #[serde(serialize_with = "as_text")]
    to: Date,
    #[serde(flatten)]
    figures: FiguresJson,
    orders: u64,
    settled: u64,
    legs: u64,
}

#[derive(Serialize)]
struct FiguresJson {
    gross: u128,
    gross_major: String,
    bilateral_net: u128,
    bilateral_net_major: String,
    bilateral_net_ratio: Option<Decimal>,
    multilateral_net: u128,
    multilateral_net_major: String,
    multilateral_net_ratio: Option<Decimal>,
}

#[derive(Serialize)]
struct MemberJson<'a> {
    code: &'a str,
    name: &'a str,
    position: i128,
    position_major: String,
}

impl CycleJson {
    fn new(cycle: &CycleReport, digits: u8) -> Self {
        Self {
            number: cycle.number,
            from: cycle.from,
            to: cycle.to,
            figures: FiguresJson::new(&cycle.figures, digits),
            orders: cycle.orders,
            settled: cycle.settled,
            legs: cycle.legs,
        }
    }
}

impl FiguresJson {
    fn new(figures: &Figures, digits: u8) -> Self {
        let major = |minor: u128| money::format_amount(i128::try_from(minor).expect("at most GROSS_MAX"), digits);
        Self {
            gross: figures.gross,
            gross_major: major(figures.gross),
            bilateral_net: figures.bilateral_net,
            bilateral_net_major: major(figures.bilateral_net),
            bilateral_net_ratio: figures.bilateral_net_ratio().map(Decimal),
            multilateral_net: figures.multilateral_net,
            multilateral_net_major: major(figures.multilateral_net),
            multilateral_net_ratio: figures.multilateral_net_ratio().map(Decimal),
        }
    }
}

impl<'a> MemberJson<'a> {
    fn new(member: &'a MemberPosition, digits: u8) -> Self {
        Self {
            code: &member.code,
            name: &member.name,
            position: member.position,
            position_major: money::format_amount(member.position, digits),
        }
    }
}

/// A ratio as a number with six decimals.
struct Decimal(Ratio);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Rounded by integers. What is left to the float is to carry six digits to the writer, which prints the shortest
        // decimal that reads back the same: exactly those digits.
        serializer.serialize_f64(scaled(self.0, 6) as f64 / 1e6)
    }
}

fn as_text<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}
