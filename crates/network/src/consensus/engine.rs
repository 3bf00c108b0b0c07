//! The parts of the engine, put together. The same for a node on a real network and for one in a simulation.

use super::candidate::Candidate;
use super::certificate;
use super::epochs::{BUFFER, Epochs, MAILBOX, Schemes, scheme};
use super::executor::{Executor, FinalBlocks};
use super::gossip;
use super::leader::Leader;
use super::pool::Pool;
use super::relay::{self, Relay};
use super::store::{self, Past};
use super::tips::Tips;
use super::{Marshal, PublicKey, Scheme, Timing};
use crate::checkpoint::last_certificate;
use crate::clock::Clock;
use crate::error::NodeError;
use crate::node::Shared;
use crate::snapshots::Snapshots;
use commonware_consensus::marshal::core::Actor;
use commonware_consensus::marshal::resolver::p2p as backfill;
use commonware_consensus::marshal::standard::{Inline, Standard};
use commonware_consensus::marshal::store::Certificates;
use commonware_consensus::marshal::{self, Start, max_payload_size};
use commonware_consensus::types::{FixedEpocher, ViewDelta};
use commonware_cryptography::ed25519::PrivateKey;
use commonware_cryptography::{Digestible as _, Signer as _};
use commonware_macros::select;
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Clock as Sleep, Handle, Metrics, Spawner, Storage};
use commonware_utils::{NZDuration, NZU16, NZU64, NZUsize};
use futures::future::select_all;
use journal::Journal;
use rand_core::CryptoRng;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use union::{Batch, MEMBERS_MAX};

/// Final blocks that may be with the executor at once: while one is made durable the next is on its way.
const BLOCKS_AHEAD: NonZeroUsize = NZUsize!(4);

/// What a node brings to the engine.
pub(crate) struct Parts {
    pub shared: Arc<Shared>,
    pub clock: Arc<Clock>,
    pub pool: Arc<Pool>,
    /// Signs this node's votes, and is its name among the nodes.
    pub key: PrivateKey,
    pub timing: Timing,
    /// A leader puts no further batch into a block that has so many bytes.
    pub block_bytes: usize,
    pub journal: Journal,
    pub snapshots: Snapshots,
    /// Batches from this node's gateway, to be told to the others.
    pub own: mpsc::UnboundedReceiver<Batch>,
}

/// A sender and a receiver for each kind of message.
pub(crate) struct Channels<S, R> {
    pub votes: (S, R),
    pub certificates: (S, R),
    /// Questions for votes and certificates that were missed.
    pub missed: (S, R),
    /// Questions for final blocks that were missed.
    pub backfill: (S, R),
    pub blocks: (S, R),
    pub batches: (S, R),
}

/// A running engine: its parts end when it is dropped.
pub(crate) struct Engine {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    /// Ends when the engine has stopped and everything that it delivered is applied.
    executor: Handle<Result<(), NodeError>>,
    /// End only when something is wrong, or the engine is stopped.
    parts: Vec<Handle<()>>,
}

/// The longest message that the engine sends, in bytes.
pub(crate) fn message_bytes_max(union: &union::Hash) -> u32 {
    let blocks = max_payload_size::<Standard<Candidate>, Scheme>(MEMBERS_MAX as u32, union);
    blocks.max(relay::MESSAGE_BYTES_MAX).max(gossip::MESSAGE_BYTES_MAX) as u32
}

impl Engine {
    /// Starts the engine.
    pub async fn start<E, S, R, P>(context: E, parts: Parts, peers: P, channels: Channels<S, R>) -> Engine
    where
        E: CryptoRng + Spawner + Metrics + Sleep + Storage,
        S: Sender<PublicKey = PublicKey>,
        R: Receiver<PublicKey = PublicKey>,
        P: Provider<PublicKey = PublicKey> + Blocker<PublicKey = PublicKey>,
    {
        let Parts { shared, clock, pool, key, timing, block_bytes, journal, snapshots, own } = parts;
        let public = key.public_key();
        let pages = CacheRef::new(NZU16!(16_384), NZUsize!(256));
        let charter = shared.charter();
        let epocher = FixedEpocher::new(charter.epoch_blocks.try_into().expect("an epoch has blocks"));
        let schemes = Schemes::default();
        let rosters = shared.rosters();
        for roster in [rosters.current(), rosters.next()] {
            let scheme = scheme(rosters.union(), roster, &key).expect("a union that has nodes keeps some");
            schemes.insert(roster.epoch(), scheme);
        }

        let resolver = backfill::init(
            context.child("backfill"),
            backfill::Config {
                public_key: public.clone(),
                peer_provider: peers.clone(),
                blocker: peers.clone(),
                mailbox_size: MAILBOX,
                // What a leader is given for its block is enough for anybody's; then another node is asked.
                fetch_timeout: NZDuration!(timing.leader),
                fetch_retry_delay: Duration::from_millis(100),
                priority_requests: false,
                priority_responses: false,
            },
            channels.backfill,
        );
        let genesis = Candidate::Genesis(charter.hash()).digested();
        let reader = journal.reader();
        let past = Arc::new(Past::new(shared.clone(), reader.clone()));
        let opened = store::open(&context, &pages, charter.hash(), past.clone()).await;
        let (certificates, blocks) = opened.expect("the last final blocks can be read, or written anew");
        // Without any, the journal began with a checkpoint, is a copy, or is new: the blocks in it need not be fetched.
        let floor = match Certificates::last_index(&certificates) {
            Some(_) => None,
            None => last_certificate(&reader, shared.durable.get()).expect("the journal can be read"),
        };
        let floor = floor.and_then(|(height, certificate)| {
            let nodes = scheme(rosters.union(), rosters.of_height(height)?, &key).ok()?;
            let certificate = certificate::decode(&certificate, &nodes).ok()?;
            past.remember(certificate.proposal.payload, height);
            Some(certificate)
        });
        let start = floor.map_or_else(|| Start::Genesis(genesis.clone()), Start::Floor);
        let (actor, marshal, _): (_, Marshal, _) = Actor::init(
            context.child("marshal"),
            certificates,
            blocks,
            marshal::Config {
                provider: schemes.clone(),
                epocher: epocher.clone(),
                start,
                partition_prefix: "marshal".into(),
                mailbox_size: MAILBOX,
                view_retention: ViewDelta::new(64),
                prunable_items_per_section: NZU64!(64),
                page_cache: pages.clone(),
                replay_buffer: BUFFER,
                key_write_buffer: BUFFER,
                value_write_buffer: BUFFER,
                block_codec_config: charter.hash(),
                max_repair: NZUsize!(16),
                max_pending_acks: BLOCKS_AHEAD,
                strategy: Sequential,
            },
        )
        .await;

        let tips = {
            let union = shared.union.read().unwrap_or_else(PoisonError::into_inner);
            Arc::new(Tips::new(union.tip().clone()))
        };
        let (to_executor, to_apply) = mpsc::unbounded_channel();
        let executor = Executor {
            shared: shared.clone(),
            pool: pool.clone(),
            tips: tips.clone(),
            journal,
            snapshots,
            marshal: marshal.clone(),
        };
        // It waits for the disk.
        let executor = context.child("executor").dedicated().spawn(|_| executor.run(to_apply));

        let relay = Relay::new(channels.blocks.0);
        let final_blocks = FinalBlocks { shared: shared.clone(), to_executor };
        let mut parts = vec![actor.start(final_blocks, relay.clone(), resolver)];
        parts.push(context.child("relay").spawn({
            let (relay, shared, pool) = (relay.clone(), shared.clone(), pool.clone());
            move |context| relay.receive(context, shared, pool, public, channels.blocks.1)
        }));
        let (sender, receiver) = channels.batches;
        parts.push(context.child("gossip_in").spawn({
            let (shared, pool) = (shared.clone(), pool.clone());
            move |_| gossip::receive(shared, pool, relay, receiver)
        }));
        parts.push(context.child("gossip_out").spawn({
            let pool = pool.clone();
            move |context| gossip::send(context, pool, own, sender)
        }));

        let leader = Leader {
            shared: shared.clone(),
            clock,
            pool: pool.clone(),
            tips,
            marshal: marshal.clone(),
            timing,
            block_bytes,
        };
        let application = Inline::new(context.child("application"), leader, marshal.clone(), epocher);
        let epochs = Epochs {
            shared: shared.clone(),
            journal: reader,
            key,
            schemes,
            marshal,
            application,
            blocker: peers,
            timing,
            pages,
            genesis: genesis.digest(),
        };
        parts.push(
            context
                .child("epochs")
                .spawn(move |context| epochs.run(context, channels.votes, channels.certificates, channels.missed)),
        );
        Engine { shared, pool, executor, parts }
    }

    /// The life of the engine: until it is stopped, or a part of it ends by itself.
    pub async fn live<E: Spawner>(
        mut self,
        context: E,
        network: impl IntoIterator<Item = Handle<()>>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), NodeError> {
        self.parts.extend(network);
        let is_wanted = select! {
            _ = stopped => true,
            _ = select_all(self.parts) => false,
        };
        if !is_wanted {
            self.shared.fail();
        }
        let stopping = context.child("stop").stop(0, Some(Duration::from_secs(10))).await;
        let executed = self.executor.await.unwrap_or_else(|error| Err(NodeError::System(error.to_string())));
        self.pool.answer_all_unknown();
        executed?;
        stopping.map_err(|error| NodeError::System(format!("the engine did not stop: {error}")))?;
        if is_wanted { Ok(()) } else { Err(NodeError::System("a part of the consensus engine has ended".into())) }
    }
}
