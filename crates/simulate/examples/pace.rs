//! How fast simulations run: a year of a million orders of eight members on one core, and a thousand years of ten thousand orders on
//! all cores, by several rules.
//!
//! `cargo run --release -p simulate --example pace`, or with `-- ORDERS YEARS` for other sizes.

use simulate::Scenario;
use simulate::preset::preset;
use simulate::simulation::monte_carlo::monte_carlo;
use simulate::simulation::{Setup, simulate};
use simulate::trade::Trade;
use std::time::Instant;

fn main() {
    let mut sizes = std::env::args().skip(1).map(|size| size.parse().expect("a number"));
    let (orders, years) = (sizes.next().unwrap_or(1_000_000), sizes.next().unwrap_or(1_000));
    let scenario = Scenario::latin_america_2006();
    let trade = Trade::of_scenario(&scenario);
    let members: Vec<String> = scenario.members.iter().map(|member| member.code.clone()).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores");
    for name in ["aladi", "epu-1950", "keynes-1943", "cls-like"] {
        let rules = preset(name).expect("a preset").text;
        let setup = Setup {
            rules_name: name,
            rules,
            trade: &trade,
            years: &[scenario.year],
            members: &members,
            orders: orders as u32,
            seed: 1,
            shocks: &[],
            deposit_percent: 0,
        };
        let started = Instant::now();
        let outcome = simulate(&setup, |_| {}).expect("the scenario can be simulated");
        println!(
            "{name}: a year of {} orders, {} settled, on one core: {:.2?}",
            outcome.orders,
            outcome.settled_orders,
            started.elapsed()
        );
        if name == "aladi" {
            let setup = Setup { orders: 10_000, ..setup };
            let started = Instant::now();
            let many = monte_carlo(&setup, years, || {}).expect("the scenario can be simulated");
            println!("{name}: {} years, {} orders in all: {:.2?}", many.runs, many.orders, started.elapsed());
        }
    }
}
