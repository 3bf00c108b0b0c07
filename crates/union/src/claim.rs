//! The claim on a member that defaulted, and how it is paid off.
//!
//! Who bore what of a loss is kept, a row for each defaulter and bearer. When the defaulter pays, what it pays becomes part of its position
//! again, to be settled like everything else, and goes back to those who bore the loss, in proportion to what each still misses.

use crate::default::shares_of;
use crate::event::{ClaimEvent, Event, Field, Rejection};
use crate::membership::Standing;
use crate::reason::Reason;
use crate::state::Union;
use bytemuck::{Pod, Zeroable};
use ledger::{AccountKey, TransferKind};

/// Who bore a part of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// A member.
    Member(u16),
    /// The charges, interest or exchange account: all members together.
    Reserve(u16),
}

/// The accounts of all members together that bear losses first.
pub(crate) fn reserves() -> [AccountKey; 3] {
    [AccountKey::charges(), AccountKey::interest(), AccountKey::exchange()]
}

/// What a bearer still misses of what a defaulter owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct LossShare {
    /// Minor units of the unit of account.
    pub missing: u128,
    defaulter: u16,
    bearer: u16,
    is_reserve: u8,
    reserved: [u8; 11],
}

impl LossShare {
    fn bearer(&self) -> Bearer {
        if self.is_reserve == 1 { Bearer::Reserve(self.bearer) } else { Bearer::Member(self.bearer) }
    }

    pub fn is_plausible(&self, members: usize) -> bool {
        let bearers = if self.is_reserve == 1 { reserves().len() } else { members };
        let is_one = usize::from(self.defaulter) < members && usize::from(self.bearer) < bearers;
        is_one && self.is_reserve <= 1 && self.reserved == [0; 11]
    }
}

impl Union {
    /// What a member that defaulted still owes to those who bore the loss, in minor units of the unit of account.
    pub fn claim(&self, member: u16) -> u128 {
        self.ledger.account(AccountKey::defaulted(member)).balance().min(0).unsigned_abs()
    }

    /// Notes that somebody bore a part of what a member defaulted on.
    pub(crate) fn note_loss_share(&mut self, defaulter: u16, bearer: Bearer, amount: u128) {
        if amount == 0 {
            return;
        }
        let is_it = |row: &LossShare| row.defaulter == defaulter && row.bearer() == bearer;
        let at = match self.loss_shares.rows().iter().position(is_it) {
            Some(at) => at as u32,
            None => {
                let (is_reserve, number) = match bearer {
                    Bearer::Member(member) => (0, member),
                    Bearer::Reserve(place) => (1, place),
                };
                let row = LossShare { defaulter, bearer: number, is_reserve, ..Zeroable::zeroed() };
                self.loss_shares.push(row)
            }
        };
        // No more than the claims, which the books bound.
        self.loss_shares.get_mut(at).missing += amount;
    }

    /// A member that defaulted pays off a part of the claim on it: an active one as far as its caps allow, another one out of what it owns.
    pub(crate) fn pay_claim(&mut self, sender: u16, amount: u64) -> Result<(), Rejection> {
        let reject = |reason, text| Err(Rejection::new(reason, Field::Amount, text));
        let amount = u128::from(amount);
        if amount == 0 {
            return reject(Reason::AM01, "nothing would be paid");
        }
        if amount > self.claim(sender) {
            return reject(Reason::AM12, "the claim on the member is less");
        }
        let position = self.ledger.position(sender);
        let owned = position.open_balance().max(0).unsigned_abs();
        let most = if self.is_active(sender) { position.room_to_owe() } else { position.room_to_owe().min(owned) };
        if amount > most {
            return reject(Reason::AM04, "more than the member may owe or, unless it is active, than it owns");
        }
        self.post(TransferKind::Default, sender, AccountKey::position(sender), AccountKey::defaulted(sender), amount);
        self.give_back(sender, amount);
        self.events.push(Event::ClaimPaid(ClaimEvent { member: sender, paid: amount, left: self.claim(sender) }));
        self.close_books();
        self.wake_all();
        Ok(())
    }

    /// Gives what a defaulter paid to those who bore its loss. The part of a member that has left goes to all together.
    fn give_back(&mut self, defaulter: u16, amount: u128) {
        let of_it = |(_, row): &(u32, &LossShare)| row.defaulter == defaulter && row.missing > 0;
        let shares: Vec<(u32, LossShare)> =
            (0..).zip(self.loss_shares.rows()).filter(of_it).map(|(at, row)| (at, *row)).collect();
        let missing: Vec<u128> = shares.iter().map(|(_, share)| share.missing).collect();
        for ((at, share), amount) in shares.iter().zip(returned(amount, &missing)) {
            self.loss_shares.get_mut(*at).missing -= amount;
            let to = match share.bearer() {
                Bearer::Member(member) if self.standing(member) == Standing::Left => AccountKey::charges(),
                Bearer::Member(member) => AccountKey::dues(member),
                Bearer::Reserve(place) => reserves()[usize::from(place)],
            };
            let about = if let Bearer::Member(member) = share.bearer() { member } else { defaulter };
            self.post(TransferKind::LossShare, about, AccountKey::losses(), to, amount);
            if to == AccountKey::dues(about) {
                self.collect_dues(about);
            }
        }
    }
}

/// An amount in proportion to what each misses, and to nobody more than that; all of it, where all miss as much together.
fn returned(amount: u128, missing: &[u128]) -> Vec<u128> {
    let mut shares = shares_of(amount, missing);
    // Shares of very large amounts are not exact.
    let mut left = 0;
    for (share, &most) in shares.iter_mut().zip(missing) {
        left += share.saturating_sub(most);
        *share = (*share).min(most);
    }
    for (share, &most) in shares.iter_mut().zip(missing) {
        let more = left.min(most - *share);
        (*share, left) = (*share + more, left - more);
    }
    shares
}

const _: () = assert!(size_of::<LossShare>() == 32);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn returns_by_hand() {
        assert_eq!(returned(10, &[10, 20, 30]), [1, 4, 5]);
        assert_eq!(returned(60, &[10, 20, 30]), [10, 20, 30]);
        assert_eq!(returned(1, &[0, 1]), [0, 1]);
    }

    proptest! {
        /// All of it goes back, and nobody gets more than it misses.
        #[test]
        fn nobody_gains(missing in prop::collection::vec(0..1_u128 << 100, 1..20), part in 0..=u64::MAX) {
            let all: u128 = missing.iter().sum();
            let amount = u128::from(part).min(all);
            let shares = returned(amount, &missing);
            prop_assert_eq!(shares.iter().sum::<u128>(), amount);
            prop_assert!(shares.iter().zip(&missing).all(|(share, most)| share <= most));
        }
    }
}
