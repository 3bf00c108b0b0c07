//! camt.054, and the entries of statements: a booking with everything that is known of its payment.

use super::{Reference, Stamp, Writer, Written, currency, day_text, time_text};
use crate::directory::Seat;
use crate::edition::Kind;
use crate::identifier::Original;
use crate::xml::Xml;
use keys::Detail;
use ledger::{AccountKey, TransferKind};
use union::{Payment, Reason};

/// What is known of the payment behind a booking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The order's record; none for the settlement of a cycle.
    pub payment: Option<Payment>,
    /// Its customer detail, where it could be opened.
    pub detail: Option<Detail>,
}

/// A movement on one of the member's accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Why money moved.
    pub kind: TransferKind,
    /// The order, or the settlement leg.
    pub order: u128,
    /// Minor units of the account's currency, positive for a credit.
    pub amount: i128,
    /// When it was booked, Unix milliseconds.
    pub time_ms: u64,
    /// What is known of the payment.
    pub known: Known,
}

impl Known {
    /// The identifiers of the order for its sender and its receiver.
    pub fn reference(&self, order: u128, edition: crate::edition::Edition) -> Reference {
        let detail = self.detail.clone().unwrap_or_default();
        let kind = self.payment.map(|payment| match payment {
            Payment { kind: Payment::RETURN, .. } => Kind::Pacs004,
            Payment { customer: 1, .. } => Kind::Pacs008,
            Payment { immediate: 1, .. } => Kind::Camt050,
            _ => Kind::Pacs009,
        });
        let message_name = kind.filter(|_| detail.message_id.is_some()).map(|kind| kind.identifier(edition).to_owned());
        let original = Original {
            message_id: detail.message_id,
            message_name,
            instruction_id: detail.instruction_id,
            end_to_end_id: detail.end_to_end_id,
            ..Original::default()
        };
        Reference { order, original }
    }
}

/// camt.054: a booking on an account of the member.
pub fn notification(writer: &Writer<'_>, stamp: &Stamp, account: AccountKey, booking: &Booking) -> Written {
    writer.message(Kind::Camt054, stamp, |xml| {
        xml.within("BkToCstmrDbtCdtNtfctn", |xml| {
            xml.within("GrpHdr", |xml| {
                xml.text("MsgId", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
            });
            xml.within("Ntfctn", |xml| {
                xml.text("Id", &stamp.id);
                xml.text("CreDtTm", &time_text(stamp.time_ms));
                write_account(writer, xml, account);
                write_entry(writer, xml, account, booking);
            });
        });
    })
}

/// `Acct`: the member's code, and for other accounts than its position the participant and the currency.
pub(super) fn write_account(writer: &Writer<'_>, xml: &mut Xml, account: AccountKey) {
    let code = &writer.charter.members[usize::from(account.member)].code;
    let currency = currency(writer.charter, account.book.0);
    let is_position = account.book == ledger::Book::UNIT_OF_ACCOUNT;
    let id = if is_position {
        format!("{code}-POSITION")
    } else {
        format!("{code}-{}-{}", account.participant, currency.code())
    };
    xml.within("Acct", |xml| {
        xml.within("Id", |xml| {
            xml.within("Othr", |xml| xml.text("Id", &id));
        });
        xml.text("Ccy", currency.code());
    });
}

/// Domain, family and sub-family of the ISO 20022 bank transaction codes.
fn transaction_code(booking: &Booking) -> [&'static str; 3] {
    let (family, misc) = if booking.amount < 0 { ("ICDT", "MDOP") } else { ("RCDT", "MCOP") };
    match booking.kind {
        TransferKind::Settlement => {
            let is_customer = booking.known.payment.is_some_and(|payment| payment.customer == 1);
            ["PMNT", family, if is_customer { "XBCT" } else { "FICT" }]
        }
        TransferKind::Return => ["PMNT", family, "RRTN"],
        TransferKind::Charge => ["ACMT", misc, "CHRG"],
        TransferKind::Interest => ["ACMT", misc, "INTR"],
        TransferKind::ExchangeDifference
        | TransferKind::Rounding
        | TransferKind::Collection
        | TransferKind::Default
        | TransferKind::LossShare => ["ACMT", misc, "ADJT"],
        TransferKind::CycleSettlement => ["CAMT", "ACCB", "ZABA"],
    }
}

fn kind_name(kind: TransferKind) -> &'static str {
    match kind {
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
    }
}

/// `CRDT` or `DBIT`.
pub(super) fn side(amount: i128) -> &'static str {
    if amount < 0 { "DBIT" } else { "CRDT" }
}

/// `Ntry`.
pub(super) fn write_entry(writer: &Writer<'_>, xml: &mut Xml, account: AccountKey, booking: &Booking) {
    let currency = currency(writer.charter, account.book.0);
    let known = &booking.known;
    let reference = known.reference(booking.order, writer.edition);
    let system_reference = reference.system_reference();
    xml.within("Ntry", |xml| {
        xml.optional("NtryRef", system_reference.as_deref());
        xml.amount("Amt", booking.amount.unsigned_abs(), currency);
        xml.text("CdtDbtInd", side(booking.amount));
        if booking.kind == TransferKind::Return {
            xml.text("RvslInd", "true");
        }
        xml.within("Sts", |xml| xml.text("Cd", "BOOK"));
        xml.within("BookgDt", |xml| xml.text("DtTm", &time_text(booking.time_ms)));
        let value_date = known.payment.map(|payment| payment.value_date);
        let value_date = value_date.unwrap_or_else(|| writer.charter.calendar.local(booking.time_ms).0.0);
        xml.within("ValDt", |xml| xml.text("Dt", &day_text(value_date)));
        xml.within("BkTxCd", |xml| {
            let [domain, family, sub_family] = transaction_code(booking);
            xml.within("Domn", |xml| {
                xml.text("Cd", domain);
                xml.within("Fmly", |xml| {
                    xml.text("Cd", family);
                    xml.text("SubFmlyCd", sub_family);
                });
            });
            xml.within("Prtry", |xml| xml.text("Cd", kind_name(booking.kind)));
        });
        let original = &reference.original;
        xml.within("NtryDtls", |xml| {
            xml.within("TxDtls", |xml| {
                xml.within("Refs", |xml| {
                    xml.optional("MsgId", original.message_id.as_deref());
                    xml.optional("InstrId", original.instruction_id.as_deref());
                    xml.optional("EndToEndId", original.end_to_end_id.as_deref());
                    xml.optional("UETR", reference.uetr().as_deref());
                    xml.optional("ClrSysRef", system_reference.as_deref());
                });
                xml.amount("Amt", booking.amount.unsigned_abs(), currency);
                xml.text("CdtDbtInd", side(booking.amount));
                if let Some(payment) = &known.payment {
                    write_payment(writer, xml, payment, known.detail.as_ref());
                }
            });
        });
    });
}

fn write_payment(writer: &Writer<'_>, xml: &mut Xml, payment: &Payment, detail: Option<&Detail>) {
    let debtor = Seat { member: payment.debtor, participant: payment.debtor_participant };
    let creditor = Seat { member: payment.creditor, participant: payment.creditor_participant };
    let party = |xml: &mut Xml, name: &'static str, text: Option<&String>, seat: Seat| {
        xml.within(name, |xml| match text {
            Some(text) => xml.within("Pty", |xml| xml.shortened("Nm", text, 140)),
            None => xml.within("Agt", |xml| writer.agent(xml, seat)),
        });
    };
    let account = |xml: &mut Xml, name: &'static str, text: Option<&String>| {
        let Some(text) = text else { return };
        xml.within(name, |xml| {
            xml.within("Id", |xml| {
                if crate::check::is_iban(text) {
                    xml.text("IBAN", text);
                } else {
                    xml.within("Othr", |xml| xml.text("Id", text));
                }
            });
        });
    };
    xml.within("RltdPties", |xml| {
        party(xml, "Dbtr", detail.and_then(|detail| detail.debtor_name.as_ref()), debtor);
        account(xml, "DbtrAcct", detail.and_then(|detail| detail.debtor_account.as_ref()));
        party(xml, "Cdtr", detail.and_then(|detail| detail.creditor_name.as_ref()), creditor);
        account(xml, "CdtrAcct", detail.and_then(|detail| detail.creditor_account.as_ref()));
    });
    xml.within("RltdAgts", |xml| {
        writer.agent_in(xml, "DbtrAgt", debtor);
        writer.agent_in(xml, "CdtrAgt", creditor);
    });
    if payment.purpose != [0; 4] {
        xml.within("Purp", |xml| xml.text("Cd", Reason(payment.purpose).code()));
    }
    if let Some(detail) = detail.filter(|detail| !detail.remittance.is_empty()) {
        xml.within("RmtInf", |xml| {
            for line in &detail.remittance {
                xml.shortened("Ustrd", line, 140);
            }
        });
    }
    if payment.kind == Payment::RETURN {
        xml.within("RtrInf", |xml| {
            xml.within("Rsn", |xml| xml.text("Cd", payment.reason.code()));
        });
        xml.text("AddtlTxInf", &format!("gives back {}", crate::identifier::system_reference(payment.original)));
    }
}
