//! Signed batches: up to 8,190 commands of one member under one signature.
//!
//! ```text
//! header   256 bytes  magic, union, member, count, sequence, digest of the rest, signature
//! records  count x 128 bytes
//! details  for each record that has sealed customer detail: record u16, length u16, that many bytes
//! ```
//!
//! A batch with 8,190 records and no details fills one MiB less 256 bytes of spare. What is cheap is
//! checked first: length, magic and counts, then union, member and signature; the records are looked at
//! only after that, one by one, by [`crate::Union::apply`].

use crate::command::RECORD_BYTES;
use crate::roster::Rosters;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The most commands in a batch.
pub const BATCH_COMMANDS_MAX: usize = 8_190;

/// The longest sealed detail of one order, in bytes.
pub const DETAIL_BYTES_MAX: usize = 4_096;

/// The longest batch, in bytes: full of records, and as much again for details.
pub const BATCH_BYTES_MAX: usize = 2 << 20;

const MAGIC: [u8; 8] = *b"COMITYB1";

/// Bytes of a batch's header.
pub const HEADER_BYTES: usize = 256;

/// The first 256 bytes of a batch, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct BatchHeader {
    magic: [u8; 8],
    /// The union's identity, so that a batch for one union is nothing in another.
    pub union: Hash,
    /// The member that signed, by number.
    pub member: u16,
    reserved_a: [u8; 2],
    /// Number of records.
    pub count: u32,
    /// 1 for the member's first batch, then one more a batch: each is taken once, and all in the order in which the member made them.
    pub sequence: u64,
    /// Bytes of the details.
    pub details_bytes: u32,
    reserved_b: [u8; 4],
    /// SHA-256 of records and details.
    pub digest: Hash,
    /// The Ed25519 key that signed.
    pub key: [u8; 32],
    /// Ed25519 signature over [`BatchHeader::message`].
    signature: [[u8; 32]; 2],
    reserved_c: [[u8; 32]; 2],
}

const _: () = assert!(size_of::<BatchHeader>() == HEADER_BYTES);

const LABEL: &[u8; 16] = b"comity batch v1\0";

impl BatchHeader {
    /// What is signed: a label and the header up to the signature.
    pub fn message(&self) -> [u8; 144] {
        let mut message = [0; 144];
        message[..16].copy_from_slice(LABEL);
        message[16..].copy_from_slice(&bytemuck::bytes_of(self)[..128]);
        message
    }
}

/// Why bytes are not a batch that this union takes. Nothing in it was applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Longer than any batch.
    #[error("the batch has {0} bytes; at most {BATCH_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Not a batch at all, or one of another format.
    #[error("not a signed batch: {0}")]
    Format(&'static str),
    /// Made for another union.
    #[error("the batch is for another union")]
    Union,
    /// No such member.
    #[error("member {0} is not known")]
    Member(u16),
    /// Signed with a key that is not the member's.
    #[error("the batch is not signed with the key of member {0}")]
    Key(u16),
    /// The signature does not fit the content.
    #[error("the signature of member {0} is wrong")]
    Signature(u16),
    /// The member's batch with this sequence was taken before, or another with the same.
    #[error("sequence {got} of member {member} was used already; the last one was {last}")]
    Replay {
        /// The member.
        member: u16,
        /// The sequence of the batch.
        got: u64,
        /// The highest sequence taken.
        last: u64,
    },
    /// The batch before this one was not taken: nobody can put a member's batches into another order than the member did, or leave
    /// one out.
    #[error("sequence {got} of member {member} does not follow {last}: the batches between them come first")]
    Gap {
        /// The member.
        member: u16,
        /// The sequence of the batch.
        got: u64,
        /// The highest sequence taken.
        last: u64,
    },
}

/// A batch whose form, union, member and signature have been checked.
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Arc<[u8]>,
    header: BatchHeader,
}

impl Batch {
    /// Puts records and details under a header and has `sign` sign it (Ed25519, see
    /// [`BatchHeader::message`]). Details are pairs of a record's place and its sealed detail, ascending.
    pub fn build(
        union: Hash,
        member: u16,
        key: [u8; 32],
        sequence: u64,
        records: &[[u8; RECORD_BYTES]],
        details: &[(u16, Vec<u8>)],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Vec<u8>, BatchError> {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes.extend_from_slice(records.as_flattened());
        for (record, detail) in details {
            bytes.extend_from_slice(&record.to_le_bytes());
            let length = u16::try_from(detail.len()).map_err(|_| BatchError::Format("a detail is too long"))?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(detail);
        }
        let details_bytes = (bytes.len() - HEADER_BYTES - records.as_flattened().len()) as u32;
        let mut header = BatchHeader {
            magic: MAGIC,
            union,
            member,
            count: records.len() as u32,
            sequence,
            details_bytes,
            digest: Sha256::digest(&bytes[HEADER_BYTES..]).into(),
            key,
            ..Zeroable::zeroed()
        };
        header.signature = bytemuck::cast(sign(&header.message()));
        bytes[..HEADER_BYTES].copy_from_slice(bytemuck::bytes_of(&header));
        Batch::check_details(&Batch::whole(&bytes)?, &bytes)?;
        Ok(bytes)
    }

    /// Reads the header, and checks that the batch is as long as it says.
    fn whole(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        if bytes.len() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLong(bytes.len()));
        }
        let header = Batch::header_of(bytes)?;
        if bytes.len() != header.batch_bytes() {
            return Err(BatchError::Format("its length is not what its header says"));
        }
        Ok(header)
    }

    /// Checks the form of what the header counts: the list of details.
    fn check_details(header: &BatchHeader, bytes: &[u8]) -> Result<(), BatchError> {
        let mut rest = &bytes[HEADER_BYTES + header.count as usize * RECORD_BYTES..];
        let mut next_record = 0;
        while !rest.is_empty() {
            let (record, detail, after) = split_detail(rest).ok_or(BatchError::Format("a detail is cut off"))?;
            if record < next_record || u32::from(record) >= header.count {
                return Err(BatchError::Format("details are not in the order of the records"));
            }
            if detail.is_empty() || detail.len() > DETAIL_BYTES_MAX {
                return Err(BatchError::Format("a detail is empty or longer than 4096 bytes"));
            }
            (next_record, rest) = (record + 1, after);
        }
        Ok(())
    }

    fn header_of(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        let header = bytes.get(..HEADER_BYTES).ok_or(BatchError::Format("it is shorter than a header"))?;
        let header: BatchHeader = bytemuck::pod_read_unaligned(header);
        if header.magic != MAGIC {
            return Err(BatchError::Format("it does not begin with COMITYB1"));
        }
        let reserved = header.reserved_a == [0; 2] && header.reserved_b == [0; 4] && header.reserved_c == [[0; 32]; 2];
        if !reserved {
            return Err(BatchError::Format("a reserved byte of the header is set"));
        }
        if header.count == 0 || header.count as usize > BATCH_COMMANDS_MAX {
            return Err(BatchError::Format("it does not have 1 to 8190 records"));
        }
        if header.batch_bytes() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLong(header.batch_bytes()));
        }
        Ok(header)
    }

    /// Checks length and header, union, member and key, signature, digest and the list of details, in this order. The key must be
    /// the member's in one of the two epochs; whether it is so in the epoch of a block, [`crate::Tip::check`] says.
    pub fn verify(bytes: Arc<[u8]>, rosters: &Rosters) -> Result<Batch, BatchError> {
        let header = Batch::whole(&bytes)?;
        if header.union == *rosters.union() {
            rosters.check(&header)?;
        }
        Batch::signed(bytes, rosters.union())
    }

    /// The same, but for whose key it is: the batch is signed with the key that it names. For blocks, which are checked by the
    /// roster of their epoch.
    pub fn signed(bytes: Arc<[u8]>, union: &Hash) -> Result<Batch, BatchError> {
        let header = Batch::whole(&bytes)?;
        if header.union != *union {
            return Err(BatchError::Union);
        }
        let wrong = |_| BatchError::Signature(header.member);
        let key = ed25519_dalek::VerifyingKey::from_bytes(&header.key).map_err(wrong)?;
        let signature = ed25519_dalek::Signature::from_bytes(bytemuck::cast_ref(&header.signature));
        key.verify_strict(&header.message(), &signature).map_err(wrong)?;
        if Sha256::digest(&bytes[HEADER_BYTES..]).as_slice() != header.digest {
            return Err(BatchError::Signature(header.member));
        }
        Batch::check_details(&header, &bytes)?;
        Ok(Batch { bytes, header })
    }

    /// Takes a batch that was verified before it was written to the journal it is now read from.
    pub fn from_journal(bytes: Arc<[u8]>) -> Result<Batch, BatchError> {
        let header = Batch::whole(&bytes)?;
        Batch::check_details(&header, &bytes)?;
        Ok(Batch { bytes, header })
    }

    /// The header of what claims to be a batch, nothing of it verified: to refuse a replay before anything else.
    pub fn peek(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        Batch::header_of(bytes)
    }

    /// Cuts the first batch off bytes that hold several, unverified.
    pub fn split_first(bytes: &[u8]) -> Result<(&[u8], &[u8]), BatchError> {
        let length = Batch::header_of(bytes)?.batch_bytes();
        bytes.split_at_checked(length).ok_or(BatchError::Format("it is cut off"))
    }

    /// The batch's identity, by which a block names it: SHA-256 of its header, which binds records, details and signature.
    pub fn id(&self) -> Hash {
        Sha256::digest(bytemuck::bytes_of(&self.header)).into()
    }

    /// The header.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// All bytes, as signed and as the journal keeps them.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The number of commands.
    pub fn len(&self) -> usize {
        self.header.count as usize
    }

    /// Never: a batch has at least one command.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The records, undecoded.
    pub fn records(&self) -> &[[u8; RECORD_BYTES]] {
        let records = &self.bytes[HEADER_BYTES..HEADER_BYTES + self.len() * RECORD_BYTES];
        records.as_chunks().0
    }

    /// The sealed details with the place of their record, in order.
    pub fn details(&self) -> impl Iterator<Item = (u16, &[u8])> {
        let mut rest = &self.bytes[HEADER_BYTES + self.len() * RECORD_BYTES..];
        std::iter::from_fn(move || {
            let (record, detail, after) = split_detail(rest)?;
            rest = after;
            Some((record, detail))
        })
    }
}

impl BatchHeader {
    fn batch_bytes(&self) -> usize {
        HEADER_BYTES + self.count as usize * RECORD_BYTES + self.details_bytes as usize
    }
}

fn split_detail(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(4)?;
    let record = u16::from_le_bytes([head[0], head[1]]);
    let (detail, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([head[2], head[3]])))?;
    Some((record, detail, rest))
}

/// The hash of sealed detail that a payment order carries: SHA-256 over a label and the sealed bytes.
pub fn detail_hash(sealed: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"comity sealed detail hash v1\0");
    hasher.update(sealed);
    hasher.finalize().into()
}
