//! Seeds that pass, bugs that are found, and a seed that is the same twice.

use super::injected::Bug;
use super::plan::{Faults, Plan};
use super::report::Report;
use super::run::{Ran, run, run_plan};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds that are run when nothing else is asked for.
const SEEDS: u64 = 100;

/// Runs seeds on all processors.
fn run_all(seeds: std::ops::Range<u64>, bug: Option<Bug>, each: impl Fn(Ran) -> bool + Sync) {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || !each(run(seed, bug, false)) {
                        return next.store(seeds.end, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// `SIMULATION_SEEDS=n` runs so many, `SIMULATION_SEED=n` one, with everything that happens in it.
#[test]
fn nothing_goes_wrong() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let ran = run(seed, None, true);
        println!("{ran:#?}");
        assert_eq!(ran.outcome.violations, Vec::<String>::new());
        return;
    }
    let from = number("SIMULATION_FROM").unwrap_or(0);
    let report = Mutex::new(Report::default());
    run_all(from..from + number("SIMULATION_SEEDS").unwrap_or(SEEDS), None, |ran| {
        let mut report = report.lock().unwrap();
        report.add(&ran);
        if report.seeds.is_multiple_of(500) {
            println!("{report}\n");
        }
        true
    });
    let report = report.into_inner().unwrap();
    println!("{report}");
    assert!(report.failed.is_empty(), "{} seeds failed", report.failed.len());
}

/// Of a block for which too few voted in time nobody hears again, unless another block follows it.
#[test]
fn orders_become_final_while_the_clock_stands() {
    for seed in 0..30 {
        let quiet = Faults { loss: true, delay: true, ..Faults::default() };
        let plan = Plan::of(seed);
        let hostile = vec![None; plan.nodes];
        // As long as a leader is waited for: some hear of a block in time, and some do not.
        let calm_delay_ms = (1, 400);
        let plan =
            Plan { hostile, faults: quiet, decides: false, late: None, calm_delay_ms, clocks_stand: true, ..plan };
        let ran = run_plan(plan, None, false);
        assert_eq!(ran.outcome.violations, Vec::<String>::new(), "seed {seed}");
    }
}

/// A seed has the same blocks, states and steps every time.
#[test]
fn a_seed_is_the_same_twice() {
    for seed in [1, 2, 3] {
        let [first, second] = [run(seed, None, false), run(seed, None, false)];
        assert_eq!(first.outcome, second.outcome);
        assert_eq!(first.steps, second.steps);
        assert!(first.outcome.height > 0);
    }
}

/// How many seeds it takes to find a bug.
fn seeds_until_found(bug: Bug) -> u64 {
    let found = AtomicU64::new(u64::MAX);
    run_all(0..300, Some(bug), |ran| {
        let is_found = !ran.outcome.violations.is_empty();
        if is_found && found.fetch_min(ran.plan.seed, Ordering::Relaxed) == u64::MAX {
            println!("{bug:?}: seed {}: {}", ran.plan.seed, ran.outcome.violations[0]);
        }
        !is_found
    });
    found.into_inner()
}

#[test]
fn a_receipt_before_the_block_is_durable_is_found() {
    assert_ne!(seeds_until_found(Bug::AcknowledgesFirst), u64::MAX);
}

#[test]
fn a_vote_without_a_look_at_the_state_is_found() {
    assert_ne!(seeds_until_found(Bug::SkipsStateCheck), u64::MAX);
}

#[test]
fn a_leader_that_forgets_what_it_proposed_is_found() {
    assert_ne!(seeds_until_found(Bug::ForgetsProposed), u64::MAX);
}
