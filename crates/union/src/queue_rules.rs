//! What the charter says about orders that wait: `[queue]`.

use crate::charter::{CharterError, ClockTime, rule};
use clearing::queue::Algorithm;
use serde::Deserialize;

/// The most times of day at which the queue is settled together.
const RUN_TIMES_MAX: usize = 48;

/// The largest budget of the optimiser, in steps: two to four seconds.
const BUDGET_MAX: u64 = 200_000_000;

/// The most orders that a run takes up.
const RUN_ORDERS_MAX: u32 = 1 << 18;

/// How orders wait, how long, and how they are settled when something has changed for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRules {
    /// How the queue is settled. Under the first two, orders settle one by one; under the others they do so too, as under
    /// bypass-first-in-first-out, and what still waits is settled together in runs.
    pub discipline: Algorithm,
    /// How many attempts to settle a queued order are made at the end of a block, at most; and how many orders a run
    /// takes up, at most. Every member has an equal share of both.
    pub attempts: u32,
    /// How many orders may be held or queued at once, in all; every member has an equal share.
    pub open_orders_max: u32,
    /// How many days after its value date an order that names no expiry still waits.
    pub days_waiting: u32,
    /// How many days an ended order is remembered: so long its identifier is not used again, and it can be
    /// returned. More than `days_ahead`, so that an order sent again later is past its value date.
    pub days_remembered: u32,
    /// Times of day, ascending, at which there is a run whatever happened, on days on which two members work.
    pub runs: Vec<ClockTime>,
    /// Whether there is a run at the end of each block in which an order came to wait or something changed for one.
    pub runs_on_events: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueFile {
    discipline: Discipline,
    attempts: u32,
    open_orders_max: u32,
    days_waiting: u32,
    #[serde(default = "days_remembered")]
    days_remembered: u32,
    budget: Option<u64>,
    strict_order: Option<bool>,
    runs: Option<Vec<ClockTime>>,
    run_on_events: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Discipline {
    Fifo,
    BypassFifo,
    BilateralOffset,
    Multilateral,
    Optimiser,
}

fn days_remembered() -> u32 {
    400
}

impl QueueRules {
    pub(crate) fn check(file: QueueFile, days_ahead: u32, members: usize) -> Result<QueueRules, CharterError> {
        if file.open_orders_max == 0 || file.open_orders_max > 1 << 24 {
            return Err(rule("queue.open_orders_max", format!("is not between 1 and {}", 1 << 24)));
        }
        if file.attempts == 0 || file.attempts > 1 << 24 {
            return Err(rule("queue.attempts", format!("is not between 1 and {}", 1 << 24)));
        }
        if file.days_waiting > 366 {
            return Err(rule("queue.days_waiting", "is more than 366"));
        }
        if file.days_remembered <= days_ahead || file.days_remembered > 36_600 {
            return Err(rule("queue.days_remembered", "is not more than calendar.days_ahead, and at most 36600"));
        }
        let discipline = match file.discipline {
            Discipline::Fifo => Algorithm::Fifo,
            Discipline::BypassFifo => Algorithm::BypassFifo,
            Discipline::BilateralOffset => Algorithm::BilateralOffset,
            Discipline::Multilateral => Algorithm::Multilateral,
            Discipline::Optimiser => Algorithm::Optimiser {
                budget: file.budget.unwrap_or(Algorithm::DEFAULT_BUDGET),
                strict_order: file.strict_order.unwrap_or(false),
            },
        };
        if !matches!(discipline, Algorithm::Optimiser { .. }) {
            let only = "is for the discipline 'optimiser' only; leave it out";
            if file.budget.is_some() {
                return Err(rule("queue.budget", only));
            }
            if file.strict_order.is_some() {
                return Err(rule("queue.strict_order", only));
            }
        }
        if file.budget.is_some_and(|budget| budget > BUDGET_MAX) {
            return Err(rule("queue.budget", format!("is more than {BUDGET_MAX} steps")));
        }
        if matches!(discipline, Algorithm::Fifo | Algorithm::BypassFifo) {
            let only = "is for 'bilateral-offset', 'multilateral' and 'optimiser' only: others settle one by one; leave it out";
            if file.runs.is_some() {
                return Err(rule("queue.runs", only));
            }
            if file.run_on_events.is_some() {
                return Err(rule("queue.run_on_events", only));
            }
        }
        let runs = file.runs.unwrap_or_default();
        if runs.len() > RUN_TIMES_MAX || !runs.is_sorted_by(|a, b| a < b) {
            return Err(rule("queue.runs", format!("are more than {RUN_TIMES_MAX}, or not in ascending order")));
        }
        if !matches!(discipline, Algorithm::Fifo | Algorithm::BypassFifo) {
            // A run has no turns: with less than one for each member, the same would be left out every time.
            let least = members.max(1) as u32;
            if !(least..=RUN_ORDERS_MAX).contains(&file.attempts) {
                let text = format!(
                    "is not between {least} (one for each member) and {RUN_ORDERS_MAX}, as orders settle together"
                );
                return Err(rule("queue.attempts", text));
            }
        }
        let rules = QueueRules {
            discipline,
            attempts: file.attempts,
            open_orders_max: file.open_orders_max,
            days_waiting: file.days_waiting,
            days_remembered: file.days_remembered,
            runs,
            runs_on_events: file.run_on_events.unwrap_or(true),
        };
        if rules.settles_together() && rules.runs.is_empty() && !rules.runs_on_events {
            return Err(rule("queue.runs", "are none, and run_on_events is false: nothing would be settled together"));
        }
        Ok(rules)
    }

    /// Whether there are runs.
    pub fn settles_together(&self) -> bool {
        !matches!(self.discipline, Algorithm::Fifo | Algorithm::BypassFifo)
    }

    /// Whether an order that waits for its member's means holds up later ones of the same or a lower priority.
    pub fn keeps_order(&self) -> bool {
        matches!(self.discipline, Algorithm::Fifo | Algorithm::Optimiser { strict_order: true, .. })
    }
}
