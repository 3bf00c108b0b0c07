//! Going through a journal's blocks from its beginning, applying each.

use crate::checkpoint::Beginning;
use crate::error::NodeError;
use crate::handover::{Handover, Handovers};
use crate::record;
use journal::{Blocks, Reader};
use std::path::Path;
use union::{Applied, Batch, Block, Founding, StateParts, Union};

/// Applies a block that was read, and checks that it leads to the state that it once led to.
pub(crate) fn apply(union: &mut Union, block: &Block, state: [u8; 32]) -> Result<Applied, NodeError> {
    let applied = union.apply(block)?;
    if applied.state != state {
        return Err(NodeError::State { height: applied.height, got: hex(&applied.state), want: hex(&state) });
    }
    Ok(applied)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The charter that a journal begins with, and its founders' signatures.
pub(crate) fn read_founding(directory: &Path, genesis: &[u8]) -> Result<Founding, NodeError> {
    let error = |error| NodeError::Founding { directory: directory.to_owned(), error };
    Founding::from_genesis(genesis).map_err(error)
}

/// A journal being replayed from its beginning. Works beside a node that writes it.
#[derive(Debug)]
pub struct Replay {
    founding: Founding,
    begins: u64,
    handovers: Handovers,
    union: Union,
    blocks: Blocks,
    until: u64,
}

/// A block that was replayed.
#[derive(Debug)]
pub struct Step<'a> {
    /// The union after the block.
    pub union: &'a Union,
    /// The block.
    pub block: Block,
    /// What it did.
    pub applied: Applied,
    /// The quorum certificate over it; empty if the journal has none.
    pub certificate: Vec<u8>,
}

impl Replay {
    /// Opens the journal in a node's directory. Blocks after `until` are not looked at.
    pub fn open(directory: &Path, until: u64) -> Result<Replay, NodeError> {
        Replay::of(&Reader::open(directory)?, directory, until)
    }

    /// Replays the journal of a reader; `directory` is for messages.
    pub(crate) fn of(reader: &Reader, directory: &Path, until: u64) -> Result<Replay, NodeError> {
        let Beginning { founding, union, handovers, .. } = Beginning::read(reader, directory, 0)?;
        let begins = union.height();
        let blocks = reader.blocks(begins + 1)?;
        Ok(Replay { founding, begins, handovers: Handovers::after(handovers), union, blocks, until })
    }

    /// The charter that the union was founded on, with its founders' signatures.
    pub fn founding(&self) -> &Founding {
        &self.founding
    }

    /// The block that the journal begins after: 0 where it begins with genesis. What happened up to there is in its state, and not in
    /// its blocks.
    pub fn begins(&self) -> u64 {
        self.begins
    }

    /// From the founders' nodes to those after the last block that was replayed.
    pub(crate) fn handovers(&self) -> &[Handover] {
        self.handovers.found()
    }

    /// The union as far as it was replayed.
    pub fn union(&self) -> &Union {
        &self.union
    }

    /// What the hash of the state that it has come to is made of.
    pub(crate) fn state_parts(&mut self) -> StateParts {
        self.union.state_parts()
    }

    /// Applies the next block; `None` after the last. Signatures are not checked here, see [`crate::verify()`].
    pub fn step(&mut self) -> Result<Option<Step<'_>>, NodeError> {
        if self.union.height() >= self.until {
            return Ok(None);
        }
        let Some(read) = self.blocks.next_block()? else { return Ok(None) };
        let record = record::decode(read.height, read.payload, Batch::from_journal)?;
        let applied = apply(&mut self.union, &record.block, record.state)?;
        self.handovers.see(&self.union, applied.parts, record.block.header(), &record.certificate);
        Ok(Some(Step { union: &self.union, block: record.block, applied, certificate: record.certificate }))
    }
}
