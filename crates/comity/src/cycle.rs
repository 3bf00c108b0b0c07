//! `comity cycle`: clearing cycles and their settlement legs.

use crate::exit::Result;
use crate::output::{Align, Output, Table};
use crate::remote::{NodeArgument, SignerArguments, receipt_text, taken};
use api::text::{CloseCycle, ConfirmLeg, PayClaim};
use api::view::{CycleFlowsView, CycleView, LegView, ReceiptView};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

/// Look at clearing cycles, agree to close one early, confirm what was paid.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the cycles; the last one is open
    List(List),
    /// Show a cycle and its settlement legs
    Show(Show),
    /// Show what members paid each other in a cycle, before netting
    Flows(Show),
    /// Agree that the open cycle closes before its time; it does when more than half of the members agree
    Close(Close),
    /// Confirm that your member was paid a leg of a closed cycle
    Confirm(Confirm),
    /// Pay off a part of the claim on your member, which defaulted: it becomes part of its position, and goes back to those who bore the loss
    Repay(Repay),
}

#[derive(Args, Debug)]
pub struct List {
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
pub struct Show {
    /// Number of the cycle.
    cycle: u32,
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
pub struct Close {
    /// Number of the open cycle.
    cycle: u32,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Args, Debug)]
pub struct Confirm {
    /// Number of the closed cycle.
    cycle: u32,
    /// Number of the leg, from 0.
    leg: u32,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Args, Debug)]
pub struct Repay {
    /// In the unit of account; at most the claim, which `comity positions` shows.
    amount: String,
    #[command(flatten)]
    signer: SignerArguments,
}

/// The latest cycles.
#[derive(Debug, Deserialize, Serialize)]
struct Cycles {
    cycles: Vec<CycleView>,
}

/// A cycle with its legs.
#[derive(Debug, Deserialize, Serialize)]
struct Detailed {
    #[serde(flatten)]
    cycle: CycleView,
    settlement_legs: Vec<LegView>,
}

/// Runs one of the commands.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::List(List { node }) => {
            let cycles: Cycles = node.connect()?.get("/v1/cycles", &[])?;
            output.show(&cycles, |cycles| list(&cycles.cycles))
        }
        Command::Show(Show { cycle, node }) => {
            let cycle: Detailed = node.connect()?.get(&format!("/v1/cycles/{cycle}"), &[])?;
            output.show(&cycle, Detailed::text)
        }
        Command::Flows(Show { cycle, node }) => {
            let flows: CycleFlowsView = node.connect()?.get(&format!("/v1/cycles/{cycle}/flows"), &[])?;
            output.show(&flows, flows_text)
        }
        Command::Close(Close { cycle, signer }) => close(*cycle, signer, output),
        Command::Confirm(Confirm { cycle, leg, signer }) => {
            signer.order(&ConfirmLeg { cycle: *cycle, leg: *leg }.into(), output)
        }
        Command::Repay(Repay { amount, signer }) => signer.order(&PayClaim { amount: amount.clone() }.into(), output),
    }
}

/// What became of an agreement to close a cycle.
#[derive(Serialize)]
struct Agreed {
    #[serde(flatten)]
    receipt: ReceiptView,
    /// The cycle afterwards; null where the agreement was rejected, or the node did not tell any more.
    cycle: Option<CycleView>,
}

fn close(number: u32, arguments: &SignerArguments, output: Output) -> Result<()> {
    let signer = arguments.open()?;
    let ask = || signer.remote().get::<CycleView>(&format!("/v1/cycles/{number}"), &[]);
    let code = &signer.charter.members[usize::from(signer.member)].code;
    // Where the node does not know the cycle, it says so when it refuses to close it.
    let had_agreed = ask().is_ok_and(|cycle| cycle.agreed.contains(code));
    let receipt = signer.order(&CloseCycle { cycle: number }.into())?;
    let taken = taken(&receipt);
    // Once taken it is done, whether or not the node answers once more.
    let cycle = taken.as_ref().ok().and_then(|()| ask().ok());
    let agreed = Agreed { receipt, cycle };
    output.show(&agreed, |Agreed { receipt, cycle }| match cycle {
        Some(cycle) => agreed_text(cycle, signer.charter.members.len(), had_agreed),
        None => receipt_text(receipt),
    })?;
    taken
}

/// How far `members` members have come with closing a cycle: more than half of them have to agree.
fn agreed_text(cycle: &CycleView, members: usize, had_agreed: bool) -> String {
    let number = cycle.number;
    if cycle.status != "open" {
        let legs = if cycle.legs == 1 { "1 leg".to_owned() } else { format!("{} legs", cycle.legs) };
        return format!("cycle {number} is closed, {legs}\n");
    }
    let agreed = cycle.agreed.len();
    let already = if had_agreed { "agreed already: " } else { "" };
    let missing = (members / 2 + 1).saturating_sub(agreed);
    let close = if missing == 1 { "closes" } else { "close" };
    format!("{already}{agreed} of {members} members have agreed; {missing} more {close} it\n")
}

fn list(cycles: &[CycleView]) -> String {
    let mut table = Table::new(&[
        ("cycle", Align::Right),
        ("status", Align::Left),
        ("closes", Align::Left),
        ("settled orders", Align::Right),
        ("gross", Align::Right),
        ("bilateral net", Align::Right),
        ("multilateral net", Align::Right),
        ("legs", Align::Right),
        ("open", Align::Right),
    ]);
    for cycle in cycles {
        table.row([
            cycle.number.to_string(),
            cycle.status.clone(),
            cycle.closes_at.clone(),
            cycle.settled_orders.to_string(),
            cycle.gross.amount.clone(),
            cycle.bilateral_net.amount.clone(),
            cycle.multilateral_net.amount.clone(),
            cycle.legs.to_string(),
            cycle.legs_open.to_string(),
        ]);
    }
    table.text("No cycles.")
}

fn flows_text(CycleFlowsView { flows, .. }: &CycleFlowsView) -> String {
    let mut table =
        Table::new(&[("from", Align::Left), ("to", Align::Left), ("paid", Align::Right), ("", Align::Left)]);
    for flow in flows {
        let (amount, currency) = (flow.paid.amount.clone(), flow.paid.currency.clone());
        table.row([flow.debtor.clone(), flow.creditor.clone(), amount, currency]);
    }
    table.text("Nothing settled in it.")
}

impl Detailed {
    fn text(&self) -> String {
        let mut text = list(std::slice::from_ref(&self.cycle));
        if !self.cycle.agreed.is_empty() {
            text.push_str(&format!("\nAgreed to close early: {}\n", self.cycle.agreed.join(", ")));
        }
        let mut table = Table::new(&[
            ("leg", Align::Right),
            ("pays", Align::Left),
            ("is paid", Align::Left),
            ("amount", Align::Right),
            ("", Align::Left),
            ("due", Align::Left),
            ("parts paid", Align::Right),
            ("confirmed", Align::Left),
        ]);
        for leg in &self.settlement_legs {
            table.row([
                leg.number.to_string(),
                leg.debtor.clone(),
                leg.creditor.clone(),
                leg.amount.amount.clone(),
                leg.amount.currency.clone(),
                leg.due_on.clone().unwrap_or_default(),
                if leg.instalments > 0 {
                    format!("{}/{}", leg.instalments_paid, leg.instalments)
                } else {
                    String::new()
                },
                match leg.status.as_str() {
                    "closed_out" => "closed out".to_owned(),
                    _ => leg.confirmed_at.clone().unwrap_or_else(|| "not yet".to_owned()),
                },
            ]);
        }
        text.push('\n');
        text.push_str(&table.text("No settlement legs."));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreement_says_how_far_it_is() {
        let amount = r#"{"amount": "0.00", "minor": "0", "currency": "USD"}"#;
        let cycle = |status: &str, agreed: &str| -> CycleView {
            let json = format!(
                r#"{{"number": 1, "status": "{status}", "first_day": "", "opened_at": "", "closes_at": "",
                "settled_orders": 0, "gross": {amount}, "bilateral_net": {amount}, "multilateral_net": {amount},
                "legs": 2, "legs_open": 2, "agreed": {agreed}}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        let open = cycle("open", r#"["ARG"]"#);
        assert_eq!(agreed_text(&open, 3, false), "1 of 3 members have agreed; 1 more closes it\n");
        assert_eq!(agreed_text(&open, 4, true), "agreed already: 1 of 4 members have agreed; 2 more close it\n");
        assert_eq!(agreed_text(&cycle("closed", "[]"), 3, false), "cycle 1 is closed, 2 legs\n");
    }
}
