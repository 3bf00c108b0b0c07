//! One thread that puts batches in order: it makes blocks, applies them and hands them to the journal.

use crate::clock::Clock;
use crate::error::{NodeError, SubmitError};
use crate::node::{BatchReceipt, Final, Options, Shared};
use bytes::Bytes;
use journal::{Head, SnapshotId, SnapshotWriter, Writer};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use union::{BLOCK_BATCHES_MAX, BLOCK_BYTES_MAX, Batch, Block, Outcome, Union};

/// How long the sequencer waits for batches before it looks whether something has fallen due.
const IDLE: Duration = Duration::from_millis(50);

/// Groups of batches are put into one block only up to this many bytes together.
const GROUPED_BYTES_MAX: usize = BLOCK_BYTES_MAX / 2;

type Answer = oneshot::Sender<Result<BatchReceipt, SubmitError>>;

/// Verified batches that are to go into one block.
pub(crate) struct Admitted {
    pub batches: Vec<(Batch, Answer)>,
    pub bytes: usize,
}

pub(crate) struct Sequencer {
    shared: Arc<Shared>,
    clock: Arc<Clock>,
    options: Options,
    admitted: Receiver<Admitted>,
    /// Came too late for the last block.
    held_over: Option<Admitted>,
    writer: Writer,
    snapshots: Arc<Mutex<SnapshotWriter>>,
    snapshot_thread: Option<JoinHandle<()>>,
    bytes_since_snapshot: u64,
}

impl Sequencer {
    pub fn new(
        shared: Arc<Shared>,
        clock: Arc<Clock>,
        options: Options,
        admitted: Receiver<Admitted>,
        writer: Writer,
        snapshots: SnapshotWriter,
    ) -> Self {
        let snapshots = Arc::new(Mutex::new(snapshots));
        Sequencer {
            shared,
            clock,
            options,
            admitted,
            held_over: None,
            writer,
            snapshots,
            snapshot_thread: None,
            bytes_since_snapshot: 0,
        }
    }

    /// Makes blocks until the node is closed and nothing is waiting.
    pub fn run(mut self) -> Result<(), NodeError> {
        let mut open = true;
        while open {
            let mut collected = Vec::new();
            open = self.collect(&mut collected);
            if !collected.is_empty() || (open && self.something_is_due()) {
                self.make_block(collected.into_iter().flat_map(|admitted| admitted.batches).collect())?;
            }
        }
        let height = self.union().height();
        if let Some(thread) = self.snapshot_thread.take() {
            drop(thread.join());
        }
        let head = self.writer.close()?;
        if height == head.height && self.bytes_since_snapshot > 0 {
            let union = self.shared.union.read().unwrap_or_else(PoisonError::into_inner);
            write_snapshot(&union, head, &self.snapshots, &self.shared);
        }
        Ok(())
    }

    fn union(&self) -> std::sync::RwLockReadGuard<'_, Union> {
        self.shared.union.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn something_is_due(&self) -> bool {
        !self.clock.is_standing() && self.union().falls_due_at_ms() <= self.clock.now_ms()
    }

    /// Takes what is waiting, up to a block's size; false once the node is closed and nothing is left.
    fn collect(&mut self, collected: &mut Vec<Admitted>) -> bool {
        let mut next = match self.held_over.take() {
            Some(admitted) => Ok(admitted),
            None => self.admitted.recv_timeout(IDLE).map_err(|error| match error {
                RecvTimeoutError::Timeout => TryRecvError::Empty,
                RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
            }),
        };
        let (mut bytes, mut batches) = (0, 0);
        loop {
            match next {
                Ok(admitted) => {
                    bytes += admitted.bytes;
                    batches += admitted.batches.len();
                    if !collected.is_empty() && (batches > BLOCK_BATCHES_MAX || bytes > GROUPED_BYTES_MAX) {
                        self.held_over = Some(admitted);
                        return true;
                    }
                    self.shared.waiting_bytes.fetch_sub(admitted.bytes, Ordering::AcqRel);
                    collected.push(admitted);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
            if bytes >= self.options.block_bytes {
                return true;
            }
            next = self.admitted.try_recv();
        }
    }

    fn make_block(&mut self, waiting: Vec<(Batch, Answer)>) -> Result<(), NodeError> {
        let shared = self.shared.clone();
        let mut union = shared.union.write().unwrap_or_else(PoisonError::into_inner);

        // A batch that was taken before is refused by itself, so that it does not spoil the block.
        let mut tip = union.tip().clone();
        let (mut batches, mut answers) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
        for (batch, answer) in waiting {
            if let Err(error) = tip.take(batch.header()) {
                shared.counters.refused_batches.fetch_add(1, Ordering::Relaxed);
                // Nobody may be waiting for the answer any more.
                drop(answer.send(Err(SubmitError::Batch(error))));
                continue;
            }
            batches.push(batch);
            answers.push(answer);
        }

        let height = union.height() + 1;
        let time_ms = self.clock.now_ms().max(union.time_ms());
        let block = Block::new(height, time_ms, union.parent(), 0, union.state(), batches);
        let applied = union.apply(&block)?;
        drop(union);
        for batch in block.batches() {
            let header = batch.header();
            shared.sequences[usize::from(header.member)].store(header.sequence, Ordering::Release);
        }

        let mut payload = vec![Bytes::copy_from_slice(&applied.state), Bytes::copy_from_slice(block.header_bytes())];
        payload.extend(block.batches().iter().map(|batch| Bytes::from_owner(batch.bytes().clone())));
        let bytes: u64 = payload.iter().map(|piece| piece.len() as u64).sum();
        self.bytes_since_snapshot += bytes;

        let snapshot = (self.bytes_since_snapshot >= self.options.snapshot_bytes).then(|| self.start_snapshot());
        let shared = self.shared.clone();
        let done = move |written: Result<Head, journal::Error>| match written {
            Ok(head) => {
                publish(&shared, Final { block, applied }, answers);
                if let Some(snapshot) = snapshot {
                    let _ = snapshot.send(head);
                }
            }
            Err(error) => {
                shared.fail();
                tracing::error!(%error, height, "the journal failed: this node takes nothing more");
                for answer in answers {
                    drop(answer.send(Err(SubmitError::Unknown(error.to_string()))));
                }
            }
        };
        Ok(self.writer.submit(height, payload, done)?)
    }

    /// Copies the state, and has it written as soon as the block that led to it is durable.
    fn start_snapshot(&mut self) -> oneshot::Sender<Head> {
        self.bytes_since_snapshot = 0;
        if let Some(thread) = self.snapshot_thread.take() {
            drop(thread.join());
        }
        let (send, durable) = oneshot::channel();
        let union = self.union().clone();
        let (snapshots, shared) = (self.snapshots.clone(), self.shared.clone());
        self.snapshot_thread = Some(std::thread::spawn(move || {
            if let Ok(head) = durable.blocking_recv() {
                write_snapshot(&union, head, &snapshots, &shared);
            }
        }));
        send
    }
}

/// Tells everybody of a block that is durable.
fn publish(shared: &Shared, block: Final, answers: Vec<Answer>) {
    let block = Arc::new(block);
    let Final { block: made, applied } = &*block;
    let (hash, time_ms) = (made.header().hash(), made.header().time_ms);
    let mut outcomes = applied.outcomes.iter().copied();
    let counters = &shared.counters;
    counters.blocks.fetch_add(1, Ordering::Relaxed);
    counters.commands.fetch_add(applied.outcomes.len() as u64, Ordering::Relaxed);
    let rejected = applied.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Rejected(_))).count();
    counters.rejected.fetch_add(rejected as u64, Ordering::Relaxed);
    shared.durable.send_replace(applied.height);
    // Without subscribers there is nobody to tell. Who subscribes after a receipt does not see its block.
    if shared.events.receiver_count() > 0 {
        drop(shared.events.send(block.clone()));
    }
    for (at, (batch, answer)) in made.batches().iter().zip(answers).enumerate() {
        let receipt = BatchReceipt {
            height: applied.height,
            batch: at as u32,
            time_ms,
            block: hash,
            state: applied.state,
            outcomes: outcomes.by_ref().take(batch.len()).collect(),
        };
        drop(answer.send(Ok(receipt)));
    }
}

fn write_snapshot(union: &Union, head: Head, snapshots: &Mutex<SnapshotWriter>, shared: &Shared) {
    let id = SnapshotId { head, state_hash: union.state() };
    let mut writer = snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    match writer.write(id, |file| union.snapshot(|bytes| file.write_all(bytes))) {
        Ok(()) => {
            shared.counters.snapshots.fetch_add(1, Ordering::Relaxed);
            tracing::info!(height = head.height, "snapshot written");
        }
        // The journal is enough to recover from; it only takes longer.
        Err(error) => tracing::error!(%error, height = head.height, "the snapshot could not be written"),
    }
}
