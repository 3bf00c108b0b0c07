//! `comity queue`: what waits, and the runs that settled orders of it together.

use crate::exit::Result;
use crate::orders::table;
use crate::output::{Align, Output, Table};
use crate::remote::NodeArgument;
use api::view::{OrderView, QueueRunView};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

/// Look at queues, and at how orders of them were settled together.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show a member's queue, in the order in which it is worked through
    Show(Show),
    /// List the runs that settled orders together, the latest first, where the charter has any
    Runs(Runs),
}

#[derive(Args, Debug)]
pub struct Show {
    /// Member whose orders wait, by code.
    member: String,
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
pub struct Runs {
    /// Runs at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    #[command(flatten)]
    node: NodeArgument,
}

/// A member's queue.
#[derive(Debug, Deserialize, Serialize)]
struct Waiting {
    orders: Vec<OrderView>,
    length: usize,
}

/// The latest runs.
#[derive(Debug, Deserialize, Serialize)]
struct Latest {
    queue_runs: Vec<QueueRunView>,
}

/// Runs one of the commands.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Show(Show { member, node }) => {
            let waiting: Waiting = node.connect()?.get("/v1/queue", &[("member", member)])?;
            output.show(&waiting, Waiting::text)
        }
        Command::Runs(Runs { limit, node }) => {
            let latest: Latest = node.connect()?.get("/v1/queue-runs", &[("limit", &limit.to_string())])?;
            output.show(&latest, |latest| runs(&latest.queue_runs))
        }
    }
}

impl Waiting {
    fn text(&self) -> String {
        let mut text = table(&self.orders);
        if self.orders.len() < self.length {
            text.push_str(&format!("... the first {} of {}\n", self.orders.len(), self.length));
        }
        text
    }
}

fn runs(runs: &[QueueRunView]) -> String {
    let mut table = Table::new(&[
        ("run", Align::Right),
        ("time", Align::Left),
        ("because of", Align::Left),
        ("algorithm", Align::Left),
        ("waited", Align::Right),
        ("settled", Align::Right),
        ("value", Align::Right),
        ("bound", Align::Right),
        ("gap", Align::Right),
    ]);
    for run in runs {
        let cause = if run.cause == "set_time" { "set time" } else { "event" };
        let order = if run.strict_order { ", strict order" } else { "" };
        let refused = if run.refused { " (REFUSED BY THE BOOKS)" } else { "" };
        table.row([
            run.number.to_string(),
            run.time.clone(),
            cause.to_owned(),
            format!("{}{order}{refused}", run.algorithm),
            run.considered.to_string(),
            run.settled.to_string(),
            run.value.amount.clone(),
            run.bound.amount.clone(),
            run.gap.amount.clone(),
        ]);
    }
    table.text("No runs.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_a_line() {
        let amount = |text: &str| format!(r#"{{"amount": "{text}", "minor": "", "currency": "USD"}}"#);
        let json = format!(
            r#"{{"number": 7, "time": "2006-01-02T13:00:00Z", "cause": "set_time", "algorithm": "optimiser",
            "strict_order": true, "considered": 40, "considered_value": {}, "settled": 31, "value": {}, "bound": {},
            "gap": {}, "tried": [], "steps": 9, "refused": false}}"#,
            amount("900.00"),
            amount("800.00"),
            amount("801.50"),
            amount("1.50")
        );
        let text = runs(&[serde_json::from_str(&json).unwrap()]);
        let cells: Vec<&str> = text.lines().last().unwrap().split("  ").filter(|cell| !cell.is_empty()).collect();
        let cells: Vec<&str> = cells.into_iter().map(str::trim).collect();
        let expected = "7|2006-01-02T13:00:00Z|set time|optimiser, strict order|40|31|800.00|801.50|1.50";
        assert_eq!(cells.join("|"), expected);
        assert_eq!(runs(&[]), "No runs.\n");
    }
}
