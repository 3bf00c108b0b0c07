//! Telling the other nodes of batches before they are proposed, so that a block need only name them.

use super::PublicKey;
use super::pool::{NoPlace, Pool};
use super::relay::Relay;
use crate::node::Shared;
use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};
use commonware_runtime::{Clock, IoBufs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use union::{BATCH_BYTES_MAX, Batch};

/// The longest message: batches one after another.
pub(crate) const MESSAGE_BYTES_MAX: usize = BATCH_BYTES_MAX;

/// So many bytes of batches are put into one message, if as many wait.
const BUNDLE_BYTES: usize = 1 << 20;

/// After so long without a final block, this node tells the others again of what came in here.
const AGAIN: Duration = Duration::from_secs(1);

/// Batches from this node's gateway to everybody.
pub(crate) async fn send<S: Sender<PublicKey = PublicKey>>(
    context: impl Clock,
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    mut own: mpsc::UnboundedReceiver<Batch>,
    mut sender: S,
) {
    let mut height = 0;
    loop {
        let first = select! {
            first = own.recv() => match first {
                Some(batch) => Some(batch),
                None => return,
            },
            () = context.sleep(AGAIN) => None,
        };
        match first {
            Some(first) => {
                let mut bundle = vec![first];
                let mut bytes = bundle[0].bytes().len();
                while bytes < BUNDLE_BYTES
                    && let Ok(next) = own.try_recv()
                {
                    if bytes + next.bytes().len() > MESSAGE_BYTES_MAX {
                        tell(&mut sender, &bundle);
                        (bundle, bytes) = (Vec::new(), 0);
                    }
                    bytes += next.bytes().len();
                    bundle.push(next);
                }
                tell(&mut sender, &bundle);
            }
            None => {
                let durable = *shared.durable.borrow();
                if durable == height {
                    for batch in pool.own() {
                        tell(&mut sender, &[batch]);
                    }
                }
                height = durable;
            }
        }
    }
}

fn tell<S: Sender<PublicKey = PublicKey>>(sender: &mut S, batches: &[Batch]) {
    let mut message = Vec::with_capacity(batches.iter().map(|batch| batch.bytes().len()).sum());
    for batch in batches {
        message.extend_from_slice(batch.bytes());
    }
    // Who is not connected hears of them again, or asks for them when a block names them.
    sender.send(Recipients::All, IoBufs::from(message), false);
}

/// Batches of others into the pool. What is not a signed batch of this union is counted and dropped.
pub(crate) async fn receive<S: Sender<PublicKey = PublicKey>, R: Receiver<PublicKey = PublicKey>>(
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    relay: Relay<S>,
    mut receiver: R,
) {
    while let Ok((peer, message)) = receiver.recv().await {
        let message = message.as_ref();
        let mut rest: &[u8] = message;
        while !rest.is_empty() {
            let batch = Batch::split_first(rest).and_then(|(first, after)| {
                rest = after;
                Batch::verify(Arc::from(first), &shared.charter)
            });
            match batch {
                Ok(batch) => {
                    let header = batch.header();
                    let last = shared.sequences[usize::from(header.member)].load(Ordering::Acquire);
                    if header.sequence > last
                        && let Err((NoPlace::Full | NoPlace::Taken, _)) = pool.add(batch, None)
                    {
                        shared.counters.refused_from_peers.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Err(error) => {
                    shared.counters.refused_from_peers.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(?peer, %error, "a node sent what is not a batch");
                    break;
                }
            }
        }
        relay.fill(&pool);
    }
}
