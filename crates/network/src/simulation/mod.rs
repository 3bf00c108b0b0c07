//! The nodes of a union, as they are, on simulated machines.
//!
//! Everything above the runtime is the code that runs in production: [`crate::node::Node`], its pool, leader, relay and
//! executor, the engine, the journal. Below it are the engine's deterministic runtime with virtual time
//! ([`machine`]), disks that tear and fill up ([`journal::simulated_disk`]), a network that loses, doubles, delays and
//! reorders ([`network`]), and up to a third of hostile nodes ([`adversary`]). A seed decides everything ([`plan`]): the
//! same seed is the same run, step by step.
//!
//! A run is a storm of faults, then calm, in which only hostile nodes go on as they were ([`run`]). What must hold
//! ([`invariants`]):
//!
//! - **Agreement** (P3, P8): at each height all honest nodes come to the same block and the same state.
//! - **Conservation and limits** (P4): after each block all books sum to zero, and every account is within its limits.
//! - **Nothing lost** (P10): a receipt that a node gave is on that node's disk after every crash, and at the end, when all have
//!   lost power, on the disk of every honest node.
//! - **Progress** (P6): when the faults end, every order that waits is final within `SETTLED_WITHIN`.
//! - **No censorship** (P7): in the calm, once each node has had its turn since the faults ended, a batch is final in one of the `f + 1` views (`2f + 1` where an epoch ends among them) after the last one that had begun when all
//!   honest nodes had it in their pools, with those of its member that come before it, where `f` is the number of hostile nodes that the union withstands. The rule holds
//!   because leaders take turns: of any `f + 1` views in a row of an epoch one has an honest leader, and of any `2f + 1` where an epoch ends among them. It began its turn after it had the
//!   batch, so its block, or one that it builds on, holds the batch; and in calm an honest leader's block becomes final. A
//!   view has begun, for this rule, when an honest node was asked to lead in it or to check its block. The rule needs that
//!   what waits fits into one block. Nobody can pass over a batch for ever by putting a later one of its member into a block: that block
//!   would be invalid. An honest member never has to sign a batch again.
//! - **A node that fails says so**: it ends by itself only when its disk fails or it is told to stop, and then takes nothing more.
//! - **Honest nodes stay connected**: none refuses to hear another.

mod adversary;
mod client;
mod injected;
mod invariants;
mod machine;
mod network;
mod panics;
mod payments;
mod plan;
mod relay;
mod report;
mod run;
mod seat;
mod store;
mod tests;

pub(crate) use injected::{Bug, Injected};
pub(crate) use payments::{Payer, charter, public_keys};
