//! The writing side: creating, recovering, appending, making durable.

use crate::disk::{Directory, Disk, DiskFile};
use crate::error::{Damage, Error};
use crate::format::{
    BlockHash, Head, MAX_PAYLOAD_BYTES, RECORD_HEADER_BYTES, RecordHeader, SEGMENT_HEADER_BYTES, SegmentHeader,
    SnapshotId, block_hash,
};
use crate::head::HeadFile;
use crate::names;
use crate::reader::{Blocks, Reader, existing_segments};
use crate::segment::Cursor;
use crate::snapshot::SnapshotWriter;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Appended bytes are written to the file in pieces of about this size, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// How a journal uses its disk. Nothing here is remembered: any journal can be opened with any options.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A block that would make a segment longer than this begins the next one, in bytes. Opening reads one segment.
    pub segment_bytes: u64,
    /// At most this much disk space is reserved ahead of the end of the last segment, in bytes.
    pub reserve_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, reserve_bytes: 16 << 20 }
    }
}

/// What opening a journal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The last block. It is durable, whether it had been acknowledged or not.
    pub head: Head,
    /// How many bytes of unfinished, never acknowledged blocks were cut off the end.
    pub torn_bytes: u64,
    /// How many whole blocks at the end were made durable now, because nothing showed that they had been.
    pub secured_blocks: u64,
}

/// A journal that is open for appending; the only one, as it holds the lock.
///
/// After an error of [`append`](Self::append) that comes from the disk, or any error of [`sync`](Self::sync), it refuses everything
/// ([`Error::Stopped`]): drop it, and open again to find out what is there.
#[derive(Debug)]
pub struct Journal {
    disk: Arc<dyn Disk>,
    lock: Arc<dyn Debug + Send + Sync>,
    options: Options,
    head_file: HeadFile,
    tail: Tail,
    last: Head,
    durable: Head,
    /// The durable height, for the snapshot writer.
    durable_height: Arc<AtomicU64>,
    stopped: Option<Arc<Error>>,
}

impl Journal {
    /// Creates a journal in `directory`, which is created if necessary. `genesis` is the payload of block 0, durable on return.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a journal, [`Error::Locked`], [`Error::TooLarge`], [`Error::Io`].
    pub fn create(directory: impl AsRef<Path>, genesis: &[u8]) -> Result<Self, Error> {
        let directory = directory.as_ref();
        let disk = Directory::create(directory).map_err(Error::io("create", directory.display().to_string()))?;
        Self::create_on(Arc::new(disk), genesis, Options::default())
    }

    /// Creates a journal on `disk`; otherwise like [`create`](Self::create).
    pub fn create_on(disk: Arc<dyn Disk>, genesis: &[u8], options: Options) -> Result<Self, Error> {
        check_length(0, genesis.len() as u64)?;
        let lock = lock_empty(disk.as_ref())?;
        Self::begin(disk, lock, beginning(0, genesis), genesis, options)
    }

    /// Creates a journal that begins after a block with the state there, rather than with genesis: `payload` takes the place of that
    /// block, and says why the state, whose snapshot is what `body` writes, is to be believed. Both are durable on return, and stay
    /// as long as the journal.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a journal, [`Error::Locked`], [`Error::TooLarge`], [`Error::Io`], also for an error that `body`
    /// returns.
    pub fn create_after_on(
        disk: Arc<dyn Disk>,
        (height, payload): (u64, &[u8]),
        (state_hash, body): ([u8; 32], impl FnOnce(&mut dyn io::Write) -> io::Result<()>),
        options: Options,
    ) -> Result<Self, Error> {
        check_length(height, payload.len() as u64)?;
        let lock = lock_empty(disk.as_ref())?;
        let head = beginning(height, payload);
        // First what the journal cannot be without.
        SnapshotWriter::new(disk.clone(), lock.clone(), Arc::new(AtomicU64::new(height)))
            .write(SnapshotId { head, state_hash }, body)?;
        Self::begin(disk, lock, head, payload, options)
    }

    /// The first segment, with the block that the journal begins with.
    fn begin(
        disk: Arc<dyn Disk>,
        lock: Arc<dyn Debug + Send + Sync>,
        head: Head,
        payload: &[u8],
        options: Options,
    ) -> Result<Self, Error> {
        names::remove_unfinished(disk.as_ref())?;
        let tail = Tail::create(disk.as_ref(), head.height, BlockHash::default(), options, |tail| {
            tail.put_record(head, head.height, &[payload])
        })?;
        Self::finish_opening(disk, lock, options, tail, head)
    }

    /// Opens the journal in `directory` and repairs what a crash may have left.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] without a journal, [`Error::Locked`] by another writer; [`Error::Corrupt`], [`Error::Lost`] and [`Error::Version`], with nothing
    /// changed; [`Error::Io`].
    pub fn open(directory: impl AsRef<Path>) -> Result<(Self, Recovery), Error> {
        let directory = directory.as_ref();
        let disk = Directory::existing(directory).map_err(Error::io("open", directory.display().to_string()))?;
        Self::open_on(Arc::new(disk), Options::default())
    }

    /// Opens the journal on `disk`; otherwise like [`open`](Self::open).
    pub fn open_on(disk: Arc<dyn Disk>, options: Options) -> Result<(Self, Recovery), Error> {
        let segments = existing_segments(disk.as_ref())?;
        let lock = lock(disk.as_ref())?;
        for first in &segments {
            Cursor::open(disk.as_ref(), *first)?;
        }
        let last_segment = *segments.last().expect("a journal has a segment");
        let found = ReadBack::of_segment(&disk, last_segment)?;

        names::remove_unfinished(disk.as_ref())?;
        let mut tail = Tail::open(disk.as_ref(), &found.blocks.cursor, options)?;
        tail.repair(found.torn_bytes, found.unproven_offset())?;

        let recovery =
            Recovery { head: found.head, torn_bytes: found.torn_bytes, secured_blocks: found.unproven.len() as u64 };
        Ok((Self::finish_opening(disk, lock, options, tail, found.head)?, recovery))
    }

    /// The rest of creating and opening, when all blocks are durable; their segments' names may not be.
    fn finish_opening(
        disk: Arc<dyn Disk>,
        lock: Arc<dyn Debug + Send + Sync>,
        options: Options,
        tail: Tail,
        head: Head,
    ) -> Result<Self, Error> {
        let mut head_file = HeadFile::open(disk.as_ref())?;
        head_file.write(head)?;
        head_file.sync()?;
        disk.sync_names().map_err(Error::io("sync", disk.place()))?;
        let durable_height = Arc::new(AtomicU64::new(head.height));
        Ok(Self { disk, lock, options, head_file, tail, last: head, durable: head, durable_height, stopped: None })
    }

    /// The last block that was appended.
    #[must_use]
    pub fn last(&self) -> Head {
        self.last
    }

    /// The last block that is durable.
    #[must_use]
    pub fn durable(&self) -> Head {
        self.durable
    }

    /// A reader of this journal.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::open_on(self.disk.clone()).expect("an open journal has a segment")
    }

    /// The writer of this journal's snapshots, usable from another thread. It shares the lock: the journal stays locked until it is dropped, too.
    #[must_use]
    pub fn snapshot_writer(&self) -> SnapshotWriter {
        SnapshotWriter::new(self.disk.clone(), self.lock.clone(), self.durable_height.clone())
    }

    /// Appends the block whose payload is the concatenation of `payload`. It is neither durable nor acknowledged before [`sync`](Self::sync) returns.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfOrder`] unless `height` is one more than that of [`last`](Self::last), and [`Error::TooLarge`]; both leave the journal as it was.
    /// [`Error::Io`] stops it.
    pub fn append(&mut self, height: u64, payload: &[&[u8]]) -> Result<BlockHash, Error> {
        self.check_running()?;
        let expected = self.last.height + 1;
        if height != expected {
            return Err(Error::OutOfOrder { height, expected });
        }
        let bytes: u64 = payload.iter().map(|part| part.len() as u64).sum();
        check_length(height, bytes)?;
        let head = Head { height, hash: block_hash(self.last.hash, height, payload) };
        self.stop_on_error(|journal| {
            if journal.tail.has_block
                && journal.tail.end() + RECORD_HEADER_BYTES as u64 + bytes > journal.options.segment_bytes
            {
                journal.begin_segment()?;
            }
            journal.tail.put_record(head, journal.durable.height + 1, payload)
        })?;
        self.last = head;
        Ok(head.hash)
    }

    /// Makes everything that was appended durable, and returns the last block.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; whether the blocks since the last success are durable is then unknown, and the journal is stopped.
    pub fn sync(&mut self) -> Result<Head, Error> {
        self.check_running()?;
        if self.durable != self.last {
            self.stop_on_error(|journal| {
                journal.sync_tail()?;
                journal.head_file.write(journal.durable)
            })?;
        }
        Ok(self.durable)
    }

    /// Makes everything durable, frees the reserved space, and gives up the lock.
    ///
    /// # Errors
    ///
    /// As [`sync`](Self::sync).
    pub fn close(mut self) -> Result<Head, Error> {
        let head = self.sync()?;
        self.tail.free_reserve()?;
        self.tail.sync()?;
        self.head_file.sync()?;
        Ok(head)
    }

    fn sync_tail(&mut self) -> Result<(), Error> {
        self.tail.flush()?;
        self.tail.sync()?;
        self.durable = self.last;
        self.durable_height.store(self.durable.height, Ordering::Release);
        Ok(())
    }

    /// Goes on in a new segment, whose existence proves everything before it durable.
    fn begin_segment(&mut self) -> Result<(), Error> {
        self.tail.flush()?;
        self.tail.free_reserve()?;
        self.sync_tail()?;
        self.tail = Tail::create(self.disk.as_ref(), self.last.height + 1, self.last.hash, self.options, |_| Ok(()))?;
        Ok(())
    }

    fn check_running(&self) -> Result<(), Error> {
        self.stopped.as_ref().map_or(Ok(()), |cause| Err(Error::Stopped(cause.clone())))
    }

    fn stop_on_error<T>(&mut self, operation: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        operation(self).inspect_err(|error| self.stopped = Some(Arc::new(error.clone())))
    }
}

fn lock(disk: &dyn Disk) -> Result<Arc<dyn Debug + Send + Sync>, Error> {
    let lock = disk.lock(names::LOCK).map_err(Error::io("lock", disk.place()))?;
    lock.map(Arc::from).ok_or_else(|| Error::Locked { place: disk.place() })
}

/// What a journal begins with: no block comes before it.
fn beginning(height: u64, payload: &[u8]) -> Head {
    Head { height, hash: block_hash(BlockHash::default(), height, &[payload]) }
}

/// The lock of a disk that holds no journal.
fn lock_empty(disk: &dyn Disk) -> Result<Arc<dyn Debug + Send + Sync>, Error> {
    let lock = lock(disk)?;
    let present = disk.names().map_err(Error::io("list", disk.place()))?;
    let ours =
        |name: &&String| name.as_str() == names::HEAD || name.starts_with("blocks-") || name.starts_with("snapshot-");
    match present.iter().filter(ours).find(|name| !name.ends_with(names::UNFINISHED)) {
        Some(file) => Err(Error::Exists { place: disk.place(), file: file.clone() }),
        None => Ok(lock),
    }
}

fn check_length(height: u64, bytes: u64) -> Result<(), Error> {
    if bytes > MAX_PAYLOAD_BYTES { Err(Error::TooLarge { height, bytes }) } else { Ok(()) }
}

/// The blocks of the last segment, read back after a crash.
struct ReadBack {
    blocks: Blocks,
    head: Head,
    torn_bytes: u64,
    /// Where the records begin that nothing proves durable, in bytes; the last ones of the segment.
    unproven: VecDeque<u64>,
}

impl ReadBack {
    fn of_segment(disk: &Arc<dyn Disk>, first: u64) -> Result<Self, Error> {
        let mut blocks = Blocks::from_segment(disk.clone(), first)?;
        let acknowledged = blocks.acknowledged();
        let mut unproven = VecDeque::new();
        // The beginning and what lies before the segment was durable before the segment had its name.
        let mut durable_blocks = first + u64::from(blocks.cursor.is_at_beginning());
        durable_blocks = durable_blocks.max(acknowledged.map_or(0, |head| head.height.saturating_add(1)));
        while let Some(block) = blocks.next_block()? {
            let (height, offset) = (block.height, block.offset);
            unproven.push_back(offset);
            durable_blocks = durable_blocks.max(blocks.cursor.last_durable_blocks);
            let still_unproven = (height + 1).saturating_sub(durable_blocks) as usize;
            unproven.drain(..unproven.len().saturating_sub(still_unproven));
        }
        let missing = || blocks.cursor.fault(Damage::Truncated { missing: RECORD_HEADER_BYTES as u64 });
        let head = blocks.head().ok_or_else(missing)?;
        Ok(Self { head, torn_bytes: blocks.rest_bytes()?, unproven, blocks })
    }

    fn unproven_offset(&self) -> Option<u64> {
        self.unproven.front().copied()
    }
}

/// The end of the last segment.
#[derive(Debug)]
struct Tail {
    file: Box<dyn DiskFile>,
    name: String,
    salt: u32,
    options: Options,
    /// The length of what was written to the file, in bytes.
    written: u64,
    /// Appended, and not yet written.
    buffer: Vec<u8>,
    /// Up to where disk space is reserved, in bytes from the beginning of the file.
    reserved: u64,
    has_block: bool,
}

impl Tail {
    /// Creates a segment that is whole before it has its name; `fill` may append to it.
    fn create(
        disk: &dyn Disk,
        first_height: u64,
        previous: BlockHash,
        options: Options,
        fill: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let name = names::segment(first_height);
        let unfinished = format!("{name}{}", names::UNFINISHED);
        let salt = disk.random().map_err(Error::io("choose a salt for", name.as_str()))?;
        let file = disk.open_for_writing(&unfinished).map_err(Error::io("create", unfinished.as_str()))?;
        let mut tail =
            Self { file, name, salt, options, written: 0, buffer: Vec::new(), reserved: 0, has_block: false };
        tail.put(&SegmentHeader { first_height, previous, salt }.encode())?;
        fill(&mut tail)?;
        tail.flush()?;
        tail.sync()?;
        disk.rename(&unfinished, &tail.name).map_err(Error::io("rename", unfinished.as_str()))?;
        disk.sync_names().map_err(Error::io("sync", disk.place()))?;
        Ok(tail)
    }

    /// Opens the segment of the cursor to go on at the cursor.
    fn open(disk: &dyn Disk, cursor: &Cursor, options: Options) -> Result<Self, Error> {
        let name = cursor.name.clone();
        let file = disk.open_for_writing(&name).map_err(Error::io("open", name.as_str()))?;
        Ok(Self {
            file,
            name,
            salt: cursor.header.salt,
            options,
            written: cursor.offset,
            buffer: Vec::new(),
            reserved: cursor.offset,
            has_block: cursor.offset > SEGMENT_HEADER_BYTES as u64,
        })
    }

    /// Cuts off the torn bytes, and makes durable what may not be: after a failed sync the system may take bytes for written that are not, so
    /// they are written again.
    fn repair(&mut self, torn_bytes: u64, unproven: Option<u64>) -> Result<(), Error> {
        if torn_bytes > 0 {
            self.file.cut(self.written).map_err(Error::io("cut", self.name.as_str()))?;
        }
        let mut offset = unproven.unwrap_or(self.written);
        while offset < self.written {
            let mut bytes =
                vec![0; usize::try_from(self.written - offset).map_or(BUFFER_BYTES, |rest| rest.min(BUFFER_BYTES))];
            self.file.read_exact_at(&mut bytes, offset).map_err(Error::io("read", self.name.as_str()))?;
            self.file.write_all_at(&bytes, offset).map_err(Error::io("write", self.name.as_str()))?;
            offset += bytes.len() as u64;
        }
        self.sync()
    }

    /// Where the next record will begin, in bytes.
    fn end(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn put_record(&mut self, head: Head, durable_blocks: u64, payload: &[&[u8]]) -> Result<(), Error> {
        let bytes: usize = payload.iter().map(|part| part.len()).sum();
        let header = RecordHeader {
            payload_bytes: u32::try_from(bytes).expect("the length was checked"),
            height: head.height,
            durable_blocks,
            hash: head.hash,
            payload_checksum: payload.iter().fold(0, |checksum, part| crc32c::crc32c_append(checksum, part)),
        };
        self.put(&header.encode(self.salt))?;
        for part in payload {
            self.put(part)?;
        }
        self.put(&[0; 8][..header.padded_bytes() as usize - bytes])?;
        self.has_block = true;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            return self.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.write(&buffer)?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = self.written + bytes.len() as u64;
        if end > self.reserved {
            // As much again as there is: a small journal stays small.
            let ahead = end.min(self.options.reserve_bytes);
            let room = end + ahead - self.reserved;
            self.file.reserve(self.reserved, room).map_err(Error::io("reserve space for", self.name.as_str()))?;
            self.reserved = end + ahead;
        }
        self.file.write_all_at(bytes, self.written).map_err(Error::io("write", self.name.as_str()))?;
        self.written = end;
        Ok(())
    }

    fn free_reserve(&mut self) -> Result<(), Error> {
        self.file.cut(self.written).map_err(Error::io("cut", self.name.as_str()))?;
        self.reserved = self.written;
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        self.file.sync().map_err(Error::io("sync", self.name.as_str()))
    }
}
