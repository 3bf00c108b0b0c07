//! The optimiser's search.

use super::dive::dive;
use super::problem::Problem;
use super::random::Sequence;
use super::relaxation::Relaxation;
use super::repair::Repair;
use super::rungs::{Holds, fill};
use super::selection::Selection;

/// What a search may do, and what it knows.
pub(super) struct Search<'a> {
    pub problem: &'a Problem,
    /// By payment: whether any set has it.
    pub possible: &'a [bool],
    /// The largest flow with payments settled in part; its first arcs are the possible payments.
    pub relaxation: Option<Relaxation>,
    /// No set has a larger value.
    pub bound: u128,
    /// Whether what is settled must be a prefix of each queue.
    pub strict_order: bool,
    /// Steps allowed. Going on after the last one is bounded: the end of a chain, or one path of the relaxation.
    pub budget: u64,
}

/// What a search works with.
struct Run<'a> {
    /// The possible payments in order of entry, and the largest first.
    payments: Vec<u32>,
    largest_first: Vec<u32>,
    random: Sequence,
    repair: Repair<'a>,
    /// The best set of all.
    best: Selection<'a>,
    /// Where the annealing of this round starts.
    start: Selection<'a>,
}

impl<'a> Search<'a> {
    /// How often the search starts again: afresh, or from the best set so far, in turns.
    const ROUNDS: u64 = 16;
    /// How often, in each round, payments settled in part are rounded, each time another way.
    const DIVES: u32 = 4;
    /// How many payments, about, are free to change when others are rounded.
    const WAYS: usize = 2_000;
    /// A set that comes this near to the bound is good enough: one part in so many.
    const GOOD_ENOUGH: u128 = 2_000;
    /// The part of the budget that is always used: one in so many.
    const LEAST: u64 = 64;
    /// Arcs of the relaxation that count as one step.
    const ARCS_A_STEP: u64 = 4;
    /// The most payments in a chain.
    const CHAIN: usize = 24;

    /// The best set found, at least as good as `start`, which must be within all limits (and in order, if that is strict).
    pub fn run(&self, start: &Selection<'a>) -> Selection<'a> {
        let mut payments: Vec<u32> = (0..self.problem.payments.len() as u32).collect();
        payments.retain(|&payment| self.possible[payment as usize]);
        let mut largest_first = payments.clone();
        largest_first.sort_by_key(|&payment| std::cmp::Reverse(self.problem.payments[payment as usize].value));
        let repair = Repair::new(start.clone(), self.possible, self.strict_order);
        let mut run =
            Run { payments, largest_first, random: Sequence::new(), repair, best: start.clone(), start: start.clone() };
        if !run.payments.is_empty() {
            for round in 0..Self::ROUNDS {
                let left = self.budget.saturating_sub(run.repair.steps) / (Self::ROUNDS - round);
                let (halfway, end) = (run.repair.steps + left / 2, run.repair.steps + left);
                run.start.copy_from(&run.best);
                if !self.strict_order {
                    self.round_relaxation(&mut run, round, halfway);
                }
                self.anneal(&mut run, end);
            }
        }
        run.best.steps = run.repair.steps;
        run.best
    }

    /// Whether to stop early. Part of the budget is always used: it may find as much value in more payments.
    fn is_good_enough(&self, run: &Run) -> bool {
        let near = self.bound - run.best.score().0 <= self.bound / Self::GOOD_ENOUGH;
        near && run.repair.steps >= self.budget / Self::LEAST
    }

    /// Rounds the relaxation in several ways and repairs what comes out, until so many steps have been taken. Even rounds go
    /// on with the best of that, so that the search does not stay where it is; odd ones stay near the best set of all.
    fn round_relaxation(&self, run: &mut Run<'a>, round: u64, end: u64) {
        let Some(root) = &self.relaxation else { return };
        let afresh = round.is_multiple_of(2);
        let guide = (!afresh).then(|| run.best.clone());
        let mut best_rounded: Option<Selection<'a>> = None;
        for dived in 0..Self::DIVES {
            let left = end.saturating_sub(run.repair.steps);
            if left == 0 || self.is_good_enough(run) {
                break;
            }
            let mut relaxation = root.clone();
            // A large queue has more ways than are needed to lead a payment's flow another way.
            let payments = run.payments.len();
            if payments > Self::WAYS {
                relaxation.leave_all_but(|_| run.random.below(payments) < Self::WAYS);
            }
            // The first of all takes the straight way.
            let random = (round > 0 || dived > 0).then_some(&mut run.random);
            let arcs = left * Self::ARCS_A_STEP;
            let rounded = dive(self.problem, &mut relaxation, &run.payments, arcs, random, guide.as_ref());
            run.repair.steps += relaxation.scanned / Self::ARCS_A_STEP + payments as u64;
            let left = end.saturating_sub(run.repair.steps);
            if run.repair.walk(&rounded, left, &mut run.random) {
                fill(&mut run.repair.selection, &run.largest_first, Holds::Nothing);
                run.keep_if_best();
                let score = run.repair.selection.score();
                if best_rounded.as_ref().is_none_or(|best| score > best.score()) {
                    best_rounded = Some(run.repair.selection.clone());
                }
            }
        }
        match best_rounded {
            Some(rounded) if afresh => run.start = rounded,
            _ => run.start.copy_from(&run.best),
        }
    }

    /// Simulated annealing over chains, from the round's set on, until so many steps have been taken: from one set within all
    /// limits to the next, to a worse one with a probability that falls as it goes on.
    fn anneal(&self, run: &mut Run<'a>, end: u64) {
        run.repair.selection.copy_from(&run.start);
        let start = run.repair.steps;
        // Hot enough to lose one of the larger payments.
        let hot = self.problem.payments[run.largest_first[run.largest_first.len() / 20] as usize].value;
        let mut toggled = Vec::new();
        while run.repair.steps < end && !self.is_good_enough(run) {
            let temperature = cooled(hot, run.repair.steps - start, end - start);
            let first = run.payments[run.random.below(run.payments.len())];
            run.repair.steps += 1;
            if !run.repair.order_allows(first) {
                continue;
            }
            let before = run.repair.selection.score().0;
            let weight = 2 + i128::from(run.random.next() % 3);
            let within = run.repair.chain(first, Self::CHAIN, weight, &mut run.random, &mut toggled);
            let worse_by = before.saturating_sub(run.repair.selection.score().0) as i128;
            if within && (worse_by == 0 || worse_by << 16 <= temperature * run.random.exponential()) {
                run.keep_if_best();
            } else {
                run.repair.take_back(&toggled);
            }
        }
    }
}

impl Run<'_> {
    fn keep_if_best(&mut self) {
        if self.repair.selection.score() > self.best.score() {
            self.best.copy_from(&self.repair.selection);
        }
    }
}

/// The temperature after so many of all steps: from `hot` down to a 1,024th of it, halved ten times at equal distances, with
/// straight lines between.
fn cooled(hot: u64, step: u64, steps: u64) -> i128 {
    let progress = u128::from(step) * (10 << 16) / u128::from(steps.max(1));
    let (halvings, rest) = (progress >> 16, progress & 0xFFFF);
    ((((u128::from(hot) << 16) >> halvings) * ((1 << 17) - rest)) >> 33).max(1) as i128
}

#[cfg(test)]
mod tests {
    use super::cooled;

    #[test]
    fn cooling_halves_and_never_rises() {
        for hot in [1, 1_000, 1 << 40, u64::MAX] {
            let temperatures: Vec<i128> = (0..=1_000).map(|step| cooled(hot, step, 1_000)).collect();
            assert!(temperatures.is_sorted_by(|a, b| a >= b), "{hot}");
            assert_eq!(temperatures[0], i128::from(hot));
            assert_eq!(temperatures[100], i128::from(hot / 2).max(1));
            assert_eq!(temperatures[1_000], i128::from(hot >> 10).max(1));
        }
    }
}
