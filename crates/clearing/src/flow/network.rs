//! The problem and its solution.

/// A directed arc. Parallel arcs and arcs in both directions are fine; one from a node to itself as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arc {
    /// Node that it leaves.
    pub tail: u32,
    /// Node that it enters.
    pub head: u32,
    /// The most that it carries, at most [`Network::CAPACITY_MAX`].
    pub capacity: u64,
    /// Cost of one unit of flow; negative where flow is wanted.
    pub cost: i64,
}

/// Nodes, what they have to send, and arcs that carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// How many nodes there are, numbered from zero.
    pub nodes: u32,
    /// By node: what leaves it in all, less what comes in. Empty for zero everywhere (a circulation).
    pub supplies: Vec<i128>,
    /// The arcs, numbered from zero.
    pub arcs: Vec<Arc>,
}

impl Network {
    /// The largest capacity.
    pub const CAPACITY_MAX: u64 = i64::MAX as u64;
}

/// A flow of least cost and the potentials that prove it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solution {
    /// By arc: what it carries.
    pub flows: Vec<u64>,
    /// By node: `cost + potential[tail] - potential[head]` is at least zero where an arc carries less than its capacity
    /// and at most zero where it carries anything.
    pub potentials: Vec<i64>,
}
