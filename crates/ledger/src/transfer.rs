//! One movement between two accounts of a book.

use crate::{AccountId, Book};
use bytemuck::{Pod, Zeroable};

/// Why money moved. The number is part of the journal's and the API's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TransferKind {
    /// Settlement of a payment order, in the order's currency or in the unit of account.
    Settlement = 1,
    /// Settlement of a return: a new entry that gives an earlier payment back.
    Return = 2,
    /// The difference between the selling and the buying rate of a converted order, to the exchange account.
    ExchangeDifference = 3,
    /// What the roundings of a conversion leave, to the rounding account.
    Rounding = 4,
    /// Discharge of a position by a confirmed settlement leg of a closed cycle.
    CycleSettlement = 5,
    /// A charge on a member's balance, to the charges account.
    Charge = 6,
    /// Interest on a member's balance, to or from the interest account.
    Interest = 7,
    /// A member's dues become part of its position.
    Collection = 8,
    /// What a defaulted member owed is taken out of its position.
    Default = 9,
    /// A share in the loss of a default, to the losses account.
    LossShare = 10,
}

impl TransferKind {
    /// Whether an order moved the money; else a cycle did, whose number is in the upper half of the transfer's `order`.
    pub fn is_of_an_order(self) -> bool {
        use TransferKind::*;
        matches!(self, Settlement | Return | ExchangeDifference | Rounding)
    }

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        use TransferKind::*;
        let settling = [Settlement, Return, ExchangeDifference, Rounding, CycleSettlement];
        settling
            .into_iter()
            .chain([Charge, Interest, Collection, Default, LossShare])
            .find(|kind| *kind as u8 == number)
    }
}

/// A double entry: `amount` minor units of the book's currency out of `debit` and into `credit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Transfer {
    /// The payment order that moved the money; for a settlement leg, cycle and leg; for charges, interest and losses, cycle and member.
    pub order: u128,
    /// Minor units of the book's currency; a settlement leg may exceed 64 bits.
    pub amount: u128,
    /// The account that pays.
    pub debit: AccountId,
    /// The account that receives.
    pub credit: AccountId,
    /// Currency of both accounts.
    pub book: Book,
    kind: u8,
    reserved: [u8; 5],
}

impl Transfer {
    /// A transfer of `amount` from `debit` to `credit`, both accounts of `book`.
    pub fn new(kind: TransferKind, order: u128, book: Book, debit: AccountId, credit: AccountId, amount: u128) -> Self {
        Transfer { order, amount, debit, credit, book, kind: kind as u8, reserved: [0; 5] }
    }

    /// Why money moved.
    pub fn kind(&self) -> TransferKind {
        TransferKind::from_number(self.kind).expect("a transfer is built with a kind")
    }
}
