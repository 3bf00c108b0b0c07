//! A set of payments and where it leaves everybody.

use super::problem::Problem;

/// A set of payments, with the levels that it leads to. It may be beyond limits.
#[derive(Clone, Debug)]
pub(super) struct Selection<'a> {
    pub problem: &'a Problem,
    chosen: Vec<bool>,
    levels: Vec<i128>,
    /// By party and class: how many of its payments are in the set.
    paid: Vec<[u32; 3]>,
    value: u128,
    count: u32,
    /// Elementary evaluations so far: payments looked at.
    pub steps: u64,
}

impl<'a> Selection<'a> {
    /// The empty set, which is always within all limits.
    pub fn empty(problem: &'a Problem) -> Self {
        Selection {
            problem,
            chosen: vec![false; problem.payments.len()],
            levels: problem.levels.clone(),
            paid: vec![[0; 3]; problem.parties],
            value: 0,
            count: 0,
            steps: 0,
        }
    }

    /// Value, then count: what a larger one of is better.
    pub fn score(&self) -> (u128, u32) {
        (self.value, self.count)
    }

    pub fn has(&self, payment: u32) -> bool {
        self.chosen[payment as usize]
    }

    /// The payments of the set, ascending.
    pub fn payments(&self) -> Vec<u32> {
        (0..self.chosen.len() as u32).filter(|&payment| self.has(payment)).collect()
    }

    pub fn add(&mut self, payment: u32) {
        debug_assert!(!self.has(payment), "it is not in the set yet");
        for leg in self.problem.legs(payment) {
            self.levels[leg.row as usize] += leg.change;
        }
        let entry = &self.problem.payments[payment as usize];
        self.chosen[payment as usize] = true;
        self.paid[entry.payer as usize][usize::from(entry.class)] += 1;
        self.value += u128::from(entry.value);
        self.count += 1;
    }

    pub fn remove(&mut self, payment: u32) {
        debug_assert!(self.has(payment), "it is in the set");
        for leg in self.problem.legs(payment) {
            self.levels[leg.row as usize] -= leg.change;
        }
        let entry = &self.problem.payments[payment as usize];
        self.chosen[payment as usize] = false;
        self.paid[entry.payer as usize][usize::from(entry.class)] -= 1;
        self.value -= u128::from(entry.value);
        self.count -= 1;
    }

    pub fn toggle(&mut self, payment: u32) {
        if self.has(payment) { self.remove(payment) } else { self.add(payment) }
    }

    /// Becomes the same as another set; the steps stay its own.
    pub fn copy_from(&mut self, other: &Selection) {
        self.chosen.clone_from(&other.chosen);
        self.levels.clone_from(&other.levels);
        self.paid.clone_from(&other.paid);
        (self.value, self.count) = (other.value, other.count);
    }

    /// The lowest class of which a row has payments in the set; `None` for none, and for rows that are no parties.
    fn lowest_class(&self, row: usize) -> Option<usize> {
        self.paid.get(row).and_then(lowest_class)
    }

    /// The lowest level allowed of a row, the set being what it is.
    pub fn floor(&self, row: usize) -> i128 {
        self.problem.floor(row, self.lowest_class(row))
    }

    /// Whether a row is below its floor.
    pub fn is_short(&self, row: usize) -> bool {
        self.levels[row] < self.floor(row)
    }

    /// Whether a row is above its ceiling.
    pub fn is_over(&self, row: usize) -> bool {
        self.levels[row] > self.problem.highest[row]
    }

    /// By how much a row is beyond a limit, and by how much it would be if one of its payments were toggled, which changes
    /// its level so.
    pub fn beyond_before_and_after(&self, row: usize, payment: u32, change: i128) -> (i128, i128) {
        let (level, highest) = (self.levels[row], self.problem.highest[row]);
        let beyond =
            |level: i128, floor: i128| floor.saturating_sub(level).max(0) + level.saturating_sub(highest).max(0);
        let floor = self.floor(row);
        let entry = &self.problem.payments[payment as usize];
        let floor_after = if row == entry.payer as usize {
            let mut paid = self.paid[row];
            let count = &mut paid[usize::from(entry.class)];
            *count = if self.has(payment) { *count - 1 } else { *count + 1 };
            self.problem.floor(row, lowest_class(&paid))
        } else {
            floor
        };
        (beyond(level, floor), beyond(level + change, floor_after))
    }

    /// Whether a payment is the last of its payer and class that is in the set, or the first that is not, if the set has a
    /// prefix of each such queue.
    pub fn is_at_edge(&self, payment: u32) -> bool {
        let (earlier, later) = self.problem.neighbours(payment);
        if self.has(payment) {
            later.is_none_or(|later| !self.has(later))
        } else {
            earlier.is_none_or(|earlier| self.has(earlier))
        }
    }

    /// Adds a payment to a set within all limits if the set stays so.
    pub fn try_add(&mut self, payment: u32) -> bool {
        self.steps += 1;
        let entry = &self.problem.payments[payment as usize];
        let (payer, class) = (entry.payer as usize, usize::from(entry.class));
        let fits = self.problem.legs(payment).iter().all(|leg| {
            let row = leg.row as usize;
            let after = self.levels[row] + leg.change;
            if leg.change >= 0 {
                return after <= self.problem.highest[row];
            }
            let class = if row == payer { self.lowest_class(row).max(Some(class)) } else { None };
            after >= self.problem.floor(row, class)
        });
        if fits {
            self.add(payment);
        }
        fits
    }
}

/// The lowest class of which any were paid.
fn lowest_class(paid: &[u32; 3]) -> Option<usize> {
    paid.iter().rposition(|&count| count > 0)
}
