//! Slow but right: to be replaced.

use super::{Arc, FlowError, Network, Solution};

/// Keeps the residual graph between solves.
#[derive(Clone, Debug)]
pub struct Solver {
    network: Network,
    solution: Solution,
}

impl Solver {
    /// Takes a network in.
    ///
    /// # Errors
    ///
    /// See [`FlowError`].
    pub fn new(network: &Network) -> Result<Self, FlowError> {
        let nodes = network.nodes;
        if !network.supplies.is_empty() && network.supplies.len() != nodes as usize {
            return Err(FlowError::Supplies { supplies: network.supplies.len(), nodes });
        }
        for (arc, a) in network.arcs.iter().enumerate() {
            for node in [a.tail, a.head] {
                if node >= nodes {
                    return Err(FlowError::Node { arc, node, nodes });
                }
            }
        }
        Ok(Solver {
            network: network.clone(),
            solution: Solution { flows: vec![0; network.arcs.len()], potentials: vec![0; nodes as usize] },
        })
    }

    /// As [`new`](Self::new), starting from an earlier solution of this network or of one like it.
    ///
    /// # Errors
    ///
    /// See [`FlowError`].
    pub fn from_solution(network: &Network, _start: &Solution) -> Result<Self, FlowError> {
        Self::new(network)
    }

    /// Solves.
    ///
    /// # Errors
    ///
    /// See [`FlowError`].
    pub fn solve(&mut self) -> Result<(), FlowError> {
        let network = &self.network;
        let nodes = network.nodes as usize;
        let mut excess: Vec<i128> = if network.supplies.is_empty() { vec![0; nodes] } else { network.supplies.clone() };
        let mut flows = vec![0u64; network.arcs.len()];
        for (flow, arc) in flows.iter_mut().zip(&network.arcs) {
            if arc.cost < 0 {
                *flow = arc.capacity;
                excess[arc.tail as usize] -= i128::from(arc.capacity);
                excess[arc.head as usize] += i128::from(arc.capacity);
            }
        }
        loop {
            // Distances from all nodes with excess, by Bellman and Ford.
            let mut distance: Vec<Option<i64>> = excess.iter().map(|&e| (e > 0).then_some(0)).collect();
            let mut by: Vec<Option<(usize, bool)>> = vec![None; nodes];
            loop {
                let mut changed = false;
                for (at, arc) in network.arcs.iter().enumerate() {
                    let (tail, head) = (arc.tail as usize, arc.head as usize);
                    if flows[at] < arc.capacity
                        && distance[tail].is_some_and(|d| distance[head].is_none_or(|h| d + arc.cost < h))
                    {
                        distance[head] = distance[tail].map(|d| d + arc.cost);
                        by[head] = Some((at, true));
                        changed = true;
                    }
                    if flows[at] > 0 && distance[head].is_some_and(|d| distance[tail].is_none_or(|h| d - arc.cost < h))
                    {
                        distance[tail] = distance[head].map(|d| d - arc.cost);
                        by[tail] = Some((at, false));
                        changed = true;
                    }
                }
                if !changed {
                    break;
                }
            }
            let Some(end) = (0..nodes).filter(|&n| excess[n] < 0 && distance[n].is_some()).min_by_key(|&n| distance[n])
            else {
                if let Some(node) = (0..nodes).find(|&n| excess[n] > 0) {
                    return Err(FlowError::Infeasible { node: node as u32, amount: excess[node] });
                }
                break;
            };
            let mut amount = -excess[end];
            let mut node = end;
            while let Some((at, forward)) = by[node] {
                let arc = network.arcs[at];
                amount = amount.min(i128::from(if forward { arc.capacity - flows[at] } else { flows[at] }));
                node = if forward { arc.tail } else { arc.head } as usize;
            }
            amount = amount.min(excess[node]);
            excess[node] -= amount;
            excess[end] += amount;
            let mut node = end;
            while let Some((at, forward)) = by[node] {
                let arc = network.arcs[at];
                if forward {
                    flows[at] += amount as u64;
                } else {
                    flows[at] -= amount as u64;
                }
                node = if forward { arc.tail } else { arc.head } as usize;
            }
        }
        let mut potentials = vec![0i64; nodes];
        loop {
            let mut changed = false;
            for (&flow, arc) in flows.iter().zip(&network.arcs) {
                let (tail, head) = (arc.tail as usize, arc.head as usize);
                if flow < arc.capacity && potentials[tail] + arc.cost < potentials[head] {
                    potentials[head] = potentials[tail] + arc.cost;
                    changed = true;
                }
                if flow > 0 && potentials[head] - arc.cost < potentials[tail] {
                    potentials[tail] = potentials[head] - arc.cost;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        self.solution = Solution { flows, potentials };
        Ok(())
    }

    /// The last solution.
    #[must_use]
    pub fn solution(&self) -> Solution {
        self.solution.clone()
    }

    /// Gives an arc another capacity; the next [`solve`](Self::solve) takes it into account.
    pub fn set_capacity(&mut self, arc: u32, capacity: u64) {
        self.network.arcs[arc as usize].capacity = capacity;
    }

    /// Adds an arc and returns its number.
    ///
    /// # Errors
    ///
    /// See [`FlowError`].
    pub fn add_arc(&mut self, arc: Arc) -> Result<u32, FlowError> {
        self.network.arcs.push(arc);
        self.solution.flows.push(0);
        Ok(self.network.arcs.len() as u32 - 1)
    }
}
