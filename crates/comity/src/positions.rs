//! `comity positions`: what every member owns or owes, and how much it still can.

use crate::exit::Result;
use crate::output::{Align, Output, Table};
use crate::remote::NodeArgument;
use api::view::{AmountView, PositionView};
use clap::Args;
use serde::{Deserialize, Serialize};

/// Show members' positions, and a member's bilateral ones.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Only this member, with its bilateral positions, by code.
    #[arg(long, value_name = "CODE")]
    member: Option<String>,
    #[command(flatten)]
    node: NodeArgument,
}

/// Positions by member.
#[derive(Debug, Deserialize, Serialize)]
struct Positions {
    positions: Vec<PositionView>,
}

/// Prints the positions.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let parameters: Vec<_> = arguments.member.iter().map(|code| ("member", code.as_str())).collect();
    let positions: Positions = arguments.node.connect()?.get("/v1/positions", &parameters)?;
    output.show(&positions, |Positions { positions }| {
        let mut text = table(positions);
        if let (Some(_), [position]) = (&arguments.member, positions.as_slice()) {
            text.push('\n');
            text.push_str(&bilateral(position));
        }
        text
    })
}

fn or_none(amount: &Option<AmountView>) -> String {
    amount.as_ref().map_or_else(|| "none".to_owned(), |amount| amount.amount.clone())
}

fn table(positions: &[PositionView]) -> String {
    let unit = positions.first().map(|position| position.balance.currency.clone()).unwrap_or_default();
    let mut table = Table::new(&[
        ("member", Align::Left),
        ("position", Align::Right),
        ("to pay", Align::Right),
        ("to receive", Align::Right),
        ("open", Align::Right),
        ("debit cap", Align::Right),
        ("credit cap", Align::Right),
        ("can pay", Align::Right),
        ("can receive", Align::Right),
    ]);
    for position in positions {
        table.row([
            position.member.clone(),
            position.balance.amount.clone(),
            position.to_pay.amount.clone(),
            position.to_receive.amount.clone(),
            position.open_balance.amount.clone(),
            or_none(&position.debit_cap),
            or_none(&position.credit_cap),
            or_none(&position.can_pay),
            or_none(&position.can_receive),
        ]);
    }
    format!("In {unit}; `none`: no bound\n\n{}{}", table.text(""), credit(positions))
}

/// Quotas, dues and claims, of members that have any.
fn credit(positions: &[PositionView]) -> String {
    let is_nought = |amount: &AmountView| amount.minor == "0";
    let of_note = |position: &&PositionView| {
        position.quota.is_some() || !is_nought(&position.dues) || !is_nought(&position.claim)
    };
    let mut table = Table::new(&[
        ("member", Align::Left),
        ("quota", Align::Right),
        ("cumulative", Align::Right),
        ("dues", Align::Right),
        ("claim on it", Align::Right),
    ]);
    let rows: Vec<_> = positions.iter().filter(of_note).collect();
    for position in &rows {
        table.row([
            position.member.clone(),
            or_none(&position.quota),
            position.cumulative.amount.clone(),
            position.dues.amount.clone(),
            position.claim.amount.clone(),
        ]);
    }
    if rows.is_empty() { String::new() } else { format!("\n{}", table.text("")) }
}

fn bilateral(position: &PositionView) -> String {
    let mut table = Table::new(&[
        ("with", Align::Left),
        ("paid", Align::Right),
        ("received", Align::Right),
        ("net", Align::Right),
        ("debit limit", Align::Right),
        ("credit limit", Align::Right),
    ]);
    for other in &position.bilateral {
        table.row([
            other.counterparty.clone(),
            other.paid.amount.clone(),
            other.received.amount.clone(),
            other.net.amount.clone(),
            or_none(&other.debit_limit),
            or_none(&other.credit_limit),
        ]);
    }
    table.text("No other members.")
}
