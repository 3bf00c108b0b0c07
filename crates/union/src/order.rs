//! Orders that are open or ended, and how to find them.
//!
//! An open order is a row of a slab; an ended one is a shorter row of a list that only grows. Both are
//! part of the state hash. The queues, the value dates to come and the expiries are orders of walking
//! through the open rows: they follow from the rows and are rebuilt when a snapshot is read.

use crate::command::Payment;
use crate::event::OrderEvent;
use crate::reason::Reason;
use crate::return_request::{RequestStatus, ReturnRequest};
use crate::settle::UnitAmounts;
use bytemuck::{Pod, Zeroable};
use ledger::{Hash, Index, Table};
use std::collections::{BTreeMap, BTreeSet};

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum OrderStatus {
    /// Waits until the receiving member accepts or refuses it, or until the sending member releases it.
    Held = 1,
    /// Waits for its value date, for funds or for a limit.
    Queued = 2,
    /// Discharged in the books; final.
    Settled = 3,
    /// Refused by the receiving member or by one of its rules.
    Refused = 4,
    /// Taken back by the sending member.
    Cancelled = 5,
    /// Not settled in the time allowed for it.
    Expired = 6,
    /// Settled, and given back later by a new entry.
    Returned = 7,
}

impl OrderStatus {
    /// The status with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        use OrderStatus::*;
        [Held, Queued, Settled, Refused, Cancelled, Expired, Returned].into_iter().find(|s| *s as u8 == number)
    }

    /// Its name, as in the API.
    pub fn name(self) -> &'static str {
        match self {
            OrderStatus::Held => "held",
            OrderStatus::Queued => "queued",
            OrderStatus::Settled => "settled",
            OrderStatus::Refused => "refused",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Expired => "expired",
            OrderStatus::Returned => "returned",
        }
    }
}

/// Which members hold an order. Each lets go what it holds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HeldBy {
    /// It is queued, or has ended.
    Nobody = 0,
    /// The sending member, until it releases it.
    Debtor = 1,
    /// The receiving member, until it accepts or refuses it.
    Creditor = 2,
    /// Both.
    Both = 3,
}

impl HeldBy {
    /// Whether each of the two members holds it.
    pub fn of(by_debtor: bool, by_creditor: bool) -> Self {
        match (by_debtor, by_creditor) {
            (false, false) => HeldBy::Nobody,
            (true, false) => HeldBy::Debtor,
            (false, true) => HeldBy::Creditor,
            (true, true) => HeldBy::Both,
        }
    }

    /// Who holds it, by number.
    pub fn from_number(number: u8) -> Option<Self> {
        [HeldBy::Nobody, HeldBy::Debtor, HeldBy::Creditor, HeldBy::Both].get(usize::from(number)).copied()
    }

    /// The members by number, of an order.
    pub fn members(self, payment: &Payment) -> impl Iterator<Item = u16> {
        let debtor = matches!(self, HeldBy::Debtor | HeldBy::Both).then_some(payment.debtor);
        let creditor = matches!(self, HeldBy::Creditor | HeldBy::Both).then_some(payment.creditor);
        debtor.into_iter().chain(creditor)
    }

    /// What the order waits for.
    pub fn meaning(self) -> Option<&'static str> {
        match self {
            HeldBy::Nobody => None,
            HeldBy::Debtor => Some("its sender holds it back until it releases it"),
            HeldBy::Creditor => Some("waits until the receiving member accepts or refuses it"),
            HeldBy::Both => Some("its sender holds it back, and the receiving member has not decided"),
        }
    }
}

/// Where the record of an order stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Place {
    /// The block.
    pub height: u64,
    /// The batch in the block.
    pub batch: u16,
    /// The record in the batch.
    pub record: u16,
    pub(crate) reserved: [u8; 4],
}

impl Place {
    /// A record's place.
    pub fn new(height: u64, batch: u16, record: u16) -> Self {
        Place { height, batch, record, reserved: [0; 4] }
    }
}

/// No acceptance rule.
pub const NO_RULE: u8 = u8::MAX;

/// An order that is held or queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct OpenOrder {
    /// The order as it was sent, but for a priority that was changed since.
    pub payment: Payment,
    /// Order of entry, below zero for an order that was moved to the front; a free row holds the place of the next free one here.
    pub entry: i64,
    /// Unix seconds at which it expires.
    pub expires_at: u64,
    /// Where its record is.
    pub place: Place,
    /// [`OrderStatus::Held`] until the receiving member has decided, else [`OrderStatus::Queued`]; 0 for a free row.
    status: u8,
    /// The priority that it was sent with.
    sent_priority: u8,
    /// The acceptance rule of the creditor that matched, or [`NO_RULE`].
    pub rule: u8,
    /// 1 while the sending member holds it back.
    on_hold: u8,
    /// Why it waits, if nobody holds it.
    pub waits_for: Reason,
    /// What settlement takes from the debtor's position: fixed when the order was presented.
    pub unit_debit: u64,
    /// What it gives to the creditor's position, likewise.
    pub unit_credit: u64,
    /// The part of the difference that is due to the rates, likewise.
    pub exchange: u64,
}

/// An order that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct ClosedOrder {
    /// Identifier.
    pub id: u128,
    /// The first half of the SHA-256 of its record: the same content again is recognised by it.
    pub content: [u8; 16],
    /// Minor units of `currency`.
    pub amount: u64,
    /// The block that holds its record.
    height: u64,
    /// The block in which it ended.
    pub ended: u64,
    /// The batch in the block that holds its record.
    batch: u16,
    /// The record in the batch.
    record: u16,
    /// The day on which it ended, in days from 1970: it is remembered for a number of days after.
    pub ended_on: u32,
    /// Participant of the debtor.
    pub debtor_participant: u32,
    /// Participant of the creditor.
    pub creditor_participant: u32,
    /// Member that pays.
    pub debtor: u16,
    /// Member that is paid.
    pub creditor: u16,
    /// ISO 4217 number.
    pub currency: u16,
    /// See [`OrderStatus`].
    status: u8,
    /// The acceptance rule that matched, or [`NO_RULE`].
    pub rule: u8,
    /// The cycle in which it ended.
    pub cycle: u32,
    /// Why it ended; for an order that settled, what its return is asked for or refused for.
    pub(crate) why: Reason,
    /// 1 while a return of it is under way.
    pub return_pending: u8,
    /// See [`crate::RequestStatus`]; 0 where its return was never asked for.
    pub(crate) request_status: u8,
    pub(crate) reserved: [u8; 2],
    /// Value date.
    pub value_date: u32,
}

const _: () = assert!(size_of::<OpenOrder>() == 192 && size_of::<ClosedOrder>() == 96);

impl OpenOrder {
    /// Held or queued.
    pub fn status(&self) -> OrderStatus {
        if self.held_by() == HeldBy::Nobody { OrderStatus::Queued } else { OrderStatus::Held }
    }

    /// Who holds it.
    pub fn held_by(&self) -> HeldBy {
        HeldBy::of(self.is_on_hold(), self.awaits_decision())
    }

    /// How it waits, as an event; `cycle` is the open one.
    pub fn event(&self, cycle: u32) -> OrderEvent {
        OrderEvent {
            payment: self.payment,
            status: self.status(),
            held_by: self.held_by(),
            reason: self.waits_for,
            rule: self.rule,
            cycle,
            unit_debit: 0,
            unit_credit: 0,
        }
    }

    /// Whether the sending member holds it back.
    pub fn is_on_hold(&self) -> bool {
        self.on_hold == 1
    }

    /// Whether the receiving member is to accept or refuse it.
    pub(crate) fn awaits_decision(&self) -> bool {
        self.status == OrderStatus::Held as u8
    }

    /// Whether the row can have been written by this module: for rows that come from a snapshot.
    pub(crate) fn is_plausible(&self, members: usize) -> bool {
        self.status == 0
            || matches!(OrderStatus::from_number(self.status), Some(OrderStatus::Held | OrderStatus::Queued))
                && self.on_hold <= 1
                && usize::from(self.payment.debtor) < members
                && usize::from(self.payment.creditor) < members
    }

    /// Its amounts in the unit of account.
    pub(crate) fn amounts(&self) -> UnitAmounts {
        UnitAmounts { debit: self.unit_debit, credit: self.unit_credit, exchange: self.exchange }
    }

    /// The record as it was sent.
    fn sent(&self) -> Payment {
        Payment { priority: self.sent_priority, ..self.payment }
    }
}

impl ClosedOrder {
    /// Whether the row can have been written by this module: for rows that come from a snapshot.
    pub(crate) fn is_plausible(&self) -> bool {
        let is_settled =
            matches!(OrderStatus::from_number(self.status), Some(OrderStatus::Settled | OrderStatus::Returned));
        OrderStatus::from_number(self.status).is_some()
            && (self.request_status == 0 || is_settled && RequestStatus::from_row(self.request_status).is_some())
    }

    /// Why it ended, unless it settled.
    pub fn reason(&self) -> Reason {
        if matches!(self.status(), OrderStatus::Settled | OrderStatus::Returned) { Reason::NONE } else { self.why }
    }

    /// How it ended.
    pub fn status(&self) -> OrderStatus {
        OrderStatus::from_number(self.status).expect("a row is written with a status")
    }

    /// Where its record is.
    pub fn place(&self) -> Place {
        Place::new(self.height, self.batch, self.record)
    }

    pub(crate) fn set_status(&mut self, status: OrderStatus) {
        self.status = status as u8;
    }
}

/// Where an order is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Row of an open order.
    Open(u32),
    /// Row of an ended order.
    Closed(u32),
}

const OPEN: u32 = 1 << 31;
const NONE: u64 = u64::MAX;

/// Before every entry.
pub(crate) const FIRST_ENTRY: i64 = i64::MIN;

/// After every entry: of an order that has not entered.
pub(crate) const LAST_ENTRY: i64 = i64::MAX;

/// How an order ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub status: OrderStatus,
    pub reason: Reason,
    pub rule: u8,
    pub height: u64,
    pub day: u32,
    pub cycle: u32,
}

/// How an order waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// Held or queued.
    pub status: OrderStatus,
    pub rule: u8,
    pub reason: Reason,
    /// Unix seconds.
    pub expires_at: u64,
    pub amounts: UnitAmounts,
}

/// All orders that the union remembers.
#[derive(Clone, Debug)]
pub struct Orders {
    open: Table<OpenOrder>,
    free: u64,
    /// By debtor: how many orders are open.
    open_counts: Vec<u32>,
    entries: u64,
    closed: Table<ClosedOrder>,
    index: Index,
    queues: Vec<BTreeMap<(u8, i64), u32>>,
    /// The part of each queue that waits for the member's own means: found without a walk past the rest.
    short_of_means: Vec<BTreeSet<(u8, i64)>>,
    /// Entries of open orders that were moved to the front.
    fronts: BTreeSet<i64>,
    value_dates: BTreeMap<(u32, i64), u32>,
    expiries: BTreeMap<(u64, i64), u32>,
}

impl Orders {
    pub(crate) fn new(members: usize, index_seed: u64) -> Self {
        Orders {
            open: Table::new(),
            free: NONE,
            open_counts: vec![0; members],
            entries: 0,
            closed: Table::new(),
            index: Index::new(index_seed),
            queues: vec![BTreeMap::new(); members],
            short_of_means: vec![BTreeSet::new(); members],
            fronts: BTreeSet::new(),
            value_dates: BTreeMap::new(),
            expiries: BTreeMap::new(),
        }
    }

    /// Makes room for one more member.
    pub(crate) fn admit(&mut self) {
        self.open_counts.push(0);
        self.queues.push(BTreeMap::new());
        self.short_of_means.push(BTreeSet::new());
    }

    /// Orders read back from a snapshot. `today` tells which of the queued wait for their value date.
    pub(crate) fn from_rows(
        members: usize,
        open: Vec<OpenOrder>,
        (forgotten, closed): (u64, Vec<ClosedOrder>),
        free: u64,
        entries: u64,
        today: u32,
        index_seed: u64,
    ) -> Self {
        let mut orders = Orders { free, entries, ..Orders::new(members, index_seed) };
        orders.closed = Table::after_dropped(forgotten, closed);
        orders.open = Table::from_rows(open);
        for (place, order) in orders.closed.rows().iter().enumerate() {
            orders.index.load(order.id, orders.closed.address(place));
        }
        for at in 0..orders.open.len() {
            let order = *orders.open.get(at);
            if order.status != 0 {
                orders.index.load(order.payment.id, at | OPEN);
                orders.open_counts[usize::from(order.payment.debtor)] += 1;
                orders.note_entry(at);
                orders.enqueue(at, today);
            }
        }
        orders
    }

    fn id_at(open: &Table<OpenOrder>, closed: &Table<ClosedOrder>, at: u32) -> u128 {
        if at & OPEN != 0 { open.get(at & !OPEN).payment.id } else { closed.get(at).id }
    }

    fn insert(&mut self, id: u128, at: u32) {
        let (open, closed) = (&self.open, &self.closed);
        self.index.insert(id, at, |at| Self::id_at(open, closed, at));
    }

    /// Where the order with this identifier is, if there is one.
    pub fn find(&self, id: u128) -> Option<Found> {
        let at = self.index.find(id, |at| Self::id_at(&self.open, &self.closed, at))?;
        Some(if at & OPEN != 0 { Found::Open(at & !OPEN) } else { Found::Closed(at) })
    }

    /// An open order.
    pub fn open(&self, at: u32) -> &OpenOrder {
        self.open.get(at)
    }

    /// An ended order.
    pub fn closed(&self, at: u32) -> &ClosedOrder {
        self.closed.get(at)
    }

    pub(crate) fn closed_mut(&mut self, at: u32) -> &mut ClosedOrder {
        self.closed.get_mut(at)
    }

    /// All ended orders, in the order in which they ended.
    pub fn all_closed(&self) -> &[ClosedOrder] {
        self.closed.rows()
    }

    /// All open orders, by row.
    pub fn all_open(&self) -> impl Iterator<Item = &OpenOrder> {
        self.open.rows().iter().filter(|order| order.status != 0)
    }

    /// How many orders are held or queued.
    pub fn open_count(&self) -> u32 {
        self.open_counts.iter().sum()
    }

    /// How many orders that a member sent are held or queued.
    pub fn open_count_of(&self, member: u16) -> u32 {
        self.open_counts[usize::from(member)]
    }

    /// Whether the order that was found was sent with exactly this content.
    pub(crate) fn is_same(&self, found: Found, payment: &Payment) -> bool {
        match found {
            Found::Open(at) => self.open.get(at).sent() == *payment,
            Found::Closed(at) => self.closed.get(at).content == content(&payment.digest()),
        }
    }

    /// Takes an order in as held or queued. Returns its row.
    pub(crate) fn add_open(&mut self, payment: Payment, place: Place, waiting: Waiting, today: u32) -> u32 {
        let entry = self.next_entry();
        let order = OpenOrder {
            payment,
            entry,
            expires_at: waiting.expires_at,
            place,
            status: waiting.status as u8,
            sent_priority: payment.priority,
            rule: waiting.rule,
            on_hold: 0,
            waits_for: waiting.reason,
            unit_debit: waiting.amounts.debit,
            unit_credit: waiting.amounts.credit,
            exchange: waiting.amounts.exchange,
        };
        let at = if self.free == NONE {
            self.open.push(order)
        } else {
            let at = self.free as u32;
            self.free = self.open.get(at).entry as u64;
            *self.open.get_mut(at) = order;
            at
        };
        self.open_counts[usize::from(payment.debtor)] += 1;
        self.insert(payment.id, at | OPEN);
        self.note_entry(at);
        self.enqueue(at, today);
        at
    }

    /// The entry of an order that comes now: 1 for the first, since a queue that is to be tried from its start has no entry to go on with.
    fn next_entry(&mut self) -> i64 {
        self.entries += 1;
        i64::try_from(self.entries).expect("no union has had as many orders")
    }

    /// Has an order found by its entry where that is no matter of the queues.
    fn note_entry(&mut self, at: u32) {
        let order = self.open.get(at);
        self.expiries.insert((order.expires_at, order.entry), at);
        if order.entry < 0 {
            self.fronts.insert(order.entry);
        }
    }

    fn forget_entry(&mut self, at: u32) {
        let order = self.open.get(at);
        self.expiries.remove(&(order.expires_at, order.entry));
        self.fronts.remove(&order.entry);
    }

    /// Puts an order that nobody holds into its member's queue, or among those that wait for their value date.
    fn enqueue(&mut self, at: u32, today: u32) {
        let order = self.open.get(at);
        if order.status() == OrderStatus::Held {
            return;
        }
        let payment = &order.payment;
        if payment.value_date > today {
            self.value_dates.insert((payment.value_date, order.entry), at);
        } else {
            let (member, key) = (usize::from(payment.debtor), (payment.priority, order.entry));
            self.queues[member].insert(key, at);
            if order.waits_for == Reason::AM04 {
                self.short_of_means[member].insert(key);
            }
        }
    }

    /// The receiving member has accepted an order. Unless it is on hold, it is to be settled or [queued](Self::queue_up) next.
    pub(crate) fn accept(&mut self, at: u32) {
        self.open.get_mut(at).status = OrderStatus::Queued as u8;
    }

    /// The sending member holds an order back.
    pub(crate) fn hold(&mut self, at: u32) {
        self.dequeue(at);
        let order = self.open.get_mut(at);
        (order.on_hold, order.waits_for) = (1, Reason::NONE);
    }

    /// The sending member holds an order back no longer. Unless it awaits a decision, it is to be settled or [queued](Self::queue_up)
    /// next.
    pub(crate) fn release(&mut self, at: u32) {
        self.open.get_mut(at).on_hold = 0;
    }

    /// An order that nobody holds any more waits in the queue, at the place of its entry.
    pub(crate) fn queue_up(&mut self, at: u32, waits_for: Reason, today: u32) {
        self.open.get_mut(at).waits_for = waits_for;
        self.enqueue(at, today);
    }

    /// Notes what an order of a queue, tried again, waits for now.
    pub(crate) fn set_waits_for(&mut self, at: u32, reason: Reason) {
        let order = self.open.get(at);
        if order.waits_for == reason {
            return;
        }
        let (member, key) = (usize::from(order.payment.debtor), (order.payment.priority, order.entry));
        if reason == Reason::AM04 {
            self.short_of_means[member].insert(key);
        } else {
            self.short_of_means[member].remove(&key);
        }
        self.open.get_mut(at).waits_for = reason;
    }

    /// Moves an open order to the end of those of a priority, or to the front of them.
    pub(crate) fn reprioritise(&mut self, at: u32, priority: u8, first: bool, today: u32) {
        self.dequeue(at);
        self.forget_entry(at);
        // Before all that were moved to the front and are open.
        let entry = if first { self.fronts.first().unwrap_or(&0) - 1 } else { self.next_entry() };
        let order = self.open.get_mut(at);
        order.payment.priority = priority;
        order.entry = entry;
        self.note_entry(at);
        self.enqueue(at, today);
    }

    fn dequeue(&mut self, at: u32) {
        let order = self.open.get(at);
        let payment = &order.payment;
        let (member, key) = (usize::from(payment.debtor), (payment.priority, order.entry));
        self.queues[member].remove(&key);
        self.short_of_means[member].remove(&key);
        self.value_dates.remove(&(payment.value_date, order.entry));
    }

    /// Ends an open order.
    pub(crate) fn end_open(&mut self, at: u32, ending: Ending) {
        self.dequeue(at);
        let order = *self.open.get(at);
        let (sent, ending) = (order.sent(), Ending { rule: order.rule, ..ending });
        self.forget_entry(at);
        let closed = self.closed.push(closed_row(&sent, &sent.digest(), order.place, ending));
        // The index finds the old place by the row that still holds the identifier.
        let (open, ended) = (&self.open, &self.closed);
        self.index.move_to(order.payment.id, closed, |at| Self::id_at(open, ended, at));
        *self.open.get_mut(at) = OpenOrder { entry: self.free as i64, ..Zeroable::zeroed() };
        self.free = u64::from(at);
        self.open_counts[usize::from(order.payment.debtor)] -= 1;
    }

    /// Takes an order in that has ended as soon as it was presented; `digest` is its own.
    pub(crate) fn add_closed(&mut self, payment: &Payment, digest: &Hash, place: Place, ending: Ending) {
        let at = self.closed.push(closed_row(payment, digest, place, ending));
        self.insert(payment.id, at);
    }

    /// The first order in a member's queue at or after a point of it.
    pub(crate) fn next_queued(&self, member: u16, from: (u8, i64)) -> Option<((u8, i64), u32)> {
        self.queues[usize::from(member)].range(from..).next().map(|(&key, &at)| (key, at))
    }

    /// The first order in a member's queue, before a point of it, that waits for the member's own means: only
    /// such orders hold up others.
    pub(crate) fn first_short_of_means(&self, member: u16, point: (u8, i64)) -> Option<(u8, i64)> {
        self.short_of_means[usize::from(member)].range(..point).next().copied()
    }

    /// A member's queue in the order in which it is worked through.
    pub fn queue(&self, member: u16) -> impl Iterator<Item = &OpenOrder> {
        self.queues[usize::from(member)].values().map(|&at| self.open.get(at))
    }

    /// By member: how many orders are in its queue.
    pub(crate) fn queue_lengths(&self) -> Vec<usize> {
        self.queues.iter().map(BTreeMap::len).collect()
    }

    /// Rows of a member's queue in the order in which it is worked through.
    pub(crate) fn queue_rows(&self, member: u16) -> impl Iterator<Item = u32> {
        self.queues[usize::from(member)].values().copied()
    }

    /// An order that has expired by now (Unix seconds), the earliest first.
    pub(crate) fn expired(&self, now_s: u64) -> Option<u32> {
        self.expiries.first_key_value().filter(|((expires_at, _), _)| *expires_at <= now_s).map(|(_, &at)| at)
    }

    /// When the next open order expires, Unix seconds.
    pub(crate) fn next_expiry(&self) -> Option<u64> {
        self.expiries.first_key_value().map(|(&(expires_at, _), _)| expires_at)
    }

    /// Moves orders whose value date has come into the queues.
    pub(crate) fn reach_value_dates(&mut self, today: u32) {
        while let Some((&(date, entry), &at)) = self.value_dates.first_key_value() {
            if date > today {
                break;
            }
            self.value_dates.remove(&(date, entry));
            self.enqueue(at, today);
        }
    }

    /// Has the orders in the queues that waited for a day, and for which `has_come` says that it has, count as
    /// short of means: until they are tried, nothing that comes later goes ahead of them.
    pub(crate) fn hold_up_until_tried(&mut self, has_come: impl Fn(&Payment) -> bool) {
        let queued = self.queues.iter().flat_map(BTreeMap::values).copied();
        let waits = |at: &u32| {
            let order = self.open.get(*at);
            order.waits_for == Reason::DT01 && has_come(&order.payment)
        };
        for at in queued.filter(waits).collect::<Vec<u32>>() {
            self.set_waits_for(at, Reason::AM04);
        }
    }

    /// Forgets orders that ended before a day, the oldest first, in whole pages. Returns the requests for their return that
    /// nobody answered.
    pub(crate) fn forget_before(&mut self, day: u32) -> Vec<ReturnRequest> {
        let rows = self.closed.rows();
        let old = self.closed.droppable(rows.partition_point(|order| order.ended_on < day));
        let mut unanswered = Vec::new();
        for order in &rows[..old] {
            self.index.remove(order.id, |at| Self::id_at(&self.open, &self.closed, at));
            unanswered.extend(order.return_request().filter(|request| request.status == RequestStatus::Asked));
        }
        self.closed.drop_front(old);
        unanswered
    }

    /// How many ended orders were forgotten.
    pub fn forgotten(&self) -> u64 {
        self.closed.dropped()
    }

    pub(crate) fn roots(&mut self) -> [Hash; 2] {
        [self.open.root(), self.closed.root()]
    }

    /// The numbers that the rows do not hold: next free row, entries so far.
    pub(crate) fn counters(&self) -> [u64; 2] {
        [self.free, self.entries]
    }

    pub(crate) fn rows(&self) -> (&[OpenOrder], &[ClosedOrder]) {
        (self.open.rows(), self.closed.rows())
    }

    /// Bytes that open rows, ended rows and the index occupy, about.
    pub fn bytes(&self) -> [usize; 3] {
        [self.open.bytes().len(), self.closed.bytes().len(), self.index.bytes()]
    }
}

fn content(digest: &Hash) -> [u8; 16] {
    *digest.first_chunk().expect("a digest is longer")
}

fn closed_row(payment: &Payment, digest: &Hash, place: Place, ending: Ending) -> ClosedOrder {
    ClosedOrder {
        id: payment.id,
        content: content(digest),
        amount: payment.amount,
        height: place.height,
        batch: place.batch,
        record: place.record,
        ended: ending.height,
        ended_on: ending.day,
        debtor_participant: payment.debtor_participant,
        creditor_participant: payment.creditor_participant,
        debtor: payment.debtor,
        creditor: payment.creditor,
        currency: payment.currency,
        status: ending.status as u8,
        rule: ending.rule,
        cycle: ending.cycle,
        why: ending.reason,
        return_pending: 0,
        request_status: 0,
        reserved: [0; 2],
        value_date: payment.value_date,
    }
}
