//! Durable orders a second, side by side on this machine. `bench/README.md` says what is measured.

mod comity;
mod machine;
mod measure;
mod postgres;
mod workload;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use machine::Machine;
use measure::{Measurement, Plan, System};
use workload::{ACCOUNTS, Distribution, SEED, Workload, ZIPF_EXPONENT, debit_limit};

/// Set by Ctrl-C (or SIGTERM, SIGHUP): the run ends with an error, and on the way out every server is stopped and every file removed.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Work of others, in cores, up to which a row is worth comparing. More than it looks: a process that keeps a core busy, even at the
/// lowest priority, delays the end of every sync by whole time slices.
const QUIET_CORES: f64 = 0.1;

/// Measures durable orders a second and prints one JSON object on standard output.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Length of each measured window, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Length of the window of each trial in which a system finds its best configuration, in seconds.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    trial_seconds: u64,
    /// Systems to run, in this order.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = SystemName::value_variants().to_vec())]
    system: Vec<SystemName>,
    /// Orders in a batch.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 8_190], value_parser = clap::value_parser!(u32).range(1..=8_190))]
    batch: Vec<u32>,
    /// How accounts are drawn.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Distribution::Uniform, Distribution::Zipf])]
    distribution: Vec<Distribution>,
    /// Directory on the disk to measure; every system keeps its files in it and removes them afterwards.
    #[arg(long, default_value = "target/bench-data")]
    dir: PathBuf,
    /// Seed of the workload.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SystemName {
    Comity,
    Postgres,
}

impl SystemName {
    fn start(self, dir: &Path) -> Result<Box<dyn System>> {
        Ok(match self {
            SystemName::Comity => Box::new(comity::Comity::new(dir, &INTERRUPTED)),
            SystemName::Postgres => Box::new(postgres::Postgres::start(dir, &INTERRUPTED)?),
        })
    }
}

/// The object on standard output.
#[derive(Serialize)]
struct Report {
    benchmark: &'static str,
    machine: Machine,
    /// Version of each system that ran.
    versions: BTreeMap<&'static str, String>,
    workload: WorkloadReport,
    warm_up_seconds: f64,
    seconds: f64,
    trial_seconds: f64,
    postgres_settings: BTreeMap<&'static str, &'static str>,
    rows: Vec<Measurement>,
    ratios: Vec<Ratio>,
}

#[derive(Serialize)]
struct WorkloadReport {
    seed: u64,
    accounts: u32,
    accounts_with_limits: usize,
    zipf_exponent: f64,
}

/// How many times as many orders a second Comity did as PostgreSQL.
#[derive(Debug, PartialEq, Serialize)]
struct Ratio {
    batch: usize,
    distribution: Distribution,
    comity_per_postgres: f64,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))?;
    if cfg!(debug_assertions) {
        eprintln!("warning: built without --release; the figures mean nothing");
    }
    std::fs::create_dir_all(&options.dir).with_context(|| format!("cannot create {}", options.dir.display()))?;
    let dir = options.dir.canonicalize()?;
    let machine = machine::inspect(&dir)?;
    let measured = Duration::from_secs(options.seconds);
    let warm_up = (measured / 5).max(Duration::from_secs(1));
    let trial = Duration::from_secs(options.trial_seconds);

    let mut systems = Vec::new();
    for name in &options.system {
        eprintln!("starting {name:?} in {}", dir.display());
        systems.push(name.start(&dir)?);
    }
    let mut rows = Vec::new();
    for &distribution in &options.distribution {
        let workload = Workload::new(distribution, options.seed)?;
        for &batch in &options.batch {
            // One after the other at each point, so that a slow minute of the machine touches both.
            for system in &mut systems {
                ensure!(!INTERRUPTED.load(Ordering::Relaxed), "interrupted");
                eprintln!("{}, batches of {batch}, {distribution:?}", system.name());
                let plan = Plan { batch_size: batch as usize, warm_up, measured, trial };
                let row = system.run(&workload, &plan)?;
                eprintln!(
                    "  {:>16.0} orders/s; batch p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms; {} settled, {} refused; others used {:.2} cores",
                    row.orders_per_second,
                    row.batch_latency_ms.p50,
                    row.batch_latency_ms.p99,
                    row.batch_latency_ms.max,
                    row.settled,
                    row.refused,
                    row.cores_used_by_others
                );
                if row.cores_used_by_others > QUIET_CORES {
                    eprintln!("  warning: the machine was not quiet; this row cannot be compared");
                }
                rows.push(row);
            }
        }
    }
    let report = Report {
        benchmark: "durable orders",
        machine,
        versions: systems.iter().map(|system| (system.name(), system.version())).collect(),
        workload: WorkloadReport {
            seed: options.seed,
            accounts: ACCOUNTS,
            accounts_with_limits: (0..ACCOUNTS).filter(|account| debit_limit(*account).is_some()).count(),
            zipf_exponent: ZIPF_EXPONENT,
        },
        warm_up_seconds: warm_up.as_secs_f64(),
        seconds: measured.as_secs_f64(),
        trial_seconds: trial.as_secs_f64(),
        postgres_settings: postgres::SETTINGS.iter().copied().collect(),
        ratios: ratios(&rows),
        rows,
    };
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// A ratio for every point at which both systems ran.
fn ratios(rows: &[Measurement]) -> Vec<Ratio> {
    let of = |system: &'static str| rows.iter().filter(move |row| row.system == system);
    of("comity")
        .filter_map(|comity| {
            let same_point = |row: &&Measurement| row.batch == comity.batch && row.distribution == comity.distribution;
            let postgres = of("postgres").find(same_point)?;
            Some(Ratio {
                batch: comity.batch,
                distribution: comity.distribution,
                comity_per_postgres: comity.orders_per_second / postgres.orders_per_second,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use measure::{Latency, Setup};

    fn row(system: &'static str, batch: usize, distribution: Distribution, orders_per_second: f64) -> Measurement {
        let setup = Setup { method: String::new(), connections: 1, trials: Vec::new() };
        Measurement {
            system,
            batch,
            distribution,
            orders_per_second,
            seconds: 1.0,
            batches: 1,
            orders: 1,
            settled: 1,
            refused: 0,
            batch_latency_ms: Latency { p50: 1.0, p99: 1.0, max: 1.0 },
            ran_out: false,
            memory_before_bytes: 0,
            memory_peak_bytes: 0,
            cores_used_by_others: 0.0,
            setup,
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
        let options = Options::try_parse_from(["bench", "--batch", "1,8190", "--distribution", "zipf"]).unwrap();
        assert_eq!(options.batch, [1, 8_190]);
        assert_eq!(options.distribution, [Distribution::Zipf]);
        assert!(Options::try_parse_from(["bench", "--batch", "8191"]).is_err());
        assert!(Options::try_parse_from(["bench", "--batch", "0"]).is_err());
    }

    #[test]
    fn only_equal_points_are_compared() {
        use Distribution::{Uniform, Zipf};
        let rows = [
            row("comity", 1, Uniform, 900.0),
            row("comity", 100, Uniform, 5.0),
            row("postgres", 1, Zipf, 450.0),
            row("postgres", 1, Uniform, 300.0),
        ];
        assert_eq!(ratios(&rows), [Ratio { batch: 1, distribution: Uniform, comity_per_postgres: 3.0 }]);
    }
}
