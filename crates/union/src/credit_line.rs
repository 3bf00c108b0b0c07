//! Bilateral credit lines of the charter: the most that a creditor may grant a debtor. A member sets its own limit below its line.

use crate::charge_rules::CHARGES_MAX;
use crate::credit_rules::CreditRules;
use crate::state::Union;
use bytemuck::Zeroable;
use ledger::NO_CAP;

impl Union {
    fn pairs(&self) -> impl Iterator<Item = (u16, u16)> + use<> {
        let members = self.charter.members.len() as u16;
        (0..members).flat_map(move |debtor| (0..members).map(move |creditor| (debtor, creditor)))
    }

    /// Puts the charter's lines in force between members of whom one has this number or a later one.
    pub(crate) fn put_lines(&mut self, from_member: u16) {
        for (debtor, creditor) in self.pairs().filter(|&(debtor, creditor)| debtor.max(creditor) >= from_member) {
            let line = self.charter.credit.line(debtor, creditor);
            if line != NO_CAP && debtor != creditor {
                self.ledger.set_credit_limit(debtor, creditor, line).expect("nothing is owed between them yet");
            }
        }
    }

    /// Makes room for one more member.
    pub(crate) fn admit_to_credit(&mut self, member: u16) {
        self.settled_before.push(Zeroable::zeroed());
        for _ in 0..CHARGES_MAX {
            self.base_days.push(0);
        }
        if usize::from(member) + 1 == self.charter.members.len() {
            self.put_lines(member);
        }
    }

    /// Lines follow an amended charter, as caps do: a lower limit of a member's own stays, and what is in use is not cut off.
    pub(crate) fn follow_lines(&mut self, before: &CreditRules) {
        for (debtor, creditor) in self.pairs().filter(|(debtor, creditor)| debtor != creditor) {
            let (was, now) = (before.line(debtor, creditor), self.charter.credit.line(debtor, creditor));
            if was == now {
                continue;
            }
            let own = self.ledger.line(debtor, creditor).credit_limit;
            let limit = if own == was { now } else { own.min(now) };
            let in_use = u64::try_from(self.ledger.bilateral_net(debtor, creditor)).unwrap_or(NO_CAP);
            self.ledger.set_credit_limit(debtor, creditor, limit.max(in_use)).expect("not below what is in use");
        }
    }
}
