//! Blocks between nodes, without the batches that the other side has already.
//!
//! A leader sends a block's header and the ids of its batches. Who has them all in its pool has the block; who lacks
//! some asks for these, first the leader and then others.
//!
//! ```text
//! tag 0  announcement   header 128 bytes, then 32 bytes for each batch
//! tag 1  question       hash of the block 32, then 2 bytes (little-endian) for each batch that is asked for
//! tag 2  answer         hash of the block 32, place 2, a batch
//! ```

use super::candidate::Candidate;
use super::certificate::public_key;
use super::pool::Pool;
use super::{Digest, PublicKey};
use crate::node::Shared;
use commonware_consensus::marshal::core::Buffer;
use commonware_consensus::marshal::standard::Standard;
use commonware_consensus::types::Round;
use commonware_cryptography::{Digested, Digestible as _};
use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};
use commonware_runtime::{Clock, IoBufs};
use commonware_utils::channel::oneshot;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use union::{BATCH_BYTES_MAX, BLOCK_BATCHES_MAX, Batch, Block, BlockHeader, Hash};

/// The longest message: an announcement of a block that is full of batches, or an answer with the longest batch.
pub(crate) const MESSAGE_BYTES_MAX: usize = {
    let announcement = 1 + 128 + 32 * BLOCK_BATCHES_MAX;
    let answer = 1 + 32 + 2 + BATCH_BYTES_MAX;
    if announcement > answer { announcement } else { answer }
};

/// So many blocks of each sender are kept, whole or not. Of one that sends more, the earliest go.
const BLOCKS_OF_A_SENDER: usize = 4;

/// Batches that a block names are likely on their way: a node asks for them only after this time.
const ASK_AFTER: Duration = Duration::from_millis(20);

/// After so long without the batches that it asked for, a node asks the next one.
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// So often a node gets the same block's batches from another, at most.
const ANSWERS_MAX: u32 = 3;

/// What a node says about a block.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// There is this block, of these batches.
    Announcement { header: BlockHeader, ids: &'a [[u8; 32]] },
    /// Whoever asks lacks these batches of a block: ascending places, little-endian.
    Question { block: &'a Hash, places: &'a [[u8; 2]] },
    /// A batch of a block, unverified.
    Answer { block: &'a Hash, place: u16, batch: &'a [u8] },
}

impl<'a> Message<'a> {
    /// Reads a message strictly; `None` if it is none.
    pub fn decode(bytes: &'a [u8]) -> Option<Message<'a>> {
        let (tag, rest) = bytes.split_first()?;
        match tag {
            0 => {
                let (header, ids) = rest.split_first_chunk::<128>()?;
                let (ids, []) = ids.as_chunks::<32>() else { return None };
                let header = BlockHeader::decode(header).ok()?;
                header.names(ids).then_some(Message::Announcement { header, ids })
            }
            1 => {
                let (block, places) = rest.split_first_chunk::<32>()?;
                let (places, []) = places.as_chunks::<2>() else { return None };
                // Each batch once: a short question must not be answered with gigabytes.
                let is_ascending =
                    places.is_sorted_by(|one, next| u16::from_le_bytes(*one) < u16::from_le_bytes(*next));
                is_ascending.then_some(Message::Question { block, places })
            }
            2 => {
                let (block, rest) = rest.split_first_chunk::<32>()?;
                let (place, batch) = rest.split_first_chunk::<2>()?;
                Some(Message::Answer { block, place: u16::from_le_bytes(*place), batch })
            }
            _ => None,
        }
    }
}

/// How blocks come to and go from this node.
#[derive(Debug)]
pub(crate) struct Relay<S> {
    blocks: Arc<Mutex<Blocks>>,
    sender: S,
}

impl<S: Clone> Clone for Relay<S> {
    fn clone(&self) -> Self {
        Relay { blocks: self.blocks.clone(), sender: self.sender.clone() }
    }
}

#[derive(Debug, Default)]
struct Blocks {
    whole: BTreeMap<Digest, Digested<Candidate>>,
    partial: BTreeMap<Digest, Partial>,
    /// By sender, its blocks from the earliest on. Our own are under no name.
    senders: BTreeMap<Option<PublicKey>, VecDeque<Digest>>,
    subscribers: BTreeMap<Digest, Vec<oneshot::Sender<Digested<Candidate>>>>,
    /// How often a node was sent batches of a block.
    answered: BTreeMap<(Digest, PublicKey), u32>,
}

/// A block of which batches are missing.
#[derive(Debug)]
struct Partial {
    header: BlockHeader,
    ids: Vec<Hash>,
    batches: Vec<Option<Batch>>,
    sender: PublicKey,
    /// When it was announced, or a node was asked last.
    since: SystemTime,
    /// How many nodes were asked so far.
    asked: usize,
}

impl<S> Relay<S> {
    pub fn new(sender: S) -> Relay<S> {
        Relay { blocks: Arc::default(), sender }
    }

    fn lock(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blocks {
    /// Makes room for one more block of a sender.
    fn admit(&mut self, sender: Option<PublicKey>, digest: Digest) {
        let queue = self.senders.entry(sender).or_default();
        if queue.contains(&digest) {
            return;
        }
        queue.push_back(digest);
        if queue.len() > BLOCKS_OF_A_SENDER {
            let earliest = queue.pop_front().expect("it is not empty");
            if !self.senders.values().any(|queue| queue.contains(&earliest)) {
                self.whole.remove(&earliest);
                self.partial.remove(&earliest);
                self.answered.retain(|(digest, _), _| *digest != earliest);
            }
        }
    }

    fn complete(&mut self, candidate: Digested<Candidate>) {
        let digest = candidate.digest();
        self.partial.remove(&digest);
        for subscriber in self.subscribers.remove(&digest).unwrap_or_default() {
            // Who asked may have stopped waiting.
            drop(subscriber.send(candidate.clone()));
        }
        self.whole.insert(digest, candidate);
    }
}

impl Partial {
    fn missing(&self) -> Vec<u16> {
        (0..).zip(&self.batches).filter(|(_, batch)| batch.is_none()).map(|(place, _)| place).collect()
    }

    /// Takes what it can from the pool.
    fn fill(&mut self, pool: &Pool) {
        for (batch, id) in self.batches.iter_mut().zip(&self.ids) {
            if batch.is_none() {
                *batch = pool.get(id);
            }
        }
    }

    /// The block, once nothing is missing.
    fn block(&self) -> Option<Block> {
        let batches: Vec<Batch> = self.batches.iter().cloned().collect::<Option<_>>()?;
        Block::assemble(self.header, batches).ok()
    }
}

impl<S: Sender<PublicKey = PublicKey>> Buffer<Standard<Candidate>> for Relay<S> {
    type PublicKey = PublicKey;

    async fn find_by_digest(&self, digest: Digest) -> Option<Digested<Candidate>> {
        self.lock().whole.get(&digest).cloned()
    }

    async fn find_by_commitment(&self, digest: Digest) -> Option<Digested<Candidate>> {
        self.find_by_digest(digest).await
    }

    fn subscribe_by_digest(&self, digest: Digest) -> Option<oneshot::Receiver<Digested<Candidate>>> {
        let (send, receive) = oneshot::channel();
        let mut blocks = self.lock();
        match blocks.whole.get(&digest) {
            Some(candidate) => drop(send.send(candidate.clone())),
            None => {
                blocks.subscribers.retain(|_, waiting| {
                    waiting.retain(|subscriber| !subscriber.is_closed());
                    !waiting.is_empty()
                });
                blocks.subscribers.entry(digest).or_default().push(send);
            }
        }
        Some(receive)
    }

    fn subscribe_by_commitment(&self, digest: Digest) -> Option<oneshot::Receiver<Digested<Candidate>>> {
        self.subscribe_by_digest(digest)
    }

    fn send(&self, _: Round, candidate: Digested<Candidate>, recipients: Recipients<PublicKey>) {
        let Some(block) = candidate.inner().block() else { return };
        let mut message = Vec::with_capacity(1 + 128 + 32 * block.batches().len());
        message.push(0);
        message.extend_from_slice(block.header_bytes());
        for batch in block.batches() {
            message.extend_from_slice(&batch.id());
        }
        let mut blocks = self.lock();
        blocks.admit(None, candidate.digest());
        blocks.complete(candidate);
        drop(blocks);
        // In line with the batches that this node told the others of before.
        self.sender.clone().send(recipients, IoBufs::from(message), false);
    }
}

impl<S: Sender<PublicKey = PublicKey>> Relay<S> {
    /// Handles what other nodes send, until the network closes.
    pub async fn receive<R: Receiver<PublicKey = PublicKey>>(
        self,
        context: impl Clock,
        shared: Arc<Shared>,
        pool: Arc<Pool>,
        own: PublicKey,
        mut receiver: R,
    ) {
        let mut ask_at = context.current();
        loop {
            select! {
                received = receiver.recv() => {
                    let Ok((peer, message)) = received else { return };
                    let is_sound = match Message::decode(message.as_ref()) {
                        Some(Message::Announcement { header, ids }) => {
                            self.announced(&context, &pool, peer.clone(), header, ids);
                            true
                        }
                        Some(Message::Question { block, places }) => self.asked(&peer, block, places),
                        Some(Message::Answer { block, place, batch }) => self.answered(&shared, block, place, batch),
                        None => false,
                    };
                    if !is_sound {
                        shared.counters.refused_from_peers.fetch_add(1, Ordering::Relaxed);
                        tracing::warn!(?peer, "a node sent what is not about a block");
                    }
                },
                () = context.sleep_until(ask_at) => {},
            }
            // However often messages come.
            if context.current() >= ask_at {
                self.ask(&context, &shared, &own);
                ask_at = context.current() + ASK_AFTER;
            }
        }
    }

    fn announced(&self, context: &impl Clock, pool: &Pool, peer: PublicKey, header: BlockHeader, ids: &[Hash]) {
        let digest = Digest(header.hash());
        let mut blocks = self.lock();
        blocks.admit(Some(peer.clone()), digest);
        if blocks.whole.contains_key(&digest) || blocks.partial.contains_key(&digest) {
            return;
        }
        let since = context.current();
        let batches = vec![None; ids.len()];
        let mut partial = Partial { header, ids: ids.to_vec(), batches, sender: peer, since, asked: 0 };
        partial.fill(pool);
        match partial.block() {
            Some(block) => blocks.complete(Candidate::Block(block).digested()),
            None => drop(blocks.partial.insert(digest, partial)),
        }
    }

    /// Completes blocks with batches that have come to the pool.
    pub fn fill(&self, pool: &Pool) {
        let mut blocks = self.lock();
        let mut whole = Vec::new();
        for partial in blocks.partial.values_mut() {
            partial.fill(pool);
            whole.extend(partial.block());
        }
        for block in whole {
            blocks.complete(Candidate::Block(block).digested());
        }
    }

    fn asked(&self, peer: &PublicKey, hash: &Hash, places: &[[u8; 2]]) -> bool {
        let digest = Digest(*hash);
        let mut blocks = self.lock();
        let Some(candidate) = blocks.whole.get(&digest).cloned() else { return true };
        let times = blocks.answered.entry((digest, peer.clone())).or_default();
        *times += 1;
        if *times > ANSWERS_MAX {
            return false;
        }
        drop(blocks);
        let Some(block) = candidate.inner().block() else { return true };
        let mut sender = self.sender.clone();
        for place in places {
            let Some(batch) = block.batches().get(usize::from(u16::from_le_bytes(*place))) else { return false };
            let mut answer = Vec::with_capacity(1 + 32 + 2 + batch.bytes().len());
            answer.push(2);
            answer.extend_from_slice(hash);
            answer.extend_from_slice(place);
            answer.extend_from_slice(batch.bytes());
            sender.send(Recipients::One(peer.clone()), IoBufs::from(answer), false);
        }
        true
    }

    fn answered(&self, shared: &Shared, hash: &Hash, place: u16, bytes: &[u8]) -> bool {
        let (digest, place) = (Digest(*hash), usize::from(place));
        // Looked at before the signature is checked: only what is missing is worth that.
        let wanted = |blocks: &Blocks| {
            let partial = blocks.partial.get(&digest)?;
            partial.batches.get(place)?.is_none().then(|| partial.ids[place])
        };
        let Some(id) = wanted(&self.lock()) else { return true };
        let Ok(batch) = Batch::verify(Arc::from(bytes), &shared.rosters()) else { return false };
        if batch.id() != id {
            return false;
        }
        let mut blocks = self.lock();
        let Some(partial) = blocks.partial.get_mut(&digest) else { return true };
        partial.batches[place] = Some(batch);
        if let Some(block) = partial.block() {
            blocks.complete(Candidate::Block(block).digested());
        }
        true
    }

    /// Asks for what did not come: first who sent the block, then the next node.
    fn ask(&self, context: &impl Clock, shared: &Shared, own: &PublicKey) {
        let now = context.current();
        let mut questions = Vec::new();
        let mut blocks = self.lock();
        if blocks.partial.is_empty() {
            return;
        }
        let nodes = shared.rosters().current().nodes();
        let nodes = nodes.iter().filter_map(public_key).filter(|node| node != own);
        let nodes: Vec<PublicKey> = nodes.collect();
        if nodes.is_empty() {
            return;
        }
        for (digest, partial) in &mut blocks.partial {
            let waited = now.duration_since(partial.since).unwrap_or_default();
            let patience = if partial.asked == 0 { ASK_AFTER } else { ASK_AGAIN };
            if waited < patience || partial.asked > 2 * nodes.len() {
                continue;
            }
            let from = nodes.iter().position(|node| *node == partial.sender).unwrap_or_default();
            let next = nodes[(from + partial.asked) % nodes.len()].clone();
            (partial.since, partial.asked) = (now, partial.asked + 1);
            questions.push((next, question(*digest, &partial.missing())));
        }
        drop(blocks);
        for (node, question) in questions {
            self.sender.clone().send(Recipients::One(node), IoBufs::from(question), true);
        }
    }
}

fn question(block: Digest, places: &[u16]) -> Vec<u8> {
    let mut message = Vec::with_capacity(1 + 32 + 2 * places.len());
    message.push(1);
    message.extend_from_slice(&block.0);
    for place in places {
        message.extend_from_slice(&place.to_le_bytes());
    }
    message
}
