//! The bytes of `docs/journal-format.md`, without any file: encoding, and parsing of bytes that anybody may have touched.

use crate::error::Damage;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The version this code writes and reads.
pub const VERSION: u32 = 1;

/// The longest payload of a block, in bytes (64 MiB).
pub const MAX_PAYLOAD_BYTES: u64 = 64 << 20;

/// The length of a record's header, in bytes.
pub const RECORD_HEADER_BYTES: usize = 64;

/// Records begin at multiples of this many bytes from the beginning of their segment.
pub const ALIGNMENT_BYTES: u64 = 8;

pub(crate) const SEGMENT_HEADER_BYTES: usize = 64;
pub(crate) const HEAD_SLOT_BYTES: usize = 56;
pub(crate) const HEAD_SLOT_OFFSETS: [u64; 2] = [0, 4096];
pub(crate) const SNAPSHOT_HEADER_BYTES: usize = 96;
pub(crate) const SNAPSHOT_TRAILER_BYTES: usize = 48;

const SEGMENT_MAGIC: [u8; 8] = *b"COMITYBL";
pub(crate) const RECORD_MAGIC: [u8; 4] = *b"CBLK";
const HEAD_MAGIC: [u8; 4] = *b"CHED";
const SNAPSHOT_MAGIC: [u8; 8] = *b"COMITYSN";

/// A block's SHA-256 over the hash of the block before, its own height, and its payload: it stands for the whole history up to the block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BlockHash(pub [u8; 32]);

impl fmt::Display for BlockHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// The last block of a journal, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its height; genesis is 0.
    pub height: u64,
    /// Its hash.
    pub hash: BlockHash,
}

/// The hash of a block whose payload is the concatenation of `payload`; `previous` is all zeros for genesis.
#[must_use]
pub fn block_hash(previous: BlockHash, height: u64, payload: &[&[u8]]) -> BlockHash {
    let bytes: u64 = payload.iter().map(|part| part.len() as u64).sum();
    let mut digest = Sha256::new();
    digest.update(previous.0);
    digest.update(height.to_le_bytes());
    digest.update(bytes.to_le_bytes());
    for part in payload {
        digest.update(part);
    }
    BlockHash(digest.finalize().into())
}

/// Reads fields one after the other from a header whose length was checked.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().expect("a header is as long as its fields");
        self.0 = rest;
        *taken
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}

/// Joins fields to a header; the parts are as long as the header together.
fn header<const N: usize>(fields: &[&[u8]]) -> [u8; N] {
    fields.concat().try_into().expect("the fields are as long as the header")
}

/// Sets the last four bytes to the CRC32C of `seed` and the bytes before.
fn seal<const N: usize>(mut bytes: [u8; N], seed: &[u8]) -> [u8; N] {
    let (content, checksum) = bytes.split_at_mut(N - 4);
    checksum.copy_from_slice(&crc32c::crc32c_append(crc32c::crc32c(seed), content).to_le_bytes());
    bytes
}

fn is_sealed(bytes: &[u8], seed: &[u8]) -> bool {
    let (content, checksum) = bytes.split_at(bytes.len() - 4);
    crc32c::crc32c_append(crc32c::crc32c(seed), content).to_le_bytes() == checksum
}

/// Why a file header cannot be used: wrong, or from a later version.
pub(crate) enum HeaderFault {
    Damage(Damage),
    Version(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub first_height: u64,
    pub previous: BlockHash,
    pub salt: u32,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let bytes = header(&[
            &SEGMENT_MAGIC,
            &VERSION.to_le_bytes(),
            &[0; 4],
            &self.first_height.to_le_bytes(),
            &self.previous.0,
            &self.salt.to_le_bytes(),
            &[0; 4],
        ]);
        seal(bytes, &[])
    }

    pub(crate) fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Result<Self, HeaderFault> {
        let mut fields = Fields(bytes);
        if fields.bytes() != SEGMENT_MAGIC {
            return Err(HeaderFault::Damage(Damage::Magic("segment")));
        }
        if !is_sealed(bytes, &[]) {
            return Err(HeaderFault::Damage(Damage::HeaderChecksum));
        }
        match fields.u32() {
            VERSION => {}
            other => return Err(HeaderFault::Version(other)),
        }
        if fields.u32() != 0 {
            return Err(HeaderFault::Damage(Damage::NotZero));
        }
        Ok(Self { first_height: fields.u64(), previous: BlockHash(fields.bytes()), salt: fields.u32() })
    }
}

/// The header of a record whose checksum is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// The length of the payload in bytes, at most [`MAX_PAYLOAD_BYTES`].
    pub payload_bytes: u32,
    /// The block's height.
    pub height: u64,
    /// How many blocks, from genesis, were durable when the record was written.
    pub durable_blocks: u64,
    /// The block's hash, as written; whether it is right depends on the block before.
    pub hash: BlockHash,
    /// CRC32C of the payload.
    pub payload_checksum: u32,
}

impl RecordHeader {
    pub(crate) fn encode(&self, salt: u32) -> [u8; RECORD_HEADER_BYTES] {
        let bytes = header(&[
            &RECORD_MAGIC,
            &self.payload_bytes.to_le_bytes(),
            &self.height.to_le_bytes(),
            &self.durable_blocks.to_le_bytes(),
            &self.hash.0,
            &self.payload_checksum.to_le_bytes(),
            &[0; 4],
        ]);
        seal(bytes, &salt.to_le_bytes())
    }

    pub(crate) fn decode(bytes: &[u8; RECORD_HEADER_BYTES], salt: u32) -> Result<Self, Damage> {
        let mut fields = Fields(bytes);
        if fields.bytes() != RECORD_MAGIC {
            return Err(Damage::Magic("record"));
        }
        if !is_sealed(bytes, &salt.to_le_bytes()) {
            return Err(Damage::HeaderChecksum);
        }
        let header = Self {
            payload_bytes: fields.u32(),
            height: fields.u64(),
            durable_blocks: fields.u64(),
            hash: BlockHash(fields.bytes()),
            payload_checksum: fields.u32(),
        };
        if u64::from(header.payload_bytes) > MAX_PAYLOAD_BYTES {
            return Err(Damage::Length(header.payload_bytes.into()));
        }
        if header.durable_blocks > header.height {
            return Err(Damage::DurableBlocks(header.durable_blocks));
        }
        Ok(header)
    }

    /// The length of the payload with its padding, in bytes.
    pub(crate) fn padded_bytes(&self) -> u64 {
        u64::from(self.payload_bytes).next_multiple_of(ALIGNMENT_BYTES)
    }

    /// The length of the record, in bytes.
    pub(crate) fn record_bytes(&self) -> u64 {
        RECORD_HEADER_BYTES as u64 + self.padded_bytes()
    }

    /// Checks the payload and its padding, and returns it without.
    pub(crate) fn payload<'a>(&self, padded: &'a [u8]) -> Result<&'a [u8], Damage> {
        let (payload, padding) = padded.split_at(self.payload_bytes as usize);
        if crc32c::crc32c(payload) != self.payload_checksum {
            return Err(Damage::ContentChecksum);
        }
        if padding.iter().any(|byte| *byte != 0) {
            return Err(Damage::NotZero);
        }
        Ok(payload)
    }
}

/// The record at the beginning of `bytes`, which come from a segment with this salt: its header and payload. What follows it is ignored.
///
/// # Errors
///
/// [`Damage`] if there is no whole record with good checksums. Never panics, whatever the bytes, and allocates nothing.
pub fn parse_record(bytes: &[u8], salt: u32) -> Result<(RecordHeader, &[u8]), Damage> {
    let truncated = |needed: u64| Damage::Truncated { missing: needed - bytes.len() as u64 };
    let (header, rest) = bytes.split_first_chunk().ok_or_else(|| truncated(RECORD_HEADER_BYTES as u64))?;
    let header = RecordHeader::decode(header, salt)?;
    let padded = rest.get(..header.padded_bytes() as usize).ok_or_else(|| truncated(header.record_bytes()))?;
    Ok((header, header.payload(padded)?))
}

pub(crate) fn encode_head(head: Head) -> [u8; HEAD_SLOT_BYTES] {
    let bytes =
        header(&[&HEAD_MAGIC, &VERSION.to_le_bytes(), &head.height.to_le_bytes(), &head.hash.0, &[0; 4], &[0; 4]]);
    seal(bytes, &[])
}

/// The head in a slot, or `None` if the slot is not good.
pub(crate) fn decode_head(bytes: &[u8; HEAD_SLOT_BYTES]) -> Option<Head> {
    let mut fields = Fields(bytes);
    if fields.bytes() != HEAD_MAGIC || fields.u32() != VERSION || !is_sealed(bytes, &[]) {
        return None;
    }
    Some(Head { height: fields.u64(), hash: BlockHash(fields.bytes()) })
}

/// What a snapshot is a snapshot of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotId {
    /// The last block that the state includes.
    pub head: Head,
    /// The hash of the state, as its owner computes it.
    pub state_hash: [u8; 32],
}

impl SnapshotId {
    pub(crate) fn encode(&self) -> [u8; SNAPSHOT_HEADER_BYTES] {
        let bytes = header(&[
            &SNAPSHOT_MAGIC,
            &VERSION.to_le_bytes(),
            &[0; 4],
            &self.head.height.to_le_bytes(),
            &self.head.hash.0,
            &self.state_hash,
            &[0; 4],
            &[0; 4],
        ]);
        seal(bytes, &[])
    }

    pub(crate) fn decode(bytes: &[u8; SNAPSHOT_HEADER_BYTES]) -> Result<Self, HeaderFault> {
        let mut fields = Fields(bytes);
        if fields.bytes() != SNAPSHOT_MAGIC {
            return Err(HeaderFault::Damage(Damage::Magic("snapshot")));
        }
        if !is_sealed(bytes, &[]) {
            return Err(HeaderFault::Damage(Damage::HeaderChecksum));
        }
        match fields.u32() {
            VERSION => {}
            other => return Err(HeaderFault::Version(other)),
        }
        fields.u32();
        Ok(Self { head: Head { height: fields.u64(), hash: BlockHash(fields.bytes()) }, state_hash: fields.bytes() })
    }
}

pub(crate) fn encode_snapshot_trailer(body_bytes: u64, digest: [u8; 32]) -> [u8; SNAPSHOT_TRAILER_BYTES] {
    seal(header(&[&body_bytes.to_le_bytes(), &digest, &[0; 4], &[0; 4]]), &[])
}

/// The body's length and the digest, or `None` if the trailer is not good.
pub(crate) fn decode_snapshot_trailer(bytes: &[u8; SNAPSHOT_TRAILER_BYTES]) -> Option<(u64, [u8; 32])> {
    let mut fields = Fields(bytes);
    is_sealed(bytes, &[]).then(|| (fields.u64(), fields.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(payload: &[u8], height: u64, durable_blocks: u64, salt: u32) -> Vec<u8> {
        let header = RecordHeader {
            payload_bytes: payload.len() as u32,
            height,
            durable_blocks,
            hash: block_hash(BlockHash::default(), height, &[payload]),
            payload_checksum: crc32c::crc32c(payload),
        };
        let mut bytes = header.encode(salt).to_vec();
        bytes.extend_from_slice(payload);
        bytes.resize(header.record_bytes() as usize, 0);
        bytes
    }

    proptest! {
        #[test]
        fn a_record_comes_back(payload: Vec<u8>, height: u64, durable: u64, salt: u32, rest: Vec<u8>) {
            let durable = durable.min(height);
            let mut bytes = record(&payload, height, durable, salt);
            let whole = bytes.len();
            bytes.extend_from_slice(&rest);
            let (header, found) = parse_record(&bytes, salt).unwrap();
            prop_assert_eq!(found, payload.as_slice());
            prop_assert_eq!((header.height, header.durable_blocks, header.record_bytes()), (height, durable, whole as u64));
            for length in 0..whole {
                let truncated = matches!(parse_record(&bytes[..length], salt), Err(Damage::Truncated { .. }));
                prop_assert!(truncated);
            }
        }

        #[test]
        fn a_record_of_another_segment_is_refused(payload: Vec<u8>, salt: u32, other: u32) {
            prop_assume!(salt != other);
            let bytes = record(&payload, 1, 1, salt);
            prop_assert_eq!(parse_record(&bytes, other), Err(Damage::HeaderChecksum));
        }

        #[test]
        fn a_changed_byte_is_found(payload: Vec<u8>, at: prop::sample::Index, by in 1_u8..) {
            let mut bytes = record(&payload, 5, 3, 7);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert!(parse_record(&bytes, 7).is_err());
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(mut bytes: Vec<u8>, salt: u32, dressed: bool) {
            if dressed && bytes.len() >= RECORD_HEADER_BYTES {
                // Past the magic and the checksum, to the fields.
                bytes[..4].copy_from_slice(&RECORD_MAGIC);
                let header: [u8; RECORD_HEADER_BYTES] = *bytes.first_chunk().unwrap();
                bytes[..RECORD_HEADER_BYTES].copy_from_slice(&seal(header, &salt.to_le_bytes()));
            }
            if let Ok((header, payload)) = parse_record(&bytes, salt) {
                prop_assert_eq!(payload.len(), header.payload_bytes as usize);
            }
        }

        #[test]
        fn a_head_comes_back(height: u64, hash: [u8; 32], at in 0..HEAD_SLOT_BYTES, by in 1_u8..) {
            let head = Head { height, hash: BlockHash(hash) };
            let mut bytes = encode_head(head);
            prop_assert_eq!(decode_head(&bytes), Some(head));
            bytes[at] ^= by;
            prop_assert_eq!(decode_head(&bytes), None);
        }
    }

    /// The hash of a known block, computed with coreutils:
    /// `(head -c 32 /dev/zero; printf '\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0abc') | sha256sum`.
    #[test]
    fn the_hash_is_the_documented_one() {
        let hash = block_hash(BlockHash::default(), 0, &[b"a", b"", b"bc"]);
        assert_eq!(hash.to_string(), "07d5fd7cbbb561283f409feca6696374f4d7402d833d85fd6d92260c0012ada6");
    }
}
