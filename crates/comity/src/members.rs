//! `comity members`: who the members are, and what one of them has set.

use crate::exit::Result;
use crate::output::{Align, Output, Table};
use crate::remote::NodeArgument;
use api::text::SetRule;
use api::view::{AccountView, AmountView, MemberView, ParticipantView, RatesView, UnionView};
use clap::Args;
use serde::{Deserialize, Serialize};

/// Show the union and its members, or a member's limits, rules, rates, participants and accounts.
#[derive(Args, Debug)]
pub struct Arguments {
    /// A member, by code.
    code: Option<String>,
    #[command(flatten)]
    node: NodeArgument,
}

/// A page of a member's participants.
#[derive(Debug, Deserialize)]
struct Page {
    participants: Vec<ParticipantView>,
    next: Option<usize>,
}

/// A member with its participants.
#[derive(Debug, Serialize)]
struct Detailed {
    #[serde(flatten)]
    member: MemberView,
    registered: Vec<ParticipantView>,
}

/// Prints the members, or one of them.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let remote = arguments.node.connect()?;
    match &arguments.code {
        None => {
            let union: UnionView = remote.get("/v1/union", &[])?;
            output.show(&union, union_text)
        }
        Some(code) => {
            let member = remote.member(code)?;
            let mut registered = Vec::new();
            let mut cursor = None;
            loop {
                let from: Option<String> = cursor.map(|cursor: usize| cursor.to_string());
                let parameters: Vec<_> = from.iter().map(|from| ("cursor", from.as_str())).collect();
                let page: Page =
                    remote.get(&format!("/v1/members/{}/participants", member.member.code), &parameters)?;
                registered.extend(page.participants);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            output.show(&Detailed { member, registered }, Detailed::text)
        }
    }
}

fn union_text(union: &UnionView) -> String {
    let mut table = Table::new(&[
        ("member", Align::Left),
        ("name", Align::Left),
        ("currency", Align::Left),
        ("standing", Align::Left),
        ("since block", Align::Right),
        ("node", Align::Left),
    ]);
    for member in &union.members {
        table.row([
            member.code.clone(),
            member.name.clone(),
            member.currency.clone(),
            member.standing.clone(),
            member.since_height.to_string(),
            member.node_key.as_deref().map(|key| format!("{}...", &key[..key.len().min(16)])).unwrap_or_default(),
        ]);
    }
    format!(
        "{}\ncharter   {}\nin force  {}\nepoch     {}, up to block {}\ntoday     {} (block {} of {})\ncycle     {}, closes {}\norders    {} open, {} ended\nstate     {}\n\n{}",
        union.name,
        union.hash,
        union.charter,
        union.epoch,
        union.epoch_ends,
        union.today,
        union.height,
        union.time,
        union.cycle.number,
        union.cycle.closes_at,
        union.open_orders,
        union.ended_orders,
        union.state,
        table.text("")
    )
}

fn cap(amount: &Option<AmountView>) -> String {
    amount.as_ref().map_or_else(|| "none".to_owned(), |amount| format!("{} {}", amount.amount, amount.currency))
}

fn rates(rates: &Option<RatesView>) -> String {
    let text =
        |rates: &RatesView| format!("buying {}, selling {}, from {}", rates.buying, rates.selling, rates.from_day);
    rates.as_ref().map_or_else(|| "none".to_owned(), text)
}

impl Detailed {
    fn text(&self) -> String {
        let Detailed { member: MemberView { member, limits, .. }, .. } = self;
        let mut text = format!("{}  {}, {}\n\n", member.code, member.name, member.currency);
        let key = |key: &Option<String>| key.clone().unwrap_or_else(|| "none".to_owned());
        let lines = [
            ("standing", format!("{} since block {}", member.standing, member.since_height)),
            ("signing key", key(&member.signing_key)),
            ("sealing key", member.sealing_key.clone()),
            ("node key", key(&member.node_key)),
            ("standby key", key(&member.standby_key)),
        ];
        text.extend(lines.iter().map(|(name, value)| format!("{name:12}{value}\n")));
        for to_come in &member.keys_to_come {
            text.push_str(&format!(
                "{:12}{} from block {} on: {}\n",
                "",
                to_come.kind,
                to_come.from_height,
                key(&to_come.key)
            ));
        }
        let lines = [
            ("debit cap", format!("{} (charter: {})", cap(&limits.debit_cap), cap(&limits.charter_debit_cap))),
            ("credit cap", format!("{} (charter: {})", cap(&limits.credit_cap), cap(&limits.charter_credit_cap))),
            ("reserved", format!("{} urgent, {} high", limits.reserved_urgent.amount, limits.reserved_high.amount)),
            ("rates", rates(&self.member.rates)),
            ("next rates", rates(&self.member.next_rates)),
        ];
        text.extend(lines.iter().map(|(name, value)| format!("{name:12}{value}\n")));
        text.push_str("\nAcceptance rules\n");
        text.extend(self.member.rules.iter().map(|rule| format!("  {}\n", rule_text(rule))));
        if self.member.rules.is_empty() {
            text.push_str("  none: everything is accepted\n");
        }
        text.push('\n');
        text.push_str(&self.participants());
        text.push('\n');
        text.push_str(&self.accounts());
        text
    }

    fn participants(&self) -> String {
        let mut table =
            Table::new(&[("participant", Align::Right), ("identifier", Align::Left), ("name", Align::Left)]);
        for participant in &self.registered {
            table.row([participant.number.to_string(), participant.identifier.clone(), participant.name.clone()]);
        }
        table.text("No participants.")
    }

    /// The member's own accounts, then those of its participants.
    fn accounts(&self) -> String {
        let mut table = Table::new(&[
            ("account of", Align::Right),
            ("balance", Align::Right),
            ("", Align::Left),
            ("debit cap", Align::Right),
            ("credit cap", Align::Right),
        ]);
        let registered = self.registered.iter();
        let registered = registered.map(|participant| (participant.number.to_string(), &participant.accounts));
        for (whose, accounts) in std::iter::once(("itself".to_owned(), &self.member.accounts)).chain(registered) {
            for AccountView { balance, debit_cap, credit_cap } in accounts {
                let cap = |cap: &Option<AmountView>| cap.as_ref().map_or("none".to_owned(), |cap| cap.amount.clone());
                table.row([
                    whose.clone(),
                    balance.amount.clone(),
                    balance.currency.clone(),
                    cap(debit_cap),
                    cap(credit_cap),
                ]);
            }
        }
        table.text("No payments and no caps of accounts yet.")
    }
}

fn rule_text(rule: &SetRule) -> String {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let conditions = [
        ("from ", rule.debtor.clone()),
        ("from participant ", number(rule.debtor_participant)),
        ("to participant ", number(rule.creditor_participant)),
        ("with purpose ", rule.purpose.clone()),
        ("in ", rule.currency.clone()),
        ("above ", rule.above.clone()),
    ];
    let conditions: Vec<String> =
        conditions.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}{value}"))).collect();
    let which = if conditions.is_empty() { "everything".to_owned() } else { conditions.join(", ") };
    let reason = rule.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{}: {} {which}{reason}", rule.slot, rule.action)
}
