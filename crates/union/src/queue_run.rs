//! The record of a run: what it tried, what it settled, and what could have been settled at most.

use bytemuck::{Pod, Zeroable};
use clearing::queue::{Algorithm, Resolution, Rung};

/// How many runs are remembered, at least: the latest. All runs ever are in the events of the blocks.
pub(crate) const RUNS_REMEMBERED: usize = 1_000;

/// Why there was a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RunCause {
    /// An order came to wait, or something changed for one that waits.
    Event = 1,
    /// A time of day came that the charter names.
    SetTime = 2,
}

/// A run: orders of the queue settled together. Amounts in minor units of the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct QueueRun {
    /// What the orders that settled took from their debtors.
    pub value: u128,
    /// No set of the orders that were considered could have settled with more value than this.
    pub bound: u128,
    /// What all orders that were considered would have taken.
    pub considered_value: u128,
    /// By [`Rung`]: the value that it would have settled; 0 where it was not tried.
    values: [u128; RUNGS.len()],
    /// 1 for the first.
    pub number: u64,
    /// Time of its block, Unix milliseconds.
    pub time_ms: u64,
    /// Elementary evaluations of all that was tried.
    pub steps: u64,
    /// Orders that were considered.
    pub considered: u32,
    /// Orders that settled.
    pub settled: u32,
    /// Place of the algorithm on the ladder, from first-in-first-out.
    algorithm: u8,
    cause: u8,
    /// A bit for each [`Rung`] that was tried.
    tried: u8,
    /// 1 for the strict order of the optimiser.
    strict_order: u8,
    /// 1 if the books did not allow what the algorithm chose, so that nothing settled.
    refused: u8,
    reserved: [u8; 11],
}

const RUNGS: [Rung; 5] = [Rung::Fifo, Rung::BypassFifo, Rung::BilateralOffset, Rung::Multilateral, Rung::Search];

const _: () = assert!(size_of::<QueueRun>() == 176);

impl QueueRun {
    /// A run that considered some orders and has tried nothing yet.
    pub(crate) fn new(cause: RunCause, algorithm: Algorithm, time_ms: u64) -> Self {
        let (algorithm, strict_order) = match algorithm {
            Algorithm::Fifo => (0, false),
            Algorithm::BypassFifo => (1, false),
            Algorithm::BilateralOffset => (2, false),
            Algorithm::Multilateral => (3, false),
            Algorithm::Optimiser { strict_order, .. } => (4, strict_order),
        };
        let strict_order = strict_order.into();
        QueueRun { time_ms, algorithm, strict_order, cause: cause as u8, ..Zeroable::zeroed() }
    }

    /// Notes what was tried and how much could have settled, but not yet that anything did.
    pub(crate) fn note(&mut self, resolution: &Resolution) {
        self.bound = resolution.bound;
        for step in &resolution.tried {
            let at = step.rung as usize;
            self.values[at] = self.values[at].max(step.value);
            self.tried |= 1 << at;
            self.steps = self.steps.saturating_add(step.steps);
        }
    }

    /// Notes that the books did not allow what was chosen.
    pub(crate) fn note_refusal(&mut self) {
        self.refused = 1;
    }

    /// By how much a better set could exceed the one that settled, at most.
    pub fn gap(&self) -> u128 {
        self.bound.saturating_sub(self.value)
    }

    /// Name of the algorithm, as in the charter.
    pub fn algorithm(&self) -> &'static str {
        const NAMES: [&str; 5] = ["fifo", "bypass-fifo", "bilateral-offset", "multilateral", "optimiser"];
        NAMES.get(usize::from(self.algorithm)).copied().unwrap_or("unknown")
    }

    /// Whether no order could overtake an earlier one of the same member and priority.
    pub fn keeps_order(&self) -> bool {
        self.strict_order == 1
    }

    /// Why there was a run.
    pub fn cause(&self) -> RunCause {
        if self.cause == RunCause::SetTime as u8 { RunCause::SetTime } else { RunCause::Event }
    }

    /// What was tried, with the value that it would have settled. What settled is the best of them.
    pub fn tried(&self) -> impl Iterator<Item = (Rung, u128)> + '_ {
        let rungs = RUNGS.into_iter().zip(self.values);
        rungs.enumerate().filter(|(at, _)| self.tried & (1 << at) != 0).map(|(_, tried)| tried)
    }

    /// Whether the books did not allow what the algorithm chose. That does not happen, unless the software is wrong
    /// or a sum is about to leave the range of the books; then nothing settled.
    pub fn is_refused(&self) -> bool {
        self.refused == 1
    }
}
