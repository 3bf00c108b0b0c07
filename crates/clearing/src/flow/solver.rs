//! The primal-dual method, in stages of finer and finer costs.

use super::costs::{Cost, Each, Same};
use super::distances::Distances;
use super::near::{Balance, Near};
use super::residual::Residual;
use super::tight::Tight;
use super::{Arc, FlowError, Network, Solution};

/// Keeps flow, potentials and the residual graph, so that what changes little is solved again quickly.
///
/// Between solves every arc is as its reduced cost says (empty above zero, full below), and only the balance of nodes may
/// be off. Balancing moves potentials so that every excess has a path of tight arcs to a deficit, then pushes along
/// tight arcs, and so on until nothing is left (primal-dual method, Ford and Fulkerson 1957): distances are small, so
/// this takes few phases. While much is left a phase looks at the whole graph; the rest is balanced on trees
/// (`near.rs`).
///
/// Costs are taken in bit by bit, the highest first (scaling, Edmonds and Karp 1972): twice the potentials of a coarser
/// cost are nearly right for a finer one. Costs of one size, as in a plain set-off, need one stage.
///
/// ```
/// use clearing::flow::{Arc, Network, Solver};
/// // A ring of three that can carry 5, and a pair that can carry 3; a unit on any arc is worth 1.
/// let arc = |tail, head, capacity| Arc { tail, head, capacity, cost: -1 };
/// let arcs = vec![arc(0, 1, 5), arc(1, 2, 8), arc(2, 0, 5), arc(2, 1, 4)];
/// let mut solver = Solver::new(&Network { nodes: 3, supplies: vec![], arcs })?;
/// solver.solve()?;
/// assert_eq!(solver.solution().flows, [5, 8, 5, 3]);
/// solver.set_capacity(3, 1)?;
/// solver.solve()?;
/// assert_eq!(solver.solution().flows, [5, 6, 5, 1]);
/// # Ok::<(), clearing::flow::FlowError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Solver {
    graph: Residual,
    /// By arc.
    costs: Vec<i64>,
    /// By arc.
    capacities: Vec<u64>,
    /// The largest absolute cost that was allowed for.
    cost_most: i64,
    /// By node of the graph: what it has more than it sends.
    excess: Vec<i128>,
    potentials: Vec<i64>,
    /// Bits of the costs that are still to be taken in: the costs in force are `cost >> shift`.
    shift: u32,
    /// Whether flows are as the reduced costs say.
    is_placed: bool,
    /// Whether this is an earlier solution with changes.
    is_solved: bool,
    search: Search,
}

/// Memory of the searches.
#[derive(Clone, Debug, Default)]
struct Search {
    distances: Distances,
    tight: Tight,
    near: Near,
    /// Whether what it has kept is not right any more.
    is_stale: bool,
}

impl Solver {
    /// A network to be solved from nothing.
    ///
    /// # Errors
    ///
    /// Any of [`FlowError`] but [`FlowError::Infeasible`].
    pub fn new(network: &Network) -> Result<Self, FlowError> {
        let nodes = network.nodes as usize;
        if !network.supplies.is_empty() && network.supplies.len() != nodes {
            return Err(FlowError::Supplies { supplies: network.supplies.len(), nodes: network.nodes });
        }
        let graph = Residual::new(network)?;
        let cost_most = cost_most(nodes);
        let mut largest = 0;
        for (arc, &Arc { cost, .. }) in network.arcs.iter().enumerate() {
            check_cost(arc, cost, cost_most)?;
            largest = largest.max(cost.abs());
        }
        let excess = first_excess(network, &graph)?;
        Ok(Solver {
            costs: network.arcs.iter().map(|arc| arc.cost).collect(),
            capacities: network.arcs.iter().map(|arc| arc.capacity).collect(),
            cost_most,
            excess,
            potentials: vec![0; nodes],
            shift: i64::BITS - 1 - largest.leading_zeros().min(i64::BITS - 1),
            is_placed: true,
            is_solved: false,
            graph,
            search: Search::default(),
        })
    }

    /// A network to be solved from an earlier solution of it, or of one that is much like it. Flows and potentials that
    /// the earlier one does not have are taken as zero; whatever it says, the result is right.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_solution(network: &Network, start: &Solution) -> Result<Self, FlowError> {
        let mut solver = Self::new(network)?;
        let range = solver.potential_most();
        for (&number, &potential) in solver.graph.numbers.iter().zip(&start.potentials) {
            solver.potentials[number as usize] = potential.clamp(-range, range);
        }
        for (arc, &flow) in start.flows.iter().enumerate().take(solver.costs.len()) {
            solver.set_flow(arc, flow.min(solver.capacities[arc]));
        }
        (solver.shift, solver.is_placed, solver.is_solved) = (0, false, true);
        Ok(solver)
    }

    /// Finds a flow of least cost.
    ///
    /// # Errors
    ///
    /// [`FlowError::Infeasible`]; what could be routed is, and the solver can be changed and asked again.
    pub fn solve(&mut self) -> Result<(), FlowError> {
        loop {
            let costs = self.costs_by_half();
            match &costs {
                Costs::Same(cost) => self.solve_stage(Same(*cost))?,
                Costs::Each(costs) => self.solve_stage(Each(costs))?,
            }
            if self.shift == 0 {
                self.is_solved = true;
                return Ok(());
            }
            self.shift -= 1;
            for potential in &mut self.potentials {
                *potential *= 2;
            }
            self.is_placed = false;
            self.search.is_stale = true;
        }
    }

    fn solve_stage(&mut self, cost: impl Cost) -> Result<(), FlowError> {
        if !self.is_placed {
            for arc in 0..self.costs.len() {
                self.place(arc);
            }
            self.is_placed = true;
        }
        // From nothing nearly all nodes are out of balance, and in few places to the last; after a change it is the
        // other way round. The figures are from measurements at 10^4 and 10^5 nodes.
        let few = self.graph.nodes().div_ceil(if self.is_solved { 10 } else { 2_000 });
        let Solver { graph, excess, potentials, search, .. } = self;
        let imbalanced = search.balance(graph, cost, excess, potentials, few);
        imbalanced.map_or(Ok(()), |number| {
            let node = self.graph.numbers.iter().position(|&n| n as usize == number).expect("every number is a node's");
            Err(FlowError::Infeasible { node: node as u32, amount: self.excess[number] })
        })
    }

    /// The solution, as it was after the last [`solve`](Self::solve).
    #[must_use]
    pub fn solution(&self) -> Solution {
        Solution {
            flows: (0..self.costs.len()).map(|arc| self.graph.flow(arc)).collect(),
            potentials: self.graph.numbers.iter().map(|&number| self.potentials[number as usize]).collect(),
        }
    }

    /// What an arc carries.
    #[must_use]
    pub fn flow(&self, arc: u32) -> u64 {
        self.graph.flow(arc as usize)
    }

    /// Gives an arc another capacity, at most [`Network::CAPACITY_MAX`], for the next [`solve`](Self::solve). A capacity
    /// of zero removes it.
    ///
    /// # Errors
    ///
    /// [`FlowError::Capacity`].
    pub fn set_capacity(&mut self, arc: u32, capacity: u64) -> Result<(), FlowError> {
        let arc = arc as usize;
        if capacity > Network::CAPACITY_MAX {
            return Err(FlowError::Capacity { arc, capacity });
        }
        let flow = self.graph.flow(arc).min(capacity);
        self.set_flow_and_capacity(arc, flow, capacity);
        if self.is_placed {
            self.place(arc);
        }
        Ok(())
    }

    /// Adds an arc for the next [`solve`](Self::solve), and returns its number.
    ///
    /// # Errors
    ///
    /// [`FlowError::Node`], [`FlowError::Capacity`], [`FlowError::Cost`] or [`FlowError::Size`]; nothing is added.
    pub fn add_arc(&mut self, arc: Arc) -> Result<u32, FlowError> {
        check_cost(self.costs.len(), arc.cost, self.cost_most)?;
        let at = self.graph.add(&arc)?;
        self.costs.push(arc.cost);
        self.capacities.push(arc.capacity);
        if arc.cost < 0 {
            let [tail, head] = [arc.tail, arc.head].map(|node| self.graph.numbers[node as usize] as usize);
            self.excess[tail] -= i128::from(arc.capacity);
            self.excess[head] += i128::from(arc.capacity);
        }
        self.search.is_stale = true;
        if self.is_placed {
            self.place(at as usize);
        }
        Ok(at)
    }

    /// Makes an arc's flow follow from its reduced cost: none above zero, all below.
    fn place(&mut self, arc: usize) {
        let half = self.graph.forward(arc);
        let (tail, head) = (self.graph.halves.from(half), self.graph.halves.heads[half].to());
        let reduced = (self.costs[arc] >> self.shift) + self.potentials[tail] - self.potentials[head];
        match reduced.signum() {
            1 => self.set_flow(arc, 0),
            -1 => self.set_flow(arc, self.capacities[arc]),
            _ => {}
        }
    }

    fn set_flow(&mut self, arc: usize, flow: u64) {
        if flow != self.graph.flow(arc) {
            self.set_flow_and_capacity(arc, flow, self.capacities[arc]);
        }
    }

    fn set_flow_and_capacity(&mut self, arc: usize, flow: u64, capacity: u64) {
        let half = self.graph.forward(arc);
        let (tail, head) = (self.graph.halves.from(half), self.graph.halves.heads[half].to());
        let more = i128::from(flow) - i128::from(self.graph.flow(arc));
        self.excess[tail] -= more;
        self.excess[head] += more;
        self.graph.set_flow(arc, flow, capacity - flow);
        self.capacities[arc] = capacity;
    }

    /// The costs in force.
    fn costs_by_half(&self) -> Costs {
        let first = self.costs.first().copied().unwrap_or_default();
        if self.shift == 0 && self.costs.iter().all(|&cost| cost == first) {
            return Costs::Same(first);
        }
        let mut costs = vec![0; self.graph.halves.heads.len()];
        for (arc, &cost) in self.costs.iter().enumerate() {
            let half = self.graph.forward(arc);
            costs[half] = cost >> self.shift;
            costs[self.graph.halves.partners[half] as usize] = -(cost >> self.shift);
        }
        Costs::Each(costs)
    }

    /// No potential of a solution needs to be farther from zero than a path's cost.
    fn potential_most(&self) -> i64 {
        self.cost_most * (self.potentials.len() as i64 + 1)
    }
}

/// The costs in force: one for all arcs, or one for each half.
enum Costs {
    Same(i64),
    Each(Vec<i64>),
}

impl Search {
    /// Balances all nodes. Returns one whose excess or deficit cannot be balanced, if there is one.
    ///
    /// While more than `few` nodes have an excess, looking at the whole graph at once is quicker than looking around them.
    fn balance(
        &mut self,
        graph: &mut Residual,
        cost: impl Cost,
        excess: &mut [i128],
        potentials: &mut [i64],
        mut few: usize,
    ) -> Option<usize> {
        let work_most = WORK_PER_HALF * graph.halves.heads.len() as u64;
        loop {
            let count = excess.iter().filter(|&&excess| excess > 0).count();
            if count == 0 {
                return excess.iter().position(|&excess| excess != 0);
            }
            if count <= few {
                if self.balance_near(graph, cost, excess, potentials, work_most) {
                    return excess.iter().position(|&excess| excess != 0);
                }
                few /= 2; // so that it comes to an end, whatever the trees do
            }
            if let Some(unreached) = self.distances.make_paths_tight(graph, cost, excess, potentials) {
                return Some(unreached);
            }
            self.tight.push_all(graph, cost, potentials, excess);
            self.is_stale = true;
        }
    }

    /// Balances on trees. Returns false if it gave up; if not, nothing is left that can be balanced.
    fn balance_near(
        &mut self,
        graph: &mut Residual,
        cost: impl Cost,
        excess: &mut [i128],
        potentials: &mut [i64],
        work_most: u64,
    ) -> bool {
        if std::mem::take(&mut self.is_stale) {
            self.near.forget();
        }
        self.near.balance(&mut Balance { graph, cost, excess, potentials }, work_most)
    }
}

/// What looking around nodes may look at before the whole graph is looked at again: each half so many times.
const WORK_PER_HALF: u64 = 16;

/// The largest absolute cost in a network of so many nodes: a path and twice its potentials stay far inside 64 bits.
fn cost_most(nodes: usize) -> i64 {
    (1 << 58) / (nodes as i64 + 2)
}

fn check_cost(arc: usize, cost: i64, most: i64) -> Result<(), FlowError> {
    if cost < -most || cost > most { Err(FlowError::Cost { arc, cost, most }) } else { Ok(()) }
}

/// By node of the graph, the supplies and what the arcs of cost below zero bring, which are full at first.
fn first_excess(network: &Network, graph: &Residual) -> Result<Vec<i128>, FlowError> {
    let mut excess = vec![0_i128; network.nodes as usize];
    for (node, &supply) in network.supplies.iter().enumerate() {
        // At most 2^30 halves of 2^63 each end at a node.
        if supply.unsigned_abs() > 1 << 125 {
            return Err(FlowError::Overflow { node: node as u32 });
        }
        excess[graph.numbers[node] as usize] = supply;
    }
    for arc in network.arcs.iter().filter(|arc| arc.cost < 0) {
        excess[graph.numbers[arc.tail as usize] as usize] -= i128::from(arc.capacity);
        excess[graph.numbers[arc.head as usize] as usize] += i128::from(arc.capacity);
    }
    Ok(excess)
}
