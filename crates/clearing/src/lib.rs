//! Pure clearing algorithms: what parties owe each other, what is left of it after netting, and who pays whom to settle
//! the rest.
//!
//! Nothing here knows a currency, a clock or a file. Parties are indices from zero, amounts are whole minor units of one
//! currency, and the same input gives the same output on every machine.

#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

pub mod concentration;
pub mod flow;
pub mod legs;
pub mod liquidity;
pub mod novation;
pub mod positions;
pub mod queue;
mod ratio;
pub mod set_off;

pub use concentration::{Concentration, Part};
pub use legs::{Leg, SettlementPlan, settlement_legs};
pub use liquidity::{Liquidity, Savings, SavingsError};
pub use novation::{Novation, Standing};
pub use positions::{BilateralPosition, FlowError, Flows};
pub use ratio::Ratio;
