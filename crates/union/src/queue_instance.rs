//! The queue as a problem of `clearing::queue`: who waits to pay what, and which limits hold.

use crate::order::{OpenOrder, Place};
use crate::settle::{creditor_account, debtor_account};
use crate::state::Union;
use clearing::queue::{BilateralLimit, Class, Instance, Party, Payment, SideAccount};
use ledger::{AccountKey, Headroom, Ledger, NO_CAP};
use std::collections::BTreeMap;

/// The orders that a run considers.
#[derive(Debug)]
pub(crate) struct Considered {
    /// Rows of the orders, in the order of the payments.
    pub rows: Vec<u32>,
    /// The orders as payments, see [`in_order`].
    pub instance: Instance,
}

impl Union {
    /// The orders that may settle today, from the front of each member's queue: as many as the charter's attempts in all,
    /// shared so that nobody's long queue leaves less of another's.
    pub(crate) fn considered(&self) -> Considered {
        let most = self.charter.queue.attempts as usize;
        let front = |member| {
            let rows = self.orders.queue_rows(member);
            rows.filter(|&at| self.may_settle_today(&self.orders.open(at).payment)).take(most).collect()
        };
        let fronts: Vec<Vec<u32>> = (0..self.charter.members.len() as u16).map(front).collect();
        let lengths: Vec<usize> = fronts.iter().map(Vec::len).collect();
        let entered = |&at: &u32| {
            let order = self.orders.open(at);
            let Place { height, batch, record, .. } = order.place;
            Entered { entry: order.entry, presented: (height, batch, record), at }
        };
        let cut = fronts.iter().zip(shares(&lengths, most)).map(|(front, share)| &front[..share]);
        let rows = in_order(cut.map(|front| front.iter().map(entered).collect()));

        let positions = (0..self.charter.members.len() as u16).map(|member| self.ledger.position(member));
        let parties = positions.map(|position| Party {
            balance: position.open_balance(),
            floors: [Headroom::All, Headroom::BelowUrgent, Headroom::BelowHigh].map(|room| position.open_floor(room)),
            ceiling: position.open_ceiling(),
        });
        let mut limits = Limits { ledger: &self.ledger, sides: BTreeMap::new(), lines: BTreeMap::new() };
        let mut instance = Instance { parties: parties.collect(), ..Instance::default() };
        for &at in &rows {
            let payment = limits.payment(self.orders.open(at), &mut instance);
            instance.payments.push(payment);
        }
        instance.limits = limits.lines.into_values().flatten().collect();
        Considered { rows, instance }
    }
}

/// Each length, cut so that they are `most` in all and nobody who is cut has less than another.
fn shares(lengths: &[usize], most: usize) -> Vec<usize> {
    let mut by_length: Vec<usize> = (0..lengths.len()).collect();
    by_length.sort_by_key(|&at| lengths[at]);
    let (mut shares, mut left) = (vec![0; lengths.len()], most);
    for (done, &at) in by_length.iter().enumerate() {
        shares[at] = lengths[at].min(left / (lengths.len() - done));
        left -= shares[at];
    }
    shares
}

/// An order that is considered.
#[derive(Clone, Copy)]
struct Entered {
    entry: i64,
    /// Block, batch and record.
    presented: (u64, u16, u16),
    /// Its row.
    at: u32,
}

/// The rows of several members in one order: those of a member by entry, each as presented no earlier than those before it. So nobody gets
/// ahead of another member by moving orders.
fn in_order(members: impl Iterator<Item = Vec<Entered>>) -> Vec<u32> {
    let mut rows = Vec::new();
    for mut own in members {
        own.sort_unstable_by_key(|order| order.entry);
        let mut latest = (0, 0, 0);
        for Entered { entry, presented, at } in own {
            latest = presented.max(latest);
            rows.push((latest, entry, at));
        }
    }
    rows.sort_unstable();
    rows.into_iter().map(|(_, _, at)| at).collect()
}

/// Limits beside those of positions, as far as orders have met them.
struct Limits<'a> {
    ledger: &'a Ledger,
    /// By packed key: the side account's index, where the account has a cap.
    sides: BTreeMap<(u16, u16, u32), Option<u32>>,
    /// By debtor and creditor: the limit, where there is one.
    lines: BTreeMap<(u16, u16), Option<BilateralLimit>>,
}

impl Limits<'_> {
    fn payment(&mut self, order: &OpenOrder, instance: &mut Instance) -> Payment {
        let payment = &order.payment;
        self.note_line(payment.debtor, payment.creditor);
        Payment {
            payer: payment.debtor.into(),
            payee: payment.creditor.into(),
            debit: order.unit_debit,
            credit: order.unit_credit,
            class: Class::ALL[usize::from(payment.priority).min(Class::ALL.len() - 1)],
            payer_side: self.side(debtor_account(payment), &mut instance.side_accounts),
            payee_side: self.side(creditor_account(payment), &mut instance.side_accounts),
            side_amount: payment.amount,
        }
    }

    fn side(&mut self, key: AccountKey, accounts: &mut Vec<SideAccount>) -> Option<u32> {
        *self.sides.entry((key.book.0, key.member, key.participant)).or_insert_with(|| {
            let account = self.ledger.account(key);
            if account.debit_cap == NO_CAP && account.credit_cap == NO_CAP {
                return None;
            }
            accounts.push(SideAccount {
                balance: account.open_balance(),
                floor: account.open_floor(Headroom::All),
                ceiling: account.open_ceiling(),
            });
            Some(accounts.len() as u32 - 1)
        })
    }

    fn note_line(&mut self, debtor: u16, creditor: u16) {
        self.lines.entry((debtor, creditor)).or_insert_with(|| {
            let (line, back) = (self.ledger.line(debtor, creditor), self.ledger.line(creditor, debtor));
            let most = line.debit_limit.min(line.credit_limit);
            // A side of a line stays below 2^110, see `Ledger`.
            let net = line.gross as i128 - back.gross as i128;
            let (debtor, creditor) = (debtor.into(), creditor.into());
            (most != NO_CAP).then_some(BilateralLimit { debtor, creditor, net, most })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Entered, in_order, shares};

    #[test]
    fn nobody_gets_ahead_of_another_by_moving_orders() {
        let own = |orders: &[(i64, u64, u32)]| -> Vec<Entered> {
            let entered = |&(entry, height, at)| Entered { entry, presented: (height, 0, 0), at };
            orders.iter().map(entered).collect()
        };
        let other = || own(&[(1, 2, 21), (3, 4, 23)]);
        assert_eq!(in_order([own(&[(0, 1, 10), (2, 3, 12)]), other()].into_iter()), [10, 21, 12, 23]);
        // The second to the front, or the first to the end: neither gets ahead of what another presented before it.
        assert_eq!(in_order([own(&[(-1, 3, 12), (0, 1, 10)]), other()].into_iter()), [21, 12, 10, 23]);
        assert_eq!(in_order([own(&[(2, 3, 12), (9, 1, 10)]), other()].into_iter()), [21, 12, 10, 23]);
        assert_eq!(in_order([vec![], vec![]].into_iter()), [0_u32; 0]);
    }

    #[test]
    fn the_longest_queues_are_cut() {
        for (lengths, most, expected) in [
            (vec![3, 100, 0, 50], 1_000, vec![3, 100, 0, 50]),
            (vec![3, 100, 0, 50], 43, vec![3, 20, 0, 20]),
            (vec![3, 100, 0, 50], 44, vec![3, 21, 0, 20]),
            (vec![9, 9, 9], 2, vec![0, 1, 1]),
            (vec![9, 9, 9], 0, vec![0, 0, 0]),
            (vec![], 5, vec![]),
        ] {
            assert_eq!(shares(&lengths, most), expected, "{lengths:?} {most}");
        }
    }
}
