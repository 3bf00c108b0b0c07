//! Which of the other nodes this one is connected to.

use super::PublicKey;
use crate::node::Shared;
use commonware_actor::{Feedback, Unreliable};
use commonware_p2p::{CheckedSender, LimitedSender, Recipients, Sender};
use commonware_runtime::{Clock, IoBufs};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The nodes that this one is connected to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<RwLock<BTreeSet<PublicKey>>>);

impl Connections {
    /// Keeps them up to date. `sender` is of a channel that nothing is sent on.
    pub async fn follow<S: Sender<PublicKey = PublicKey>>(
        self,
        context: impl Clock,
        shared: Arc<Shared>,
        mut sender: S,
    ) {
        loop {
            // All are refused at once only if somebody sends.
            if let Ok(checked) = sender.check(Recipients::All) {
                let now: BTreeSet<PublicKey> = checked.recipients().into_iter().collect();
                let connected = now.len();
                *self.0.write().unwrap_or_else(PoisonError::into_inner) = now;
                shared.connected.send_if_modified(|known| std::mem::replace(known, connected) != connected);
            }
            context.sleep(LOOK).await;
        }
    }

    /// A sender that refuses what is meant for one node that is not connected. Who has a question asks another one then, and
    /// does not wait for an answer that cannot come.
    pub fn only<S>(&self, sender: S) -> Reachable<S> {
        Reachable { sender, connections: self.clone() }
    }

    fn has(&self, peer: &PublicKey) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(peer)
    }
}

/// See [`Connections::only`].
#[derive(Clone, Debug)]
pub(crate) struct Reachable<S> {
    sender: S,
    connections: Connections,
}

/// A message to whom it may be sent, if anybody.
pub(crate) struct Reached<C> {
    checked: C,
    is_connected: bool,
}

impl<S: LimitedSender<PublicKey = PublicKey>> LimitedSender for Reachable<S> {
    type PublicKey = PublicKey;
    type Checked<'a> = Reached<S::Checked<'a>>;

    fn check(&mut self, recipients: Recipients<PublicKey>) -> Result<Self::Checked<'_>, SystemTime> {
        let is_connected = match &recipients {
            Recipients::One(peer) => self.connections.has(peer),
            Recipients::All | Recipients::Some(_) => true,
        };
        Ok(Reached { checked: self.sender.check(recipients)?, is_connected })
    }
}

impl<C: CheckedSender<PublicKey = PublicKey>> CheckedSender for Reached<C> {
    type PublicKey = PublicKey;

    fn recipients(&self) -> Vec<PublicKey> {
        if self.is_connected { self.checked.recipients() } else { Vec::new() }
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        if self.is_connected { self.checked.send(message, priority) } else { Unreliable::Rejected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::public_keys;

    /// Counts messages, and takes all.
    #[derive(Clone, Default)]
    struct Counting(Arc<RwLock<usize>>);

    struct Counted(Counting, Vec<PublicKey>);

    impl LimitedSender for Counting {
        type PublicKey = PublicKey;
        type Checked<'a> = Counted;

        fn check(&mut self, recipients: Recipients<PublicKey>) -> Result<Self::Checked<'_>, SystemTime> {
            let to = match recipients {
                Recipients::All => public_keys(4),
                Recipients::Some(some) => some,
                Recipients::One(one) => vec![one],
            };
            Ok(Counted(self.clone(), to))
        }
    }

    impl CheckedSender for Counted {
        type PublicKey = PublicKey;

        fn recipients(&self) -> Vec<PublicKey> {
            self.1.clone()
        }

        fn send(self, _: impl Into<IoBufs> + Send, _: bool) -> Unreliable<Feedback> {
            *self.0.0.write().unwrap() += 1;
            Unreliable::Outcome(Feedback::Ok)
        }
    }

    #[test]
    fn a_question_is_not_put_to_a_node_that_is_not_connected() {
        let keys = public_keys(4);
        let (connections, counting) = (Connections::default(), Counting::default());
        let mut sender = connections.only(counting.clone());
        let sent = |sender: &mut Reachable<Counting>, to: Recipients<PublicKey>| {
            let checked = sender.check(to).unwrap();
            (checked.recipients().len(), checked.send(vec![1], false))
        };
        let taken = Unreliable::Outcome(Feedback::Ok);
        assert_eq!(sent(&mut sender, Recipients::One(keys[1].clone())), (0, Unreliable::Rejected));
        connections.0.write().unwrap().insert(keys[1].clone());
        assert_eq!(sent(&mut sender, Recipients::One(keys[1].clone())), (1, taken));
        assert_eq!(sent(&mut sender, Recipients::One(keys[2].clone())), (0, Unreliable::Rejected));
        assert_eq!(sent(&mut sender, Recipients::All), (4, taken));
        assert_eq!(*counting.0.read().unwrap(), 2);
    }
}
