//! An account: whose it is, what went through it, and what it may owe or own.

use crate::Headroom;
use bytemuck::{Pod, Zeroable};

/// A cap that does not bind.
pub const NO_CAP: u64 = u64::MAX;

/// Place of an account in the ledger; accounts are never removed.
pub type AccountId = u32;

/// One currency's books: every transfer stays within a book, and every book sums to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Book(pub u16);

impl Book {
    /// The book of positions, in the union's unit of account. All others carry the ISO 4217 number of
    /// their currency; the unit of account has its own book even where it is itself such a currency.
    pub const UNIT_OF_ACCOUNT: Book = Book(0);
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct AccountKey {
    /// The book it belongs to.
    pub book: Book,
    /// The member, or [`AccountKey::UNION`] for the union's own named accounts.
    pub member: u16,
    /// The sponsored participant, 0 for the member itself; for the union, which named account.
    pub participant: u32,
}

impl AccountKey {
    /// Stands where a member's number would, for accounts that belong to all members together.
    pub const UNION: u16 = u16::MAX;

    /// A member's position: its cumulative net claim on the union, in the unit of account.
    pub fn position(member: u16) -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member, participant: 0 }
    }

    /// What the two rates of converted orders differ by, in the unit of account.
    pub fn exchange() -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member: Self::UNION, participant: 1 }
    }

    /// What the roundings of conversions leave, in the unit of account.
    pub fn rounding() -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member: Self::UNION, participant: 2 }
    }

    /// Charges on balances, which members pay to all of them together, in the unit of account.
    pub fn charges() -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member: Self::UNION, participant: 3 }
    }

    /// Interest that debtors paid and creditors did not get, in the unit of account.
    pub fn interest() -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member: Self::UNION, participant: 4 }
    }

    /// What was borne of defaults: the claim on defaulted members that takes the place of their debt to the union.
    pub fn losses() -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member: Self::UNION, participant: 5 }
    }

    /// A member's charges, interest and shares in losses before they are part of its position, in the unit of account.
    pub fn dues(member: u16) -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member, participant: 1 }
    }

    /// What a member defaulted on, in the unit of account.
    pub fn defaulted(member: u16) -> Self {
        AccountKey { book: Book::UNIT_OF_ACCOUNT, member, participant: 2 }
    }

    pub(crate) fn packed(self) -> u128 {
        (u128::from(self.book.0) << 48) | (u128::from(self.member) << 32) | u128::from(self.participant)
    }
}

/// An account, 128 bytes. Amounts in minor units of its book's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Account {
    /// Everything ever paid out of it.
    pub debits: u128,
    /// Everything ever paid into it.
    pub credits: u128,
    /// Legs of closed cycles that this account is still to pay: they will raise its balance.
    pub to_pay: u128,
    /// Legs of closed cycles that it is still to receive: they will lower its balance.
    pub to_receive: u128,
    /// The most it may owe, in any order of closing and confirming; [`NO_CAP`] for no cap.
    pub debit_cap: u64,
    /// The most it may own, likewise.
    pub credit_cap: u64,
    /// Part of the debit cap kept free for urgent orders.
    pub reserved_urgent: u64,
    /// Part of the debit cap kept free for urgent and high orders, beyond `reserved_urgent`.
    pub reserved_high: u64,
    /// Whose it is.
    pub key: AccountKey,
    reserved: [u8; 24],
}

impl Account {
    /// An account without movements, with caps that do not bind.
    pub fn new(key: AccountKey) -> Self {
        Account {
            debits: 0,
            credits: 0,
            to_pay: 0,
            to_receive: 0,
            debit_cap: NO_CAP,
            credit_cap: NO_CAP,
            reserved_urgent: 0,
            reserved_high: 0,
            key,
            reserved: [0; 24],
        }
    }

    /// What it owns (positive) or owes (negative). Both sides stay below 2^110, see [`crate::Ledger`].
    pub fn balance(&self) -> i128 {
        self.credits as i128 - self.debits as i128
    }

    /// The part of the balance that no closed cycle has called for yet.
    pub fn open_balance(&self) -> i128 {
        self.balance() - self.to_receive as i128 + self.to_pay as i128
    }

    /// The most it would owe over all orders in which cycles can be closed and legs confirmed.
    ///
    /// A leg to receive lowers the balance when it is confirmed, a leg to pay raises it, and either may
    /// come first; so what is to be paid counts in full and what is to be received counts for nothing.
    pub fn owes_at_most(&self) -> u128 {
        self.to_pay + (-self.open_balance()).max(0) as u128
    }

    /// The most it would own over all orders in which cycles can be closed and legs confirmed.
    pub fn owns_at_most(&self) -> u128 {
        self.to_receive + self.open_balance().max(0) as u128
    }

    /// The part of the debit cap that an order may not use.
    pub fn reserved_from(&self, headroom: Headroom) -> u128 {
        match headroom {
            Headroom::All => 0,
            Headroom::BelowUrgent => u128::from(self.reserved_urgent),
            Headroom::BelowHigh => u128::from(self.reserved_urgent) + u128::from(self.reserved_high),
        }
    }

    /// The least open balance with which an order may leave it as its payer; `i128::MIN` for no limit, `i128::MAX`
    /// where no order may, whatever the balance.
    pub fn open_floor(&self, headroom: Headroom) -> i128 {
        if self.debit_cap == NO_CAP {
            return i128::MIN;
        }
        let free = i128::from(self.debit_cap) - self.reserved_from(headroom) as i128 - self.to_pay as i128;
        // Who owes nothing afterwards has used nothing of the cap, however much of it is reserved.
        if free < 0 && self.to_pay > 0 { i128::MAX } else { -free.max(0) }
    }

    /// The most open balance with which an order may leave it as its payee; `i128::MAX` for no limit.
    pub fn open_ceiling(&self) -> i128 {
        if self.credit_cap == NO_CAP { i128::MAX } else { i128::from(self.credit_cap) - self.to_receive as i128 }
    }

    /// The most by which its balance may rise without a closed cycle, and stay within its credit cap.
    pub fn room_to_own(&self) -> u128 {
        let most = if self.credit_cap == NO_CAP { u128::MAX >> 1 } else { u128::from(self.credit_cap) };
        most.saturating_sub(self.to_receive).saturating_add_signed(-self.open_balance())
    }

    /// The most by which its balance may fall without a closed cycle, and stay within its debit cap.
    pub fn room_to_owe(&self) -> u128 {
        let most = if self.debit_cap == NO_CAP { u128::MAX >> 1 } else { u128::from(self.debit_cap) };
        most.saturating_sub(self.to_pay).saturating_add_signed(self.open_balance())
    }

    /// The most that a leg may call for from this account: what it owes, or more where both caps allow that it then owns.
    pub fn may_pay(&self) -> u128 {
        let beyond = if self.debit_cap == NO_CAP { u128::MAX >> 1 } else { u128::from(self.debit_cap) };
        beyond.saturating_sub(self.to_pay).min(self.room_to_own()).max(self.open_balance().min(0).unsigned_abs())
    }

    /// The most that a leg may bring to this account: what it owns, or more where both caps allow that it then owes.
    pub fn may_receive(&self) -> u128 {
        let beyond = if self.credit_cap == NO_CAP { u128::MAX >> 1 } else { u128::from(self.credit_cap) };
        beyond.saturating_sub(self.to_receive).min(self.room_to_owe()).max(self.open_balance().max(0).unsigned_abs())
    }

    /// Whether it is within its caps.
    pub fn is_within_caps(&self) -> bool {
        within(self.owes_at_most(), self.debit_cap) && within(self.owns_at_most(), self.credit_cap)
    }
}

/// Whether an amount respects a cap.
pub(crate) fn within(amount: u128, cap: u64) -> bool {
    cap == NO_CAP || amount <= u128::from(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All orders in which two closed legs and the open balance can be closed and confirmed.
    #[test]
    fn worst_case_covers_every_order_of_confirmation() {
        for to_pay in [0u128, 30] {
            for to_receive in [0u128, 50] {
                for open in [-40i128, 0, 40] {
                    let balance = open + to_receive as i128 - to_pay as i128;
                    let mut account = Account::new(AccountKey::position(1));
                    account.to_pay = to_pay;
                    account.to_receive = to_receive;
                    if balance < 0 {
                        account.debits = -balance as u128
                    } else {
                        account.credits = balance as u128
                    }
                    assert_eq!(account.open_balance(), open);
                    // Each of the three is either settled (its effect gone from the balance) or not.
                    let (mut least, mut most) = (i128::MAX, i128::MIN);
                    for settled in 0..8u8 {
                        let mut after = balance;
                        if settled & 1 != 0 {
                            after += to_pay as i128
                        }
                        if settled & 2 != 0 {
                            after -= to_receive as i128
                        }
                        if settled & 4 != 0 {
                            after -= open
                        }
                        least = least.min(after);
                        most = most.max(after);
                    }
                    assert_eq!(account.owes_at_most(), (-least).max(0) as u128, "{to_pay} {to_receive} {open}");
                    assert_eq!(account.owns_at_most(), most.max(0) as u128, "{to_pay} {to_receive} {open}");
                }
            }
        }
    }
}
