//! Counting what a union did, block by block, for the report.

use crate::report::{Cleared, ClearingReport, CycleReport, MemberName, Netting};
use clearing::Flows;
use money::Currency;
use std::collections::{BTreeMap, HashSet};
use union::{Applied, Cycle, CycleStatus, Event, OrderEvent, OrderStatus, Union};

/// What settled, by cycle and currency, from the events of blocks: all of a union's, from the first.
#[derive(Clone, Debug)]
pub struct Tally {
    members: usize,
    cycles: BTreeMap<u32, CycleTally>,
    /// Orders that were presented and have not ended.
    waiting: HashSet<u128>,
}

/// What settled in a cycle, or in several.
#[derive(Clone, Debug)]
struct CycleTally {
    presented: u64,
    /// In the unit of account, at what creditors got.
    settled: Settled,
    exchange_and_rounding: u128,
    /// By ISO 4217 number.
    currencies: BTreeMap<u16, Settled>,
}

/// Orders that settled, in one currency.
#[derive(Clone, Debug)]
struct Settled {
    orders: u64,
    flows: Flows,
}

impl Tally {
    /// Nothing yet, for a union of so many members.
    #[must_use]
    pub fn new(members: usize) -> Self {
        Tally { members, cycles: BTreeMap::new(), waiting: HashSet::new() }
    }

    fn cycle(&mut self, number: u32) -> &mut CycleTally {
        self.cycles.entry(number).or_insert_with(|| CycleTally::new(self.members))
    }

    /// Counts what a block did.
    ///
    /// # Panics
    ///
    /// If a cycle closed with other figures than those that the settled orders add up to.
    pub fn block(&mut self, applied: &Applied) {
        for event in &applied.events {
            match event {
                Event::Order(order) => self.order(order),
                Event::CycleClosed(closed) => self.cycle(closed.number).assert_closed_as(closed),
                _ => {}
            }
        }
    }

    /// An order that is taken is told of at once, with the status that it comes to, and again with each further one.
    fn order(&mut self, order: &OrderEvent) {
        let id = order.payment.id;
        let is_waiting = matches!(order.status, OrderStatus::Held | OrderStatus::Queued);
        let is_known = if is_waiting { !self.waiting.insert(id) } else { self.waiting.remove(&id) };
        let cycle = self.cycle(order.cycle);
        cycle.presented += u64::from(!is_known);
        if order.status == OrderStatus::Settled {
            cycle.settle(order);
        }
    }

    /// The report of the union that the blocks led to: of all cycles, or of one. An open cycle in which nothing was
    /// presented is left out of the former.
    #[must_use]
    pub fn report(&self, union: &Union, only: Option<u32>) -> ClearingReport {
        let unit = union.charter().unit_of_account;
        let mut total = CycleTally::new(self.members);
        let mut cycles = Vec::new();
        for cycle in union.cycles() {
            let nothing = CycleTally::new(self.members);
            let tally = self.cycles.get(&cycle.number).unwrap_or(&nothing);
            let is_idle = cycle.status() == CycleStatus::Open && tally.presented == 0 && tally.settled.orders == 0;
            if only.map_or(is_idle, |only| only != cycle.number) {
                continue;
            }
            total.add(tally);
            let calendar = &union.charter().calendar;
            cycles.push(CycleReport {
                number: cycle.number,
                status: cycle.status(),
                from: union::Day(cycle.first_day).date(),
                to: calendar.local(cycle.closes_at_ms).0.date(),
                cleared: tally.cleared(unit),
                legs: cycle.legs.into(),
            });
        }
        let members = union.charter().members.iter();
        ClearingReport {
            members: members
                .map(|member| MemberName { code: member.code.clone(), name: member.name.clone() })
                .collect(),
            total: total.cleared(unit),
            cycles,
            state_hash: union.state().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        }
    }
}

impl CycleTally {
    fn new(members: usize) -> Self {
        CycleTally {
            presented: 0,
            settled: Settled::new(members),
            exchange_and_rounding: 0,
            currencies: BTreeMap::new(),
        }
    }

    fn currency(&mut self, numeric: u16) -> &mut Settled {
        let members = self.settled.flows.parties();
        self.currencies.entry(numeric).or_insert_with(|| Settled::new(members))
    }

    fn settle(&mut self, order: &OrderEvent) {
        let payment = &order.payment;
        let (debtor, creditor) = (usize::from(payment.debtor), usize::from(payment.creditor));
        self.settled.record(debtor, creditor, order.unit_credit.into());
        self.settled.orders += 1;
        self.exchange_and_rounding += u128::from(order.unit_debit - order.unit_credit);
        let currency = self.currency(payment.currency);
        currency.record(debtor, creditor, payment.amount.into());
        currency.orders += 1;
    }

    fn add(&mut self, other: &CycleTally) {
        self.presented += other.presented;
        self.settled.add(&other.settled);
        self.exchange_and_rounding += other.exchange_and_rounding;
        for (&numeric, settled) in &other.currencies {
            self.currency(numeric).add(settled);
        }
    }

    fn assert_closed_as(&self, closed: &Cycle) {
        let Settled { orders, flows } = &self.settled;
        assert_eq!(
            (closed.gross, closed.bilateral_net, closed.multilateral_net, closed.settled_orders),
            (flows.gross(), flows.bilateral_net_total(), flows.multilateral_net_total(), *orders),
            "cycle {} closed with the figures of its orders",
            closed.number,
        );
    }

    fn cleared(&self, unit: Currency) -> Cleared {
        let currency = |&numeric| Currency::from_numeric(numeric).expect("orders settle in listed currencies only");
        Cleared {
            orders: self.presented,
            netting: self.settled.netting(unit),
            exchange_and_rounding: self.exchange_and_rounding,
            currencies: self.currencies.iter().map(|(numeric, settled)| settled.netting(currency(numeric))).collect(),
        }
    }
}

impl Settled {
    fn new(members: usize) -> Self {
        Settled { orders: 0, flows: Flows::new(members) }
    }

    fn record(&mut self, debtor: usize, creditor: usize, amount: u128) {
        // An amount has 64 bits and the bound is 2^119: it takes 2^55 orders to get there.
        self.flows.record(debtor, creditor, amount).expect("the books bound what settles between two members");
    }

    fn add(&mut self, other: &Settled) {
        self.orders += other.orders;
        for pair in other.flows.bilateral_positions() {
            self.record(pair.first, pair.second, pair.owed_by_first);
            self.record(pair.second, pair.first, pair.owed_by_second);
        }
    }

    fn netting(&self, currency: Currency) -> Netting {
        Netting::of(currency, self.orders, &self.flows)
    }
}
