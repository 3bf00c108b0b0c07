//! `comity iso import`: files of messages, checked, signed here and sent; answers beside.

use super::desk::{Desk, Processed, Wanted};
use super::names::NamesArgument;
use crate::exit::{Exit, Failure, Result};
use crate::output::Output;
use crate::remote::SignerArguments;
use api::iso::Outgoing;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Check, sign and send what files of ISO 20022 messages ask for, and write the answers.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// A file of messages, or a directory with such files (*.xml).
    path: PathBuf,
    /// Directory for the answers: pacs.002, camt.029, camt.025, admi.002, admi.007
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    names: NamesArgument,
    #[command(flatten)]
    signer: SignerArguments,
}

const NOTES: &str = "\
Messages in: pacs.008, pacs.009, pacs.004, camt.056, camt.029, pacs.028, camt.050, with or without head.001, one or many in a file.
A file is checked as a whole before anything is sent. The same file again does nothing twice: its answers say DUPL.

Exit code 3: some transactions were rejected; 4: all were. 5: the node was lost on the way; the same command goes on.";

#[derive(Debug, Default, Serialize)]
struct Report {
    files: u64,
    messages: u64,
    refused: u64,
    /// Transactions by what became of them.
    outcomes: BTreeMap<String, u64>,
    /// Answers that were written.
    answers: u64,
}

/// Imports.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let files = files(&arguments.path)?;
    std::fs::create_dir_all(&arguments.out).map_err(Failure::io("make", &arguments.out))?;
    let mut desk = Desk::open(&arguments.signer, arguments.names.read()?)?;
    let mut report = Report::default();
    let mut refused_files = 0;
    for file in &files {
        let mut answers = 0;
        let processed = desk.process(file, Wanted::All, |outgoing| {
            answers += 1;
            write(&arguments.out, &outgoing)
        })?;
        for fault in &processed.faults {
            output.note(&format!("{}: {fault}", file.display()));
        }
        refused_files += u64::from(processed.is_refused);
        report.add(&processed, answers);
    }
    output.show(&report, Report::text)?;
    let rejected = report.outcomes.get("rejected").copied().unwrap_or(0) + report.refused + refused_files;
    let taken = report.outcomes.iter().any(|(outcome, _)| outcome != "rejected");
    match (rejected, taken) {
        (0, _) => Ok(()),
        (_, true) => Err(Failure::told(Exit::SomeRejected)),
        (_, false) => Err(Failure::told(Exit::Refused)),
    }
}

/// The file, or the files of a directory by name.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Failure::io("look into", path))? {
        let file = entry.map_err(Failure::io("look into", path))?.path();
        if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a message into a directory, under a name that says which it is.
pub fn write(directory: &Path, outgoing: &Outgoing) -> Result<()> {
    let path = directory.join(file_name(outgoing));
    std::fs::write(&path, &outgoing.text).map_err(Failure::io("write", &path))
}

/// `B000000000012-000001.camt.054.xml`
pub fn file_name(outgoing: &Outgoing) -> String {
    format!("{}.{}.xml", outgoing.id, outgoing.kind.name())
}

impl Report {
    fn add(&mut self, processed: &Processed, answers: u64) {
        self.files += 1;
        self.messages += processed.messages;
        self.refused += processed.refused;
        self.answers += answers;
        for (outcome, count) in &processed.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += count;
        }
    }

    fn text(&self) -> String {
        let outcomes: Vec<String> = self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let outcomes = if outcomes.is_empty() { "no transactions".to_owned() } else { outcomes.join(", ") };
        let Report { files, messages, refused, answers, .. } = self;
        format!("{files} files, {messages} messages ({refused} refused): {outcomes}; {answers} answers\n")
    }
}
