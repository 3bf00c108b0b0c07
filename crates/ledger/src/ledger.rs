//! The books: accounts, lines between members, and the only ways to change them.

use crate::account::within;
use crate::{Account, AccountId, AccountKey, Book, Hash, Index, Line, NO_CAP, Table, Transfer, TransferKind};
use std::collections::BTreeMap;

/// No side of an account grows beyond this (about 10^33 minor units), so that a balance, and the sum of
/// the balances of all members of a union, is always a plain `i128`.
const MOST_TURNOVER: u128 = 1 << 110;

/// Why a settlement cannot be booked now. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The debtor's own account would owe more than its cap.
    #[error("the debtor participant's debit cap does not allow it")]
    ParticipantDebitCap,
    /// The creditor's own account would own more than its cap.
    #[error("the creditor participant's credit cap does not allow it")]
    ParticipantCreditCap,
    /// The debtor member would owe the union more than its debit cap.
    #[error("the debtor member's debit cap does not allow it")]
    DebitCap,
    /// What is left of the debit cap is reserved for orders of higher priority.
    #[error("the debtor member reserves what is left for a higher priority")]
    Reserved,
    /// The creditor member would own more than its credit cap.
    #[error("the creditor member's credit cap does not allow it")]
    CreditCap,
    /// The debtor's limit on what it may owe the creditor.
    #[error("the debtor's bilateral limit towards the creditor does not allow it")]
    BilateralDebitLimit,
    /// The creditor's limit on what the debtor may owe it.
    #[error("the creditor's bilateral limit towards the debtor does not allow it")]
    BilateralCreditLimit,
    /// A sum would leave the range of the books.
    #[error("a sum would exceed the range of the books")]
    Overflow,
}

/// Accounts and lines of a union.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) accounts: Table<Account>,
    index: Index,
    pub(crate) lines: Table<Line>,
    pub(crate) named: Named,
}

/// Where the accounts are that nobody has to look for.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Positions, by member.
    positions: Vec<AccountId>,
    pub exchange: AccountId,
    pub rounding: AccountId,
}

impl Named {
    /// A member's position.
    pub fn position(&self, member: u16) -> AccountId {
        self.positions[usize::from(member)]
    }

    fn members(&self) -> u16 {
        self.positions.len() as u16
    }
}

impl Ledger {
    /// Empty books: a position for each member, then the exchange and the rounding account, and open
    /// lines between all members. `index_seed` changes no result, see [`Index`].
    pub fn new(members: u16, index_seed: u64) -> Self {
        let lines = Table::from_rows(vec![Line::OPEN; usize::from(members) * usize::from(members)]);
        let named = Named { positions: Vec::new(), exchange: 0, rounding: 0 };
        let mut ledger = Ledger { accounts: Table::new(), index: Index::new(index_seed), lines, named };
        let positions = (0..members).map(|member| ledger.open(AccountKey::position(member))).collect();
        let (exchange, rounding) = (ledger.open(AccountKey::exchange()), ledger.open(AccountKey::rounding()));
        ledger.named = Named { positions, exchange, rounding };
        ledger
    }

    /// Opens a position for one more member, and lines between it and all others. Members are numbered in the order in which
    /// they come, and keep their numbers.
    pub fn admit(&mut self) {
        let before = self.named.members();
        let position = self.find_or_open(AccountKey::position(before));
        self.named.positions.push(position);
        let after = before + 1;
        let line = |debtor, creditor| {
            let is_old = debtor < before && creditor < before;
            if is_old {
                *self.lines.get(u32::from(debtor) * u32::from(before) + u32::from(creditor))
            } else {
                Line::OPEN
            }
        };
        let lines = (0..after).flat_map(|debtor| (0..after).map(move |creditor| (debtor, creditor)));
        self.lines = Table::from_rows(lines.map(|(debtor, creditor)| line(debtor, creditor)).collect());
    }

    /// Books read back from a snapshot's rows, which the caller then checks by their [`roots`](Self::roots). `None` where an
    /// account is missing that all books have.
    pub fn from_rows(members: u16, accounts: Vec<Account>, lines: Vec<Line>, index_seed: u64) -> Option<Self> {
        let mut index = Index::new(index_seed);
        for (at, account) in accounts.iter().enumerate() {
            index.load(account.key.packed(), at as u32);
        }
        let find = |key: AccountKey| index.find(key.packed(), |at| accounts[at as usize].key.packed());
        let positions = (0..members).map(|member| find(AccountKey::position(member))).collect::<Option<_>>()?;
        let named =
            Named { positions, exchange: find(AccountKey::exchange())?, rounding: find(AccountKey::rounding())? };
        Some(Ledger { accounts: Table::from_rows(accounts), index, lines: Table::from_rows(lines), named })
    }

    /// All accounts, in the order in which they were opened.
    pub fn accounts(&self) -> &Table<Account> {
        &self.accounts
    }

    /// All lines; the one from `debtor` to `creditor` is row `debtor * members + creditor`.
    pub fn lines(&self) -> &Table<Line> {
        &self.lines
    }

    /// The account with this key, if it was ever used.
    pub fn find(&self, key: AccountKey) -> Option<AccountId> {
        self.index.find(key.packed(), |at| self.accounts.get(at).key.packed())
    }

    /// The account with this key; one that was never used has no movements and no caps.
    pub fn account(&self, key: AccountKey) -> Account {
        self.find(key).map_or_else(|| Account::new(key), |at| *self.accounts.get(at))
    }

    /// A member's position account.
    pub fn position(&self, member: u16) -> &Account {
        self.accounts.get(self.named.position(member))
    }

    /// The line from one member to another.
    pub fn line(&self, debtor: u16, creditor: u16) -> &Line {
        self.lines.get(self.line_at(debtor, creditor))
    }

    pub(crate) fn line_at(&self, debtor: u16, creditor: u16) -> u32 {
        let members = self.named.members();
        assert!(debtor < members && creditor < members, "both are members");
        u32::from(debtor) * u32::from(members) + u32::from(creditor)
    }

    fn open(&mut self, key: AccountKey) -> AccountId {
        let at = self.accounts.push(Account::new(key));
        self.index.insert(key.packed(), at, |at| self.accounts.get(at).key.packed());
        at
    }

    pub(crate) fn find_or_open(&mut self, key: AccountKey) -> AccountId {
        self.find(key).unwrap_or_else(|| self.open(key))
    }

    /// Novates all bilateral positions to the union: a new cycle starts with none.
    pub fn novate(&mut self) {
        for at in 0..self.lines.len() {
            if self.lines.get(at).gross != 0 {
                self.lines.get_mut(at).gross = 0;
            }
        }
    }

    /// Calls for a leg of a closed cycle: `debtor` is to pay `creditor` this part of its position. Panics beyond what
    /// [`Account::may_pay`] and [`Account::may_receive`] say.
    pub fn call(&mut self, debtor: u16, creditor: u16, amount: u128) {
        assert!(amount <= self.position(debtor).may_pay(), "a leg leaves its debtor within its caps");
        assert!(amount <= self.position(creditor).may_receive(), "a leg leaves its creditor within its caps");
        self.accounts.get_mut(self.named.position(debtor)).to_pay += amount;
        self.accounts.get_mut(self.named.position(creditor)).to_receive += amount;
    }

    /// Takes back what is left of a leg that was called for: the positions are as if that part had not been.
    pub fn cancel_call(&mut self, debtor: u16, creditor: u16, amount: u128) {
        let (payer, payee) = (self.named.position(debtor), self.named.position(creditor));
        for (at, is_payer) in [(payer, true), (payee, false)] {
            let account = self.accounts.get_mut(at);
            let side = if is_payer { &mut account.to_pay } else { &mut account.to_receive };
            *side = side.checked_sub(amount).expect("the leg was called for");
        }
    }

    /// Books a transfer in the unit of account that no order asked for: charges, interest, losses. It asks no cap; the caller sees
    /// to those of positions.
    pub fn post(
        &mut self,
        kind: TransferKind,
        order: u128,
        from: AccountKey,
        to: AccountKey,
        amount: u128,
    ) -> Result<Transfer, Refusal> {
        assert!(from.book == Book::UNIT_OF_ACCOUNT && from.book == to.book && from != to, "two accounts of the book");
        let (mut payer, mut payee) = (self.account(from), self.account(to));
        payer.debits = bounded(payer.debits.checked_add(amount))?;
        payee.credits = bounded(payee.credits.checked_add(amount))?;
        let (payer_at, payee_at) = (self.find_or_open(from), self.find_or_open(to));
        *self.accounts.get_mut(payer_at) = payer;
        *self.accounts.get_mut(payee_at) = payee;
        Ok(Transfer::new(kind, order, from.book, payer_at, payee_at, amount))
    }

    /// Books a leg that its creditor has confirmed: both positions are discharged by it.
    pub fn discharge(&mut self, leg: u128, debtor: u16, creditor: u16, amount: u128) -> Result<Transfer, Refusal> {
        let (payer_at, payee_at) = (self.named.position(debtor), self.named.position(creditor));
        let (mut payer, mut payee) = (*self.position(debtor), *self.position(creditor));
        payer.credits = bounded(payer.credits.checked_add(amount))?;
        payee.debits = bounded(payee.debits.checked_add(amount))?;
        payer.to_pay = payer.to_pay.checked_sub(amount).expect("the leg was called for");
        payee.to_receive = payee.to_receive.checked_sub(amount).expect("the leg was called for");
        *self.accounts.get_mut(payer_at) = payer;
        *self.accounts.get_mut(payee_at) = payee;
        let book = Book::UNIT_OF_ACCOUNT;
        Ok(Transfer::new(TransferKind::CycleSettlement, leg, book, payee_at, payer_at, amount))
    }

    /// Sets an account's caps. A cap below what is in use is refused, with nothing changed.
    pub fn set_caps(&mut self, key: AccountKey, debit_cap: u64, credit_cap: u64) -> Result<(), Refusal> {
        let mut account = self.account(key);
        (account.debit_cap, account.credit_cap) = (debit_cap, credit_cap);
        if !within(account.owes_at_most(), debit_cap) {
            return Err(Refusal::DebitCap);
        }
        if !within(account.owns_at_most(), credit_cap) {
            return Err(Refusal::CreditCap);
        }
        let at = self.find_or_open(key);
        *self.accounts.get_mut(at) = account;
        Ok(())
    }

    /// Sets what a member keeps free of its debit cap for urgent, and for high orders.
    pub fn set_reservations(&mut self, member: u16, urgent: u64, high: u64) {
        let account = self.accounts.get_mut(self.named.position(member));
        (account.reserved_urgent, account.reserved_high) = (urgent, high);
    }

    /// Sets the debtor's own limit on what it may owe `creditor`, net. Below what is owed: refused.
    pub fn set_debit_limit(&mut self, debtor: u16, creditor: u16, limit: u64) -> Result<(), Refusal> {
        if !within(self.bilateral_net(debtor, creditor), limit) {
            return Err(Refusal::BilateralDebitLimit);
        }
        let at = self.line_at(debtor, creditor);
        self.lines.get_mut(at).debit_limit = limit;
        Ok(())
    }

    /// Sets the creditor's limit on what `debtor` may owe it, net. Below what is owed: refused.
    pub fn set_credit_limit(&mut self, debtor: u16, creditor: u16, limit: u64) -> Result<(), Refusal> {
        if !within(self.bilateral_net(debtor, creditor), limit) {
            return Err(Refusal::BilateralCreditLimit);
        }
        let at = self.line_at(debtor, creditor);
        self.lines.get_mut(at).credit_limit = limit;
        Ok(())
    }

    /// What the debtor owes the creditor in the open cycle after bilateral netting, 0 if it is owed.
    pub fn bilateral_net(&self, debtor: u16, creditor: u16) -> u128 {
        self.line(debtor, creditor).gross.saturating_sub(self.line(creditor, debtor).gross)
    }

    /// The sum of all balances, book by book: zero everywhere, or the books are broken (P4).
    pub fn sums(&self) -> BTreeMap<Book, i128> {
        let mut sums = BTreeMap::new();
        for account in self.accounts.rows() {
            *sums.entry(account.key.book).or_insert(0i128) += account.balance();
        }
        sums
    }

    /// Whether every account and every line is within its limits.
    pub fn is_within_limits(&self) -> bool {
        let caps = self.accounts.rows().iter().all(Account::is_within_caps);
        let members = self.named.members();
        let lines = (0..members).all(|debtor| {
            (0..members).all(|creditor| {
                let (line, net) = (self.line(debtor, creditor), self.bilateral_net(debtor, creditor));
                within(net, line.debit_limit) && within(net, line.credit_limit)
            })
        });
        caps && lines
    }

    /// The roots of accounts and lines.
    pub fn roots(&mut self) -> [Hash; 2] {
        [self.accounts.root(), self.lines.root()]
    }

    /// Bytes that accounts, lines and their index occupy, about.
    pub fn bytes(&self) -> usize {
        self.accounts.bytes().len() + self.lines.bytes().len() + self.index.bytes()
    }
}

pub(crate) fn debited(mut account: Account, amount: u64) -> Result<Account, Refusal> {
    account.debits = grown(account.debits, amount)?;
    Ok(account)
}

pub(crate) fn credited(mut account: Account, amount: u64) -> Result<Account, Refusal> {
    account.credits = grown(account.credits, amount)?;
    Ok(account)
}

pub(crate) fn grown(sum: u128, amount: u64) -> Result<u128, Refusal> {
    bounded(sum.checked_add(u128::from(amount)))
}

fn bounded(sum: Option<u128>) -> Result<u128, Refusal> {
    sum.filter(|&sum| sum <= MOST_TURNOVER).ok_or(Refusal::Overflow)
}

const _: () = assert!(NO_CAP == u64::MAX && size_of::<Account>() == 128 && size_of::<Line>() == 32);
