//! `comity report`: what a union cleared, by cycle and currency, from its journal alone.

use crate::exit::{Failure, Result};
use crate::output::{Output, hex, instant};
use crate::progress;
use crate::verify::{journal_directory, replay_journal};
use clap::Args;
use network::NodeError;
use serde::Serialize;
use simulate::{ClearingReport, Tally};
use std::path::{Path, PathBuf};

/// Report what was cleared: gross and net by cycle and currency, liquidity saved, concentration, members' positions
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// Directory of a union (with data/ in it) or of a journal.
    directory: PathBuf,
    /// Only this clearing cycle, by number.
    #[arg(long, value_name = "N")]
    cycle: Option<u32>,
}

const NOTES: &str = "\
What counts is what settled between members, returns included. Amounts are in the unit of account, at what creditors
got; the table of currencies has the same payments in the currencies in which they were made. With several cycles, the
last row and all below it say what would be, were all of them netted at once.";

/// What was cleared, and by whom.
#[derive(Debug, Serialize)]
struct Report {
    union: String,
    charter_hash: String,
    /// The last block.
    height: u64,
    /// Its time, RFC 3339.
    time: String,
    #[serde(flatten)]
    clearing: ClearingReport,
}

/// Replays the journal and prints the report.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let report = replay(&journal_directory(&arguments.directory), arguments.cycle)?;
    output.show(&report, Report::text)
}

fn replay(directory: &Path, cycle: Option<u32>) -> Result<Report> {
    let acknowledged = journal::Reader::open(directory).and_then(|reader| reader.acknowledged());
    let bar = progress::bar(acknowledged.map_err(Failure::failed)?.map_or(0, |head| head.height), "blocks");
    let mut replay = replay_journal(directory)?;
    let mut tally = Tally::new(replay.union().charter().members.len());
    while let Some(step) = replay.step()? {
        tally.block(&step.applied);
        bar.set_position(step.applied.height);
    }
    bar.finish_and_clear();

    let union = replay.union();
    let open = union.open_cycle_row().number;
    if let Some(cycle) = cycle.filter(|&cycle| cycle == 0 || cycle > open) {
        return Err(NodeError::Period(format!("there is no cycle {cycle}; cycle {open} is open")).into());
    }
    Ok(Report {
        union: union.charter().name.clone(),
        charter_hash: hex(&union.charter().hash()),
        height: union.height(),
        time: instant(union.time_ms()),
        clearing: tally.report(union, cycle),
    })
}

impl Report {
    fn text(&self) -> String {
        let Report { union, height, time, clearing, .. } = self;
        format!("{union}, block {height} of {time}, {}", clearing.render())
    }
}
