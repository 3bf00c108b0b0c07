//! Charges and interest on daily balances: counted at the end of each day, taken at the close of a cycle.
//!
//! The balance of a day is that of its end, on the union's clock. Of each member and charge the sum of the daily bases is kept, an
//! exact integer; money is rounded once, when it is taken ([`crate::charge_rules::Charge::due`]).
//!
//! What is due goes through the member's dues account. From there it becomes part of the position as far as the member's caps
//! allow; the rest waits for the next close. So a charge never breaks a cap, and never moves one.

use crate::calendar::Day;
use crate::charge_rules::{CHARGES_MAX, ChargedTo};
use crate::event::Event;
use crate::membership::Standing;
use crate::state::Union;
use ledger::{AccountKey, TransferKind};

impl Union {
    /// Counts the balances of the days that have ended before `today`.
    pub(crate) fn count_balances_before(&mut self, today: Day) {
        let days = u128::from(today.0.saturating_sub(self.balances_counted_to.0));
        if days == 0 {
            return;
        }
        self.balances_counted_to = today;
        if self.charter.charges.charges.is_empty() {
            return;
        }
        for member in 0..self.charter.members.len() as u16 {
            let (balance, quota) =
                (self.ledger.position(member).balance(), self.charter.members[usize::from(member)].quota);
            for (slot, charge) in self.charter.charges.charges.iter().enumerate() {
                let base = charge.base(balance, quota);
                if base > 0 {
                    let sum = self.base_days.get_mut(base_days_at(member, slot));
                    *sum = sum.saturating_add(base.saturating_mul(days));
                }
            }
        }
    }

    /// Takes what is due for the days counted, and collects dues.
    pub(crate) fn take_charges(&mut self) {
        let rules = self.charter.charges.clone();
        for member in 0..self.charter.members.len() as u16 {
            // Whose books are closed owes nothing more for the days before.
            let has_left = self.standing(member) == Standing::Left;
            for (slot, charge) in rules.charges.iter().enumerate() {
                let sum = std::mem::take(self.base_days.get_mut(base_days_at(member, slot)));
                let due = if has_left { 0 } else { charge.due(sum, rules.days_in_year) };
                let dues = AccountKey::dues(member);
                match charge.to {
                    ChargedTo::Charges => self.post(TransferKind::Charge, member, dues, AccountKey::charges(), due),
                    ChargedTo::Interest => self.post(TransferKind::Interest, member, dues, AccountKey::interest(), due),
                    ChargedTo::Member => self.post(TransferKind::Interest, member, AccountKey::interest(), dues, due),
                }
            }
            self.collect_dues(member);
        }
    }

    /// Makes a member's dues part of its position, as far as its caps allow.
    pub(crate) fn collect_dues(&mut self, member: u16) {
        let (dues, position) = (AccountKey::dues(member), AccountKey::position(member));
        let (balance, account) = (self.ledger.account(dues).balance(), *self.ledger.position(member));
        if balance < 0 {
            let amount = balance.unsigned_abs().min(account.room_to_owe());
            self.post(TransferKind::Collection, member, position, dues, amount);
        } else {
            let amount = balance.unsigned_abs().min(account.room_to_own());
            self.post(TransferKind::Collection, member, dues, position, amount);
        }
    }

    /// Books a transfer that no order asked for, about a member; nothing for nought.
    pub(crate) fn post(&mut self, kind: TransferKind, member: u16, from: AccountKey, to: AccountKey, amount: u128) {
        if amount > 0 {
            let cycle = self.open_cycle_row().number;
            let about = (u128::from(cycle) << 32) | u128::from(member);
            // Ten thousand years at a hundred percent of the largest balance are within the range of the books.
            let transfer = self.ledger.post(kind, about, from, to, amount).expect("within the range of the books");
            self.events.push(Event::Transfer(transfer));
        }
    }
}

/// Where the sum of a member's daily bases for a charge is.
fn base_days_at(member: u16, slot: usize) -> u32 {
    u32::from(member) * CHARGES_MAX as u32 + slot as u32
}
