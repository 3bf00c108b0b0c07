//! Trying queued orders again when something has changed for them.
//!
//! A member's queue is tried when the member is *woken*: it was paid, its limits changed, a day began.
//! That happens at the end of each block, member after member in turn, with a number of attempts that
//! the charter bounds; what is left over goes on in the next block, at the same place.

use crate::QueueDiscipline;
use crate::order::OrderStatus;
use crate::reason::Reason;
use crate::state::Union;

impl Union {
    /// Has a member's queue tried at the end of this block.
    pub(crate) fn wake(&mut self, member: u16) {
        let at = u32::from(member);
        match self.attempts.get(at).due {
            0 => {
                let row = self.attempts.get_mut(at);
                (row.due, row.priority, row.entry) = (1, 0, 0);
            }
            1 => {
                // From its start already, or from the middle: then once more from the start afterwards.
                let row = self.attempts.get(at);
                if (row.priority, row.entry) != (0, 0) {
                    self.attempts.get_mut(at).due = 2;
                }
            }
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
        let mut attempts = self.charter.queue_attempts;
        let mut idle = 0;
        while idle < members {
            let member = self.turn;
            if self.attempts.get(u32::from(member)).due == 0 {
                idle += 1;
            } else {
                idle = 0;
                if !self.run_queue(member, &mut attempts) {
                    return; // The member keeps its turn.
                }
            }
            self.turn = (member + 1) % members;
        }
        // Nobody is due: whose turn it is should not depend on how often that was found out.
        self.turn = 0;
    }

    /// Tries a member's queue from where it was left; false if the attempts were used up before its end.
    fn run_queue(&mut self, member: u16, attempts: &mut u32) -> bool {
        let row = u32::from(member);
        let fifo = self.charter.queue_discipline == QueueDiscipline::Fifo;
        let start = self.attempts.get(row);
        // Under first-in-first-out all before the cursor has settled; what came ahead of it since is first.
        let mut from = if fifo { (0, 0) } else { (start.priority as u8, start.entry) };
        while let Some(((priority, entry), at)) = self.orders.next_queued(member, from) {
            if *attempts == 0 {
                let cursor = self.attempts.get_mut(row);
                (cursor.priority, cursor.entry) = (u32::from(priority), entry);
                return false;
            }
            *attempts -= 1;
            let order = *self.orders.open(at);
            match self.settle(&order.payment, order.rule) {
                Ok(()) => {
                    let ending = self.ending(OrderStatus::Settled, Reason::NONE, order.rule);
                    self.orders.end_open(at, ending);
                    self.note_return_settled(&order.payment);
                }
                Err(reason) => {
                    self.orders.set_waits_for(at, reason);
                    if fifo {
                        break;
                    }
                }
            }
            from = (priority, entry + 1);
        }
        let cursor = self.attempts.get_mut(row);
        (cursor.due, cursor.priority, cursor.entry) = (cursor.due - 1, 0, 0);
        true
    }
}
