//! Settlement of several orders at once: only where everybody ends counts.

use crate::ledger::{credited, debited, grown};
use crate::settle::After;
use crate::{Account, AccountKey, Ledger, Line, Refusal, Settlement, Transfer};
use std::collections::BTreeMap;

/// The accounts and lines that some settlements touch, while it is not certain that they can be booked.
struct Draft<'a> {
    ledger: &'a Ledger,
    accounts: BTreeMap<u128, Account>,
    lines: BTreeMap<u32, Line>,
}

impl Draft<'_> {
    fn account(&self, key: AccountKey) -> Account {
        self.accounts.get(&key.packed()).copied().unwrap_or_else(|| self.ledger.account(key))
    }

    fn line(&self, debtor: u16, creditor: u16) -> Line {
        let at = self.ledger.line_at(debtor, creditor);
        self.lines.get(&at).copied().unwrap_or_else(|| *self.ledger.lines.get(at))
    }

    fn debit(&mut self, key: AccountKey, amount: u64) -> Result<(), Refusal> {
        let account = debited(self.account(key), amount)?;
        self.accounts.insert(key.packed(), account);
        Ok(())
    }

    fn credit(&mut self, key: AccountKey, amount: u64) -> Result<(), Refusal> {
        let account = credited(self.account(key), amount)?;
        self.accounts.insert(key.packed(), account);
        Ok(())
    }

    fn book(&mut self, order: &Settlement) -> Result<(), Refusal> {
        let (debtor, creditor) = (order.debtor.member, order.creditor.member);
        self.debit(order.debtor, order.amount)?;
        self.credit(order.creditor, order.amount)?;
        self.debit(AccountKey::position(debtor), order.unit_debit)?;
        self.credit(AccountKey::position(creditor), order.unit_credit)?;
        self.credit(AccountKey::exchange(), order.exchange)?;
        self.credit(AccountKey::rounding(), order.rounding())?;
        let mut line = self.line(debtor, creditor);
        line.gross = grown(line.gross, order.unit_credit)?;
        self.lines.insert(self.ledger.line_at(debtor, creditor), line);
        Ok(())
    }

    /// What an order touches, after all of them.
    fn after(&self, order: &Settlement) -> After {
        let (debtor, creditor) = (order.debtor.member, order.creditor.member);
        After {
            payer: self.account(order.debtor),
            payee: self.account(order.creditor),
            from: self.account(AccountKey::position(debtor)),
            to: self.account(AccountKey::position(creditor)),
            line: self.line(debtor, creditor),
            back: self.line(creditor, debtor).gross,
        }
    }
}

impl Ledger {
    /// Books several settlements at once, or says why they cannot all be booked and changes nothing.
    ///
    /// Every limit that [`settle`](Self::settle) asks for is asked of the books as they are after all of them: who
    /// pays first with what only comes later is within its limits. What is left of a debit cap must cover the
    /// reservations that the least urgent of a member's orders leaves free. The transfers are in the order of `orders`.
    pub fn settle_together(&mut self, orders: &[Settlement]) -> Result<Vec<[Option<Transfer>; 4]>, Refusal> {
        let mut draft = Draft { ledger: self, accounts: BTreeMap::new(), lines: BTreeMap::new() };
        for order in orders {
            draft.book(order)?;
        }
        for order in orders {
            draft.after(order).check(order.headroom)?;
        }

        // Nothing can fail any more. Accounts are opened in the order in which settlements one by one would open them.
        let Draft { accounts, lines, .. } = draft;
        let mut transfers = Vec::with_capacity(orders.len());
        for order in orders {
            let (payer, payee) = (self.find_or_open(order.debtor), self.find_or_open(order.creditor));
            transfers.push(order.transfers(payer, payee, &self.named));
        }
        for account in accounts.into_values() {
            let at = self.find_or_open(account.key);
            *self.accounts.get_mut(at) = account;
        }
        for (at, line) in lines {
            *self.lines.get_mut(at) = line;
        }
        Ok(transfers)
    }
}
