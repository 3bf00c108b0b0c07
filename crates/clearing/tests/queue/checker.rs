//! The rules once more, written from their description and not from the code: sums over a set of payments.

use clearing::queue::{Instance, Payment};

/// What is wrong with settling these payments together, if anything.
pub fn wrong_with(instance: &Instance, settled: &[u32]) -> Option<String> {
    if !settled.is_sorted_by(|a, b| a < b) {
        return Some("not ascending, or twice".into());
    }
    let payments: Vec<&Payment> = settled.iter().map(|&at| &instance.payments[at as usize]).collect();
    let sum = |amount: &dyn Fn(&Payment) -> i128| payments.iter().map(|payment| amount(payment)).sum::<i128>();
    let when = |condition: bool, amount: u64| if condition { i128::from(amount) } else { 0 };

    for (at, party) in instance.parties.iter().enumerate() {
        let at = at as u32;
        let after = party.balance + sum(&|p| when(p.payee == at, p.credit)) - sum(&|p| when(p.payer == at, p.debit));
        for p in payments.iter().filter(|p| p.payer == at) {
            if after < party.floors[p.class as usize] {
                return Some(format!("party {at} ends with {after}, below its floor for {:?}", p.class));
            }
        }
        if after > party.ceiling.max(party.balance) {
            return Some(format!("party {at} ends with {after}, above its ceiling"));
        }
    }
    for (at, side) in instance.side_accounts.iter().enumerate() {
        let at = Some(at as u32);
        let after = side.balance + sum(&|p| when(p.payee_side == at, p.side_amount))
            - sum(&|p| when(p.payer_side == at, p.side_amount));
        if after < side.floor.min(side.balance) || after > side.ceiling.max(side.balance) {
            return Some(format!("side account {at:?} ends with {after}"));
        }
    }
    for limit in &instance.limits {
        let (debtor, creditor) = (limit.debtor, limit.creditor);
        let owed = limit.net + sum(&|p| when((p.payer, p.payee) == (debtor, creditor), p.credit))
            - sum(&|p| when((p.payer, p.payee) == (creditor, debtor), p.credit));
        if owed > i128::from(limit.most).max(limit.net) {
            return Some(format!("{debtor} ends owing {creditor} {owed}"));
        }
    }
    None
}

/// Whether a payment of the set overtakes an earlier one of the same payer and class.
pub fn overtakes(instance: &Instance, settled: &[u32]) -> bool {
    let is_in = |at: usize| settled.contains(&(at as u32));
    instance.payments.iter().enumerate().any(|(later, l)| {
        let earlier = instance.payments[..later].iter().enumerate();
        is_in(later) && earlier.filter(|(_, e)| (e.payer, e.class) == (l.payer, l.class)).any(|(at, _)| !is_in(at))
    })
}

/// Sum of the debits, then how many.
pub fn score(instance: &Instance, settled: &[u32]) -> (u128, usize) {
    let value = settled.iter().map(|&at| u128::from(instance.payments[at as usize].debit)).sum();
    (value, settled.len())
}
