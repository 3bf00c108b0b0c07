//! What the close of a cycle calls for: from each member, and then in legs between members.
//!
//! A member's *cumulative position* is what it would own (or owe) had nothing ever been settled: its open balance and everything
//! that legs have called for. Due is the difference of the tranche schedule between that and what was called for before. A member
//! that goes pays, or is paid, all that is open in equal parts at the closes that `[exit]` names.
//!
//! Debtors' dues and creditors' are each by their own schedule and need not be equal. What one side has more is carried: it is due
//! again at the next close. Only those that go are matched in full, by others ahead of their schedule if need be, who are due that
//! much less at the next close.

use crate::membership::Standing;
use crate::state::Union;
use bytemuck::{Pod, Zeroable};
use clearing::{Leg, settlement_legs};

/// What of a member's cumulative position is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct SettledBefore {
    /// What legs have called for, in minor units of the unit of account: positive where it is paid, negative where it pays.
    pub called: i128,
    /// Closes since it goes.
    pub closes_going: u32,
    pub reserved: [u32; 3],
}

impl Union {
    /// A member's cumulative position, in minor units of the unit of account: what it owns (positive) or owes beside what was
    /// ever settled.
    pub fn cumulative_position(&self, member: u16) -> i128 {
        self.ledger.position(member).open_balance() + self.called(member)
    }

    /// What legs have called for so far: positive where the member is paid, in minor units of the unit of account.
    pub fn called(&self, member: u16) -> i128 {
        self.settled_before.get(u32::from(member)).called
    }

    fn is_going(&self, member: u16) -> bool {
        matches!(self.standing(member), Standing::Leaving | Standing::Expelled)
    }

    /// What a member is due at a close: positive where it is to be paid.
    fn due(&self, member: u16) -> i128 {
        let account = self.ledger.position(member);
        let due = if self.is_going(member) {
            let done = self.settled_before.get(u32::from(member)).closes_going;
            let left = self.charter.exit.cycles.saturating_sub(done).max(1);
            account.open_balance() / i128::from(left)
        } else {
            let quota = self.charter.members[usize::from(member)].quota;
            self.charter.settlement.settled(self.cumulative_position(member), quota) - self.called(member)
        };
        // What a cap does not allow is carried, as all that is not called for.
        let most = if due < 0 { account.may_pay() } else { account.may_receive() };
        due.clamp(-(most.min(i128::MAX as u128) as i128), most.min(i128::MAX as u128) as i128)
    }

    /// Who is to pay whom how much at this close, in minor units of the unit of account.
    pub(crate) fn legs_due(&self) -> Vec<Leg> {
        let members = self.charter.members.len() as u16;
        let mut dues: Vec<i128> = (0..members).map(|member| self.due(member)).collect();
        let going: Vec<bool> = (0..members).map(|member| self.is_going(member)).collect();
        if going.contains(&true) {
            self.match_those_that_go(&mut dues, &going);
        }
        let mut legs = Vec::new();
        let mut pair = |dues: &mut [i128], takes_part: &dyn Fn(usize, i128) -> bool| {
            let part = |(at, &due): (usize, &i128)| if takes_part(at, due) { due } else { 0 };
            let positions: Vec<i128> = dues.iter().enumerate().map(part).collect();
            for leg in settlement_legs(&positions).legs {
                // A due is within the range of the books, and a leg is a part of two.
                dues[leg.debtor] += leg.amount as i128;
                dues[leg.creditor] -= leg.amount as i128;
                legs.push(leg);
            }
        };
        if going.contains(&true) {
            pair(&mut dues, &|at, due| due > 0 || going[at]);
            pair(&mut dues, &|at, due| due < 0 || going[at]);
        }
        pair(&mut dues, &|_, _| true);
        legs
    }

    /// Has others settle ahead of their schedule as much as those that go need.
    fn match_those_that_go(&self, dues: &mut [i128], going: &[bool]) {
        for pays in [true, false] {
            let sign = if pays { -1 } else { 1 };
            let those = dues.iter().zip(going).filter(|(_, is_going)| **is_going);
            let needed: i128 = those.map(|(due, _)| (due * sign).max(0)).sum();
            let offered: i128 = dues.iter().map(|due| (-due * sign).max(0)).sum();
            let mut missing = needed - offered;
            for (member, due) in dues.iter_mut().enumerate().filter(|(member, _)| !going[*member]) {
                let account = self.ledger.position(member as u16);
                let open = account.open_balance() * -sign;
                let own = (*due * -sign).max(0);
                let ahead = missing.min(open - own);
                if ahead > 0 {
                    *due = (own + ahead) * -sign;
                    missing -= ahead;
                }
            }
        }
    }

    /// Notes that a leg was called for, or (with a negative amount) that it was not.
    pub(crate) fn note_called(&mut self, debtor: u16, creditor: u16, amount: i128) {
        self.settled_before.get_mut(u32::from(debtor)).called -= amount;
        self.settled_before.get_mut(u32::from(creditor)).called += amount;
    }

    /// Counts a close for those that go.
    pub(crate) fn count_close_of_those_that_go(&mut self) {
        for member in 0..self.charter.members.len() as u16 {
            if self.is_going(member) {
                self.settled_before.get_mut(u32::from(member)).closes_going += 1;
            }
        }
    }
}

const _: () = assert!(size_of::<SettledBefore>() == 32);
