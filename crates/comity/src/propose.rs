//! `comity propose`: what one member wants all to decide.

use crate::accede::Accession;
use crate::exit::{Exit, Failure, Result};
use crate::output::{Output, hex, instant};
use crate::proposals::proposal_text;
use crate::remote::{Signer, SignerArguments, outcome_text};
use api::sign::{BatchSigner, Record, text_parts};
use api::text::{CommandText, Propose};
use api::view::{OutcomeView, ProposalView};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use union::{Charter, Command as UnionCommand, Motion};

const NOTES: &str = "\
A change of rules is proposed as a whole new text of the charter: take the one in force (`comity charter show`), change it,
and look at what you changed (`comity charter diff` shows it again for the others). Whoever proposes has a vote like everybody,
and has to cast it: `comity vote`. Where the answer was lost, run the same command again: nothing is proposed twice.";

/// Propose something for all members to decide
#[derive(Debug, Subcommand)]
#[command(after_help = NOTES)]
pub enum Command {
    /// Another text of the charter, with the same members
    Amend(Proposed<Amend>),
    /// A new member: a text of the charter that has it in addition, and that it has acceded to
    Admit(Proposed<Admit>),
    /// That a member pays and is paid no more until it is readmitted
    Suspend(Proposed<Subject>),
    /// That a suspension ends
    Readmit(Proposed<Subject>),
    /// That a member goes: its balance runs off, then its books are closed
    Expel(Proposed<Subject>),
    /// A later version of the rules of the software
    Upgrade(Proposed<Upgrade>),
}

/// What is proposed, until when it can be voted on, and in whose name.
#[derive(Args, Debug)]
pub struct Proposed<T: Args> {
    #[command(flatten)]
    what: T,
    #[command(flatten)]
    until: Until,
    /// Not in force before this day on the union's clock, YYYY-MM-DD [default: as soon as it is carried]
    #[arg(long, value_name = "DAY")]
    from_day: Option<String>,
    #[command(flatten)]
    signer: SignerArguments,
}

/// The deadline of votes.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Until {
    /// Votes count for so many days and ten minutes from now
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=365))]
    days: Option<u64>,
    /// Votes count up to this time, RFC 3339
    #[arg(long, value_name = "TIME")]
    deadline: Option<jiff::Timestamp>,
}

#[derive(Args, Debug)]
pub struct Amend {
    /// The whole new text.
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
}

#[derive(Args, Debug)]
pub struct Admit {
    /// The whole new text, with the new member as the last one.
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// What the new member made with `comity accede`.
    #[arg(long, value_name = "FILE")]
    accession: PathBuf,
}

#[derive(Args, Debug)]
pub struct Subject {
    /// The member, by code.
    subject: String,
}

#[derive(Args, Debug)]
pub struct Upgrade {
    /// The version of the rules.
    version: u32,
}

/// What became of it.
#[derive(Serialize)]
struct Made {
    /// Whether the member had made this proposal before, and nothing was proposed again.
    already_done: bool,
    #[serde(flatten)]
    proposal: ProposalView,
}

/// Ten minutes more than the days: the union counts from the block that makes the proposal.
const MARGIN_MS: u64 = 600_000;

impl Until {
    fn text(&self) -> Result<String> {
        match (self.deadline, self.days) {
            (Some(deadline), _) => Ok(deadline.to_string()),
            (None, days) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Failure::failed)?;
                let now_ms = u64::try_from(now.as_millis()).map_err(Failure::failed)?;
                Ok(instant((now_ms + days.unwrap_or(1) * union::DAY_MS + MARGIN_MS) / 1_000 * 1_000))
            }
        }
    }
}

/// Signs and sends a proposal.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Amend(proposed) => proposed.with_text("amend", &proposed.what.text, None, output),
        Command::Admit(proposed) => {
            let accession = Accession::read(&proposed.what.accession)?;
            proposed.with_text("admit", &proposed.what.text, Some(accession), output)
        }
        Command::Suspend(proposed) => proposed.about("suspend", output),
        Command::Readmit(proposed) => proposed.about("readmit", output),
        Command::Expel(proposed) => proposed.about("expel", output),
        Command::Upgrade(proposed) => {
            let motion = Propose { protocol: Some(proposed.what.version), ..proposed.motion("upgrade")? };
            propose(&proposed.signer.open()?, motion, "", output)
        }
    }
}

impl Proposed<Subject> {
    fn about(&self, kind: &str, output: Output) -> Result<()> {
        let motion = Propose { subject: Some(self.what.subject.clone()), ..self.motion(kind)? };
        propose(&self.signer.open()?, motion, "", output)
    }
}

impl<T: Args> Proposed<T> {
    fn motion(&self, kind: &str) -> Result<Propose> {
        Ok(Propose {
            kind: kind.to_owned(),
            subject: None,
            deadline: self.until.text()?,
            from_day: self.from_day.clone(),
            protocol: None,
            text_bytes: None,
            text_hash: None,
            accession: None,
        })
    }

    fn with_text(&self, kind: &str, path: &Path, accession: Option<Accession>, output: Output) -> Result<()> {
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        let motion = self.motion(kind)?;
        let signer = self.signer.open()?;
        let at = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
        let amended = signer.charter.followed_by(&text).map_err(|error| at(&error))?;
        let motion = Propose {
            text_bytes: Some(text.len() as u32),
            text_hash: Some(hex(&amended.text_hash())),
            accession: accession.as_ref().map(|accession| accession.signature.clone()),
            ..motion
        };
        if let Some(accession) = &accession {
            accession.check(&signer.charter, &amended)?;
        }
        let UnionCommand::Propose(read) = signer.read(&motion.clone().into())? else {
            unreachable!("it is a proposal")
        };
        check(&signer.charter, &read, &text).map_err(|error| at(&error))?;
        propose(&signer, motion, &text, output)
    }
}

/// What the union checks of a text, before anything is sent.
fn check(charter: &Charter, motion: &Motion, text: &str) -> std::result::Result<(), &'static str> {
    union::check_amendment(charter, motion.kind, text, &motion.text_hash, &motion.accession).map(drop)
}

/// Makes the proposal, unless the member has made it already, and brings the text that it comes with.
///
/// The text names the number of its proposal, which is the next one if no other member is faster. If one is, these parts are
/// rejected; the proposal stands as a draft, and the text follows under its own number.
fn propose(signer: &Signer, motion: Propose, text: &str, output: Output) -> Result<()> {
    let before = own_pending(signer, &motion)?;
    let already_done = before.as_ref().is_some_and(|proposal| proposal.status != "draft");
    if before.is_none() {
        let newest = signer.remote().proposals(&[("limit", "1")])?.proposals;
        let next = newest.first().map_or(1, |proposal| proposal.number + 1);
        let record = BatchSigner::command(1, &signer.read(&CommandText::from(motion.clone()))?);
        let outcomes = send(signer, std::iter::once(record).chain(text_parts(next, text.as_bytes(), 0)).collect())?;
        let mut outcomes = outcomes.iter();
        taken(outcomes.next())?;
        match outcomes.find(|outcome| outcome.is_rejected()) {
            // The number is that of another member's proposal.
            Some(outcome) if outcome.field.as_deref() == Some("proposal") => {}
            other => taken(other)?,
        }
    }
    let made = own_pending(signer, &motion)?;
    let made = made.ok_or_else(|| Failure::new(Exit::Unknown, "the proposal was made, and is not pending any more"))?;
    if made.status == "draft" {
        let received = made.text_received.unwrap_or(0) as usize;
        let outcomes = send(signer, text_parts(made.number, text.as_bytes(), received))?;
        taken(outcomes.iter().find(|outcome| outcome.is_rejected()))?;
    }
    let proposal = signer.remote().get(&format!("/v1/proposals/{}", made.number), &[])?;
    output.show(&Made { already_done, proposal }, |made| {
        let before = if made.already_done { "made before; nothing was proposed again\n" } else { "" };
        format!("{before}{}", proposal_text(&made.proposal))
    })
}

/// Sends records in as many batches as hold them.
fn send(signer: &Signer, mut records: Vec<Record>) -> Result<Vec<OutcomeView>> {
    let mut outcomes = Vec::with_capacity(records.len());
    while !records.is_empty() {
        let (receipt, _) = signer.send_first(&mut records)?;
        outcomes.extend(receipt.outcomes);
    }
    Ok(outcomes)
}

fn taken(outcome: Option<&OutcomeView>) -> Result<()> {
    match outcome {
        Some(outcome) if outcome.is_rejected() => Err(Failure::new(Exit::Refused, outcome_text(outcome))),
        _ => Ok(()),
    }
}

/// The member's proposal of the same that is not decided yet; a member has one at a time.
fn own_pending(signer: &Signer, motion: &Propose) -> Result<Option<ProposalView>> {
    for status in ["draft", "open", "carried"] {
        let page = signer.remote().proposals(&[("status", status)])?;
        let is_same = |proposal: &ProposalView| {
            proposal.proposer == signer.code()
                && (&proposal.kind, &proposal.subject) == (&motion.kind, &motion.subject)
                && (&proposal.text_hash, proposal.protocol) == (&motion.text_hash, motion.protocol)
        };
        if let Some(proposal) = page.proposals.into_iter().find(is_same) {
            return Ok(Some(proposal));
        }
    }
    Ok(None)
}
