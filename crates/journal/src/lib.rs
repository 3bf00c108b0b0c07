//! Durable blocks and snapshots: appending with group commit, recovery after a crash at any byte, verification offline.
//!
//! A journal is a directory with a chain of blocks. Block 0 is genesis (the charter); every block's [hash](BlockHash) covers its payload and, through the
//! block before, everything that came earlier. What a payload means is for others to know. `docs/journal-format.md` describes every byte.
//!
//! - [`Journal`] creates, recovers, appends and syncs; [`Writer`] does so on its own thread for many submitters.
//! - [`Reader`] reads beside a live writer, [`verify`] reads everything, both without changing a byte.
//! - [`SnapshotWriter`] and [`Reader::latest_snapshot`] shorten replaying.
//! - [`Disk`] is what all of this asks of a file system.
//!
//! Nothing counts as written before [`Journal::sync`] has returned it, or a submitter's `done` was called with it: from then on it
//! survives, and if it does not, opening and reading say so.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let mut journal = journal::Journal::create(directory.path(), b"the charter")?;
//! journal.append(1, &[b"first ", b"block"])?;
//! let head = journal.sync()?;
//! assert_eq!(head.height, 1);
//!
//! let block = journal.reader().block(1)?;
//! assert_eq!((block.payload.as_slice(), block.hash), (b"first block".as_slice(), head.hash));
//! # Ok(())
//! # }
//! ```

mod disk;
mod error;
mod format;
mod head;
mod journal;
mod names;
mod reader;
mod segment;
mod snapshot;
mod verify;
mod writer;

#[cfg(feature = "simulated-disk")]
pub mod simulated_disk;

pub use disk::{Directory, Disk, DiskFile};
pub use error::{Damage, Error, Fault};
pub use format::{
    ALIGNMENT_BYTES, BlockHash, Head, MAX_PAYLOAD_BYTES, RECORD_HEADER_BYTES, RecordHeader, SnapshotId, VERSION,
    block_hash, parse_record,
};
pub use journal::{Journal, Options, Recovery};
pub use reader::{Block, BlockRef, Blocks, Reader};
pub use snapshot::{Latest, Snapshot, SnapshotWriter};
pub use verify::{Progress, Verified, verify};
pub use writer::{Writer, WriterOptions};
