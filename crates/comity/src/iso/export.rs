//! `comity iso export`: what happened, as messages to a member, out of a journal.

use super::import::write;
use super::names::NamesArgument;
use crate::exit::{Failure, Result};
use crate::new_directory::ensure_room;
use crate::output::Output;
use crate::passphrase::PassphraseArguments;
use crate::verify::{journal_directory, replay_journal};
use api::iso::{Outgoing, Teller, statement_message};
use clap::Args;
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
    /// The member's key file: with it, customer detail is told. Where its signing key is in a token, that of its sealing key.
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
    let settings = arguments.names.read()?;
    std::fs::create_dir_all(&arguments.out).map_err(Failure::io("make", &arguments.out))?;
    let mut written = Written::default();
    let mut add = |outgoing: Outgoing| {
        *written.messages.entry(outgoing.kind.name().to_owned()).or_default() += 1;
        write(&arguments.out, &outgoing)
    };
    let period = arguments.day.map(Period::Day).or(arguments.cycle.map(Period::Cycle));
    if let Some(period) = period {
        add(statement_message(&data, member, settings, key, period, u64::MAX)?)?;
    } else {
        let mut teller = Teller::new(&replay, member, settings, &data, key, None)?;
        while let Some(step) = replay.step()? {
            teller.block(step)?.into_iter().try_for_each(|notice| add(notice.message))?;
        }
    }
    output.show(&written, |written| {
        let counts = written.messages.iter().map(|(kind, count)| format!("{count} {kind}"));
        format!("{}\n", counts.collect::<Vec<_>>().join(", "))
    })
}
