//! One simulation, from a seed: a storm of faults, then calm, then what must hold.

use super::adversary::{chatter, make_noise, sign_twice};
use super::client::pay;
use super::injected::Bug;
use super::invariants::{Outcome, Record};
use super::network::{Conditions, Network, Place, Traffic};
use super::panics::Panics;
use super::payments::{Payer, charter, public_keys};
use super::plan::{Plan, random};
use super::seat::{Crash, Hall, LOOK, Life, Seat, journal_options};
use crate::checkpoint::Beginning;
use crate::consensus::Nodes;
use crate::node::Node;
use crate::record;
use commonware_runtime::{Clock as _, Runner as _, Spawner as _, Supervisor as _, deterministic};
use journal::Journal;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use union::Batch;

/// After the faults end, all orders that wait are final within this time.
const SETTLED_WITHIN: Duration = Duration::from_secs(40);

/// Orders of each honest member in the calm.
const CALM_ORDERS: usize = 2;

/// How many faults there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Happened {
    pub stops: u64,
    pub kills: u64,
    pub power_failures: u64,
    pub torn_writes: u64,
    pub disk_errors: u64,
    pub full_disks: u64,
    pub splits: u64,
    pub changes: u64,
    pub checkpoints: u64,
    pub copies: u64,
}

/// What a seed came to.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub plan: Plan,
    pub outcome: Outcome,
    pub happened: Happened,
    pub traffic: Traffic,
    pub virtual_time: Duration,
    /// How long after the faults' end everything that waited was final.
    pub settled_after: Duration,
    /// Hash of every step of the runtime.
    pub steps: String,
}

/// All nodes, by place.
#[derive(Clone)]
pub(crate) struct Seats(Arc<Mutex<BTreeMap<Place, Seat>>>);

impl Seats {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Place, Seat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn node(&self, place: Place) -> Option<Arc<Node>> {
        self.lock().get(&place).and_then(Seat::node)
    }
}

/// Runs a seed; with a bug, all honest nodes have it.
pub(crate) fn run(seed: u64, bug: Option<Bug>, prints: bool) -> Ran {
    run_plan(Plan::of(seed), bug, prints)
}

pub(crate) fn run_plan(plan: Plan, bug: Option<Bug>, prints: bool) -> Ran {
    let charter = charter(plan.nodes);
    let noon_ms = charter.calendar.time_ms(charter.first_day, 12 * 3_600);
    let config = deterministic::Config::new()
        .with_seed(plan.seed)
        .with_start_time(SystemTime::UNIX_EPOCH + Duration::from_millis(noon_ms))
        // A part of a node that panics ends its node and no other.
        .with_catch_panics(true);
    let record = Arc::new(Record::new(plan.hostile_max(), prints));
    let panics = Panics::watch();
    let is_disk_good = !(plan.faults.torn_writes || plan.faults.disk_errors || plan.faults.full_disks);
    let mut ran = deterministic::Runner::new(config).start(|context| async move {
        let keys = public_keys(plan.nodes);
        let mut hears = random(plan.seed, 1);
        let hears = (0..plan.nodes).map(|_| hears.random_range(0..2)).collect();
        let network = Network::new(&context, random(plan.seed, 2), keys, hears);
        let hall = Arc::new(Hall { plan, charter, network, record, bug });
        simulate(context, hall).await
    });
    // The engine panics where its disk fails, and only there. A killed process may find once that its disk is gone.
    // Where it is killed while it opens an archive the engine does not say why it failed; a live node that failed there would have
    // ended, which is a violation by itself.
    let is_dead = |text: &String| {
        ["the simulated process is dead", "failed to initialize"].iter().any(|said| text.contains(said))
    };
    for text in panics.taken().into_iter().filter(|text| is_disk_good && !is_dead(text)) {
        ran.outcome.violations.push(format!("a panic, and all disks were good: {text}"));
    }
    ran
}

async fn simulate(context: deterministic::Context, hall: Arc<Hall>) -> Ran {
    let begin = context.current();
    hall.record.set_time(begin);
    hall.record.note(&format!("{:?}", hall.plan));
    let seats = Seats(Arc::default());
    for member in 0..hall.plan.nodes {
        let hostility = hall.plan.hostile[member];
        for twin in 0..=usize::from(hostility.is_some_and(|hostility| hostility.is_two)) {
            let place = (member, twin);
            let mut seat = Seat::new(&hall, place);
            match hall.plan.late {
                Some((late, after)) if late == member => seat.starts_at = Some(begin + after),
                _ => {
                    seat.found(&hall);
                    seat.start(&context, &hall);
                }
            }
            seats.lock().insert(place, seat);
        }
        if let Some(hostility) = hostility {
            let (nodes, seed) = (hall.plan.nodes, hall.plan.seed);
            hall.network.set_habit(member, hostility.habit());
            if hostility.is_noisy {
                let network = hall.network.clone();
                context.child("noise").spawn(move |context| make_noise(context, network, (member, 0), nodes, seed));
            }
            if hostility.chatters {
                let network = hall.network.clone();
                context.child("chatter").spawn(move |context| chatter(context, network, (member, 0), nodes));
            }
            if hostility.signs_twice {
                let (network, charter) = (hall.network.clone(), hall.charter.clone());
                let payer = Payer::new(member, nodes);
                context.child("twice").spawn(move |context| sign_twice(context, network, charter, payer, nodes, seed));
            }
        }
    }

    let wanted = Arc::new(AtomicUsize::new(hall.plan.orders));
    let mut done = Vec::new();
    for member in hall.plan.honest() {
        let settled = Arc::new(AtomicUsize::new(0));
        done.push(settled.clone());
        let (hall, seats, wanted) = (hall.clone(), seats.clone(), wanted.clone());
        context.child("client").spawn(move |context| pay(context, hall, seats, member, wanted, settled));
    }
    let all_done = || done.iter().all(|done| done.load(Ordering::Relaxed) >= wanted.load(Ordering::Relaxed));

    let mut storm = Storm::new(&context, &hall);
    let end = context.current() + hall.plan.storm;
    while context.current() < end && !hall.record.has_violations() {
        context.sleep(LOOK).await;
        hall.record.set_time(context.current());
        storm.blow(&context, &hall, &seats);
    }
    storm.late_comes(&hall, &mut seats.lock(), None);
    let mut happened = storm.happened;

    // Calm: everybody is there, the network is good, only hostile nodes are as they were.
    hall.record.note("calm");
    hall.network.split(vec![0; hall.plan.nodes]);
    hall.network.set_conditions(Conditions { delay_ms: hall.plan.calm_delay_ms, ..Conditions::CALM });
    for (place, seat) in seats.lock().iter_mut() {
        seat.journal.mend();
        seat.engine.mend();
        if !hall.plan.is_hostile(place.0)
            && (seat.life.as_ref().is_none_or(|life| life.is_closing) || seat.has_ended(&hall))
        {
            seat.crash(&hall, Crash::PowerFailure);
            seat.start(&context, &hall);
            happened.power_failures += 1;
        }
    }
    let calm = context.current();
    let settled = wait(&context, &hall, &seats, SETTLED_WITHIN, all_done).await;
    let settled_after = context.current().duration_since(calm).unwrap_or_default();
    if !settled {
        let waiting = hall.record.waiting();
        hall.record.violation(format!("orders are not final {SETTLED_WITHIN:?} after the faults ended: {waiting}"));
    }
    // From here on the bound on waiting holds: who was started again may have had its turn before.
    let turns = hall.record.last_view() + hall.plan.nodes as u64;
    if settled && !wait(&context, &hall, &seats, SETTLED_WITHIN, || hall.record.last_view() > turns).await {
        hall.record.violation(format!("leaders do not take turns, {SETTLED_WITHIN:?} after the faults ended"));
    }
    hall.record.calm();
    wanted.fetch_add(CALM_ORDERS, Ordering::Relaxed);
    if settled && !wait(&context, &hall, &seats, SETTLED_WITHIN, all_done).await {
        let waiting = hall.record.waiting();
        hall.record.violation(format!("orders are not final {SETTLED_WITHIN:?} after they were given: {waiting}"));
    }
    let height = hall.record.height();
    let places: Vec<Place> = hall.plan.honest().map(|member| (member, 0)).collect();
    let caught_up =
        || places.iter().all(|place| seats.node(*place).is_some_and(|node| node.durable_height() >= height));
    if settled && !wait(&context, &hall, &seats, SETTLED_WITHIN, caught_up).await {
        hall.record.violation(format!("not every honest node came to height {height} within {SETTLED_WITHIN:?}"));
    }
    for (blocker, blocked) in hall.network.blocked() {
        if !hall.plan.is_hostile(blocker) && !hall.plan.is_hostile(blocked) {
            hall.record.violation(format!("honest node {blocker} hears honest node {blocked} no more"));
        }
    }

    // All lose power, and what the disks hold is what counts.
    for (place, seat) in seats.lock().iter_mut() {
        seat.crash(&hall, Crash::PowerFailure);
        if !hall.plan.is_hostile(place.0) && settled {
            check_journal(&hall, seat);
        }
    }
    let virtual_time = context.current().duration_since(begin).unwrap_or_default();
    let (outcome, traffic) = (hall.record.outcome(), hall.network.traffic());
    let steps = context.auditor().state();
    Ran { plan: hall.plan.clone(), outcome, happened, traffic, virtual_time, settled_after, steps }
}

/// Waits for something, and looks after the nodes meanwhile; `false` if it does not come.
async fn wait(
    context: &deterministic::Context,
    hall: &Hall,
    seats: &Seats,
    at_most: Duration,
    is_there: impl Fn() -> bool,
) -> bool {
    let end = context.current() + at_most;
    while !is_there() {
        if context.current() >= end || hall.record.has_violations() {
            return false;
        }
        context.sleep(LOOK).await;
        hall.record.set_time(context.current());
        let seats = &mut *seats.lock();
        for seat in seats.values_mut() {
            if seat.has_ended(hall) {
                // An error of the disk may show late; then the node is started again.
                seat.crash(hall, Crash::Kill);
                seat.start(context, hall);
            }
        }
        let honest: Vec<_> = hall.plan.honest().filter_map(|member| seats[&(member, 0)].life.as_ref()).collect();
        for batch in hall.record.unknown() {
            let can_choose = |life: &&Life| {
                let header = life.pool.get(&batch).map(|batch| *batch.header());
                header.is_some_and(|header| life.node.next_sequence(header.member) > header.sequence)
            };
            if honest.iter().all(can_choose) {
                hall.record.known(&batch);
            }
        }
    }
    true
}

/// Reads back a node's journal.
fn check_journal(hall: &Hall, seat: &Seat) {
    let place = seat.place;
    let identity = hall.charter.hash();
    let read = || -> Result<_, Box<dyn std::error::Error>> {
        let (journal, _) = Journal::open_on(Arc::new(seat.journal.clone()), journal_options(&hall.plan))?;
        let reader = journal.reader();
        let Beginning { mut union, .. } = Beginning::read(&reader, Path::new("simulated"), 0)?;
        let (begins, mut found) = (union.height(), BTreeMap::new());
        let mut blocks = reader.blocks(begins + 1)?;
        while let Some(read) = blocks.next_block()? {
            let record = record::decode(read.height, read.payload, |bytes| Batch::signed(bytes, &identity))?;
            if !record.certificate.is_empty() && read.height % 8 == 0 {
                let roster = union.rosters().of_height(read.height).ok_or("no roster of the epoch is known")?;
                let nodes = Nodes::new(&identity, &roster.nodes()).ok_or("the roster names no nodes")?;
                nodes.check(&record.certificate, &record.block.header().hash())?;
            }
            union.apply(&record.block)?;
            let batches = record.block.batches().iter().map(Batch::id).collect();
            found.insert(read.height, (record.block.header().hash(), record.state, batches));
        }
        Ok((begins, found))
    };
    match read() {
        Ok((begins, blocks)) => hall.record.check_journal(place, begins, &blocks),
        Err(error) => hall.record.violation(format!("the journal of node {place:?} cannot be read: {error}")),
    }
}

/// Faults, one after another.
struct Storm {
    random: ChaCha8Rng,
    next_at: SystemTime,
    whole_at: Option<SystemTime>,
    happened: Happened,
}

impl Storm {
    fn new(context: &deterministic::Context, hall: &Hall) -> Storm {
        let random = random(hall.plan.seed, 3);
        Storm { random, next_at: context.current(), whole_at: None, happened: Happened::default() }
    }

    /// Does what is due.
    fn blow(&mut self, context: &deterministic::Context, hall: &Hall, seats: &Seats) {
        let now = context.current();
        let mut seats = seats.lock();
        if let Some((late, _)) = hall.plan.late
            && seats[&(late, 0)].starts_at.is_some_and(|at| at <= now)
        {
            self.late_comes(hall, &mut seats, Some(now));
        }
        for seat in seats.values_mut() {
            if seat.has_ended(hall) {
                let crash = if self.random.random() { Crash::Kill } else { Crash::PowerFailure };
                self.crash(hall, seat, now, crash);
            }
            if seat.starts_at.is_some_and(|at| at <= now) {
                seat.start(context, hall);
            }
        }
        if self.whole_at.is_some_and(|at| at <= now) {
            hall.record.note("the network is whole");
            hall.network.split(vec![0; hall.plan.nodes]);
            self.whole_at = None;
        }
        if self.next_at > now {
            return;
        }
        self.next_at = now + Duration::from_millis(self.random.random_range(50..1_500));
        let faults = hall.plan.faults;
        let places: Vec<Place> = seats.keys().copied().collect();
        let victim = places[self.random.random_range(0..places.len())];
        let seat = seats.get_mut(&victim).expect("it is there");
        match self.random.random_range(0..9) {
            0 if faults.kills => self.crash(hall, seat, now, Crash::Kill),
            1 if faults.power_failures => self.crash(hall, seat, now, Crash::PowerFailure),
            2 if faults.blackouts && self.random.random_bool(0.3) => {
                for seat in seats.values_mut() {
                    self.crash(hall, seat, now, Crash::PowerFailure);
                }
            }
            3 if faults.torn_writes && seat.life.is_some() => {
                let disk = if self.random.random() { &seat.journal } else { &seat.engine };
                disk.crash_in(self.random.random_range(1..30));
                self.disturb(hall, seat, "dies in the middle of a disk operation soon");
                self.happened.torn_writes += 1;
            }
            4 if faults.disk_errors && seat.life.is_some() => {
                let disk = if self.random.random() { &seat.journal } else { &seat.engine };
                disk.fail_in(self.random.random_range(1..30));
                self.disturb(hall, seat, "has a disk that fails soon");
                self.happened.disk_errors += 1;
            }
            5 if faults.full_disks && seat.life.is_some() => {
                let disk = if self.random.random() { &seat.journal } else { &seat.engine };
                disk.fill();
                self.disturb(hall, seat, "has a full disk");
                self.happened.full_disks += 1;
            }
            6 if faults.splits => {
                let parts: Vec<u8> = (0..hall.plan.nodes).map(|_| self.random.random_range(0..2)).collect();
                hall.record.note(&format!("the network is split: {parts:?}"));
                hall.network.split(parts);
                self.whole_at = Some(now + Duration::from_millis(self.random.random_range(100..4_000)));
                self.happened.splits += 1;
            }
            7 => {
                let mut some = |is_there: bool, most: u32| if is_there { self.random.random_range(0..most) } else { 0 };
                let conditions = Conditions {
                    delay_ms: (1, 20 + u64::from(some(faults.delay, 1_500))),
                    lost_percent: some(faults.loss, 30),
                    doubled_percent: some(faults.doubling, 30),
                    reordered_percent: some(faults.reordering, 100),
                };
                hall.record.note(&format!("{conditions:?}"));
                hall.network.set_conditions(conditions);
                self.happened.changes += 1;
            }
            8 if faults.stops && seat.life.as_ref().is_some_and(|life| !life.is_closing) => {
                seat.close(hall);
                self.happened.stops += 1;
            }
            _ => {}
        }
    }

    /// Gives the node that comes late something to begin with, unless it has: what another one proves. If that is nothing yet, it comes
    /// later, `now` being a time in the storm, or begins with genesis.
    fn late_comes(&mut self, hall: &Hall, seats: &mut BTreeMap<Place, Seat>, now: Option<SystemTime>) {
        let Some((late, _)) = hall.plan.late.filter(|(late, _)| !seats[&(*late, 0)].has_begun) else { return };
        let others: Vec<Place> = seats.keys().copied().filter(|place| place.0 != late).collect();
        let other = seats[&others[self.random.random_range(0..others.len())]].journal.clone();
        let change = self
            .random
            .random::<bool>()
            .then(|| (self.random.random::<u32>() as usize, self.random.random_range(1..=255)));
        let seat = seats.get_mut(&(late, 0)).expect("it is there");
        if change.is_some() {
            seat.begin_after(hall, &other, change);
        } else if self.random.random_ratio(1, 4) {
            seat.begin_with_copy(hall, &other);
            self.happened.copies += 1;
        }
        if !seat.has_begun && seat.begin_after(hall, &other, None) {
            self.happened.checkpoints += 1;
        }
        match now {
            Some(now) if !seat.has_begun => seat.starts_at = Some(now + Duration::from_secs(1)),
            None if !seat.has_begun => seat.found(hall),
            _ => {}
        }
    }

    fn disturb(&mut self, hall: &Hall, seat: &mut Seat, text: &str) {
        if let Some(life) = &mut seat.life {
            life.is_disturbed = true;
            hall.record.note(&format!("node {:?} {text}", seat.place));
        }
    }

    fn crash(&mut self, hall: &Hall, seat: &mut Seat, now: SystemTime, crash: Crash) {
        if seat.starts_at.is_none() {
            seat.crash(hall, crash);
            seat.starts_at = Some(now + Duration::from_millis(self.random.random_range(10..4_000)));
            match crash {
                Crash::Kill => self.happened.kills += 1,
                Crash::PowerFailure => self.happened.power_failures += 1,
            }
        }
    }
}
