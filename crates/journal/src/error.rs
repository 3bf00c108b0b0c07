//! What can go wrong, with the place where it did.

use crate::format::Head;
use std::fmt;
use std::sync::Arc;

/// Why an operation on a journal failed. Cheap to clone: a writer that failed gives the same error to everyone who waits.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The operating system refused an operation.
    #[error("cannot {action} {file}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or directory.
        file: String,
        /// The system's reason.
        source: Arc<std::io::Error>,
    },
    /// Bytes that were durable are not what they were.
    #[error("corruption: {0}. Nothing was changed; restore this file from a copy")]
    Corrupt(Fault),
    /// The journal is sound but ends before a block that had been acknowledged.
    #[error(
        "{place}: block {} was acknowledged, but the journal ends at block {found}. Restore the missing blocks from a copy; or remove the \
         file `head` to accept the loss, and fetch them from the other members",
        acknowledged.height
    )]
    Lost {
        /// The journal's directory.
        place: String,
        /// What was acknowledged.
        acknowledged: Head,
        /// The last height that is there.
        found: u64,
    },
    /// Another writer has the journal open.
    #[error("{place} is in use by another writer; stop it first (reading needs no lock)")]
    Locked {
        /// The journal's directory.
        place: String,
    },
    /// There is no journal here.
    #[error("{place} holds no journal (there is no `{missing}`); create one first, or check the path")]
    Missing {
        /// The directory.
        place: String,
        /// The file that would begin the journal.
        missing: String,
    },
    /// A journal cannot be created where one exists.
    #[error("{place} already holds a journal (`{file}`); open it, or choose an empty directory")]
    Exists {
        /// The directory.
        place: String,
        /// A file of the journal that is there.
        file: String,
    },
    /// The file was written by a later version of this software.
    #[error(
        "{file} has format version {version}, and this software reads version {}; use the version that wrote it",
        crate::format::VERSION
    )]
    Version {
        /// The file.
        file: String,
        /// The version it states.
        version: u32,
    },
    /// Blocks are appended one height after the other.
    #[error("block {height} cannot be appended: the next height is {expected}")]
    OutOfOrder {
        /// The height that was offered.
        height: u64,
        /// The height that is next.
        expected: u64,
    },
    /// The payload exceeds [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES).
    #[error(
        "the payload of block {height} has {bytes} bytes; at most {} are allowed",
        crate::format::MAX_PAYLOAD_BYTES
    )]
    TooLarge {
        /// The height of the block.
        height: u64,
        /// The length of its payload.
        bytes: u64,
    },
    /// There is no such block in the journal.
    #[error("there is no block {height} in {place}")]
    NoBlock {
        /// The height that was asked for.
        height: u64,
        /// The journal's directory.
        place: String,
    },
    /// An earlier failure stopped the writer; what it had not acknowledged may or may not be there.
    #[error("the journal stopped writing after a failure ({0}); reopen it to recover")]
    Stopped(Arc<Error>),
    /// The writer was closed.
    #[error("the writer is closed")]
    Closed,
    /// The journal holds the block as it was written, and the reader of the payload does not accept it.
    #[error("block {height} ({file}, offset {offset}): {reason}")]
    Refused {
        /// The height of the block.
        height: u64,
        /// The segment.
        file: String,
        /// Where its record begins, in bytes.
        offset: u64,
        /// The reason that was given.
        reason: String,
    },
    /// A snapshot may only describe blocks that are durable.
    #[error("a snapshot at block {height} was refused: the last durable block is {durable}")]
    TooEarly {
        /// The height of the snapshot.
        height: u64,
        /// The last durable height.
        durable: u64,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, file: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { action, file, source: Arc::new(source) }
    }

    /// The first cause, behind any [`Error::Stopped`].
    #[must_use]
    pub fn cause(&self) -> &Self {
        match self {
            Self::Stopped(cause) => cause.cause(),
            other => other,
        }
    }
}

/// Where bytes are wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// Where in the file the damaged record or header begins, in bytes.
    pub offset: u64,
    /// The height of the damaged block, or for a header of the first block that it concerns.
    pub height: u64,
    /// What is wrong.
    pub damage: Damage,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, offset {}, block {}: {}", self.file, self.offset, self.height, self.damage)
    }
}

/// How bytes can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file ends within a header or payload.
    #[error("{missing} bytes are missing at the end of the file")]
    Truncated {
        /// How many.
        missing: u64,
    },
    /// The first bytes are not those that every such header begins with.
    #[error("there is no {0} header here")]
    Magic(&'static str),
    /// The header does not match its checksum.
    #[error("the checksum of the header is wrong")]
    HeaderChecksum,
    /// A field that is always zero is not.
    #[error("bytes that must be zero are not")]
    NotZero,
    /// The length exceeds what is allowed.
    #[error("the length {0} exceeds what is allowed")]
    Length(u64),
    /// The payload, or body, does not match its checksum.
    #[error("the checksum of the content is wrong")]
    ContentChecksum,
    /// The record is whole, but belongs to another height.
    #[error("the record says that it is block {0}")]
    Height(u64),
    /// The record claims more durable blocks than could have been.
    #[error("the record says that {0} blocks were durable before it")]
    DurableBlocks(u64),
    /// The record is whole, but does not continue the chain.
    #[error("the hash does not follow from the block before and the payload")]
    Chain,
    /// The file ends, or is not there, and a later segment shows that there was more.
    #[error("the blocks from here up to the segment {0} are missing")]
    MissingBlocks(String),
    /// The block is not the one that was acknowledged.
    #[error("this is not the block that `head` names")]
    Acknowledged,
}
