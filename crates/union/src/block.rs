//! Blocks: the order of everything, and the only clock.

use crate::batch::{Batch, BatchError};
use crate::merkle;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The longest block, in bytes, header included.
pub const BLOCK_BYTES_MAX: usize = 16 << 20;

/// The most batches in a block.
pub const BLOCK_BATCHES_MAX: usize = 4_096;

const MAGIC: [u8; 8] = *b"COMITYK2";

/// The first 128 bytes of a block, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct BlockHeader {
    magic: [u8; 8],
    /// 1 for the first block after the charter, then one more a block.
    pub height: u64,
    /// Unix milliseconds, never less than the parent's: the only time there is.
    pub time_ms: u64,
    /// Number of batches, which may be none: such a block only moves the clock.
    pub batches: u32,
    /// How many blocks the named state is behind that of the parent: 0 where whoever made the block had executed the parent. A
    /// block is made on top of blocks that are not final yet, and only final ones are executed.
    pub state_behind: u32,
    /// Hash of the parent block; the charter's hash for the first.
    pub parent: Hash,
    /// State hash after the block at [`state_height`](BlockHeader::state_height), or at the foundation for 0.
    pub state: Hash,
    /// Merkle root (RFC 6962) over the batches' ids, see [`Batch::id`].
    pub content: Hash,
}

/// Bytes of a block's header.
pub const BLOCK_HEADER_BYTES: usize = 128;

const _: () = assert!(size_of::<BlockHeader>() == BLOCK_HEADER_BYTES);

impl BlockHeader {
    /// The block's hash: SHA-256 over its header, which binds the batches.
    pub fn hash(&self) -> Hash {
        Sha256::digest(bytemuck::bytes_of(self)).into()
    }

    /// The height after which the block names the state: `height - 1 - state_behind`. `None` where there is none.
    pub fn state_height(&self) -> Option<u64> {
        self.height.checked_sub(1)?.checked_sub(self.state_behind.into())
    }

    /// Whether these are the ids of the block's batches, in their order.
    pub fn names(&self, ids: &[Hash]) -> bool {
        ids.len() == self.batches as usize && content(ids.iter().copied()) == self.content
    }

    /// Reads a header strictly. Whether it follows another is for [`crate::Tip::check`] to say.
    pub fn decode(bytes: &[u8; BLOCK_HEADER_BYTES]) -> Result<BlockHeader, BlockFormatError> {
        let header: BlockHeader = bytemuck::pod_read_unaligned(bytes);
        if header.magic != MAGIC || header.batches as usize > BLOCK_BATCHES_MAX || header.state_height().is_none() {
            return Err(BlockFormatError::Format("its header is not that of a block"));
        }
        Ok(header)
    }
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    header: BlockHeader,
    batches: Vec<Batch>,
}

/// Why bytes are not a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFormatError {
    /// The header or the lengths are not those of a block.
    #[error("not a block: {0}")]
    Format(&'static str),
    /// A batch in it is not one.
    #[error("batch {batch} of the block: {error}")]
    Batch {
        /// Its place in the block.
        batch: usize,
        /// What is wrong.
        error: BatchError,
    },
}

fn content(ids: impl Iterator<Item = Hash>) -> Hash {
    merkle::root(ids.map(|id| merkle::leaf(&id)).collect())
}

impl Block {
    /// A block on top of a parent, made where the state `state_behind` blocks before that of the parent is known. Fields as
    /// in [`BlockHeader`].
    pub fn new(height: u64, time_ms: u64, parent: Hash, state_behind: u32, state: Hash, batches: Vec<Batch>) -> Block {
        let count = u32::try_from(batches.len()).expect("a block has at most BLOCK_BATCHES_MAX batches");
        let content = content(batches.iter().map(Batch::id));
        let header =
            BlockHeader { magic: MAGIC, height, time_ms, batches: count, state_behind, parent, state, content };
        Block { header, batches }
    }

    /// Reads a block strictly; `batch` verifies or takes each batch ([`Batch::verify`], [`Batch::from_journal`]).
    pub fn decode(
        bytes: &[u8],
        batch: impl Fn(Arc<[u8]>) -> Result<Batch, BatchError>,
    ) -> Result<Block, BlockFormatError> {
        use BlockFormatError::Format;
        if bytes.len() > BLOCK_BYTES_MAX {
            return Err(Format("it is longer than a block may be"));
        }
        let (header, mut rest) = bytes.split_first_chunk().ok_or(Format("it is shorter than a header"))?;
        let header = BlockHeader::decode(header)?;
        let mut batches = Vec::with_capacity(header.batches as usize);
        for at in 0..header.batches as usize {
            let located = |error| BlockFormatError::Batch { batch: at, error };
            let (first, after) = Batch::split_first(rest).map_err(located)?;
            batches.push(batch(Arc::from(first)).map_err(located)?);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(Format("bytes follow its last batch"));
        }
        Block::assemble(header, batches)
    }

    /// A block out of its header and its batches, which may have come on different ways.
    pub fn assemble(header: BlockHeader, batches: Vec<Batch>) -> Result<Block, BlockFormatError> {
        if batches.len() != header.batches as usize || header.content != content(batches.iter().map(Batch::id)) {
            return Err(BlockFormatError::Format("its batches are not those that its header names"));
        }
        let block = Block { header, batches };
        if block.bytes() > BLOCK_BYTES_MAX {
            return Err(BlockFormatError::Format("it is longer than a block may be"));
        }
        Ok(block)
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        BLOCK_HEADER_BYTES + self.batches.iter().map(|batch| batch.bytes().len()).sum::<usize>()
    }

    /// The header's bytes; with the batches' bytes after it, those of the block.
    pub fn header_bytes(&self) -> &[u8] {
        bytemuck::bytes_of(&self.header)
    }

    /// The header.
    pub fn header(&self) -> &BlockHeader {
        &self.header
    }

    /// The batches, in order.
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }
}
