//! Reports as JSON.

mod netting;

use jiff::civil::Date;
use serde::{Serialize, Serializer};
use union::CycleStatus;

use self::netting::{Amounts, FiguresJson, NettingJson};
use super::layout::signed;
use super::{Cleared, ClearingReport, CycleReport, Report};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct ReportJson<'a> {
            scenario: &'a str,
            year: i16,
            #[serde(flatten)]
            clearing: ClearingJson<'a>,
            seconds: f64,
        }
        ReportJson {
            scenario: &self.scenario,
            year: self.year,
            clearing: ClearingJson::new(&self.clearing),
            // A duration, not an amount: a binary fraction does no harm here.
            seconds: self.elapsed.as_millis() as f64 / 1e3,
        }
        .serialize(serializer)
    }
}

impl Serialize for ClearingReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ClearingJson::new(self).serialize(serializer)
    }
}

/// Everything in all detail, then each cycle by its figures.
#[derive(Serialize)]
struct ClearingJson<'a> {
    orders: u64,
    #[serde(flatten)]
    netting: NettingJson<'a>,
    #[serde(flatten)]
    exchange_and_rounding: Amounts<1>,
    currencies: Vec<NettingJson<'a>>,
    cycles: Vec<CycleJson>,
    state_hash: &'a str,
}

#[derive(Serialize)]
struct CycleJson {
    number: u32,
    status: &'static str,
    #[serde(serialize_with = "as_text")]
    from: Date,
    #[serde(serialize_with = "as_text")]
    to: Date,
    orders: u64,
    #[serde(flatten)]
    figures: FiguresJson,
    #[serde(flatten)]
    exchange_and_rounding: Amounts<1>,
    legs: u64,
    currencies: Vec<FiguresJson>,
}

impl<'a> ClearingJson<'a> {
    fn new(report: &'a ClearingReport) -> Self {
        let Cleared { orders, netting, currencies, .. } = &report.total;
        Self {
            orders: *orders,
            netting: NettingJson::new(netting, &report.members),
            exchange_and_rounding: exchange_and_rounding(&report.total),
            currencies: currencies.iter().map(|netting| NettingJson::new(netting, &report.members)).collect(),
            cycles: report.cycles.iter().map(CycleJson::new).collect(),
            state_hash: &report.state_hash,
        }
    }
}

impl CycleJson {
    fn new(cycle: &CycleReport) -> Self {
        Self {
            number: cycle.number,
            status: match cycle.status {
                CycleStatus::Open => "open",
                CycleStatus::Closed => "closed",
                CycleStatus::Settled => "settled",
            },
            from: cycle.from,
            to: cycle.to,
            orders: cycle.cleared.orders,
            figures: FiguresJson::new(&cycle.cleared.netting),
            exchange_and_rounding: exchange_and_rounding(&cycle.cleared),
            legs: cycle.legs,
            currencies: cycle.cleared.currencies.iter().map(FiguresJson::new).collect(),
        }
    }
}

fn exchange_and_rounding(cleared: &Cleared) -> Amounts<1> {
    let digits = cleared.netting.currency.minor_digits();
    Amounts([("exchange_and_rounding", signed(cleared.exchange_and_rounding))], digits)
}

fn as_text<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}
