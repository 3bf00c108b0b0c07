//! Proving a journal from its files alone: checksums, hash chain, every signature and certificate, every rule, every sum.

use crate::checkpoint::Beginning;
use crate::consensus::Nodes;
use crate::error::NodeError;
use crate::record;
use crate::replay::apply;
use journal::Reader;
use std::io::Read;
use std::path::Path;
use union::{Batch, Event, Founding, OrderStatus, Union};

/// How far verification has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Blocks verified.
    pub blocks: u64,
    /// Blocks that there are at least.
    pub of_blocks: u64,
}

/// What was verified.
#[derive(Debug)]
pub struct Verified {
    /// The union after the last block.
    pub union: Union,
    /// What it began with: the charter, with its founders' signatures.
    pub founding: Founding,
    /// Batches whose signatures were checked.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// Orders and returns that settled.
    pub settled: u64,
    /// Double entries in the books.
    pub transfers: u64,
    /// Height up to which a quorum of the members' nodes has certified the blocks, by a certificate over the block there; `None`
    /// where one node orders alone. Blocks after it are final by certificates that other nodes hold.
    pub certified: Option<u64>,
    /// The block that the journal begins after: 0 where it begins with genesis. What was before is in a state that a quorum has
    /// certified, and was not recomputed.
    pub begins: u64,
    /// Bytes of all blocks.
    pub bytes: u64,
    /// Bytes at the end that were being written and never acknowledged; not a fault.
    pub torn_bytes: u64,
    /// Heights of snapshots, all whole.
    pub snapshots: Vec<u64>,
}

/// Recomputes a journal from its beginning (genesis, or a state that is proved by certificates) and stops at the first thing that is not as
/// it should be, naming the block: the founders' signatures on the charter, checksums and hash chain, the signature of every batch,
/// every quorum certificate, the state hash after every block,
/// all books summing to zero after every block, every limit kept after the last, the snapshots' checksums, and that the
/// newest of them is the state that its block led to.
pub fn verify(directory: &Path, mut on_progress: impl FnMut(Progress)) -> Result<Verified, NodeError> {
    let reader = Reader::open(directory)?;
    let snapshot = reader.latest_snapshot()?;
    if let Some(fault) = snapshot.passed_over.into_iter().next() {
        return Err(fault.into());
    }
    let snapshot_id = snapshot.snapshot.map(|snapshot| snapshot.id);

    let Beginning { founding, mut union, .. } = Beginning::read(&reader, directory, 0)?;
    let begins = union.height();
    let mut failure: Option<NodeError> = None;
    let mut certified = union.charter().has_nodes().then_some(begins);
    let (mut batches, mut commands, mut settled, mut transfers) = (0, 0, 0, 0);
    let on_block = |height: u64, payload: &[u8]| -> Result<(), String> {
        let step = (|| -> Result<(), NodeError> {
            if height == begins {
                return Ok(());
            }
            let identity = union.charter().hash();
            // Whose keys they are that the batches are signed with, the union checks.
            let record = record::decode(height, payload, |bytes| Batch::signed(bytes, &identity))?;
            let block = record.block;
            let roster = union.rosters().of_height(height).expect("the roster of the next block is known");
            if !record.certificate.is_empty()
                && let Some(nodes) = Nodes::new(&identity, &roster.nodes())
            {
                let checked = nodes.check(&record.certificate, &block.header().hash());
                checked.map_err(|error| NodeError::Certificate { height, error })?;
                certified = Some(height);
            }
            let applied = apply(&mut union, &block, record.state)?;
            let fault = |text: String| NodeError::System(format!("block {height}: {text}"));
            for (book, sum) in union.ledger().sums() {
                if sum != 0 {
                    return Err(fault(format!("the books of {} sum to {sum}, not to zero", book.0)));
                }
            }
            if let Some(id) = snapshot_id
                && id.head.height == height
                && id.state_hash != applied.state
            {
                return Err(fault("the snapshot of this block has another state".into()));
            }
            batches += block.batches().len() as u64;
            commands += applied.outcomes.len() as u64;
            for event in &applied.events {
                match event {
                    Event::Order(order) if order.status == OrderStatus::Settled => settled += 1,
                    Event::Transfer(_) => transfers += 1,
                    _ => {}
                }
            }
            Ok(())
        })();
        step.map_err(|error| {
            let text = error.to_string();
            failure = Some(error);
            text
        })
    };
    let read = journal::verify(&reader, on_block, |progress| {
        on_progress(Progress { blocks: progress.blocks, of_blocks: progress.of_blocks });
    });
    let read = match (read, failure) {
        (Ok(read), _) => read,
        // The journal's error names the file and the place as well.
        (Err(error), _) => return Err(error.into()),
    };
    if let Some(mut snapshot) = reader.latest_snapshot()?.snapshot {
        let (height, state) = (snapshot.id.head.height, snapshot.id.state_hash);
        let mut bytes = Vec::new();
        let read = snapshot.read_to_end(&mut bytes);
        read.map_err(|error| NodeError::System(format!("the snapshot at block {height}: {error}")))?;
        Union::from_snapshot(founding.charter().clone(), &bytes, state, 0)
            .map_err(|error| NodeError::Snapshot { height, error })?;
    }
    if !union.ledger().is_within_limits() {
        return Err(NodeError::System("after the last block an account or a line is beyond its limit".into()));
    }
    Ok(Verified {
        batches,
        commands,
        settled,
        transfers,
        certified,
        begins,
        bytes: read.payload_bytes,
        torn_bytes: read.torn_bytes,
        snapshots: read.snapshots,
        founding,
        union,
    })
}
