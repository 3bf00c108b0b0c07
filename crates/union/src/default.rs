//! A settlement leg that is not paid in time: instalments, then default.
//!
//! A member that defaults is suspended, and its legs that are still open are closed out: they count as not called for, on both
//! sides. What it owes the union then is taken out of its position to its `defaulted` account, where it stays as the claim on it.
//! Others own that much more than is still owed to the union: that is the loss. It is borne by the union's own accounts, then by
//! the other members, and booked to the losses account. No settled payment is undone. The member may pay off the claim later (`claim.rs`).

use crate::calendar::Day;
use crate::claim::{Bearer, reserves};
use crate::default_rules::LossSharing;
use crate::event::{DefaultEvent, Event};
use crate::membership::Standing;
use crate::rows::{CycleStatus, Leg};
use crate::state::Union;
use ledger::{AccountKey, TransferKind};

impl Union {
    /// The day by which a leg between two members is due, for a cycle that closes on `closed_on`; 0 for none.
    pub(crate) fn leg_due_day(&self, debtor: u16, creditor: u16, closed_on: Day) -> u32 {
        let Some(rules) = &self.charter.default else { return 0 };
        let day = closed_on.after_days(rules.deadline_days);
        self.charter.calendar.next_joint_business_day(debtor, creditor, day).unwrap_or(day).0
    }

    /// A day has begun: legs that were due before it and are not paid become due in instalments, or their debtors default.
    pub(crate) fn enforce_deadlines(&mut self) {
        let Some(rules) = self.charter.default else { return };
        let today = self.clock.today;
        let mut in_default = Vec::new();
        let closed = self.cycles.rows().iter().filter(|cycle| cycle.status() == CycleStatus::Closed);
        let places: Vec<u32> = closed.flat_map(|cycle| cycle.legs_from..cycle.legs_from + cycle.legs).collect();
        for at in places {
            let leg = *self.legs.get(at);
            if !leg.is_open() || leg.due_day == 0 || Day(leg.due_day) >= today {
                continue;
            }
            if leg.instalments == 0 && rules.instalments > 0 && self.is_active(leg.debtor) {
                let row = self.legs.get_mut(at);
                row.instalments = rules.instalments as u8;
                row.due_day = today.after_days(rules.instalment_days).0;
                self.events.push(Event::LegDeferred(*self.legs.get(at)));
            } else if !in_default.contains(&leg.debtor) {
                in_default.push(leg.debtor);
            }
        }
        for member in in_default {
            self.default_of(member);
        }
    }

    /// A member does not pay what it has to: suspension, close-out, loss.
    fn default_of(&mut self, member: u16) {
        self.close_out(member);
        let position = AccountKey::position(member);
        let owed = self.ledger.position(member).open_balance().min(0).unsigned_abs();
        self.post(TransferKind::Default, member, AccountKey::defaulted(member), position, owed);
        self.settled_before.get_mut(u32::from(member)).called = 0;
        let from_reserves = self.share_loss(member, owed);
        self.events.push(Event::Defaulted(DefaultEvent { member, owed, from_reserves }));
        self.suspend_in_default(member);
    }

    /// The standing of a member in default: suspended, until the members readmit it; who goes anyway, goes on.
    fn suspend_in_default(&mut self, member: u16) {
        if self.standing(member) == Standing::Active {
            self.set_standing(member, Standing::Suspended);
        } else {
            self.close_books();
        }
        self.wake_all();
    }

    /// What is left of every open leg of a member counts as not called for.
    fn close_out(&mut self, member: u16) {
        for at in 0..self.legs.len() {
            let leg = *self.legs.get(at);
            if !leg.is_open() || (leg.debtor != member && leg.creditor != member) {
                continue;
            }
            let left = leg.unit_amount - leg.paid(leg.instalments_paid).0;
            self.ledger.cancel_call(leg.debtor, leg.creditor, left);
            // A part of what was called for, which the books bound.
            self.note_called(leg.debtor, leg.creditor, -(left as i128));
            self.legs.get_mut(at).is_closed_out = 1;
            self.events.push(Event::LegClosedOut(*self.legs.get(at)));
            self.count_leg_done(leg.cycle - 1);
        }
    }

    /// Shares a loss, and returns how much of it the union's own accounts bore.
    fn share_loss(&mut self, member: u16, loss: u128) -> u128 {
        let rules = self.charter.default.expect("there is a rule of default");
        let mut left = loss;
        for (place, account) in (0..).zip(reserves()).filter(|_| rules.reserves_first) {
            let held = self.ledger.account(account).balance().max(0).unsigned_abs();
            let borne = held.min(left);
            self.post(TransferKind::LossShare, member, account, AccountKey::losses(), borne);
            self.note_loss_share(member, Bearer::Reserve(place), borne);
            left -= borne;
        }
        let from_reserves = loss - left;
        let others: Vec<u16> = (0..self.charter.members.len() as u16)
            .filter(|&other| other != member && self.standing(other) != Standing::Left)
            .collect();
        let weigh = |rule: LossSharing| -> Vec<u128> {
            let weight = |&other: &u16| match rule {
                LossSharing::Equal => 1,
                LossSharing::Quota => self.charter.members[usize::from(other)].quota.into(),
                LossSharing::Creditors => self.ledger.position(other).balance().max(0).unsigned_abs(),
            };
            others.iter().map(weight).collect()
        };
        let mut weights = weigh(rules.loss);
        if weights.iter().all(|&weight| weight == 0) {
            weights = weigh(LossSharing::Equal);
        }
        for (&other, share) in others.iter().zip(shares_of(left, &weights)) {
            self.post(TransferKind::LossShare, other, AccountKey::dues(other), AccountKey::losses(), share);
            self.note_loss_share(member, Bearer::Member(other), share);
            self.collect_dues(other);
        }
        from_reserves
    }
}

impl Leg {
    /// What so many instalments of a leg amount to: in minor units of the unit of account and of the settlement asset.
    ///
    /// Rounding: the running total is rounded down, to whole minor units of the coarser of the two where they are one to one, so that
    /// the last instalment makes the leg whole.
    pub fn paid(&self, instalments: u8) -> (u128, u128) {
        let all = u128::from(self.instalments.max(1));
        // By quotient and rest, as the product may leave the range of integers.
        let part = |whole: u128| whole / all * u128::from(instalments) + whole % all * u128::from(instalments) / all;
        let coarser = self.unit_amount.min(self.asset_amount);
        if !(self.unit_amount.is_multiple_of(coarser) && self.asset_amount.is_multiple_of(coarser)) {
            return (part(self.unit_amount), part(self.asset_amount));
        }
        let of_all = part(coarser);
        (of_all * (self.unit_amount / coarser), of_all * (self.asset_amount / coarser))
    }
}

/// A loss by weights, exactly: the running total is rounded down, so that nothing is left over.
pub(crate) fn shares_of(loss: u128, weights: &[u128]) -> Vec<u128> {
    let all: u128 = weights.iter().sum();
    let mut shares = Vec::with_capacity(weights.len());
    let (mut weight_so_far, mut shared_so_far) = (0_u128, 0_u128);
    for &weight in weights {
        weight_so_far += weight;
        let shared = if weight_so_far == all { loss } else { scaled(loss, weight_so_far, all) };
        shares.push(shared - shared_so_far);
        shared_so_far = shared;
    }
    shares
}

/// `amount x part / whole`, rounded down, for `part` up to `whole`: exact where the product has 128 bits, and otherwise after as many
/// low bits of both are dropped as it takes.
fn scaled(amount: u128, part: u128, whole: u128) -> u128 {
    let bits = |number: u128| 128 - number.leading_zeros();
    let excess = (bits(amount) + bits(part)).saturating_sub(128);
    let (part, whole) = (part >> excess, (whole >> excess).max(1));
    (amount * part / whole).min(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_by_hand() {
        assert_eq!(shares_of(100, &[1, 1, 1]), [33, 33, 34]);
        assert_eq!(shares_of(100, &[0, 3, 1]), [0, 75, 25]);
        assert_eq!(shares_of(0, &[5, 5]), [0, 0]);
        assert_eq!(shares_of(7, &[]), [0; 0]);
    }

    proptest! {
        /// Nothing of a loss is left over or made up, whatever its size.
        #[test]
        fn shares_are_the_whole(loss in 0..1_u128 << 110, weights in prop::collection::vec(0..1_u128 << 100, 1..20)) {
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            prop_assert_eq!(shares_of(loss, &weights).iter().sum::<u128>(), loss);
        }
    }
}
