//! A payment order or a return as a line of text.

use super::{FieldError, LineError, amount, currency, day, json_error, member, order_id, priority, purpose, quoted};
use keys::Detail;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use union::{Charter, Payment, Reason, pad_text};
use utoipa::ToSchema;

/// A payment order as it is written: a line of JSON, or a line of CSV with the same names as columns (those of
/// `detail` with `detail_` in front). The sender of the line is the debtor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The order's UUID (its UETR where there is one); without it, one is derived for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For a return: the UUID of the settled payment that is given back. Amount, currency and sides are then those of
    /// that payment, the other way round.
    #[serde(default, rename = "return", skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// The debtor's participant by number; 0 for the member itself.
    #[serde(default)]
    pub debtor_participant: u32,
    /// The member that is paid, by code.
    pub creditor: String,
    /// The creditor's participant by number; 0 for the member itself.
    #[serde(default)]
    pub creditor_participant: u32,
    /// ISO 4217 code.
    pub currency: String,
    /// Major units as decimal text, with at most the currency's decimals: `"12.34"`.
    pub amount: String,
    /// `urgent`, `high` or `normal`, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Whether it is a customer payment, for which the earlier cut-off holds.
    #[serde(default)]
    pub customer: bool,
    /// Whether it is to be refused at once if it cannot settle at once.
    #[serde(default)]
    pub immediate: bool,
    /// The day on which it is to settle, `YYYY-MM-DD` on the union's clock.
    pub value_date: String,
    /// RFC 3339 time, whole seconds, after which it no longer settles; without it, what the charter says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// ISO 20022 external purpose code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The sender's own reference, at most 16 printable ASCII characters. Everybody sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// For a return: why, an ISO 20022 return reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Customer detail, encrypted to the two members concerned before it leaves the sender: `debtor_name`,
    /// `debtor_account`, `creditor_name`, `creditor_account`, `remittance` (a list of lines, in CSV a single one),
    /// `end_to_end_id`, `instruction_id`, `message_id`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "detail_object")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Detail>,
}

/// An order that was read and is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it was read, from 1.
    pub line: u64,
    /// The order. Its `id` is 0 until it has one; its `detail` is the hash of the sealed detail only once it is sealed.
    pub payment: Payment,
    /// Customer detail to be sealed.
    pub detail: Option<Detail>,
}

impl Draft {
    /// Whether the line named an identifier, or one was given since.
    pub fn has_id(&self) -> bool {
        self.payment.id != 0
    }

    /// Gives the order an identifier unless it has one.
    pub fn give_id(&mut self, id: impl FnOnce() -> u128) {
        if !self.has_id() {
            self.payment.id = id();
        }
    }

    /// An error of this order.
    pub(crate) fn error(&self, error: FieldError) -> LineError {
        let id = self.has_id().then(|| super::id_text(self.payment.id));
        at_line(self.line, id, error)
    }
}

/// What is said of a line, and of a body with one order, that is no object.
pub(crate) const NOT_AN_OBJECT: &str = "is not a JSON object; write one order a line";

/// Customer detail, from an object only: a list would be taken for the fields in their order.
fn detail_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Detail>, D::Error> {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Option<Detail>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_unit<E>(self) -> Result<Option<Detail>, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Detail>, A::Error> {
            Detail::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(Object)
}

pub(super) fn at_line(line: u64, id: Option<String>, error: FieldError) -> LineError {
    let FieldError { field, problem, reason } = error;
    LineError { line, id, field, problem, reason: reason.code().to_owned() }
}

/// Reads one order from JSON. `sender` is the number of the member that pays.
///
/// # Errors
///
/// [`LineError`] with the field that is at fault.
pub fn parse_order(charter: &Charter, sender: u16, line: u64, json: &str) -> Result<Draft, LineError> {
    // A list would be taken for the fields in their order.
    if !json.trim_start().starts_with('{') {
        return Err(at_line(line, None, FieldError::form("line", NOT_AN_OBJECT)));
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let parsed: Result<OrderLine, _> = serde_path_to_error::deserialize(&mut deserializer);
    let parsed = parsed.map_err(json_error).and_then(|order| match deserializer.end() {
        Ok(()) => Ok(order),
        Err(_) => Err(FieldError::form("line", "something follows the order; write one order a line")),
    });
    match parsed {
        Ok(order) => order.read(charter, sender, line),
        Err(error) => Err(at_line(line, id_as_written(json), amount_as_number(json).unwrap_or(error))),
    }
}

/// What to do about an amount that is a JSON number, of which nobody knows how many decimals it had.
fn amount_as_number(json: &str) -> Option<FieldError> {
    #[derive(Deserialize)]
    struct WithAmount<'a> {
        #[serde(borrow)]
        amount: &'a RawValue,
    }
    let WithAmount { amount } = serde_json::from_str(json).ok()?;
    let is_number = amount.get().starts_with(|first: char| first == '-' || first.is_ascii_digit());
    is_number.then(|| FieldError::form("amount", format!("write the amount in quotes: {}", quoted(amount.get()))))
}

/// The identifier in JSON that is otherwise wrong.
fn id_as_written(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }
    let Identified { id } = serde_json::from_str(json).ok()?;
    Some(id.chars().take(36).collect())
}

impl OrderLine {
    /// Checks the form of every field.
    ///
    /// # Errors
    ///
    /// [`LineError`] with the first field that is at fault.
    pub fn read(self, charter: &Charter, sender: u16, line: u64) -> Result<Draft, LineError> {
        let id = self.id.as_ref().map(|id| id.chars().take(36).collect());
        self.payment(charter, sender).map_err(|error| at_line(line, id, error)).map(|payment| Draft {
            line,
            payment,
            detail: self.detail,
        })
    }

    fn payment(&self, charter: &Charter, sender: u16) -> Result<Payment, FieldError> {
        let id = self.id.as_deref().map_or(Ok(0), |id| order_id("id", id))?;
        let creditor = member(charter, "creditor", &self.creditor)?;
        let currency = currency("currency", &self.currency)?;
        let amount = amount("amount", currency, &self.amount)?;
        let value_date = day("value_date", &self.value_date)?;
        let mut payment = Payment::new(id, sender, creditor, currency.numeric(), amount, value_date.0);
        payment.debtor_participant = self.debtor_participant;
        payment.creditor_participant = self.creditor_participant;
        payment.customer = u8::from(self.customer);
        payment.immediate = u8::from(self.immediate);
        if let Some(text) = &self.priority {
            payment.priority = priority("priority", text)? as u8;
        }
        if let Some(text) = &self.expires_at {
            payment.expires_at = unix_second(text)?;
        }
        if let Some(text) = &self.purpose {
            payment.purpose = purpose("purpose", text)?;
        }
        if let Some(text) = &self.reference {
            payment.reference = reference(text)?;
        }
        match (&self.original, &self.reason) {
            (None, None) => {}
            (Some(original), Some(reason)) => {
                payment.kind = Payment::RETURN;
                payment.original = order_id("return", original)?;
                payment.reason = super::reason("reason", reason)?;
            }
            (Some(_), None) => return Err(FieldError::form("reason", "a return needs a reason code")),
            (None, Some(_)) => return Err(FieldError::form("reason", "only a return has a reason")),
        }
        if let Some(detail) = &self.detail {
            if *detail == Detail::default() {
                return Err(FieldError::form("detail", "the detail is empty; leave it out instead"));
            }
            detail.encode().map_err(|error| FieldError::form("detail", error.to_string()))?;
        }
        Ok(payment)
    }

    /// The line that [`parse_order`] reads as this payment.
    pub fn write(charter: &Charter, payment: &Payment, detail: Option<&Detail>) -> OrderLine {
        let currency = money::Currency::from_numeric(payment.currency);
        let (code, digits) = currency.map_or(("???", 0), |currency| (currency.code(), currency.minor_digits()));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        OrderLine {
            id: (payment.id != 0).then(|| super::id_text(payment.id)),
            original: (payment.original != 0).then(|| super::id_text(payment.original)),
            debtor_participant: payment.debtor_participant,
            creditor: crate::view::code(charter, payment.creditor),
            creditor_participant: payment.creditor_participant,
            currency: code.to_owned(),
            amount: money::format_amount(payment.amount.into(), digits),
            priority: Some(super::priority_name(payment.priority).to_owned()),
            customer: payment.customer == 1,
            immediate: payment.immediate == 1,
            value_date: crate::view::day_text(payment.value_date),
            expires_at: (payment.expires_at != 0).then(|| super::time_text(payment.expires_at.saturating_mul(1_000))),
            purpose: some(Reason(payment.purpose).code()),
            reference: some(payment.reference()),
            reason: some(payment.reason.code()),
            detail: detail.cloned(),
        }
    }
}

fn unix_second(text: &str) -> Result<u64, FieldError> {
    let error = |problem| FieldError::new("expires_at", Reason::DT01, problem);
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| error(format!("{} is not an RFC 3339 time such as 2006-01-02T18:00:00Z", quoted(text))))?;
    if time.subsec_nanosecond() != 0 {
        return Err(error("an expiry is in whole seconds".into()));
    }
    u64::try_from(time.as_second()).ok().filter(|&second| second > 0).ok_or(error("the expiry is before 1970".into()))
}

fn reference(text: &str) -> Result<[u8; 16], FieldError> {
    let padded = if text.is_ascii() { pad_text(text) } else { None };
    padded.ok_or_else(|| {
        let problem = format!("{} is not at most 16 printable ASCII characters", quoted(text));
        FieldError::form("reference", problem)
    })
}
