//! A run: orders of the queue that were settled together.

use super::{AmountView, signed};
use crate::text::time_text;
use serde::{Deserialize, Serialize};
use union::{Charter, Forecast, QueueRun, RunCause};
use utoipa::ToSchema;

/// A run over the queue. Amounts in the unit of account: what orders take from their debtors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueRunView {
    /// 1 for the first.
    pub number: u64,
    /// Time of its block.
    pub time: String,
    /// `set_time` for a time of day that the charter names, `event` for an order that came to wait or a change for one.
    pub cause: String,
    /// The algorithm, as the charter names it.
    pub algorithm: String,
    /// Whether no order could overtake an earlier one of the same member and priority.
    pub strict_order: bool,
    /// Orders that were considered.
    pub considered: u32,
    /// Their value.
    pub considered_value: AmountView,
    /// Orders that settled.
    pub settled: u32,
    /// Their value.
    pub value: AmountView,
    /// No set of the orders that were considered could have settled with more value.
    pub bound: AmountView,
    /// Bound less value: by how much a better set could have exceeded the one that settled, at most.
    pub gap: AmountView,
    /// What was tried; the best of it settled.
    pub tried: Vec<TriedView>,
    /// Elementary evaluations that all of it took.
    pub steps: u64,
    /// Whether the books did not allow what the algorithm chose, so that nothing settled: a fault of the software.
    pub refused: bool,
}

/// Something that a run tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TriedView {
    /// `fifo`, `bypass-fifo`, `bilateral-offset`, `multilateral`, or `search` for the search of the optimiser.
    pub name: String,
    /// The value that it would have settled.
    pub value: AmountView,
}

impl QueueRunView {
    /// A run in a union with this charter.
    pub fn new(charter: &Charter, run: &QueueRun) -> Self {
        let amount = |minor: u128| AmountView::new(signed(minor), charter.unit_of_account);
        let tried = run.tried().map(|(rung, value)| TriedView { name: rung.name().to_owned(), value: amount(value) });
        QueueRunView {
            number: run.number,
            time: time_text(run.time_ms),
            cause: match run.cause() {
                RunCause::SetTime => "set_time",
                RunCause::Event => "event",
            }
            .to_owned(),
            algorithm: run.algorithm().to_owned(),
            strict_order: run.keeps_order(),
            considered: run.considered,
            considered_value: amount(run.considered_value),
            settled: run.settled,
            value: amount(run.value),
            bound: amount(run.bound),
            gap: amount(run.gap()),
            tried: tried.collect(),
            steps: run.steps,
            refused: run.is_refused(),
        }
    }
}

/// The next run as things stand. Amounts in the unit of account, but for those by currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueForecastView {
    /// The block after which things stood so.
    pub height: u64,
    /// When the run comes at the latest; null where the charter names no time of day.
    pub at: Option<String>,
    /// Whether it comes before that if an order comes to wait or something changes for one.
    pub on_events: bool,
    /// The algorithm, as the charter names it.
    pub algorithm: String,
    /// Orders that it would consider.
    pub considered: u32,
    /// Their value.
    pub considered_value: AmountView,
    /// Orders that would settle.
    pub settled: u32,
    /// Their value.
    pub value: AmountView,
    /// No set of the orders considered could settle with more value.
    pub bound: AmountView,
    /// Bound less value.
    pub gap: AmountView,
    /// The orders that would settle, by currency.
    pub currencies: Vec<ForecastCurrencyView>,
}

/// Orders of one currency that would settle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastCurrencyView {
    /// How many.
    pub orders: u32,
    /// Their sum.
    #[serde(flatten)]
    pub amount: AmountView,
}

impl QueueForecastView {
    /// A run that would come at a time, found after a block.
    pub fn new(charter: &Charter, height: u64, at_ms: Option<u64>, on_events: bool, forecast: &Forecast) -> Self {
        let run = QueueRunView::new(charter, &forecast.run);
        let currency = |(&numeric, &(orders, sum)): (&u16, &(u32, u128))| ForecastCurrencyView {
            orders,
            amount: AmountView::of_number(signed(sum), numeric),
        };
        QueueForecastView {
            height,
            at: at_ms.map(time_text),
            on_events,
            algorithm: run.algorithm,
            considered: run.considered,
            considered_value: run.considered_value,
            settled: run.settled,
            value: run.value,
            bound: run.bound,
            gap: run.gap,
            currencies: forecast.currencies.iter().map(currency).collect(),
        }
    }
}
