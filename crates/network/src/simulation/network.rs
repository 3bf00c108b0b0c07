//! The network between the machines: it delays, loses, doubles and reorders messages, and splits.

use crate::consensus::{Channels, PublicKey};
use commonware_actor::{Feedback, Unreliable};
use commonware_p2p::{
    BlockedSubscription, Blocker, CheckedSender, LimitedSender, Message, PeerSetSubscription, PeerSetUpdate, Provider,
    Recipients, TrackedPeers,
};
use commonware_runtime::{Clock as _, IoBuf, IoBufs, Spawner as _, Supervisor as _, deterministic};
use commonware_utils::channel::{mpsc as unbounded, ring};
use commonware_utils::ordered::Set;
use commonware_utils::{NZUsize, channel};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{Notify, mpsc};

/// A running node: its member's number, and which of its twins it is (a hostile node may run twice).
pub(crate) type Place = (usize, usize);

/// The channel of batches, see [`Network::channels`].
pub(crate) const BATCHES: u64 = 5;
/// The channel of blocks.
pub(crate) const BLOCKS: u64 = 4;

/// Messages that are kept for somebody to send again.
const REMEMBERED: usize = 512;

/// How messages fare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub delay_ms: (u64, u64),
    pub lost_percent: u32,
    pub doubled_percent: u32,
    /// So many of a hundred messages may be overtaken by later ones.
    pub reordered_percent: u32,
}

impl Conditions {
    pub const CALM: Conditions =
        Conditions { delay_ms: (2, 30), lost_percent: 0, doubled_percent: 0, reordered_percent: 0 };
}

/// How a hostile node sends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Habit {
    /// Nobody gets its batches, nor those of its blocks.
    pub withholds_batches: bool,
    pub lost_percent: u32,
    pub late_ms: u64,
}

/// What became of messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub sent: u64,
    pub lost: u64,
    pub doubled: u64,
    pub reordered: u64,
}

#[derive(Clone)]
pub(crate) struct Network {
    state: Arc<Mutex<State>>,
    clock: Arc<deterministic::Context>,
    changed: Arc<Notify>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

struct State {
    random: ChaCha8Rng,
    keys: Vec<PublicKey>,
    conditions: Conditions,
    habits: BTreeMap<usize, Habit>,
    /// By member: the part of the split network that it is in.
    parts: Vec<u8>,
    /// By member: the twin of hostile nodes that it hears.
    hears: Vec<usize>,
    receivers: BTreeMap<(Place, u64), mpsc::UnboundedSender<Message<PublicKey>>>,
    /// By when they arrive, then in the order of sending.
    on_the_way: BTreeMap<(SystemTime, u64), Letter>,
    /// When the last message arrives that is not to be overtaken.
    last: BTreeMap<(Place, Place, u64), SystemTime>,
    blocked: BTreeSet<(usize, usize)>,
    /// Kept so that those who listen to them do not see an end.
    updates: Vec<unbounded::UnboundedSender<PeerSetUpdate<PublicKey>>>,
    blocks: Vec<ring::Sender<Set<PublicKey>>>,
    remembered: VecDeque<(u64, IoBuf)>,
    traffic: Traffic,
}

struct Letter {
    from: usize,
    to: Place,
    channel: u64,
    message: IoBuf,
}

impl Network {
    pub fn new(
        context: &deterministic::Context,
        random: ChaCha8Rng,
        keys: Vec<PublicKey>,
        hears: Vec<usize>,
    ) -> Network {
        let state = State {
            random,
            parts: vec![0; keys.len()],
            keys,
            conditions: Conditions::CALM,
            habits: BTreeMap::new(),
            hears,
            receivers: BTreeMap::new(),
            on_the_way: BTreeMap::new(),
            last: BTreeMap::new(),
            blocked: BTreeSet::new(),
            updates: Vec::new(),
            blocks: Vec::new(),
            remembered: VecDeque::new(),
            traffic: Traffic::default(),
        };
        let network = Network {
            state: Arc::new(Mutex::new(state)),
            clock: Arc::new(context.child("network_clock")),
            changed: Arc::new(Notify::new()),
        };
        let carrier = network.clone();
        context.child("network").spawn(|context| async move { carrier.carry(context).await });
        network
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_conditions(&self, conditions: Conditions) {
        self.lock().conditions = conditions;
    }

    pub fn set_habit(&self, member: usize, habit: Habit) {
        self.lock().habits.insert(member, habit);
    }

    /// Splits the network: members of different parts do not reach each other.
    pub fn split(&self, parts: Vec<u8>) {
        self.lock().parts = parts;
    }

    /// Who will not hear whom any more, because of what it sent: the one that blocks comes first.
    pub fn blocked(&self) -> BTreeSet<(usize, usize)> {
        self.lock().blocked.clone()
    }

    pub fn traffic(&self) -> Traffic {
        self.lock().traffic
    }

    /// Senders and receivers of a node that starts; one that ran at this place before hears nothing any more.
    pub fn channels(&self, place: Place) -> Channels<Sender, Receiver> {
        let register = |channel| {
            let (send, receive) = mpsc::unbounded_channel();
            self.lock().receivers.insert((place, channel), send);
            (Sender { network: self.clone(), place, channel }, Receiver(receive))
        };
        Channels {
            votes: register(0),
            certificates: register(1),
            missed: register(2),
            backfill: register(3),
            blocks: register(BLOCKS),
            batches: register(BATCHES),
        }
    }

    /// What the engine of a node knows of the others.
    pub fn peers(&self, place: Place) -> Peers {
        Peers { network: self.clone(), place }
    }

    /// A message that was sent lately by anybody, for somebody to send again.
    pub fn remembered(&self) -> Option<(u64, IoBuf)> {
        let state = &mut *self.lock();
        (!state.remembered.is_empty()).then(|| {
            let at = state.random.random_range(0..state.remembered.len());
            state.remembered[at].clone()
        })
    }

    pub fn send(&self, from: Place, recipients: &[usize], channel: u64, message: IoBuf) {
        let now = self.clock.current();
        let state = &mut *self.lock();
        let habit = state.habits.get(&from.0).copied().unwrap_or_default();
        if habit.withholds_batches
            && (channel == BATCHES || (channel == BLOCKS && message.as_ref().first() == Some(&2)))
        {
            return;
        }
        if state.remembered.len() == REMEMBERED {
            state.remembered.pop_front();
        }
        state.remembered.push_back((channel, message.clone()));
        for &to in recipients {
            // A hostile node's twins have the honest nodes to themselves, each some of them.
            let is_heard =
                from.1 == 0 && !state.receivers.contains_key(&((from.0, 1), channel)) || state.hears[to] == from.1;
            if is_heard && to != from.0 {
                for twin in 0..2 {
                    state.post(now, from, (to, twin), channel, &message, habit);
                }
            }
        }
        self.changed.notify_one();
    }

    /// Brings messages when they are due.
    async fn carry(self, context: deterministic::Context) {
        loop {
            let next = self.lock().on_the_way.keys().next().map(|key| key.0);
            let until = next.unwrap_or_else(|| context.current() + Duration::from_secs(3_600));
            commonware_macros::select! {
                () = context.sleep_until(until) => {},
                () = self.changed.notified() => {},
            }
            let now = context.current();
            let state = &mut *self.lock();
            while let Some(letter) = state.on_the_way.first_entry().filter(|first| first.key().0 <= now) {
                let Letter { from, to, channel, message } = letter.remove();
                let is_cut = state.parts[from] != state.parts[to.0];
                let is_blocked = state.blocked.contains(&(from, to.0)) || state.blocked.contains(&(to.0, from));
                if is_cut || is_blocked {
                    state.traffic.lost += 1;
                } else if let Some(receiver) = state.receivers.get(&(to, channel)) {
                    // Who has crashed hears nothing.
                    drop(receiver.send((state.keys[from].clone(), message)));
                }
            }
        }
    }
}

impl State {
    fn post(&mut self, now: SystemTime, from: Place, to: Place, channel: u64, message: &IoBuf, habit: Habit) {
        if !self.receivers.contains_key(&(to, channel)) {
            return;
        }
        self.traffic.sent += 1;
        let Conditions { delay_ms, lost_percent, doubled_percent, reordered_percent } = self.conditions;
        if self.random.random_range(0..100) < lost_percent.max(habit.lost_percent) {
            self.traffic.lost += 1;
            return;
        }
        let is_doubled = self.random.random_range(0..100) < doubled_percent;
        self.traffic.doubled += u64::from(is_doubled);
        for copy in 0..=u64::from(is_doubled) {
            let delay_ms = self.random.random_range(delay_ms.0..=delay_ms.1) + habit.late_ms;
            let mut due = now + Duration::from_millis(delay_ms);
            let last = self.last.entry((from, to, channel)).or_insert(due);
            if self.random.random_range(0..100) < reordered_percent {
                self.traffic.reordered += u64::from(due < *last);
            } else {
                due = due.max(*last);
                *last = due;
            }
            let letter = Letter { from: from.0, to, channel, message: message.clone() };
            self.on_the_way.insert((due, self.traffic.sent * 2 + copy), letter);
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Sender {
    network: Network,
    place: Place,
    channel: u64,
}

impl LimitedSender for Sender {
    type PublicKey = PublicKey;
    type Checked<'a> = Checked;

    fn check(&mut self, recipients: Recipients<PublicKey>) -> Result<Checked, SystemTime> {
        let keys = self.network.lock().keys.clone();
        let named = |key: &PublicKey| keys.iter().position(|other| other == key);
        let recipients = match recipients {
            Recipients::All => (0..keys.len()).collect(),
            Recipients::Some(keys) => keys.iter().filter_map(named).collect(),
            Recipients::One(key) => named(&key).into_iter().collect(),
        };
        Ok(Checked { sender: self.clone(), keys, recipients })
    }
}

pub(crate) struct Checked {
    sender: Sender,
    keys: Vec<PublicKey>,
    recipients: Vec<usize>,
}

impl CheckedSender for Checked {
    type PublicKey = PublicKey;

    fn recipients(&self) -> Vec<PublicKey> {
        let own = self.sender.place.0;
        self.recipients.iter().filter(|&&at| at != own).map(|&at| self.keys[at].clone()).collect()
    }

    fn send(self, message: impl Into<IoBufs> + Send, _: bool) -> Unreliable<Feedback> {
        let Sender { network, place, channel } = &self.sender;
        network.send(*place, &self.recipients, *channel, message.into().coalesce());
        Unreliable::new(Feedback::Ok)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the network is gone")]
pub(crate) struct Closed;

#[derive(Debug)]
pub(crate) struct Receiver(mpsc::UnboundedReceiver<Message<PublicKey>>);

impl commonware_p2p::Receiver for Receiver {
    type Error = Closed;
    type PublicKey = PublicKey;

    async fn recv(&mut self) -> Result<Message<PublicKey>, Closed> {
        self.0.recv().await.ok_or(Closed)
    }

    fn capacity(&self) -> NonZeroUsize {
        NZUsize!(1_024)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Peers {
    network: Network,
    place: Place,
}

impl Peers {
    fn all(&self) -> TrackedPeers<PublicKey> {
        TrackedPeers::primary(Set::from_iter_dedup(self.network.lock().keys.clone()))
    }
}

impl Provider for Peers {
    type PublicKey = PublicKey;

    async fn peer_set(&mut self, _: u64) -> Option<TrackedPeers<PublicKey>> {
        Some(self.all())
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<PublicKey> {
        let (send, receive) = channel::mpsc::unbounded_channel();
        drop(send.send(PeerSetUpdate { index: 0, latest: self.all(), all: self.all() }));
        self.network.lock().updates.push(send);
        receive
    }
}

impl Blocker for Peers {
    type PublicKey = PublicKey;

    fn block(&mut self, peer: PublicKey) -> Feedback {
        let state = &mut *self.network.lock();
        let peer = state.keys.iter().position(|key| *key == peer).expect("only nodes send");
        state.blocked.insert((self.place.0, peer));
        Feedback::Ok
    }

    fn blocked(&mut self) -> BlockedSubscription<PublicKey> {
        let (send, receive) = ring::channel(NZUsize!(1));
        self.network.lock().blocks.push(send);
        receive
    }
}
