//! What is asked for and what comes out.

use super::bound::{bound, possible};
use super::problem::Problem;
use super::rungs::{self, Holds};
use super::search::Search;
use super::selection::Selection;
use super::{Instance, InstanceError};
use crate::Ratio;

/// How a queue is settled: the ladder from which a charter chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// First in, first out: one at a time; a payment waits while one of its payer of the same or a higher class waits that
    /// came earlier, or is of a higher class.
    Fifo,
    /// One at a time, in the same order; what cannot go now holds up nothing behind it.
    BypassFifo,
    /// [`BypassFifo`](Self::BypassFifo), then payments of two parties to each other together, pair after pair, until
    /// nothing more can go.
    BilateralOffset,
    /// All payments together; while somebody is beyond a limit, its latest payment of the lowest class is taken out. Then
    /// [`BypassFifo`](Self::BypassFifo) with what was taken out.
    Multilateral,
    /// The best of all others and of a search for the set with the largest value, then the largest count.
    Optimiser {
        /// Steps that the search may take, elementary evaluations: the same steps give the same result on every machine.
        /// Zero leaves the best of the others.
        budget: u64,
        /// Whether no payment may overtake an earlier one of the same payer and class: what is settled is then a prefix of
        /// the queue of each payer and class. A class may go while a higher one waits; what is to be kept for the higher
        /// one is said by [floors](super::Party::floors).
        strict_order: bool,
    },
}

impl Algorithm {
    /// A budget for up to a thousand payments: up to a second where means are scarce, much less where they
    /// are not, since the search ends once it has come within a 2,000th of the bound.
    pub const DEFAULT_BUDGET: u64 = 24_000_000;
}

/// What was tried in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rung {
    /// [`Algorithm::Fifo`].
    Fifo = 0,
    /// [`Algorithm::BypassFifo`].
    BypassFifo = 1,
    /// [`Algorithm::BilateralOffset`].
    BilateralOffset = 2,
    /// [`Algorithm::Multilateral`].
    Multilateral = 3,
    /// The search of [`Algorithm::Optimiser`].
    Search = 4,
}

impl Rung {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Rung::Fifo => "fifo",
            Rung::BypassFifo => "bypass-fifo",
            Rung::BilateralOffset => "bilateral-offset",
            Rung::Multilateral => "multilateral",
            Rung::Search => "search",
        }
    }
}

/// One thing that was tried, and what it would settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was tried.
    pub rung: Rung,
    /// Sum of the debits that it would settle, minor units of the unit of account.
    pub value: u128,
    /// Number of payments that it would settle.
    pub count: u32,
    /// Elementary evaluations that it took.
    pub steps: u64,
}

/// What a run settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Indices of the payments to be settled together, ascending.
    pub settled: Vec<u32>,
    /// Sum of their debits, minor units of the unit of account.
    pub value: u128,
    /// No set of payments within all limits has a larger value than this.
    pub bound: u128,
    /// What was tried, in this order. What is settled is the best of it: the largest value, then the largest count, then
    /// the earliest.
    pub tried: Vec<Step>,
}

impl Resolution {
    /// How many payments are to be settled.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.settled.len() as u32
    }

    /// The most by which a better set could exceed this one, minor units of the unit of account.
    #[must_use]
    pub fn gap(&self) -> u128 {
        self.bound - self.value
    }

    /// [`gap`](Self::gap) as a share of the bound; `None` if nothing could be settled at all.
    #[must_use]
    pub fn gap_ratio(&self) -> Option<Ratio> {
        Ratio::new(self.gap(), self.bound)
    }
}

/// Chooses the payments that are settled together.
///
/// The set that is returned is always within all limits of the instance. The same instance and algorithm give the same
/// resolution on every machine.
///
/// # Errors
///
/// See [`InstanceError`].
pub fn resolve(instance: &Instance, algorithm: Algorithm) -> Result<Resolution, InstanceError> {
    let problem = Problem::new(instance)?;
    let strict = matches!(algorithm, Algorithm::Optimiser { strict_order: true, .. });
    let possible = possible(&problem, strict);
    let (bound, relaxation) = bound(&problem, &possible);
    let mut found: Vec<(Rung, Selection)> = Vec::new();
    match algorithm {
        Algorithm::Fifo => found.push((Rung::Fifo, rungs::fifo(&problem))),
        Algorithm::BypassFifo => found.push((Rung::BypassFifo, rungs::bypass_fifo(&problem))),
        Algorithm::BilateralOffset => found.push((Rung::BilateralOffset, rungs::bilateral_offset(&problem))),
        Algorithm::Multilateral => found.push((Rung::Multilateral, rungs::multilateral(&problem, Holds::Nothing))),
        Algorithm::Optimiser { budget, strict_order } => {
            found.push((Rung::Fifo, rungs::fifo(&problem)));
            if strict_order {
                found.push((Rung::Multilateral, rungs::multilateral(&problem, Holds::Class)));
            } else {
                found.push((Rung::BypassFifo, rungs::bypass_fifo(&problem)));
                found.push((Rung::BilateralOffset, rungs::bilateral_offset(&problem)));
                found.push((Rung::Multilateral, rungs::multilateral(&problem, Holds::Nothing)));
            }
            if budget > 0 {
                let search = Search { problem: &problem, possible: &possible, relaxation, bound, strict_order, budget };
                let searched = search.run(best(&found));
                found.push((Rung::Search, searched));
            }
        }
    }
    let tried = found
        .iter()
        .map(|(rung, selection)| {
            let (value, count) = selection.score();
            Step { rung: *rung, value, count, steps: selection.steps }
        })
        .collect();
    let best = best(&found);
    let value = best.score().0;
    debug_assert!(value <= bound, "the bound holds for every set");
    Ok(Resolution { settled: best.payments(), value, bound, tried })
}

/// The set with the largest value, then the largest count, then the earliest.
fn best<'f, 'a>(found: &'f [(Rung, Selection<'a>)]) -> &'f Selection<'a> {
    // Of equals, `max_by_key` takes the last.
    let best = found.iter().rev().max_by_key(|(_, selection)| selection.score());
    &best.expect("something was tried").1
}
