//! The founding of a union: its charter and every founder's signature on it, which the journal begins with.
//!
//! A founder accedes, as later members do, by signing [`accession_message`]: a newcomer to a union that is there, a founder to the one that
//! this very text founds. Signatures are collected in a small TOML file by member code, and anybody can check them offline, as the
//! charter names the keys.

use crate::charter::{Charter, CharterError};
use crate::hexadecimal::{from_hex, to_hex};
use crate::membership::is_signed;
use crate::proposal::accession_message;
use ledger::Hash;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest file of signatures, in bytes: room for every member, and some comments.
const SIGNATURES_BYTES_MAX: usize = 1 << 16;

/// Why a union does not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoundingError {
    /// The charter is none.
    #[error(transparent)]
    Charter(#[from] CharterError),
    /// The signatures cannot be read.
    #[error("the founders' signatures: {0}")]
    Format(String),
    /// Not all founders have signed this text. Member codes.
    #[error("{}", describe(.missing, .wrong, .strangers))]
    Unsigned {
        /// Who has not signed.
        missing: Vec<String>,
        /// Whose signature is not one on this text by the key that it names.
        wrong: Vec<String>,
        /// Who signed and is no member.
        strangers: Vec<String>,
    },
}

fn describe(missing: &[String], wrong: &[String], strangers: &[String]) -> String {
    let parts = [
        (missing, "the founders' signatures of", "on the charter are missing"),
        (wrong, "the signatures of", "are not by their keys on this very text"),
        (strangers, "there are signatures of", "whom the charter does not name"),
    ];
    let said = parts.into_iter().filter(|(codes, ..)| !codes.is_empty());
    said.map(|(codes, before, after)| format!("{before} {} {after}", codes.join(", "))).collect::<Vec<_>>().join("; ")
}

/// Founders' signatures on one text of a charter, all of them or some, right or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// Hash of the text that they are said to be on.
    pub charter: Hash,
    /// By member code, Ed25519 signatures over [`accession_message`].
    pub by_code: BTreeMap<String, [u8; 64]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignaturesFile {
    charter: String,
    #[serde(default)]
    signatures: BTreeMap<String, String>,
}

impl Signatures {
    /// No signatures yet.
    pub fn none(charter: &Charter) -> Signatures {
        Signatures { charter: charter.hash(), by_code: BTreeMap::new() }
    }

    /// Reads what [`text`](Self::text) wrote, or what people made of it.
    ///
    /// # Errors
    ///
    /// Where it is not that, with the line and the reason. Whether the signatures are right, [`unsigned`](Self::unsigned) says.
    pub fn parse(text: &str) -> Result<Signatures, FoundingError> {
        if text.len() > SIGNATURES_BYTES_MAX {
            return Err(FoundingError::Format(format!("longer than {SIGNATURES_BYTES_MAX} bytes")));
        }
        let file: SignaturesFile = toml::from_str(text).map_err(|error| FoundingError::Format(error.to_string()))?;
        let format =
            |key: &str, digits: usize| FoundingError::Format(format!("{key}: not {digits} hexadecimal digits"));
        let mut signatures = Signatures {
            charter: from_hex(&file.charter).ok_or_else(|| format("charter", 64))?,
            by_code: BTreeMap::new(),
        };
        for (code, text) in file.signatures {
            let signature = from_hex(&text).ok_or_else(|| format(&format!("signatures.{code}"), 128))?;
            signatures.by_code.insert(code, signature);
        }
        Ok(signatures)
    }

    /// The file of them.
    pub fn text(&self) -> String {
        let mut text = format!(
            "# Founders' signatures on the charter with this hash, by member code.\ncharter = \"{}\"\n\n[signatures]\n",
            to_hex(&self.charter)
        );
        for (code, signature) in &self.by_code {
            text.push_str(&format!("{code} = \"{}\"\n", to_hex(signature)));
        }
        text
    }

    /// What a founder signs: it accedes to the union that the charter founds.
    pub fn message(charter: &Charter) -> Vec<u8> {
        accession_message(&charter.hash(), &charter.text_hash())
    }

    /// What keeps this charter from founding a union: who has not signed it, or not with its key; nothing if all have.
    pub fn unsigned(&self, charter: &Charter) -> Option<FoundingError> {
        let message = Signatures::message(charter);
        let (mut missing, mut wrong) = (Vec::new(), Vec::new());
        for member in &charter.members {
            match self.by_code.get(&member.code) {
                None => missing.push(member.code.clone()),
                Some(signature)
                    if self.charter == charter.hash() && is_signed(&member.signing_key, &message, signature) => {}
                Some(_) => wrong.push(member.code.clone()),
            }
        }
        let strangers: Vec<_> = self.by_code.keys().filter(|code| charter.member(code).is_none()).cloned().collect();
        let is_signed = missing.is_empty() && wrong.is_empty() && strangers.is_empty();
        (!is_signed).then_some(FoundingError::Unsigned { missing, wrong, strangers })
    }
}

/// A charter that all its members have signed: what a union begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    charter: Charter,
    signatures: Signatures,
}

impl Founding {
    /// The founding of a union on a charter.
    ///
    /// # Errors
    ///
    /// Where a founder has not signed it, naming who.
    pub fn new(charter: Charter, signatures: Signatures) -> Result<Founding, FoundingError> {
        match signatures.unsigned(&charter) {
            Some(error) => Err(error),
            None => Ok(Founding { charter, signatures }),
        }
    }

    /// The same where all keys are at hand: `sign` is given each member's number and what it is to sign.
    ///
    /// # Errors
    ///
    /// Where `sign` does not sign with the members' keys.
    pub fn signed_by(
        charter: Charter,
        mut sign: impl FnMut(u16, &[u8]) -> [u8; 64],
    ) -> Result<Founding, FoundingError> {
        let mut signatures = Signatures::none(&charter);
        let message = Signatures::message(&charter);
        for (number, member) in (0..).zip(&charter.members) {
            signatures.by_code.insert(member.code.clone(), sign(number, &message));
        }
        Founding::new(charter, signatures)
    }

    /// The charter.
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// The founders' signatures.
    pub fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    /// What the journal begins with: the charter's text, a zero byte (which TOML does not have), the file of signatures.
    pub fn genesis(&self) -> Vec<u8> {
        [self.charter.text().as_bytes(), &[0], self.signatures.text().as_bytes()].concat()
    }

    /// Reads what a journal begins with, strictly (what was read encodes to the same bytes), and checks every signature.
    ///
    /// # Errors
    ///
    /// Where it is not a founding that this software applies.
    pub fn from_genesis(bytes: &[u8]) -> Result<Founding, FoundingError> {
        let no_text = |_| FoundingError::Format("not UTF-8 text".into());
        let text = std::str::from_utf8(bytes).map_err(no_text)?;
        let unsigned = || FoundingError::Format("there are none behind the charter".into());
        let (charter, signatures) = text.split_once('\0').ok_or_else(unsigned)?;
        let founding = Founding::new(Charter::parse(charter)?, Signatures::parse(signatures)?)?;
        let is_strict = founding.genesis() == bytes;
        is_strict.then_some(founding).ok_or_else(|| FoundingError::Format("not written as they are here".into()))
    }
}
