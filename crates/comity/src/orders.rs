//! `comity orders`: payment orders, open and ended.

use crate::exit::Result;
use crate::output::{Align, Output, Table};
use crate::remote::NodeArgument;
use crate::{order_messages, receipt};
use api::view::OrderView;
use clap::{Args, Subcommand};
use serde::Serialize;
use uuid::Uuid;

/// List payment orders, or show one.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List orders, which is what happens without a command
    List(List),
    /// Show everything that is known of an order
    Show(Show),
    Receipt(receipt::Fetch),
    Messages(order_messages::Fetch),
}

#[derive(Args, Debug)]
struct List {
    /// Only orders of this member, on either side, by code.
    #[arg(long, value_name = "CODE")]
    member: Option<String>,
    /// Only orders in this status: held, queued, settled, refused, cancelled, expired, returned.
    #[arg(long)]
    status: Option<String>,
    /// Only settled orders whose return was asked for: asked (and waits for an answer), refused, granted
    #[arg(long, value_name = "STATUS")]
    request: Option<String>,
    /// So many orders at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    limit: u64,
    #[command(flatten)]
    node: NodeArgument,
}

#[derive(Args, Debug)]
struct Show {
    /// UUID of the order.
    id: Uuid,
    #[command(flatten)]
    node: NodeArgument,
}

/// Some orders.
#[derive(Debug, Serialize)]
struct Listed {
    orders: Vec<OrderView>,
    /// Whether there are more than were asked for.
    more: bool,
}

/// The most that is asked of the node at once.
const PAGE: usize = 1_000;

/// Lists or shows.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    match &arguments.command {
        Some(Command::Show(Show { id, node })) => {
            let order: OrderView = node.connect()?.get(&format!("/v1/orders/{id}"), &[])?;
            output.show(&order, text)
        }
        Some(Command::Receipt(fetch)) => fetch.run(output),
        Some(Command::Messages(fetch)) => fetch.run(output),
        Some(Command::List(list)) => list.run(output),
        None => arguments.list.run(output),
    }
}

impl List {
    fn run(&self, output: Output) -> Result<()> {
        let remote = self.node.connect()?;
        let limit = self.limit as usize;
        let mut listed = Listed { orders: Vec::new(), more: false };
        let mut cursor: Option<String> = None;
        loop {
            let page_limit = (limit - listed.orders.len()).min(PAGE).to_string();
            let mut parameters = vec![("limit", page_limit.as_str())];
            parameters.extend(self.member.as_deref().map(|member| ("member", member)));
            parameters.extend(self.status.as_deref().map(|status| ("status", status)));
            parameters.extend(self.request.as_deref().map(|request| ("request", request)));
            parameters.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = remote.orders(&parameters)?;
            listed.orders.extend(page.orders);
            listed.orders.truncate(limit);
            listed.more = page.next.is_some();
            cursor = page.next;
            // A page may be short, or even empty, and still not be the last.
            if cursor.is_none() || listed.orders.len() == limit {
                break;
            }
        }
        output.show(&listed, |listed| {
            let mut text = table(&listed.orders);
            if listed.more {
                text.push_str("... and more; --limit shows more of them\n");
            }
            text
        })
    }
}

/// Orders, one a line.
pub(crate) fn table(orders: &[OrderView]) -> String {
    let mut table = Table::new(&[
        ("id", Align::Left),
        ("status", Align::Left),
        ("why", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("amount", Align::Right),
        ("", Align::Left),
        ("value date", Align::Left),
    ]);
    for order in orders {
        table.row([
            order.id.clone(),
            order.status.clone(),
            order.reason.clone().unwrap_or_default(),
            side(&order.debtor, order.debtor_participant),
            side(&order.creditor, order.creditor_participant),
            order.amount.amount.clone(),
            order.amount.currency.clone(),
            order.value_date.clone(),
        ]);
    }
    table.text("No orders.")
}

fn side(member: &str, participant: u32) -> String {
    if participant == 0 { member.to_owned() } else { format!("{member}/{participant}") }
}

fn text(order: &OrderView) -> String {
    let asked = order.return_request.as_ref().map(|request| format!("{} ({})", request.status, request.reason));
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let flag = |flag: Option<bool>, text: &str| if flag == Some(true) { text.to_owned() } else { String::new() };
    let because = match (&order.reason, &order.meaning) {
        (Some(reason), Some(meaning)) => format!("{reason}: {meaning}"),
        (reason, _) => some(reason),
    };
    let place = &order.place;
    let lines = [
        ("order", order.id.clone()),
        ("kind", some(&order.kind)),
        ("status", order.status.clone()),
        ("why", because),
        ("amount", format!("{} {}", order.amount.amount, order.amount.currency)),
        ("from", side(&order.debtor, order.debtor_participant)),
        ("to", side(&order.creditor, order.creditor_participant)),
        ("value date", order.value_date.clone()),
        ("expires", some(&order.expires_at)),
        ("priority", some(&order.priority)),
        ("customer", flag(order.customer, "yes")),
        ("immediate", flag(order.immediate, "yes")),
        ("purpose", some(&order.purpose)),
        ("reference", some(&order.reference)),
        ("returns", some(&order.original)),
        ("because of", some(&order.return_reason)),
        ("asked back", asked.unwrap_or_default()),
        ("rule", order.rule.map(|rule| format!("acceptance rule {rule} of {}", order.creditor)).unwrap_or_default()),
        ("detail", order.detail_hash.as_ref().map(|hash| format!("sealed, hash {hash}")).unwrap_or_default()),
        ("place", format!("block {}, batch {}, record {}", place.height, place.batch, place.record)),
        ("ended", order.ended_at_height.map(|height| format!("block {height}")).unwrap_or_default()),
        ("cycle", order.cycle.map(|cycle| cycle.to_string()).unwrap_or_default()),
    ];
    let shown = lines.iter().filter(|(_, value)| !value.is_empty());
    shown.map(|(name, value)| format!("{name:12}{value}\n")).collect()
}
