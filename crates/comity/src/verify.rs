//! `comity verify`: a journal proved from its files alone, without a network.

use crate::exit::{Exit, Failure, Result};
use crate::output::{self, Output, hex, instant};
use crate::progress;
use crate::receipt;
use clap::Args;
use ledger::Book;
use money::Currency;
use network::{NodeError, Replay, Verified};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Prove a journal from its files alone: every checksum, signature, rule and sum, from the charter on.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Directory of a union (with data/ in it) or of a journal.
    #[arg(required_unless_present = "receipt")]
    directory: Option<PathBuf>,
    /// A receipt of finality to check instead of a journal.
    #[arg(long, value_name = "FILE", requires = "charter", conflicts_with_all = ["directory", "expect_state"])]
    receipt: Option<PathBuf>,
    /// The charter that names whose signatures count for the receipt.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    charter: Option<PathBuf>,
    /// The state that the last block must lead to, 64 hexadecimal digits: as another member or an earlier run told it.
    ///
    /// A journal proves what it holds, not that it goes on: one that was cut off after a block, and its file `head`
    /// removed, is as good as one that never went further. Who knows the state by another way finds that out.
    #[arg(long, value_name = "HASH", value_parser = state_hash)]
    expect_state: Option<String>,
}

fn state_hash(text: &str) -> std::result::Result<String, &'static str> {
    let text = text.to_ascii_lowercase();
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { Ok(text) } else { Err("a state hash is 64 hexadecimal digits") }
}

/// What was proved.
#[derive(Debug, Serialize)]
struct Report {
    verified: bool,
    directory: PathBuf,
    union: String,
    charter_hash: String,
    /// Codes of the founders, each of whose signatures on the charter is good.
    founders: Vec<String>,
    /// Heights from genesis to the last block, counted.
    blocks: u64,
    /// The block that the journal begins after, in a state that a quorum has certified; 0 for genesis.
    begins: u64,
    bytes: u64,
    /// Time of the last block, RFC 3339.
    time: String,
    batches: u64,
    commands: u64,
    settled: u64,
    entries: u64,
    /// Currencies whose books sum to zero after every block.
    balanced_currencies: Vec<String>,
    accounts: usize,
    snapshots: Vec<u64>,
    torn_bytes: u64,
    /// Height up to which a quorum of the members' nodes has certified the blocks; null where one node orders alone.
    certified: Option<u64>,
    state_hash: String,
}

/// What is not as it should be.
#[derive(Debug, Serialize)]
struct Fault {
    verified: bool,
    directory: PathBuf,
    file: Option<String>,
    /// Where the damaged record begins in the file, in bytes.
    offset: Option<u64>,
    block: Option<u64>,
    reason: String,
}

/// The journal's directory: the one that is named, or `data` in it.
pub fn journal_directory(named: &Path) -> PathBuf {
    let data = named.join("data");
    if data.is_dir() { data } else { named.to_owned() }
}

/// Replays a journal from its beginning, and says so where that is not genesis.
pub fn replay_journal(directory: &Path) -> Result<Replay> {
    let replay = Replay::open(directory, u64::MAX)?;
    if replay.begins() > 0 {
        let (place, begins) = (directory.display(), replay.begins());
        output::note(&format!(
            "note: {place} begins after block {begins}: what was before is with other nodes, and not in this"
        ));
    }
    Ok(replay)
}

/// Verifies, and prints what was proved or the first fault.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    if let (Some(receipt), Some(charter)) = (&arguments.receipt, &arguments.charter) {
        return receipt::verify(receipt, charter, output);
    }
    let directory = arguments.directory.as_deref().ok_or_else(|| Failure::usage("name a directory to verify"))?;
    let directory = journal_directory(directory);
    let bar = progress::bar(0, "blocks");
    let verified = network::verify(&directory, |progress| {
        bar.set_length(progress.of_blocks);
        bar.set_position(progress.blocks);
    });
    bar.finish_and_clear();
    match verified {
        Ok(verified) => {
            let report = Report::new(directory, &verified);
            match &arguments.expect_state {
                Some(expected) if *expected != report.state_hash => {
                    output.show(&Fault::other_state(report, expected), Fault::text)?;
                    Err(Failure::told(Exit::Fault))
                }
                _ => output.show(&report, Report::text),
            }
        }
        Err(error) if is_about_the_journal(&error) => {
            output.show(&Fault::new(directory, &error), Fault::text)?;
            Err(Failure::told(Exit::Fault))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the journal is at fault, not the directory that was named or the system.
fn is_about_the_journal(error: &NodeError) -> bool {
    use journal::Error::{Corrupt, Lost, Refused};
    match error {
        NodeError::Journal(error) => matches!(error.cause(), Corrupt(_) | Lost { .. } | Refused { .. }),
        _ => true,
    }
}

impl Report {
    fn new(directory: PathBuf, verified: &Verified) -> Self {
        let union = &verified.union;
        let name = |book: &Book| match Currency::from_numeric(book.0) {
            _ if *book == Book::UNIT_OF_ACCOUNT => format!("{} (unit of account)", union.charter().unit_of_account),
            Ok(currency) => currency.to_string(),
            Err(_) => book.0.to_string(),
        };
        Report {
            verified: true,
            directory,
            union: union.charter().name.clone(),
            charter_hash: hex(&union.charter().hash()),
            founders: verified.founding.signatures().by_code.keys().cloned().collect(),
            blocks: union.height() + 1,
            begins: verified.begins,
            bytes: verified.bytes,
            time: instant(union.time_ms()),
            batches: verified.batches,
            commands: verified.commands,
            settled: verified.settled,
            entries: verified.transfers,
            balanced_currencies: union.ledger().sums().keys().map(name).collect(),
            accounts: union.ledger().accounts().rows().len(),
            snapshots: verified.snapshots.clone(),
            torn_bytes: verified.torn_bytes,
            certified: verified.certified,
            state_hash: hex(&union.state()),
        }
    }

    fn text(&self) -> String {
        let snapshots = match self.snapshots.as_slice() {
            [] => "none".to_owned(),
            heights => {
                let heights: Vec<_> = heights.iter().map(u64::to_string).collect();
                format!("{}, whole, at block {}", heights.len(), heights.join(" and "))
            }
        };
        let torn = match self.torn_bytes {
            0 => String::new(),
            bytes => format!("\nunfinished  {bytes} bytes at the end, never acknowledged: not a fault"),
        };
        let certified = match self.certified {
            None => String::new(),
            Some(height) if height + 1 == self.blocks => {
                "\ncertified   every block, by a quorum of the members' nodes".to_owned()
            }
            Some(height) => format!(
                "\ncertified   up to block {height}, by a quorum of the members' nodes; the certificates of later blocks are with \
                 other nodes"
            ),
        };
        let begins = match self.begins {
            0 => String::new(),
            height => format!(
                "\nbegins      after block {height}, with a state that a quorum of the members' nodes has certified; what was before is with \
                 other nodes"
            ),
        };
        let books = self.balanced_currencies.len();
        let currencies = if books == 1 { "currency" } else { "currencies" };
        format!(
            "Verified    {}
union       {}
charter     {}
founders    {}: every signature on the charter good
blocks      {}, {} bytes, the last of {}; every checksum right, every hash follows{begins}{certified}
batches     {}; every signature good
commands    {}; every block leads to the state that it names
settled     {} orders, in {} double entries
books       sum to zero after every block, in {books} {currencies}: {}
limits      kept, on {} accounts
snapshots   {snapshots}
state       {}{torn}
",
            self.directory.display(),
            self.union,
            self.charter_hash,
            self.founders.join(", "),
            self.blocks,
            self.bytes,
            self.time,
            self.batches,
            self.commands,
            self.settled,
            self.entries,
            self.balanced_currencies.join(", "),
            self.accounts,
            self.state_hash,
        )
    }
}

impl Fault {
    /// A journal that is good as far as it goes, and ends in another state than it should.
    fn other_state(report: Report, expected: &str) -> Self {
        let height = report.blocks - 1;
        let reason = format!(
            "all is right up to this block, the last, but its state is {}, not {expected}: the journal goes on \
             elsewhere, was cut off, or is another",
            report.state_hash
        );
        Fault { verified: false, directory: report.directory, file: None, offset: None, block: Some(height), reason }
    }

    fn new(directory: PathBuf, error: &NodeError) -> Self {
        let mut fault =
            Fault { verified: false, directory, file: None, offset: None, block: None, reason: error.to_string() };
        match error {
            NodeError::Journal(error) => match error.cause() {
                journal::Error::Corrupt(place) => {
                    (fault.file, fault.offset) = (Some(place.file.clone()), Some(place.offset));
                    (fault.block, fault.reason) = (Some(place.height), place.damage.to_string());
                }
                journal::Error::Refused { height, file, offset, reason } => {
                    (fault.file, fault.offset) = (Some(file.clone()), Some(*offset));
                    (fault.block, fault.reason) = (Some(*height), reason.clone());
                }
                journal::Error::Lost { acknowledged, .. } => fault.block = Some(acknowledged.height),
                _ => {}
            },
            NodeError::Format { height, .. } | NodeError::State { height, .. } | NodeError::Snapshot { height, .. } => {
                fault.block = Some(*height);
            }
            _ => {}
        }
        fault
    }

    fn text(&self) -> String {
        let mut text = format!("FAULT       {}\n", self.directory.display());
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        for (name, value) in
            [("file", self.file.clone()), ("offset", number(self.offset)), ("block", number(self.block))]
        {
            if let Some(value) = value {
                text.push_str(&format!("{name:12}{value}\n"));
            }
        }
        text.push_str(&format!("reason      {}\n", self.reason));
        text.push_str(
            "\nNothing was changed. Restore the file from a copy, or fetch the blocks from another member.\n",
        );
        text
    }
}
