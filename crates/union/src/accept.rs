//! What a member decides about the orders that it receives: its rules, and one by one.

use crate::command::{ANY_MEMBER, ANY_PARTICIPANT, AcceptanceRule, Payment};
use crate::event::{Field, Outcome, Rejection};
use crate::order::OrderStatus;
use crate::reason::Reason;
use crate::state::Union;

impl Union {
    /// The first of the creditor's rules that matches an order; `unit_amount` is its amount in the unit
    /// of account. None matching, the order is accepted.
    pub(crate) fn matching_rule(&self, payment: &Payment, unit_amount: u64) -> Option<AcceptanceRule> {
        self.rules(payment.creditor).find(|rule| matches(rule, payment, unit_amount)).copied()
    }

    /// The receiving member accepts an order that its rules hold: unless it is on hold too, it settles now, or queues.
    pub(crate) fn accept(&mut self, sender: u16, id: u128) -> Result<Outcome, Rejection> {
        let at = self.find_held(sender, id)?;
        self.orders.accept(at);
        Ok(self.let_go(at))
    }

    /// The receiving member refuses an order that its rules hold.
    pub(crate) fn refuse(&mut self, sender: u16, id: u128, reason: Reason) -> Result<Outcome, Rejection> {
        let at = self.find_held(sender, id)?;
        let reason = reason.or(Reason::AG01);
        self.end_unsettled(at, OrderStatus::Refused, reason);
        Ok(Outcome::Order { status: OrderStatus::Refused, reason })
    }

    fn find_held(&self, sender: u16, id: u128) -> Result<u32, Rejection> {
        let at = self.find_open(id)?;
        let order = self.orders.open(at);
        if order.payment.creditor != sender {
            return Err(Rejection::new(
                Reason::AG01,
                Field::Id,
                "only the member that is paid decides about the order",
            ));
        }
        if !order.awaits_decision() {
            return Err(Rejection::new(Reason::AG01, Field::Id, "the order is not held for a decision"));
        }
        Ok(at)
    }
}

fn matches(rule: &AcceptanceRule, payment: &Payment, unit_amount: u64) -> bool {
    let amount = if rule.currency == 0 { unit_amount } else { payment.amount };
    (rule.debtor == ANY_MEMBER || rule.debtor == payment.debtor)
        && (rule.debtor_participant == ANY_PARTICIPANT || rule.debtor_participant == payment.debtor_participant)
        && (rule.creditor_participant == ANY_PARTICIPANT || rule.creditor_participant == payment.creditor_participant)
        && (rule.purpose == [0; 4] || rule.purpose == payment.purpose)
        && (rule.currency == 0 || rule.currency == payment.currency)
        && amount > rule.above
}
