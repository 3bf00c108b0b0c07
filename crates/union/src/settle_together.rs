//! Settling orders of the queue together, as the charter's algorithm chooses them: a *run*.
//!
//! Two members that wait for each other's money, or three in a ring, wait for ever where orders settle one by one. A run
//! looks at the queue as a whole: of the orders that wait, a set settles at once if everybody ends within every limit,
//! whoever would have to pay first. There is at most one run a block, after orders were tried one by one.

use crate::event::Event;
use crate::queue_instance::Considered;
use crate::queue_run::{QueueRun, RUNS_REMEMBERED, RunCause};
use crate::settle::settlement;
use crate::state::Union;
use clearing::queue::{Algorithm, Instance, Resolution, resolve};
use std::collections::BTreeMap;

impl Union {
    /// Why there is a run at the end of this block, if there is; asked before the queues are tried. `before_ms` is the
    /// time of the block before.
    pub(crate) fn cause_of_run(&self, before_ms: u64) -> Option<RunCause> {
        let rules = &self.charter.queue;
        if !rules.settles_together() {
            return None;
        }
        if self.charter.next_run_ms(before_ms).is_some_and(|run_ms| run_ms <= self.tip.time_ms()) {
            return Some(RunCause::SetTime);
        }
        let has_reason = || {
            let queued = self.orders.queue_lengths();
            self.has_new_waiting
                || self.attempts.rows().iter().zip(queued).any(|(row, queued)| row.due != 0 && queued > 0)
        };
        (rules.runs_on_events && has_reason()).then_some(RunCause::Event)
    }

    /// Settles together what can be of the queue, and records the run.
    pub(crate) fn run_queue_together(&mut self, cause: RunCause) {
        // What could settle alone has settled: a run that nobody set a time for needs two.
        let waiting: usize = self.orders.queue_lengths().iter().sum();
        if cause == RunCause::Event && waiting < 2 {
            return;
        }
        let considered = self.considered();
        if cause == RunCause::Event && considered.rows.len() < 2 {
            return;
        }
        let mut run = self.new_run(cause);
        if let Some(resolution) = choose(&considered.instance, &mut run, self.charter.queue.discipline) {
            self.settle_resolution(&considered, &resolution, &mut run);
        }
        self.record_run(run);
    }

    /// The next run, of which nothing has been tried yet.
    fn new_run(&self, cause: RunCause) -> QueueRun {
        let mut run = QueueRun::new(cause, self.charter.queue.discipline, self.tip.time_ms());
        run.number = self.queue_runs.dropped() + u64::from(self.queue_runs.len()) + 1;
        run
    }

    /// The next run as it would be if it came now; `None` where the charter has orders settled one by one only. It is a copy of what
    /// a run looks at: [`NextRun::forecast`] takes its time without the union.
    pub fn next_run(&self) -> Option<NextRun> {
        let rules = &self.charter.queue;
        if !rules.settles_together() {
            return None;
        }
        let at_ms = self.charter.next_run_ms(self.tip.time_ms());
        let considered = self.considered();
        let order = |&at: &u32| {
            let payment = &self.orders.open(at).payment;
            (payment.currency, payment.amount)
        };
        Some(NextRun {
            run: self.new_run(if at_ms.is_some() { RunCause::SetTime } else { RunCause::Event }),
            algorithm: rules.discipline,
            orders: considered.rows.iter().map(order).collect(),
            instance: considered.instance,
            at_ms,
            on_events: rules.runs_on_events,
        })
    }

    /// Books the orders that were chosen, all or none, and ends them.
    fn settle_resolution(&mut self, considered: &Considered, resolution: &Resolution, run: &mut QueueRun) {
        let rows: Vec<u32> = resolution.settled.iter().map(|&at| considered.rows[at as usize]).collect();
        let settlements: Vec<_> = rows
            .iter()
            .map(|&at| {
                let order = self.orders.open(at);
                settlement(&order.payment, order.amounts())
            })
            .collect();
        let transfers = match self.ledger.settle_together(&settlements) {
            Ok(transfers) => transfers,
            Err(refusal) => {
                debug_assert!(
                    refusal == ledger::Refusal::Overflow,
                    "the instance has every limit of the books: {refusal}"
                );
                return run.note_refusal();
            }
        };
        (run.value, run.settled) = (resolution.value, rows.len() as u32);
        for (at, transfers) in rows.into_iter().zip(transfers) {
            let order = *self.orders.open(at);
            self.tell_settled(&order.payment, order.amounts(), order.rule, transfers);
            self.end_settled(at);
        }
    }

    fn record_run(&mut self, run: QueueRun) {
        self.queue_runs.push(run);
        let old = self.queue_runs.droppable((self.queue_runs.len() as usize).saturating_sub(RUNS_REMEMBERED));
        self.queue_runs.drop_front(old);
        self.events.push(Event::QueueRun(run));
    }
}

/// Has the algorithm choose among the orders that a run considers, and notes what it tried.
fn choose(instance: &Instance, run: &mut QueueRun, algorithm: Algorithm) -> Option<Resolution> {
    run.considered = instance.payments.len() as u32;
    run.considered_value = instance.payments.iter().map(|payment| u128::from(payment.debit)).sum();
    match resolve(instance, algorithm) {
        Ok(resolution) => {
            run.note(&resolution);
            Some(resolution)
        }
        Err(error) => {
            debug_assert!(false, "the books make a well-formed instance: {error}");
            run.note_refusal();
            None
        }
    }
}

/// A run that has not come: what it would consider as things stand.
#[derive(Debug)]
pub struct NextRun {
    run: QueueRun,
    algorithm: Algorithm,
    /// Currency (ISO 4217 number) and amount of each order, in the order of the payments.
    orders: Vec<(u16, u64)>,
    instance: Instance,
    /// When it comes at the latest, Unix milliseconds; `None` where the charter names no time of day.
    pub at_ms: Option<u64>,
    /// Whether it comes before that if an order comes to wait or something changes for one.
    pub on_events: bool,
}

/// What a run would settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The run, as it would be recorded.
    pub run: QueueRun,
    /// The orders that would settle, by currency (ISO 4217 number): how many, and their sum in minor units.
    pub currencies: BTreeMap<u16, (u32, u128)>,
}

impl NextRun {
    /// Finds what would settle, as the run will: if nothing changes until then, the very same orders. It takes as long as a run.
    pub fn forecast(mut self) -> Forecast {
        let mut currencies = BTreeMap::<u16, (u32, u128)>::new();
        if let Some(resolution) = choose(&self.instance, &mut self.run, self.algorithm) {
            (self.run.value, self.run.settled) = (resolution.value, resolution.count());
            for &at in &resolution.settled {
                let (currency, amount) = self.orders[at as usize];
                let (orders, sum) = currencies.entry(currency).or_default();
                *orders += 1;
                *sum += u128::from(amount);
            }
        }
        Forecast { run: self.run, currencies }
    }
}
