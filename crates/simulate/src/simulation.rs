//! A union through years of trade on a virtual clock: trade becomes dated orders, cycles close, positions, tranches, charges and
//! defaults happen, all of it in [`union::Union::apply`], the same that a node runs.
//!
//! The simulator is every member at once. Batches are made but not signed: whose they are is not in question. What is assumed
//! beside the rules: orders come at ten on their day; a creditor confirms a leg at ten on the next weekday after it was called for,
//! unless its debtor has stopped paying; weekends are Saturday and Sunday and there are no holidays.

pub mod chart;
mod founding;
pub mod html;
pub mod monte_carlo;
mod observer;
pub mod outcome;
pub mod shock;

use crate::scenario::{Member, PaymentAssumptions, Scenario, Source, TradeFigure};
use crate::split::{SplitError, split};
use crate::trade::Trade;
use crate::{Payment, Priority};
use founding::{Founding, found};
use observer::Observer;
use outcome::Outcome;
use shock::{Shock, ShockKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use union::{BATCH_COMMANDS_MAX, Batch, Block, BlockHeader, CharterError, Command, Day, Event, Leg, RECORD_BYTES, Standing, Union};

/// The most bytes of batches that are put in one block.
const BLOCK_BYTES: usize = union::BLOCK_BYTES_MAX / 2;

/// Second of the day at which orders come and legs are confirmed.
const OFFICE_HOURS: u32 = 10 * 3_600;

/// So many days after the last close legs and deadlines are waited for.
const DAYS_AFTER: u32 = 800;

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// What the rules are called.
    pub rules_name: &'a str,
    /// The text of a preset or of a charter.
    pub rules: &'a str,
    /// What was traded.
    pub trade: &'a Trade,
    /// The years, one after another, ascending.
    pub years: &'a [i16],
    /// Codes of the members.
    pub members: &'a [String],
    /// At least so many orders a year.
    pub orders: u32,
    /// Of everything random.
    pub seed: u64,
    /// What goes wrong.
    pub shocks: &'a [Shock],
    /// Where members pay out of deposits: percent of a year's imports that each deposits with the agent at first.
    pub deposit_percent: u32,
}

/// Why something cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// Rules that are no TOML.
    #[error("the rules are no TOML: {0}")]
    Rules(#[from] toml_edit::TomlError),
    /// Rules that make no charter with these members.
    #[error("the rules make no charter with these members: {0}")]
    Charter(#[from] CharterError),
    /// Trade that makes no orders.
    #[error("{0}")]
    Orders(#[from] SplitError),
    /// Anything else about what was asked for.
    #[error("{0}")]
    Setup(String),
}

/// Runs a simulation. `told` hears of orders as they are presented.
///
/// # Errors
///
/// What was asked for cannot be simulated.
pub fn simulate(setup: &Setup, told: impl Fn(u64)) -> Result<Outcome, SimulationError> {
    check(setup)?;
    let founding = found(setup)?;
    let mut run = Run::new(setup, founding);
    run.open(setup);
    for (number, &year) in setup.years.iter().enumerate() {
        let payments = payments(setup, year, number)?;
        for same_day in payments.chunk_by(|a, b| a.date == b.date) {
            run.day(Day::from_date(same_day[0].date).expect("a simulation is after 1970"), same_day);
            told(same_day.len() as u64);
        }
        let last = jiff::civil::date(year, 12, 31);
        run.pass_to(Day::from_date(last).expect("a simulation is after 1970"));
    }
    run.finish();
    Ok(run.observer.outcome(setup, &run.union))
}

fn check(setup: &Setup) -> Result<(), SimulationError> {
    let wrong = |text: String| Err(SimulationError::Setup(text));
    if setup.members.len() < 2 || setup.members.len() > Scenario::MEMBERS_MAX {
        return wrong(format!("{} members: 2 to {} are simulated", setup.members.len(), Scenario::MEMBERS_MAX));
    }
    if setup.years.is_empty() || !setup.years.is_sorted_by(|a, b| a < b) {
        return wrong("years are to be named in ascending order".into());
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = setup.members.iter().find(|member| !seen.insert(*member)) {
        return wrong(format!("member {twice} is named twice"));
    }
    for &year in setup.years {
        let countries = setup.trade.countries(year);
        if countries.is_empty() {
            let years: Vec<_> = setup.trade.years().map(|year| year.to_string()).collect();
            return wrong(format!("there is no trade of {year}; there is of {}", years.join(", ")));
        }
        if let Some(unknown) = setup.members.iter().find(|member| !countries.contains(*member)) {
            return wrong(format!("there is no trade of {unknown} in {year}"));
        }
    }
    for shock in setup.shocks {
        if !setup.members.contains(&shock.member) {
            return wrong(format!("a shock is about {}, which is not a member", shock.member));
        }
    }
    Ok(())
}

/// The orders of a year, by date and time.
fn payments(setup: &Setup, year: i16, number: usize) -> Result<Vec<Payment>, SimulationError> {
    let mut trade = Vec::new();
    for (exporter, from) in (0..).zip(setup.members) {
        for (importer, to) in (0..).zip(setup.members) {
            let amount = setup.trade.between(year, from, to);
            // Less than a cent for each of a pair's payments is no trade.
            if exporter != importer && amount >= u64::from(crate::split::PAYMENTS_PER_PAIR_MIN) {
                trade.push(TradeFigure { exporter, importer, amount });
            }
        }
    }
    if trade.is_empty() {
        return Err(SimulationError::Setup(format!("the members did not trade with each other in {year}")));
    }
    let unit = money::Currency::from_code("USD").expect("a listed currency");
    let member = |code: &String| Member {
        code: code.clone(),
        name: code.clone(),
        currency: unit,
        central_bank: code.clone(),
        holidays: Vec::new(),
    };
    let scenario = Scenario {
        name: setup.rules_name.to_owned(),
        year,
        cycle_months: 1,
        source: Source { title: String::new(), package: String::new(), licence: String::new() },
        payments: PaymentAssumptions {
            at_least: setup.orders,
            // Another stream each year, the same one for all charters that are compared.
            seed: setup.seed.wrapping_add((number as u64) << 32),
            participants_per_member: 1,
            opens: 9 * 3_600,
            closes: 17 * 3_600,
        },
        members: setup.members.iter().map(member).collect(),
        trade,
    };
    Ok(split(&scenario, setup.orders)?)
}

/// A union on its virtual clock.
struct Run {
    union: Union,
    observer: Observer,
    founding: Founding,
    /// By member: the sequence of its last batch.
    sequences: Vec<u64>,
    /// Legs that were called for and are not done.
    legs: Vec<Leg>,
    /// Shocks that are still to come, the next one last.
    shocks: Vec<Shock>,
    /// By member: whether it has stopped paying its legs.
    stopped: Vec<bool>,
    /// Orders so far.
    orders: u128,
}

/// Commands by member, for the next block.
type Commands = BTreeMap<u16, Vec<[u8; RECORD_BYTES]>>;

impl Run {
    fn new(setup: &Setup, founding: Founding) -> Run {
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
            orders: 0,
            founding,
        }
    }

    /// The first day: rates, and deposits where members pay out of them.
    fn open(&mut self, setup: &Setup) {
        let first = self.founding.charter.first_day;
        let mut commands = Commands::new();
        for &member in self.founding.own_currency.keys() {
            let rates = Command::PublishRates { from_day: first.0, buying: (1, 1), selling: (1, 1) };
            commands.entry(member).or_default().push(rates.encode());
        }
        if !commands.is_empty() {
            self.block(self.office_hours(first), commands);
        }
        let Some(agent) = self.founding.agent else { return };
        let day = (0..7).map(|ahead| first.after_days(ahead)).find(|day| self.is_weekday(*day)).expect("a week has one");
        let mut commands = Commands::new();
        for (number, code) in (0..).zip(setup.members).filter(|(number, _)| *number != agent) {
            let sellers = setup.members.iter().filter(|seller| *seller != code);
            let imports: u64 = sellers.map(|seller| setup.trade.between(setup.years[0], seller, code)).sum();
            let amount = imports / 100 * u64::from(setup.deposit_percent);
            if amount > 0 {
                self.orders += 1;
                let currency = self.union.charter().unit_of_account.numeric();
                let order = union::Payment::new(self.orders, agent, number, currency, amount, day.0);
                commands.entry(agent).or_default().push(Command::Pay(order).encode());
            }
        }
        self.block(self.office_hours(day), commands);
        self.observer.deposits_are_made(&self.union);
    }

    fn office_hours(&self, day: Day) -> u64 {
        self.union.charter().calendar.time_ms(day, OFFICE_HOURS)
    }

    fn is_weekday(&self, day: Day) -> bool {
        day.weekday() < 5
    }

    /// A day on which members present orders.
    fn day(&mut self, day: Day, payments: &[Payment]) {
        self.pass_to(Day(day.0 - 1));
        let mut commands = self.answers(day);
        let unit = self.union.charter().unit_of_account.numeric();
        for payment in payments {
            self.orders += 1;
            self.observer.presented(payment, self.orders);
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
    fn pass_to(&mut self, day: Day) {
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
                ShockKind::RateJumps { percent } => {
                    let rate = (100, u64::from(100 + percent));
                    let rates = Command::PublishRates { from_day: day.0 + 1, buying: rate, selling: rate };
                    commands.entry(member).or_default().push(rates.encode());
                }
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

    /// After the last year: the open cycle closes, and legs are paid or come to their deadlines.
    fn finish(&mut self) {
        let closes_at = self.union.open_cycle_row().closes_at_ms;
        let last = self.union.charter().calendar.local(closes_at).0;
        self.pass_to(last);
        self.observer.is_over();
        let until = last.after_days(DAYS_AFTER);
        let mut day = last;
        while day < until {
            day = day.after_days(1);
            self.pass_to(day);
            let union = &self.union;
            let is_open = |leg: &Leg| union.legs(&union.cycles()[leg.cycle as usize - 1])[leg.number as usize].is_open();
            let waits_for_ever = |leg: &Leg| self.stopped[usize::from(leg.debtor)] && union.charter().default.is_none();
            if !self.legs.iter().any(|leg| is_open(leg) && !waits_for_ever(leg)) {
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
        let BlockPlace { height, parent, state } = BlockPlace::after(&self.union);
        let block = Block::new(height, time_ms, parent, 0, state, batches);
        let applied = self.union.apply(&block).expect("the simulator makes the next block");
        self.legs.extend(applied.events.iter().filter_map(|event| match event {
            Event::LegCalled(leg) => Some(*leg),
            _ => None,
        }));
        self.observer.block(&self.union, &applied);
    }
}

/// What the header of the next block names.
struct BlockPlace {
    height: u64,
    parent: union::Hash,
    state: union::Hash,
}

impl BlockPlace {
    fn after(union: &Union) -> BlockPlace {
        BlockPlace { height: union.height() + 1, parent: union.parent(), state: union.state() }
    }
}

const _: () = assert!(size_of::<BlockHeader>() < BLOCK_BYTES);
