//! One queue after the other, solved both ways, and what comes of it.

use crate::check::is_within_limits;
use crate::exact::{self, Exact};
use crate::generate::{Shape, instance};
use clearing::queue::{Algorithm, Resolution, Rung, resolve};
use std::collections::BTreeMap;
use std::time::Instant;

/// A queue, solved both ways.
pub struct Row {
    pub shape: Shape,
    pub exact: Exact,
    pub resolution: Resolution,
    /// What the optimiser took.
    pub seconds: f64,
}

impl Row {
    /// Solves a queue both ways.
    ///
    /// # Panics
    ///
    /// If the optimiser's set is not within limits, or an optimum is above its bound.
    pub fn measure(shape: Shape, strict_order: bool, budget: u64, exact: impl FnOnce() -> Exact) -> Row {
        let instance = instance(shape);
        let started = Instant::now();
        let resolution = resolve(&instance, Algorithm::Optimiser { budget, strict_order }).expect("an instance");
        let seconds = started.elapsed().as_secs_f64();
        let exact = exact();
        assert!(exact.value <= resolution.bound, "the bound is one: {shape:?}");
        assert!(is_within_limits(&instance, &resolution.settled), "the set is within limits: {shape:?}");
        if resolution.value > exact.bound {
            let excess = resolution.value - exact.bound;
            eprintln!("{shape:?}: {excess} more than HiGHS says can be, in a set within all limits");
        }
        Row { shape, exact, resolution, seconds }
    }

    pub fn solve_exactly(shape: Shape, strict_order: bool, seconds: f64) -> Exact {
        exact::solve(&instance(shape), strict_order, seconds)
    }

    /// By how much the optimiser's value is below the best known, percent of that. The best known is the optimum where
    /// HiGHS has proved it.
    pub fn gap(&self) -> f64 {
        share(self.best() - self.resolution.value, self.best())
    }

    /// By how much the bound is above the best known value, percent of that.
    pub fn bound_excess(&self) -> Option<f64> {
        (self.best() > 0).then(|| share(self.resolution.bound - self.best(), self.best()))
    }

    fn best(&self) -> u128 {
        self.exact.value.max(self.resolution.value)
    }

    /// The best of the rungs below the optimiser, percent of the best known value below it.
    fn rungs_gap(&self) -> f64 {
        let rungs = self.resolution.tried.iter().filter(|step| step.rung != Rung::Search);
        share(self.best() - rungs.map(|step| step.value).max().unwrap_or(0), self.best())
    }

    pub fn print(&self) {
        let Shape { payments, parties, balance_percent, round, .. } = self.shape;
        println!(
            "{payments:5} payments {parties:3} parties, balances {balance_percent:2} %{} optimum {:>10}{} in {:6.2} s, \
             gap {:6.3} % in {:5.1} ms, rungs {:6.2} %, bound +{:.2} %",
            if round { " round," } else { ",      " },
            self.exact.value,
            if self.exact.proved { " " } else { "?" },
            self.exact.seconds,
            self.gap(),
            self.seconds * 1e3,
            self.rungs_gap(),
            self.bound_excess().unwrap_or(0.0),
        );
    }
}

fn share(part: u128, whole: u128) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// Share of rows whose gap is at most 1 %, percent.
pub fn within_one_percent<'a>(rows: impl IntoIterator<Item = &'a Row>) -> f64 {
    let gaps: Vec<f64> = rows.into_iter().map(Row::gap).collect();
    100.0 * gaps.iter().filter(|&&gap| gap <= 1.0).count() as f64 / gaps.len() as f64
}

/// Prints the distribution of gaps, in all and by size and balance.
pub fn print_table(rows: &[Row]) {
    let mut groups: BTreeMap<(u8, String), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if !row.exact.proved {
            groups.entry((9, "optimum not proved".into())).or_default().push(row);
            continue;
        }
        groups.entry((0, "optimum proved".into())).or_default().push(row);
        let size =
            [50, 100, 200, 500, 1_000].into_iter().find(|&size| row.shape.payments <= size).unwrap_or(usize::MAX);
        groups.entry((1, format!("  up to {size:5} payments"))).or_default().push(row);
        let band = match row.shape.balance_percent {
            0 => "       0 %",
            1..=3 => "  1 to 3 %",
            4..=10 => " 4 to 10 %",
            11..=20 => "11 to 20 %",
            _ => "21 to 30 %",
        };
        groups.entry((2, format!("  balances {band}"))).or_default().push(row);
        let round = if row.shape.round { "  round amounts" } else { "  any amounts" };
        groups.entry((3, round.into())).or_default().push(row);
    }
    println!(
        "{:24} {:>6} {:>8} {:>8} {:>8} {:>8} {:>10}  {:>9} {:>9}",
        "gap, %", "queues", "min", "median", "p95", "max", "within 1 %", "rungs", "bound"
    );
    for ((_, name), rows) in groups {
        let gaps = sorted(rows.iter().map(|row| row.gap()));
        let rungs = sorted(rows.iter().map(|row| row.rungs_gap()));
        let bounds = sorted(rows.iter().filter_map(|row| row.bound_excess()));
        println!(
            "{name:24} {:6} {:8.3} {:8.3} {:8.3} {:8.3} {:9.1}%  {:8.2}% {:>9}",
            gaps.len(),
            gaps[0],
            quantile(&gaps, 50),
            quantile(&gaps, 95),
            gaps[gaps.len() - 1],
            within_one_percent(rows),
            quantile(&rungs, 50),
            if bounds.is_empty() { "-".into() } else { format!("+{:.2}%", quantile(&bounds, 50)) },
        );
    }
    let times = sorted(rows.iter().map(|row| row.seconds * 1e3));
    println!(
        "time of the optimiser, ms: median {:.1}, p95 {:.1}, max {:.1}",
        quantile(&times, 50),
        quantile(&times, 95),
        times[times.len() - 1]
    );
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The smallest value that so many percent of the values do not exceed.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}
