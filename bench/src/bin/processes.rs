//! Real `comity` processes on loopback under load, killed and cut off from each other for as long as is asked for.
//!
//! `cargo build --release -p comity && cargo run --release -p bench --bin processes -- --nodes 4 --seconds 600 --seed 1`: one JSON
//! object on standard output. Fails when an acknowledged order is lost, when nodes differ, when a journal does not verify, or when
//! service is not back within the time that is asked for.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use processes::Rehearsal;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Parser)]
struct Arguments {
    /// Nodes, and members.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(4..=7))]
    nodes: u8,
    /// How long faults are injected.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// What the faults follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders in a batch; every member has one batch on its way.
    #[arg(long, default_value_t = 100)]
    batch: u16,
    /// For [node.timing]: a leader from whom nothing comes is passed over after so long [default: the usual]
    #[arg(long, requires = "agreement_ms")]
    leader_ms: Option<u32>,
    /// The same for a block that is not agreed on
    #[arg(long, requires = "leader_ms")]
    agreement_ms: Option<u32>,
    /// Service must be back in so many seconds from when there is a quorum.
    #[arg(long, default_value_t = 5.0)]
    back_within: f64,
    /// The program that is served [default: beside this one]
    #[arg(long)]
    binary: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let binary = match arguments.binary {
        Some(binary) => binary,
        None => std::env::current_exe()?.with_file_name("comity"),
    };
    ensure!(binary.exists(), "{} is not there; cargo build -p comity, for the same profile", binary.display());
    let rehearsal = Rehearsal {
        nodes: arguments.nodes.into(),
        time: Some(Duration::from_secs(arguments.seconds)),
        seed: arguments.seed,
        orders: arguments.batch.into(),
        timing_ms: arguments.leader_ms.zip(arguments.agreement_ms),
    };
    let report = rehearsal.run(&binary)?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    let seconds = report.back_within().context("no fault was injected in this time")?;
    ensure!(seconds <= arguments.back_within, "service was back only after {seconds:.1} s");
    Ok(())
}
