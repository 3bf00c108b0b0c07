//! One thread that puts batches in order: it makes blocks, applies them and hands them to the journal.

use crate::clock::Clock;
use crate::error::{NodeError, SubmitError};
use crate::node::{Answer, Final, Options, Shared};
use crate::publish::publish;
use crate::record;
use crate::snapshots::Snapshots;
use journal::{Head, Writer};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use union::{BLOCK_BATCHES_MAX, BLOCK_BYTES_MAX, Batch, Block, Union};

/// How long the sequencer waits for batches before it looks whether something has fallen due.
const IDLE: Duration = Duration::from_millis(50);

/// Groups of batches are put into one block only up to this many bytes together.
const GROUPED_BYTES_MAX: usize = BLOCK_BYTES_MAX / 2;

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
    snapshots: Snapshots,
    snapshot_thread: Option<JoinHandle<()>>,
}

impl Sequencer {
    pub fn new(
        shared: Arc<Shared>,
        clock: Arc<Clock>,
        options: Options,
        admitted: Receiver<Admitted>,
        writer: Writer,
        snapshots: Snapshots,
    ) -> Self {
        Sequencer { shared, clock, options, admitted, held_over: None, writer, snapshots, snapshot_thread: None }
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
        let shared = self.shared.clone();
        let union = || shared.union.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = self.snapshot_thread.take() {
            drop(thread.join());
        }
        let head = self.writer.close()?;
        if union().height() == head.height && self.snapshots.has_new() {
            self.snapshots.write(&union(), head);
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
        let patience = if self.something_is_due() { Duration::ZERO } else { IDLE };
        let mut next = match self.held_over.take() {
            Some(admitted) => Ok(admitted),
            None => self.admitted.recv_timeout(patience).map_err(|error| match error {
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
        let rosters = shared.rosters();
        let roster = rosters.of_height(union.height() + 1).expect("the roster of the next block is known");
        let (mut batches, mut answers) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
        for (batch, answer) in waiting {
            if let Err(error) = roster.check(batch.header()).and_then(|()| tip.take(batch.header())) {
                shared.counters.refused_batches.fetch_add(1, Ordering::Relaxed);
                // Nobody may be waiting for the answer any more.
                drop(answer.send(Err(SubmitError::Batch(error))));
                continue;
            }
            batches.push(batch);
            answers.push(vec![answer]);
        }

        let height = union.height() + 1;
        let time_ms = self.clock.now_ms().max(union.time_ms());
        let block = Block::new(height, time_ms, union.parent(), 0, union.state(), batches);
        let applied = union.apply(&block)?;
        shared.follow(&union, &block);
        drop(union);

        let payload = record::pieces(&applied.state, &[], &block);
        let bytes: u64 = payload.iter().map(|piece| piece.len() as u64).sum();
        let snapshot = self.snapshots.is_due(bytes).then(|| self.start_snapshot());
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
                for answer in answers.into_iter().flatten() {
                    drop(answer.send(Err(SubmitError::Unknown(format!("the journal failed ({error})")))));
                }
            }
        };
        Ok(self.writer.submit(height, payload, done)?)
    }

    /// Copies the state, and has it written as soon as the block that led to it is durable.
    fn start_snapshot(&mut self) -> oneshot::Sender<Head> {
        if let Some(thread) = self.snapshot_thread.take() {
            drop(thread.join());
        }
        let (send, durable) = oneshot::channel();
        let union = self.union().clone();
        let snapshots = self.snapshots.clone();
        self.snapshot_thread = Some(std::thread::spawn(move || {
            if let Ok(head) = durable.blocking_recv() {
                snapshots.write(&union, head);
            }
        }));
        send
    }
}
