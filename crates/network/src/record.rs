//! What the journal keeps of a block.
//!
//! ```text
//! 32 bytes  state hash after the block
//!  4 bytes  length of the certificate, little-endian
//!           quorum certificate that made the block final, or nothing: a node that orders alone has none, and a block
//!           may be final by the certificate of one that follows it
//!           the block
//! ```

use crate::error::NodeError;
use bytes::Bytes;
use journal::Reader;
use std::path::Path;
use std::sync::Arc;
use union::{Batch, BatchError, Block, BlockFormatError, Hash};

/// The longest certificate, in bytes: 256 signatures and who made them, with room to spare.
pub(crate) const CERTIFICATE_BYTES_MAX: usize = 1 << 16;

/// A block as the journal keeps it.
#[derive(Clone, Debug)]
pub struct Record {
    /// State hash after the block.
    pub state: Hash,
    /// The quorum certificate over the block; empty if the journal has none.
    pub certificate: Vec<u8>,
    /// The block.
    pub block: Block,
}

impl Record {
    /// Reads the block at a height, which is not 0, from the journal in a node's directory. Works beside the node. Signatures are
    /// not checked, see [`crate::verify()`].
    ///
    /// # Errors
    ///
    /// [`NodeError`] if there is no such block, or it cannot be read.
    pub fn read(directory: &Path, height: u64) -> Result<Record, NodeError> {
        decode(height, &Reader::open(directory)?.block(height)?.payload, Batch::from_journal)
    }
}

/// The pieces of a record, in order. Batches are not copied.
pub(crate) fn pieces(state: &Hash, certificate: &[u8], block: &Block) -> Vec<Bytes> {
    let length = u32::try_from(certificate.len()).expect("a certificate is at most CERTIFICATE_BYTES_MAX long");
    let mut head = Vec::with_capacity(32 + 4 + certificate.len() + block.header_bytes().len());
    head.extend_from_slice(state);
    head.extend_from_slice(&length.to_le_bytes());
    head.extend_from_slice(certificate);
    head.extend_from_slice(block.header_bytes());
    let mut pieces = vec![Bytes::from(head)];
    pieces.extend(block.batches().iter().map(|batch| Bytes::from_owner(batch.bytes().clone())));
    pieces
}

/// Reads a record strictly; `batch` verifies or takes each batch.
pub(crate) fn decode(
    height: u64,
    payload: &[u8],
    batch: impl Fn(Arc<[u8]>) -> Result<Batch, BatchError>,
) -> Result<Record, NodeError> {
    let format = |text| NodeError::Format { height, error: BlockFormatError::Format(text) };
    let (state, rest) = payload.split_first_chunk::<32>().ok_or_else(|| format("it is shorter than a state hash"))?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| format("its certificate is cut off"))?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > CERTIFICATE_BYTES_MAX {
        return Err(format("its certificate is longer than any"));
    }
    let (certificate, block) = rest.split_at_checked(length).ok_or_else(|| format("its certificate is cut off"))?;
    let block = Block::decode(block, batch).map_err(|error| NodeError::Format { height, error })?;
    Ok(Record { state: *state, certificate: certificate.to_vec(), block })
}
