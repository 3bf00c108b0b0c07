//! Messages out of what happened: each a business application header and a document in an envelope.

mod account;
mod answer;
mod entry;
mod leg;
mod receipt;

pub use account::{Report, statement};
pub use answer::{Answer, CancellationAnswer, Resolution, cancellation_request, resolution, status_report};
pub use entry::{Booking, Known, notification};
pub use leg::{LegCopy, settlement_leg};
pub use receipt::{Rejected, acknowledgement, liquidity_receipt, rejection};

use crate::directory::{Directory, Institution, Seat};
use crate::edition::{Edition, Kind, NAMESPACE};
use crate::identifier::{Original, system_reference, uetr};
use crate::xml::Xml;
use money::Currency;
use union::{Charter, Day};

/// Namespace of the envelope that header and document are in.
pub const ENVELOPE_NAMESPACE: &str = "urn:comity:iso20022:envelope";

/// For whom messages are written.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The union's rules.
    pub charter: &'a Charter,
    /// Its institutions.
    pub directory: &'a Directory,
    /// The member that receives.
    pub member: u16,
    /// Which versions are written.
    pub edition: Edition,
}

/// What makes a message the one it is. The same stamp and content give the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its identifier, at most 35 characters.
    pub id: String,
    /// When it was made: the time of the block that it tells of, in Unix milliseconds.
    pub time_ms: u64,
}

/// Why something cannot be said in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// An amount has more than 18 digits.
    #[error("an amount has more than the 18 digits that ISO 20022 allows")]
    Amount,
}

type Written = Result<String, WriteError>;

impl Writer<'_> {
    /// A message from the union to the member.
    fn message(&self, kind: Kind, stamp: &Stamp, write: impl FnOnce(&mut Xml)) -> Written {
        assert!(stamp.id.len() <= 35, "an identifier fits");
        let mut xml = Xml::new();
        let identifier = kind.identifier(self.edition);
        xml.within_namespace("Envelope", Some(ENVELOPE_NAMESPACE), |xml| {
            let namespace = format!("{NAMESPACE}{}", Kind::Head001.identifier(self.edition));
            xml.within_namespace("AppHdr", Some(&namespace), |xml| {
                xml.within("Fr", |xml| {
                    xml.within("OrgId", |xml| xml.shortened("Nm", &self.charter.name, 140));
                });
                xml.within("To", |xml| {
                    xml.within("FIId", |xml| self.agent(xml, Seat { member: self.member, participant: 0 }));
                });
                xml.text("BizMsgIdr", &stamp.id);
                xml.text("MsgDefIdr", identifier);
                xml.text("CreDt", &time_text(stamp.time_ms));
            });
            let namespace = format!("{NAMESPACE}{identifier}");
            xml.within_namespace("Document", Some(&namespace), write);
        });
        if xml.is_beyond { Err(WriteError::Amount) } else { Ok(xml.finish()) }
    }

    /// What identifies an institution: `FinInstnId`.
    fn agent(&self, xml: &mut Xml, seat: Seat) {
        let known = self.directory.institution(seat).cloned().unwrap_or_default();
        let Institution { bic, lei, code, name } = known;
        xml.within("FinInstnId", |xml| {
            xml.optional("BICFI", bic.as_deref());
            if bic.is_none()
                && let Some(code) = &code
            {
                xml.within("ClrSysMmbId", |xml| xml.text("MmbId", code));
            }
            xml.optional("LEI", lei.as_deref());
            if bic.is_none() && lei.is_none() && code.is_none() {
                let name = name.unwrap_or_else(|| self.directory.name_of(seat));
                xml.shortened("Nm", &name, 140);
            }
        });
    }

    /// An element with an institution in it.
    fn agent_in(&self, xml: &mut Xml, name: &'static str, seat: Seat) {
        xml.within(name, |xml| self.agent(xml, seat));
    }
}

/// The identifiers of an order, for those who know it by other ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The order.
    pub order: u128,
    /// What its sender calls it.
    pub original: Original,
}

impl Reference {
    fn uetr(&self) -> Option<String> {
        self.original.uetr.clone().filter(|text| crate::check::is_uetr(text)).or_else(|| uetr(self.order))
    }

    fn system_reference(&self) -> Option<String> {
        (self.order != 0).then(|| system_reference(self.order))
    }

    /// `OrgnlGrpInf`, where it is known with which message the order came.
    fn write_group(&self, xml: &mut Xml) {
        if let (Some(id), Some(name)) = (&self.original.message_id, &self.original.message_name) {
            xml.within("OrgnlGrpInf", |xml| {
                xml.text("OrgnlMsgId", id);
                xml.text("OrgnlMsgNmId", name);
            });
        }
    }

    fn write_identifiers(&self, xml: &mut Xml) {
        xml.optional("OrgnlInstrId", self.original.instruction_id.as_deref());
        xml.optional("OrgnlEndToEndId", self.original.end_to_end_id.as_deref());
        xml.optional("OrgnlTxId", self.original.transaction_id.as_deref());
    }
}

/// A block time, Unix milliseconds, as a date and time in UTC.
fn time_text(time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}

fn day_text(day: u32) -> String {
    Day(day.min(Day::LAST.0)).to_string()
}

/// The currency of a number that the ledger holds; the unit of account has a number of its own there.
fn currency(charter: &Charter, number: u16) -> Currency {
    if number == ledger::Book::UNIT_OF_ACCOUNT.0 {
        return charter.unit_of_account;
    }
    Currency::from_numeric(number).expect("the books are kept in currencies that are listed")
}
