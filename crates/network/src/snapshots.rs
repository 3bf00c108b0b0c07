//! When a snapshot of the state is due, and writing it.

use crate::node::Shared;
use journal::{Head, SnapshotId, SnapshotWriter};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use union::Union;

/// Writes snapshots, and counts what came since the last one.
#[derive(Clone, Debug)]
pub(crate) struct Snapshots {
    writer: Arc<Mutex<SnapshotWriter>>,
    shared: Arc<Shared>,
    /// A snapshot is due when so many bytes of blocks came.
    every_bytes: u64,
    bytes: u64,
}

impl Snapshots {
    pub fn new(writer: SnapshotWriter, shared: Arc<Shared>, every_bytes: u64) -> Snapshots {
        Snapshots { writer: Arc::new(Mutex::new(writer)), shared, every_bytes, bytes: 0 }
    }

    /// Counts a block's bytes; whether a snapshot is due with it.
    pub fn is_due(&mut self, block_bytes: u64) -> bool {
        self.bytes += block_bytes;
        let is_due = self.bytes >= self.every_bytes;
        if is_due {
            self.bytes = 0;
        }
        is_due
    }

    /// Whether there are blocks since the last snapshot.
    pub fn has_new(&self) -> bool {
        self.bytes > 0
    }

    /// Writes the state that the block at `head`, which is durable, led to.
    pub fn write(&self, union: &Union, head: Head) {
        let id = SnapshotId { head, state_hash: union.state() };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match writer.write(id, |file| union.snapshot(|bytes| file.write_all(bytes))) {
            Ok(()) => {
                self.shared.counters.snapshots.fetch_add(1, Ordering::Relaxed);
                tracing::info!(height = head.height, "snapshot written");
            }
            // The journal is enough to recover from; it only takes longer.
            Err(error) => tracing::error!(%error, height = head.height, "the snapshot could not be written"),
        }
    }
}
