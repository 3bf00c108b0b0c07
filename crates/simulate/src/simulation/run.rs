//! The run itself: blocks on a virtual clock, and what members do on each day.

use super::founding::Founding;
use super::observer::Observer;
use super::shock::{Shock, ShockKind};
use super::{Setup, SimulationError};
use crate::{Payment, Priority};
use std::collections::BTreeMap;
use std::sync::Arc;
use union::{
    BATCH_COMMANDS_MAX, Basket, BasketCurrency, Batch, Block, Command, Day, Event, Leg, RECORD_BYTES, Standing, Union,
};

/// The most bytes of batches that are put in one block.
const BLOCK_BYTES: usize = union::BLOCK_BYTES_MAX / 2;

/// Second of the day at which orders come and legs are confirmed.
const OFFICE_HOURS: u32 = 10 * 3_600;

/// One, in millionths of a millionth.
const ONE: u64 = 10_u64.pow(Basket::PRICE_DECIMALS as u32);

/// So many days after the last close legs and deadlines are waited for.
const DAYS_AFTER: u32 = 800;

/// A union on its virtual clock.
pub(super) struct Run {
    pub union: Union,
    pub observer: Observer,
    founding: Founding,
    /// By member: the sequence of its last batch.
    sequences: Vec<u64>,
    /// Legs that were called for and are not done.
    legs: Vec<Leg>,
    /// Shocks that are still to come, the next one last.
    shocks: Vec<Shock>,
    /// By member: whether it has stopped paying its legs.
    stopped: Vec<bool>,
    /// What a unit of account is worth on the first day, as rates are published: so many millionths of a millionth.
    unit_worth: u64,
    /// Orders so far.
    orders: u128,
}

/// Commands by member, for the next block.
type Commands = BTreeMap<u16, Vec<[u8; RECORD_BYTES]>>;

impl Run {
    pub fn new(setup: &Setup, founding: Founding) -> Run {
        let union = Union::new(founding.charter.clone(), 0);
        let members = founding.charter.members.len();
        let mut shocks = setup.shocks.to_vec();
        shocks.sort_by_key(|shock| std::cmp::Reverse(shock.day));
        let observer = Observer::new(&founding.charter);
        Run {
            union,
            observer,
            sequences: vec![0; members],
            legs: Vec::new(),
            shocks,
            stopped: vec![false; members],
            unit_worth: ONE,
            orders: 0,
            founding,
        }
    }

    /// The first day: rates, and deposits where members pay out of them.
    ///
    /// # Errors
    ///
    /// The unit of account has no value, or deposits are too large.
    pub fn open(&mut self, setup: &Setup) -> Result<(), SimulationError> {
        let first = self.founding.charter.first_day;
        self.publish_basket(first)?;
        let mut commands = Commands::new();
        for &member in self.founding.own_currency.keys() {
            self.publish_own(&mut commands, member, 0, first);
        }
        if !commands.is_empty() {
            self.block(self.office_hours(first), commands);
        }
        let Some(agent) = self.founding.agent else { return Ok(()) };
        let day =
            (0..7).map(|ahead| first.after_days(ahead)).find(|day| self.is_weekday(*day)).expect("a week has one");
        let mut commands = Commands::new();
        for (number, code) in (0..).zip(setup.members).filter(|(number, _)| *number != agent) {
            let sellers = setup.members.iter().filter(|seller| *seller != code);
            let imports: u128 =
                sellers.map(|seller| u128::from(setup.trade.between(setup.years[0], seller, code))).sum();
            let amount = u64::try_from(imports / 100 * u128::from(setup.deposit_percent));
            let amount = amount.map_err(|_| SimulationError::Setup(format!("the deposit of {code} is too large")))?;
            if amount > 0 {
                self.orders += 1;
                let currency = self.union.charter().unit_of_account.numeric();
                let order = union::Payment::new(self.orders, agent, number, currency, amount, day.0);
                commands.entry(agent).or_default().push(Command::Pay(order).encode());
            }
        }
        self.block(self.office_hours(day), commands);
        self.observer.deposits_are_made(&self.union);
        Ok(())
    }

    /// The rates of the base day for the currencies of the basket, if the unit of account is one.
    fn publish_basket(&mut self, day: Day) -> Result<(), SimulationError> {
        let charter = &self.founding.charter;
        let (Some(basket), Some(publisher)) = (&charter.basket, charter.publisher) else { return Ok(()) };
        let others = basket.currencies.iter().filter(|currency| currency.currency != basket.reference);
        let rates = others.map(|BasketCurrency { currency, base_rate, .. }| {
            let rate = (base_rate.numerator(), base_rate.denominator());
            let rates =
                Command::PublishRates { currency: currency.numeric(), from_day: day.0, buying: rate, selling: rate };
            rates.encode()
        });
        let commands = Commands::from([(publisher, rates.collect())]);
        self.block(self.office_hours(day), commands);
        let worth = self.union.basket_value();
        self.unit_worth =
            worth.ok_or_else(|| SimulationError::Setup("the basket has no value by its base rates".into()))?;
        Ok(())
    }

    /// The rate of a member's own currency, of which a unit of account costs so many percent more than on the first day.
    fn publish_own(&self, commands: &mut Commands, member: u16, percent: u32, day: Day) {
        let currency = self.founding.own_currency[&member].numeric();
        let rate = (self.unit_worth, ONE / 100 * u64::from(100 + percent));
        let rates = Command::PublishRates { currency, from_day: day.0, buying: rate, selling: rate };
        commands.entry(self.founding.publisher(member)).or_default().push(rates.encode());
    }

    fn office_hours(&self, day: Day) -> u64 {
        self.union.charter().calendar.time_ms(day, OFFICE_HOURS)
    }

    fn is_weekday(&self, day: Day) -> bool {
        day.weekday() < 5
    }

    /// A day on which members present orders.
    pub fn day(&mut self, day: Day, payments: &[Payment]) {
        self.pass_to(Day(day.0.saturating_sub(1)));
        let mut commands = self.answers(day);
        let unit = self.union.charter().unit_of_account.numeric();
        for payment in payments {
            self.orders += 1;
            self.observer.presented(payment);
            let sides = [payment.debtor, payment.creditor];
            if sides.iter().any(|&side| self.union.standing(side) != Standing::Active) {
                self.observer.not_sent();
                continue;
            }
            let currency = self.founding.own_currency.get(&payment.creditor).map_or(unit, |own| own.numeric());
            let mut order =
                union::Payment::new(self.orders, payment.debtor, payment.creditor, currency, payment.amount, day.0);
            order.priority = match payment.priority {
                Priority::Urgent => union::Priority::Urgent,
                Priority::High => union::Priority::High,
                Priority::Normal => union::Priority::Normal,
            } as u8;
            commands.entry(payment.debtor).or_default().push(Command::Pay(order).encode());
        }
        self.block(self.office_hours(day), commands);
    }

    /// Lets time pass up to the end of a day: cycles close, and members confirm what they were paid.
    pub fn pass_to(&mut self, day: Day) {
        loop {
            let today = self.union.today();
            let next = today.after_days(1);
            let closes_at = self.union.open_cycle_row().closes_at_ms;
            if closes_at <= self.union.charter().calendar.time_ms(day, 86_399) && closes_at <= self.office_hours(next) {
                // In a block of its own: so positions can be looked at as they are at the close.
                self.block(closes_at, Commands::new());
                continue;
            }
            if today >= day {
                return;
            }
            // Days on which nothing is to do need no block, but those on which deadlines may pass do.
            let has_work = !self.legs.is_empty() || self.shocks.last().is_some_and(|shock| shock.day <= next);
            if has_work {
                let commands = if self.is_weekday(next) { self.answers(next) } else { Commands::new() };
                self.block(self.office_hours(next), commands);
            } else {
                let until = Day(self.union.charter().calendar.local(closes_at).0.0).min(day);
                self.block(self.office_hours(until.max(next)), Commands::new());
            }
        }
    }

    /// What members do on a day beside sending orders: confirm legs, and what a shock has them do.
    fn answers(&mut self, day: Day) -> Commands {
        let mut commands = Commands::new();
        while let Some(shock) = self.shocks.pop_if(|shock| shock.day <= day) {
            let member = self.founding.charter.member(&shock.member).expect("the setup was checked");
            match shock.kind {
                ShockKind::StopsPaying => self.stopped[usize::from(member)] = true,
                ShockKind::Leaves => commands.entry(member).or_default().push(Command::GiveNotice.encode()),
                ShockKind::RateJumps { percent } => self.publish_own(&mut commands, member, percent, day.after_days(1)),
            }
        }
        let union = &self.union;
        let now = |leg: &Leg| union.legs(&union.cycles()[leg.cycle as usize - 1])[leg.number as usize];
        self.legs.retain(|leg| now(leg).is_open());
        for leg in &self.legs {
            if !self.stopped[usize::from(leg.debtor)] {
                let confirm = Command::ConfirmLeg { cycle: leg.cycle, leg: leg.number };
                commands.entry(leg.creditor).or_default().push(confirm.encode());
            }
        }
        commands
    }

    /// After the last year: a cycle that began in it closes, and legs are paid or come to their deadlines.
    pub fn finish(&mut self) {
        let open = *self.union.open_cycle_row();
        let mut last = self.union.today();
        if Day(open.first_day) <= last {
            last = self.union.charter().calendar.local(open.closes_at_ms).0;
            self.pass_to(last);
        }
        self.observer.is_over();
        let until = last.after_days(DAYS_AFTER);
        let mut day = last;
        while day < until {
            day = day.after_days(1);
            self.pass_to(day);
            let union = &self.union;
            let is_open =
                |leg: &Leg| union.legs(&union.cycles()[leg.cycle as usize - 1])[leg.number as usize].is_open();
            let waits_for_ever = |leg: &Leg| self.stopped[usize::from(leg.debtor)] && union.charter().default.is_none();
            // What waited may have settled once legs were paid: then its cycle counts, too.
            let is_idle = union.open_cycle_row().settled_orders == 0;
            if is_idle && !self.legs.iter().any(|leg| is_open(leg) && !waits_for_ever(leg)) {
                break;
            }
        }
    }

    /// Applies a block, or several where it is too large for one.
    fn block(&mut self, time_ms: u64, commands: Commands) {
        let time_ms = time_ms.max(self.union.time_ms());
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for (member, records) in commands {
            for records in records.chunks(BATCH_COMMANDS_MAX) {
                let batch = self.batch(member, records);
                if bytes + batch.bytes().len() > BLOCK_BYTES {
                    self.apply(time_ms, std::mem::take(&mut batches));
                    bytes = 0;
                }
                bytes += batch.bytes().len();
                batches.push(batch);
            }
        }
        self.apply(time_ms, batches);
    }

    fn batch(&mut self, member: u16, records: &[[u8; RECORD_BYTES]]) -> Batch {
        let sequence = &mut self.sequences[usize::from(member)];
        *sequence += 1;
        let charter = self.union.charter();
        let key = charter.members[usize::from(member)].signing_key;
        let bytes = Batch::build(charter.hash(), member, key, *sequence, records, &[], |_| [0; 64]);
        Batch::from_journal(Arc::from(bytes.expect("records were counted"))).expect("it was just built")
    }

    fn apply(&mut self, time_ms: u64, batches: Vec<Batch>) {
        let (height, parent, state) = (self.union.height() + 1, self.union.parent(), self.union.state());
        let block = Block::new(height, time_ms, parent, 0, state, batches);
        let applied = self.union.apply(&block).expect("the simulator makes the next block");
        self.legs.extend(applied.events.iter().filter_map(|event| match event {
            Event::LegCalled(leg) => Some(*leg),
            _ => None,
        }));
        self.observer.block(&self.union, &applied);
    }
}
