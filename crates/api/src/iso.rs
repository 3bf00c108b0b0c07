//! From ISO 20022 messages to signed records, and from what became of these to the messages that answer.
//!
//! Files, folders and HTTP all go this way: read ([`iso20022::Messages`]), [`prepare`], sign and send as all orders are,
//! [`Prepared::told`], [`answers`].

mod accounts;
mod answer;
mod journal_orders;
mod order_messages;
mod prepare;
mod signature;
mod teller;

pub use answer::{Outgoing, answers, received, refusal, unreadable};
pub use order_messages::{OrderMessage, OrderOf, order_messages};
pub use prepare::{Known, Prepared, Step, Told, prepare};
pub use signature::{check_signature, signed_bytes};
pub use teller::{Notice, TellError, Teller, statement_message};

use iso20022::{Directory, DirectoryError, Edition};
use union::Charter;

/// What is to be known beside the charter: who goes by which BIC and LEI, which versions are written, and who signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IsoSettings {
    /// Versions of the messages that are written.
    pub edition: Edition,
    /// BICs and LEIs of members, each with the member's code.
    pub identifiers: Vec<(String, String)>,
    /// Ed25519 public keys: where there are any, messages are taken only if one of them signed them.
    pub signers: Vec<[u8; 32]>,
}

impl IsoSettings {
    /// The members by their identifiers; participants are added from the union.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] for an identifier that no member can have.
    pub fn directory(&self, charter: &Charter) -> Result<Directory, DirectoryError> {
        Directory::new(charter, self.identifiers.iter().map(|(code, identifier)| (code.as_str(), identifier.as_str())))
    }

    /// The same at an earlier time, under the charter of then: who was no member yet is left out.
    ///
    /// # Errors
    ///
    /// As [`directory`](Self::directory).
    pub fn directory_of_then(&self, charter: &Charter) -> Result<Directory, DirectoryError> {
        let identifiers = self.identifiers.iter().filter(|(code, _)| charter.member(code).is_some());
        Directory::new(charter, identifiers.map(|(code, identifier)| (code.as_str(), identifier.as_str())))
    }
}
