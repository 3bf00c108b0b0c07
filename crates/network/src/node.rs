//! The life of a node: open or join, admit, order, answer, close.

use crate::clock::Clock;
use crate::consensus::{self, Left, Membership, NoPlace, Pool, Running};
#[cfg(test)]
use crate::consensus::{Parts, Timing};
use crate::durable::DurableHeight;
use crate::error::{NodeError, SubmitError};
use crate::recovery::{Recovered, recover};
use crate::sequencer::{Admitted, Sequencer};
use crate::snapshots::Snapshots;
#[cfg(test)]
use commonware_cryptography::ed25519::PrivateKey;
use journal::{Journal, Writer, WriterOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use union::{
    Applied, BLOCK_BATCHES_MAX, BLOCK_BYTES_MAX, Batch, BatchError, Block, Charter, Founding, Hash, MEMBERS_MAX,
    Outcome, Rosters, Union,
};

/// Bounds of a node.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Groups of batches that may wait to be put into a block; further ones are refused as busy.
    pub waiting: usize,
    /// Bytes of batches that may wait, likewise.
    pub waiting_bytes: usize,
    /// A block takes no further batch once it has this many bytes.
    pub block_bytes: usize,
    /// A snapshot is written when this many bytes of blocks came since the last one.
    pub snapshot_bytes: u64,
    /// Events of this many blocks are kept for subscribers that are slow.
    pub event_blocks: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            waiting: 4_096,
            waiting_bytes: 64 << 20,
            block_bytes: 4 << 20,
            snapshot_bytes: 1 << 30,
            event_blocks: 1_024,
        }
    }
}

/// What a batch came to. It is durable.
#[derive(Clone, Debug)]
pub struct BatchReceipt {
    /// The block that holds the batch.
    pub height: u64,
    /// Its place in the block.
    pub batch: u32,
    /// Time of the block, Unix milliseconds.
    pub time_ms: u64,
    /// Hash of the block.
    pub block: Hash,
    /// State hash after the block.
    pub state: Hash,
    /// An outcome for each command.
    pub outcomes: Vec<Outcome>,
}

/// A block that is durable, with what it did.
#[derive(Debug)]
pub struct Final {
    /// The block.
    pub block: Block,
    /// What it did.
    pub applied: Applied,
}

/// How a node stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Nodes that there are, this one included.
    pub nodes: usize,
    /// So many of them agree on a block.
    pub quorum: usize,
    /// So many this one can talk to, itself included.
    pub connected: usize,
    /// Blocks that it knows to be final and has not applied yet.
    pub behind: u64,
    /// Whether this node votes on the blocks of this epoch; without, it follows.
    pub votes: bool,
    /// Whether it votes on those of the next epoch.
    pub votes_next: bool,
}

/// Where the receipt of a batch goes.
pub(crate) type Answer = oneshot::Sender<Result<BatchReceipt, SubmitError>>;

/// The promise of a receipt. Dropping it does not take the batch back.
#[derive(Debug)]
pub struct Ticket(oneshot::Receiver<Result<BatchReceipt, SubmitError>>);

impl Ticket {
    /// Waits, in asynchronous code, until the batch is durable.
    pub async fn durable(self) -> Result<BatchReceipt, SubmitError> {
        self.0.await.unwrap_or(Err(SubmitError::Stopping))
    }

    /// Waits, on a thread of its own, until the batch is durable.
    pub fn wait(self) -> Result<BatchReceipt, SubmitError> {
        self.0.blocking_recv().unwrap_or(Err(SubmitError::Stopping))
    }
}

/// A running node. Cheap to share behind an `Arc`; closed by [`close`](Node::close), or when dropped.
#[derive(Debug)]
pub struct Node {
    directory: PathBuf,
    clock: Arc<Clock>,
    shared: Arc<Shared>,
    options: Options,
    /// The public half of the key that it votes with, among several nodes.
    key: Option<[u8; 32]>,
    order: Mutex<Option<Order>>,
}

/// Who puts batches in order.
#[derive(Debug)]
enum Order {
    /// This node alone.
    Alone { sequencer: SyncSender<Admitted>, thread: JoinHandle<Result<(), NodeError>> },
    /// The members' nodes by consensus.
    Together { pool: Arc<Pool>, gossip: mpsc::UnboundedSender<Batch>, engine: Running },
}

/// What the node's threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub union: RwLock<Union>,
    in_force: RwLock<InForce>,
    /// The block that the journal begins after; 0 for genesis.
    pub begins: u64,
    /// By member, those to come included: the highest sequence in a block so far.
    pub sequences: Vec<AtomicU64>,
    /// Height up to which blocks are durable.
    pub durable: DurableHeight,
    pub events: broadcast::Sender<Arc<Final>>,
    pub waiting_bytes: AtomicUsize,
    pub failed: AtomicBool,
    /// Height of the last block that this node knows to be final, applied or not.
    pub final_height: AtomicU64,
    /// Other nodes that this one is connected to.
    pub connected: watch::Sender<usize>,
    pub counters: Counters,
    /// What a simulation has this node do wrong, and tell of.
    #[cfg(test)]
    pub injected: std::sync::OnceLock<crate::simulation::Injected>,
}

/// What the last block left in force.
#[derive(Clone, Debug)]
struct InForce {
    charter: Arc<Charter>,
    rosters: Arc<Rosters>,
}

impl InForce {
    fn of(union: &Union) -> InForce {
        InForce { charter: Arc::new(union.charter().clone()), rosters: Arc::new(union.rosters().clone()) }
    }
}

impl Shared {
    fn new(union: Union, begins: u64, options: Options) -> Shared {
        let members = 0..MEMBERS_MAX as u16;
        Shared {
            sequences: members.map(|member| AtomicU64::new(union.sequence(member))).collect(),
            in_force: RwLock::new(InForce::of(&union)),
            durable: DurableHeight::new(union.height()),
            events: broadcast::channel(options.event_blocks).0,
            union: RwLock::new(union),
            begins,
            waiting_bytes: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            final_height: AtomicU64::new(0),
            connected: watch::channel(0).0,
            counters: Counters::default(),
            #[cfg(test)]
            injected: std::sync::OnceLock::new(),
        }
    }

    /// The charter that is in force.
    pub fn charter(&self) -> Arc<Charter> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).charter.clone()
    }

    /// Whose batches and nodes count in this epoch and the next.
    pub fn rosters(&self) -> Arc<Rosters> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).rosters.clone()
    }

    /// Takes over what a block has left: sequences, and where the members decided something, the charter and the rosters. For
    /// whoever applies blocks, while it holds the union.
    pub fn follow(&self, union: &Union, block: &Block) {
        for batch in block.batches() {
            let member = batch.header().member;
            self.sequences[usize::from(member)].store(union.sequence(member), Ordering::Release);
        }
        let is_same = {
            let known = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
            let (charter, now) = (&known.charter, union.charter());
            *known.rosters == *union.rosters()
                && (charter.text_hash(), &charter.members) == (now.text_hash(), &now.members)
        };
        if !is_same {
            *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = InForce::of(union);
        }
    }

    /// Tells those who wait for batches that left the pool without being in a block.
    pub fn make_way(&self, batches: Vec<Left>) {
        for Left { batch, answers } in batches {
            self.waiting_bytes.fetch_sub(batch.bytes().len() * answers.len(), Ordering::AcqRel);
            for answer in answers {
                let text = "the batch made way for an earlier one of its member, and other nodes may put it into a block: send it again";
                drop(answer.send(Err(SubmitError::Unknown(text.into()))));
            }
        }
    }

    /// Nothing more is taken, and nobody waits any longer for what will not come.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Release);
        self.durable.wake();
        self.connected.send_modify(|_| {});
    }
}

/// Marks the node failed when the thread that puts blocks in order ends by an error or a panic.
pub(crate) struct FailUnlessDefused<'a>(pub &'a Shared);

impl Drop for FailUnlessDefused<'_> {
    fn drop(&mut self) {
        self.0.fail();
    }
}

/// Counts since the node was opened.
#[derive(Debug, Default)]
pub struct Counters {
    /// Batches admitted.
    pub batches: AtomicU64,
    /// Batches refused before they reached a block.
    pub refused_batches: AtomicU64,
    /// Commands in blocks.
    pub commands: AtomicU64,
    /// Commands rejected.
    pub rejected: AtomicU64,
    /// Blocks made durable.
    pub blocks: AtomicU64,
    /// Snapshots written.
    pub snapshots: AtomicU64,
    /// Messages of other nodes, or batches in them, that were refused.
    pub refused_from_peers: AtomicU64,
}

impl Node {
    /// Founds a union in a directory: its journal begins with the charter that all founders signed. The directory must hold none.
    pub fn found(directory: &Path, founding: &Founding) -> Result<(), NodeError> {
        Ok(Journal::create(directory, &founding.genesis())?.close().map(drop)?)
    }

    /// Opens the journal in a directory, recovers the state, and starts. This node orders alone: for a charter that names
    /// no nodes.
    pub fn open(directory: &Path, clock: Arc<Clock>, options: Options) -> Result<(Node, Recovered), NodeError> {
        Node::start(directory, clock, options, None)
    }

    /// Opens the journal in a directory, recovers the state, and takes this node's place among those that the charter names.
    pub fn join(
        directory: &Path,
        clock: Arc<Clock>,
        options: Options,
        membership: &Membership,
    ) -> Result<(Node, Recovered), NodeError> {
        Node::start(directory, clock, options, Some(membership))
    }

    fn start(
        directory: &Path,
        clock: Arc<Clock>,
        options: Options,
        membership: Option<&Membership>,
    ) -> Result<(Node, Recovered), NodeError> {
        let mut index_seed = [0; 8];
        getrandom::fill(&mut index_seed).map_err(|error| NodeError::System(error.to_string()))?;
        let (journal, recovery) = Journal::open(directory)?;
        let (shared, snapshots, mut recovered) = begin(&journal, directory, options, u64::from_le_bytes(index_seed))?;
        recovered.torn_bytes = recovery.torn_bytes;
        let names_nodes = shared.charter().has_nodes();
        let order = match membership {
            None if names_nodes => {
                let text = "the charter names the members' nodes: this one needs its key and the others' addresses";
                return Err(NodeError::Membership(text.into()));
            }
            None => {
                let writer = Writer::spawn(journal, WriterOptions::default())?;
                let (sequencer, admitted) = sync_channel(options.waiting);
                let made = Sequencer::new(shared.clone(), clock.clone(), options, admitted, writer, snapshots);
                Order::Alone { sequencer, thread: spawn(made, &shared)? }
            }
            Some(membership) => {
                let pool = pool(&shared, options);
                let (gossip, own) = mpsc::unbounded_channel();
                let local = consensus::Local {
                    directory,
                    shared: shared.clone(),
                    clock: clock.clone(),
                    options,
                    pool: pool.clone(),
                    journal,
                    snapshots,
                    own,
                };
                Order::Together { pool, gossip, engine: consensus::run(local, membership)? }
            }
        };
        let key = membership.map(|membership| Membership::public_key(&membership.key));
        let order = Mutex::new(Some(order));
        Ok((Node { directory: directory.to_owned(), clock, shared, options, key, order }, recovered))
    }

    /// A node whose engine a simulation is to start with these parts, and stops by this signal.
    #[cfg(test)]
    pub(crate) fn simulated(
        journal: Journal,
        clock: Arc<Clock>,
        options: Options,
        key: PrivateKey,
        timing: Timing,
    ) -> Result<(Node, Recovered, Parts, oneshot::Receiver<()>), NodeError> {
        let directory = Path::new("simulated");
        let (shared, snapshots, recovered) = begin(&journal, directory, options, 0)?;
        let pool = pool(&shared, options);
        let (gossip, own) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let public = <[u8; 32]>::try_from(commonware_cryptography::Signer::public_key(&key).as_ref()).ok();
        let parts = Parts {
            shared: shared.clone(),
            clock: clock.clone(),
            pool: pool.clone(),
            key,
            timing,
            block_bytes: options.block_bytes,
            journal,
            snapshots,
            own,
        };
        let order = Mutex::new(Some(Order::Together { pool, gossip, engine: Running::simulated(stop) }));
        let node = Node { directory: directory.to_owned(), clock, shared, options, key: public, order };
        Ok((node, recovered, parts, stopped))
    }

    /// What a simulation looks at.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The block that the journal begins after, with a state that a quorum has certified: blocks up to there are with other nodes. 0
    /// where it begins with genesis.
    pub fn begins(&self) -> u64 {
        self.shared.begins
    }

    /// Checks a batch and hands it to the sequencer. The caller's thread does the checking.
    pub fn submit(&self, bytes: Arc<[u8]>) -> Result<Ticket, SubmitError> {
        Ok(self.submit_together(vec![bytes])?.remove(0))
    }

    /// Checks batches and hands them to the sequencer to go into one block, in this order.
    ///
    /// One batch that is not in order is refused by its own ticket; the others go on.
    pub fn submit_together(&self, batches: Vec<Arc<[u8]>>) -> Result<Vec<Ticket>, SubmitError> {
        let result = self.admit(batches);
        if result.is_err() {
            self.shared.counters.refused_batches.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    /// Asks for a block without batches, to let time do its work where the clock stands still.
    pub fn pass_time(&self) -> Result<(), SubmitError> {
        self.submit_together(Vec::new()).map(drop)
    }

    fn admit(&self, batches: Vec<Arc<[u8]>>) -> Result<Vec<Ticket>, SubmitError> {
        if self.shared.failed.load(Ordering::Acquire) {
            return Err(SubmitError::Stopping);
        }
        let bytes: usize = batches.iter().map(|batch| batch.len()).sum();
        if batches.len() > BLOCK_BATCHES_MAX || bytes > BLOCK_BYTES_MAX / 2 {
            return Err(SubmitError::Batch(BatchError::TooLong(bytes)));
        }
        let before = self.shared.waiting_bytes.fetch_add(bytes, Ordering::AcqRel);
        let give_back = || self.shared.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
        if before != 0 && before + bytes > self.options.waiting_bytes {
            give_back();
            return Err(SubmitError::Busy);
        }
        let rosters = self.shared.rosters();
        let verified: Result<Vec<Batch>, BatchError> = batches
            .into_iter()
            .map(|batch| self.refuse_replay(&batch).and_then(|()| Batch::verify(batch, &rosters)))
            .collect();
        let verified = verified.inspect_err(|_| {
            give_back();
        })?;
        let (answers, tickets): (Vec<_>, Vec<_>) =
            verified.iter().map(|_| oneshot::channel()).map(|(send, receive)| (send, Ticket(receive))).unzip();
        let batches: Vec<(Batch, Answer)> = verified.into_iter().zip(answers).collect();
        match &*self.order.lock().unwrap_or_else(PoisonError::into_inner) {
            None => {
                give_back();
                return Err(SubmitError::Stopping);
            }
            Some(Order::Alone { sequencer, .. }) => {
                sequencer.try_send(Admitted { batches, bytes }).map_err(|error| {
                    give_back();
                    match error {
                        TrySendError::Full(_) => SubmitError::Busy,
                        TrySendError::Disconnected(_) => SubmitError::Stopping,
                    }
                })?;
            }
            Some(Order::Together { pool, gossip, .. }) => {
                for (batch, answer) in batches {
                    self.wait_in_pool(pool, gossip, batch, answer);
                }
            }
        }
        self.shared.counters.batches.fetch_add(tickets.len() as u64, Ordering::Relaxed);
        Ok(tickets)
    }

    /// Puts a batch into the pool and has the other nodes told of it, or answers why not.
    fn wait_in_pool(&self, pool: &Pool, gossip: &mpsc::UnboundedSender<Batch>, batch: Batch, answer: Answer) {
        let length = batch.bytes().len();
        let (no_place, answer) = match pool.add(batch.clone(), Some(answer)) {
            Ok(made_way) => {
                self.shared.make_way(made_way);
                // The engine may have ended; then the answer says so.
                drop(gossip.send(batch));
                return;
            }
            Err(refused) => refused,
        };
        self.shared.waiting_bytes.fetch_sub(length, Ordering::AcqRel);
        let (member, got) = (batch.header().member, batch.header().sequence);
        let error = match no_place {
            NoPlace::Full => SubmitError::Busy,
            NoPlace::Taken => SubmitError::Batch(BatchError::Replay { member, got, last: got }),
        };
        if let Some(answer) = answer {
            drop(answer.send(Err(error)));
        }
    }

    /// Refuses a batch that was taken long ago before a signature is checked. The sequencer asks again, in order.
    fn refuse_replay(&self, bytes: &[u8]) -> Result<(), BatchError> {
        let header = Batch::peek(bytes)?;
        let (member, got) = (header.member, header.sequence);
        if usize::from(member) >= self.shared.charter().members.len() {
            return Err(BatchError::Member(member));
        }
        let last = self.shared.sequences[usize::from(member)].load(Ordering::Acquire);
        if got <= last { Err(BatchError::Replay { member, got, last }) } else { Ok(()) }
    }

    /// The sequence of a member's next batch, as far as this node can tell: after those in blocks, and after those that wait.
    pub fn next_sequence(&self, member: u16) -> u64 {
        let last = self.shared.sequences[usize::from(member)].load(Ordering::Acquire);
        match &*self.order.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Order::Together { pool, .. }) => pool.next_sequence(member, last),
            Some(Order::Alone { .. }) | None => last.saturating_add(1),
        }
    }

    /// Looks at the state. What is seen may not be durable yet; to tell anybody, use [`read`](Node::read).
    pub fn peek<T>(&self, look: impl FnOnce(&Union) -> T) -> T {
        look(&self.shared.union.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the state, and returns what was seen once the blocks that led to it are durable.
    pub async fn read<T>(&self, look: impl FnOnce(&Union) -> T) -> Result<T, SubmitError> {
        let (seen, height) = self.peek(|union| (look(union), union.height()));
        let reached = self.shared.durable.wait_for(|reached| reached >= height || self.has_failed()).await;
        if reached >= height { Ok(seen) } else { Err(SubmitError::Unknown("the node has failed".into())) }
    }

    /// Height up to which blocks are durable.
    pub fn durable_height(&self) -> u64 {
        self.shared.durable.get()
    }

    /// Every block from now on, once it is durable.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Final>> {
        self.shared.events.subscribe()
    }

    /// The charter that is in force.
    pub fn charter(&self) -> Arc<Charter> {
        self.shared.charter()
    }

    /// Where the journal is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The clock that blocks take their time from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How this node stands among the others; `None` if it orders alone.
    pub fn standing(&self) -> Option<Standing> {
        let rosters = self.shared.rosters();
        let nodes = rosters.current().nodes().len();
        let votes_in = |roster: &union::Roster| self.key.is_some_and(|key| roster.nodes().contains(&key));
        let final_height = self.shared.final_height.load(Ordering::Acquire);
        (nodes > 0).then(|| Standing {
            nodes,
            quorum: nodes - (nodes - 1) / 3,
            connected: *self.shared.connected.borrow() + 1,
            behind: final_height.saturating_sub(self.durable_height()),
            votes: votes_in(rosters.current()),
            votes_next: votes_in(rosters.next()),
        })
    }

    /// Waits until this node is connected to all others, or has failed or been closed.
    pub async fn all_connected(&self) {
        let others = self.standing().map_or(0, |standing| standing.nodes - 1);
        let mut connected = self.shared.connected.subscribe();
        // The sender lives as long as `self`.
        drop(connected.wait_for(|&connected| connected >= others || self.has_failed()).await);
    }

    /// Bytes of batches that were taken here and wait to be put into a block.
    pub fn waiting_bytes(&self) -> usize {
        self.shared.waiting_bytes.load(Ordering::Acquire)
    }

    /// Batches that wait to be put into a block by any of the nodes; `None` if this one orders alone, or is closed.
    pub fn waiting_batches(&self) -> Option<usize> {
        match &*self.order.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Order::Together { pool, .. }) => Some(pool.size().0),
            Some(Order::Alone { .. }) | None => None,
        }
    }

    /// Counts since the node was opened.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Whether the journal failed, so that nothing is taken any more.
    pub fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }

    /// Takes nothing more, writes a snapshot and closes the journal. A node that orders alone finishes what is waiting; one
    /// among others leaves it to them.
    pub fn close(&self) -> Result<(), NodeError> {
        let order = self.order.lock().unwrap_or_else(PoisonError::into_inner).take();
        match order {
            None => Ok(()),
            Some(Order::Alone { sequencer, thread }) => {
                drop(sequencer);
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            Some(Order::Together { engine, .. }) => engine.close(),
        }
    }
}

/// Recovers the state at a journal's end, for the parts of a node to share.
fn begin(
    journal: &Journal,
    directory: &Path,
    options: Options,
    index_seed: u64,
) -> Result<(Arc<Shared>, Snapshots, Recovered), NodeError> {
    let (union, recovered) = recover(&journal.reader(), directory, index_seed)?;
    let shared = Arc::new(Shared::new(union, journal.reader().begins()?, options));
    let snapshots = Snapshots::new(journal.snapshot_writer(), shared.clone(), options.snapshot_bytes);
    Ok((shared, snapshots, recovered))
}

/// Where batches wait at a node among others.
fn pool(shared: &Shared, options: Options) -> Arc<Pool> {
    Arc::new(Pool::new(options.waiting_bytes / shared.charter().members.len()))
}

/// Runs a sequencer on its own thread.
fn spawn(sequencer: Sequencer, shared: &Arc<Shared>) -> Result<JoinHandle<Result<(), NodeError>>, NodeError> {
    let fate = shared.clone();
    let thread = std::thread::Builder::new().name("sequencer".into()).spawn(move || {
        let unexpected = FailUnlessDefused(&fate);
        let result = sequencer.run();
        match &result {
            Ok(()) => std::mem::forget(unexpected),
            Err(error) => tracing::error!(%error, "this node makes no more blocks"),
        }
        result
    });
    thread.map_err(|error| NodeError::System(error.to_string()))
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "closing the node");
        }
    }
}
