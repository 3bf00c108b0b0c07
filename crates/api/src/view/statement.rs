//! Statements as JSON, CSV and text.

use super::event::transfer_kind;
use super::{AmountView, code, day_text, hex};
use crate::text::{OrderLine, id_text, time_text};
use ledger::{AccountKey, Book, TransferKind};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use union::{AccountStatement, Charter, Entry, Period, Statement};
use utoipa::ToSchema;

/// A member's statement for a day or a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementView {
    /// The union's name.
    pub union: String,
    /// The member, by code.
    pub member: String,
    /// The day that it covers, unless it covers a cycle.
    pub day: Option<String>,
    /// The cycle that it covers, unless it covers a day.
    pub cycle: Option<u32>,
    /// Whether the period was over: a final statement does not change any more.
    pub is_final: bool,
    /// The last block that was looked at.
    pub height: u64,
    /// State hash after it, hexadecimal.
    pub state: String,
    /// The position first, then the other accounts.
    pub accounts: Vec<AccountStatementView>,
}

/// One account in a statement: `opening + sum of entries = closing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountStatementView {
    /// `position` (in the unit of account) or `account` (of a participant or the member itself, in a currency).
    pub account: String,
    /// The participant; 0 for the member itself.
    pub participant: u32,
    /// Balance before the first entry.
    pub opening: AmountView,
    /// Bookings, in order.
    pub entries: Vec<EntryView>,
    /// Balance after the last entry.
    pub closing: AmountView,
}

/// A booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryView {
    /// The block.
    pub height: u64,
    /// Its time.
    pub time: String,
    /// Kind of transfer: `settlement`, `return`, `exchange_difference`, `rounding` or `cycle_settlement`.
    pub kind: String,
    /// UUID of the order; null for the settlement of a cycle.
    pub order: Option<String>,
    /// For the settlement of a cycle, the leg: `cycle/number`.
    pub leg: Option<String>,
    /// The other member, by code; `UNION` for the exchange and rounding accounts.
    pub counterparty: String,
    /// Its participant.
    pub counterparty_participant: u32,
    /// The sender's reference.
    pub reference: Option<String>,
    /// ISO 20022 purpose code.
    pub purpose: Option<String>,
    /// The order's amount in its own currency.
    pub ordered: Option<AmountView>,
    /// What was booked: positive for a credit.
    #[serde(flatten)]
    pub amount: AmountView,
    /// Balance after it.
    pub balance: AmountView,
}

impl StatementView {
    /// A statement.
    pub fn new(charter: &Charter, statement: &Statement) -> Self {
        let (day, cycle) = match statement.period {
            Period::Day(day) => (Some(day_text(day.0)), None),
            Period::Cycle(cycle) => (None, Some(cycle)),
        };
        StatementView {
            union: charter.name.clone(),
            member: code(charter, statement.member),
            day,
            cycle,
            is_final: statement.is_final,
            height: statement.height,
            state: hex(&statement.state),
            accounts: statement.accounts.iter().map(|account| account_view(charter, account)).collect(),
        }
    }

    /// Comma-separated values: one line a booking, with opening and closing balances as lines of their own, so that every
    /// account adds up in the column `amount`.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = [
            "member",
            "account",
            "participant",
            "currency",
            "line",
            "time",
            "height",
            "kind",
            "order",
            "counterparty",
            "counterparty_participant",
            "reference",
            "purpose",
            "amount",
            "balance",
        ];
        let mut write = |row: [&str; 15]| writer.write_record(row).expect("memory takes everything");
        write(header);
        for account in &self.accounts {
            let participant = account.participant.to_string();
            let head = [self.member.as_str(), &account.account, &participant, &account.opening.currency];
            let [member, kind, participant, currency] = head;
            let edge = |line, amount, balance| {
                [member, kind, participant, currency, line, "", "", "", "", "", "", "", "", amount, balance]
            };
            write(edge("opening", &account.opening.amount, &account.opening.amount));
            for entry in &account.entries {
                let (height, other) = (entry.height.to_string(), entry.counterparty_participant.to_string());
                write([
                    member,
                    kind,
                    participant,
                    currency,
                    "entry",
                    &entry.time,
                    &height,
                    &entry.kind,
                    entry.order.as_deref().or(entry.leg.as_deref()).unwrap_or_default(),
                    &entry.counterparty,
                    &other,
                    entry.reference.as_deref().unwrap_or_default(),
                    entry.purpose.as_deref().unwrap_or_default(),
                    &entry.amount.amount,
                    &entry.balance.amount,
                ]);
            }
            write(edge("closing", "", &account.closing.amount));
        }
        let bytes = writer.into_inner().expect("memory takes everything");
        String::from_utf8(bytes).expect("every cell is text")
    }

    /// Aligned text for people.
    pub fn to_text(&self) -> String {
        let period = match (&self.day, self.cycle) {
            (Some(day), _) => format!("day {day}"),
            (None, cycle) => format!("cycle {}", cycle.unwrap_or_default()),
        };
        let state = if self.is_final { "final" } else { "not final: the period is not over" };
        let mut text = format!("{}\nStatement of {} for {period} ({state})\n", self.union, self.member);
        let mut line = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("a string takes everything");
        for account in &self.accounts {
            let currency = &account.opening.currency;
            let name = match (account.account.as_str(), account.participant) {
                ("position", _) => "Position".to_owned(),
                (_, 0) => "Own account".to_owned(),
                (_, participant) => format!("Participant {participant}"),
            };
            // The widest balance or amount decides the width of both columns.
            let entries = account.entries.iter().flat_map(|entry| [&entry.amount.amount, &entry.balance.amount]);
            let edges = [&account.opening.amount, &account.closing.amount];
            let width = edges.into_iter().chain(entries).map(String::len).max().unwrap_or_default();
            line(format_args!("\n{name}, {currency}\n"));
            line(format_args!("  {:<81}  {:>width$}  {:>width$}\n", "opening", "", account.opening.amount));
            for entry in &account.entries {
                line(format_args!(
                    "  {:<24}  {:<36}  {:<17}  {:>width$}  {:>width$}\n",
                    entry.time,
                    entry.order.as_deref().or(entry.leg.as_deref()).unwrap_or_default(),
                    format!("{} {}", entry.counterparty, short(&entry.kind)),
                    entry.amount.amount,
                    entry.balance.amount,
                ));
            }
            line(format_args!("  {:<81}  {:>width$}  {:>width$}\n", "closing", "", account.closing.amount));
        }
        line(format_args!("\nas of block {}, state {}\n", self.height, self.state));
        text
    }
}

/// A kind of transfer for a narrow column.
fn short(kind: &str) -> &str {
    match kind {
        "settlement" => "payment",
        "exchange_difference" => "exchange",
        "cycle_settlement" => "leg",
        other => other,
    }
}

fn account_view(charter: &Charter, account: &AccountStatement) -> AccountStatementView {
    let AccountKey { book, participant, member } = account.account;
    let amount = |minor: i128| AmountView::of_book(minor, book, charter);
    AccountStatementView {
        account: match account.account {
            key if key == AccountKey::position(member) => "position",
            key if key == AccountKey::dues(member) => "dues",
            key if key == AccountKey::defaulted(member) => "defaulted",
            _ => "account",
        }
        .to_owned(),
        participant,
        opening: amount(account.opening),
        entries: account.entries.iter().map(|entry| entry_view(charter, book, entry)).collect(),
        closing: amount(account.closing),
    }
}

fn entry_view(charter: &Charter, book: Book, entry: &Entry) -> EntryView {
    let is_leg = entry.kind == TransferKind::CycleSettlement;
    let line = entry.payment.as_ref().map(|payment| OrderLine::write(charter, payment, None));
    let (reference, purpose) = line.map_or((None, None), |line| (line.reference, line.purpose));
    EntryView {
        height: entry.height,
        time: time_text(entry.time_ms),
        kind: transfer_kind(entry.kind).to_owned(),
        order: entry.kind.is_of_an_order().then(|| id_text(entry.order)),
        leg: is_leg.then(|| format!("{}/{}", entry.order >> 32, entry.order & u128::from(u32::MAX))),
        counterparty: code(charter, entry.other.member),
        counterparty_participant: entry.other.participant,
        reference,
        purpose,
        ordered: entry.payment.map(|payment| AmountView::of_number(payment.amount.into(), payment.currency)),
        amount: AmountView::of_book(entry.amount, book, charter),
        balance: AmountView::of_book(entry.balance, book, charter),
    }
}
