//! The state again, after a stop or a crash.

use crate::checkpoint::{Beginning, founding_in};
use crate::error::NodeError;
use crate::record;
use crate::replay::{apply, hex};
use journal::Reader;
use std::io::Read;
use std::path::Path;
use union::{Batch, Hash, Union};

/// What recovery found.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Height reached.
    pub height: u64,
    /// State hash there.
    pub state: Hash,
    /// Height of the snapshot that recovery began from; 0 for genesis.
    pub snapshot: u64,
    /// Blocks replayed after it.
    pub replayed: u64,
    /// Bytes of unfinished blocks that were cut off the journal's end; none of them had been acknowledged.
    pub torn_bytes: u64,
    /// Snapshots that were damaged and passed over, as text.
    pub passed_over: Vec<String>,
}

/// The state at the journal's end, from the newest snapshot that is good and the blocks after it.
/// `directory` is for messages; `index_seed` is any number, see [`union::Union::new`].
pub fn recover(reader: &Reader, directory: &Path, index_seed: u64) -> Result<(Union, Recovered), NodeError> {
    let charter = founding_in(reader, directory)?.charter().clone();
    let latest = reader.latest_snapshot()?;
    let mut passed_over: Vec<String> = latest.passed_over.iter().map(ToString::to_string).collect();
    let mut union = None;
    if let Some(mut snapshot) = latest.snapshot {
        let (height, state) = (snapshot.id.head.height, snapshot.id.state_hash);
        let mut bytes = Vec::new();
        match snapshot.read_to_end(&mut bytes) {
            Ok(_) => match Union::from_snapshot(charter, &bytes, state, index_seed) {
                Ok(read) => union = Some(read),
                Err(error) => passed_over.push(NodeError::Snapshot { height, error }.to_string()),
            },
            Err(error) => passed_over.push(format!("the snapshot at block {height}: {error}")),
        }
    }
    for text in &passed_over {
        tracing::warn!("a snapshot was passed over: {text}");
    }
    let mut union = match union {
        Some(union) => union,
        None => Beginning::read(reader, directory, index_seed)?.union,
    };
    let snapshot = union.height();
    let mut blocks = reader.blocks(snapshot + 1)?;
    while let Some(read) = blocks.next_block()? {
        let record = record::decode(read.height, read.payload, Batch::from_journal)?;
        apply(&mut union, &record.block, record.state)?;
    }
    let recovered = Recovered {
        height: union.height(),
        state: union.state(),
        snapshot,
        replayed: union.height() - snapshot,
        torn_bytes: 0,
        passed_over,
    };
    tracing::info!(height = recovered.height, snapshot, state = hex(&recovered.state), "recovered");
    Ok((union, recovered))
}
