//! `comity iso watch`: a folder between a member's payment hub and its node.

use super::desk::{Desk, Wanted};
use super::disk::OwnDisk;
use super::folder::{Fate, Folder};
use super::names::NamesArgument;
use crate::exit::{Failure, Result};
use crate::output::Output;
use crate::remote::SignerArguments;
use crate::serve::stop_signal;
use crate::verify::{journal_directory, replay_journal};
use api::iso::Teller;
use clap::Args;
use network::Replay;
use serde::Serialize;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// Work on what is dropped into a folder, and put in it what happened, until SIGINT or SIGTERM.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// The folder; inbox, outbox, rejected, archive and work are made in it.
    folder: PathBuf,
    /// Directory of the union (with data/ in it) or of the journal that the node keeps: read for what happened.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Work on what is there, tell what has happened, and end
    #[arg(long)]
    once: bool,
    /// How long to wait before looking again, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    every_ms: u64,
    /// Report on the accounts (camt.052) every so many minutes of the union's clock, at the next block
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1_440))]
    intraday_minutes: Option<u32>,
    #[command(flatten)]
    names: NamesArgument,
    #[command(flatten)]
    signer: SignerArguments,
}

const NOTES: &str = "\
Drop files in by renaming them into inbox: a file is read as soon as it is there. Names that begin with `.` or end with
.tmp or .part are left alone; a signature (FILE.sig) comes before its file.
In outbox: admi.007 for a message that was received, admi.002 for one that is none, pacs.002 for every status of the member's
orders, camt.029 and camt.025, camt.054 for every booking, camt.053 when a day ends and when a cycle closes, pacs.009 for its settlement legs,
camt.056 of a member that asks for a settled payment back. Every message is moved in whole, and once, whatever crashes.";

#[derive(Debug, Default, Serialize)]
struct Report {
    /// Files that were worked on.
    files: u64,
    /// Files of which nothing was taken.
    rejected: u64,
    /// Messages that went out.
    messages: u64,
    /// The last block that was told.
    height: u64,
}

/// What is between the folder and the node.
struct Watch {
    folder: Folder,
    desk: Desk,
    replay: Replay,
    teller: Teller,
    report: Report,
    output: Output,
}

/// Watches.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let folder = Folder::open(&arguments.folder, OwnDisk)?;
    let desk = Desk::open(&arguments.signer, arguments.names.read()?)?;
    let data = journal_directory(&arguments.data);
    let replay = replay_journal(&data)?;
    if replay.union().charter().hash() != desk.charter().hash() {
        return Err(Failure::failed(format!("{} is the journal of another union than the node's", data.display())));
    }
    let intraday_ms = arguments.intraday_minutes.and_then(|minutes| NonZeroU64::new(u64::from(minutes) * 60_000));
    let (member, settings, key) = (desk.member(), desk.settings().clone(), desk.key().clone());
    let teller = Teller::new(&replay, member, settings, &data, Some(key), intraday_ms)?;
    let mut watch = Watch { folder, desk, replay, teller, report: Report::default(), output };
    if arguments.once {
        watch.look()?;
        return output.show(&watch.report, Report::text);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let mut stop = std::pin::pin!(stop_signal()?);
        loop {
            match watch.look() {
                Ok(()) => {}
                // What was begun is gone on with when the node is back.
                Err(failure) if failure.is_passing() => output.note(&failure.text),
                Err(failure) => return Err(failure),
            }
            if tokio::time::timeout(Duration::from_millis(arguments.every_ms), &mut stop).await.is_ok() {
                return output.show(&watch.report, Report::text);
            }
        }
    })
}

impl Watch {
    /// Works on every file that is there, then tells every block that the node shows.
    fn look(&mut self) -> Result<()> {
        for (name, again) in self.folder.waiting()? {
            self.file(&name, again)?;
        }
        self.blocks()
    }

    fn file(&mut self, name: &str, again: bool) -> Result<()> {
        let path = self.folder.claim(name)?;
        let mut messages = Vec::new();
        let processed = self.desk.process(&path, Wanted::WithoutEvents { again }, |outgoing| {
            messages.push(outgoing);
            Ok(())
        })?;
        let reasons: Vec<String> = processed.faults.iter().map(|fault| format!("{fault}\n")).collect();
        let fate = if processed.is_refused { Fate::Rejected(reasons.concat()) } else { Fate::Archived };
        if let Fate::Rejected(reasons) = &fate {
            self.output.note(&format!("{name} is rejected:\n{}", reasons.trim_end()));
        }
        self.folder.finish_file(name, &messages, &fate)?;
        self.report.files += 1;
        self.report.rejected += u64::from(processed.is_refused);
        self.report.messages += messages.len() as u64;
        Ok(())
    }

    fn blocks(&mut self) -> Result<()> {
        let durable = self.desk.refresh()?;
        let told = self.folder.cursor()?;
        while self.replay.union().height() < durable {
            let Some(step) = self.replay.step()? else { break };
            let height = step.applied.height;
            if height <= told {
                self.teller.learn(&step)?;
                continue;
            }
            let messages: Vec<_> = self.teller.block(step)?.into_iter().map(|notice| notice.message).collect();
            self.folder.finish_block(height, &messages)?;
            self.report.messages += messages.len() as u64;
        }
        self.report.height = self.replay.union().height();
        Ok(())
    }
}

impl Report {
    fn text(&self) -> String {
        let Report { files, rejected, messages, height } = self;
        format!("{files} files ({rejected} rejected), {messages} messages out, told up to block {height}\n")
    }
}
