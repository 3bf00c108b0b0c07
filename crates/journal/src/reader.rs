//! Reading a journal, beside a live writer or without one, and without changing it.

use crate::disk::{Directory, Disk};
use crate::error::{Damage, Error, Fault};
use crate::format::{BlockHash, Head, RECORD_HEADER_BYTES};
use crate::segment::{Cursor, Step};
use crate::snapshot::{self, Latest, Snapshot};
use crate::{head, names};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A block that was read, its checksums and its place in the chain checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// Its hash.
    pub hash: BlockHash,
    /// What was appended.
    pub payload: Vec<u8>,
}

/// A block that lies in the reader's buffer.
#[derive(Debug, Clone, Copy)]
pub struct BlockRef<'a> {
    /// Its height.
    pub height: u64,
    /// Its hash.
    pub hash: BlockHash,
    /// What was appended.
    pub payload: &'a [u8],
    /// The segment that holds it.
    pub file: &'a str,
    /// Where its record begins in the segment, in bytes.
    pub offset: u64,
}

/// A reader remembers the place of one in so many blocks, so that it need not look for a block from its segment's beginning.
const MARK_BLOCKS: u64 = 256;

/// Access to a journal for reading. Takes no lock, and may be used while a writer appends.
#[derive(Debug, Clone)]
pub struct Reader {
    disk: Arc<dyn Disk>,
    /// By height.
    marks: Arc<Mutex<BTreeMap<u64, Mark>>>,
}

/// Where a block's record begins.
#[derive(Debug, Clone, Copy)]
struct Mark {
    segment: u64,
    offset: u64,
    previous: BlockHash,
}

impl Reader {
    /// Opens the journal in `directory`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] without a journal there, [`Error::Io`] otherwise. The content is only looked at when it is read.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory.as_ref();
        let disk = Directory::existing(directory).map_err(Error::io("open", directory.display().to_string()))?;
        Self::open_on(Arc::new(disk))
    }

    /// Opens the journal on `disk`; otherwise like [`open`](Self::open).
    pub fn open_on(disk: Arc<dyn Disk>) -> Result<Self, Error> {
        existing_segments(disk.as_ref())?;
        Ok(Self { disk, marks: Arc::default() })
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    /// The last block that the writer acknowledged, as far as can be known without reading the blocks: after a power failure this may be a little old,
    /// or `None`, until the next writer has opened the journal. Blocks above it may not be durable yet.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn acknowledged(&self) -> Result<Option<Head>, Error> {
        head::read(self.disk())
    }

    /// All blocks from `height` on.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::Version`] if the segment or a record header before `height` is not good, [`Error::Io`]. A height beyond the head
    /// by more than one is [`Error::NoBlock`], and so is one before the journal's [beginning](Self::begins).
    pub fn blocks(&self, height: u64) -> Result<Blocks, Error> {
        let segments = existing_segments(self.disk())?;
        let no_block = || Error::NoBlock { height, place: self.disk.place() };
        let first = *segments[..segments.partition_point(|first| *first <= height)].last().ok_or_else(no_block)?;
        let mut blocks = Blocks::from_segment(self.disk.clone(), first)?;
        let marks = || self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let marked = marks().range(first..=height).next_back().map(|(height, mark)| (*height, *mark));
        if let Some((marked, mark)) = marked.filter(|(_, mark)| mark.segment == first) {
            let cursor = &mut blocks.cursor;
            (cursor.height, cursor.offset, cursor.previous) = (marked, mark.offset, mark.previous);
        }
        while blocks.cursor.height < height {
            let cursor = &blocks.cursor;
            if cursor.height.is_multiple_of(MARK_BLOCKS) {
                let mark =
                    Mark { segment: cursor.header.first_height, offset: cursor.offset, previous: cursor.previous };
                marks().insert(cursor.height, mark);
            }
            if !blocks.advance(Cursor::skip)? {
                return Err(no_block());
            }
        }
        Ok(blocks)
    }

    /// The height of the block that the journal begins with: 0 for genesis.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], and [`Error::Corrupt`] if the beginning is missing.
    pub fn begins(&self) -> Result<u64, Error> {
        Ok(existing_segments(self.disk())?[0])
    }

    /// The block at `height`.
    ///
    /// # Errors
    ///
    /// [`Error::NoBlock`] beyond the end, and those of [`blocks`](Self::blocks).
    pub fn block(&self, height: u64) -> Result<Block, Error> {
        let mut blocks = self.blocks(height)?;
        if !blocks.advance(Cursor::step)? {
            return Err(Error::NoBlock { height, place: self.disk.place() });
        }
        Ok(Block { height, hash: blocks.cursor.previous, payload: blocks.cursor.into_payload() })
    }

    /// The snapshot of a block, whose checksums were found good.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::Version`] if it is not good, [`Error::Io`], also if there is none.
    pub fn snapshot(&self, height: u64) -> Result<Snapshot, Error> {
        snapshot::check(self.disk(), height)
    }

    /// The newest snapshot that is whole, and those that had to be passed over. A journal that begins after a block has the one of that
    /// block at least.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn latest_snapshot(&self) -> Result<Latest, Error> {
        snapshot::latest(&self.disk)
    }
}

/// The first heights of the segments, ascending from the journal's beginning.
pub(crate) fn existing_segments(disk: &dyn Disk) -> Result<Vec<u64>, Error> {
    let segments = names::segments(disk)?;
    match segments.first() {
        Some(0) => Ok(segments),
        Some(first) if Cursor::open(disk, *first)?.is_at_beginning() => Ok(segments),
        Some(first) => Err(Error::Corrupt(Fault {
            file: names::segment(0),
            offset: 0,
            height: 0,
            damage: Damage::MissingBlocks(names::segment(*first)),
        })),
        None => Err(Error::Missing { place: disk.place(), missing: names::segment(0) }),
    }
}

/// Blocks in order of height.
///
/// After the end (`None`) it may be asked again: a live writer may have appended. An error ends an iteration, but asking again repeats it.
#[derive(Debug)]
pub struct Blocks {
    disk: Arc<dyn Disk>,
    pub(crate) cursor: Cursor,
    acknowledged: Option<Head>,
}

impl Blocks {
    pub(crate) fn from_segment(disk: Arc<dyn Disk>, first: u64) -> Result<Self, Error> {
        let acknowledged = head::read(disk.as_ref())?;
        let cursor = Cursor::open(disk.as_ref(), first)?;
        Ok(Self { disk, cursor, acknowledged })
    }

    /// The next block, in a buffer that the one after it uses again; `None` at the end of the journal.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] with the place, [`Error::Lost`] if the journal ends before an acknowledged block, [`Error::Io`].
    pub fn next_block(&mut self) -> Result<Option<BlockRef<'_>>, Error> {
        let found = self.advance(Cursor::step)?;
        let cursor = &self.cursor;
        Ok(found.then(|| BlockRef {
            height: cursor.height - 1,
            hash: cursor.previous,
            payload: cursor.payload(),
            file: &cursor.name,
            offset: cursor.last_offset,
        }))
    }

    /// What was acknowledged last when it was last looked up.
    pub(crate) fn acknowledged(&self) -> Option<Head> {
        self.acknowledged
    }

    /// The last block before the position; `None` before the beginning.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        self.cursor.head()
    }

    /// The bytes behind the position in its segment: after the end of the journal, those of its torn tail.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn rest_bytes(&self) -> Result<u64, Error> {
        Ok(self.cursor.length()?.saturating_sub(self.cursor.offset))
    }

    /// Moves behind the next block, with `step`; `false` at the end of the journal.
    ///
    /// What looks like damage is looked at twice: between the first look and the evidence that there had been something good, a live writer may have
    /// written it. Whatever proves that a block is durable is written after the block.
    pub(crate) fn advance(&mut self, step: fn(&mut Cursor) -> Result<Step, Error>) -> Result<bool, Error> {
        let mut looked_before = false;
        loop {
            let fault = match step(&mut self.cursor)? {
                Step::Block(header) => {
                    let differs = |head: Head| head.height == header.height && head.hash != header.hash;
                    if self.acknowledged.is_some_and(differs) {
                        let file = self.cursor.name.clone();
                        let offset = self.cursor.last_offset;
                        return Err(Error::Corrupt(Fault {
                            file,
                            offset,
                            height: header.height,
                            damage: Damage::Acknowledged,
                        }));
                    }
                    return Ok(true);
                }
                Step::Bad(damage) => {
                    // The beginning is durable before its segment has a name.
                    let durable = self.cursor.is_at_beginning()
                        || self.next_segment()?.is_some()
                        || self.is_acknowledged()?
                        || self.cursor.later_record_proves_durable()?;
                    if !durable {
                        return Ok(false);
                    }
                    self.cursor.fault(damage)
                }
                Step::End => match self.next_segment()? {
                    Some(first) if first == self.cursor.height => {
                        self.enter(first)?;
                        looked_before = false;
                        continue;
                    }
                    Some(first) => self.cursor.fault(Damage::MissingBlocks(names::segment(first))),
                    None if self.cursor.is_at_beginning() => {
                        self.cursor.fault(Damage::Truncated { missing: RECORD_HEADER_BYTES as u64 })
                    }
                    None if !self.is_acknowledged()? => return Ok(false),
                    None => Error::Lost {
                        place: self.disk.place(),
                        acknowledged: self.acknowledged.expect("is_acknowledged looked at it"),
                        found: self.cursor.height.saturating_sub(1),
                    },
                },
            };
            if looked_before {
                return Err(fault);
            }
            looked_before = true;
        }
    }

    /// Goes on in the segment that begins with the next block.
    fn enter(&mut self, first: u64) -> Result<(), Error> {
        let next = Cursor::open(self.disk.as_ref(), first)?;
        if next.previous != self.cursor.previous {
            let damage = Damage::Chain;
            return Err(Error::Corrupt(Fault { file: next.name, offset: 0, height: first, damage }));
        }
        self.cursor = next;
        Ok(())
    }

    /// Where the segment after the current one begins, if there is one.
    fn next_segment(&self) -> Result<Option<u64>, Error> {
        let segments = names::segments(self.disk.as_ref())?;
        Ok(segments.into_iter().find(|first| *first > self.cursor.header.first_height))
    }

    /// Whether `head` names the next block or a later one. Looks again at the file, as a live writer goes on.
    fn is_acknowledged(&mut self) -> Result<bool, Error> {
        self.acknowledged = head::read(self.disk.as_ref())?;
        Ok(self.acknowledged.is_some_and(|head| head.height >= self.cursor.height))
    }
}

impl Iterator for Blocks {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let owned =
            |block: BlockRef<'_>| Block { height: block.height, hash: block.hash, payload: block.payload.to_vec() };
        self.next_block().map(|block| block.map(owned)).transpose()
    }
}
