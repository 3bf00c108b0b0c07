//! The books once more, from events alone: what the union says happened must be all that happened.

use crate::drafts::MEMBERS;
use ledger::AccountId;
use std::collections::BTreeMap;
use union::{Applied, Cycle, CycleStatus, Event, HeldBy, Leg, OrderStatus, Reason, RequestStatus, Union};

/// Balances, open positions and statuses as the events tell them.
#[derive(Default)]
pub struct Shadow {
    balances: BTreeMap<AccountId, i128>,
    /// By member: what no closed cycle has called for.
    open: BTreeMap<u16, i128>,
    statuses: BTreeMap<u128, OrderStatus>,
    /// Of settled orders whose return was asked for: how far the request has come.
    requests: BTreeMap<u128, RequestStatus>,
    /// Orders that have ended, in order; the first `forgotten` of them are not remembered.
    ended: Vec<u128>,
    forgotten: usize,
    /// What each settled order took from its debtor, in order.
    settled: Vec<u64>,
    /// The close that is being told, and its legs so far.
    closing: Option<(Cycle, Vec<Leg>)>,
    /// How often each kind of thing happened.
    pub seen: BTreeMap<&'static str, usize>,
}

impl Shadow {
    /// Takes in a block's events and compares with the union after it.
    pub fn follow(&mut self, union: &Union, applied: &Applied) {
        // Before a block's commands, so that they can use forgotten identifiers again.
        let forgotten = union.orders().forgotten() as usize;
        for id in &self.ended[self.forgotten..forgotten] {
            self.statuses.remove(id);
            if self.requests.get(id) != Some(&RequestStatus::Asked) {
                self.requests.remove(id);
            }
        }
        self.seen.insert("forgotten", forgotten);
        self.forgotten = forgotten;
        for event in &applied.events {
            let is_leg = matches!(event, Event::LegCalled(_));
            if !is_leg && let Some((cycle, legs)) = self.closing.take() {
                self.check_close(union, &cycle, &legs);
            }
            self.event(event);
        }
        self.compare(union);
    }

    fn event(&mut self, event: &Event) {
        match *event {
            Event::Order(order) => {
                let before = self.statuses.insert(order.payment.id, order.status);
                let waited = matches!(before, None | Some(OrderStatus::Held | OrderStatus::Queued));
                assert!(waited, "order {} went from {before:?} to {:?}", order.payment.id, order.status);
                if !matches!(order.status, OrderStatus::Held | OrderStatus::Queued) {
                    self.ended.push(order.payment.id);
                }
                if order.status == OrderStatus::Settled {
                    self.settled.push(order.unit_debit);
                }
                self.saw(order.status.name());
                let was_held = before == Some(OrderStatus::Held);
                match order.status {
                    OrderStatus::Held if matches!(order.held_by, HeldBy::Debtor | HeldBy::Both) => self.saw("on hold"),
                    OrderStatus::Queued if was_held => self.saw("let go into the queue"),
                    OrderStatus::Settled if was_held => self.saw("let go and settled"),
                    _ => {}
                }
            }
            Event::Returned { original, .. } => {
                let before = self.statuses.insert(original, OrderStatus::Returned);
                assert_eq!(before, Some(OrderStatus::Settled));
                self.saw("returned");
                if let Some(request) = self.requests.get_mut(&original).filter(|was| **was == RequestStatus::Asked) {
                    *request = RequestStatus::Granted;
                    self.saw("request granted");
                }
            }
            Event::ReturnRequest(request) if request.reason == Reason::NOAS => {
                // It was told with the order that it was about, which is forgotten now.
                assert_eq!(self.requests.remove(&request.order), Some(RequestStatus::Asked));
                self.saw("request unanswered");
            }
            Event::ReturnRequest(request) => {
                assert_eq!(self.statuses.get(&request.order), Some(&OrderStatus::Settled));
                let before = self.requests.insert(request.order, request.status);
                match request.status {
                    RequestStatus::Asked => assert_eq!(before, None, "an order is asked for once"),
                    _ => assert_eq!(before, Some(RequestStatus::Asked)),
                }
                self.saw(if before.is_some() { "request refused" } else { "request made" });
            }
            Event::Transfer(transfer) => {
                // Bounded far below by the ledger.
                let amount = transfer.amount as i128;
                for (account, change) in [(transfer.debit, -amount), (transfer.credit, amount)] {
                    *self.balances.entry(account).or_default() += change;
                    if transfer.book == ledger::Book::UNIT_OF_ACCOUNT
                        && transfer.kind() != ledger::TransferKind::CycleSettlement
                        && account < AccountId::from(MEMBERS)
                    {
                        *self.open.entry(account as u16).or_default() += change;
                    }
                }
            }
            Event::QueueRun(run) => {
                let together = &self.settled[self.settled.len() - run.settled as usize..];
                assert_eq!(together.iter().map(|&debit| u128::from(debit)).sum::<u128>(), run.value, "{run:?}");
                assert!(run.value <= run.bound && run.bound <= run.considered_value, "{run:?}");
                assert!(run.tried().all(|(_, value)| value <= run.value) && !run.is_refused(), "{run:?}");
                self.saw("run");
                *self.seen.entry("settled together").or_default() += run.settled as usize;
            }
            Event::CycleClosed(cycle) => {
                self.closing = Some((cycle, Vec::new()));
                self.saw("cycle closed");
                if cycle.gross > 0 {
                    self.saw("cycle closed with flows");
                }
            }
            Event::LegCalled(leg) => {
                *self.open.entry(leg.debtor).or_default() += leg.unit_amount as i128;
                *self.open.entry(leg.creditor).or_default() -= leg.unit_amount as i128;
                self.closing.as_mut().expect("legs follow their cycle").1.push(leg);
            }
            Event::LegConfirmed(_) => self.saw("leg confirmed"),
            Event::LegDeferred(_) => self.saw("leg deferred"),
            Event::InstalmentConfirmed(_) => self.saw("instalment confirmed"),
            Event::LegClosedOut(leg) => {
                let left = (leg.unit_amount - leg.paid(leg.instalments_paid).0) as i128;
                *self.open.entry(leg.debtor).or_default() -= left;
                *self.open.entry(leg.creditor).or_default() += left;
                self.saw("leg closed out");
            }
            Event::Defaulted(_) => self.saw("defaulted"),
            Event::ClaimPaid(_) => self.saw("claim paid"),
            Event::CycleSettled(_) => self.saw("cycle settled"),
            Event::StandingChanged { standing, .. } => self.saw(standing.name()),
            Event::ProposalChanged(proposal) => self.saw(proposal.status().name()),
            Event::Voted { .. } => self.saw("voted"),
            Event::KeyReplaced { .. } => self.saw("key replaced"),
            Event::CycleOpened(_) | Event::SettingsChanged { .. } => {}
        }
    }

    fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Legs + carried = positions: the legs have been taken off the open positions by now, so that what is
    /// carried must be what no leg of whole minor units of the asset could have settled.
    fn check_close(&self, union: &Union, cycle: &Cycle, legs: &[Leg]) {
        assert_eq!(cycle.legs as usize, legs.len());
        assert_eq!(cycle.status() == CycleStatus::Settled, legs.is_empty());
        let charter = union.charter();
        let digits = |currency: money::Currency| u32::from(currency.minor_digits());
        let (unit, asset) = (digits(charter.unit_of_account), digits(charter.settlement_asset));
        for leg in legs {
            assert!(leg.asset_amount > 0);
        }
        if charter.basket.is_some() || charter.asset_per_unit != money::Rate::ONE {
            return;
        }
        for leg in legs {
            assert_eq!(leg.unit_amount * 10u128.pow(asset), leg.asset_amount * 10u128.pow(unit), "{leg:?}");
        }
        let is_plain = charter.credit.kind == union::CreditKind::Unlimited && charter.default.is_none();
        if asset >= unit && is_plain {
            // The union's own accounts only ever gain, so that only debtors carry anything.
            assert!(self.open.values().all(|&open| open <= 0), "{:?}", self.open);
        }
    }

    fn compare(&self, union: &Union) {
        for (at, account) in union.ledger().accounts().rows().iter().enumerate() {
            let told = self.balances.get(&(at as AccountId)).copied().unwrap_or(0);
            assert_eq!(account.balance(), told, "{:?}", account.key);
        }
        for member in 0..MEMBERS {
            let told = self.open.get(&member).copied().unwrap_or(0);
            assert_eq!(union.ledger().position(member).open_balance(), told, "member {member}");
        }
        for order in union.orders().all_open() {
            assert_eq!(self.statuses.get(&order.payment.id), Some(&order.status()), "{}", order.payment.id);
        }
        for order in union.orders().all_closed() {
            assert_eq!(self.statuses.get(&order.id), Some(&order.status()), "{}", order.id);
            let request = order.return_request().map(|request| request.status);
            assert_eq!(self.requests.get(&order.id).copied(), request, "{}", order.id);
        }
        assert!(self.requests.keys().all(|id| self.statuses.contains_key(id)), "no request outlives its order");
        let closed = union.orders().all_closed().iter().map(|order| order.id);
        assert!(closed.eq(self.ended[self.forgotten..].iter().copied()), "ended orders are kept in order");
        let known = union.orders().all_open().count() + union.orders().all_closed().len();
        assert_eq!(
            (self.statuses.len(), union.orders().open_count() as usize),
            (known, known - union.orders().all_closed().len())
        );
    }
}
