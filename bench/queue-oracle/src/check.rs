//! Whether a set is within the limits that the queues here have, in exact integers.

use clearing::queue::Instance;

/// Whether settling these payments together leaves everybody within limits. Side accounts are not looked at.
pub fn is_within_limits(instance: &Instance, settled: &[u32]) -> bool {
    let mut levels: Vec<i128> = instance.parties.iter().map(|party| party.balance).collect();
    let mut floors = vec![i128::MIN; levels.len()];
    let mut owed: Vec<i128> = instance.limits.iter().map(|limit| limit.net).collect();
    for payment in settled.iter().map(|&at| &instance.payments[at as usize]) {
        let (payer, payee) = (payment.payer as usize, payment.payee as usize);
        levels[payer] -= i128::from(payment.debit);
        levels[payee] += i128::from(payment.credit);
        floors[payer] = floors[payer].max(instance.parties[payer].floors[payment.class as usize]);
        for (limit, owed) in instance.limits.iter().zip(&mut owed) {
            match (payment.payer, payment.payee) {
                pair if pair == (limit.debtor, limit.creditor) => *owed += i128::from(payment.credit),
                pair if pair == (limit.creditor, limit.debtor) => *owed -= i128::from(payment.credit),
                _ => {}
            }
        }
    }
    let parties = instance.parties.iter().zip(levels.iter().zip(&floors));
    let within = parties
        .into_iter()
        .all(|(party, (&level, &floor))| floor <= level && level <= party.ceiling.max(party.balance));
    within && instance.limits.iter().zip(&owed).all(|(limit, &owed)| owed <= i128::from(limit.most).max(limit.net))
}
