//! Watching a union: what its blocks did, for the outcome.

use super::Setup;
use super::outcome::{CycleOutcome, Exposure, MemberOutcome, Outcome, QueueDelay, Totals, millionths};
use crate::Payment;
use clearing::Flows;
use ledger::{AccountKey, TransferKind};
use std::collections::HashMap;
use union::{Applied, Charter, Event, OrderStatus, Outcome as CommandOutcome, Union};

/// What a member did and had so far, in minor units of the unit of account.
#[derive(Clone, Debug, Default)]
struct MemberSoFar {
    largest_debit: u128,
    largest_credit: u128,
    asset_paid: u128,
    asset_received: u128,
    charges: u128,
    interest_paid: u128,
    interest_received: u128,
    losses: u128,
    /// What it had deposited before the first order.
    deposit: i128,
}

/// Counts what happens.
pub(super) struct Observer {
    members: Vec<MemberSoFar>,
    presented: Flows,
    orders: u64,
    settled: u64,
    settled_value: u128,
    refused: u64,
    /// Orders that wait: when they came, and how much they are.
    waiting: HashMap<u128, u64>,
    delayed: u64,
    delay_ms: u128,
    longest_delay_ms: u64,
    cycles: Vec<CycleOutcome>,
    exposure: Exposure,
    is_over: bool,
}

impl Observer {
    pub fn new(charter: &Charter) -> Observer {
        let members = charter.members.len();
        Observer {
            members: vec![MemberSoFar::default(); members],
            presented: Flows::new(members),
            orders: 0,
            settled: 0,
            settled_value: 0,
            refused: 0,
            waiting: HashMap::new(),
            delayed: 0,
            delay_ms: 0,
            longest_delay_ms: 0,
            cycles: Vec::new(),
            exposure: Exposure::default(),
            is_over: false,
        }
    }

    /// An order of the trade, whatever becomes of it.
    pub fn presented(&mut self, payment: &Payment) {
        let (debtor, creditor) = (usize::from(payment.debtor), usize::from(payment.creditor));
        self.presented.record(debtor, creditor, payment.amount.into()).expect("a year's trade is within the range");
        self.orders += 1;
    }

    /// An order that is not sent, since a side of it does not pay or is not paid any more.
    pub fn not_sent(&mut self) {
        self.refused += 1;
    }

    /// What was deposited is not trade: it counts for nothing but positions.
    pub fn deposits_are_made(&mut self, union: &Union) {
        for (member, so_far) in (0..).zip(&mut self.members) {
            *so_far = MemberSoFar { deposit: union.ledger().position(member).balance(), ..MemberSoFar::default() };
        }
        (self.settled, self.settled_value, self.exposure) = (0, 0, Exposure::default());
    }

    /// From now on no cycle counts any more in which nothing settles, only what legs of those before come to.
    pub fn is_over(&mut self) {
        self.is_over = true;
    }

    /// Takes in what a block did.
    pub fn block(&mut self, union: &Union, applied: &Applied) {
        self.refused += applied.outcomes.iter().filter(|out| matches!(out, CommandOutcome::Rejected(_))).count() as u64;
        let mut called = 0;
        let mut closed = None;
        for event in &applied.events {
            match event {
                Event::Order(order) => self.order(union.time_ms(), order),
                Event::Transfer(transfer) => self.transfer(union, transfer),
                Event::CycleClosed(cycle) => closed = Some(*cycle),
                Event::LegCalled(leg) => called += leg.unit_amount,
                _ => {}
            }
        }
        if let Some(cycle) = closed.filter(|cycle| !self.is_over || cycle.settled_orders > 0) {
            self.close(union, &cycle, called);
        }
        for (number, so_far) in (0..).zip(&mut self.members) {
            let balance = union.ledger().position(number).balance();
            so_far.largest_credit = so_far.largest_credit.max(balance.max(0).unsigned_abs());
            let debit = balance.min(0).unsigned_abs();
            so_far.largest_debit = so_far.largest_debit.max(debit);
            if debit > self.exposure.amount {
                let charter = union.charter();
                let member = charter.members[usize::from(number)].code.clone();
                self.exposure = Exposure { member, amount: debit, day: union.today() };
            }
        }
    }

    fn order(&mut self, now_ms: u64, order: &union::OrderEvent) {
        let id = order.payment.id;
        match order.status {
            OrderStatus::Settled => {
                self.settled += 1;
                self.settled_value += u128::from(order.unit_credit);
                if let Some(came_ms) = self.waiting.remove(&id) {
                    self.delayed += 1;
                    self.delay_ms += u128::from(now_ms - came_ms);
                    self.longest_delay_ms = self.longest_delay_ms.max(now_ms - came_ms);
                }
            }
            OrderStatus::Queued | OrderStatus::Held => {
                self.waiting.entry(id).or_insert(now_ms);
            }
            _ => {
                self.waiting.remove(&id);
                self.refused += 1;
            }
        }
    }

    fn transfer(&mut self, union: &Union, transfer: &ledger::Transfer) {
        let accounts = union.ledger().accounts();
        let (from, to) = (accounts.get(transfer.debit).key, accounts.get(transfer.credit).key);
        let is_member = |key: AccountKey| key.member != AccountKey::UNION;
        let amount = transfer.amount;
        match transfer.kind() {
            TransferKind::CycleSettlement => {
                // A position that is credited has paid in the asset.
                self.members[usize::from(to.member)].asset_paid += amount;
                self.members[usize::from(from.member)].asset_received += amount;
            }
            TransferKind::Charge => self.members[usize::from(from.member)].charges += amount,
            TransferKind::Interest if is_member(from) => self.members[usize::from(from.member)].interest_paid += amount,
            TransferKind::Interest => self.members[usize::from(to.member)].interest_received += amount,
            TransferKind::LossShare if is_member(from) => self.members[usize::from(from.member)].losses += amount,
            _ => {}
        }
    }

    fn close(&mut self, union: &Union, cycle: &union::Cycle, called: u128) {
        let charter = union.charter();
        let members = 0..charter.members.len() as u16;
        let open: Vec<i128> = members.clone().map(|member| union.ledger().position(member).open_balance()).collect();
        self.cycles.push(CycleOutcome {
            number: cycle.number,
            first_day: union::Day(cycle.first_day),
            last_day: charter.calendar.local(cycle.closes_at_ms).0,
            settled_orders: cycle.settled_orders,
            gross: cycle.gross,
            bilateral_net: cycle.bilateral_net,
            multilateral_net: cycle.multilateral_net,
            called_in_asset: called,
            left_as_credit: open.iter().map(|open| open.min(&0).unsigned_abs()).sum(),
            positions: members.map(|member| union.cumulative_position(member)).collect(),
            open_balances: open,
        });
    }

    /// What came of it all.
    pub fn outcome(self, setup: &Setup, union: &Union) -> Outcome {
        let charter = union.charter();
        let mut members = Vec::new();
        for (number, so_far) in (0..).zip(&self.members) {
            let member = &charter.members[usize::from(number)];
            let use_of = |amount: u128| (member.quota > 0).then(|| millionths(amount, member.quota.into()));
            members.push(MemberOutcome {
                code: member.code.clone(),
                standing: union.standing(number).name(),
                position: union.ledger().position(number).balance(),
                cumulative_position: union.cumulative_position(number),
                quota: member.quota,
                quota_use: use_of(so_far.largest_debit),
                quota_use_as_creditor: use_of(so_far.largest_credit),
                largest_debit: so_far.largest_debit,
                largest_credit: so_far.largest_credit,
                asset_paid: so_far.asset_paid,
                asset_received: so_far.asset_received,
                charges: so_far.charges,
                interest_paid: so_far.interest_paid,
                interest_received: so_far.interest_received,
                losses: so_far.losses,
                deposit: so_far.deposit,
                defaulted: union.ledger().account(AccountKey::defaulted(number)).balance().unsigned_abs(),
            });
        }
        let gross = self.presented.gross();
        let totals = Totals {
            gross,
            bilateral_net: self.presented.bilateral_net_total(),
            multilateral_net: self.presented.multilateral_net_total(),
            settled_gross: self.settled_value,
            settled_in_asset: members.iter().map(|member| member.asset_paid).sum(),
            credit_extended: members.iter().map(|member| member.position.min(0).unsigned_abs()).sum(),
            largest_credit_extended: self.cycles.iter().map(|cycle| cycle.left_as_credit).max().unwrap_or(0),
        };
        let delay = QueueDelay {
            delayed_orders: self.delayed,
            mean_seconds: u64::try_from(self.delay_ms / 1_000 / u128::from(self.delayed.max(1))).unwrap_or(u64::MAX),
            longest_seconds: self.longest_delay_ms / 1_000,
            never_settled: self.orders.saturating_sub(self.settled),
            never_settled_value: gross.saturating_sub(self.settled_value),
        };
        Outcome {
            charter: setup.rules_name.to_owned(),
            years: setup.years.to_vec(),
            seed: setup.seed,
            shocks: setup.shocks.iter().map(ToString::to_string).collect(),
            unit_of_account: charter.unit_of_account,
            orders: self.orders,
            settled_orders: self.settled,
            refused_orders: self.refused,
            totals,
            largest_exposure: self.exposure,
            queue_delay: delay,
            cycles: self.cycles,
            members,
            state_hash: union.state().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        }
    }
}
