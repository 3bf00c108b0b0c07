//! `comity submit`: a file of payment orders, checked, signed here and sent.

use crate::exit::{Exit, Failure, Result};
use crate::output::Output;
use crate::progress;
use crate::remote::{Signer, SignerArguments, outcome_text};
use api::sign::Record;
use api::text::{Draft, Format, LineError, OrderLine, derived_id, read_orders};
use api::view::OutcomeView;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use union::{BATCH_COMMANDS_MAX, Charter};

/// The most orders in a file.
const ORDERS_MAX: u64 = 10_000_000;

/// Rejected orders are all counted and printed as lines; JSON lists this many.
const LISTED_MAX: usize = 100_000;

const NOTES: &str = "\
A line of JSON (a column of CSV for each key):
  {\"id\": \"6f1c...\", \"creditor\": \"BRA\", \"currency\": \"BRL\", \"amount\": \"12.34\", \"value_date\": \"2026-11-24\"}
and optionally debtor_participant, creditor_participant, priority (urgent, high, normal), customer, immediate,
expires_at, purpose, reference, detail {debtor_name, ...}, or return and reason for a return.

An order is executed once, however often it is sent. One without an id gets an id derived from its content and from how
many equal lines come before it in the file: sending the file again, or with lines added, pays nothing twice. Two
payments that are equal in everything, in different files, need ids of their own.

Exit code 3: some orders were rejected, or refused by the receiving member; 4: all were. 5: the node was lost on the way;
how many orders were taken, are not known and were not sent is said, and the same command goes on where it ended. 6: the
node was not reached, and nothing was sent.";

/// Check, sign and send payment orders from a file.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// File of orders, JSON lines or CSV; - for standard input.
    file: PathBuf,
    /// How the file is written [default: by its name's ending: .jsonl, .ndjson, .json or .csv]
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Only check the form of the orders; nothing is signed or sent
    #[arg(long)]
    dry_run: bool,
    /// Print what became of every order, not only of those that were rejected or refused
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileFormat {
    Json,
    Csv,
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
struct Summary {
    dry_run: bool,
    /// Lines that are or should be orders.
    orders: u64,
    /// Orders by what became of them: settled, queued, held, refused, rejected; `checked` for a dry run.
    outcomes: BTreeMap<String, u64>,
    /// Orders that had been taken before; they are counted under what they are now.
    already_done: u64,
    /// Orders that got an id from their content.
    ids_derived: u64,
    batches: u64,
    /// Orders that were handed to the node without an answer: they may or may not have been taken.
    not_known: u64,
    /// Orders that were not handed to the node, because it was lost before.
    not_sent: u64,
    /// The last block that took a batch.
    height: Option<u64>,
    /// Orders that were rejected or refused, or with --list all.
    listed: Vec<OutcomeView>,
    /// Orders that would be listed, were the list not bounded.
    not_listed: u64,
}

/// A file of orders on its way.
struct Submission<'a> {
    output: Output,
    list: bool,
    signer: Option<&'a Signer>,
    charter: &'a Charter,
    member: u16,
    summary: Summary,
    /// How often each content without an id was seen.
    seen: HashMap<u128, u64>,
    /// Orders to be sent, and what is known of others: at most a batch of each.
    pending: Vec<Record>,
    known: Vec<OutcomeView>,
    bar: ProgressBar,
}

/// Checks, signs, sends, and says what became of it.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let format = arguments.file_format()?;
    let (input, bar) = open(&arguments.file)?;
    let (signer, charter, member) = if arguments.dry_run {
        let (charter, member) = arguments.signer.charter_and_member()?;
        (None, charter, member)
    } else {
        let signer = arguments.signer.open()?;
        let (charter, member) = (signer.charter.clone(), signer.member);
        (Some(signer), charter, member)
    };
    let input = BufReader::new(bar.wrap_read(input));
    let mut submission = Submission {
        output,
        list: arguments.list,
        signer: signer.as_ref(),
        charter: &charter,
        member,
        summary: Summary { dry_run: arguments.dry_run, ..Summary::default() },
        seen: HashMap::new(),
        pending: Vec::new(),
        known: Vec::new(),
        bar,
    };
    let result = submission.run(format, input);
    submission.bar.finish_and_clear();
    match result {
        Ok(()) => submission.report(),
        Err(failure) => submission.interrupted(failure),
    }
}

impl Arguments {
    fn file_format(&self) -> Result<Format> {
        match self.format {
            Some(FileFormat::Json) => Ok(Format::JsonLines),
            Some(FileFormat::Csv) => Ok(Format::Csv),
            None => Format::of_file_name(&self.file.to_string_lossy()).ok_or_else(|| {
                let text =
                    format!("{}: the name tells no format; give --format json or --format csv", self.file.display());
                Failure::usage(text)
            }),
        }
    }
}

/// What to read, and the bar that follows it.
type Input = (Box<dyn Read>, ProgressBar);

fn open(path: &Path) -> Result<Input> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin().lock()), progress::bytes_read()));
    }
    let file = File::open(path).map_err(Failure::io("read", path))?;
    let metadata = file.metadata().map_err(Failure::io("read", path))?;
    if metadata.is_dir() {
        return Err(Failure::failed(format!("{} is a directory; name a file of orders", path.display())));
    }
    Ok((Box::new(file), progress::bytes(metadata.len())))
}

impl Submission<'_> {
    fn run(&mut self, format: Format, input: impl BufRead) -> Result<()> {
        let mut orders = read_orders(self.charter, self.member, format, input, ORDERS_MAX);
        let result = self.send_all(&mut orders);
        if result.is_err() {
            let unread = orders.count() as u64;
            self.summary.orders += unread;
            self.summary.not_sent += unread + self.pending.len() as u64 - self.summary.not_known;
        }
        result
    }

    fn send_all(&mut self, orders: &mut impl Iterator<Item = std::result::Result<Draft, LineError>>) -> Result<()> {
        for order in orders {
            self.summary.orders += 1;
            match order {
                Ok(draft) => self.take(draft)?,
                Err(error) => self.reject(error),
            }
            if self.pending.len().max(self.known.len()) == BATCH_COMMANDS_MAX {
                self.send()?;
            }
        }
        self.send()
    }

    fn take(&mut self, mut draft: Draft) -> Result<()> {
        if !draft.has_id() {
            self.summary.ids_derived += 1;
            let id = self.derive_id(&draft)?;
            draft.give_id(|| id);
        }
        let Some(signer) = self.signer else {
            let id = api::text::id_text(draft.payment.id);
            self.known.push(OutcomeView { outcome: "checked".into(), ..blank(draft.line, Some(id)) });
            return Ok(());
        };
        match signer.batches().seal(&draft) {
            Ok(record) => self.pending.push(record),
            Err(error) => self.reject(error),
        }
        Ok(())
    }

    /// The id of an order that has none: the same for the same content at the same place among equals.
    fn derive_id(&mut self, draft: &Draft) -> Result<u128> {
        let line = OrderLine::write(self.charter, &draft.payment, draft.detail.as_ref());
        let content =
            serde_json::to_vec(&line).map_err(|error| Failure::failed(format!("line {}: {error}", draft.line)))?;
        let member = self.member.to_le_bytes();
        let parts: [&[u8]; 4] = [b"submit", &self.charter.hash(), &member, &content];
        let before = self.seen.entry(derived_id(&parts)).or_default();
        let id = derived_id(&[parts[0], parts[1], parts[2], parts[3], &before.to_le_bytes()]);
        *before += 1;
        Ok(id)
    }

    /// Sends what is pending, and tells what became of everything so far in the order of the lines.
    fn send(&mut self) -> Result<()> {
        let sent = self.send_pending();
        let mut known = std::mem::take(&mut self.known);
        known.sort_by_key(|outcome| outcome.line);
        for outcome in known {
            self.tell(outcome)?;
        }
        sent
    }

    fn send_pending(&mut self) -> Result<()> {
        let Some(signer) = self.signer else { return Ok(()) };
        while !self.pending.is_empty() {
            let sent = signer.send_first(&mut self.pending);
            let (receipt, lines) = sent.inspect_err(|error| self.summary.not_known = error.not_known as u64)?;
            self.summary.batches += 1;
            self.summary.height = Some(receipt.height);
            let outcomes = receipt.outcomes.into_iter().zip(lines);
            self.known.extend(outcomes.map(|(outcome, line)| OutcomeView { line, ..outcome }));
        }
        Ok(())
    }

    fn reject(&mut self, error: LineError) {
        self.known.push(OutcomeView {
            outcome: "rejected".into(),
            reason: Some(error.reason),
            field: Some(error.field),
            text: Some(error.problem),
            ..blank(error.line, error.id)
        });
    }

    /// Counts an order's outcome, and prints or lists it.
    fn tell(&mut self, outcome: OutcomeView) -> Result<()> {
        *self.summary.outcomes.entry(outcome.outcome.clone()).or_default() += 1;
        self.summary.already_done += u64::from(outcome.already_done);
        if !self.list && !is_lost(&outcome.outcome) {
            return Ok(());
        }
        if self.output.is_json() {
            if self.summary.listed.len() == LISTED_MAX {
                self.summary.not_listed += 1;
            } else {
                self.summary.listed.push(outcome);
            }
            return Ok(());
        }
        self.bar.suspend(|| self.output.raw(&line_text(&outcome)))
    }

    /// Says how far it had come when it failed.
    fn interrupted(&self, failure: Failure) -> Result<()> {
        let summary = &self.summary;
        if self.output.is_json() {
            self.output.json(summary)?;
        }
        if summary.batches == 0 && summary.not_known == 0 {
            return Err(failure);
        }
        let text = format!(
            "{}\n{} taken, {} not known, {} not sent; run the same command again, nothing is done twice",
            failure.text,
            summary.taken(),
            summary.not_known,
            summary.not_sent
        );
        // What was handed over cannot be called "nothing".
        let exit = match failure.exit {
            Exit::Refused | Exit::Unreachable => Exit::Unknown,
            exit => exit,
        };
        Err(Failure { exit, text })
    }

    fn report(&self) -> Result<()> {
        let summary = &self.summary;
        if summary.ids_derived > 0 && !self.list {
            let text = format!("{} orders came without an id and got one; --list shows them", summary.ids_derived);
            self.output.note(&text);
        }
        self.output.show(summary, Summary::text)?;
        match (summary.taken(), summary.lost()) {
            (_, 0) => Ok(()),
            (0, _) => Err(Failure::told(Exit::Refused)),
            _ => Err(Failure::told(Exit::SomeRejected)),
        }
    }
}

/// Whether an order with this outcome moves no money, whatever else happens.
fn is_lost(outcome: &str) -> bool {
    matches!(outcome, "rejected" | "refused" | "cancelled" | "expired")
}

fn blank(line: u64, id: Option<String>) -> OutcomeView {
    OutcomeView {
        line,
        id,
        proposal: None,
        outcome: String::new(),
        already_done: false,
        reason: None,
        field: None,
        text: None,
        approval: None,
    }
}

fn line_text(outcome: &OutcomeView) -> String {
    let order = outcome.id.as_ref().map(|id| format!(", order {id}")).unwrap_or_default();
    format!("line {}{order}: {}\n", outcome.line, outcome_text(outcome))
}

impl Summary {
    fn lost(&self) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| is_lost(outcome)).map(|(_, count)| count).sum()
    }

    fn taken(&self) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| !is_lost(outcome)).map(|(_, count)| count).sum()
    }

    fn text(&self) -> String {
        let mut parts: Vec<String> =
            self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        if self.already_done > 0 {
            parts.push(format!("{} of them had been taken before", self.already_done));
        }
        let orders = if self.orders == 1 { "1 order".to_owned() } else { format!("{} orders", self.orders) };
        let at = self.height.map(|height| format!(", by block {height}")).unwrap_or_default();
        match (parts.is_empty(), self.dry_run) {
            (true, _) => "no orders\n".to_owned(),
            (false, true) => format!("{orders}: {}; nothing was signed or sent\n", parts.join(", ")),
            (false, false) => format!("{orders}: {}{at}\n", parts.join(", ")),
        }
    }
}
