//! Bilateral limits as bounds on what is set off in each direction of a pair.
//!
//! Between parties A and B let `a` and `b` be what remains of the touchable obligations from A to B and from B to A. The
//! limits bound the net remainder: `low <= a - b <= high`. In a largest set-off `a` or `b` is zero, as reducing both by one
//! changes no position, keeps the difference, and sets off two more. So `a` is the positive part of the difference and
//! `b` the negative part: `max(low, 0) <= a <= max(high, 0)` and `max(-high, 0) <= b <= max(-low, 0)`, and each direction
//! becomes one arc with bounds, from a node that all its obligations enter.

use super::obligation::Obligation;
use super::terms::Terms;
use std::collections::BTreeMap;

/// One direction of a pair.
#[derive(Clone, Debug, Default)]
struct Direction {
    /// What is owed in all.
    owed: i128,
    /// What is owed by obligations that may be touched.
    touchable: i128,
    /// The limit on the net in this direction, and its place in the terms.
    limit: Option<(u64, usize)>,
}

/// Two parties with a limit in one direction at least.
#[derive(Clone, Debug)]
struct Pair {
    /// The debtors of the two directions.
    parties: [u32; 2],
    directions: [Direction; 2],
}

/// Bounds on what is set off in one direction of a pair: the flow out of its node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bundle {
    /// The creditor of the direction.
    pub creditor: u32,
    /// The least that must be set off.
    pub least: i128,
    /// The most that may be.
    pub most: i128,
}

/// All pairs with limits. The directions of pair `i` are numbered `2 * i` and `2 * i + 1`.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    pairs: Vec<Pair>,
    /// The direction from a debtor to a creditor.
    directions: BTreeMap<(u32, u32), usize>,
}

impl Limits {
    /// Gathers the pairs of the terms and what is owed in them; `touchable` says so by obligation.
    pub fn new(obligations: &[Obligation], terms: &Terms, touchable: impl Fn(usize) -> bool) -> Self {
        let mut limits = Limits::default();
        for (at, limit) in terms.limits.iter().enumerate() {
            let (debtor, creditor) = (limit.debtor, limit.creditor);
            let next = 2 * limits.pairs.len();
            let direction = *limits.directions.entry((debtor, creditor)).or_insert(next);
            if direction == next {
                limits.directions.insert((creditor, debtor), next + 1);
                limits.pairs.push(Pair { parties: [debtor, creditor], directions: Default::default() });
            }
            limits.pairs[direction / 2].directions[direction % 2].limit = Some((limit.limit, at));
        }
        if limits.is_empty() {
            return limits;
        }
        for (at, obligation) in obligations.iter().enumerate() {
            if let Some(direction) = limits.direction(obligation) {
                let direction = &mut limits.pairs[direction / 2].directions[direction % 2];
                direction.owed += i128::from(obligation.amount);
                direction.touchable += if touchable(at) { i128::from(obligation.amount) } else { 0 };
            }
        }
        limits
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The direction that an obligation belongs to, if its pair has a limit.
    pub fn direction(&self, obligation: &Obligation) -> Option<usize> {
        self.directions.get(&(obligation.debtor, obligation.creditor)).copied()
    }

    /// By direction: the bounds on what is set off in it.
    pub fn bundles(&self) -> impl Iterator<Item = Bundle> + '_ {
        self.pairs.iter().flat_map(|pair| {
            let (low, high) = pair.range();
            let bundle = |side: usize, least_left: i128, most_left: i128| {
                let touchable = pair.directions[side].touchable;
                Bundle {
                    creditor: pair.parties[1 - side],
                    least: touchable - most_left.min(touchable),
                    most: touchable - least_left,
                }
            };
            [bundle(0, low.max(0), high.max(0)), bundle(1, (-high).max(0), (-low).max(0))]
        })
    }

    /// By limit of the terms: its price, from what each unit counts (`None` for what may not be touched), what was set off,
    /// and the potentials of parties and of the directions' nodes.
    ///
    /// The price of a pair is what its obligations gain in the first direction and lose in the second. Where something
    /// remains in one direction, the potential of that direction's node tells. Where nothing remains, any price will do
    /// that makes no obligation of the pair worth leaving, and the nearest to zero is right. Only a limit that is reached
    /// has a price; a node from which nothing is set off may have a potential without one.
    pub fn prices(
        &self,
        obligations: &[Obligation],
        weight: impl Fn(usize) -> Option<i64>,
        set_off: &[u64],
        party: &[i64],
        node: &[i64],
    ) -> Vec<i64> {
        let mut prices = vec![0; self.pairs.iter().flat_map(|pair| &pair.directions).filter_map(|d| d.limit).count()];
        if self.is_empty() {
            return prices;
        }
        let mut left = vec![0_i128; 2 * self.pairs.len()];
        let mut least_weight = vec![None; 2 * self.pairs.len()];
        for (at, obligation) in obligations.iter().enumerate().filter(|(_, obligation)| obligation.amount > 0) {
            if let (Some(direction), Some(weight)) = (self.direction(obligation), weight(at)) {
                left[direction] += i128::from(obligation.amount - set_off[at]);
                let least = least_weight[direction].get_or_insert(weight);
                *least = weight.min(*least);
            }
        }
        for (at, pair) in self.pairs.iter().enumerate() {
            let [first, second] = [2 * at, 2 * at + 1];
            let [a, b] = pair.parties.map(|party_of| party[party_of as usize]);
            let price = if left[first] > 0 {
                node[first] - b
            } else if left[second] > 0 {
                a - node[second]
            } else {
                let least = least_weight[first].map_or(i64::MIN, |weight| a - b - weight);
                let most = least_weight[second].map_or(i64::MAX, |weight| a - b + weight);
                0.clamp(least, most)
            };
            let (low, high) = pair.range();
            let difference = left[first] - left[second];
            let price = if difference < high { price.min(0) } else { price };
            let price = if difference > low { price.max(0) } else { price };
            for (direction, price) in pair.directions.iter().zip([price, -price]) {
                if let Some((_, limit)) = direction.limit {
                    prices[limit] = price.max(0);
                }
            }
        }
        prices
    }
}

impl Pair {
    /// The bounds on what remains from the first to the second party, less what remains from the second to the first, of
    /// touchable obligations. Without a limit, bounds that cannot be reached.
    fn range(&self) -> (i128, i128) {
        let [first, second] = &self.directions;
        let before = first.touchable - second.touchable;
        // How far a limit lets the net in its direction rise; not at all where it is at the limit or beyond it.
        let rise = |direction: &Direction, net: i128| match direction.limit {
            Some((limit, _)) => (i128::from(limit) - net).max(0),
            None => first.touchable + second.touchable,
        };
        let net = first.owed - second.owed;
        (before - rise(second, -net), before + rise(first, net))
    }
}
