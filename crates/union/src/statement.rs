//! A member's statement: what it had, what moved, what it has. A fold over events, from genesis or from a state that is proved.

use crate::calendar::Day;
use crate::command::Payment;
use crate::event::{Applied, Event};
use crate::order::OrderStatus;
use crate::state::Union;
use ledger::{AccountKey, Book, TransferKind};
use std::collections::BTreeMap;

/// What a statement covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day on the union's clock.
    Day(Day),
    /// A clearing cycle: what was booked from its opening to its close.
    Cycle(u32),
}

/// The other side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherSide {
    /// The member; [`AccountKey::UNION`] for the exchange and the rounding account.
    pub member: u16,
    /// Its participant, 0 for the member itself; for the union, which named account.
    pub participant: u32,
}

/// A booking on one of the member's accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The block that it was booked in.
    pub height: u64,
    /// The time of that block, Unix milliseconds.
    pub time_ms: u64,
    /// Why money moved.
    pub kind: TransferKind,
    /// The payment order; for the settlement of a cycle, its leg (see [`crate::Leg::id`]).
    pub order: u128,
    /// The order's record, unless the entry settles a cycle.
    pub payment: Option<Payment>,
    /// Who is on the other side.
    pub other: OtherSide,
    /// Minor units of the account's currency, positive for a credit.
    pub amount: i128,
    /// The account's balance after it.
    pub balance: i128,
}

/// One account in a statement. `opening + sum of entries = closing`, always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStatement {
    /// The account: the member's position, or what it or a participant of it paid and was paid in a currency.
    pub account: AccountKey,
    /// Balance before the first entry, in minor units of the book's currency.
    pub opening: i128,
    /// Bookings, in order.
    pub entries: Vec<Entry>,
    /// Balance after the last entry.
    pub closing: i128,
}

/// A member's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The member, by number.
    pub member: u16,
    /// What it covers.
    pub period: Period,
    /// The last block that was looked at: the statement is final if the period is over by it.
    pub height: u64,
    /// State hash after that block.
    pub state: [u8; 32],
    /// Whether the period was over by that block.
    pub is_final: bool,
    /// The position first, then the other accounts that had a balance or an entry, by currency and participant.
    pub accounts: Vec<AccountStatement>,
}

/// Makes a statement out of the blocks from some state on.
#[derive(Clone, Debug)]
pub struct StatementBuilder {
    member: u16,
    period: Period,
    cycle: u32,
    payment: Option<Payment>,
    /// The position first, then by currency and participant.
    accounts: BTreeMap<(Book, u32), AccountStatement>,
}

impl StatementBuilder {
    /// A statement of a member for a period, which begins no earlier than the next block of `union`: the balances there are the first
    /// ones; at genesis there are none.
    pub fn new(union: &Union, member: u16, period: Period) -> Self {
        let opened =
            |account, balance| AccountStatement { account, opening: balance, entries: vec![], closing: balance };
        let rows = union.ledger().accounts().rows();
        let rows = rows.iter().filter(|row| row.key.member == member && row.balance() != 0);
        let mut accounts: BTreeMap<_, _> =
            rows.map(|row| ((row.key.book, row.key.participant), opened(row.key, row.balance()))).collect();
        let position = AccountKey::position(member);
        accounts.entry((position.book, position.participant)).or_insert_with(|| opened(position, 0));
        StatementBuilder { member, period, cycle: union.open_cycle_row().number, payment: None, accounts }
    }

    /// Takes in the next block; `union` is the union after it. True once the period is over.
    pub fn block(&mut self, union: &Union, applied: &Applied) -> bool {
        let today = union.today();
        for event in &applied.events {
            match event {
                Event::Order(order) if order.status == OrderStatus::Settled => self.payment = Some(order.payment),
                Event::CycleOpened(cycle) => self.cycle = cycle.number,
                Event::Transfer(transfer) => {
                    let payment = self.payment.filter(|payment| payment.id == transfer.order);
                    let payment = payment.filter(|_| transfer.kind() != TransferKind::CycleSettlement);
                    let within = match self.period {
                        Period::Day(day) => today == day,
                        Period::Cycle(cycle) => self.cycle == cycle,
                    };
                    let over = match self.period {
                        Period::Day(day) => today > day,
                        Period::Cycle(cycle) => self.cycle > cycle,
                    };
                    if over {
                        return true;
                    }
                    let sides = [(transfer.debit, transfer.credit, -1), (transfer.credit, transfer.debit, 1)];
                    for (own, other, sign) in sides {
                        let key = union.ledger().accounts().get(own).key;
                        if key.member != self.member {
                            continue;
                        }
                        let account = self.accounts.entry((key.book, key.participant)).or_insert_with(|| {
                            AccountStatement { account: key, opening: 0, entries: Vec::new(), closing: 0 }
                        });
                        // Both fit: the ledger bounds every side of an account far below.
                        let amount = transfer.amount as i128 * sign;
                        account.closing += amount;
                        if !within {
                            account.opening = account.closing;
                            continue;
                        }
                        let other = union.ledger().accounts().get(other).key;
                        account.entries.push(Entry {
                            height: applied.height,
                            time_ms: union.time_ms(),
                            kind: transfer.kind(),
                            order: transfer.order,
                            payment,
                            other: OtherSide { member: other.member, participant: other.participant },
                            amount,
                            balance: account.closing,
                        });
                    }
                }
                _ => {}
            }
        }
        match self.period {
            Period::Day(day) => today > day,
            Period::Cycle(cycle) => self.cycle > cycle,
        }
    }

    /// Ends the period and begins the next one: what each account closed with it opens with. The statement is final.
    pub fn turn(&mut self, union: &Union, period: Period) -> Statement {
        let open = |account: &AccountStatement| {
            let AccountStatement { account, closing, .. } = *account;
            AccountStatement { account, opening: closing, entries: Vec::new(), closing }
        };
        let accounts = self.accounts.iter().map(|(key, account)| (*key, open(account))).collect();
        let next = StatementBuilder { period, accounts, ..*self };
        std::mem::replace(self, next).finish(union, true)
    }

    /// The statement; `is_over` is what the last call of [`block`](Self::block) returned.
    pub fn finish(self, union: &Union, is_over: bool) -> Statement {
        let accounts: Vec<_> = self
            .accounts
            .into_values()
            .filter(|account| {
                let is_position = account.account == AccountKey::position(self.member);
                is_position || !account.entries.is_empty() || account.closing != 0
            })
            .collect();
        for account in &accounts {
            let sum: i128 = account.entries.iter().map(|entry| entry.amount).sum();
            assert_eq!(account.opening + sum, account.closing, "a statement balances");
        }
        Statement {
            member: self.member,
            period: self.period,
            height: union.height(),
            state: union.state(),
            is_final: is_over,
            accounts,
        }
    }
}
