//! Settlement of queued payments: which of them can be settled at once, so that nobody ends beyond a limit.
//!
//! Choosing the set with the largest value is the *bank clearing problem* (Güntzer, Jungnickel and Leclerc, 1998), NP-hard.
//! Operators of gross settlement systems use a ladder of simpler algorithms, from first-in-first-out to multilateral
//! netting with removal; all of them are here ([`Algorithm`]), and on top an optimiser that is never worse than any of
//! them. Whatever the algorithm, [`resolve`] says what was settled, what was tried, and an upper bound on the value that
//! any algorithm could have settled, so that the gap is known.
//!
//! Amounts are whole minor units of the unit of account, but for those of [side accounts](SideAccount). What a set does is
//! judged by where it ends, not by an order in which its payments might be made: settlement is simultaneous.

mod bound;
mod check;
mod dive;
mod instance;
mod problem;
mod random;
mod relaxation;
mod repair;
mod resolution;
mod rungs;
mod search;
mod selection;

pub use instance::{BilateralLimit, Class, Instance, InstanceError, Party, Payment, SideAccount};
pub use resolution::{Algorithm, Resolution, Rung, Step, resolve};
