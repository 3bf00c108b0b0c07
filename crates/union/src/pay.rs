//! A payment order, from presentation to the books or to the queue.

use crate::batch::detail_hash;
use crate::calendar::Day;
use crate::command::{Action, Payment, Priority};
use crate::event::{Event, Field, OrderEvent, Outcome, Rejection};
use crate::order::{Ending, Found, HeldBy, LAST_ENTRY, NO_RULE, OrderStatus, Place, Waiting};
use crate::order_record::OrderRecord;
use crate::reason::Reason;
use crate::settle::UnitAmounts;
use crate::state::Union;
use ledger::{Hash, TransferKind};

/// The most ended orders that are remembered at once: about 115 GB of state.
const CLOSED_ORDERS_MAX: usize = 1 << 30;

impl Union {
    /// Takes a payment order or a return: checks it, asks the receiving member's rules, and settles it
    /// now if it can be, else holds or queues it. Rejected, it leaves no trace.
    pub(crate) fn pay(
        &mut self,
        sender: u16,
        payment: Payment,
        detail: Option<&[u8]>,
        place: Place,
    ) -> Result<Outcome, Rejection> {
        if payment.id == 0 {
            return Err(Rejection::new(Reason::FF01, Field::Id, "the identifier is zero"));
        }
        if payment.debtor != sender {
            return Err(Rejection::new(Reason::RC03, Field::Debtor, "the debtor is not the member that signed"));
        }
        if let Some(found) = self.orders.find(payment.id) {
            return if self.orders.is_same(found, &payment) {
                Ok(Outcome::AlreadyDone(self.status_of(found)))
            } else {
                Err(Rejection::new(Reason::DUPL, Field::Id, "the identifier was used for an order with other content"))
            };
        }
        if self.orders.all_closed().len() >= CLOSED_ORDERS_MAX {
            let text = "as many ended orders are remembered as there is room for; send it again another day";
            return Err(Rejection::new(Reason::NARR, Field::Record, text));
        }
        self.check_sides(&payment)?;
        let amounts = self.unit_amounts(&payment)?;
        self.check_dates(&payment)?;
        check_detail(&payment, detail)?;
        let original = self.check_original(&payment)?;

        // A return goes to the member that paid: its acceptance rules, which are about what it is paid, are not asked.
        let rule = if original.is_some() { None } else { self.matching_rule(&payment, amounts.credit) };
        let rule_slot = rule.map_or(NO_RULE, |rule| rule.slot);
        match rule {
            Some(rule) if rule.action == Action::Refuse as u8 => {
                let reason = rule.reason.or(Reason::AG01);
                let ending = self.ending(OrderStatus::Refused, reason, rule_slot);
                let digest = self.tell(payment, OrderStatus::Refused, reason, rule_slot);
                self.orders.add_closed(&payment, &digest, place, ending);
                return Ok(Outcome::Order { status: OrderStatus::Refused, reason });
            }
            Some(rule) if rule.action == Action::Hold as u8 => {
                if payment.immediate == 1 {
                    return Err(Rejection::new(
                        Reason::AG01,
                        Field::Record,
                        "the receiving member decides first, so the order cannot settle at once",
                    ));
                }
                return self.queue_up(payment, amounts, place, OrderStatus::Held, rule_slot, Reason::NONE);
            }
            _ => {}
        }

        let waits_for = match self.try_to_settle(&payment, amounts, LAST_ENTRY, rule_slot) {
            Ok(digest) => {
                let ending = self.ending(OrderStatus::Settled, Reason::NONE, rule_slot);
                self.orders.add_closed(&payment, &digest, place, ending);
                self.note_return_settled(&payment);
                return Ok(Outcome::Order { status: OrderStatus::Settled, reason: Reason::NONE });
            }
            Err(reason) => reason,
        };
        if payment.immediate == 1 {
            return Err(Rejection::new(waits_for, Field::Amount, "the order cannot settle at once, as it asks"));
        }
        let outcome = self.queue_up(payment, amounts, place, OrderStatus::Queued, rule_slot, waits_for)?;
        if let Some(original) = original {
            self.orders.closed_mut(original).return_pending = 1;
        }
        Ok(outcome)
    }

    fn check_sides(&self, payment: &Payment) -> Result<(), Rejection> {
        let members = self.charter.members.len();
        if Priority::from_number(payment.priority).is_none() {
            return Err(Rejection::new(Reason::FF01, Field::Priority, "the priority is not urgent, high or normal"));
        }
        if usize::from(payment.creditor) >= members || payment.creditor == payment.debtor {
            return Err(Rejection::new(Reason::RC04, Field::Creditor, "the creditor is not another member"));
        }
        if !self.is_active(payment.debtor) {
            return Err(Rejection::new(Reason::AG01, Field::Debtor, "the debtor is suspended, or is leaving"));
        }
        if !self.is_active(payment.creditor) {
            return Err(Rejection::new(Reason::AG01, Field::Creditor, "the creditor is suspended, or is leaving"));
        }
        if !self.is_participant(payment.debtor, payment.debtor_participant) {
            let text = "the debtor member has not registered this participant";
            return Err(Rejection::new(Reason::AC02, Field::DebtorParticipant, text));
        }
        if !self.is_participant(payment.creditor, payment.creditor_participant) {
            let text = "the creditor member has not registered this participant";
            return Err(Rejection::new(Reason::AC03, Field::CreditorParticipant, text));
        }
        if payment.amount == 0 {
            return Err(Rejection::new(Reason::AM01, Field::Amount, "the amount is zero"));
        }
        if payment.amount == u64::MAX {
            return Err(Rejection::new(Reason::AM12, Field::Amount, "the amount is beyond the range of amounts"));
        }
        Ok(())
    }

    fn check_dates(&self, payment: &Payment) -> Result<(), Rejection> {
        let (today, date) = (self.clock.today, Day(payment.value_date));
        let calendar = &self.charter.calendar;
        if date < today {
            return Err(Rejection::new(Reason::DT01, Field::ValueDate, "the value date is past"));
        }
        if date > today.after_days(self.charter.days_ahead) {
            return Err(Rejection::new(Reason::CH03, Field::ValueDate, "the value date is too far ahead"));
        }
        if !calendar.is_joint_business_day(payment.debtor, payment.creditor, date) {
            let text = "the value date is not a business day of both members";
            return Err(Rejection::new(Reason::DT01, Field::ValueDate, text));
        }
        let cut_off = if payment.customer == 1 { calendar.customer_cut_off } else { calendar.interbank_cut_off };
        if date == today && self.clock.second_of_day >= cut_off.second {
            return Err(Rejection::new(Reason::TM01, Field::ValueDate, "the cut-off for this value date has passed"));
        }
        if payment.immediate == 1 && date != today {
            return Err(Rejection::new(Reason::DT01, Field::ValueDate, "an immediate order is for today"));
        }
        if payment.expires_at != 0 && payment.expires_at <= self.tip.time_ms() / 1_000 {
            return Err(Rejection::new(Reason::DT01, Field::ExpiresAt, "the expiry is past"));
        }
        if payment.expires_at > self.midnight_after(payment.value_date, self.charter.queue.days_waiting) {
            let text = "the expiry is later than the charter lets an order wait";
            return Err(Rejection::new(Reason::DT01, Field::ExpiresAt, text));
        }
        Ok(())
    }

    /// For a return, the row of the payment that it gives back.
    fn check_original(&self, payment: &Payment) -> Result<Option<u32>, Rejection> {
        if payment.kind == Payment::PAYMENT {
            return if payment.original != 0 || payment.reason != Reason::NONE {
                Err(Rejection::new(Reason::FF01, Field::Original, "only a return names an original and a reason"))
            } else {
                Ok(None)
            };
        }
        if payment.reason == Reason::NONE || !payment.reason.is_well_formed() {
            return Err(Rejection::new(Reason::FF01, Field::Reason, "a return needs a reason code"));
        }
        let unknown = Rejection::new(Reason::NOOR, Field::Original, "no settled payment has this identifier");
        let Some(Found::Closed(at)) = self.orders.find(payment.original) else { return Err(unknown) };
        let original = self.orders.closed(at);
        if original.status() == OrderStatus::Returned || original.return_pending == 1 {
            return Err(Rejection::new(
                Reason::ARDT,
                Field::Original,
                "the payment is returned already, or about to be",
            ));
        }
        let sides = (payment.creditor, payment.creditor_participant, payment.debtor, payment.debtor_participant);
        let original_sides =
            (original.debtor, original.debtor_participant, original.creditor, original.creditor_participant);
        if original.status() != OrderStatus::Settled || sides != original_sides {
            return Err(unknown);
        }
        if (payment.amount, payment.currency) != (original.amount, original.currency) {
            let text = "a return gives back the whole amount in the same currency";
            return Err(Rejection::new(Reason::AM12, Field::Amount, text));
        }
        Ok(Some(at))
    }

    /// Puts an order among those that are held or queued.
    fn queue_up(
        &mut self,
        payment: Payment,
        amounts: UnitAmounts,
        place: Place,
        status: OrderStatus,
        rule: u8,
        waits_for: Reason,
    ) -> Result<Outcome, Rejection> {
        if self.orders.open_count_of(payment.debtor) >= self.charter.open_orders_of_a_member() {
            let text = "as many orders of the member wait as its share allows; send it again later";
            return Err(Rejection::new(Reason::NARR, Field::Record, text));
        }
        let expires_at = if payment.expires_at != 0 {
            payment.expires_at
        } else {
            // Midnight after the last day of waiting.
            self.midnight_after(payment.value_date, self.charter.queue.days_waiting)
        };
        // A return waits no longer than the payment is remembered: its identifier may be another's afterwards.
        let expires_at = match self.orders.find(payment.original) {
            Some(Found::Closed(at)) if payment.kind == Payment::RETURN => {
                let ended_on = self.orders.closed(at).ended_on;
                expires_at.min(self.midnight_after(ended_on, self.charter.queue.days_remembered))
            }
            _ => expires_at,
        };
        let waiting = Waiting { status, rule, reason: waits_for, expires_at, amounts };
        let at = self.orders.add_open(payment, place, waiting, self.clock.today.0);
        self.has_new_waiting |= status == OrderStatus::Queued && payment.value_date <= self.clock.today.0;
        Ok(self.tell_open(at))
    }

    /// Unix seconds at which the day ends that comes `days` after another.
    fn midnight_after(&self, day: u32, days: u32) -> u64 {
        let last = Day(day).after_days(days);
        self.charter.calendar.time_ms(Day(last.0 + 1), 0) / 1_000
    }

    /// The sending member takes back an order that is held or queued.
    pub(crate) fn cancel(&mut self, sender: u16, id: u128, reason: Reason) -> Result<Outcome, Rejection> {
        let at = self.find_sent(sender, id)?;
        let reason = reason.or(Reason::CUST);
        self.end_unsettled(at, OrderStatus::Cancelled, reason);
        Ok(Outcome::Order { status: OrderStatus::Cancelled, reason })
    }

    /// The sending member moves an open order to the end, or the front, of those of a priority.
    pub(crate) fn reprioritise(
        &mut self,
        sender: u16,
        id: u128,
        priority: u8,
        first: bool,
    ) -> Result<Outcome, Rejection> {
        if Priority::from_number(priority).is_none() {
            return Err(Rejection::new(Reason::FF01, Field::Priority, "the priority is not urgent, high or normal"));
        }
        let at = self.find_sent(sender, id)?;
        self.orders.reprioritise(at, priority, first, self.clock.today.0);
        if first {
            self.try_from_start(sender);
        } else {
            self.wake(sender);
        }
        Ok(self.tell_open(at))
    }

    /// Ends what nobody settled in time.
    pub(crate) fn expire_orders(&mut self) {
        while let Some(at) = self.orders.expired(self.tip.time_ms() / 1_000) {
            let unanswered = self.orders.open(at).held_by() == HeldBy::Creditor;
            self.end_unsettled(at, OrderStatus::Expired, if unanswered { Reason::NOAS } else { Reason::AB03 });
        }
    }

    /// Ends an open order that has settled.
    pub(crate) fn end_settled(&mut self, at: u32) {
        let order = *self.orders.open(at);
        let ending = self.ending(OrderStatus::Settled, Reason::NONE, order.rule);
        self.orders.end_open(at, ending);
        self.note_return_settled(&order.payment);
    }

    /// Ends an open order that did not settle.
    pub(crate) fn end_unsettled(&mut self, at: u32, status: OrderStatus, reason: Reason) {
        let order = *self.orders.open(at);
        let ending = self.ending(status, reason, order.rule);
        self.orders.end_open(at, ending);
        if order.payment.kind == Payment::RETURN
            && let Some(Found::Closed(original)) = self.orders.find(order.payment.original)
        {
            self.orders.closed_mut(original).return_pending = 0;
        }
        self.tell(order.payment, status, reason, order.rule);
        // What waited behind it may go on.
        self.wake(order.payment.debtor);
    }

    /// Marks the payment that a settled return has given back.
    pub(crate) fn note_return_settled(&mut self, payment: &Payment) {
        if payment.kind == Payment::RETURN {
            let Some(Found::Closed(at)) = self.orders.find(payment.original) else {
                unreachable!("a return waits no longer than the payment is remembered");
            };
            let original = self.orders.closed_mut(at);
            original.set_status(OrderStatus::Returned);
            original.return_pending = 0;
            self.events.push(Event::Returned { original: payment.original, by: payment.id });
        }
    }

    pub(crate) fn find_open(&self, id: u128) -> Result<u32, Rejection> {
        match self.orders.find(id) {
            Some(Found::Open(at)) => Ok(at),
            Some(Found::Closed(_)) => Err(Rejection::new(Reason::AG01, Field::Id, "the order has ended already")),
            None => Err(Rejection::new(Reason::NOOR, Field::Id, "no order has this identifier")),
        }
    }

    fn status_of(&self, found: Found) -> OrderStatus {
        match found {
            Found::Open(at) => self.orders.open(at).status(),
            Found::Closed(at) => self.orders.closed(at).status(),
        }
    }

    pub(crate) fn ending(&self, status: OrderStatus, reason: Reason, rule: u8) -> Ending {
        let cycle = self.open_cycle_row().number;
        Ending { status, reason, rule, height: self.tip.height(), day: self.clock.today.0, cycle }
    }

    /// Records that an order has ended otherwise than settled. Returns the order's digest.
    fn tell(&mut self, payment: Payment, status: OrderStatus, reason: Reason, rule: u8) -> Hash {
        let cycle = self.open_cycle_row().number;
        let held_by = HeldBy::Nobody;
        self.tell_order(OrderEvent { payment, status, held_by, reason, rule, cycle, unit_debit: 0, unit_credit: 0 })
    }

    /// Records that an order came to a new status, for whoever listens and for the state hash. Returns the order's digest.
    pub(crate) fn tell_order(&mut self, event: OrderEvent) -> Hash {
        let record = OrderRecord::encode(&event);
        self.order_records.push(record);
        self.events.push(Event::Order(event));
        record.order()
    }
}

fn check_detail(payment: &Payment, detail: Option<&[u8]>) -> Result<(), Rejection> {
    match detail {
        None if payment.detail == [0; 32] => Ok(()),
        Some(sealed) if detail_hash(sealed) == payment.detail => Ok(()),
        Some(_) => Err(Rejection::new(Reason::FF01, Field::Detail, "the customer detail is not the one named")),
        None => Err(Rejection::new(Reason::FF01, Field::Detail, "the customer detail is missing from the batch")),
    }
}

/// Why money moves when this order settles.
pub(crate) fn transfer_kind(payment: &Payment) -> TransferKind {
    if payment.kind == Payment::RETURN { TransferKind::Return } else { TransferKind::Settlement }
}
