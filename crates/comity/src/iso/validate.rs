//! `comity iso validate`: what is wrong with a file of messages, all at once.

use super::names::NamesArgument;
use super::schemas::Schemas;
use crate::exit::{Exit, Failure, Result};
use crate::output::Output;
use clap::Args;
use iso20022::{Fault, Incoming, Limits, Messages, Reader};
use serde::Serialize;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use union::Charter;

/// Faults that are listed; the others are counted.
const LISTED_MAX: usize = 1_000;

/// Check files of ISO 20022 messages: structure, then rules; every fault with its line, its path and what it means.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Directory of official schemas, named like pacs.009.001.08.xsd: validates against these too
    #[arg(long, value_name = "DIR")]
    schema: Option<PathBuf>,
    /// Look institutions up in this union's charter; participants are known to a node only
    #[arg(long, value_name = "FILE", requires = "member")]
    charter: Option<PathBuf>,
    /// The member that sends, by code.
    #[arg(long, value_name = "CODE", requires = "charter")]
    member: Option<String>,
    #[command(flatten)]
    names: NamesArgument,
}

const NOTES: &str = "\
Nothing is sent, and no node is asked. Exit code 4: something is wrong with a file.";

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    files: Vec<OfFile>,
}

#[derive(Debug, Serialize)]
struct OfFile {
    file: PathBuf,
    messages: u64,
    transactions: u64,
    /// Everything that is wrong, by line.
    faults: Vec<FaultView>,
    /// Faults beyond those listed.
    not_listed: u64,
}

#[derive(Debug, Serialize)]
struct FaultView {
    line: u64,
    path: String,
    /// `structure` or `rule`, or `schema` where an official schema says it.
    breach: &'static str,
    reason: String,
    /// What the code means, where this software gives it.
    meaning: Option<&'static str>,
    problem: String,
}

/// Checks, and prints what is wrong.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let charter = match &arguments.charter {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
            let charter =
                Charter::parse(&text).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
            let code = arguments.member.as_deref().unwrap_or_default();
            let member = charter.member(code).ok_or_else(|| crate::statement::no_member(&charter, code))?;
            let directory = arguments.names.read()?.directory(&charter)?;
            Some((charter, directory, member))
        }
    };
    let reader = charter.as_ref().map(|(charter, directory, member)| Reader {
        charter,
        directory,
        member: *member,
        today: charter.first_day,
    });
    let mut schemas = arguments.schema.as_deref().map(Schemas::new);
    let mut files = Vec::new();
    for path in &arguments.files {
        let mut of_file = check(path, reader)?;
        let is_readable = !of_file.faults.iter().any(|fault| fault.breach == UNREADABLE);
        if let Some(schemas) = schemas.as_mut().filter(|_| is_readable) {
            for fault in schemas.check(path)? {
                of_file.add(&fault, "schema");
            }
        }
        of_file.faults.sort_by_key(|fault| fault.line);
        files.push(of_file);
    }
    let report = Report { files };
    output.show(&report, Report::text)?;
    if report.files.iter().all(|file| file.faults.is_empty()) { Ok(()) } else { Err(Failure::told(Exit::Refused)) }
}

/// What keeps a file from being read to its end.
const UNREADABLE: &str = "unreadable";

fn check(path: &Path, reader: Option<Reader<'_>>) -> Result<OfFile> {
    let file = File::open(path).map_err(Failure::io("read", path))?;
    let mut messages = Messages::new(BufReader::new(file), Limits::FILE, reader);
    let mut found = OfFile { file: path.to_owned(), messages: 0, transactions: 0, faults: Vec::new(), not_listed: 0 };
    loop {
        match messages.next() {
            Ok(None) => break,
            Err(fault) => {
                found.add(&fault, UNREADABLE);
                break;
            }
            Ok(Some(Incoming::Message(_))) => {}
            Ok(Some(Incoming::Transaction(transaction))) => {
                found.transactions += 1;
                transaction.request.err().iter().flatten().for_each(|fault| found.add(fault, breach(fault)));
            }
            Ok(Some(Incoming::End(head))) => {
                found.messages += 1;
                head.faults.iter().for_each(|fault| found.add(fault, breach(fault)));
            }
        }
    }
    Ok(found)
}

fn breach(fault: &Fault) -> &'static str {
    match fault.breach {
        iso20022::Breach::Structure => "structure",
        iso20022::Breach::Rule => "rule",
    }
}

impl OfFile {
    fn add(&mut self, fault: &Fault, breach: &'static str) {
        if self.faults.len() == LISTED_MAX {
            self.not_listed += 1;
            return;
        }
        self.faults.push(FaultView {
            line: fault.line,
            path: fault.path.clone(),
            breach,
            reason: fault.reason.code().to_owned(),
            meaning: fault.reason.meaning(),
            problem: fault.problem.clone(),
        });
    }
}

impl Report {
    fn text(&self) -> String {
        let mut text = String::new();
        for file in &self.files {
            let name = file.file.display();
            for fault in &file.faults {
                let FaultView { line, path, breach, reason, problem, .. } = fault;
                text.push_str(&format!("{name}:{line}: {breach}: {path}: {problem} ({reason})\n"));
            }
            let counts = format!("{} messages, {} transactions", file.messages, file.transactions);
            match file.faults.len() as u64 + file.not_listed {
                0 => text.push_str(&format!("{name}: {counts}: good\n")),
                faults => text.push_str(&format!("{name}: {counts}: {faults} faults\n")),
            }
        }
        text
    }
}
