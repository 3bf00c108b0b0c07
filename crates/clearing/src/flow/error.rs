//! Why a network has no solution here.

/// Why a network cannot be solved. No solution is ever wrapped or rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// More nodes or arcs than indices of 32 bits can tell apart.
    #[error("the network has {nodes} nodes and {arcs} arcs; at most 2^30 of each can be solved")]
    Size {
        /// Nodes given.
        nodes: usize,
        /// Arcs given.
        arcs: usize,
    },
    /// An arc that begins or ends at no node.
    #[error("arc {arc} begins or ends at node {node}, but the nodes are numbered below {nodes}")]
    Node {
        /// The arc's index.
        arc: usize,
        /// The node it names.
        node: u32,
        /// How many nodes there are.
        nodes: u32,
    },
    /// A capacity beyond [`Network::CAPACITY_MAX`](super::Network::CAPACITY_MAX).
    #[error("arc {arc} has a capacity of {capacity}; at most 2^63 - 1 is allowed")]
    Capacity {
        /// The arc's index.
        arc: usize,
        /// Its capacity.
        capacity: u64,
    },
    /// Costs so large that path costs could leave the range of 64 bits.
    #[error("arc {arc} has a cost of {cost}; in a network of this many nodes at most {most} either way is allowed")]
    Cost {
        /// The arc's index.
        arc: usize,
        /// Its cost.
        cost: i64,
        /// The largest absolute cost allowed.
        most: i64,
    },
    /// Supplies and capacities so large that their sum leaves the range of 128 bits.
    #[error("the supplies of node {node} and the capacities of its arcs sum to more than 2^126")]
    Overflow {
        /// The node's index.
        node: u32,
    },
    /// One supply for each node, or none at all.
    #[error("there are {supplies} supplies for {nodes} nodes: give one for each node, or none")]
    Supplies {
        /// Supplies given.
        supplies: usize,
        /// How many nodes there are.
        nodes: u32,
    },
    /// What some nodes have to send cannot reach the nodes that need it.
    #[error("the supplies cannot be routed: node {node} keeps {amount} that no path takes to where it is needed")]
    Infeasible {
        /// A node that supply comes to, or begins at, and cannot leave.
        node: u32,
        /// How much of it.
        amount: i128,
    },
}
