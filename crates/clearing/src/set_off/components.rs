//! Where anything can be set off at all.

use super::obligation::Obligation;

/// How many components can clear: groups of two or more parties that owe each other in circles (strongly connected
/// components of the graph of obligations that are not zero). An obligation between two groups can never be set off
/// without liquidity, as no circle leads back.
///
/// # Panics
///
/// Where an obligation names a party that is not below `parties`.
#[must_use]
pub fn components(parties: u32, obligations: &[Obligation]) -> u32 {
    let (first, creditors) = creditors_by_debtor(parties, obligations);
    let mut search = Search {
        found: vec![0; parties as usize],
        lowest: vec![0; parties as usize],
        open: Vec::new(),
        next: 1,
        components: 0,
    };
    // Depth first, with a stack of its own: (party, how many of its creditors were looked at).
    let mut path: Vec<(u32, u32)> = Vec::new();
    for start in 0..parties {
        if search.found[start as usize] == 0 {
            search.enter(start);
            path.push((start, first[start as usize]));
        }
        while let Some((party, at)) = path.last_mut() {
            let party = *party;
            if *at < first[party as usize + 1] {
                let creditor = creditors[*at as usize];
                *at += 1;
                if search.found[creditor as usize] == 0 {
                    search.enter(creditor);
                    path.push((creditor, first[creditor as usize]));
                } else {
                    search.reaches(party, search.found[creditor as usize]);
                }
            } else {
                path.pop();
                search.leave(party);
                if let Some(&(debtor, _)) = path.last() {
                    search.reaches(debtor, search.lowest[party as usize]);
                }
            }
        }
    }
    search.components
}

/// By party the place of its first creditor, and all creditors in the order of debtors.
fn creditors_by_debtor(parties: u32, obligations: &[Obligation]) -> (Vec<u32>, Vec<u32>) {
    let owed = || obligations.iter().filter(|obligation| obligation.amount > 0);
    let mut first = vec![0_u32; parties as usize + 1];
    for obligation in owed() {
        first[obligation.debtor as usize + 1] += 1;
    }
    for party in 0..parties as usize {
        first[party + 1] += first[party];
    }
    let mut next = first.clone();
    let mut creditors = vec![0; first[parties as usize] as usize];
    for obligation in owed() {
        let at = &mut next[obligation.debtor as usize];
        creditors[*at as usize] = obligation.creditor;
        *at += 1;
    }
    (first, creditors)
}

/// Tarjan's search for strongly connected components (*SIAM Journal on Computing* 1, 1972).
struct Search {
    /// By party its number in the order in which parties are found, from 1; the greatest number where its component is
    /// complete; zero before.
    found: Vec<u32>,
    /// By party the least number that it reaches within its component, as far as known.
    lowest: Vec<u32>,
    /// Parties whose component is not complete.
    open: Vec<u32>,
    next: u32,
    components: u32,
}

impl Search {
    fn enter(&mut self, party: u32) {
        self.found[party as usize] = self.next;
        self.lowest[party as usize] = self.next;
        self.next += 1;
        self.open.push(party);
    }

    fn reaches(&mut self, party: u32, number: u32) {
        let lowest = &mut self.lowest[party as usize];
        *lowest = number.min(*lowest);
    }

    /// Completes a component where the party is the first of it that was found.
    fn leave(&mut self, party: u32) {
        if self.lowest[party as usize] < self.found[party as usize] {
            return;
        }
        let mut members = 0;
        while let Some(member) = self.open.pop() {
            self.found[member as usize] = u32::MAX;
            self.lowest[member as usize] = u32::MAX;
            members += 1;
            if member == party {
                break;
            }
        }
        self.components += u32::from(members > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(parties: u32, pairs: &[(u32, u32)]) -> u32 {
        let owed = pairs.iter().map(|&(debtor, creditor)| Obligation { debtor, creditor, amount: 1 });
        components(parties, &owed.collect::<Vec<_>>())
    }

    #[test]
    fn groups_that_owe_each_other_in_circles() {
        assert_eq!(count(0, &[]), 0);
        assert_eq!(count(3, &[(0, 1), (1, 2)]), 0, "a chain");
        assert_eq!(count(3, &[(0, 1), (1, 2), (2, 0)]), 1, "a circle");
        assert_eq!(count(6, &[(0, 1), (1, 0), (1, 2), (2, 3), (3, 2), (4, 5)]), 2, "two pairs with a bridge");
        assert_eq!(count(4, &[(0, 1), (1, 2), (2, 3), (3, 1), (2, 0)]), 1, "two circles that share a party");
        assert_eq!(count(4, &[(3, 2), (2, 1), (1, 0), (1, 3), (0, 1), (2, 3)]), 1, "found backwards");
        let settled =
            [Obligation { debtor: 0, creditor: 1, amount: 1 }, Obligation { debtor: 1, creditor: 0, amount: 0 }];
        assert_eq!(components(2, &settled), 0, "nothing is owed back any more");
    }

    #[test]
    fn a_long_circle_needs_no_deep_stack() {
        let parties = 300_000;
        let pairs: Vec<_> = (0..parties).map(|party| (party, (party + 1) % parties)).collect();
        assert_eq!(count(parties, &pairs), 1);
    }
}
