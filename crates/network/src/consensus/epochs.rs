//! One engine an epoch: the nodes of the epoch's roster agree on its blocks, and hand over at its last one.
//!
//! A node that the roster does not name follows without a vote. One that has missed the end of an epoch hears votes of a later
//! one, and asks whoever sent them for the last block of its own.

use super::certificate::Nodes;
use super::leader::Leader;
use super::{Digest, Marshal, PublicKey, Scheme, Timing};
use crate::error::NodeError;
use crate::node::Shared;
use crate::record;
use commonware_consensus::marshal::standard::Inline;
use commonware_consensus::simplex::elector::RoundRobin;
use commonware_consensus::simplex::{self, Floor, ForwardPolicy, SkipPolicy};
use commonware_consensus::types::{Epoch, FixedEpocher, Height, ViewDelta};
use commonware_cryptography::Sha256;
use commonware_cryptography::certificate::{Provider, Scoped};
use commonware_cryptography::ed25519::PrivateKey;
use commonware_macros::select;
use commonware_p2p::utils::mux::{Builder as _, MuxHandle, Muxer};
use commonware_p2p::{Blocker, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Clock as Sleep, Handle, Metrics, Spawner, Storage};
use commonware_utils::channel::mpsc;
use commonware_utils::vec::NonEmptyVec;
use commonware_utils::{NZDuration, NZUsize};
use journal::Reader;
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use union::{Batch, Roster};

/// Messages that may wait for a part of an engine.
pub(crate) const MAILBOX: NonZeroUsize = NZUsize!(1_024);

pub(crate) const BUFFER: NonZeroUsize = NZUsize!(1 << 20);

/// By whose keys the certificates of an epoch are checked.
#[derive(Clone, Default)]
pub(crate) struct Schemes(Arc<Mutex<BTreeMap<u64, Arc<Scheme>>>>);

impl Schemes {
    pub fn insert(&self, epoch: u64, scheme: Scheme) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(epoch, Arc::new(scheme));
    }
}

impl Provider for Schemes {
    type Scope = Epoch;
    type Scheme = Scheme;

    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&epoch.get()).cloned().map(Scoped::scheme)
    }
}

/// The nodes of a roster, as this one sees them: with its vote, or without.
pub(crate) fn scheme(union: &union::Hash, roster: &Roster, key: &PrivateKey) -> Result<Scheme, NodeError> {
    let nodes = Nodes::new(union, &roster.nodes());
    let nodes = nodes.ok_or_else(|| NodeError::Membership("no member has a node".into()))?;
    let signer = Scheme::signer(nodes.namespace(), nodes.keys().clone(), key.clone());
    Ok(signer.unwrap_or_else(|| Scheme::verifier(nodes.namespace(), nodes.keys().clone())))
}

/// What makes an engine of each epoch.
pub(crate) struct Epochs<E, P>
where
    E: CryptoRng + Spawner + Metrics + Sleep + Storage,
{
    pub shared: Arc<Shared>,
    pub journal: Reader,
    pub key: PrivateKey,
    pub schemes: Schemes,
    pub marshal: Marshal,
    pub application: Inline<E, Scheme, Leader, super::candidate::Candidate, FixedEpocher>,
    pub blocker: P,
    pub timing: Timing,
    pub pages: CacheRef,
    /// The block before the first.
    pub genesis: Digest,
}

/// A kind of messages, divided by epochs; those of epochs that no engine is there for come out beside.
struct Divided<S: Sender> {
    channel: MuxHandle<S>,
    beside: mpsc::Receiver<(u64, commonware_p2p::Message<S::PublicKey>)>,
}

fn divide<E: Spawner, S: Sender<PublicKey = PublicKey>, R: Receiver<PublicKey = PublicKey>>(
    context: E,
    (sender, receiver): (S, R),
) -> Divided<S> {
    let (muxer, channel, beside) = Muxer::builder(context, sender, receiver).with_backup().build();
    muxer.start();
    Divided { channel, beside }
}

impl<E, P> Epochs<E, P>
where
    E: CryptoRng + Spawner + Metrics + Sleep + Storage,
    P: Blocker<PublicKey = PublicKey>,
{
    /// Goes from epoch to epoch, until an engine ends by itself.
    pub async fn run<S, R>(mut self, context: E, votes: (S, R), certificates: (S, R), missed: (S, R))
    where
        S: Sender<PublicKey = PublicKey>,
        R: Receiver<PublicKey = PublicKey>,
    {
        let mut votes = divide(context.child("votes"), votes);
        let mut certificates = divide(context.child("certificates"), certificates);
        let mut missed = divide(context.child("missed"), missed);
        let epoch_blocks = self.shared.charter().epoch_blocks;
        let shared = self.shared.clone();
        let mut epoch = (shared.durable.get() + 1) / epoch_blocks;
        loop {
            let channels = (&mut votes.channel, &mut certificates.channel, &mut missed.channel);
            let mut engine = match self.enter(&context, epoch, channels).await {
                Ok(engine) => engine,
                Err(error) => return tracing::error!(%error, epoch, "this node cannot go on to the next epoch"),
            };
            let last = (epoch + 1) * epoch_blocks - 1;
            loop {
                let (their_epoch, from) = select! {
                    _ = shared.durable.wait_for(|height| height >= last) => break,
                    _ = &mut engine => return,
                    beside = votes.beside.recv() => match beside {
                        Some((their_epoch, (from, _))) => (their_epoch, from),
                        None => return,
                    },
                    beside = certificates.beside.recv() => match beside {
                        Some((their_epoch, (from, _))) => (their_epoch, from),
                        None => return,
                    },
                    beside = missed.beside.recv() => match beside {
                        Some((their_epoch, (from, _))) => (their_epoch, from),
                        None => return,
                    },
                };
                if their_epoch > epoch {
                    self.marshal.hint_finalized(Height::new(last), NonEmptyVec::new(from));
                }
            }
            engine.abort();
            // Whoever is behind gets the last block from marshal; nobody needs the votes of an epoch before the last one.
            if let Some(earlier) = epoch.checked_sub(1) {
                drop(context.remove(&partition(earlier), None).await);
            }
            epoch += 1;
        }
    }

    /// By what consensus knows a block that was applied. The engine itself may still have to fetch it.
    fn digest_at(&self, height: u64) -> Result<Digest, NodeError> {
        let tip = self.shared.union.read().unwrap_or_else(PoisonError::into_inner).tip().clone();
        if tip.height() == height {
            return Ok(Digest(tip.hash()));
        }
        let after = self.journal.block(height + 1)?;
        let after = record::decode(after.height, &after.payload, Batch::from_journal)?.block;
        Ok(Digest(after.header().parent))
    }

    /// Starts the engine of an epoch on top of the last block of the one before.
    async fn enter<S: Sender<PublicKey = PublicKey>>(
        &mut self,
        context: &E,
        epoch: u64,
        (votes, certificates, missed): (&mut MuxHandle<S>, &mut MuxHandle<S>, &mut MuxHandle<S>),
    ) -> Result<Handle<()>, NodeError> {
        let system = |text: &str| NodeError::System(text.to_owned());
        let first = epoch * self.shared.charter().epoch_blocks;
        let floor = match first.checked_sub(1) {
            None => self.genesis,
            Some(last) => self.digest_at(last)?,
        };
        let rosters = self.shared.rosters();
        let roster = rosters.of_height(first.max(1)).ok_or_else(|| system("the roster of the epoch is not known"))?;
        let scheme = scheme(rosters.union(), roster, &self.key)?;
        self.schemes.insert(epoch, scheme.clone());
        let closed = |_| system("the network has closed");
        let votes = votes.register(epoch).await.map_err(closed)?;
        let certificates = certificates.register(epoch).await.map_err(closed)?;
        let missed = missed.register(epoch).await.map_err(closed)?;
        let engine = simplex::Engine::new(
            context.child("engine").with_attribute("epoch", epoch),
            simplex::Config {
                scheme,
                elector: RoundRobin::<Sha256>::default(),
                blocker: self.blocker.clone(),
                automaton: self.application.clone(),
                relay: self.application.clone(),
                reporter: self.application.clone(),
                track_historical_votes: false,
                strategy: Sequential,
                partition: partition(epoch),
                mailbox_size: MAILBOX,
                epoch: Epoch::new(epoch),
                floor: Floor::Genesis(floor),
                replay_buffer: BUFFER,
                write_buffer: BUFFER,
                page_cache: self.pages.clone(),
                leader_timeout: self.timing.leader,
                certification_timeout: self.timing.agreement,
                timeout_retry: self.timing.leader / 2,
                view_retention: ViewDelta::new(64),
                // An engine has heard of nobody when its epoch begins: honest leaders would be passed over.
                skip: SkipPolicy::Disabled,
                fetch_timeout: NZDuration!(self.timing.leader / 2),
                fetch_retry_delay: Duration::from_millis(100),
                forward: ForwardPolicy::SilentVoters,
            },
        );
        tracing::info!(epoch, nodes = roster.nodes().len(), "an epoch begins");
        Ok(engine.start(votes, certificates, missed))
    }
}

/// Where an epoch's votes are kept, so that no node votes twice however often it starts.
fn partition(epoch: u64) -> String {
    format!("votes-{epoch}")
}
