//! Real `comity` processes on this machine, killed and cut off from each other under load, and what they must come to.
//! For tests and benchmarks; nothing of it is part of a node.
//!
//! | file | holds |
//! | --- | --- |
//! | `group.rs` | the members' processes: found, start, kill, stop |
//! | `links.rs` | what stands between any two of them, and can be cut |
//! | `load.rs` | members that send batches until each is acknowledged |
//! | `faults.rs` | what is done to the processes, from a seed, and how long service takes to come back |
//! | `proof.rs` | that nothing acknowledged was lost and all came to the same |
//! | `rehearsal.rs` | all of it, one after the other, with a report |

mod faults;
mod group;
mod links;
mod load;
mod proof;
mod rehearsal;
mod stop;

pub use faults::{Faults, Recovery};
pub use group::{Group, PASSPHRASE};
pub use load::{Load, Signing};
pub use proof::Proved;
pub use rehearsal::{Rehearsal, Report, Times};
pub use stop::Stop;
