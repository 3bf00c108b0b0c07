//! What can go wrong in a node.

use crate::checkpoint::CheckpointError;
use crate::consensus::CertificateError;
use std::path::PathBuf;
use union::{BatchError, BlockError, BlockFormatError, FoundingError, OrderProofError, SnapshotError};

/// Why a node cannot be opened, or its journal not read.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The journal: damaged, locked, or its disk failing.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The journal does not begin with a charter that this software applies and all founders signed.
    #[error("{directory}: what the journal begins with: {error}")]
    Founding {
        /// Where the journal is.
        directory: PathBuf,
        /// What is wrong with it.
        error: FoundingError,
    },
    /// A block in the journal is not one.
    #[error("block {height}: {error}")]
    Format {
        /// Its height.
        height: u64,
        /// What is wrong with it.
        error: BlockFormatError,
    },
    /// A block in the journal does not follow.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A block led to another state than when it was written.
    #[error("block {height} led to state {got}, but the journal says {want}: written by other software, or changed")]
    State {
        /// Its height.
        height: u64,
        /// The state hash that applying it gave, hexadecimal.
        got: String,
        /// The state hash in the journal, hexadecimal.
        want: String,
    },
    /// A block's certificate does not make it final.
    #[error("block {height}: {error}")]
    Certificate {
        /// Its height.
        height: u64,
        /// What is wrong with the certificate.
        error: CertificateError,
    },
    /// A snapshot is damaged.
    #[error("the snapshot at block {height}: {error}")]
    Snapshot {
        /// Its height.
        height: u64,
        /// What is wrong with it.
        error: SnapshotError,
    },
    /// What a journal begins with, or is to begin with, is not in order.
    #[error("{place}: {error}")]
    Checkpoint {
        /// The journal's directory, or the checkpoint's file.
        place: PathBuf,
        /// What is wrong with it.
        error: CheckpointError,
    },
    /// The node cannot take its place among the others.
    #[error("{0}")]
    Membership(String),
    /// The orders that settled in a cycle are not those that it closed with.
    #[error(
        "cycle {cycle} closed with a gross of {want} minor units, but its orders come to {got}: written by other software, or changed"
    )]
    Flows {
        /// The cycle.
        cycle: u32,
        /// What its orders come to, in minor units of the unit of account.
        got: u128,
        /// What it closed with, likewise.
        want: u128,
    },
    /// A statement, or the flows of a cycle, were asked for a time that the union or its journal does not know.
    #[error("{0}")]
    Period(String),
    /// The system gave no thread or no randomness.
    #[error("{0}")]
    System(String),
}

/// Why a receipt of finality proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not the bytes of a receipt.
    #[error("not a receipt: {0}")]
    Format(&'static str),
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] OrderProofError),
    /// The block that it is under is not certified.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Why a batch was not taken. Nothing in it was applied, except where the text says that this is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It is not a batch that this union takes.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// More is waiting than the node takes on.
    #[error("the node has as many batches waiting as it takes; nothing was done, send it again in a second")]
    Busy,
    /// The node is shutting down.
    #[error("the node is shutting down; nothing was done")]
    Stopping,
    /// The node failed or stopped while the batch was on its way.
    #[error("not known: {0}; ask for the orders again when the node is back")]
    Unknown(String),
}
