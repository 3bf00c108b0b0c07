//! `comity proposals`: what the members are to decide, and how the votes stand.

use crate::exit::Result;
use crate::output::{Align, Output, Table};
use crate::remote::NodeArgument;
use api::ProposalsView;
use api::view::ProposalView;
use clap::Args;

/// Show the proposals, the newest first, or one of them with its votes and text
#[derive(Args, Debug)]
pub struct Arguments {
    /// Number of a proposal.
    number: Option<u32>,
    /// Print the text of the charter that it comes with, and nothing else
    #[arg(long, requires = "number", conflicts_with = "status")]
    text: bool,
    /// Only those that have come so far
    #[arg(long, value_parser = ["draft", "open", "carried", "rejected", "withdrawn", "in force", "lapsed"], conflicts_with = "number")]
    status: Option<String>,
    #[command(flatten)]
    node: NodeArgument,
}

/// Prints proposals.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let remote = arguments.node.connect()?;
    match arguments.number {
        Some(number) if arguments.text => {
            let text = remote.text(&format!("/v1/proposals/{number}/text"))?;
            output.show(&serde_json::json!({ "proposal": number, "text": text }), |_| text.clone())
        }
        Some(number) => {
            let proposal: ProposalView = remote.get(&format!("/v1/proposals/{number}"), &[])?;
            output.show(&proposal, proposal_text)
        }
        None => {
            let mut all = ProposalsView { proposals: vec![], next: None };
            loop {
                let from = all.next.map(|from| from.to_string());
                let status = arguments.status.iter().map(|status| ("status", status.as_str()));
                let cursor = from.iter().map(|from| ("cursor", from.as_str()));
                let page = remote.proposals(&status.chain(cursor).collect::<Vec<_>>())?;
                all.proposals.extend(page.proposals);
                all.next = page.next;
                if all.next.is_none() {
                    break;
                }
            }
            output.show(&all.proposals, |proposals| list(proposals))
        }
    }
}

fn list(proposals: &[ProposalView]) -> String {
    let mut table = Table::new(&[
        ("proposal", Align::Right),
        ("kind", Align::Left),
        ("of", Align::Left),
        ("about", Align::Left),
        ("status", Align::Left),
        ("deadline", Align::Left),
        ("agreed", Align::Right),
        ("needed", Align::Right),
        ("may vote", Align::Right),
        ("in force from block", Align::Right),
    ]);
    for proposal in proposals {
        table.row([
            proposal.number.to_string(),
            proposal.kind.clone(),
            proposal.proposer.clone(),
            about(proposal),
            proposal.status.clone(),
            proposal.deadline.clone(),
            proposal.agreed.len().to_string(),
            proposal.needed.to_string(),
            proposal.electorate.to_string(),
            proposal.in_force_height.map(|height| height.to_string()).unwrap_or_default(),
        ]);
    }
    table.text("No proposals.")
}

fn about(proposal: &ProposalView) -> String {
    let protocol = proposal.protocol.map(|protocol| format!("version {protocol}"));
    proposal.subject.clone().or(proposal.newcomer.clone()).or(protocol).unwrap_or_default()
}

/// A proposal in words.
pub fn proposal_text(proposal: &ProposalView) -> String {
    let about = about(proposal);
    let about = if about.is_empty() { about } else { format!(" {about}") };
    let mut text = format!(
        "proposal {}: {}{about}, by {}, {}\n\n",
        proposal.number, proposal.kind, proposal.proposer, proposal.status
    );
    let none = || "none".to_owned();
    let codes = |codes: &[String]| if codes.is_empty() { none() } else { codes.join(", ") };
    let lines = [
        ("made", proposal.made_at.clone()),
        ("deadline", proposal.deadline.clone()),
        (
            "needs",
            format!(
                "{} of {} ({}), {} % voting",
                proposal.needed, proposal.electorate, proposal.majority, proposal.quorum_percent
            ),
        ),
        ("agreed", codes(&proposal.agreed)),
        ("opposed", codes(&proposal.opposed)),
        ("abstained", codes(&proposal.abstained)),
        ("not voted", codes(&proposal.not_voted)),
        ("from day", proposal.from_day.clone().unwrap_or_else(|| "as soon as it is carried".to_owned())),
        (
            "in force",
            proposal
                .in_force_height
                .map_or_else(|| "not stated yet".to_owned(), |height| format!("from block {height} on")),
        ),
    ];
    text.extend(lines.iter().map(|(name, value)| format!("{name:11}{value}\n")));
    if let (Some(bytes), Some(hash)) = (proposal.text_bytes, &proposal.text_hash) {
        let follows = proposal.base.as_deref().unwrap_or_default();
        text.push_str(&format!("{:11}{bytes} bytes, hash {hash}\n{:11}{follows}\n", "text", "follows"));
    }
    text
}
