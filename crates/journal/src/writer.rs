//! A thread that appends for many: one sync makes everything durable that came while the one before was under way (group commit).

use crate::error::Error;
use crate::format::Head;
use crate::journal::Journal;
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The bounds of a [`Writer`]. It holds at most `queue_bytes` and `group_bytes` of payload, and one block more.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// So many blocks may wait.
    pub queue_blocks: usize,
    /// So much payload may wait, in bytes; a block that is longer waits alone.
    pub queue_bytes: u64,
    /// A group takes no further block once its payload has reached this length, in bytes.
    pub group_bytes: u64,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { queue_blocks: 4096, queue_bytes: 32 << 20, group_bytes: 8 << 20 }
    }
}

type Done = Box<dyn FnOnce(Result<Head, Error>) + Send>;

struct Waiting {
    height: u64,
    payload: Vec<Bytes>,
    bytes: u64,
    done: Done,
}

#[derive(Default)]
struct Queue {
    blocks: VecDeque<Waiting>,
    bytes: u64,
    /// No more will come.
    closed: bool,
    /// Nobody takes any more: the thread has ended, or panicked.
    abandoned: bool,
}

struct Shared {
    options: WriterOptions,
    queue: Mutex<Queue>,
    /// Something came, or nothing more will.
    filled: Condvar,
    /// Something was taken, or nothing more will be.
    emptied: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing that can panic is done under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for blocks, and takes a group; `None` when the queue is closed and empty.
    fn take_group(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue();
        while queue.blocks.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let mut group = Vec::new();
        let mut bytes = 0;
        while bytes < self.options.group_bytes || group.is_empty() {
            let Some(block) = queue.blocks.pop_front() else { break };
            bytes += block.bytes;
            group.push(block);
        }
        queue.bytes -= bytes;
        drop(queue);
        self.emptied.notify_all();
        Some(group)
    }
}

/// Appends blocks to a journal on a thread of its own. May be shared; blocks must come in order of height.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<Head, Error>>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writer").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no thread to give.
    pub fn spawn(journal: Journal, options: WriterOptions) -> Result<Self, Error> {
        let queue = Mutex::new(Queue::default());
        let shared = Arc::new(Shared { options, queue, filled: Condvar::new(), emptied: Condvar::new() });
        let theirs = shared.clone();
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || run(journal, &theirs));
        Ok(Self { shared, thread: Some(thread.map_err(Error::io("start", "the journal's thread"))?) })
    }

    /// Hands over the block whose payload is the concatenation of `payload`, waiting while the queue is full.
    ///
    /// `done` is called once, on the writer's thread and in order of submission, with this block's height and hash when it is durable,
    /// or with why it is not: [`Error::OutOfOrder`] and [`Error::TooLarge`] concern this block only; after any other error the journal has
    /// stopped, and it may or may not hold the block. `done` should be quick, and must not submit: nothing is written while it runs.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], without `done` being called, if the thread has ended because a `done` panicked.
    pub fn submit(
        &self,
        height: u64,
        payload: Vec<Bytes>,
        done: impl FnOnce(Result<Head, Error>) + Send + 'static,
    ) -> Result<(), Error> {
        let bytes = payload.iter().map(|part| part.len() as u64).sum();
        let block = Waiting { height, payload, bytes, done: Box::new(done) };
        let options = &self.shared.options;
        let mut queue = self.shared.queue();
        while !queue.abandoned
            && !queue.blocks.is_empty()
            && (queue.blocks.len() >= options.queue_blocks || queue.bytes + bytes > options.queue_bytes)
        {
            queue = self.shared.emptied.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.abandoned {
            return Err(Error::Closed);
        }
        queue.bytes += bytes;
        queue.blocks.push_back(block);
        drop(queue);
        self.shared.filled.notify_one();
        Ok(())
    }

    /// Writes what is waiting, closes the journal, and returns its head.
    ///
    /// # Errors
    ///
    /// What stopped the journal, or the error of closing it.
    ///
    /// # Panics
    ///
    /// If a `done` panicked, with its message.
    pub fn close(mut self) -> Result<Head, Error> {
        self.finish().expect("only close and drop finish")
    }

    fn finish(&mut self) -> Option<Result<Head, Error>> {
        let thread = self.thread.take()?;
        self.shared.queue().closed = true;
        self.shared.filled.notify_one();
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

impl Drop for Writer {
    /// Writes what is waiting; an error of closing the journal is lost, so prefer [`close`](Writer::close).
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.queue().closed = true;
            self.shared.filled.notify_one();
            // A panic was reported by the thread, and must not be raised in a drop.
            drop(thread.join());
        }
    }
}

/// Marks the queue abandoned when the thread ends, however it ends.
struct Abandon<'a>(&'a Shared);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.abandoned = true;
        let left = std::mem::take(&mut queue.blocks);
        drop(queue);
        self.0.emptied.notify_all();
        for block in left {
            (block.done)(Err(Error::Closed));
        }
    }
}

fn run(mut journal: Journal, shared: &Shared) -> Result<Head, Error> {
    let _abandon = Abandon(shared);
    while let Some(group) = shared.take_group() {
        write_group(&mut journal, group);
    }
    journal.close()
}

fn write_group(journal: &mut Journal, group: Vec<Waiting>) {
    let mut appended = Vec::with_capacity(group.len());
    for Waiting { height, payload, done, .. } in group {
        let parts: Vec<&[u8]> = payload.iter().map(Bytes::as_ref).collect();
        appended.push((done, journal.append(height, &parts).map(|hash| Head { height, hash })));
    }
    let synced = journal.sync();
    for (done, head) in appended {
        done(head.and_then(|head| synced.clone().map(|_| head)));
    }
}
