//! Obligations and terms as a network, and its solution as a set-off.
//!
//! An obligation is an arc from its debtor to its creditor with its amount as capacity. A party with a maximum has a second
//! node, its exit, which its debts leave from, with an arc to it of that capacity. The obligations of a direction with
//! bilateral limits enter a node of its own, with a bounded arc to the creditor. A source of liquidity has two nodes:
//! deposits enter one, loans leave the other, and one arc from the first to the second carries all that is lent.

use super::error::SetOffError;
use super::limits::Limits;
use super::obligation::{AMOUNT_MAX, Obligation};
use super::result::{Dual, SetOff, Start};
use super::terms::Terms;
use crate::flow::{Arc, FlowError, Network, Solution};

/// More parties or obligations than this are refused.
const COUNT_MAX: usize = 1 << 28;

/// Where the parts of a problem lie in its network.
#[derive(Clone, Debug)]
pub(super) struct Model {
    parties: u32,
    base: i64,
    /// By party the node that its debts leave from; empty where each leaves from its own.
    exits: Vec<u32>,
    /// By obligation whether it may be touched; empty where all may.
    touchable: Vec<bool>,
    limits: Limits,
    /// The arcs of obligations come first.
    obligations: usize,
    /// How many other arcs follow those; the arcs of obligations that were added later come after them.
    others: usize,
    /// The arc that all that is lent passes.
    lending: Option<u32>,
}

/// What an obligation counts for each unit that is set off.
pub(super) fn weight(base: i64, terms: &Terms, obligation: usize) -> i64 {
    base + terms.ages.get(obligation).map_or(0, |&age| i64::from(age))
}

impl Model {
    /// Lays out the network.
    pub fn new(parties: u32, obligations: &[Obligation], terms: &Terms) -> Result<(Self, Network), SetOffError> {
        Self::ensure_room(parties, obligations.len())?;
        for (at, obligation) in obligations.iter().enumerate() {
            obligation.validate(at, parties)?;
        }
        terms.validate(parties, obligations)?;
        let mut model = Model {
            parties,
            base: terms.weight_base(parties)?,
            exits: Vec::new(),
            touchable: Vec::new(),
            limits: Limits::default(),
            obligations: obligations.len(),
            others: 0,
            lending: None,
        };
        if !terms.untouched.is_empty() {
            model.touchable = vec![true; obligations.len()];
            for &at in &terms.untouched {
                model.touchable[at as usize] = false;
            }
        }
        if !terms.maxima.is_empty() {
            model.exits = (0..parties).collect();
            for (exit, maximum) in (parties..).zip(&terms.maxima) {
                model.exits[maximum.party as usize] = exit;
            }
        }
        model.limits = Limits::new(obligations, terms, |at| model.is_touchable(at));

        let mut network = Network { nodes: model.parties, supplies: Vec::new(), arcs: Vec::new() };
        network.arcs.reserve_exact(obligations.len());
        network.arcs.extend((0..).zip(obligations).map(|(at, obligation)| model.arc(at, obligation, terms)));
        model.add_exits(&mut network, terms);
        model.add_bundles(&mut network);
        model.add_source(&mut network, terms);
        model.others = network.arcs.len() - obligations.len();
        Ok((model, network))
    }

    /// Fails where there are too many parties or obligations.
    pub fn ensure_room(parties: u32, obligations: usize) -> Result<(), SetOffError> {
        let is_room = parties as usize <= COUNT_MAX && obligations <= COUNT_MAX;
        if is_room { Ok(()) } else { Err(SetOffError::TooMany { parties, obligations }) }
    }

    /// The arc of an obligation.
    pub fn arc(&self, at: usize, obligation: &Obligation, terms: &Terms) -> Arc {
        let debtor = self.exits.get(obligation.debtor as usize).copied().unwrap_or(obligation.debtor);
        let bundle = self.limits.direction(obligation).map(|direction| self.bundles_from() + direction as u32);
        Arc {
            tail: debtor,
            head: bundle.unwrap_or(obligation.creditor),
            capacity: self.capacity(at, obligation.amount),
            cost: -weight(self.base, terms, at),
        }
    }

    fn add_exits(&self, network: &mut Network, terms: &Terms) {
        for (exit, maximum) in (self.parties..).zip(&terms.maxima) {
            network.nodes += 1;
            add_wide_arc(network, maximum.party, exit, maximum.amount.into());
        }
    }

    /// A lower bound is sent beforehand, as supply of the creditor that the node lacks.
    fn add_bundles(&self, network: &mut Network) {
        if self.limits.is_empty() {
            return;
        }
        network.supplies = vec![0; network.nodes as usize];
        for bundle in self.limits.bundles() {
            network.supplies.push(-bundle.least);
            network.supplies[bundle.creditor as usize] += bundle.least;
            add_wide_arc(network, network.nodes, bundle.creditor, (bundle.most - bundle.least).unsigned_abs());
            network.nodes += 1;
        }
    }

    fn add_source(&mut self, network: &mut Network, terms: &Terms) {
        let Some(liquidity) = terms.liquidity else { return };
        let [deposits, loans] = [network.nodes, network.nodes + 1];
        network.nodes += 2;
        if !network.supplies.is_empty() {
            network.supplies.extend([0, 0]);
        }
        self.lending = Some(network.arcs.len() as u32);
        network.arcs.push(Arc { tail: deposits, head: loans, capacity: liquidity, cost: 0 });
        for party in 0..self.parties {
            // One more than can be lent, so that these arcs never bind, not even for one more unit.
            let capacity = AMOUNT_MAX + 1;
            network.arcs.push(Arc { tail: loans, head: party, capacity, cost: 0 });
            network.arcs.push(Arc { tail: party, head: deposits, capacity, cost: 0 });
        }
    }

    /// Whether an obligation may be touched.
    pub fn is_touchable(&self, at: usize) -> bool {
        self.touchable.get(at).copied().unwrap_or(true)
    }

    /// The capacity of an obligation's arc.
    pub fn capacity(&self, at: usize, amount: u64) -> u64 {
        if self.is_touchable(at) { amount } else { 0 }
    }

    /// The number of an obligation's arc.
    pub fn arc_number(&self, at: usize) -> u32 {
        (if at < self.obligations { at } else { at + self.others }) as u32
    }

    /// The arc that all that is lent passes, if the terms have liquidity.
    pub fn lending(&self) -> Option<u32> {
        self.lending
    }

    /// Whether an obligation belongs to a pair with limits, whose bounds depend on its amount.
    pub fn is_limited(&self, obligation: &Obligation) -> bool {
        self.limits.direction(obligation).is_some()
    }

    /// What a unit counts besides ages.
    pub fn base(&self) -> i64 {
        self.base
    }

    /// The first of the nodes of directions with limits. There are no exits where there are limits.
    fn bundles_from(&self) -> u32 {
        self.parties
    }

    /// What of a solution is about obligations and parties.
    pub fn start_from(&self, solution: Solution) -> Start {
        let Solution { flows: mut amounts, mut potentials } = solution;
        amounts.drain(self.obligations..self.obligations + self.others);
        potentials.truncate(self.parties as usize);
        Start { amounts, potentials }
    }

    /// A start as a solution of the network, which need not be right: other nodes than parties get a potential nearby, and
    /// other arcs than obligations carry what those leave at their ends.
    pub fn start(&self, network: &Network, start: Start) -> Solution {
        let Start { amounts: mut flows, mut potentials } = start;
        potentials.resize(self.parties as usize, 0);
        let (least, most) = spread(&potentials);
        let others = &network.arcs[self.obligations..self.lending.map_or(network.arcs.len(), |arc| arc as usize)];
        potentials.resize(network.nodes as usize, 0);
        for arc in others {
            // Each has a party at one end.
            let (party, node) = (arc.tail.min(arc.head), arc.tail.max(arc.head));
            potentials[node as usize] = potentials[party as usize];
        }

        flows.resize(self.obligations, 0);
        let mut left = network.supplies.clone();
        left.resize(network.nodes as usize, 0);
        for (flow, arc) in flows.iter_mut().zip(&network.arcs) {
            *flow = arc.capacity.min(*flow);
            left[arc.tail as usize] -= i128::from(*flow);
            left[arc.head as usize] += i128::from(*flow);
        }
        for arc in others {
            let (tail, head) = (arc.tail as usize, arc.head as usize);
            // To an exit what its debts take, from a direction's node what its obligations bring.
            let wanted = if head > tail { -left[head] } else { left[tail] };
            let flow = wanted.clamp(0, i128::from(arc.capacity));
            left[tail] -= flow;
            left[head] += flow;
            flows.push(flow as u64);
        }
        if let Some(lending) = self.lending {
            let [deposits, loans] = [network.nodes - 2, network.nodes - 1];
            potentials[deposits as usize] = least;
            potentials[loans as usize] = most;
            let capacity = i128::from(AMOUNT_MAX);
            flows.push(0);
            let mut lent = 0;
            for &left in &left[..self.parties as usize] {
                flows.push((-left).clamp(0, capacity) as u64);
                flows.push(left.clamp(0, capacity) as u64);
                lent += left.max(0);
            }
            let lending = lending as usize;
            flows[lending] = lent.min(i128::from(network.arcs[lending].capacity)) as u64;
        }
        Solution { flows, potentials }
    }

    /// The set-off that a solution is.
    pub fn set_off(&self, obligations: &[Obligation], terms: &Terms, solution: Solution) -> SetOff {
        let Solution { flows: mut amounts, mut potentials } = solution;
        amounts.drain(self.obligations..self.obligations + self.others);
        let nodes = potentials.split_off(self.parties as usize);
        let maxima = terms.maxima.iter().zip(&nodes).map(|(maximum, exit)| {
            let entry = potentials[maximum.party as usize];
            (exit - entry).max(0)
        });
        let weight = |at| self.is_touchable(at).then(|| weight(self.base, terms, at));
        let dual = Dual {
            base: self.base,
            maxima: maxima.collect(),
            limits: self.limits.prices(obligations, weight, &amounts, &potentials, &nodes),
            potentials,
        };
        let mut loans = Vec::new();
        if terms.liquidity.is_some() {
            loans = vec![0; self.parties as usize];
            for (obligation, &amount) in obligations.iter().zip(&amounts) {
                loans[obligation.debtor as usize] += i128::from(amount);
                loans[obligation.creditor as usize] -= i128::from(amount);
            }
        }
        SetOff {
            total: obligations.iter().map(|obligation| u128::from(obligation.amount)).sum(),
            cleared: amounts.iter().map(|&amount| u128::from(amount)).sum(),
            amounts,
            loans,
            dual,
        }
    }
}

/// The least and the greatest potential.
fn spread(potentials: &[i64]) -> (i64, i64) {
    (potentials.iter().copied().min().unwrap_or(0), potentials.iter().copied().max().unwrap_or(0))
}

/// An arc of any capacity, as parallel arcs where it is beyond what one can have.
fn add_wide_arc(network: &mut Network, tail: u32, head: u32, capacity: u128) {
    let mut left = capacity;
    loop {
        let capacity = left.min(u128::from(Network::CAPACITY_MAX)) as u64;
        network.arcs.push(Arc { tail, head, capacity, cost: 0 });
        left -= u128::from(capacity);
        if left == 0 {
            return;
        }
    }
}

/// A failure of the solver in words of set-off.
pub(super) fn in_words_of_set_off(error: FlowError, terms: &Terms, parties: u32) -> SetOffError {
    match error {
        FlowError::Cost { .. } => SetOffError::AgeRange { age: terms.ages.iter().copied().max().unwrap_or(0), parties },
        error => SetOffError::Flow(error),
    }
}
