//! The clearing cycle: open, close, settlement legs, their confirmation.
//!
//! A cycle closes by the clock, at the time that the charter fixes, or earlier if more than half of all
//! members agree. At the close, bilateral positions are novated to the union, what the tranche schedule says of every member's
//! position (all of it, unless the charter says otherwise) is called for in legs of the settlement asset (`due.rs`), and the next
//! cycle opens at once. A position
//! changes only when the creditor of a leg confirms it; until then the leg counts against the caps of
//! both sides (see `Account::owes_at_most`).

use crate::calendar::Day;
use crate::event::{Event, Field, Rejection};
use crate::reason::Reason;
use crate::rows::{Cycle, CycleStatus, Leg};
use crate::state::Union;
use bytemuck::Zeroable;
use clearing::Flows;

impl Union {
    /// The open cycle.
    pub fn open_cycle_row(&self) -> &Cycle {
        self.cycles.rows().last().expect("a cycle is always open")
    }

    fn open_cycle_at(&self) -> u32 {
        self.cycles.len() - 1
    }

    /// Counts a settled order in the open cycle, and returns the cycle's number.
    pub(crate) fn count_settled(&mut self) -> u32 {
        let at = self.open_cycle_at();
        let cycle = self.cycles.get_mut(at);
        cycle.settled_orders += 1;
        cycle.number
    }

    /// Opens the cycle whose period begins on `first_day`.
    pub(crate) fn open_cycle(&mut self, first_day: Day) {
        let charter = &self.charter;
        let closes_at_ms = charter.calendar.time_ms(charter.cycle_last_day(first_day), charter.cycle_close.second);
        let opened_at_ms = self.cycles.rows().last().map_or(self.tip.time_ms(), |cycle| cycle.closes_at_ms);
        let cycle = Cycle {
            number: self.cycles.len() + 1,
            first_day: first_day.0,
            opened_at_ms,
            closes_at_ms,
            status: CycleStatus::Open as u8,
            legs_from: self.legs.len(),
            ..Zeroable::zeroed()
        };
        self.cycles.push(cycle);
        self.events.push(Event::CycleOpened(cycle));
    }

    /// A member agrees to close the open cycle before its time.
    pub(crate) fn agree_to_close(&mut self, sender: u16, number: u32) -> Result<(), Rejection> {
        if number != self.open_cycle_row().number {
            return Err(Rejection::new(Reason::NARR, Field::Cycle, "this is not the open cycle"));
        }
        if self.open_cycle_row().opened_at_ms >= self.tip.time_ms() {
            return Err(Rejection::new(Reason::NARR, Field::Cycle, "the cycle has only just opened"));
        }
        if !self.is_active(sender) {
            return Err(Rejection::new(Reason::AG01, Field::Record, "only active members agree to a close"));
        }
        let at = self.open_cycle_at();
        self.cycles.get_mut(at).agree(sender);
        self.events.push(Event::SettingsChanged { member: sender });
        if self.open_cycle_row().agreed_count() * 2 > self.active_members() {
            self.close_cycle(self.tip.time_ms());
        }
        Ok(())
    }

    /// What settled between members in the open cycle so far.
    pub fn open_flows(&self) -> Flows {
        let members = self.charter.members.len() as u16;
        let mut flows = Flows::new(usize::from(members));
        for debtor in 0..members {
            for creditor in 0..members {
                let gross = self.ledger.line(debtor, creditor).gross;
                if gross != 0 {
                    flows
                        .record(usize::from(debtor), usize::from(creditor), gross)
                        .expect("the ledger bounds what a line carries");
                }
            }
        }
        flows
    }

    /// Closes the open cycle as of `closed_at_ms`, calls for its legs, and opens the next one.
    pub(crate) fn close_cycle(&mut self, closed_at_ms: u64) {
        let flows = self.open_flows();
        let at = self.open_cycle_at();
        let cycle = self.cycles.get_mut(at);
        let planned = (cycle.closes_at_ms, Day(cycle.first_day));
        cycle.gross = flows.gross();
        cycle.bilateral_net = flows.bilateral_net_total();
        cycle.multilateral_net = flows.multilateral_net_total();
        cycle.closes_at_ms = closed_at_ms;
        self.ledger.novate();
        self.count_balances_before(self.charter.calendar.local(closed_at_ms).0);
        self.take_charges();
        self.call_for_legs(at);
        assert!(self.ledger.sums().values().all(|&sum| sum == 0), "the books sum to zero at the close");

        // Closed early, the next cycle has the same end as this one was to have.
        self.close_books();
        let next = if closed_at_ms < planned.0 { planned.1 } else { Day(self.charter.cycle_last_day(planned.1).0 + 1) };
        self.open_cycle(next);
        self.wake_all();
    }

    /// Pairs members that are to pay with members that are to be paid ([`Self::legs_due`]).
    ///
    /// A leg is a whole number of minor units of the settlement asset; what is below that, what the exchange and rounding accounts hold
    /// against the members, and everything while the asset's price is not known, stays in the positions of the open cycle.
    fn call_for_legs(&mut self, cycle_at: u32) {
        let closed = *self.cycles.get(cycle_at);
        let (number, closed_on) = (closed.number, self.charter.calendar.local(closed.closes_at_ms).0);
        let mut legs = 0;
        let mut called = Vec::new();
        for planned in self.legs_due() {
            let Some((unit_amount, asset_amount)) = self.leg_amounts(planned.amount) else { continue };
            let leg = Leg {
                unit_amount,
                asset_amount,
                cycle: number,
                number: legs,
                debtor: planned.debtor as u16,
                creditor: planned.creditor as u16,
                due_day: self.leg_due_day(planned.debtor as u16, planned.creditor as u16, closed_on),
                ..Zeroable::zeroed()
            };
            self.ledger.call(leg.debtor, leg.creditor, unit_amount);
            // A part of two positions, which the books bound.
            self.note_called(leg.debtor, leg.creditor, unit_amount as i128);
            self.legs.push(leg);
            called.push(Event::LegCalled(leg));
            legs += 1;
        }
        self.count_close_of_those_that_go();
        let cycle = self.cycles.get_mut(cycle_at);
        (cycle.legs, cycle.legs_open) = (legs, legs);
        cycle.status = if legs == 0 { CycleStatus::Settled as u8 } else { CycleStatus::Closed as u8 };
        self.events.push(Event::CycleClosed(*cycle));
        self.events.extend(called);
        if legs == 0 {
            self.events.push(Event::CycleSettled(number));
        }
    }

    /// The creditor of a leg confirms that it, or its next instalment, was paid: both positions are discharged by it.
    pub(crate) fn confirm_leg(&mut self, sender: u16, number: u32, leg: u32) -> Result<(), Rejection> {
        let unknown = Rejection::new(Reason::NOOR, Field::Cycle, "no closed cycle has this number");
        let cycle_at = number.checked_sub(1).filter(|&at| at < self.open_cycle_at()).ok_or(unknown)?;
        let cycle = *self.cycles.get(cycle_at);
        if leg >= cycle.legs {
            return Err(Rejection::new(Reason::NOOR, Field::Leg, "the cycle has no such leg"));
        }
        let leg_at = cycle.legs_from + leg;
        let row = *self.legs.get(leg_at);
        if row.creditor != sender {
            return Err(Rejection::new(Reason::AG01, Field::Leg, "only the member that is paid confirms a leg"));
        }
        if row.is_confirmed() {
            return Err(Rejection::new(Reason::DUPL, Field::Leg, "the leg is confirmed already"));
        }
        if row.is_closed_out() {
            return Err(Rejection::new(Reason::AG01, Field::Leg, "the leg was closed out, as a side of it defaulted"));
        }
        let is_last = row.instalments_paid + 1 >= row.instalments.max(1);
        let amount = row.paid(row.instalments_paid + 1).0 - row.paid(row.instalments_paid).0;
        let transfer = self
            .ledger
            .discharge(row.id(), row.debtor, row.creditor, amount)
            .map_err(|_| Rejection::new(Reason::AM12, Field::Leg, "a sum would exceed the range of the books"))?;
        self.events.push(Event::Transfer(transfer));
        self.note_paid(leg_at, is_last);
        if is_last {
            self.count_leg_done(cycle_at);
        }
        self.close_books();
        self.wake_all();
        Ok(())
    }

    /// Notes that a leg, or an instalment of it, was paid.
    fn note_paid(&mut self, leg_at: u32, is_last: bool) {
        let (now, next_days) = (self.tip.time_ms(), self.charter.default.map_or(0, |rules| rules.instalment_days));
        let leg = self.legs.get_mut(leg_at);
        leg.instalments_paid += u8::from(leg.instalments > 0);
        if is_last {
            leg.confirmed_at_ms = now;
        } else {
            leg.due_day = Day(leg.due_day).after_days(next_days).0;
        }
        let leg = *leg;
        self.events.push(if is_last { Event::LegConfirmed(leg) } else { Event::InstalmentConfirmed(leg) });
    }

    /// Counts a leg that is confirmed or closed out; with the last one its cycle is settled.
    pub(crate) fn count_leg_done(&mut self, cycle_at: u32) {
        let cycle = self.cycles.get_mut(cycle_at);
        cycle.legs_open -= 1;
        if cycle.legs_open == 0 {
            cycle.status = CycleStatus::Settled as u8;
            let number = cycle.number;
            self.events.push(Event::CycleSettled(number));
        }
    }
}
