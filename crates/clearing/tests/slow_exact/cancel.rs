//! Cancelling of negative circles (Klein 1967): while a circle of changes gains, make them. By Bellman and Ford.

use clearing::set_off::Obligation;

/// The set-off with the largest total, and among those with the largest sum of age times amount.
pub fn largest(parties: u32, obligations: &[Obligation], ages: &[u32]) -> Vec<u64> {
    let mut set_off = vec![0_u64; obligations.len()];
    while let Some(circle) = gaining_circle(parties as usize, obligations, ages, &set_off) {
        let room = |&(at, more): &(usize, bool)| if more { obligations[at].amount - set_off[at] } else { set_off[at] };
        let change = circle.iter().map(room).min().expect("a circle has changes");
        for (at, more) in circle {
            if more {
                set_off[at] += change;
            } else {
                set_off[at] -= change;
            }
        }
    }
    set_off
}

/// Changes that leave positions as they are and gain in all: of which obligation, and whether more or less.
fn gaining_circle(
    parties: usize,
    obligations: &[Obligation],
    ages: &[u32],
    set_off: &[u64],
) -> Option<Vec<(usize, bool)>> {
    // The total first, then ages: compared in this order.
    let gain = |at: usize| (1_i64, i64::from(ages.get(at).copied().unwrap_or(0)));
    let mut best = vec![(0_i64, 0_i64); parties];
    let mut by: Vec<Option<(usize, bool)>> = vec![None; parties];
    let mut last = None;
    for _ in 0..=parties {
        last = None;
        for (at, obligation) in obligations.iter().enumerate() {
            let (debtor, creditor) = (obligation.debtor as usize, obligation.creditor as usize);
            for (more, from, to, is_possible) in
                [(true, debtor, creditor, set_off[at] < obligation.amount), (false, creditor, debtor, set_off[at] > 0)]
            {
                let sign = if more { 1 } else { -1 };
                let reached = (best[from].0 + sign * gain(at).0, best[from].1 + sign * gain(at).1);
                if is_possible && reached > best[to] {
                    best[to] = reached;
                    by[to] = Some((at, more));
                    last = Some(to);
                }
            }
        }
        last?;
    }
    // Something still improved after as many rounds as there are parties: a circle leads here.
    let before = |party: usize| {
        let (at, more) = by[party].expect("every party on the way back was improved");
        let obligation = obligations[at];
        (if more { obligation.debtor } else { obligation.creditor }) as usize
    };
    let on_circle = (0..parties).fold(last?, |party, _| before(party));
    let mut circle = Vec::new();
    let mut party = on_circle;
    loop {
        circle.push(by[party].expect("every party on the circle was improved"));
        party = before(party);
        if party == on_circle {
            return Some(circle);
        }
    }
}
