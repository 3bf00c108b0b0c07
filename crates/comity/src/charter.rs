//! `comity charter`: the text in force, those before it, what changed, and who signed it before the union began.

use crate::exit::{Exit, Failure, Result};
use crate::founders;
use crate::output::{Align, Output, Table};
use crate::remote::{NodeArgument, Remote};
use api::view::{CharterView, ProposalView};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use similar::TextDiff;

/// Look at the charter and at how it was changed
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a text of the charter, byte for byte
    Show(Show),
    /// List every text that is or was in force, and since when
    History(History),
    /// Show what changed, line by line, as a unified diff
    Diff(Diff),
    /// Sign a charter as one of its founders, with your own key; no node is asked
    Sign(founders::Sign),
    /// Check the founders' signatures on a charter, and say who has not signed; no node is asked
    Check(founders::Files),
}

#[derive(Args, Debug)]
pub struct Show {
    /// Number of a text in the history [default: the one in force]
    #[arg(conflicts_with = "signatures")]
    number: Option<u32>,
    /// Print the founders' signatures on the text that the union was founded on instead
    #[arg(long)]
    signatures: bool,
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
pub struct History {
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
pub struct Diff {
    /// Against the text with this number in the history [default: the one before; for a proposal, the one in force]
    #[arg(long, value_name = "N")]
    against: Option<u32>,
    /// What this proposal would change, instead of what is in force
    #[arg(long, value_name = "NUMBER")]
    proposal: Option<u32>,
    #[command(flatten)]
    node: NodeArgument,
}

/// The texts that are or were in force.
#[derive(Debug, Deserialize, Serialize)]
struct Texts {
    charters: Vec<CharterView>,
}

/// A text of the charter.
#[derive(Serialize)]
struct Text {
    #[serde(flatten)]
    of: CharterView,
    text: String,
}

/// What changed.
#[derive(Serialize)]
struct Changed {
    from: String,
    to: String,
    /// Unified diff; empty where nothing changed.
    diff: String,
}

/// Runs one of the commands.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Show(Show { signatures: true, node, .. }) => {
            output.raw(&node.connect()?.text("/v1/charter/founding/signatures")?)
        }
        Command::Show(Show { number, node, .. }) => {
            let remote = node.connect()?;
            let texts = texts(&remote)?;
            let of = texts.find(*number)?.clone();
            let text = text(&remote, &of)?;
            output.show(&Text { of, text }, |shown| shown.text.clone())
        }
        Command::History(History { node }) => output.show(&texts(&node.connect()?)?, Texts::text),
        Command::Diff(arguments) => diff(arguments, output),
        Command::Sign(arguments) => founders::sign(arguments, output),
        Command::Check(files) => founders::check(files, output),
    }
}

fn texts(remote: &Remote) -> Result<Texts> {
    remote.get("/v1/charter/history", &[])
}

fn text(remote: &Remote, of: &CharterView) -> Result<String> {
    match of.proposal {
        None => remote.text("/v1/charter/founding"),
        Some(proposal) => remote.text(&format!("/v1/proposals/{proposal}/text")),
    }
}

fn diff(arguments: &Diff, output: Output) -> Result<()> {
    let remote = arguments.node.connect()?;
    let texts = texts(&remote)?;
    let in_force = texts.find(None)?;
    let (to, new, usual) = match arguments.proposal {
        Some(number) => {
            let proposal: ProposalView = remote.get(&format!("/v1/proposals/{number}"), &[])?;
            let new = remote.text(&format!("/v1/proposals/{number}/text"))?;
            (format!("proposal {number} ({})", proposal.status), new, in_force.number)
        }
        None => {
            let usual = in_force.number.saturating_sub(1).max(1);
            (format!("charter {}", in_force.number), text(&remote, in_force)?, usual)
        }
    };
    let against = texts.find(Some(arguments.against.unwrap_or(usual)))?;
    let (from, old) = (format!("charter {}", against.number), text(&remote, against)?);
    let diff = TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header(&from, &to).to_string();
    output.show(&Changed { from, to, diff }, |changed| match changed.diff.as_str() {
        "" => format!("{} and {} are the same\n", changed.from, changed.to),
        diff => diff.to_owned(),
    })
}

impl Texts {
    /// The text with a number, or the one in force.
    fn find(&self, number: Option<u32>) -> Result<&CharterView> {
        let found = match number {
            None => self.charters.last(),
            Some(number) => self.charters.iter().find(|charter| charter.number == number),
        };
        let none = || {
            let text = format!("there is no such text of the charter; there are 1 to {}", self.charters.len());
            Failure::new(Exit::Refused, text)
        };
        found.ok_or_else(none)
    }

    fn text(&self) -> String {
        let mut table = Table::new(&[
            ("charter", Align::Right),
            ("from block", Align::Right),
            ("proposal", Align::Right),
            ("by", Align::Left),
            ("hash", Align::Left),
        ]);
        for charter in &self.charters {
            table.row([
                charter.number.to_string(),
                charter.from_height.to_string(),
                charter.proposal.map(|proposal| proposal.to_string()).unwrap_or_default(),
                charter.proposer.clone().unwrap_or_else(|| "the founders".to_owned()),
                charter.hash.clone(),
            ]);
        }
        table.text("")
    }
}
