//! Customer detail of one payment: what the two members concerned know beyond amount and members.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name, in characters: ISO 20022 `Max140Text`.
pub const NAME_CHARACTERS: usize = 140;
/// Longest account identifier, in characters: ISO 20022 `IBAN2007Identifier` and `Max34Text`.
pub const ACCOUNT_CHARACTERS: usize = 34;
/// Longest line of remittance information, in characters: ISO 20022 `Max140Text` in `RmtInf/Ustrd`.
pub const REMITTANCE_LINE_CHARACTERS: usize = 140;
/// Most lines of remittance information.
pub const REMITTANCE_LINES: usize = 10;
/// Longest end-to-end identification, in characters: ISO 20022 `Max35Text`.
pub const END_TO_END_ID_CHARACTERS: usize = 35;
/// Longest identification of a message or an instruction, in characters: ISO 20022 `Max35Text`.
pub const IDENTIFICATION_CHARACTERS: usize = 35;
/// Most bytes of an encoded detail. Every detail whose characters take one or two bytes in UTF-8 (up to U+07FF: Latin
/// with its usual accents, Greek, Cyrillic, Hebrew, Arabic) fits at full length.
pub const ENCODED_BYTES: usize = 3838;

/// Names, accounts and remittance information of one payment; every part may be absent.
///
/// `Debug` prints lengths only, so that customer data does not reach a log by accident.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Detail {
    /// Who pays: at most [`NAME_CHARACTERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_name: Option<String>,
    /// The account debited: at most [`ACCOUNT_CHARACTERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debtor_account: Option<String>,
    /// Who is paid: at most [`NAME_CHARACTERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_name: Option<String>,
    /// The account credited: at most [`ACCOUNT_CHARACTERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creditor_account: Option<String>,
    /// What the payment is for: at most [`REMITTANCE_LINES`] of at most [`REMITTANCE_LINE_CHARACTERS`] each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remittance: Vec<String>,
    /// The debtor's own reference, passed on unchanged: at most [`END_TO_END_ID_CHARACTERS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<String>,
    /// What the sending institution calls the instruction: at most [`IDENTIFICATION_CHARACTERS`], printable ASCII without
    /// `"` and `\`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction_id: Option<String>,
    /// The message that the order came in, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}

/// What is wrong with a detail. No message repeats customer data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetailError {
    /// A text is present and empty.
    #[error("{field} is empty; leave it out instead")]
    Empty {
        /// Name of the field.
        field: &'static str,
    },
    /// A text is longer than ISO 20022 allows.
    #[error("{field} has {characters} characters, more than the {limit} allowed; shorten it")]
    TooLong {
        /// Name of the field.
        field: &'static str,
        /// Characters found.
        characters: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// An identification has characters that cannot be in it.
    #[error("{field} has other characters than printable ASCII without \" and \\; write it without them")]
    NotPlain {
        /// Name of the field.
        field: &'static str,
    },
    /// A text holds a control character, a line break for example.
    #[error("{field} holds a control character; remove it (a line break in remittance starts a new line of the list)")]
    ControlCharacter {
        /// Name of the field.
        field: &'static str,
    },
    /// Too many lines of remittance information.
    #[error("remittance has {lines} lines, more than the {REMITTANCE_LINES} allowed; join or drop some")]
    TooManyLines {
        /// Lines found.
        lines: usize,
    },
    /// Every text is within its bound, but all together take too many bytes.
    #[error("the detail takes {bytes} bytes, more than the {ENCODED_BYTES} allowed; shorten the remittance")]
    TooLarge {
        /// Bytes of the encoding.
        bytes: usize,
    },
    /// The bytes are not the JSON of a detail.
    #[error("the detail is not JSON of the expected form (at byte column {column})")]
    Malformed {
        /// Where reading stopped, counted from 1.
        column: usize,
    },
    /// The bytes are JSON of a detail, but not in the one form that is allowed.
    #[error(
        "the detail is not in canonical form: fields in order, nothing absent written, no spaces, no needless escapes"
    )]
    NotCanonical,
}

impl Detail {
    /// Checks every bound.
    ///
    /// # Errors
    ///
    /// The first [`DetailError`] in the order of the fields.
    pub fn check(&self) -> Result<(), DetailError> {
        let optional = [
            ("debtor_name", &self.debtor_name, NAME_CHARACTERS),
            ("debtor_account", &self.debtor_account, ACCOUNT_CHARACTERS),
            ("creditor_name", &self.creditor_name, NAME_CHARACTERS),
            ("creditor_account", &self.creditor_account, ACCOUNT_CHARACTERS),
            ("end_to_end_id", &self.end_to_end_id, END_TO_END_ID_CHARACTERS),
            ("instruction_id", &self.instruction_id, IDENTIFICATION_CHARACTERS),
            ("message_id", &self.message_id, IDENTIFICATION_CHARACTERS),
        ];
        for (field, text, limit) in optional {
            text.as_deref().map_or(Ok(()), |text| check_text(field, text, limit))?;
        }
        for (field, text) in [("instruction_id", &self.instruction_id), ("message_id", &self.message_id)] {
            // None of these is escaped in JSON, so that everything at full length fits beside them.
            if text.as_ref().is_some_and(|text| !text.is_ascii() || text.contains(['"', '\\'])) {
                return Err(DetailError::NotPlain { field });
            }
        }
        if self.remittance.len() > REMITTANCE_LINES {
            return Err(DetailError::TooManyLines { lines: self.remittance.len() });
        }
        self.remittance.iter().try_for_each(|line| check_text("remittance", line, REMITTANCE_LINE_CHARACTERS))
    }

    /// The one encoding: JSON without spaces, fields in the order of the type, absent fields left out.
    ///
    /// # Errors
    ///
    /// As [`Detail::check`], and [`DetailError::TooLarge`] beyond [`ENCODED_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, DetailError> {
        self.check()?;
        let bytes = serde_json::to_vec(self).expect("a struct of strings always has a JSON form");
        if bytes.len() > ENCODED_BYTES {
            return Err(DetailError::TooLarge { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads what [`Detail::encode`] wrote, and nothing else: other spellings of the same detail are refused, so that
    /// one detail has one encoding.
    ///
    /// # Errors
    ///
    /// Any [`DetailError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DetailError> {
        if bytes.len() > ENCODED_BYTES {
            return Err(DetailError::TooLarge { bytes: bytes.len() });
        }
        let detail: Self =
            // The parser's own message may quote customer data, so only the place is kept.
            serde_json::from_slice(bytes).map_err(|error| DetailError::Malformed { column: error.column() })?;
        if detail.encode()? != bytes {
            return Err(DetailError::NotCanonical);
        }
        Ok(detail)
    }
}

fn check_text(field: &'static str, text: &str, limit: usize) -> Result<(), DetailError> {
    let characters = text.chars().count();
    if text.is_empty() {
        Err(DetailError::Empty { field })
    } else if characters > limit {
        Err(DetailError::TooLong { field, characters, limit })
    } else if text.chars().any(char::is_control) {
        Err(DetailError::ControlCharacter { field })
    } else {
        Ok(())
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |text: &Option<String>| text.as_ref().map(String::len);
        f.debug_struct("Detail")
            .field("debtor_name_bytes", &length(&self.debtor_name))
            .field("debtor_account_bytes", &length(&self.debtor_account))
            .field("creditor_name_bytes", &length(&self.creditor_name))
            .field("creditor_account_bytes", &length(&self.creditor_account))
            .field("remittance_lines", &self.remittance.len())
            .field("end_to_end_id_bytes", &length(&self.end_to_end_id))
            .field("instruction_id_bytes", &length(&self.instruction_id))
            .field("message_id_bytes", &length(&self.message_id))
            .finish()
    }
}
