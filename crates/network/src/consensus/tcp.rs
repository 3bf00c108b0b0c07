//! A node among others on a real network: its thread, its connections, its end.

use super::certificate::{namespace, public_key};
use super::connections::Connections;
use super::engine::{Channels, Engine, Parts, message_bytes_max};
use super::peers::{self, AddressBook};
use super::pool::Pool;
use super::{PublicKey, Timing};
use crate::clock::Clock;
use crate::error::NodeError;
use crate::node::{FailUnlessDefused, Options, Shared};
use crate::snapshots::Snapshots;
use ::tokio::sync::{mpsc, oneshot};
use bytes::Bytes;
use commonware_codec::DecodeExt as _;
use commonware_cryptography::ed25519::PrivateKey;
use commonware_cryptography::{ChaCha20Poly1305, Signer as _};
use commonware_p2p::AddressableManager as _;
use commonware_p2p::authenticated::lookup;
use commonware_runtime::{Quota, Runner as _, Spawner as _, Supervisor as _, tokio};
use commonware_stream::cups::{self, Cups};
use commonware_stream::sake::{self, Sake};
use commonware_utils::{NZU32, NZUsize};
use journal::Journal;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use union::Batch;
use zeroize::Zeroizing;

/// What makes a node one of several: its key, and where the others are.
#[derive(Clone)]
pub struct Membership {
    /// The Ed25519 key that this node's votes and connections are signed with; the charter names its public half.
    pub key: Zeroizing<[u8; 32]>,
    /// Where it listens for the other nodes.
    pub listen: SocketAddr,
    /// Where the other nodes listen, by their members' codes: of those in the charter, and of those that may come to be. One whose
    /// place is not known is left out: it is not called, but may call.
    pub peers: Vec<(String, SocketAddr)>,
    /// Keys and addresses of nodes beside those that the rosters name: a node that comes late knows only the charter that the
    /// union was founded on, and is introduced to the others by somebody.
    pub introduced: Vec<([u8; 32], SocketAddr)>,
    /// How long it waits for what.
    pub timing: Timing,
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membership").field("listen", &self.listen).field("peers", &self.peers).finish_non_exhaustive()
    }
}

impl Membership {
    /// The public half of a node's key, as the charter names it.
    pub fn public_key(key: &[u8; 32]) -> [u8; 32] {
        let key = PrivateKey::decode(Bytes::copy_from_slice(key)).expect("32 bytes are an Ed25519 key");
        let mut public = [0; 32];
        public.copy_from_slice(&key.public_key());
        public
    }
}

/// An engine that runs elsewhere.
#[derive(Debug)]
pub(crate) struct Running {
    stop: oneshot::Sender<()>,
    /// Its own; a simulation has none.
    thread: Option<JoinHandle<Result<(), NodeError>>>,
}

impl Running {
    /// An engine that a simulation runs.
    #[cfg(test)]
    pub fn simulated(stop: oneshot::Sender<()>) -> Running {
        Running { stop, thread: None }
    }

    /// Stops the engine, and waits until what it delivered is durable.
    pub fn close(self) -> Result<(), NodeError> {
        // It may have stopped by itself.
        let _ = self.stop.send(());
        match self.thread.map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

/// What [`run`] needs beside [`Membership`].
pub(crate) struct Local<'a> {
    pub directory: &'a Path,
    pub shared: Arc<Shared>,
    pub clock: Arc<Clock>,
    pub options: Options,
    pub pool: Arc<Pool>,
    pub journal: Journal,
    pub snapshots: Snapshots,
    pub own: mpsc::UnboundedReceiver<Batch>,
}

fn warn_if_without_vote(shared: &Shared, own: &PublicKey) {
    let rosters = shared.rosters();
    let names = |key: [u8; 32]| public_key(&key).is_some_and(|key| key == *own);
    if !rosters.current().nodes().into_iter().any(names) {
        tracing::warn!("this node's key is not that of a member's node in this epoch: it follows without a vote");
    }
}

/// Starts an engine on a thread of its own.
pub(crate) fn run(local: Local<'_>, membership: &Membership) -> Result<Running, NodeError> {
    let Local { directory, shared, clock, options, pool, journal, snapshots, own: batches } = local;
    let wrong = |text: String| NodeError::Membership(text);
    let key = PrivateKey::decode(Bytes::copy_from_slice(membership.key.as_slice()))
        .map_err(|error| wrong(error.to_string()))?;
    let own = key.public_key();
    warn_if_without_vote(&shared, &own);
    let book = AddressBook::new(own, membership, shared.charter().members.len());
    // The engine can only panic if it is not free.
    TcpListener::bind(membership.listen).map(drop).map_err(|error| {
        NodeError::Membership(format!("cannot listen for other nodes on {}: {error}", membership.listen))
    })?;
    let timing = membership.timing;
    let block_bytes = options.block_bytes;
    let fate = shared.clone();
    let parts = Parts { shared, clock, pool, key, timing, block_bytes, journal, snapshots, own: batches };

    let runner = tokio::Config::new()
        .with_storage_directory(directory.join("consensus"))
        .with_worker_threads(2)
        .with_tcp_nodelay(Some(true));
    let network = network_config(&parts, membership.listen, book.room());
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("consensus".into())
        .spawn(move || {
            let unexpected = FailUnlessDefused(&fate);
            let result = tokio::Runner::new(runner).start(|context| live(context, parts, network, book, stopped));
            match &result {
                Ok(()) => std::mem::forget(unexpected),
                Err(error) => tracing::error!(%error, "this node takes part no more"),
            }
            result
        })
        .map_err(|error| NodeError::System(error.to_string()))?;
    Ok(Running { stop, thread: Some(thread) })
}

type Handshake = Cups<Sake<PrivateKey>, ChaCha20Poly1305>;

fn network_config(parts: &Parts, listen: SocketAddr, room: usize) -> lookup::Config<Handshake> {
    let sake = Sake {
        signer: parts.key.clone(),
        synchrony_bound: Duration::from_secs(10),
        max_handshake_age: Duration::from_secs(30),
        version: sake::Version::V1,
    };
    let charter = parts.shared.charter();
    let mut config = lookup::Config::local(
        Cups::new(sake, cups::Version::V1),
        &namespace(&charter.hash()),
        listen,
        NZUsize!(256),
        message_bytes_max(&charter.hash()),
        NZUsize!(1_024),
    );
    // Behind a firewall or a load balancer a member's address is not what it connects from; its key is what counts.
    config.bypass_ip_check = true;
    // The network makes room at once for what so many may send in a second.
    config.max_peers_per_set = NonZeroUsize::new(room).expect("there is some room");
    config.tracked_peer_sets = NZUsize!(2);
    // A node that comes back is called soon; one that does not answer is not waited for, while the next one could be called.
    config.dial_frequency = Duration::from_millis(100);
    config.peer_connection_cooldown = Duration::from_millis(400);
    config.dial_timeout = Duration::from_secs(3);
    config.handshake_timeout = Duration::from_secs(3);
    config.allowed_handshake_rate_per_ip = Quota::per_second(NZU32!(32));
    config
}

/// The life of the engine: until it is stopped, or a part of it ends by itself.
async fn live(
    context: tokio::Context,
    parts: Parts,
    config: lookup::Config<Handshake>,
    book: AddressBook,
    stopped: oneshot::Receiver<()>,
) -> Result<(), NodeError> {
    let (mut network, mut oracle) = lookup::Network::new(context.child("network"), config);
    let peers = book.peers(&parts.shared);
    oracle.track(0, peers.clone());
    // A receiver keeps as many messages as may come in a second from all others. Votes are short; blocks and batches are
    // not.
    let (short, long) = (Quota::per_second(NZU32!(512)), Quota::per_second(NZU32!(64)));
    let connections = Connections::default();
    let mut register = |channel, quota| {
        let (sender, receiver) = network.register(channel, quota);
        (connections.only(sender), receiver)
    };
    let channels = Channels {
        votes: register(0, short),
        certificates: register(1, short),
        missed: register(2, short),
        backfill: register(3, long),
        blocks: register(4, Quota::per_second(NZU32!(128))),
        batches: register(5, long),
    };
    // Nothing is sent here: a sender knows whom it would reach.
    let (reach, _) = network.register(6, short);
    let network = network.start();
    let counting = context.child("connections").spawn({
        let shared = parts.shared.clone();
        move |context| connections.follow(context, shared, reach)
    });
    let following = context.child("peers").spawn({
        let (shared, oracle) = (parts.shared.clone(), oracle.clone());
        move |_| peers::follow(shared, book, oracle, peers)
    });
    let engine = Engine::start(context.child("node"), parts, oracle, channels).await;
    engine.live(context, [network, counting, following], stopped).await
}
