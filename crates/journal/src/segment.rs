//! One segment: reading its records in order, and finding out whether a bad one had been durable.

use crate::disk::{Disk, DiskFile};
use crate::error::{Damage, Error, Fault};
use crate::format::{
    ALIGNMENT_BYTES, BlockHash, Head, HeaderFault, RECORD_HEADER_BYTES, RECORD_MAGIC, RecordHeader,
    SEGMENT_HEADER_BYTES, SegmentHeader, block_hash,
};
use crate::names;
use std::io;

/// How much of a segment is searched at a time, in bytes.
const SEARCH_BYTES: usize = 1 << 20;

/// What comes next in a segment.
pub(crate) enum Step {
    /// A good record; its payload is in the cursor.
    Block(RecordHeader),
    /// The end of the file, at the end of a record.
    End,
    /// A record that is not good. The cursor stays before it.
    Bad(Damage),
}

/// A position in a segment: before a record, or at the end.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub file: Box<dyn DiskFile>,
    pub name: String,
    pub header: SegmentHeader,
    /// Where the next record begins, in bytes.
    pub offset: u64,
    /// The height of the next record.
    pub height: u64,
    /// The hash of the block before the next record.
    pub previous: BlockHash,
    /// Where the last record that was read begins, in bytes.
    pub last_offset: u64,
    /// How many blocks were durable when the last record that was read was written.
    pub last_durable_blocks: u64,
    padded: Vec<u8>,
    payload_bytes: usize,
}

impl Cursor {
    /// Opens the segment that begins with `first_height`, before its first record.
    pub(crate) fn open(disk: &dyn Disk, first_height: u64) -> Result<Self, Error> {
        let name = names::segment(first_height);
        let file = disk.open(&name).map_err(Error::io("open", name.as_str()))?;
        let corrupt = |damage| Error::Corrupt(Fault { file: name.clone(), offset: 0, height: first_height, damage });
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let length = file.length().map_err(Error::io("read", name.as_str()))?;
                return Err(corrupt(Damage::Truncated {
                    missing: (SEGMENT_HEADER_BYTES as u64).saturating_sub(length),
                }));
            }
            Err(error) => return Err(Error::io("read", name)(error)),
        }
        let header = match SegmentHeader::decode(&bytes) {
            Ok(header) if header.first_height == first_height => header,
            Ok(header) => return Err(corrupt(Damage::Height(header.first_height))),
            Err(HeaderFault::Damage(damage)) => return Err(corrupt(damage)),
            Err(HeaderFault::Version(version)) => return Err(Error::Version { file: name, version }),
        };
        Ok(Self {
            file,
            name,
            header,
            offset: SEGMENT_HEADER_BYTES as u64,
            height: first_height,
            previous: header.previous,
            last_offset: 0,
            last_durable_blocks: 0,
            padded: Vec::new(),
            payload_bytes: 0,
        })
    }

    /// Whether the next record is the one that the journal begins with: no hash comes before it.
    pub(crate) fn is_at_beginning(&self) -> bool {
        self.height == self.header.first_height && self.header.previous == BlockHash::default()
    }

    /// The last block before the cursor; `None` before the beginning.
    pub(crate) fn head(&self) -> Option<Head> {
        (!self.is_at_beginning()).then(|| Head { height: self.height - 1, hash: self.previous })
    }

    /// The payload of the last block that [`step`](Self::step) found.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.padded[..self.payload_bytes]
    }

    pub(crate) fn into_payload(mut self) -> Vec<u8> {
        self.padded.truncate(self.payload_bytes);
        self.padded
    }

    pub(crate) fn fault(&self, damage: Damage) -> Error {
        Error::Corrupt(Fault { file: self.name.clone(), offset: self.offset, height: self.height, damage })
    }

    pub(crate) fn length(&self) -> Result<u64, Error> {
        self.file.length().map_err(Error::io("read", self.name.as_str()))
    }

    /// Reads the next record, checks everything about it, and moves behind it if it is good.
    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        let rest = self.length()?.saturating_sub(self.offset);
        if rest == 0 {
            return Ok(Step::End);
        }
        let header = match self.record_header(rest)? {
            Ok(header) => header,
            Err(damage) => return Ok(Step::Bad(damage)),
        };
        if rest < header.record_bytes() {
            return Ok(Step::Bad(Damage::Truncated { missing: header.record_bytes() - rest }));
        }
        // A resize only writes what is longer than anything before, and a payload is bounded.
        self.padded.resize(header.padded_bytes() as usize, 0);
        self.payload_bytes = 0;
        match self.file.read_exact_at(&mut self.padded, self.offset + RECORD_HEADER_BYTES as u64) {
            Ok(()) => {}
            // The writer cut a torn tail between our look at the length and now.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(Step::Bad(Damage::Truncated { missing: header.padded_bytes() }));
            }
            Err(error) => return Err(Error::io("read", self.name.as_str())(error)),
        }
        let payload = match header.payload(&self.padded) {
            Ok(payload) => payload,
            Err(damage) => return Ok(Step::Bad(damage)),
        };
        if block_hash(self.previous, self.height, &[payload]) != header.hash {
            return Ok(Step::Bad(Damage::Chain));
        }
        self.payload_bytes = payload.len();
        self.pass(&header);
        Ok(Step::Block(header))
    }

    /// Moves behind the next record after a look at its header only: neither payload nor hash is checked.
    pub(crate) fn skip(&mut self) -> Result<Step, Error> {
        let rest = self.length()?.saturating_sub(self.offset);
        if rest == 0 {
            return Ok(Step::End);
        }
        match self.record_header(rest)? {
            Ok(header) => {
                self.pass(&header);
                Ok(Step::Block(header))
            }
            Err(damage) => Ok(Step::Bad(damage)),
        }
    }

    fn pass(&mut self, header: &RecordHeader) {
        self.last_offset = self.offset;
        self.last_durable_blocks = header.durable_blocks;
        self.offset += header.record_bytes();
        self.height += 1;
        self.previous = header.hash;
    }

    fn record_header(&self, rest: u64) -> Result<Result<RecordHeader, Damage>, Error> {
        let truncated = Damage::Truncated { missing: (RECORD_HEADER_BYTES as u64).saturating_sub(rest) };
        if rest < RECORD_HEADER_BYTES as u64 {
            return Ok(Err(truncated));
        }
        let mut bytes = [0; RECORD_HEADER_BYTES];
        match self.file.read_exact_at(&mut bytes, self.offset) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Err(truncated)),
            Err(error) => return Err(Error::io("read", self.name.as_str())(error)),
        }
        Ok(RecordHeader::decode(&bytes, self.header.salt).and_then(|header| {
            if header.height == self.height { Ok(header) } else { Err(Damage::Height(header.height)) }
        }))
    }

    /// Whether a good record header behind the next record says that the block at the cursor had been durable.
    pub(crate) fn later_record_proves_durable(&self) -> Result<bool, Error> {
        let end = self.length()?;
        let mut start = self.offset + ALIGNMENT_BYTES;
        let mut bytes = Vec::new();
        while start + RECORD_HEADER_BYTES as u64 <= end {
            bytes.resize(SEARCH_BYTES.min(usize::try_from(end - start).unwrap_or(SEARCH_BYTES)), 0);
            match self.file.read_exact_at(&mut bytes, start) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => return Err(Error::io("read", self.name.as_str())(error)),
            }
            let proves = |window: &[u8]| {
                window.first_chunk().is_some_and(|candidate: &[u8; RECORD_HEADER_BYTES]| {
                    candidate.starts_with(&RECORD_MAGIC)
                        && RecordHeader::decode(candidate, self.header.salt)
                            .is_ok_and(|header| header.durable_blocks > self.height)
                })
            };
            let starts = bytes.len() - RECORD_HEADER_BYTES;
            if (0..=starts).step_by(ALIGNMENT_BYTES as usize).any(|at| proves(&bytes[at..])) {
                return Ok(true);
            }
            start += (starts as u64 / ALIGNMENT_BYTES + 1) * ALIGNMENT_BYTES;
        }
        Ok(false)
    }
}
