//! Snapshots: the state after a block, so that replaying need not begin at genesis.

use crate::disk::{Disk, DiskFile};
use crate::error::{Damage, Error, Fault};
use crate::format::{
    Head, HeaderFault, SNAPSHOT_HEADER_BYTES, SNAPSHOT_TRAILER_BYTES, SnapshotId, decode_snapshot_trailer,
    encode_snapshot_trailer,
};
use crate::names;
use sha2::{Digest as _, Sha256};
use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bodies are written and read in pieces of this size, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// So many snapshots are kept, beside the one that a journal begins with.
const KEPT: usize = 2;

/// Writes the snapshots of a journal. There is one journal for a directory, and its owner makes one of these.
#[derive(Debug)]
pub struct SnapshotWriter {
    disk: Arc<dyn Disk>,
    /// Held, not used.
    _lock: Arc<dyn Debug + Send + Sync>,
    durable_height: Arc<AtomicU64>,
}

impl SnapshotWriter {
    pub(crate) fn new(disk: Arc<dyn Disk>, lock: Arc<dyn Debug + Send + Sync>, durable_height: Arc<AtomicU64>) -> Self {
        Self { disk, _lock: lock, durable_height }
    }

    /// Writes the snapshot whose body is what `body` writes; durable on return. Then removes all but the newest two, and the one that
    /// the journal begins with.
    ///
    /// # Errors
    ///
    /// [`Error::TooEarly`] if the block that `id` names is not durable yet, [`Error::Io`], also for an error that `body` returns.
    pub fn write(&mut self, id: SnapshotId, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        let durable = self.durable_height.load(Ordering::Acquire);
        if id.head.height > durable {
            return Err(Error::TooEarly { height: id.head.height, durable });
        }
        let name = names::snapshot(id.head.height);
        let unfinished = format!("{name}{}", names::UNFINISHED);
        let file = self.disk.open_for_writing(&unfinished).map_err(Error::io("create", unfinished.as_str()))?;
        write_content(file.as_ref(), id, body).map_err(Error::io("write", unfinished.as_str()))?;
        self.disk.rename(&unfinished, &name).map_err(Error::io("rename", unfinished.as_str()))?;
        self.disk.sync_names().map_err(Error::io("sync", self.disk.place()))?;

        let heights = names::snapshots(self.disk.as_ref())?;
        // The state that a journal begins with is nowhere else.
        let begins = names::segments(self.disk.as_ref())?.first().copied();
        for height in heights[..heights.len().saturating_sub(KEPT)].iter().filter(|height| Some(**height) != begins) {
            let name = names::snapshot(*height);
            self.disk.remove(&name).map_err(Error::io("remove", name.as_str()))?;
        }
        Ok(())
    }
}

fn write_content(
    file: &dyn DiskFile,
    id: SnapshotId,
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // An earlier attempt may have left a longer file.
    file.cut(0)?;
    let mut writer = BodyWriter { file, written: 0, buffer: Vec::with_capacity(PIECE_BYTES), digest: Sha256::new() };
    writer.write_all(&id.encode())?;
    body(&mut writer)?;
    writer.flush()?;
    let body_bytes = writer.written - SNAPSHOT_HEADER_BYTES as u64;
    file.write_all_at(&encode_snapshot_trailer(body_bytes, writer.digest.finalize().into()), writer.written)?;
    file.sync()
}

struct BodyWriter<'a> {
    file: &'a dyn DiskFile,
    written: u64,
    buffer: Vec<u8>,
    digest: Sha256,
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == PIECE_BYTES {
            self.flush()?;
        }
        let taken = bytes.len().min(PIECE_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.digest.update(&self.buffer);
        self.file.write_all_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The newest snapshot that is whole, if there is one, and what is wrong with newer ones.
#[derive(Debug)]
pub struct Latest {
    /// The snapshot.
    pub snapshot: Option<Snapshot>,
    /// Why newer ones were passed over: [`Error::Corrupt`] or [`Error::Version`].
    pub passed_over: Vec<Error>,
}

/// A snapshot whose checksums were found good. Read the body with [`Read`]: it is checked a second time, so that an error at its end means
/// that the bytes changed since.
#[derive(Debug)]
pub struct Snapshot {
    /// What it is a snapshot of. The state hash is for the reader of the body to check.
    pub id: SnapshotId,
    /// The file.
    pub file_name: String,
    /// The length of the body in bytes.
    pub body_bytes: u64,
    file: Box<dyn DiskFile>,
    read: u64,
    hashing: Sha256,
    digest: [u8; 32],
}

/// The newest good snapshot on the disk.
pub(crate) fn latest(disk: &Arc<dyn Disk>) -> Result<Latest, Error> {
    let mut passed_over = Vec::new();
    for height in names::snapshots(disk.as_ref())?.into_iter().rev() {
        match check(disk.as_ref(), height) {
            Ok(snapshot) => return Ok(Latest { snapshot: Some(snapshot), passed_over }),
            Err(error) if is_gone(&error) => {}
            Err(fault @ (Error::Corrupt(_) | Error::Version { .. })) => passed_over.push(fault),
            Err(other) => return Err(other),
        }
    }
    Ok(Latest { snapshot: None, passed_over })
}

/// The blocks of all snapshots, ascending, after reading all of them.
pub(crate) fn check_all(disk: &dyn Disk) -> Result<Vec<Head>, Error> {
    let mut heads = Vec::new();
    for height in names::snapshots(disk)? {
        match check(disk, height) {
            Ok(snapshot) => heads.push(snapshot.head()),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(heads)
}

/// Whether a live writer removed the snapshot since it was listed, as it had written two newer ones.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// Opens a snapshot after reading all of it.
pub(crate) fn check(disk: &dyn Disk, height: u64) -> Result<Snapshot, Error> {
    let mut snapshot = Snapshot::open(disk, height)?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match snapshot.read(&mut piece) {
            Ok(0) => return Snapshot::open(disk, height),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(fault(&snapshot.file_name, 0, height, Damage::ContentChecksum));
            }
            Err(error) => return Err(Error::io("read", snapshot.file_name)(error)),
        }
    }
}

fn fault(name: &str, offset: u64, height: u64, damage: Damage) -> Error {
    Error::Corrupt(Fault { file: name.to_owned(), offset, height, damage })
}

/// What to say about a snapshot that names another block than the journal has at its height, or one that is not there.
pub(crate) fn of_another_block(height: u64) -> Error {
    fault(&names::snapshot(height), 0, height, Damage::Chain)
}

impl Snapshot {
    /// Opens the snapshot after checking its header and trailer.
    fn open(disk: &dyn Disk, height: u64) -> Result<Self, Error> {
        const ENDS_BYTES: u64 = (SNAPSHOT_HEADER_BYTES + SNAPSHOT_TRAILER_BYTES) as u64;
        let name = names::snapshot(height);
        let file = disk.open(&name).map_err(Error::io("open", name.as_str()))?;
        let length = file.length().map_err(Error::io("read", name.as_str()))?;
        if length < ENDS_BYTES {
            return Err(fault(&name, 0, height, Damage::Truncated { missing: ENDS_BYTES - length }));
        }
        let mut header = [0; SNAPSHOT_HEADER_BYTES];
        file.read_exact_at(&mut header, 0).map_err(Error::io("read", name.as_str()))?;
        let id = match SnapshotId::decode(&header) {
            Ok(id) if id.head.height == height => id,
            Ok(id) => return Err(fault(&name, 0, height, Damage::Height(id.head.height))),
            Err(HeaderFault::Damage(damage)) => return Err(fault(&name, 0, height, damage)),
            Err(HeaderFault::Version(version)) => return Err(Error::Version { file: name, version }),
        };
        let trailer_offset = length - SNAPSHOT_TRAILER_BYTES as u64;
        let mut trailer = [0; SNAPSHOT_TRAILER_BYTES];
        file.read_exact_at(&mut trailer, trailer_offset).map_err(Error::io("read", name.as_str()))?;
        match decode_snapshot_trailer(&trailer) {
            Some((body_bytes, digest)) if body_bytes == length - ENDS_BYTES => Ok(Self {
                id,
                file_name: name,
                body_bytes,
                file,
                read: 0,
                hashing: Sha256::new_with_prefix(header),
                digest,
            }),
            Some((body_bytes, _)) => Err(fault(&name, trailer_offset, height, Damage::Length(body_bytes))),
            None => Err(fault(&name, trailer_offset, height, Damage::HeaderChecksum)),
        }
    }

    /// The last block that the state includes.
    #[must_use]
    pub fn head(&self) -> Head {
        self.id.head
    }
}

impl Read for Snapshot {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.body_bytes - self.read).unwrap_or(usize::MAX);
        let piece = buffer.len().min(rest);
        let buffer = &mut buffer[..piece];
        if rest == 0 {
            let found: [u8; 32] = self.hashing.clone().finalize().into();
            return if found == self.digest {
                Ok(0)
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the snapshot's checksum is wrong"))
            };
        }
        self.file.read_exact_at(buffer, SNAPSHOT_HEADER_BYTES as u64 + self.read)?;
        self.hashing.update(&*buffer);
        self.read += piece as u64;
        Ok(piece)
    }
}
