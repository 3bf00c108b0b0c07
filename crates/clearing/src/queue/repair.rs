//! Bringing a set that is beyond limits back within them, payment by payment.

use super::random::Sequence;
use super::selection::Selection;

/// A set of payments on its way back within all limits.
///
/// A step picks a row beyond a limit and looks at payments that would help it: taking out some that move it that way, adding
/// some that move it back. The one with the largest gain is toggled: what it adds to the value, less what it adds to the
/// amounts beyond limits, each weighted. What was toggled lately is left alone for a while.
#[derive(Clone, Debug)]
pub(super) struct Repair<'a> {
    pub selection: Selection<'a>,
    /// By payment: whether it may be added at all.
    possible: &'a [bool],
    /// Whether what is settled must be a prefix of each queue.
    strict_order: bool,
    /// Rows that may be beyond a limit, some of them more than once.
    touched: Vec<u32>,
    /// What an amount beyond a limit counts for, in multiples of the value.
    weight: i128,
    /// By row: the same, on top.
    extra_weight: Vec<i128>,
    /// By payment: when it may be toggled again.
    rests_until: Vec<u64>,
    now: u64,
    /// Payments looked at so far; toggling one counts as [`Self::STEPS_A_TOGGLE`].
    pub steps: u64,
}

impl<'a> Repair<'a> {
    /// Starts from a set within all limits.
    pub fn new(selection: Selection<'a>, possible: &'a [bool], strict_order: bool) -> Self {
        let (rows, payments) = (selection.problem.levels.len(), selection.problem.payments.len());
        Repair {
            selection,
            possible,
            strict_order,
            touched: Vec::new(),
            weight: 2,
            extra_weight: vec![0; rows],
            rests_until: vec![0; payments],
            now: 0,
            steps: 0,
        }
    }

    /// How many payments are looked at for a row.
    const TRIES: usize = 50;
    /// What toggling a payment counts for, in payments looked at.
    const STEPS_A_TOGGLE: u64 = 4;

    /// Starts from another set, beyond limits or not, and repairs it with at most so many more steps. Says whether it is now
    /// within all limits.
    ///
    /// The longer a row has been beyond a limit, the more it counts ("breakout", Morris 1993), so that the walk leaves
    /// every dead end.
    pub fn walk(&mut self, start: &Selection, steps: u64, random: &mut Sequence) -> bool {
        self.selection.copy_from(start);
        self.weight = 2;
        self.touched = (0..self.selection.problem.levels.len() as u32).collect();
        let limit = self.steps + steps;
        let within = loop {
            let Some(row) = self.row_beyond(random) else { break true };
            if self.steps > limit {
                break false;
            }
            self.extra_weight[row] += 1;
            if let Some(payment) = self.best_toggle(row, random) {
                self.toggle(payment, 4 + random.next() % 12);
            }
        };
        self.extra_weight.fill(0);
        self.touched.clear();
        within
    }

    /// Toggles a payment of a set within all limits and repairs what that breaks, with at most so many more toggles. Says
    /// whether the set is within all limits again; `toggled` is what was toggled.
    pub fn chain(
        &mut self,
        first: u32,
        length: usize,
        weight: i128,
        random: &mut Sequence,
        toggled: &mut Vec<u32>,
    ) -> bool {
        toggled.clear();
        self.weight = weight;
        let mut next = first;
        for _ in 0..length {
            // Longer than the chain: no payment is toggled twice in it.
            self.toggle(next, length as u64);
            toggled.push(next);
            let Some(row) = self.row_beyond(random) else {
                self.now += length as u64;
                return true;
            };
            match self.best_toggle(row, random) {
                Some(payment) => next = payment,
                None => break,
            }
        }
        self.touched.clear();
        self.now += length as u64;
        false
    }

    /// Takes back what a chain has toggled.
    pub fn take_back(&mut self, toggled: &[u32]) {
        self.steps += toggled.len() as u64 * Self::STEPS_A_TOGGLE;
        toggled.iter().rev().for_each(|&payment| self.selection.toggle(payment));
    }

    /// Whether the order of queues allows toggling a payment, the set being what it is.
    pub fn order_allows(&self, payment: u32) -> bool {
        !self.strict_order || self.selection.is_at_edge(payment)
    }

    fn toggle(&mut self, payment: u32, rest: u64) {
        self.now += 1;
        self.steps += Self::STEPS_A_TOGGLE;
        self.selection.toggle(payment);
        self.rests_until[payment as usize] = self.now + rest;
        self.touched.extend(self.selection.problem.legs(payment).iter().map(|leg| leg.row));
    }

    /// One of the rows beyond a limit.
    fn row_beyond(&mut self, random: &mut Sequence) -> Option<usize> {
        while !self.touched.is_empty() {
            let at = random.below(self.touched.len());
            let row = self.touched[at] as usize;
            if self.selection.is_short(row) || self.selection.is_over(row) {
                return Some(row);
            }
            self.touched.swap_remove(at);
        }
        None
    }

    /// The best of some payments that would help a row.
    fn best_toggle(&mut self, row: usize, random: &mut Sequence) -> Option<u32> {
        self.steps += 1;
        let selection = &self.selection;
        let (lowering, raising) = (selection.problem.lowering(row), selection.problem.raising(row));
        let (out, adding) = if selection.is_short(row) { (lowering, raising) } else { (raising, lowering) };
        let count = out.len() + adding.len();
        let tries = count.min(Self::TRIES);
        self.steps += tries as u64;
        let (start, stride) = (random.below(count), count / tries);
        let candidates = (0..tries).filter_map(|at| {
            let at = (start + at * stride) % count;
            let (payment, is_in) = if at < out.len() { (out[at], true) } else { (adding[at - out.len()], false) };
            let index = payment as usize;
            let allowed = selection.has(payment) == is_in
                && self.possible[index]
                && self.rests_until[index] <= self.now
                && self.order_allows(payment);
            allowed.then_some(payment)
        });
        candidates.max_by_key(|&payment| self.gain(payment))
    }

    /// What toggling a payment adds to the value, less what it adds to weighted amounts beyond limits.
    fn gain(&self, payment: u32) -> i128 {
        let selection = &self.selection;
        let entry = &selection.problem.payments[payment as usize];
        let sign = if selection.has(payment) { -1 } else { 1 };
        let mut gain = sign * i128::from(entry.value);
        for leg in selection.problem.legs(payment) {
            let row = leg.row as usize;
            let (before, after) = selection.beyond_before_and_after(row, payment, sign * leg.change);
            gain -= (after - before) * (self.weight + self.extra_weight[row]);
        }
        gain
    }
}
