//! Reading everything, to prove that it is what was written.

use crate::error::Error;
use crate::format::Head;
use crate::reader::Reader;
use crate::snapshot;

/// How far verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Blocks that were read.
    pub blocks: u64,
    /// Blocks that there are at least, as far as was known at the beginning.
    pub of_blocks: u64,
    /// Bytes of payload that were read.
    pub payload_bytes: u64,
}

/// What a journal without fault holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last block. Compare it with what others hold: a journal that was cut at a block, and its `head` removed, is a valid shorter one.
    pub head: Head,
    /// The number of blocks, with the one that it begins with.
    pub blocks: u64,
    /// The height of the first of them, 0 for genesis.
    pub begins: u64,
    /// The bytes of all payloads.
    pub payload_bytes: u64,
    /// Bytes at the end of blocks that were being written and never acknowledged; not a fault.
    pub torn_bytes: u64,
    /// What was last acknowledged, as far as the file `head` knows; `None` if it is missing or was interrupted.
    pub acknowledged: Option<Head>,
    /// The heights of the snapshots, all whole, and each of a block with the hash that it names.
    pub snapshots: Vec<u64>,
}

/// Reads every block from the beginning, gives it to `on_block`, then reads every snapshot, and stops at the first fault.
///
/// # Errors
///
/// [`Error::Corrupt`] with file, offset, height and reason; [`Error::Lost`]; [`Error::Refused`] with what `on_block` returned; [`Error::Io`].
pub fn verify(
    reader: &Reader,
    mut on_block: impl FnMut(u64, &[u8]) -> Result<(), String>,
    mut on_progress: impl FnMut(Progress),
) -> Result<Verified, Error> {
    let (acknowledged, begins) = (reader.acknowledged()?, reader.begins()?);
    let mut progress = Progress {
        blocks: 0,
        of_blocks: acknowledged.map_or(0, |head| (head.height.saturating_add(1)).saturating_sub(begins)),
        payload_bytes: 0,
    };
    let snapshots = snapshot::check_all(reader.disk())?;
    let mut waiting = snapshots.iter().peekable();

    let mut blocks = reader.blocks(begins)?;
    while let Some(block) = blocks.next_block()? {
        on_block(block.height, block.payload).map_err(|reason| Error::Refused {
            height: block.height,
            file: block.file.to_owned(),
            offset: block.offset,
            reason,
        })?;
        if let Some(head) = waiting.next_if(|head| head.height == block.height)
            && head.hash != block.hash
        {
            return Err(snapshot::of_another_block(head.height));
        }
        progress.blocks += 1;
        progress.payload_bytes += block.payload.len() as u64;
        progress.of_blocks = progress.of_blocks.max(progress.blocks);
        on_progress(progress);
    }
    if let Some(head) = waiting.next() {
        return Err(snapshot::of_another_block(head.height));
    }
    Ok(Verified {
        head: blocks.head().expect("reading fails without a beginning"),
        blocks: progress.blocks,
        begins,
        payload_bytes: progress.payload_bytes,
        torn_bytes: blocks.rest_bytes()?,
        acknowledged,
        snapshots: snapshots.iter().map(|head| head.height).collect(),
    })
}
