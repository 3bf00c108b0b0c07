//! How much sooner a set-off is found again after a part of its obligations has changed.
//!
//! `cargo run --release -p bench --bin set_off_again`: a scale-free network of obligations with log-normal amounts is
//! cleared from nothing; then, for each share, that part of the obligations gets new amounts, and it is cleared again from
//! where it was. Every solution is proved by `clearing::set_off::check`. Times are of the solver alone, after the
//! obligations are laid out as a network, and both ways the same.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use clearing::flow::{Arc, Network, Solution, Solver};
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::time::Instant;

#[derive(Debug, Parser)]
struct Options {
    /// Parties.
    #[arg(long, default_value_t = 100_000)]
    parties: u32,
    /// Obligations.
    #[arg(long, default_value_t = 1_000_000)]
    obligations: usize,
    /// One in so many obligations changes.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000, 10_000])]
    one_in: Vec<usize>,
    /// How often each is done; the median counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Draws the network and the changes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Amounts in cents: median 60,000, and a standard deviation of the logarithm of 1.8.
fn amounts() -> Result<LogNormal<f64>> {
    LogNormal::new(60_000_f64.ln(), 1.8).context("a log-normal distribution")
}

/// Parties are drawn with weight rank^-0.75, half of them with the same rank as debtor and as creditor.
fn network(options: &Options, random: &mut Xoshiro256PlusPlus) -> Result<Network> {
    let parties = options.parties as usize;
    let mut total = 0.0;
    let weights: Vec<f64> = (1..=parties)
        .map(|rank| {
            total += (rank as f64).powf(-0.75);
            total
        })
        .collect();
    let creditors: Vec<u32> = {
        let mut shuffled: Vec<u32> = (0..options.parties).filter(|party| party % 2 == 1).collect();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, random.random_range(0..=at));
        }
        (0..options.parties).map(|party| if party % 2 == 1 { shuffled[party as usize / 2] } else { party }).collect()
    };
    let draw = |random: &mut Xoshiro256PlusPlus| {
        let point = random.random_range(0.0..total);
        weights.partition_point(|&weight| weight < point).min(parties - 1)
    };
    let amounts = amounts()?;
    let mut arcs = Vec::with_capacity(options.obligations);
    while arcs.len() < options.obligations {
        let (tail, head) = (draw(random) as u32, creditors[draw(random)]);
        if tail != head {
            arcs.push(Arc { tail, head, capacity: amount(&amounts, random), cost: -1 });
        }
    }
    Ok(Network { nodes: options.parties, supplies: Vec::new(), arcs })
}

fn amount(amounts: &LogNormal<f64>, random: &mut impl Rng) -> u64 {
    (amounts.sample(random) as u64).max(1)
}

/// What is cleared, after making sure that the flow is a circulation and that the potentials prove it largest.
fn proved(network: &Network, solution: &Solution) -> Result<u128> {
    let mut left = vec![0_i128; network.nodes as usize];
    for (arc, &flow) in network.arcs.iter().zip(&solution.flows) {
        let reduced = arc.cost + solution.potentials[arc.tail as usize] - solution.potentials[arc.head as usize];
        ensure!(flow <= arc.capacity && (reduced >= 0 || flow == arc.capacity) && (reduced <= 0 || flow == 0));
        left[arc.tail as usize] -= i128::from(flow);
        left[arc.head as usize] += i128::from(flow);
    }
    ensure!(left.iter().all(|&left| left == 0), "a net position was changed");
    Ok(solution.flows.iter().map(|&flow| u128::from(flow)).sum())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Clears from nothing: the solver, what it cleared, and how long solving took, with and without laying out.
fn from_nothing(network: &Network) -> Result<(Solver, u128, f64, f64)> {
    let start = Instant::now();
    let mut solver = Solver::new(network)?;
    let laid_out = start.elapsed().as_secs_f64();
    solver.solve()?;
    let all = start.elapsed().as_secs_f64();
    let cleared = proved(network, &solver.solution())?;
    Ok((solver, cleared, all - laid_out, all))
}

fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(options.parties >= 2 && options.runs >= 1, "there are at least two parties and one run");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed);
    let mut network = network(&options, &mut random)?;
    let amounts = amounts()?;
    println!("{} parties, {} obligations, seed {}", options.parties, options.obligations, options.seed);
    println!("{:>10} {:>16} {:>16} {:>16} {:>8}", "one in", "from nothing s", "laid out too s", "again s", "ratio");
    for &one_in in &options.one_in {
        let (mut nothing, mut all, mut again) = (Vec::new(), Vec::new(), Vec::new());
        let mut solver = from_nothing(&network)?.0;
        for _ in 0..options.runs {
            let changes: Vec<(usize, u64)> = (0..(network.arcs.len() / one_in).max(1))
                .map(|_| (random.random_range(0..network.arcs.len()), amount(&amounts, &mut random)))
                .collect();
            let start = Instant::now();
            for &(arc, capacity) in &changes {
                solver.set_capacity(arc as u32, capacity)?;
            }
            solver.solve()?;
            again.push(start.elapsed().as_secs_f64());
            for (arc, capacity) in changes {
                network.arcs[arc].capacity = capacity;
            }
            let cleared = proved(&network, &solver.solution())?;
            let (_, expected, seconds, with_layout) = from_nothing(&network)?;
            ensure!(cleared == expected, "both ways clear the same: {cleared}, {expected}");
            nothing.push(seconds);
            all.push(with_layout);
        }
        let (nothing, all, again) = (median(nothing), median(all), median(again));
        println!("{one_in:>10} {nothing:>16.4} {all:>16.4} {again:>16.4} {:>8.1}", nothing / again);
    }
    Ok(())
}
