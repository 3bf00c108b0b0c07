//! `comity cycle`: clearing cycles and their settlement legs.

use crate::exit::Result;
use crate::output::{Align, Output, Table};
use crate::remote::{NodeArgument, SignerArguments};
use api::text::{CloseCycle, ConfirmLeg};
use api::view::{CycleView, LegView};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

/// Look at clearing cycles, agree to close one early, confirm what was paid.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the cycles; the last one is open
    List(List),
    /// Show a cycle and its settlement legs
    Show(Show),
    /// Agree that the open cycle closes before its time; it does when more than half of the members agree
    Close(Close),
    /// Confirm that your member was paid a leg of a closed cycle
    Confirm(Confirm),
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
            let cycles: Cycles = node.connect().get("/v1/cycles", &[])?;
            output.show(&cycles, |cycles| list(&cycles.cycles))
        }
        Command::Show(Show { cycle, node }) => {
            let cycle: Detailed = node.connect().get(&format!("/v1/cycles/{cycle}"), &[])?;
            output.show(&cycle, Detailed::text)
        }
        Command::Close(Close { cycle, signer }) => signer.order(&CloseCycle { cycle: *cycle }.into(), output),
        Command::Confirm(Confirm { cycle, leg, signer }) => {
            signer.order(&ConfirmLeg { cycle: *cycle, leg: *leg }.into(), output)
        }
    }
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
            ("confirmed", Align::Left),
        ]);
        for leg in &self.settlement_legs {
            table.row([
                leg.number.to_string(),
                leg.debtor.clone(),
                leg.creditor.clone(),
                leg.amount.amount.clone(),
                leg.amount.currency.clone(),
                leg.confirmed_at.clone().unwrap_or_else(|| "not yet".to_owned()),
            ]);
        }
        text.push('\n');
        text.push_str(&table.text("No settlement legs."));
        text
    }
}
