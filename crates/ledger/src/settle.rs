//! Settlement: what an order moves, the limits that it must respect, and the books afterwards.

use crate::account::within;
use crate::ledger::{Named, credited, debited, grown};
use crate::{Account, AccountId, AccountKey, Book, Ledger, Line, Refusal, Transfer, TransferKind};

/// How much of a member's debit cap an order may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headroom {
    /// All of it: urgent orders.
    All,
    /// What is not reserved for urgent orders: high orders.
    BelowUrgent,
    /// What is not reserved for urgent or high orders: normal orders.
    BelowHigh,
}

/// What an order moves, all at once or not at all.
///
/// In the order's currency `amount` goes from the debtor's account to the creditor's. In the unit of
/// account the debtor member's position falls by `unit_debit` and the creditor member's rises by
/// `unit_credit`; of the difference, `exchange` goes to the exchange account and the rest to the
/// rounding account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Settlement or return.
    pub kind: TransferKind,
    /// The payment order.
    pub order: u128,
    /// Account that pays, in the order's currency.
    pub debtor: AccountKey,
    /// Account that receives, in the order's currency.
    pub creditor: AccountKey,
    /// Minor units of the order's currency.
    pub amount: u64,
    /// Minor units of the unit of account.
    pub unit_debit: u64,
    /// Minor units of the unit of account, at most `unit_debit`.
    pub unit_credit: u64,
    /// Minor units of the unit of account, at most `unit_debit - unit_credit`.
    pub exchange: u64,
    /// How much of the debtor member's debit cap it may use.
    pub headroom: Headroom,
}

impl Settlement {
    /// The part of the difference between debit and credit that is due to rounding. Panics where the order would
    /// create or lose money, or is not between two members: a bug of the caller.
    pub(crate) fn rounding(&self) -> u64 {
        assert_eq!(self.debtor.book, self.creditor.book, "a transfer stays within a book");
        assert_ne!(self.debtor.member, self.creditor.member, "a settlement is between two members");
        let difference = self.unit_debit.checked_sub(self.unit_credit);
        let difference = difference.expect("the union never credits more than it debits");
        difference.checked_sub(self.exchange).expect("the exchange difference is part of the difference")
    }

    /// The double entries of the order: currency, unit of account, exchange difference, rounding.
    pub(crate) fn transfers(&self, payer: AccountId, payee: AccountId, named: &Named) -> [Option<Transfer>; 4] {
        let transfer = |kind, book, debit, credit, amount: u64| {
            Transfer::new(kind, self.order, book, debit, credit, u128::from(amount))
        };
        let (from, to) = (named.position(self.debtor.member), named.position(self.creditor.member));
        let unit = Book::UNIT_OF_ACCOUNT;
        let to_the_union = |kind, account, amount| (amount > 0).then(|| transfer(kind, unit, from, account, amount));
        [
            Some(transfer(self.kind, self.debtor.book, payer, payee, self.amount)),
            Some(transfer(self.kind, unit, from, to, self.unit_credit)),
            to_the_union(TransferKind::ExchangeDifference, named.exchange, self.exchange),
            to_the_union(TransferKind::Rounding, named.rounding, self.rounding()),
        ]
    }
}

/// What an order touches, as it will be.
pub(crate) struct After {
    /// The debtor's account in the order's currency.
    pub payer: Account,
    /// The creditor's.
    pub payee: Account,
    /// The debtor member's position.
    pub from: Account,
    /// The creditor member's.
    pub to: Account,
    /// The line from debtor to creditor.
    pub line: Line,
    /// Settled from creditor to debtor in the open cycle.
    pub back: u128,
}

impl After {
    /// Whether an order may lead to this.
    pub(crate) fn check(&self, headroom: Headroom) -> Result<(), Refusal> {
        let After { payer, payee, from, to, line, back } = self;
        if !within(payer.owes_at_most(), payer.debit_cap) {
            return Err(Refusal::ParticipantDebitCap);
        }
        if !within(payee.owns_at_most(), payee.credit_cap) {
            return Err(Refusal::ParticipantCreditCap);
        }
        let owes = from.owes_at_most();
        if !within(owes, from.debit_cap) {
            return Err(Refusal::DebitCap);
        }
        // Who owes nothing afterwards has used nothing of the cap, however much of it is reserved.
        if owes > 0 && !within(owes + from.reserved_from(headroom), from.debit_cap) {
            return Err(Refusal::Reserved);
        }
        if !within(to.owns_at_most(), to.credit_cap) {
            return Err(Refusal::CreditCap);
        }
        let net = line.gross.saturating_sub(*back);
        if !within(net, line.debit_limit) {
            return Err(Refusal::BilateralDebitLimit);
        }
        if !within(net, line.credit_limit) {
            return Err(Refusal::BilateralCreditLimit);
        }
        Ok(())
    }
}

impl Ledger {
    /// Books a settlement, or says why it cannot be booked and changes nothing.
    pub fn settle(&mut self, order: &Settlement) -> Result<[Option<Transfer>; 4], Refusal> {
        let Settlement { debtor, creditor, amount, unit_debit, unit_credit, exchange, .. } = *order;
        let rounding = order.rounding();
        let (payer_at, payee_at) = (self.find(debtor), self.find(creditor));
        let payer = payer_at.map_or_else(|| Account::new(debtor), |at| *self.accounts.get(at));
        let payee = payee_at.map_or_else(|| Account::new(creditor), |at| *self.accounts.get(at));
        let mut line = *self.line(debtor.member, creditor.member);
        line.gross = grown(line.gross, unit_credit)?;
        let after = After {
            payer: debited(payer, amount)?,
            payee: credited(payee, amount)?,
            from: debited(*self.position(debtor.member), unit_debit)?,
            to: credited(*self.position(creditor.member), unit_credit)?,
            line,
            back: self.line(creditor.member, debtor.member).gross,
        };
        after.check(order.headroom)?;
        let (exchange_at, rounding_at) = (self.named.exchange, self.named.rounding);
        let exchange_account = credited(*self.accounts.get(exchange_at), exchange)?;
        let rounding_account = credited(*self.accounts.get(rounding_at), rounding)?;

        // Nothing can fail any more.
        let payer_at = payer_at.unwrap_or_else(|| self.find_or_open(debtor));
        let payee_at = payee_at.unwrap_or_else(|| self.find_or_open(creditor));
        *self.accounts.get_mut(payer_at) = after.payer;
        *self.accounts.get_mut(payee_at) = after.payee;
        *self.accounts.get_mut(self.named.position(debtor.member)) = after.from;
        *self.accounts.get_mut(self.named.position(creditor.member)) = after.to;
        if exchange > 0 {
            *self.accounts.get_mut(exchange_at) = exchange_account;
        }
        if rounding > 0 {
            *self.accounts.get_mut(rounding_at) = rounding_account;
        }
        let line_at = self.line_at(debtor.member, creditor.member);
        *self.lines.get_mut(line_at) = after.line;
        Ok(order.transfers(payer_at, payee_at, &self.named))
    }
}

const _: () = assert!(size_of::<Transfer>() == 48);

#[cfg(test)]
mod tests {
    use super::*;

    /// Floors and ceilings say for every balance what the rules say.
    #[test]
    fn floors_and_ceilings_are_the_rules() {
        let key = |member, book| AccountKey { book, member, participant: 0 };
        let plain = |member| Account::new(key(member, Book(840)));
        let mut checked = [0; 2];
        for debit_cap in [0, 5, 20, crate::NO_CAP] {
            for (to_pay, reserved) in [(0, 0), (0, 4), (0, 30), (3, 0), (3, 2), (3, 30)] {
                for open in -25..25i128 {
                    let mut from = plain(0);
                    (from.debit_cap, from.to_pay, from.reserved_urgent) = (debit_cap, to_pay, reserved);
                    let balance = open - to_pay as i128;
                    (from.credits, from.debits) = (balance.max(0) as u128, (-balance).max(0) as u128);
                    let mut to = plain(1);
                    (to.credit_cap, to.to_receive) = (debit_cap, to_pay);
                    let balance = open + to_pay as i128;
                    (to.credits, to.debits) = (balance.max(0) as u128, (-balance).max(0) as u128);
                    assert_eq!((from.open_balance(), to.open_balance()), (open, open));
                    let after =
                        |from, to| After { payer: plain(0), payee: plain(1), from, to, line: Line::OPEN, back: 0 };
                    for headroom in [Headroom::All, Headroom::BelowUrgent] {
                        let goes = after(from, plain(1)).check(headroom).is_ok();
                        // Only a cap below what legs call for already, which is never set, is not told by a floor.
                        if u128::from(debit_cap) >= to_pay {
                            assert_eq!(goes, open >= from.open_floor(headroom), "{from:?} {headroom:?}");
                            checked[usize::from(goes)] += 1;
                        }
                    }
                    let goes = after(plain(0), to).check(Headroom::All).is_ok();
                    if u128::from(debit_cap) >= to_pay {
                        assert_eq!(goes, open <= to.open_ceiling(), "{to:?}");
                    }
                }
            }
        }
        assert!(checked.iter().all(|&count| count > 500), "{checked:?}");
    }
}
