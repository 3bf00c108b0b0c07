//! A member's node: it takes signed batches, puts them in order, applies them and makes them durable.
//!
//! ```text
//! batch bytes -> admit (verify) -> queue -> sequencer (block, Union::apply) -> journal -> receipt, events
//! ```
//!
//! [`Node`] is the life of a running node. [`Replay`] goes through a journal's blocks without one: what
//! statements, exports and [`verify`](verify()) are made from. This crate knows nothing of HTTP or files
//! other than the journal; with a single node the order of blocks is the order of arrival.

mod checkpoint;
mod clock;
mod consensus;
mod cycle_flows;
mod durable;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handover;
mod node;
mod publish;
mod receipt;
mod record;
mod recovery;
mod replay;
mod sequencer;
#[cfg(test)]
mod simulation;
mod snapshots;
mod statement;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointError, founding};
pub use clock::Clock;
pub use consensus::{CertificateError, Membership, Nodes, Timing};
pub use cycle_flows::cycle_flows;
pub use error::{NodeError, ReceiptError, SubmitError};
pub use node::{BatchReceipt, Counters, Final, Node, Options, Standing, Ticket};
pub use receipt::{FinalityReceipt, Proved, RECEIPT_BYTES_MAX};
pub use record::Record;
pub use recovery::{Recovered, recover};
pub use replay::{Replay, Step};
pub use statement::{statement, statement_of};
pub use verify::{Progress, Verified, verify};
