//! A member's node through its lives: started, killed, out of power, started again on the same disks.

use super::adversary::Lies;
use super::injected::{Bug, Injected};
use super::invariants::Record;
use super::machine::Machine;
use super::network::{Network, Place};
use super::payments::{genesis, node_key};
use super::plan::{Plan, random};
use crate::checkpoint::Checkpoint;
use crate::clock::Clock;
use crate::consensus::{Engine, Pool};
use crate::error::NodeError;
use crate::node::{FailUnlessDefused, Node, Options};
use commonware_macros::select;
use commonware_runtime::{Clock as _, Handle, Spawner as _, Supervisor as _, deterministic};
use futures::FutureExt as _;
use journal::simulated_disk::SimulatedDisk;
use journal::{Disk as _, Journal, Reader};
use rand::RngExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::broadcast::error::RecvError;
use union::Charter;

/// What all seats share.
pub(crate) struct Hall {
    pub plan: Plan,
    pub charter: Charter,
    pub network: Network,
    pub record: Arc<Record>,
    pub bug: Option<Bug>,
}

/// Where a node runs, with its disks.
pub(crate) struct Seat {
    pub place: Place,
    pub journal: SimulatedDisk,
    pub engine: SimulatedDisk,
    /// While it runs.
    pub life: Option<Life>,
    /// When it is to be started again.
    pub starts_at: Option<SystemTime>,
    /// Whether it has a journal.
    pub has_begun: bool,
}

pub(crate) struct Life {
    pub node: Arc<Node>,
    pub pool: Arc<Pool>,
    handle: Handle<Result<(), NodeError>>,
    /// Its disk was made to fail: it may end by itself.
    pub is_disturbed: bool,
    /// It was told to stop.
    pub is_closing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process ends, the machine does not: what was written is there.
    Kill,
    /// What was not synced may be there, in part, or not.
    PowerFailure,
}

impl Seat {
    pub fn new(hall: &Hall, place: Place) -> Seat {
        let disk = |purpose: u64| {
            let number = (place.0 * 2 + place.1) as u64;
            SimulatedDisk::new(random(hall.plan.seed, 400 + purpose * 100 + number).random())
        };
        Seat { place, journal: disk(0), engine: disk(1), life: None, starts_at: None, has_begun: false }
    }

    /// Founds the union on the node's disk.
    pub fn found(&mut self, hall: &Hall) {
        let genesis = genesis(&hall.charter);
        let created = Journal::create_on(Arc::new(self.journal.clone()), &genesis, journal_options(&hall.plan));
        created.and_then(Journal::close).expect("nothing fails yet");
        self.has_begun = true;
    }

    /// Has the node begin with a copy of another one's journal.
    pub fn begin_with_copy(&mut self, hall: &Hall, other: &SimulatedDisk) {
        hall.record.note(&format!("node {:?} begins with a copy", self.place));
        for name in other.names().unwrap_or_default() {
            let content = other.content(&name).expect("it is on the list");
            self.journal.replace_content(&name, content);
        }
        self.has_begun = true;
    }

    /// Has the node begin with what another one's disk proves, if that is anything; with `change`, a byte of it is another before that.
    /// Whether it does.
    pub fn begin_after(&mut self, hall: &Hall, other: &SimulatedDisk, change: Option<(usize, u8)>) -> bool {
        let found = Reader::open_on(Arc::new(other.clone())).map_err(NodeError::from);
        let found = found.and_then(|reader| Checkpoint::find(&reader, Path::new("simulated")));
        // A disk that tears or fails may have nothing to give.
        let Ok(Some(checkpoint)) = found else { return false };
        let mut bytes = checkpoint.encode();
        if let Some((at, by)) = change {
            let at = at % bytes.len();
            bytes[at] ^= by;
        }
        let begun = Checkpoint::decode(&bytes).and_then(|read| {
            let begun = read.begin_on(&hall.charter, Arc::new(self.journal.clone()), journal_options(&hall.plan));
            begun.expect("nothing fails yet")
        });
        match (&begun, change) {
            (Ok(()), None) => hall.record.note(&format!("node {:?} begins after {}", self.place, checkpoint.height())),
            (Err(error), Some(_)) => hall.record.note(&format!("node {:?} is given what is none: {error}", self.place)),
            _ => hall.record.violation(format!("a checkpoint, changed by {change:?}, gave {begun:?}")),
        }
        self.has_begun = begun.is_ok();
        self.has_begun
    }

    /// Starts the node on what its disks hold.
    pub fn start(&mut self, context: &deterministic::Context, hall: &Hall) {
        self.starts_at = None;
        let (place, plan) = (self.place, &hall.plan);
        let is_honest = !plan.is_hostile(place.0);
        hall.record.note(&format!("node {place:?} starts"));
        let opened = Journal::open_on(Arc::new(self.journal.clone()), journal_options(plan));
        let journal = match opened {
            Ok((journal, _)) => journal,
            Err(error) => return hall.record.violation(format!("node {place:?} cannot open its journal: {error}")),
        };
        let clock = if plan.clocks_stand {
            Clock::standing_at(hall.charter.calendar.time_ms(hall.charter.first_day, 12 * 3_600))
        } else {
            // A twin's clock differs, so that its blocks do.
            let skew_ms = plan.clock_skews_ms[place.0] + 7 * place.1 as i64;
            let context = context.child("clock");
            Clock::of(move || {
                let now = context.current().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                (now.as_millis() as u64).saturating_add_signed(skew_ms)
            })
        };
        let key = node_key(place.0);
        let options = Options { snapshot_bytes: plan.snapshot_bytes, ..Options::default() };
        let made = Node::simulated(journal, Arc::new(clock), options, key, plan.timing);
        let (node, recovered, parts, stopped) = match made {
            Ok(made) => made,
            Err(error) => return hall.record.violation(format!("node {place:?} cannot recover: {error}")),
        };
        let injected = Injected {
            bug: hall.bug.filter(|_| is_honest),
            witness: hall.record.clone(),
            twist: plan.hostile[place.0].map(|hostility| Box::new(Lies::new(hostility, plan.seed, place)) as _),
        };
        node.shared().injected.set(injected).expect("it is set once");
        let node = Arc::new(node);
        if is_honest {
            hall.record.recovered(place, recovered.height, recovered.state);
            observe(context.child("observer"), hall.record.clone(), place, &node);
        }
        let machine = Machine::new(context.child("node"), self.engine.clone());
        let (peers, channels) = (hall.network.peers(place), hall.network.channels(place));
        let pool = parts.pool.clone();
        let handle = machine.spawn(move |machine| async move {
            // As the thread of a node on a real network does.
            let fate = parts.shared.clone();
            let unexpected = FailUnlessDefused(&fate);
            let panicked = machine.panicked();
            let engine = Engine::start(machine.child("engine"), parts, peers, channels).await;
            let result = select! {
                result = engine.live(machine, [], stopped) => result,
                () = panicked => Err(NodeError::System("a task of the node has panicked".into())),
            };
            if result.is_ok() {
                std::mem::forget(unexpected);
            }
            result
        });
        self.life = Some(Life { node, pool, handle, is_disturbed: false, is_closing: false });
    }

    /// Ends the node at once, whatever it is doing.
    pub fn crash(&mut self, hall: &Hall, crash: Crash) {
        hall.record.note(&format!("node {:?} {crash:?}", self.place));
        let after = |disk: &SimulatedDisk| match crash {
            Crash::Kill => disk.after_kill(),
            Crash::PowerFailure => disk.after_power_failure(),
        };
        // From here on the old process can do nothing to them.
        (self.journal, self.engine) = (after(&self.journal), after(&self.engine));
        if let Some(life) = self.life.take() {
            life.handle.abort();
        }
    }

    /// Tells the node to stop when it has done what it must.
    pub fn close(&mut self, hall: &Hall) {
        let Some(life) = &mut self.life else { return };
        hall.record.note(&format!("node {:?} is told to stop", self.place));
        life.is_closing = true;
        drop(life.node.close());
    }

    /// Whether the node has ended by itself. It may do so only if its disk fails, and then says that it has.
    pub fn has_ended(&mut self, hall: &Hall) -> bool {
        let Some(life) = &mut self.life else { return false };
        if self.journal.has_crashed() || self.engine.has_crashed() {
            return true;
        }
        let Some(ended) = (&mut life.handle).now_or_never() else { return false };
        let place = self.place;
        hall.record.note(&format!("node {place:?} has ended: {ended:?}"));
        if !hall.plan.is_hostile(place.0) {
            if life.is_closing && matches!(ended, Ok(Ok(()))) {
                return true;
            }
            if !life.is_disturbed {
                hall.record.violation(format!("node {place:?} has ended, and its disk was good: {ended:?}"));
            }
            if !life.node.has_failed() {
                hall.record.violation(format!("node {place:?} has ended and does not say so: {ended:?}"));
            }
        }
        true
    }

    /// The running node, unless it has failed.
    pub fn node(&self) -> Option<Arc<Node>> {
        let life = self.life.as_ref().filter(|life| !life.is_closing)?;
        Some(life.node.clone()).filter(|node| !node.has_failed())
    }
}

pub(crate) fn journal_options(plan: &Plan) -> journal::Options {
    journal::Options { segment_bytes: plan.segment_bytes, reserve_bytes: 1 << 16 }
}

/// Records the blocks that a node makes durable.
fn observe(context: deterministic::Context, record: Arc<Record>, place: Place, node: &Arc<Node>) {
    let mut blocks = node.subscribe();
    let node = Arc::downgrade(node);
    context.spawn(move |context| async move {
        loop {
            match blocks.recv().await {
                Ok(block) => {
                    let Some(node) = node.upgrade() else { return };
                    record.set_time(context.current());
                    record.applied(place, &node, &block);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// How long a client waits before it looks again.
pub(crate) const LOOK: Duration = Duration::from_millis(20);
