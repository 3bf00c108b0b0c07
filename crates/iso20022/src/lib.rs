//! ISO 20022 messages: read, checked and turned into what a member orders, and written from what happened. No I/O.
//!
//! | to find | look in |
//! | --- | --- |
//! | which messages and versions there are | [`Kind`], [`Edition`] (`edition.rs`) |
//! | how a message is built, element by element | `table/`, in the terms of `grammar.rs` |
//! | what text may stand in an element | `check.rs` |
//! | XML in bounded memory, message by message | [`Parts`] (`parts.rs`), [`Record`] |
//! | what is wrong, and where | [`Fault`] |
#![deny(clippy::float_arithmetic)]

mod bounded;
mod check;
mod edition;
mod fault;
mod grammar;
mod parts;
mod record;
mod table;

pub use check::{Check, is_bic, is_iban, is_lei, is_uetr};
pub use edition::{Edition, Kind, NAMESPACE, VERSIONS, identify};
pub use fault::{Breach, Fault};
pub use grammar::{Content, Element, Level, Message};
pub use parts::{Limits, Opened, Part, Parts};
pub use record::{At, Record};
pub use table::{header, message};
