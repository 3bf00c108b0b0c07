//! `comity vote`, `comity withdraw`: one member, one vote.

use crate::exit::Result;
use crate::output::Output;
use crate::proposals::proposal_text;
use crate::remote::{SignerArguments, receipt_text, taken};
use api::text::{CastVote, CommandText, WithdrawProposal};
use api::view::{ProposalView, ReceiptView};
use clap::Args;
use serde::Serialize;

/// Vote on a proposal, or vote anew: the last vote before the deadline counts
#[derive(Args, Debug)]
pub struct Vote {
    /// Number of the proposal.
    number: u32,
    /// What your member votes; abstaining counts for the quorum only.
    #[arg(value_parser = ["agree", "oppose", "abstain"])]
    ballot: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// Take back a proposal that your member made and that is not decided yet
#[derive(Args, Debug)]
pub struct Withdraw {
    /// Number of the proposal.
    number: u32,
    #[command(flatten)]
    signer: SignerArguments,
}

/// What became of it, and the proposal afterwards.
#[derive(Serialize)]
struct Given {
    #[serde(flatten)]
    receipt: ReceiptView,
    /// Null where it was rejected, or the node did not tell any more.
    proposal: Option<ProposalView>,
}

/// Votes.
pub fn vote(arguments: &Vote, output: Output) -> Result<()> {
    let vote = CastVote { proposal: arguments.number, ballot: arguments.ballot.clone() };
    give(&arguments.signer, arguments.number, &vote.into(), output)
}

/// Takes a proposal back.
pub fn withdraw(arguments: &Withdraw, output: Output) -> Result<()> {
    give(&arguments.signer, arguments.number, &WithdrawProposal { proposal: arguments.number }.into(), output)
}

fn give(arguments: &SignerArguments, number: u32, command: &CommandText, output: Output) -> Result<()> {
    let signer = arguments.open()?;
    let receipt = signer.order(command)?;
    let result = taken(&receipt);
    let proposal =
        result.as_ref().ok().and_then(|()| signer.remote().get(&format!("/v1/proposals/{number}"), &[]).ok());
    output.show(&Given { receipt, proposal }, |Given { receipt, proposal }| {
        let after = proposal.as_ref().map(|proposal| format!("\n{}", proposal_text(proposal))).unwrap_or_default();
        format!("{}{after}", receipt_text(receipt))
    })?;
    result
}
