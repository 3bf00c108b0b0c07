//! Checkpoints: the state after the last block of an epoch, with what proves it to whoever has the charter that the union was
//! founded on.
//!
//! A node that comes late may begin with one instead of all blocks from genesis. Nobody need be trusted for it: handovers lead from
//! the founders' nodes to those of the epoch, which certify its last block; and a block of the next epoch, certified by the nodes
//! of that one, names the state. The nodes of the epoch after are in that state.
//!
//! ```text
//! checkpoint  8 bytes COMITYC1, length of the foundation (4 bytes, little-endian), foundation, snapshot of the state
//! foundation  8 bytes COMITYF2, then each after its length (4 bytes): what the union was founded on (as in the genesis block), the certificate over the epoch's last block, the
//!             header of the block that names the state, the certificate over it; number of handovers (4 bytes), handovers
//! ```
//!
//! A journal that begins after a block has the foundation in the place of that block, and the snapshot beside it.

use crate::consensus::CertificateError;
use crate::error::{NodeError, ReceiptError};
use crate::handover::{Followed, HANDOVERS_MAX, Handover};
use crate::record::{self, CERTIFICATE_BYTES_MAX};
use crate::replay::{Replay, read_founding};
use journal::{Disk, Journal, Reader};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use union::{
    BLOCK_HEADER_BYTES, Batch, BlockHeader, Charter, Founding, FoundingError, Hash, STATE_BEHIND_MAX, SnapshotError,
    Union,
};

const MAGIC: [u8; 8] = *b"COMITYC1";
const FOUNDATION_MAGIC: [u8; 8] = *b"COMITYF2";

/// Among so many blocks one has a certificate.
const LATEST: u64 = 16;

/// The longest charter with its founders' signatures in a foundation, in bytes.
const FOUNDING_BYTES_MAX: usize = 16 << 20;

/// Why a checkpoint is not to be begun with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not the bytes of a checkpoint.
    #[error("not a checkpoint: {0}")]
    Format(&'static str),
    /// It is of a union that was founded on another charter.
    #[error("the checkpoint is of another union: it was founded on another charter")]
    OtherUnion,
    /// Its founders have not signed its charter.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// Its state is not the one that was certified.
    #[error(transparent)]
    State(#[from] SnapshotError),
    /// The members' nodes have not certified it.
    #[error("block {height}: {error}")]
    NotCertified {
        /// The block that the certificate is over.
        height: u64,
        /// What is wrong with the certificate.
        error: CertificateError,
    },
    /// A handover does not hold.
    #[error(transparent)]
    Handover(#[from] ReceiptError),
}

/// What makes the state after a block one to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foundation {
    /// The charter that the union was founded on, and its founders' signatures.
    founding: Founding,
    /// Over the block, the last one of its epoch, by the nodes of that epoch.
    certificate: Vec<u8>,
    /// A block of the next epoch, which names the state after it.
    named_by: BlockHeader,
    /// Over that block.
    named_by_certificate: Vec<u8>,
    /// From the founders' nodes to those of the next epoch.
    handovers: Vec<Handover>,
}

impl Foundation {
    /// The height after which the state is named.
    fn height(&self) -> u64 {
        self.named_by.state_height().expect("a header is read strictly")
    }

    /// The state that is named.
    fn state(&self) -> Hash {
        self.named_by.state
    }

    /// The state in a snapshot, once all of it has been checked; see [`union::Union::new`] for `index_seed`.
    fn state_in(&self, snapshot: &[u8], index_seed: u64) -> Result<Union, CheckpointError> {
        let charter = self.founding.charter().clone();
        let mut nodes = Followed::founders(&charter)
            .map_err(|error| CheckpointError::NotCertified { height: self.height(), error })?;
        let (height, epoch_blocks) = (self.height(), charter.epoch_blocks);
        if !(height + 1).is_multiple_of(epoch_blocks)
            || self.named_by.height / epoch_blocks != (height + 1) / epoch_blocks
            || self.handovers.iter().any(|handover| handover.height() > height)
        {
            return Err(CheckpointError::Format("its state is not that of an epoch's end"));
        }
        let union = Union::from_snapshot(charter, snapshot, self.state(), index_seed)?;
        if union.height() != height {
            return Err(CheckpointError::Format("its state is that of another block"));
        }
        let (earlier, last) = self.handovers.split_at(self.handovers.partition_point(|one| one.height() < height));
        for handover in earlier {
            nodes.follow(handover)?;
        }
        nodes.check(&self.certificate, height, &union.tip().hash())?;
        for handover in last {
            nodes.follow(handover)?;
        }
        nodes.check(&self.named_by_certificate, self.named_by.height, &self.named_by.hash())?;
        Ok(union)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = FOUNDATION_MAGIC.to_vec();
        let header = bytemuck::bytes_of(&self.named_by);
        let founding = self.founding.genesis();
        for part in [&founding, &self.certificate, header, &self.named_by_certificate] {
            bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(&(self.handovers.len() as u32).to_le_bytes());
        self.handovers.iter().for_each(|handover| handover.write(&mut bytes));
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Foundation, CheckpointError> {
        let cut = CheckpointError::Format("its foundation is cut off");
        let mut rest = bytes.strip_prefix(&FOUNDATION_MAGIC).ok_or(CheckpointError::Format("it has no foundation"))?;
        let mut part = |longest: usize| {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = u32::from_le_bytes(*length) as usize;
            let (part, after) = after.split_at_checked(length).filter(|_| length <= longest)?;
            rest = after;
            Some(part)
        };
        let mut parts = [FOUNDING_BYTES_MAX, CERTIFICATE_BYTES_MAX, BLOCK_HEADER_BYTES, CERTIFICATE_BYTES_MAX]
            .map(|longest| part(longest).ok_or(cut.clone()));
        let [founding, certificate, header, named_by_certificate] =
            parts.each_mut().map(|part| std::mem::replace(part, Err(cut.clone())));
        let founding = Founding::from_genesis(founding?)?;
        let header = header?.first_chunk().and_then(|header| BlockHeader::decode(header).ok());
        let named_by = header.filter(|header| header.state_height().is_some());
        let named_by = named_by.ok_or(CheckpointError::Format("it has no header of a block"))?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let count = u32::from_le_bytes(*count) as usize;
        let mut handovers = Vec::new();
        for _ in 0..count.min(HANDOVERS_MAX + 1) {
            let handover;
            (handover, rest) = Handover::split_first(rest).ok_or(CheckpointError::Format("a handover is not one"))?;
            handovers.push(handover);
        }
        if !rest.is_empty() || handovers.len() != count {
            return Err(CheckpointError::Format("it has more handovers than any, or bytes follow them"));
        }
        let (certificate, named_by_certificate) = (certificate?.to_vec(), named_by_certificate?.to_vec());
        Ok(Foundation { founding, certificate, named_by, named_by_certificate, handovers })
    }
}

/// What a journal begins with.
pub(crate) struct Beginning {
    /// The charter that the union was founded on, and its founders' signatures.
    pub founding: Founding,
    /// The union there.
    pub union: Union,
    /// Up to there.
    pub handovers: Vec<Handover>,
}

impl Beginning {
    /// Reads the beginning of a journal, and checks it. `directory` is for messages.
    pub fn read(reader: &Reader, directory: &Path, index_seed: u64) -> Result<Beginning, NodeError> {
        let height = reader.begins()?;
        let payload = reader.block(height)?.payload;
        if height == 0 {
            let founding = read_founding(directory, &payload)?;
            let union = Union::new(founding.charter().clone(), index_seed);
            return Ok(Beginning { founding, union, handovers: Vec::new() });
        }
        let wrong = |error| NodeError::Checkpoint { place: directory.to_owned(), error };
        let foundation = Foundation::decode(&payload).map_err(wrong)?;
        if foundation.height() != height {
            return Err(wrong(CheckpointError::Format("it is the foundation of another block")));
        }
        let mut snapshot = Vec::new();
        let read = reader.snapshot(height)?.read_to_end(&mut snapshot);
        read.map_err(|error| NodeError::System(format!("the snapshot at block {height}: {error}")))?;
        let union = foundation.state_in(&snapshot, index_seed).map_err(wrong)?;
        Ok(Beginning { founding: foundation.founding, union, handovers: foundation.handovers })
    }
}

/// What the union of a journal was founded on. The state that the journal begins with is not looked at.
pub(crate) fn founding_in(reader: &Reader, directory: &Path) -> Result<Founding, NodeError> {
    let height = reader.begins()?;
    let payload = reader.block(height)?.payload;
    if height == 0 {
        return read_founding(directory, &payload);
    }
    let foundation = Foundation::decode(&payload).map(|foundation| foundation.founding);
    foundation.map_err(|error| NodeError::Checkpoint { place: directory.to_owned(), error })
}

/// The last certificate in a journal, and the height of the block that it is over: of the latest blocks up to `until`. None if they
/// have none.
pub(crate) fn last_certificate(reader: &Reader, until: u64) -> Result<Option<(u64, Vec<u8>)>, NodeError> {
    let begins = reader.begins()?;
    let mut blocks = reader.blocks(until.saturating_sub(LATEST).max(begins))?;
    let mut last = None;
    while let Some(read) = blocks.next_block()? {
        let certificate = match read.height {
            0 => continue,
            height if height == begins => {
                Foundation::decode(read.payload).map_or_else(|_| vec![], |read| read.certificate)
            }
            height => record::decode(height, read.payload, Batch::from_journal)?.certificate,
        };
        if !certificate.is_empty() {
            last = Some((read.height, certificate));
        }
    }
    Ok(last)
}

/// The charter that the union of the journal in a directory was founded on, with its founders' signatures. Works beside a node.
///
/// # Errors
///
/// [`NodeError`] if there is no journal, or what it begins with is not in order.
pub fn founding(directory: &Path) -> Result<Founding, NodeError> {
    founding_in(&Reader::open(directory)?, directory)
}

/// The state after the last block of an epoch, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    foundation: Foundation,
    snapshot: Vec<u8>,
}

impl Checkpoint {
    /// The latest one that a journal proves; `None` if no epoch is over yet, or none whose end the journal has the certificates of. The
    /// blocks up to there are replayed. Works beside the node.
    ///
    /// # Errors
    ///
    /// [`NodeError`] if the journal cannot be read, or one node orders alone and nobody certifies its blocks.
    pub fn find(reader: &Reader, directory: &Path) -> Result<Option<Checkpoint>, NodeError> {
        let mut replay = Replay::of(reader, directory, u64::MAX)?;
        let charter = replay.founding().charter();
        if !charter.has_nodes() {
            let text =
                "one node orders alone here: nobody certifies a state, and a copy of its directory is all there is";
            return Err(NodeError::Membership(text.into()));
        }
        let (begins, epoch_blocks) = (reader.begins()?, charter.epoch_blocks);
        let mut end = reader.acknowledged()?.map_or(begins, |head| head.height) / epoch_blocks * epoch_blocks;
        let named = loop {
            // The journal holds nothing of the epoch before its beginning.
            let Some(height) = end.checked_sub(1).filter(|height| *height > begins) else { return Ok(None) };
            match named_after(reader, height)? {
                Some(named) => break named,
                None => end -= epoch_blocks,
            }
        };
        let height = end - 1;
        while replay.union().height() < height {
            if replay.step()?.is_none() {
                return Ok(None);
            }
        }
        let Named { certificate, named_by, named_by_certificate } = named;
        let mut snapshot = Vec::new();
        let Ok(()) = replay.union().snapshot(|bytes| -> Result<(), std::convert::Infallible> {
            snapshot.extend_from_slice(bytes);
            Ok(())
        });
        let founding = replay.founding().clone();
        let handovers = replay.handovers().to_vec();
        let foundation = Foundation { founding, certificate, named_by, named_by_certificate, handovers };
        Ok(Some(Checkpoint { foundation, snapshot }))
    }

    /// The height after which the state is.
    pub fn height(&self) -> u64 {
        self.foundation.height()
    }

    /// The state hash.
    pub fn state(&self) -> Hash {
        self.foundation.state()
    }

    /// Checks it by the charter that the union was founded on, and gives the state.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] says what does not hold.
    pub fn check(&self, founding: &Charter) -> Result<Union, CheckpointError> {
        if self.foundation.founding.charter().hash() != founding.hash() {
            return Err(CheckpointError::OtherUnion);
        }
        self.foundation.state_in(&self.snapshot, 0)
    }

    /// [`check`](Self::check)s it, and begins a journal with it in a directory, which must hold none.
    ///
    /// # Errors
    ///
    /// [`NodeError`] if it does not hold, or the journal cannot be written.
    pub fn begin(&self, founding: &Charter, directory: &Path) -> Result<(), NodeError> {
        let disk = journal::Directory::create(directory)
            .map_err(|error| NodeError::System(format!("cannot create {}: {error}", directory.display())))?;
        let wrong = |error| NodeError::Checkpoint { place: directory.to_owned(), error };
        self.begin_on(founding, Arc::new(disk), journal::Options::default())?.map_err(wrong)
    }

    /// The same on a disk.
    pub(crate) fn begin_on(
        &self,
        founding: &Charter,
        disk: Arc<dyn Disk>,
        options: journal::Options,
    ) -> Result<Result<(), CheckpointError>, journal::Error> {
        if let Err(error) = self.check(founding) {
            return Ok(Err(error));
        }
        let payload = self.foundation.encode();
        let snapshot = (self.state(), |file: &mut dyn std::io::Write| file.write_all(&self.snapshot));
        let journal = Journal::create_after_on(disk, (self.height(), &payload), snapshot, options)?;
        journal.close().map(|_| Ok(()))
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let foundation = self.foundation.encode();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(foundation.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&foundation);
        bytes.extend_from_slice(&self.snapshot);
        bytes
    }

    /// Reads one strictly. What it says is to be [`check`](Self::check)ed.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] if these are not the bytes of a checkpoint.
    pub fn decode(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(CheckpointError::Format("it does not begin with COMITYC1"))?;
        let cut = CheckpointError::Format("it is cut off");
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(cut.clone())?;
        let (foundation, snapshot) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(cut)?;
        Ok(Checkpoint { foundation: Foundation::decode(foundation)?, snapshot: snapshot.to_vec() })
    }
}

/// The certificates that prove a state.
struct Named {
    certificate: Vec<u8>,
    named_by: BlockHeader,
    named_by_certificate: Vec<u8>,
}

/// The certificate over a block, and the first block after it that names the state after it and is certified itself. A hostile leader
/// may see to it that there is none: then another epoch's end has one.
fn named_after(reader: &Reader, height: u64) -> Result<Option<Named>, NodeError> {
    let mut certificate = None;
    let mut blocks = match reader.blocks(height) {
        Err(journal::Error::NoBlock { .. }) => return Ok(None),
        blocks => blocks?,
    };
    while let Some(read) = blocks.next_block()? {
        if read.height > height + STATE_BEHIND_MAX + 1 {
            break;
        }
        let record = record::decode(read.height, read.payload, Batch::from_journal)?;
        if record.certificate.is_empty() {
            continue;
        }
        let Some(certificate) = &certificate else {
            if read.height > height {
                break;
            }
            certificate = Some(record.certificate);
            continue;
        };
        let named_by = *record.block.header();
        if named_by.state_height() == Some(height) {
            let certificate = certificate.clone();
            return Ok(Some(Named { certificate, named_by, named_by_certificate: record.certificate }));
        }
    }
    Ok(None)
}
