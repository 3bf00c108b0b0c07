//! Every set-off of tiny amounts, held against the definitions of the terms.

use clearing::set_off::{Obligation, Terms};

/// The largest total, and with it the largest sum of age times amount, of all set-offs that the terms allow.
pub fn best(parties: u32, obligations: &[Obligation], terms: &Terms) -> (u128, u128) {
    let mut best = (0, 0);
    let mut set_off = vec![0; obligations.len()];
    loop {
        if is_allowed(parties, obligations, terms, &set_off) {
            best = best.max(super::objectives(terms, &set_off));
        }
        // The next in counting order, each digit up to the amount.
        let Some(at) = (0..set_off.len()).find(|&at| set_off[at] < obligations[at].amount) else { return best };
        set_off[at] += 1;
        set_off[..at].fill(0);
    }
}

fn is_allowed(parties: u32, obligations: &[Obligation], terms: &Terms, set_off: &[u64]) -> bool {
    if terms.untouched.iter().any(|&at| set_off[at as usize] > 0) {
        return false;
    }
    let mut loans = vec![0_i64; parties as usize];
    let mut paid = vec![0_u64; parties as usize];
    for (obligation, &amount) in obligations.iter().zip(set_off) {
        loans[obligation.debtor as usize] += amount as i64;
        loans[obligation.creditor as usize] -= amount as i64;
        paid[obligation.debtor as usize] += amount;
    }
    let lent: i64 = loans.iter().filter(|&&loan| loan > 0).sum();
    if lent > terms.liquidity.unwrap_or(0) as i64 {
        return false;
    }
    if terms.maxima.iter().any(|maximum| paid[maximum.party as usize] > maximum.amount) {
        return false;
    }
    terms.limits.iter().all(|limit| {
        let net = |left: &dyn Fn(usize) -> u64| {
            let owed = |debtor: u32, creditor: u32| -> i64 {
                let all = obligations.iter().enumerate();
                let own = all.filter(|(_, o)| (o.debtor, o.creditor) == (debtor, creditor));
                own.map(|(at, _)| left(at) as i64).sum()
            };
            owed(limit.debtor, limit.creditor) - owed(limit.creditor, limit.debtor)
        };
        let before = net(&|at| obligations[at].amount);
        let after = net(&|at| obligations[at].amount - set_off[at]);
        after <= before.max(limit.limit as i64)
    })
}
