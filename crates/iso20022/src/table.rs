//! The messages that are read, element by element.

pub(crate) mod cancellation;
mod common;
pub(crate) mod customer_transfer;
pub(crate) mod head;
pub(crate) mod institution_transfer;
pub(crate) mod liquidity_transfer;
pub(crate) mod payment_return;
pub(crate) mod resolution;
pub(crate) mod status_request;

use crate::edition::Kind;
use crate::grammar::{Level, Message};

/// The table of a message, if it is read here.
pub fn message(kind: Kind) -> Option<&'static Message> {
    match kind {
        Kind::Pacs008 => Some(&customer_transfer::MESSAGE),
        Kind::Pacs009 => Some(&institution_transfer::MESSAGE),
        Kind::Pacs004 => Some(&payment_return::MESSAGE),
        Kind::Camt056 => Some(&cancellation::MESSAGE),
        Kind::Camt029 => Some(&resolution::MESSAGE),
        Kind::Pacs028 => Some(&status_request::MESSAGE),
        Kind::Camt050 => Some(&liquidity_transfer::MESSAGE),
        _ => None,
    }
}

/// The table of the business application header.
pub fn header() -> &'static Level {
    &head::HEADER
}
