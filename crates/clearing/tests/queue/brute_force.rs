//! Against the best of all subsets.

use crate::checker::{overtakes, score, wrong_with};
use crate::instances::{any, plain};
use clearing::queue::{Algorithm, Instance, resolve};
use proptest::prelude::*;

/// Enough for a set of a dozen payments.
const BUDGET: u64 = 20_000;

/// The largest value, then the largest count, of all subsets.
fn best(instance: &Instance, strict_order: bool) -> (u128, usize) {
    (0..1u32 << instance.payments.len())
        .map(|bits| (0..32).filter(|at| bits >> at & 1 == 1).collect::<Vec<u32>>())
        .filter(|set| wrong_with(instance, set).is_none() && !(strict_order && overtakes(instance, set)))
        .map(|set| score(instance, &set))
        .max()
        .expect("the empty set is one")
}

fn check(instance: &Instance) -> Result<(), TestCaseError> {
    let unordered = best(instance, false);
    let in_order = best(instance, true);
    let mut highest = (0, 0);
    let rungs = [Algorithm::Fifo, Algorithm::BypassFifo, Algorithm::BilateralOffset, Algorithm::Multilateral];
    let optimisers = [0, BUDGET].map(|budget| Algorithm::Optimiser { budget, strict_order: false });
    for algorithm in rungs.into_iter().chain(optimisers) {
        let resolution = resolve(instance, algorithm).expect("an instance");
        prop_assert_eq!(wrong_with(instance, &resolution.settled), None, "{:?}", algorithm);
        let settled = score(instance, &resolution.settled);
        prop_assert_eq!(settled.0, resolution.value);
        prop_assert!(settled <= unordered, "{:?} settles more than can be", algorithm);
        prop_assert!(resolution.bound >= unordered.0, "{} is no bound on {}", resolution.bound, unordered.0);
        let tried = resolution.tried.iter().map(|step| (step.value, step.count as usize)).max();
        prop_assert_eq!(tried, Some(settled), "the best of what was tried is settled");
        if let Algorithm::Optimiser { .. } = algorithm {
            prop_assert!(settled >= highest, "worse than a simpler algorithm");
        }
        highest = highest.max(settled);
        if algorithm == Algorithm::Fifo {
            prop_assert!(!overtakes(instance, &resolution.settled));
        }
    }
    for budget in [0, BUDGET] {
        let resolution = resolve(instance, Algorithm::Optimiser { budget, strict_order: true }).expect("an instance");
        prop_assert_eq!(wrong_with(instance, &resolution.settled), None, "strict, budget {}", budget);
        prop_assert!(!overtakes(instance, &resolution.settled));
        prop_assert!(resolution.value <= in_order.0 && in_order.0 <= resolution.bound);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_algorithm_is_within_limits_and_below_the_bound(instance in any()) {
        check(&instance)?;
    }

    #[test]
    fn every_algorithm_is_within_plain_limits(instance in plain()) {
        check(&instance)?;
    }

    /// One class and balances alone: the order leaves one largest set, which removal finds and the bound meets.
    #[test]
    fn strict_order_of_one_class_is_solved_exactly(instance in plain()) {
        let resolution = resolve(&instance, Algorithm::Optimiser { budget: BUDGET, strict_order: true }).expect("an instance");
        prop_assert_eq!(score(&instance, &resolution.settled), best(&instance, true));
        prop_assert_eq!(resolution.gap(), 0);
    }

    #[test]
    fn the_same_twice(instance in any(), strict_order in proptest::bool::ANY, budget in 0..BUDGET) {
        let algorithm = Algorithm::Optimiser { budget, strict_order };
        prop_assert_eq!(resolve(&instance, algorithm), resolve(&instance, algorithm));
    }
}

/// How often the optimiser finds the optimum of small instances: nearly always.
#[test]
fn small_instances_are_solved() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut solved, mut value, mut most) = (0, 0, 0);
    for _ in 0..300 {
        let instance = any().new_tree(&mut runner).expect("an instance").current();
        for strict_order in [false, true] {
            let resolution =
                resolve(&instance, Algorithm::Optimiser { budget: BUDGET, strict_order }).expect("an instance");
            let best = best(&instance, strict_order);
            solved += usize::from(score(&instance, &resolution.settled).0 == best.0);
            (value, most) = (value + resolution.value, most + best.0);
        }
    }
    assert!(solved >= 590, "{solved} of 600 solved, value {value} of {most}");
}
