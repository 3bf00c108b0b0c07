//! `comity simulate`: a union by any rules through years of real trade, on a virtual clock.

mod sheets;

use crate::exit::{Failure, Result};
use crate::output::{Align, Output, Table};
use crate::progress;
use clap::Args;
use serde::Serialize;
use simulate::Scenario;
use simulate::preset::{PRESETS, preset};
use simulate::simulation::monte_carlo::{MonteCarlo, Spread, monte_carlo};
use simulate::simulation::outcome::Outcome;
use simulate::simulation::shock::Shock;
use simulate::simulation::{Setup, html, simulate};
use simulate::trade::Trade;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

const NOTES: &str = "\
FILE has the columns exporter,importer,year,usd_million: importers owe exporters; or it is a scenario that ends in .toml. Each figure is split into dated orders, the same
ones for the same seed. CHARTER is the name of a preset (keynes-1943, epu-1950, aladi, ...; `comity simulate --presets` lists them)
or a file with a charter, whose members are replaced. Quotas by a formula are those of the years before, as far as FILE has them.

A shock is stops:CODE@DAY (pays no settlement leg any more), leaves:CODE@DAY (gives notice) or rate:CODE:PERCENT@DAY (a unit of
account costs so much more of its currency, in which its exports are then invoiced).";

/// Run a union by the rules of a preset or a charter through years of trade, and say what came of it
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// List the presets, and do nothing else
    #[arg(long, exclusive = true)]
    presets: bool,
    /// Trade between countries: CSV, or a scenario
    #[arg(long, value_name = "FILE", required_unless_present = "presets")]
    trade: Option<PathBuf>,
    /// The year; several are run one after another
    #[arg(long = "year", value_name = "YEAR", value_delimiter = ',', required_unless_present = "presets")]
    years: Vec<i16>,
    /// Codes of the members [default: all countries of the first year]
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    members: Vec<String>,
    /// The rules
    #[arg(long, value_name = "CHARTER", default_value = "aladi")]
    charter: String,
    /// Further rules for the same orders
    #[arg(long, value_name = "CHARTER", value_delimiter = ',')]
    compare: Vec<String>,
    /// At least so many orders a year
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    orders: u32,
    /// Of everything random
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// What goes wrong; may be given several times
    #[arg(long = "shock", value_name = "SHOCK")]
    shocks: Vec<Shock>,
    /// Where members pay out of deposits: percent of a year's imports that each deposits at first
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    deposit_percent: u32,
    /// Simulate so many seeds from --seed on, on all cores, and say how the figures are spread
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with_all = ["html", "parquet"])]
    runs: Option<u64>,
    /// Also write a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also write cycles.parquet, positions.parquet and members.parquet to this directory, which must be empty or not exist
    #[arg(long, value_name = "DIR")]
    parquet: Option<PathBuf>,
}

/// Rules by name.
struct Rules {
    name: String,
    text: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    if arguments.presets {
        let all: Vec<_> = PRESETS.iter().map(|preset| Listed { name: preset.name, about: preset.about() }).collect();
        return output.show(&all, |all| all.iter().map(|one| format!("{:<14} {}\n", one.name, one.about)).collect());
    }
    let (Some(path), Some(&first)) = (&arguments.trade, arguments.years.first()) else {
        return Err(Failure::usage("--trade and --year are needed"));
    };
    let trade = read_trade(path)?;
    if let Some(year) = arguments.years.iter().find(|&&year| trade.countries(year).is_empty()) {
        return Err(Failure::failed(format!("{}: there is no trade of {year}", path.display())));
    }
    let members = if arguments.members.is_empty() {
        trade.countries(first).into_iter().collect()
    } else {
        arguments.members.clone()
    };
    let charters = std::iter::once(&arguments.charter).chain(&arguments.compare);
    let rules: Vec<Rules> = charters.map(|name| rules_of(name)).collect::<Result<_>>()?;
    let setup = |rules| setup_of(arguments, rules, &trade, &members);
    if let Some(runs) = arguments.runs {
        let bar = progress::bar(runs * rules.len() as u64, "runs");
        let spreads = rules.iter().map(|rules| {
            let done = monte_carlo(&setup(rules), runs, || bar.inc(1));
            done.map_err(|error| Failure::failed(format!("{}: {error}", rules.name)))
        });
        let spreads: Vec<MonteCarlo> = spreads.collect::<Result<_>>()?;
        bar.finish_and_clear();
        return show(&spreads, output, |all| all.iter().map(spread_text).collect());
    }
    let orders = u64::from(arguments.orders) * arguments.years.len() as u64 * rules.len() as u64;
    let bar = progress::bar(orders, "orders");
    let outcomes = rules.iter().map(|rules| {
        let outcome = simulate(&setup(rules), |orders| bar.inc(orders));
        outcome.map_err(|error| Failure::failed(format!("{}: {error}", rules.name)))
    });
    let outcomes: Vec<Outcome> = outcomes.collect::<Result<_>>()?;
    bar.finish_and_clear();
    if let Some(path) = &arguments.html {
        write_new(path, &html::page(&outcomes))?;
    }
    if let Some(directory) = &arguments.parquet {
        sheets::write(directory, &outcomes)?;
    }
    show(&outcomes, output, |all| {
        let details: Vec<_> = all.iter().map(Outcome::text).collect();
        details.join("\n") + &comparison(all)
    })
}

/// A file of trade, or a scenario.
fn read_trade(path: &Path) -> Result<Trade> {
    let wrong = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "toml") {
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        return Ok(Trade::of_scenario(&Scenario::parse(&text).map_err(|error| wrong(&error))?));
    }
    let file = File::open(path).map_err(Failure::io("read", path))?;
    Trade::read(file).map_err(|error| wrong(&error))
}

/// One result by itself, several as a list.
fn show<T: Serialize>(all: &[T], output: Output, text: impl FnOnce(&[T]) -> String) -> Result<()> {
    match all {
        [one] if output.is_json() => output.json(one),
        _ if output.is_json() => output.json(&all),
        _ => output.raw(&text(all)),
    }
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: String,
}

fn rules_of(name: &str) -> Result<Rules> {
    if let Some(preset) = preset(name) {
        return Ok(Rules { name: name.to_owned(), text: preset.text.to_owned() });
    }
    let path = Path::new(name);
    if !path.exists() {
        let names: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
        return Err(Failure::usage(format!("{name} is neither a file nor a preset ({})", names.join(", "))));
    }
    let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
    let stem = path.file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned());
    Ok(Rules { name: stem, text })
}

fn setup_of<'a>(arguments: &'a Arguments, rules: &'a Rules, trade: &'a Trade, members: &'a [String]) -> Setup<'a> {
    Setup {
        rules_name: &rules.name,
        rules: &rules.text,
        trade,
        years: &arguments.years,
        members,
        orders: arguments.orders,
        seed: arguments.seed,
        shocks: &arguments.shocks,
        deposit_percent: arguments.deposit_percent,
    }
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let file = File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Failure::io("write", path))
}

/// A line for each of several charters.
fn comparison(outcomes: &[Outcome]) -> String {
    if outcomes.len() < 2 {
        return String::new();
    }
    let mut table = Table::new(&[
        ("charter", Align::Left),
        ("settled", Align::Right),
        ("in asset", Align::Right),
        ("asset/settled", Align::Right),
        ("credit at end", Align::Right),
        ("most credit", Align::Right),
        ("waited", Align::Right),
        ("not settled", Align::Right),
    ]);
    for outcome in outcomes {
        let (totals, delay) = (&outcome.totals, &outcome.queue_delay);
        let amount = |amount: u128| outcome.major(amount.cast_signed());
        let ratio = outcome.asset_ratio();
        table.row([
            outcome.charter.clone(),
            amount(totals.settled_gross),
            amount(totals.settled_in_asset),
            format!("0.{:04}", (ratio + 50) / 100),
            amount(totals.credit_extended),
            amount(totals.largest_credit_extended),
            delay.delayed_orders.to_string(),
            amount(delay.never_settled_value),
        ]);
    }
    format!("\n{}", table.text(""))
}

fn spread_text(many: &MonteCarlo) -> String {
    let mut table = Table::new(&[
        (" ", Align::Left),
        ("least", Align::Right),
        ("5 %", Align::Right),
        ("median", Align::Right),
        ("95 %", Align::Right),
        ("most", Align::Right),
    ]);
    for (name, spread) in [
        ("settled in asset", many.settled_in_asset),
        ("credit at the end", many.credit_extended),
        ("largest exposure", many.largest_exposure),
        ("not settled", many.never_settled_value),
        ("charges", many.charges),
        ("defaulted", many.defaulted),
    ] {
        let Spread { least, p5, median, p95, most } = spread;
        let [least, p5, median, p95, most] = [least, p5, median, p95, most].map(|minor| minor.to_string());
        table.row([name.to_owned(), least, p5, median, p95, most]);
    }
    format!("{}: {} runs, {} orders, minor units\n{}\n", many.charter, many.runs, many.orders, table.text(""))
}
