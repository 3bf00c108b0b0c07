//! Orders and commands as text: JSON, JSON lines and CSV, read strictly.
//!
//! What is checked here is form: names that exist, amounts in the currency's scale, dates that are dates. What an
//! order may do is decided by the union alone.

mod command;
mod file;
mod order;

pub use command::*;
pub use file::{Format, LINE_BYTES_MAX, read_orders};
pub(crate) use order::NOT_AN_OBJECT;
pub use order::{Draft, OrderLine, parse_order};

use serde::{Deserialize, Serialize};
use std::fmt;
use union::{Charter, Reason};
use utoipa::ToSchema;

/// What is wrong with one line of a file, or with one order of a request. Other lines are not affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("line {line}{}: {field}: {problem}", OfOrder(.id))]
pub struct LineError {
    /// Where, from 1: the line of a file, the place in a list.
    pub line: u64,
    /// The order's identifier as it was written, if it could be read.
    pub id: Option<String>,
    /// The key or column at fault; `line` for the line as a whole.
    pub field: String,
    /// What is wrong, and what would be right.
    pub problem: String,
    /// The ISO 20022 reason code.
    pub reason: String,
}

struct OfOrder<'a>(&'a Option<String>);

impl fmt::Display for OfOrder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |id| write!(f, ", order {id}"))
    }
}

/// What is wrong with a field, before it is known where the field stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    pub field: String,
    pub problem: String,
    pub reason: Reason,
}

impl FieldError {
    pub fn new(field: impl Into<String>, reason: Reason, problem: impl Into<String>) -> Self {
        FieldError { field: field.into(), problem: problem.into(), reason }
    }

    fn form(field: &str, problem: impl Into<String>) -> Self {
        Self::new(field, Reason::FF01, problem)
    }
}

/// What serde says, with the field that it says it of.
fn json_error(error: serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let path = error.path().to_string();
    let text = error.into_inner().to_string();
    // The place in a line of JSON says less than the field; both is too much.
    let problem = text.split(" at line ").next().unwrap_or_default().to_owned();
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| problem.strip_prefix(start)?.split('`').next());
    let path = path.trim_matches('.');
    let field = match named {
        Some(name) if path.is_empty() || path == name || path == "?" => name.to_owned(),
        Some(name) if path.ends_with(name) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None if path.is_empty() || path == "?" => "line".to_owned(),
        None => path.to_owned(),
    };
    FieldError::form(&field, problem)
}

/// Text for an error message: cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// The number of the member with this code.
pub(crate) fn member(charter: &Charter, field: &str, code: &str) -> Result<u16, FieldError> {
    charter.member(code).ok_or_else(|| {
        let codes: Vec<_> = charter.members.iter().take(20).map(|member| member.code.as_str()).collect();
        let more = if charter.members.len() > codes.len() { ", ..." } else { "" };
        let problem = format!("no member has the code {}; the members are {}{more}", quoted(code), codes.join(", "));
        FieldError::new(field, Reason::RC04, problem)
    })
}

/// An amount in a currency, as minor units.
pub(crate) fn amount(field: &str, currency: money::Currency, text: &str) -> Result<u64, FieldError> {
    money::parse_amount(text, currency.minor_digits()).map_err(|error| {
        let problem = match error {
            money::AmountError::TooManyDecimals { found, allowed } => {
                format!("{currency} has {allowed} decimals, but {} is written with {found}", quoted(text))
            }
            other => other.to_string(),
        };
        FieldError::new(field, Reason::AM12, problem)
    })
}

/// A currency by its code.
pub(crate) fn currency(field: &str, code: &str) -> Result<money::Currency, FieldError> {
    money::Currency::from_code(code).map_err(|error| FieldError::new(field, Reason::AM03, error.to_string()))
}

/// A day, `YYYY-MM-DD`.
pub(crate) fn day(field: &str, text: &str) -> Result<union::Day, FieldError> {
    union::Day::parse(text).map_err(|error| FieldError::new(field, Reason::DT01, error.to_string()))
}

/// An order's identifier: a UUID with its four hyphens, not all zeros.
pub(crate) fn order_id(field: &str, text: &str) -> Result<u128, FieldError> {
    let id = (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok()).flatten();
    match id {
        Some(id) if !id.is_nil() => Ok(id.as_u128()),
        Some(_) => Err(FieldError::form(field, "the identifier is all zeros")),
        None => {
            let problem = format!("{} is not a UUID such as 2f6c5c38-0d5e-4d3b-9f0a-6c1f5f1f7a10", quoted(text));
            Err(FieldError::form(field, problem))
        }
    }
}

/// A reason code, four capital letters or digits.
pub(crate) fn reason(field: &str, text: &str) -> Result<Reason, FieldError> {
    Reason::parse(text).ok_or_else(|| {
        FieldError::form(field, format!("{} is not a reason code: four capital letters or digits", quoted(text)))
    })
}

/// A purpose code, likewise.
pub(crate) fn purpose(field: &str, text: &str) -> Result<[u8; 4], FieldError> {
    Reason::parse(text).map(|code| code.0).ok_or_else(|| {
        FieldError::form(field, format!("{} is not a purpose code: four capital letters or digits", quoted(text)))
    })
}

/// A priority by its name.
pub(crate) fn priority(field: &str, text: &str) -> Result<union::Priority, FieldError> {
    match text {
        "urgent" => Ok(union::Priority::Urgent),
        "high" => Ok(union::Priority::High),
        "normal" => Ok(union::Priority::Normal),
        _ => Err(FieldError::form(field, format!("{} is not urgent, high or normal", quoted(text)))),
    }
}

/// The name of a priority.
pub(crate) fn priority_name(number: u8) -> &'static str {
    match union::Priority::from_number(number) {
        Some(union::Priority::Urgent) => "urgent",
        Some(union::Priority::High) => "high",
        _ => "normal",
    }
}

/// An order's identifier as text.
pub fn id_text(id: u128) -> String {
    uuid::Uuid::from_u128(id).to_string()
}

/// An identifier for an order that came without one: the same for the same parts, in the form of a UUID of version 8
/// (made by the application's own rule), from SHA-256 over a label and the parts with their lengths.
pub fn derived_id(parts: &[&[u8]]) -> u128 {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(b"comity derived order id v1\0");
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let id = u128::from_be_bytes(*hasher.finalize().first_chunk().expect("a digest is longer"));
    (id & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62)
}

/// A block time, Unix milliseconds, as RFC 3339 in UTC.
pub fn time_text(time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| "after 9999".to_owned(), |time| time.to_string())
}

/// A time in RFC 3339, in Unix milliseconds.
pub(crate) fn time(field: &str, text: &str) -> Result<u64, FieldError> {
    let time = text.parse::<jiff::Timestamp>().ok().and_then(|time| u64::try_from(time.as_millisecond()).ok());
    time.ok_or_else(|| FieldError::form(field, format!("{} is not a time such as 2026-03-31T12:00:00Z", quoted(text))))
}
