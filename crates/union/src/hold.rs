//! Orders that wait for a member's word: the sending member holds back what it sent and lets it go again.
//!
//! Whatever holds an order, it keeps its entry, so it takes its old place in the queue when it is let go, and it expires as if it
//! were queued. The receiving member's side of it is in `accept.rs`.

use crate::event::{Field, Outcome, Rejection};
use crate::order::OrderStatus;
use crate::reason::Reason;
use crate::state::Union;

impl Union {
    /// The sending member holds back an order that is open: it does not settle before it is released.
    pub(crate) fn hold(&mut self, sender: u16, id: u128) -> Result<Outcome, Rejection> {
        let at = self.find_sent(sender, id)?;
        if self.orders.open(at).is_on_hold() {
            return Err(Rejection::new(Reason::AG01, Field::Id, "the order is on hold already"));
        }
        self.orders.hold(at);
        // What waited behind it may go on.
        self.wake(sender);
        Ok(self.tell_open(at))
    }

    /// The sending member lets an order go that it holds back: it settles now, or queues.
    pub(crate) fn release(&mut self, sender: u16, id: u128) -> Result<Outcome, Rejection> {
        let at = self.find_sent(sender, id)?;
        if !self.orders.open(at).is_on_hold() {
            return Err(Rejection::new(Reason::AG01, Field::Id, "the order is not on hold"));
        }
        self.orders.release(at);
        Ok(self.let_go(at))
    }

    /// A member has let an order go: if the other one does not hold it, it settles now, or queues.
    pub(crate) fn let_go(&mut self, at: u32) -> Outcome {
        let order = *self.orders.open(at);
        if order.status() == OrderStatus::Held {
            return self.tell_open(at);
        }
        match self.try_to_settle(&order.payment, order.amounts(), order.entry, order.rule) {
            Ok(_) => {
                self.end_settled(at);
                Outcome::Order { status: OrderStatus::Settled, reason: Reason::NONE }
            }
            Err(reason) => {
                self.orders.queue_up(at, reason, self.clock.today.0);
                self.has_new_waiting |= order.payment.value_date <= self.clock.today.0;
                self.tell_open(at)
            }
        }
    }

    /// Records how an open order waits now.
    pub(crate) fn tell_open(&mut self, at: u32) -> Outcome {
        let order = *self.orders.open(at);
        self.tell_order(order.event(self.open_cycle_row().number));
        Outcome::Order { status: order.status(), reason: order.waits_for }
    }

    /// An open order of the member that sent it.
    pub(crate) fn find_sent(&self, sender: u16, id: u128) -> Result<u32, Rejection> {
        let at = self.find_open(id)?;
        if self.orders.open(at).payment.debtor != sender {
            return Err(Rejection::new(Reason::AG01, Field::Id, "only the member that sent the order can do this"));
        }
        Ok(at)
    }
}
