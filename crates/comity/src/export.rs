//! `comity export`: a journal as Parquet files, for analysts.

mod sheet;

use crate::exit::{Failure, Result};
use crate::new_directory::ensure_room;
use crate::output::{Align, Output, Table};
use crate::progress;
use crate::verify::{journal_directory, replay_journal};
use clap::Args;
use ledger::{AccountKey, Book, NO_CAP, Transfer, TransferKind};
use money::Currency;
use serde::Serialize;
use sheet::text_or_null;
pub use sheet::{Cell, Sheet};
use std::path::{Path, PathBuf};
use union::{
    Charter, CycleStatus, Event, Found, NO_RULE, OrderEvent, OrderStatus, Payment, Place, Priority, Reason, Union,
};
use uuid::Uuid;

/// Write a journal as Parquet files: orders, transfers, cycles, legs, positions.
#[derive(Args, Debug)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// Directory of a union (with data/ in it) or of a journal.
    directory: PathBuf,
    /// Directory for the files; it must be empty or not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

const NOTES: &str = "\
Amounts are DECIMAL(38,0) minor units; `currency` says of what and `decimals` how many make a major unit.
Times are UTC, days are those of the union's clock. In orders.parquet an order has the status that it ended with, or
that it waits with; a payment that was given back later is `settled` there, and the return's row names it in `original`.";

/// What was written: rows by file.
#[derive(Debug, Serialize)]
struct Exported {
    directory: PathBuf,
    /// The last block that went in.
    height: u64,
    rows: Vec<(&'static str, u64)>,
}

/// The files that are being written.
struct Sheets {
    orders: Sheet,
    transfers: Sheet,
    cycles: Sheet,
    legs: Sheet,
    positions: Sheet,
}

/// Their names.
const SHEETS: [&str; 5] = ["orders", "transfers", "cycles", "legs", "positions"];

const ORDERS: &str = "
    required binary id (UTF8);
    required binary kind (UTF8);
    required binary status (UTF8);
    optional binary reason (UTF8);
    required binary debtor (UTF8);
    required int64 debtor_participant;
    required binary creditor (UTF8);
    required int64 creditor_participant;
    required fixed_len_byte_array(16) amount (DECIMAL(38,0));
    required binary currency (UTF8);
    required int64 decimals;
    required fixed_len_byte_array(16) unit_debit (DECIMAL(38,0));
    required fixed_len_byte_array(16) unit_credit (DECIMAL(38,0));
    required binary priority (UTF8);
    required boolean customer;
    required boolean immediate;
    required boolean has_detail;
    required int32 value_date (DATE);
    optional binary purpose (UTF8);
    optional binary reference (UTF8);
    optional binary original (UTF8);
    optional binary return_reason (UTF8);
    optional int64 rule;
    required int64 cycle;
    required int64 block;
    required int64 batch;
    required int64 record;
    optional int64 ended_block;
    optional int64 ended_at (TIMESTAMP(MILLIS,true));";

const TRANSFERS: &str = "
    required int64 block;
    required int64 time (TIMESTAMP(MILLIS,true));
    required binary kind (UTF8);
    optional binary order (UTF8);
    optional int64 cycle;
    optional int64 leg;
    required fixed_len_byte_array(16) amount (DECIMAL(38,0));
    required binary currency (UTF8);
    required int64 decimals;
    required boolean unit_of_account;
    required binary debit_member (UTF8);
    required int64 debit_participant;
    required binary credit_member (UTF8);
    required int64 credit_participant;";

const CYCLES: &str = "
    required int64 cycle;
    required binary status (UTF8);
    required int32 first_day (DATE);
    required int64 opened_at (TIMESTAMP(MILLIS,true));
    required int64 closes_at (TIMESTAMP(MILLIS,true));
    required int64 settled_orders;
    required fixed_len_byte_array(16) gross (DECIMAL(38,0));
    required fixed_len_byte_array(16) bilateral_net (DECIMAL(38,0));
    required fixed_len_byte_array(16) multilateral_net (DECIMAL(38,0));
    required binary currency (UTF8);
    required int64 decimals;
    required int64 legs;
    required int64 legs_open;";

const LEGS: &str = "
    required int64 cycle;
    required int64 leg;
    required binary debtor (UTF8);
    required binary creditor (UTF8);
    required fixed_len_byte_array(16) amount (DECIMAL(38,0));
    required binary currency (UTF8);
    required int64 decimals;
    required fixed_len_byte_array(16) unit_amount (DECIMAL(38,0));
    optional int64 confirmed_at (TIMESTAMP(MILLIS,true));";

const POSITIONS: &str = "
    required binary account (UTF8);
    required binary member (UTF8);
    required int64 participant;
    required binary currency (UTF8);
    required int64 decimals;
    required fixed_len_byte_array(16) debits (DECIMAL(38,0));
    required fixed_len_byte_array(16) credits (DECIMAL(38,0));
    required fixed_len_byte_array(16) balance (DECIMAL(38,0));
    required fixed_len_byte_array(16) to_pay (DECIMAL(38,0));
    required fixed_len_byte_array(16) to_receive (DECIMAL(38,0));
    optional fixed_len_byte_array(16) debit_cap (DECIMAL(38,0));
    optional fixed_len_byte_array(16) credit_cap (DECIMAL(38,0));";

/// Replays the journal into files; where that fails, none is left.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let directory = journal_directory(&arguments.directory);
    let acknowledged = journal::Reader::open(&directory).and_then(|reader| reader.acknowledged());
    let blocks = acknowledged.map_err(Failure::failed)?.map_or(0, |head| head.height);
    ensure_room(&arguments.out)?;
    let is_new = !arguments.out.exists();
    std::fs::create_dir_all(&arguments.out).map_err(Failure::io("create", &arguments.out))?;
    let exported = write(arguments, &directory, blocks).inspect_err(|_| {
        // What is in the way of cleaning up was in the way before, and that is what the failure tells.
        for name in SHEETS {
            let _ = sheet::remove(&arguments.out, name);
        }
        if is_new {
            let _ = std::fs::remove_dir(&arguments.out);
        }
    })?;
    output.show(&exported, Exported::text)
}

fn write(arguments: &Arguments, directory: &Path, blocks: u64) -> Result<Exported> {
    let failed = |error: parquet::errors::ParquetError| {
        Failure::failed(format!("cannot write {}: {error}", arguments.out.display()))
    };

    let mut replay = replay_journal(directory)?;
    let mut sheets = Sheets::create(&arguments.out).map_err(failed)?;
    let bar = progress::bar(blocks, "blocks");
    while let Some(step) = replay.step()? {
        for event in &step.applied.events {
            match event {
                Event::Order(order) if is_end(order.status) => sheets.ended_order(step.union, order).map_err(failed)?,
                Event::Transfer(transfer) => sheets.transfer(step.union, transfer).map_err(failed)?,
                _ => {}
            }
        }
        bar.set_position(step.applied.height);
    }
    let union = replay.union();
    sheets.state(union).map_err(failed)?;
    bar.finish_and_clear();

    Ok(Exported { directory: arguments.out.clone(), height: union.height(), rows: sheets.finish().map_err(failed)? })
}

fn is_end(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Settled | OrderStatus::Refused | OrderStatus::Cancelled | OrderStatus::Expired)
}

impl Sheets {
    fn create(directory: &Path) -> parquet::errors::Result<Self> {
        let sheet = |name, schema| Sheet::create(directory, name, schema);
        Ok(Sheets {
            orders: sheet(SHEETS[0], ORDERS)?,
            transfers: sheet(SHEETS[1], TRANSFERS)?,
            cycles: sheet(SHEETS[2], CYCLES)?,
            legs: sheet(SHEETS[3], LEGS)?,
            positions: sheet(SHEETS[4], POSITIONS)?,
        })
    }

    fn finish(self) -> parquet::errors::Result<Vec<(&'static str, u64)>> {
        Ok(vec![
            (SHEETS[0], self.orders.finish()?),
            (SHEETS[1], self.transfers.finish()?),
            (SHEETS[2], self.cycles.finish()?),
            (SHEETS[3], self.legs.finish()?),
            (SHEETS[4], self.positions.finish()?),
        ])
    }

    fn ended_order(&mut self, union: &Union, order: &OrderEvent) -> parquet::errors::Result<()> {
        let Some(Found::Closed(at)) = union.orders().find(order.payment.id) else {
            unreachable!("an order that ended is found among the ended ones");
        };
        let place = union.orders().closed(at).place();
        self.order(union.charter(), order, place, Some((union.height(), union.time_ms())))
    }

    fn order(
        &mut self,
        charter: &Charter,
        order: &OrderEvent,
        place: Place,
        ended: Option<(u64, u64)>,
    ) -> parquet::errors::Result<()> {
        let payment = &order.payment;
        let (currency, decimals) = currency(payment.currency);
        self.orders.row([
            id(payment.id),
            text(if payment.kind == Payment::RETURN { "return" } else { "payment" }),
            text(order.status.name()),
            text_or_null(order.reason.code()),
            member(charter, payment.debtor),
            Cell::Number(payment.debtor_participant.into()),
            member(charter, payment.creditor),
            Cell::Number(payment.creditor_participant.into()),
            Cell::Amount(payment.amount.into()),
            currency,
            decimals,
            Cell::Amount(order.unit_debit.into()),
            Cell::Amount(order.unit_credit.into()),
            text(match Priority::from_number(payment.priority) {
                Some(Priority::Urgent) => "urgent",
                Some(Priority::High) => "high",
                Some(Priority::Normal) | None => "normal",
            }),
            Cell::Flag(payment.customer == 1),
            Cell::Flag(payment.immediate == 1),
            Cell::Flag(payment.detail != [0; 32]),
            Cell::Day(payment.value_date),
            text_or_null(Reason(payment.purpose).code()),
            text_or_null(payment.reference()),
            if payment.original == 0 { Cell::Null } else { id(payment.original) },
            text_or_null(payment.reason.code()),
            if order.rule == NO_RULE { Cell::Null } else { Cell::Number(order.rule.into()) },
            Cell::Number(order.cycle.into()),
            Cell::Number(place.height),
            Cell::Number(place.batch.into()),
            Cell::Number(place.record.into()),
            ended.map_or(Cell::Null, |(height, _)| Cell::Number(height)),
            ended.map_or(Cell::Null, |(_, time_ms)| Cell::Instant(time_ms)),
        ])
    }

    fn transfer(&mut self, union: &Union, transfer: &Transfer) -> parquet::errors::Result<()> {
        let is_leg = transfer.kind() == TransferKind::CycleSettlement;
        let is_of_an_order = transfer.kind().is_of_an_order();
        let charter = union.charter();
        let sides = [transfer.debit, transfer.credit].map(|at| union.ledger().accounts().get(at).key);
        let (currency, decimals) = book(charter, transfer.book);
        let (cycle, leg) = ((transfer.order >> 32) as u64, u64::from(transfer.order as u32));
        self.transfers.row([
            Cell::Number(union.height()),
            Cell::Instant(union.time_ms()),
            text(match transfer.kind() {
                TransferKind::Settlement => "settlement",
                TransferKind::Return => "return",
                TransferKind::ExchangeDifference => "exchange_difference",
                TransferKind::Rounding => "rounding",
                TransferKind::CycleSettlement => "cycle_settlement",
                TransferKind::Charge => "charge",
                TransferKind::Interest => "interest",
                TransferKind::Collection => "collection",
                TransferKind::Default => "default",
                TransferKind::LossShare => "loss_share",
            }),
            if is_of_an_order { id(transfer.order) } else { Cell::Null },
            if is_of_an_order { Cell::Null } else { Cell::Number(cycle) },
            if is_leg { Cell::Number(leg) } else { Cell::Null },
            amount(transfer.amount),
            currency,
            decimals,
            Cell::Flag(transfer.book == Book::UNIT_OF_ACCOUNT),
            member(charter, sides[0].member),
            Cell::Number(sides[0].participant.into()),
            member(charter, sides[1].member),
            Cell::Number(sides[1].participant.into()),
        ])
    }

    /// What the journal has led to: orders that still wait, cycles with their legs, and all accounts.
    fn state(&mut self, union: &Union) -> parquet::errors::Result<()> {
        let charter = union.charter();
        for open in union.orders().all_open() {
            self.order(charter, &open.event(union.open_cycle_row().number), open.place, None)?;
        }
        let (unit, unit_decimals) = book(charter, Book::UNIT_OF_ACCOUNT);
        let (asset, asset_decimals) = currency(charter.settlement_asset.numeric());
        for cycle in union.cycles() {
            self.cycles.row([
                Cell::Number(cycle.number.into()),
                text(match cycle.status() {
                    CycleStatus::Open => "open",
                    CycleStatus::Closed => "closed",
                    CycleStatus::Settled => "settled",
                }),
                Cell::Day(cycle.first_day),
                Cell::Instant(cycle.opened_at_ms),
                Cell::Instant(cycle.closes_at_ms),
                Cell::Number(cycle.settled_orders),
                amount(cycle.gross),
                amount(cycle.bilateral_net),
                amount(cycle.multilateral_net),
                unit.clone(),
                unit_decimals.clone(),
                Cell::Number(cycle.legs.into()),
                Cell::Number(cycle.legs_open.into()),
            ])?;
            for leg in union.legs(cycle) {
                self.legs.row([
                    Cell::Number(leg.cycle.into()),
                    Cell::Number(leg.number.into()),
                    member(charter, leg.debtor),
                    member(charter, leg.creditor),
                    amount(leg.asset_amount),
                    asset.clone(),
                    asset_decimals.clone(),
                    amount(leg.unit_amount),
                    if leg.is_confirmed() { Cell::Instant(leg.confirmed_at_ms) } else { Cell::Null },
                ])?;
            }
        }
        for account in union.ledger().accounts().rows() {
            let cap = |cap: u64| if cap == NO_CAP { Cell::Null } else { Cell::Amount(cap.into()) };
            let (currency, decimals) = book(charter, account.key.book);
            self.positions.row([
                text(match account.key {
                    key if key == AccountKey::exchange() => "exchange",
                    key if key == AccountKey::rounding() => "rounding",
                    key if key == AccountKey::charges() => "charges",
                    key if key == AccountKey::interest() => "interest",
                    key if key == AccountKey::losses() => "losses",
                    key if key == AccountKey::position(key.member) => "position",
                    key if key == AccountKey::dues(key.member) => "dues",
                    key if key == AccountKey::defaulted(key.member) => "defaulted",
                    _ => "payments",
                }),
                member(charter, account.key.member),
                Cell::Number(account.key.participant.into()),
                currency,
                decimals,
                amount(account.debits),
                amount(account.credits),
                Cell::Amount(account.balance()),
                amount(account.to_pay),
                amount(account.to_receive),
                cap(account.debit_cap),
                cap(account.credit_cap),
            ])?;
        }
        Ok(())
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn id(id: u128) -> Cell {
    Cell::Text(Uuid::from_u128(id).to_string())
}

/// The ledger keeps sums far below what a signed integer of this width holds.
fn amount(amount: u128) -> Cell {
    Cell::Amount(i128::try_from(amount).expect("the ledger bounds every sum below 2^110"))
}

fn member(charter: &Charter, number: u16) -> Cell {
    text(charter.members.get(usize::from(number)).map_or("UNION", |member| &member.code))
}

/// Code and decimals of a currency.
fn currency(numeric: u16) -> (Cell, Cell) {
    match Currency::from_numeric(numeric) {
        Ok(currency) => (text(currency.code()), Cell::Number(currency.minor_digits().into())),
        Err(_) => (text(&format!("{numeric:03}")), Cell::Number(0)),
    }
}

fn book(charter: &Charter, book: Book) -> (Cell, Cell) {
    currency(if book == Book::UNIT_OF_ACCOUNT { charter.unit_of_account.numeric() } else { book.0 })
}

impl Exported {
    fn text(&self) -> String {
        let mut table = Table::new(&[("file", Align::Left), ("rows", Align::Right)]);
        for (name, rows) in &self.rows {
            let file = self.directory.join(format!("{name}.parquet"));
            table.row([file.display().to_string(), rows.to_string()]);
        }
        format!("Exported blocks 1 to {}\n\n{}", self.height, table.text(""))
    }
}
