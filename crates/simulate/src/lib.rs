//! Scenarios: what a union is to be run through, and the report of what came of it.
//!
//! A [`Scenario`] is read from a file of published yearly figures. [`split()`] turns its figures into dated payments,
//! the same ones for the same seed on every machine. [`customer_detail`] makes up who the customers behind a payment
//! are. [`Founders`] found a union for a scenario and sign its payments, as the members' own offices would. A
//! [`Tally`] collects what a union did, of a scenario or not, and a [`ClearingReport`] is plain data for the outcome,
//! as JSON and as one screen of text; a [`Report`] is that of a scenario.
//!
//! [`simulation::simulate`] runs a union by the rules of a [`preset::Preset`] or a charter through years of [`trade::Trade`], on a
//! virtual clock, and says what came of it.

#![forbid(unsafe_code)]

pub mod detail;
pub mod founders;
pub mod payment;
pub mod preset;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod split;
mod splitmix;
pub mod tally;
pub mod trade;

pub use detail::{CustomerDetail, customer_detail};
pub use founders::{Founders, SealedPayment, SignedDay};
pub use payment::{Kind, Payment, Priority};
pub use report::{Cleared, ClearingReport, CycleReport, MemberName, Netting, Report};
pub use scenario::{Cycle, Scenario, ScenarioError};
pub use split::{SplitError, split};
pub use tally::Tally;
