//! Scenarios: what a union is to be run through, and the report of what came of it.
//!
//! A [`Scenario`] is read from a file of published yearly figures. [`split()`] turns its figures into dated payments, the
//! same ones for the same seed on every machine. [`customer_detail`] makes up who the customers behind a payment are.
//! A [`Report`] is plain data for the outcome, as JSON and as one screen of text.

#![forbid(unsafe_code)]

pub mod detail;
pub mod payment;
pub mod report;
pub mod scenario;
pub mod split;
mod splitmix;

pub use detail::{CustomerDetail, customer_detail};
pub use payment::{Kind, Payment, Priority};
pub use report::{CycleReport, Figures, MemberPosition, Report};
pub use scenario::{Cycle, Scenario, ScenarioError};
pub use split::{SplitError, split};
