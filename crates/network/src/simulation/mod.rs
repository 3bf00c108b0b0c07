//! The nodes of a union, as they are, on simulated machines.

mod adversary;
mod client;
mod injected;
mod invariants;
mod machine;
mod network;
mod panics;
mod payments;
mod plan;
mod report;
mod run;
mod seat;

pub(crate) use injected::{Bug, Injected};

mod tests;
