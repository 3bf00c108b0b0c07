//! ISO 20022 messages: read, checked and turned into what a member orders, and written from what happened. No I/O.
//!
//! | to find | look in |
//! | --- | --- |
//! | which messages and versions there are | [`Kind`], [`Edition`] (`edition.rs`) |
//! | how a message is built, element by element | `table/`, in the terms of `grammar.rs` |
//! | what text may stand in an element | `check.rs` |
//! | XML in bounded memory, message by message | [`Parts`] (`parts.rs`), [`Record`] |
//! | what a message asks for | [`Messages`] (`message.rs`), [`Request`] (`transaction.rs`) |
//! | which messages of a file are refused as a whole | [`survey()`] |
//! | who is meant by a BIC, an LEI or a code | [`Directory`] |
//! | messages out of what happened | [`outbound`] |
//! | what is wrong, and where | [`Fault`] |
#![deny(clippy::float_arithmetic)]

mod bounded;
mod check;
mod directory;
mod edition;
mod fault;
mod grammar;
mod identifier;
mod message;
mod namespaces;
pub mod outbound;
mod parts;
mod record;
mod survey;
mod table;
mod transaction;
mod xml;

pub use check::{Check, is_bic, is_iban, is_lei, is_uetr};
pub use directory::{Directory, DirectoryError, Institution, Seat};
pub use edition::{Edition, Kind, NAMESPACE, VERSIONS, identify};
pub use fault::{Breach, Fault};
pub use grammar::{Content, Element, Level, Message};
pub use identifier::Original;
pub use message::{Head, Incoming, Messages, Reader, Request, Transaction};
pub use parts::{Limits, Opened, Part, Parts};
pub use record::{At, Record};
pub use survey::{Refused, Survey, survey};
pub use table::{header, message};
