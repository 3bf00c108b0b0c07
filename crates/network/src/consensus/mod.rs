//! Blocks by consensus among the members' nodes.
//!
//! ```text
//! own gateway -> pool <-> the others (gossip)
//!                  |
//!   leader: makes a block of what waits; the others check it      (leader.rs)
//!                  |
//!   engine: two rounds of votes, and it is final                  (simplex, marshal)
//!                  |
//!   executor: Union::apply, journal, answers                      (executor.rs)
//! ```
//!
//! The engine is bought: `commonware` simplex orders, marshal keeps and delivers final blocks, its authenticated
//! network carries messages. Nothing outside of this module knows of it. A block is proposed on top of blocks that may
//! not be final yet, and nobody applies a block before it is final; so a header names the state of the last block that
//! its leader had applied, and what else a block must satisfy follows from the [`Tip`](union::Tip) before it.

mod candidate;
mod certificate;
mod connections;
mod engine;
mod epochs;
mod executor;
pub(crate) mod gossip;
mod leader;
mod peers;
mod pool;
pub(crate) mod relay;
pub(crate) mod store;
mod tcp;
mod tips;

#[cfg(test)]
pub(crate) use candidate::Candidate;
pub use certificate::{CertificateError, Nodes};
#[cfg(test)]
pub(crate) use engine::{Channels, Engine, Parts};
pub(crate) use pool::{Left, NoPlace, Pool};
#[cfg(test)]
pub(crate) use relay::Relay;
pub use tcp::Membership;
pub(crate) use tcp::{Local, Running, run};

use commonware_consensus::marshal::core::Mailbox;
use commonware_consensus::marshal::standard::Standard;
use commonware_consensus::simplex::scheme::ed25519;
pub(crate) use commonware_cryptography::ed25519::PublicKey;
pub(crate) use commonware_cryptography::sha256::Digest;
use std::time::Duration;

/// Ed25519 signatures one by one, not a shared key: a certificate says who signed.
pub(crate) type Scheme = ed25519::Scheme;

pub(crate) type Marshal = Mailbox<Scheme, Standard<candidate::Candidate>>;

/// How long a node waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// A leader that has nothing to propose proposes an empty block after this time, to show that it is there.
    pub idle: Duration,
    /// A leader from whom nothing came for so long is passed over. More than `idle`.
    pub leader: Duration,
    /// A block that is not agreed on for so long is passed over. More than `leader`.
    pub agreement: Duration,
    /// How far ahead of this node's clock the time of a block may be before it waits with its vote.
    pub clock_skew: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            idle: Duration::from_millis(500),
            leader: Duration::from_secs(1),
            agreement: Duration::from_secs(2),
            clock_skew: Duration::from_millis(500),
        }
    }
}
