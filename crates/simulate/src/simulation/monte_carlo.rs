//! The same simulation for many seeds, on all cores or one by one.

use super::outcome::Outcome;
use super::{Setup, SimulationError, simulate, simulate_while};
use rayon::prelude::*;
use serde::Serialize;

/// How a figure is spread over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The least.
    pub least: u128,
    /// A twentieth is not above this.
    pub p5: u128,
    /// Half is not above this.
    pub median: u128,
    /// All but a twentieth are not above this.
    pub p95: u128,
    /// The most.
    pub most: u128,
}

impl Spread {
    /// By nearest rank, so that each is a figure that came up. `None` for no figures.
    pub fn of(mut figures: Vec<u128>) -> Option<Spread> {
        figures.sort_unstable();
        let rank = |percent: usize| figures.get((figures.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Spread {
            least: *figures.first()?,
            p5: rank(5)?,
            median: rank(50)?,
            p95: rank(95)?,
            most: *figures.last()?,
        })
    }
}

/// Many simulations of one charter. Amounts in minor units of the unit of account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonteCarlo {
    /// What the rules are called.
    pub charter: String,
    /// Seeds from the first one on.
    pub runs: u64,
    /// Orders in all of them.
    pub orders: u64,
    /// Paid in the asset.
    pub settled_in_asset: Spread,
    /// Owed to the union at the end.
    pub credit_extended: Spread,
    /// The most that a member owed.
    pub largest_exposure: Spread,
    /// Orders that did not settle, by value.
    pub never_settled_value: Spread,
    /// Charges on all members.
    pub charges: Spread,
    /// Defaulted on by all members.
    pub defaulted: Spread,
}

/// What is kept of each run.
#[derive(Clone, Copy, Debug)]
struct Figures {
    orders: u64,
    settled_in_asset: u128,
    credit_extended: u128,
    largest_exposure: u128,
    never_settled_value: u128,
    charges: u128,
    defaulted: u128,
}

impl Figures {
    fn of(outcome: &Outcome) -> Figures {
        Figures {
            orders: outcome.orders,
            settled_in_asset: outcome.totals.settled_in_asset,
            credit_extended: outcome.totals.credit_extended,
            largest_exposure: outcome.largest_exposure.amount,
            never_settled_value: outcome.queue_delay.never_settled_value,
            charges: outcome.members.iter().map(|member| member.charges).sum(),
            defaulted: outcome.members.iter().map(|member| member.defaulted).sum(),
        }
    }
}

impl MonteCarlo {
    fn of(setup: &Setup, figures: &[Figures]) -> Result<MonteCarlo, SimulationError> {
        let spread = |figure: fn(&Figures) -> u128| {
            let none = || SimulationError::Setup("no runs were asked for".into());
            Spread::of(figures.iter().map(figure).collect()).ok_or_else(none)
        };
        Ok(MonteCarlo {
            charter: setup.rules_name.to_owned(),
            runs: figures.len() as u64,
            orders: figures.iter().map(|figures| figures.orders).sum(),
            settled_in_asset: spread(|figures| figures.settled_in_asset)?,
            credit_extended: spread(|figures| figures.credit_extended)?,
            largest_exposure: spread(|figures| figures.largest_exposure)?,
            never_settled_value: spread(|figures| figures.never_settled_value)?,
            charges: spread(|figures| figures.charges)?,
            defaulted: spread(|figures| figures.defaulted)?,
        })
    }
}

/// The setup with the seed of a run.
fn run<'a>(setup: &Setup<'a>, number: u64) -> Setup<'a> {
    Setup { seed: setup.seed.wrapping_add(number), ..setup.clone() }
}

/// Simulates `runs` seeds from that of the setup on, on all cores. `told` hears of each that is done.
///
/// # Errors
///
/// As [`simulate`]; and no runs at all.
pub fn monte_carlo(setup: &Setup, runs: u64, told: impl Fn() + Sync) -> Result<MonteCarlo, SimulationError> {
    let one = |number: u64| {
        let outcome = simulate(&run(setup, number), |_| {});
        told();
        outcome.map(|outcome| Figures::of(&outcome))
    };
    let figures: Vec<_> = (0..runs).into_par_iter().map(one).collect::<Result<_, _>>()?;
    MonteCarlo::of(setup, &figures)
}

/// As [`monte_carlo`], on this thread alone, as long as `told` says to go on: as for [`simulate_while`]. `first` is what came of the
/// first run, that of `setup` itself.
///
/// # Errors
///
/// As [`monte_carlo`], and [`SimulationError::Stopped`].
pub fn one_by_one(
    setup: &Setup,
    first: &Outcome,
    runs: u64,
    told: impl Fn(u64) -> bool,
) -> Result<MonteCarlo, SimulationError> {
    let one = |number: u64| simulate_while(&run(setup, number), &told).map(|outcome| Figures::of(&outcome));
    let figures: Vec<_> =
        std::iter::once(Ok(Figures::of(first))).chain((1..runs).map(one)).collect::<Result<_, _>>()?;
    MonteCarlo::of(setup, &figures)
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn ranks_by_hand() {
        let spread = Spread::of((1..=100).collect()).unwrap();
        assert_eq!([spread.least, spread.p5, spread.median, spread.p95, spread.most], [1, 5, 50, 95, 100]);
        let one = Spread::of(vec![7]).unwrap();
        assert_eq!([one.least, one.p5, one.median, one.p95, one.most], [7; 5]);
        assert_eq!(Spread::of(vec![]), None);
    }
}
