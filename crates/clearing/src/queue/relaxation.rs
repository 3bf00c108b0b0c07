//! The queue with payments that may be settled in part, as a network flow that can be changed step by step.

use crate::flow::{Arc, Network, Solution};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A way from a node: along an arc, or back against what it carries.
#[derive(Clone, Copy, Debug)]
struct Way {
    from: u32,
    to: u32,
    arc: u32,
    forward: bool,
    /// Of one unit that goes this way.
    cost: i64,
}

/// A flow of largest value, given what is fixed so far, and the potentials that prove it.
#[derive(Clone, Debug)]
pub(super) struct Relaxation {
    arcs: Vec<Arc>,
    /// By node: the ways that leave it.
    ways: Vec<Vec<Way>>,
    flows: Vec<u64>,
    potentials: Vec<i64>,
    /// By arc: whether its flow is fixed.
    fixed: Vec<bool>,
    /// Arcs looked at.
    pub scanned: u64,
    // Kept between searches, so that nothing is allocated in them.
    distance: Vec<(i64, u32)>,
    /// By node: the last way of the path to it.
    by: Vec<Option<Way>>,
    heap: BinaryHeap<Reverse<((i64, u32), u32)>>,
    settled: Vec<u32>,
    payments: usize,
}

const FAR: (i64, u32) = (i64::MAX, u32::MAX);

impl Relaxation {
    /// From the network of [`bound`](super::bound::bound), whose first arcs are `payments` payments and whose last node
    /// stands for balances.
    pub fn new(network: &Network, solution: &Solution, payments: usize) -> Self {
        let nodes = network.nodes as usize;
        let mut ways = vec![Vec::new(); nodes];
        for (at, &Arc { tail, head, cost, .. }) in network.arcs.iter().enumerate() {
            let arc = at as u32;
            ways[tail as usize].push(Way { from: tail, to: head, arc, forward: true, cost });
            ways[head as usize].push(Way { from: head, to: tail, arc, forward: false, cost: -cost });
        }
        Relaxation {
            arcs: network.arcs.clone(),
            ways,
            flows: solution.flows.clone(),
            potentials: solution.potentials.clone(),
            fixed: vec![false; network.arcs.len()],
            scanned: 0,
            distance: vec![FAR; nodes],
            by: vec![None; nodes],
            heap: BinaryHeap::new(),
            settled: Vec::new(),
            payments,
        }
    }

    pub fn capacity(&self, arc: usize) -> u64 {
        self.arcs[arc].capacity
    }

    pub fn flow(&self, arc: usize) -> u64 {
        self.flows[arc]
    }

    /// Whether an arc carries something, but not all that it can.
    pub fn is_partial(&self, arc: usize) -> bool {
        self.flows[arc] > 0 && self.flows[arc] < self.arcs[arc].capacity
    }

    pub fn is_fixed(&self, arc: usize) -> bool {
        self.fixed[arc]
    }

    /// Leaves an arc as it is from now on.
    pub fn leave(&mut self, arc: usize) {
        self.fixed[arc] = true;
    }

    /// Leaves all payments as they are but those settled in part and those chosen.
    pub fn leave_all_but(&mut self, mut chosen: impl FnMut(usize) -> bool) {
        for arc in 0..self.payments {
            self.fixed[arc] |= !self.is_partial(arc) && !chosen(arc);
        }
        let fixed = &self.fixed;
        self.ways.iter_mut().for_each(|ways| ways.retain(|way| !fixed[way.arc as usize]));
    }

    /// Fixes an arc at all that it can carry, of which `loss` does not arrive at `payee`, or at nothing; what that changes
    /// is led another way at the least cost. If there is no other way, returns `false` and changes nothing.
    pub fn try_fix(&mut self, arc: usize, full: bool, loss: u64, payee: u32) -> bool {
        let (flows, potentials) = (self.flows.clone(), self.potentials.clone());
        let hub = self.ways.len() as u32 - 1;
        let Arc { tail, head, capacity, .. } = self.arcs[arc];
        let before = self.flows[arc];
        self.fixed[arc] = true;
        self.flows[arc] = if full { capacity } else { 0 };
        let done = if full {
            self.route(head, tail, capacity - before) && self.route(hub, payee, loss)
        } else {
            self.route(tail, head, before)
        };
        if !done {
            (self.flows, self.potentials) = (flows, potentials);
            self.fixed[arc] = false;
        }
        done
    }

    /// Leads this much from one node to another at the least cost, or as much as can be.
    fn route(&mut self, from: u32, to: u32, mut amount: u64) -> bool {
        while amount > 0 {
            if !self.search(from, to) {
                return false;
            }
            let (mut most, mut node) = (amount, to);
            while let Some(way) = self.by[node as usize].filter(|_| node != from) {
                most = most.min(self.residual(way));
                node = way.from;
            }
            node = to;
            while let Some(way) = self.by[node as usize].filter(|_| node != from) {
                let flow = &mut self.flows[way.arc as usize];
                *flow = if way.forward { *flow + most } else { *flow - most };
                node = way.from;
            }
            amount -= most;
        }
        true
    }

    fn residual(&self, way: Way) -> u64 {
        let flow = self.flows[way.arc as usize];
        if way.forward { self.arcs[way.arc as usize].capacity - flow } else { flow }
    }

    /// Finds the path of least cost; among equals the one that leaves the fewest payments partly settled that were not.
    fn search(&mut self, from: u32, to: u32) -> bool {
        self.distance.fill(FAR);
        self.heap.clear();
        self.settled.clear();
        self.distance[from as usize] = (0, 0);
        self.heap.push(Reverse(((0, 0), from)));
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if distance > self.distance[node as usize] {
                continue;
            }
            self.settled.push(node);
            if node == to {
                break;
            }
            self.scanned += self.ways[node as usize].len() as u64;
            for at in 0..self.ways[node as usize].len() {
                let way = self.ways[node as usize][at];
                let (arc, next) = (way.arc as usize, way.to as usize);
                if self.fixed[arc] || self.residual(way) == 0 {
                    continue;
                }
                let reduced = way.cost + self.potentials[node as usize] - self.potentials[next];
                debug_assert!(reduced >= 0, "the potentials prove the flow");
                let new = arc < self.payments && !self.is_partial(arc);
                let through = (distance.0 + reduced, distance.1 + u32::from(new));
                if through < self.distance[next] {
                    self.distance[next] = through;
                    self.by[next] = Some(way);
                    self.heap.push(Reverse((through, way.to)));
                }
            }
        }
        let (far, _) = self.distance[to as usize];
        if far == i64::MAX {
            return false;
        }
        if far > 0 {
            // Nodes farther than the end count as being as far, so only those nearer move.
            for &node in &self.settled {
                self.potentials[node as usize] += self.distance[node as usize].0 - far;
            }
        }
        true
    }
}
