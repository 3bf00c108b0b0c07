//! Telling the other nodes of batches before they are proposed, so that a block need only name them.

use super::PublicKey;
use super::pool::{NoPlace, Pool};
use super::relay::Relay;
use crate::node::Shared;
use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};
use commonware_runtime::{Clock, IoBufs};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use union::{BATCH_BYTES_MAX, Batch, BatchError, Rosters};

/// The longest message: batches one after another.
pub(crate) const MESSAGE_BYTES_MAX: usize = BATCH_BYTES_MAX;

/// So many bytes of batches are put into one message, if as many wait.
const BUNDLE_BYTES: usize = 1 << 20;

/// What came in here and is in no final block after so long, this node tells the others again.
const AGAIN: Duration = Duration::from_secs(1);

/// Batches from this node's gateway to everybody.
pub(crate) async fn send<S: Sender<PublicKey = PublicKey>>(
    context: impl Clock,
    pool: Arc<Pool>,
    mut own: mpsc::UnboundedReceiver<Batch>,
    mut sender: S,
) {
    let mut again_at = context.current() + AGAIN;
    // What waited the last time that the others were told again.
    let mut waited = BTreeSet::new();
    loop {
        let first = select! {
            first = own.recv() => match first {
                Some(batch) => Some(batch),
                None => return,
            },
            () = context.sleep_until(again_at) => None,
        };
        if let Some(first) = first {
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
        // However often batches come in here, and blocks without those that the others have not heard of.
        if context.current() >= again_at {
            let waiting = pool.own();
            let mut bytes = 0;
            for batch in waiting.iter().filter(|batch| waited.contains(&batch.id())) {
                tell(&mut sender, std::slice::from_ref(batch));
                bytes += batch.bytes().len();
                if bytes >= BUNDLE_BYTES {
                    break;
                }
            }
            waited = waiting.iter().map(Batch::id).collect();
            again_at = context.current() + AGAIN;
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

/// Takes the first batch off a message, verified.
pub(crate) fn take_first(message: &mut &[u8], rosters: &Rosters) -> Result<Batch, BatchError> {
    let (first, after) = Batch::split_first(message)?;
    *message = after;
    Batch::verify(Arc::from(first), rosters)
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
        let rosters = shared.rosters();
        let mut rest: &[u8] = message;
        while !rest.is_empty() {
            match take_first(&mut rest, &rosters) {
                Ok(batch) => {
                    let header = batch.header();
                    let last = shared.sequences[usize::from(header.member)].load(Ordering::Acquire);
                    if header.sequence > last {
                        match pool.add(batch, None) {
                            Ok(made_way) => shared.make_way(made_way),
                            Err((NoPlace::Full | NoPlace::Taken, _)) => {
                                shared.counters.refused_from_peers.fetch_add(1, Ordering::Relaxed);
                            }
                        }
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
