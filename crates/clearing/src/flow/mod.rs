//! Minimum-cost flows: the one optimisation problem behind set-off, liquidity and the bounds of queue settlement.
//!
//! A [`Network`] has nodes with supplies and arcs with capacities and costs. A [`Solution`] is a flow of least cost
//! together with its *dual*, a potential for every node, which proves that no flow costs less: with the reduced cost
//! `cost + potential[tail] - potential[head]`, every arc that could carry more has none below zero, and every arc that
//! carries anything has none above zero.

mod costs;
mod distances;
mod error;
mod forest;
mod near;
mod network;
mod residual;
mod solver;
mod tight;
mod tight_lists;

pub use error::FlowError;
pub use network::{Arc, Network, Solution};
pub use solver::Solver;

/// A flow of least cost and the potentials that prove it.
///
/// # Errors
///
/// See [`FlowError`].
pub fn minimum_cost(network: &Network) -> Result<Solution, FlowError> {
    let mut solver = Solver::new(network)?;
    solver.solve()?;
    Ok(solver.solution())
}
