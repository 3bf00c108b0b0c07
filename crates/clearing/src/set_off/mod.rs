//! The largest set-off: how much of what parties owe each other can be discharged without money, every party's net
//! position unchanged.
//!
//! With `x` set off of each obligation, what a party discharges of its debts must equal what it loses of its claims, so `x`
//! is a circulation, and the largest one is a flow of least cost with a cost of -1 on every arc. [`largest`] finds it,
//! [`Clearing`] finds it again after changes, [`Terms`] hold what users ask for besides, and [`check`] proves a result from
//! the result alone.
//!
//! Cancelling bilateral pairs first is not optimal: with A-B, B-A, B-C and C-A all 1, the triangle clears 3 and the pair 2.

pub mod certificate;
pub mod check;
mod clearing;
mod components;
mod error;
mod limits;
mod model;
mod obligation;
mod result;
mod terms;

pub use clearing::Clearing;
pub use components::components;
pub use error::SetOffError;
pub use obligation::{AMOUNT_MAX, Obligation};
pub use result::{Dual, SetOff, Start};
pub use terms::{BilateralLimit, Maximum, Terms};

/// The largest set-off of these obligations among parties numbered below `parties`, with the proof that it is.
///
/// # Errors
///
/// See [`SetOffError`]. Nothing is ever wrapped or rounded.
pub fn largest(parties: u32, obligations: Vec<Obligation>, terms: Terms) -> Result<SetOff, SetOffError> {
    Clearing::new(parties, obligations, terms)?.solve()
}
