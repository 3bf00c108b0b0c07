//! camt.053 and camt.052: the accounts of a member over a day or a cycle.

use super::entry::{Booking, Known, side, write_account, write_entry};
use super::{Stamp, Writer, Written, currency, day_text, time_text};
use crate::edition::Kind;
use crate::xml::Xml;
use union::{AccountStatement, Entry, Period, Statement};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// camt.053: the period is over, and nothing will come to it.
    Statement,
    /// camt.052: as far as it has come.
    Intraday,
}

/// A statement of the member's accounts: for each, opening balance + entries = closing balance.
///
/// `known` tells what is known of the payment behind an entry.
pub fn statement(
    writer: &Writer<'_>,
    stamp: &Stamp,
    report: Report,
    statement: &Statement,
    known: impl Fn(&Entry) -> Known,
) -> Written {
    let (kind, root, name) = match report {
        Report::Statement => (Kind::Camt053, "BkToCstmrStmt", "Stmt"),
        Report::Intraday => (Kind::Camt052, "BkToCstmrAcctRpt", "Rpt"),
    };
    writer.message(kind, stamp, |xml| {
        xml.within(root, |xml| {
            xml.within("GrpHdr", |xml| {
                xml.text("MsgId", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
            });
            for (place, account) in (1..).zip(&statement.accounts) {
                xml.within(name, |xml| {
                    let id = format!("{}-{place}", &stamp.id[..stamp.id.len().min(28)]);
                    write(writer, xml, (&id, stamp), report, statement, account, &known);
                });
            }
        });
    })
}

fn write(
    writer: &Writer<'_>,
    xml: &mut Xml,
    (id, stamp): (&str, &Stamp),
    report: Report,
    statement: &Statement,
    account: &AccountStatement,
    known: &impl Fn(&Entry) -> Known,
) {
    let currency = currency(writer.charter, account.account.book.0);
    let as_of = writer.charter.calendar.local(stamp.time_ms).0;
    let day = match statement.period {
        Period::Day(day) => day,
        Period::Cycle(_) => as_of,
    };
    xml.text("Id", id);
    if let Period::Cycle(cycle) = statement.period {
        xml.text("LglSeqNb", &cycle.to_string());
    }
    xml.text("CreDtTm", &time_text(stamp.time_ms));
    if let Period::Day(day) = statement.period {
        let calendar = &writer.charter.calendar;
        xml.within("FrToDt", |xml| {
            xml.text("FrDtTm", &time_text(calendar.time_ms(day, 0)));
            xml.text("ToDtTm", &time_text(calendar.time_ms(day.after_days(1), 0)));
        });
    }
    write_account(writer, xml, account.account);
    let closing = if report == Report::Statement { "CLBD" } else { "ITBD" };
    for (code, balance) in [("OPBD", account.opening), (closing, account.closing)] {
        xml.within("Bal", |xml| {
            xml.within("Tp", |xml| {
                xml.within("CdOrPrtry", |xml| xml.text("Cd", code));
            });
            xml.amount("Amt", balance.unsigned_abs(), currency);
            xml.text("CdtDbtInd", side(balance));
            xml.within("Dt", |xml| xml.text("Dt", &day_text(day.0)));
        });
    }
    xml.within("TxsSummry", |xml| {
        for (name, is_debit) in [("TtlCdtNtries", false), ("TtlDbtNtries", true)] {
            let amounts = account.entries.iter().map(|entry| entry.amount).filter(|amount| (*amount < 0) == is_debit);
            // Amounts fit far below: the ledger bounds every side of an account.
            let (count, sum) = amounts.fold((0u64, 0u128), |(n, sum), amount| (n + 1, sum + amount.unsigned_abs()));
            xml.within(name, |xml| {
                xml.text("NbOfNtries", &count.to_string());
                let sum = xml.decimal(sum, currency.minor_digits());
                xml.text("Sum", &sum);
            });
        }
    });
    for entry in &account.entries {
        let booking = Booking {
            kind: entry.kind,
            order: entry.order,
            amount: entry.amount,
            time_ms: entry.time_ms,
            known: known(entry),
        };
        write_entry(writer, xml, account.account, &booking);
    }
    let state: String = statement.state.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("as of block {}, state hash {state}", statement.height);
    xml.text(if report == Report::Statement { "AddtlStmtInf" } else { "AddtlRptInf" }, &text);
}
