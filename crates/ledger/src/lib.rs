//! Double-entry books in fixed-size records.
//!
//! The ledger knows accounts, transfers between them, and the limits that a transfer must respect. It
//! does not know what a payment order is, what a clearing cycle is or what time it is: those belong to
//! the `union` crate, which is the only one that posts here.
//!
//! Every amount is an integer in minor units of its book's currency. A balance is `credits - debits`,
//! both counted in `u128`, so that no realistic union overflows; what would overflow is refused
//! ([`Refusal::Overflow`]), never wrapped.
//!
//! Rows live in [`Table`]s, which keep a Merkle root over their bytes up to date at a cost
//! proportional to what changed: that is where the state hash comes from.
#![deny(clippy::float_arithmetic)]

#[cfg(not(target_endian = "little"))]
compile_error!("the state hash is taken over little-endian rows");

mod account;
mod index;
mod ledger;
mod line;
mod settle;
mod settle_together;
mod table;
mod transfer;

pub use account::{Account, AccountId, AccountKey, Book, NO_CAP};
pub use index::Index;
pub use ledger::{Ledger, Refusal};
pub use line::Line;
pub use settle::{Headroom, Settlement};
pub use table::{Hash, Row, Table};
pub use transfer::{Transfer, TransferKind};
