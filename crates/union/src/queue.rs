//! Trying queued orders again when something has changed for them.
//!
//! A member's queue is tried when the member is *woken*: it was paid, its limits changed, a day began.
//! That happens at the end of each block, member after member in turn, with a number of attempts that
//! the charter bounds and of which each turn has an equal share; what is left over goes on in the next
//! block, at the same place.

use crate::order::FIRST_ENTRY;
use crate::reason::Reason;
use crate::state::Union;

impl Union {
    /// Has a member's queue tried from its start at the end of this block, wherever it was left.
    pub(crate) fn try_from_start(&mut self, member: u16) {
        let row = self.attempts.get_mut(u32::from(member));
        (row.due, row.priority, row.entry) = (1, 0, 0);
    }

    /// Has a member's queue tried at the end of this block.
    pub(crate) fn wake(&mut self, member: u16) {
        let row = self.attempts.get(u32::from(member));
        match (row.due, row.entry) {
            (0, _) => self.try_from_start(member),
            // From the middle: then once more from the start afterwards.
            (1, entry) if entry != 0 => self.attempts.get_mut(u32::from(member)).due = 2,
            _ => {}
        }
    }

    /// Has every member's queue tried at the end of this block.
    pub(crate) fn wake_all(&mut self) {
        for member in 0..self.charter.members.len() as u16 {
            self.wake(member);
        }
    }

    /// Tries the queues of woken members.
    pub(crate) fn run_queues(&mut self) {
        let members = self.charter.members.len() as u16;
        let share = (self.charter.queue.attempts / u32::from(members)).max(1);
        let mut attempts = self.charter.queue.attempts;
        let mut idle = 0;
        while idle < members {
            let member = self.turn;
            if self.attempts.get(u32::from(member)).due == 0 {
                idle += 1;
            } else {
                idle = 0;
                let given = share.min(attempts);
                attempts -= self.run_queue(member, given);
                if attempts == 0 {
                    self.turn = (member + 1) % members;
                    return;
                }
            }
            self.turn = (member + 1) % members;
        }
        // Nobody is due: whose turn it is should not depend on how often that was found out.
        self.turn = 0;
    }

    /// Tries a member's queue from where it was left, and returns how many attempts that took.
    fn run_queue(&mut self, member: u16, attempts: u32) -> u32 {
        let row = u32::from(member);
        let fifo = self.charter.queue.keeps_order();
        let start = self.attempts.get(row);
        // No order has entry 0.
        let cursor = if start.entry == 0 { (0, FIRST_ENTRY) } else { (start.priority as u8, start.entry) };
        // Under first-in-first-out, what came ahead of the cursor since and waits for means is first.
        let ahead = if fifo { self.orders.first_short_of_means(member, cursor) } else { None };
        let mut from = ahead.unwrap_or(cursor);
        let mut used = 0;
        while let Some(((priority, entry), at)) = self.orders.next_queued(member, from) {
            if used == attempts {
                let cursor = self.attempts.get_mut(row);
                (cursor.priority, cursor.entry) = (u32::from(priority), entry);
                return used;
            }
            used += 1;
            let order = *self.orders.open(at);
            match self.settle(&order.payment, order.amounts(), order.rule) {
                Ok(_) => self.end_settled(at),
                Err(reason) => {
                    self.orders.set_waits_for(at, reason);
                    // What waits for the creditor, or for a day, holds up nobody.
                    if fifo && reason == Reason::AM04 {
                        break;
                    }
                }
            }
            from = (priority, entry + 1);
        }
        let cursor = self.attempts.get_mut(row);
        (cursor.due, cursor.priority, cursor.entry) = (cursor.due - 1, 0, 0);
        used
    }
}
