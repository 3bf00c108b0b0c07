//! `comity iso export`: what happened, as messages to a member, out of a journal.

use super::events::Teller;
use super::import::write;
use super::names::NamesArgument;
use crate::exit::{Failure, Result};
use crate::new_directory::ensure_room;
use crate::output::Output;
use crate::passphrase::PassphraseArguments;
use crate::verify::{journal_directory, replay_journal};
use api::iso::Outgoing;
use clap::Args;
use iso20022::outbound::{Report, Stamp};
use keys::key_file;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use union::{Day, Period};

/// Write a journal as ISO 20022 messages to a member: all that happened, or a statement of a day or a cycle.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// Directory of a union (with data/ in it) or of a journal.
    directory: PathBuf,
    /// The member that the messages are for, by code.
    #[arg(long, value_name = "CODE")]
    member: String,
    /// Directory for the messages; it must be empty or not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only the statement (camt.053) of this cycle.
    #[arg(long, value_name = "N", conflicts_with = "day")]
    cycle: Option<u32>,
    /// Only the statement of this day, YYYY-MM-DD.
    #[arg(long, value_parser = |text: &str| Day::parse(text))]
    day: Option<Day>,
    /// The member's key file: with it, customer detail is told.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    #[command(flatten)]
    names: NamesArgument,
}

const NOTES: &str = "\
Without --cycle and --day: pacs.002 for every status of the member's orders, camt.054 for every booking, camt.053 for every
day that is over and every cycle that closed, pacs.009 for its settlement legs. A cycle or day that is not over is reported by camt.052 instead of
camt.053.";

#[derive(Debug, Default, Serialize)]
struct Written {
    /// Messages by kind.
    messages: BTreeMap<String, u64>,
}

/// Exports.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    ensure_room(&arguments.out)?;
    let data = journal_directory(&arguments.directory);
    let mut replay = replay_journal(&data)?;
    let charter = replay.union().charter().clone();
    let member =
        charter.member(&arguments.member).ok_or_else(|| crate::statement::no_member(&charter, &arguments.member))?;
    let key = match &arguments.key {
        None => None,
        Some(path) => {
            let passphrase = arguments.passphrase.known(&path.display().to_string())?;
            Some(Arc::new(key_file::read(path, &passphrase)?))
        }
    };
    let mut teller = Teller::new(replay.union(), member, arguments.names.read()?, &data, key, None)?;
    std::fs::create_dir_all(&arguments.out).map_err(Failure::io("make", &arguments.out))?;
    let mut written = Written::default();
    let mut add = |outgoing: Outgoing| {
        *written.messages.entry(outgoing.kind.name().to_owned()).or_default() += 1;
        write(&arguments.out, &outgoing)
    };
    let period = arguments.day.map(Period::Day).or(arguments.cycle.map(Period::Cycle));
    while let Some(step) = replay.step()? {
        match period {
            None => teller.block(step)?.into_iter().try_for_each(&mut add)?,
            Some(_) => teller.learn(&step)?,
        }
    }
    if let Some(period) = period {
        let union = replay.union();
        let made = network::statement(&data, member, period, union.height())?;
        let name = match period {
            Period::Day(day) => format!("D{day}"),
            Period::Cycle(cycle) => format!("C{cycle:06}"),
        };
        let stamp = Stamp { id: format!("{name}-{:012}", made.height), time_ms: union.time_ms() };
        let report = if made.is_final { Report::Statement } else { Report::Intraday };
        add(teller.statement(union, &stamp, report, &made)?)?;
    }
    output.show(&written, |written| {
        let counts = written.messages.iter().map(|(kind, count)| format!("{count} {kind}"));
        format!("{}\n", counts.collect::<Vec<_>>().join(", "))
    })
}
