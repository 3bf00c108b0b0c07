//! A block on its way through consensus, as the engine sees it.

use super::Digest;
use bytes::{Buf, BufMut, Bytes};
use commonware_codec::{BufsMut, EncodeSize, Error, Read, Write};
use commonware_consensus::types::Height;
use commonware_consensus::{BoundedBlock, Heightable};
use commonware_cryptography::{Digested, Digestible};
use union::{BLOCK_BYTES_MAX, Batch, Block, Hash};

/// What members' nodes vote on: a block whose batches were verified when it was made or read, or the beginning that
/// the charter is.
#[derive(Clone, Debug)]
pub(crate) enum Candidate {
    /// Height 0: the charter's hash.
    Genesis(Hash),
    /// A block of signed batches.
    Block(Block),
}

impl Candidate {
    /// The block; there is none at genesis.
    pub fn block(&self) -> Option<&Block> {
        match self {
            Candidate::Genesis(_) => None,
            Candidate::Block(block) => Some(block),
        }
    }

    /// With the digest that consensus knows it by: the hash of its header.
    pub fn digested(self) -> Digested<Candidate> {
        let digest = self.digest();
        Digested::precomputed(self, digest)
    }
}

impl Digestible for Candidate {
    type Digest = Digest;

    fn digest(&self) -> Digest {
        match self {
            Candidate::Genesis(charter) => Digest(*charter),
            Candidate::Block(block) => Digest(block.header().hash()),
        }
    }
}

impl Heightable for Candidate {
    fn height(&self) -> Height {
        Height::new(self.block().map_or(0, |block| block.header().height))
    }
}

impl commonware_consensus::Block for Candidate {
    fn parent(&self) -> Digest {
        match self {
            Candidate::Genesis(_) => Digest([0; 32]),
            Candidate::Block(block) => Digest(block.header().parent),
        }
    }
}

impl EncodeSize for Candidate {
    fn encode_size(&self) -> usize {
        match self {
            Candidate::Genesis(_) => 1 + 32,
            Candidate::Block(block) => 1 + 4 + block.bytes(),
        }
    }

    fn encode_inline_size(&self) -> usize {
        match self {
            Candidate::Genesis(_) => 1 + 32,
            Candidate::Block(block) => 1 + 4 + block.header_bytes().len(),
        }
    }
}

impl Write for Candidate {
    fn write(&self, to: &mut impl BufMut) {
        match self {
            Candidate::Genesis(charter) => {
                to.put_u8(0);
                to.put_slice(charter);
            }
            Candidate::Block(block) => {
                to.put_u8(1);
                to.put_u32(block.bytes() as u32);
                to.put_slice(block.header_bytes());
                for batch in block.batches() {
                    to.put_slice(batch.bytes());
                }
            }
        }
    }

    fn write_bufs(&self, to: &mut impl BufsMut) {
        match self {
            Candidate::Genesis(_) => self.write(to),
            Candidate::Block(block) => {
                to.put_u8(1);
                to.put_u32(block.bytes() as u32);
                to.put_slice(block.header_bytes());
                for batch in block.batches() {
                    to.push(Bytes::from_owner(batch.bytes().clone()));
                }
            }
        }
    }
}

impl Read for Candidate {
    /// The union's identity. Whether a batch is signed with its member's key is checked by the roster of the block's epoch.
    type Cfg = Hash;

    fn read_cfg(from: &mut impl Buf, union: &Hash) -> Result<Self, Error> {
        let end = |left: usize, needed: usize| if left < needed { Err(Error::EndOfBuffer) } else { Ok(()) };
        end(from.remaining(), 1)?;
        match from.get_u8() {
            0 => {
                end(from.remaining(), 32)?;
                let mut hash = [0; 32];
                from.copy_to_slice(&mut hash);
                Ok(Candidate::Genesis(hash))
            }
            1 => {
                end(from.remaining(), 4)?;
                let length = from.get_u32() as usize;
                if length > BLOCK_BYTES_MAX {
                    return Err(Error::InvalidLength(length));
                }
                end(from.remaining(), length)?;
                let bytes = from.copy_to_bytes(length);
                let block = Block::decode(&bytes, |batch| Batch::signed(batch, union));
                let block = block.map_err(|error| Error::Wrapped("block", Box::new(error)))?;
                Ok(Candidate::Block(block))
            }
            _ => Err(Error::Invalid("candidate", "neither genesis nor a block")),
        }
    }
}

impl BoundedBlock for Candidate {
    fn max_encode_size(_: &Hash) -> usize {
        1 + 4 + BLOCK_BYTES_MAX
    }
}
