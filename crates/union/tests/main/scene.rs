//! A union with a few members to play scenes in: input is commands, output is words and positions.

use ed25519_dalek::{Signer, SigningKey};
use ledger::{AccountKey, NO_CAP};
use std::fmt::Write;
use std::sync::Arc;
use union::{
    Applied, Batch, Block, Charter, ClockTime, Command, Day, Event, Found, Hash, Leg, Outcome, Payment, RECORD_BYTES,
    Reason, Union,
};

pub const A: u16 = 0;
pub const B: u16 = 1;
pub const C: u16 = 2;
pub const D: u16 = 3;

pub const USD: u16 = 840;
pub const ARS: u16 = 32;
pub const BRL: u16 = 986;
pub const CLP: u16 = 152;
pub const KWD: u16 = 414;

/// A command's bytes.
pub type Record = [u8; RECORD_BYTES];

/// A batch that is yet to be signed: the member, its records, and details by the place of their record.
pub type Unsigned = (u16, Vec<Record>, Vec<(u16, Vec<u8>)>);

/// A member in a charter.
#[derive(Clone, Debug, Default)]
pub struct Party {
    pub currency: &'static str,
    pub debit_cap: Option<&'static str>,
    pub credit_cap: Option<&'static str>,
    pub holidays: Vec<&'static str>,
}

/// What a charter says; the numbers and names are those of the file.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Further lines at the top.
    pub top: &'static str,
    /// Further tables: credit, settlement, charges, default, exit.
    pub rules: &'static str,
    pub unit: &'static str,
    pub asset: &'static str,
    pub utc_offset_minutes: i32,
    pub days_ahead: u32,
    pub first_day: &'static str,
    pub cycle: &'static str,
    pub discipline: &'static str,
    /// Further lines of `[queue]`.
    pub runs: &'static str,
    pub attempts: u32,
    pub open_orders_max: u32,
    pub days_waiting: u32,
    pub days_remembered: u32,
    pub members: Vec<Party>,
}

impl Terms {
    /// Members without caps, in turn of Argentina, Brazil, Chile and Kuwait, that clear in dollars from
    /// Monday 2 January 2006 on, cycles of four months.
    pub fn of(members: usize) -> Terms {
        let party = |currency| Party { currency, ..Party::default() };
        Terms {
            top: "",
            rules: "",
            unit: "USD",
            asset: "USD",
            utc_offset_minutes: 0,
            days_ahead: 30,
            first_day: "2006-01-02",
            cycle: "months = 4",
            discipline: "bypass-fifo",
            runs: "",
            attempts: 1_000,
            open_orders_max: 1_000,
            days_waiting: 5,
            days_remembered: 400,
            members: ["ARS", "BRL", "CLP", "KWD"].into_iter().cycle().take(members).map(party).collect(),
        }
    }

    pub fn debit_cap(mut self, member: u16, cap: &'static str) -> Terms {
        self.members[usize::from(member)].debit_cap = Some(cap);
        self
    }

    pub fn credit_cap(mut self, member: u16, cap: &'static str) -> Terms {
        self.members[usize::from(member)].credit_cap = Some(cap);
        self
    }

    pub fn holiday(mut self, member: u16, day: &'static str) -> Terms {
        self.members[usize::from(member)].holidays.push(day);
        self
    }

    pub fn fifo(self) -> Terms {
        Terms { discipline: "fifo", ..self }
    }

    /// Settled together by an algorithm.
    pub fn together(self, discipline: &'static str) -> Terms {
        Terms { discipline, ..self }
    }

    pub fn daily(self) -> Terms {
        Terms { cycle: "days = 1", ..self }
    }

    /// The charter's text.
    pub fn text(&self) -> String {
        let Terms { top, rules, unit, asset, utc_offset_minutes, days_ahead, first_day, cycle, .. } = self;
        let Terms { discipline, runs, attempts, open_orders_max, days_waiting, days_remembered, .. } = self;
        let mut text = format!(
            "name = 'Union of the tests'\nprotocol = 1\nunit_of_account = '{unit}'\nsettlement_asset = '{asset}'\n{top}\n\
             [calendar]\nutc_offset_minutes = {utc_offset_minutes}\ncustomer_cut_off = '16:00'\n\
             interbank_cut_off = '17:30'\ndays_ahead = {days_ahead}\n\
             [cycle]\nfirst_day = '{first_day}'\n{cycle}\nclose = '18:00'\n\
             [queue]\ndiscipline = '{discipline}'\nattempts = {attempts}\nopen_orders_max = {open_orders_max}\n\
             days_waiting = {days_waiting}\ndays_remembered = {days_remembered}\n{runs}\n{rules}\n"
        );
        for (number, party) in self.members.iter().enumerate() {
            let key = hex(signing_key(number as u16).verifying_key().as_bytes());
            let currency = party.currency;
            write!(
                text,
                "[[members]]\ncode = 'M{number:03}'\nname = 'Member {number}'\ncurrency = '{currency}'\n\
                 signing_key = '{key}'\nsealing_key = '{key}'\nweekend = ['saturday', 'sunday']\nholidays = {:?}\n",
                party.holidays
            )
            .unwrap();
            for (name, cap) in [("debit_cap", party.debit_cap), ("credit_cap", party.credit_cap)] {
                if let Some(cap) = cap {
                    writeln!(text, "{name} = '{cap}'").unwrap();
                }
            }
        }
        text
    }

    pub fn charter(&self) -> Charter {
        Charter::parse(&self.text()).expect("the terms of a test are a charter")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The key of a member, made from its number.
pub fn signing_key(member: u16) -> SigningKey {
    let mut seed = [7; 32];
    seed[..2].copy_from_slice(&member.to_le_bytes());
    SigningKey::from_bytes(&seed)
}

/// A signed batch as bytes.
pub fn signed(
    union: Hash,
    member: u16,
    sequence: u64,
    records: &[Record],
    details: &[(u16, Vec<u8>)],
) -> Result<Vec<u8>, union::BatchError> {
    let key = signing_key(member);
    let sign = |message: &[u8]| key.sign(message).to_bytes();
    Batch::build(union, member, *key.verifying_key().as_bytes(), sequence, records, details, sign)
}

/// A union on whose clock it is ten o'clock on its first day, unless the scene moves it.
#[derive(Clone)]
pub struct Scene {
    pub union: Union,
    /// What the last block did.
    pub last: Option<Applied>,
    time_ms: u64,
}

impl Scene {
    pub fn new(terms: Terms) -> Scene {
        let union = Union::new(terms.charter(), 1);
        let time_ms = union.time_ms();
        let mut scene = Scene { union, last: None, time_ms };
        scene.clock(&format!("{} 10:00", terms.first_day));
        scene
    }

    /// Sets the clock (`2006-01-03 10:00`) with an empty block.
    pub fn clock(&mut self, time: &str) -> &Applied {
        self.set_clock(time);
        self.apply(&[])
    }

    /// Sets the clock that the next block will have.
    pub fn set_clock(&mut self, time: &str) {
        let (day, time) = time.split_once(' ').expect("day and time");
        let (day, time) = (Day::parse(day).expect("a day"), ClockTime::parse(time).expect("a time"));
        self.time_ms = self.union.charter().calendar.time_ms(day, time.second);
    }

    /// Applies a block of signed batches.
    pub fn apply(&mut self, batches: &[Unsigned]) -> &Applied {
        let charter = self.union.charter().clone();
        let of_member =
            |before: &[Unsigned], member: u16| before.iter().filter(|batch| batch.0 == member).count() as u64;
        let batches = batches
            .iter()
            .enumerate()
            .map(|(at, (member, records, details))| {
                let sequence = self.union.sequence(*member) + 1 + of_member(&batches[..at], *member);
                let bytes = signed(charter.hash(), *member, sequence, records, details).expect("a batch");
                Batch::verify(Arc::from(bytes), self.union.rosters()).expect("a good signature")
            })
            .collect();
        let (height, parent, state) = (self.union.height() + 1, self.union.parent(), self.union.state());
        let block = Block::new(height, self.time_ms, parent, 0, state, batches);
        let applied = self.union.apply(&block).expect("the next block");
        assert_sound(&self.union);
        self.last.insert(applied)
    }

    /// One block with a batch of one member: what became of each command.
    pub fn send(&mut self, member: u16, commands: &[Command]) -> Vec<String> {
        self.block(&[(member, commands)])
    }

    /// One block with several batches.
    pub fn block(&mut self, batches: &[(u16, &[Command])]) -> Vec<String> {
        let encode =
            |(member, commands): &(u16, &[Command])| (*member, commands.iter().map(Command::encode).collect(), vec![]);
        let batches: Vec<_> = batches.iter().map(encode).collect();
        self.apply(&batches).outcomes.iter().map(word).collect()
    }

    /// One payment order, in a block of its own.
    pub fn pay(&mut self, payment: Payment) -> String {
        self.send(payment.debtor, &[Command::Pay(payment)]).remove(0)
    }

    /// An order in dollars for today.
    pub fn order(&self, id: u128, debtor: u16, creditor: u16, amount: u64) -> Payment {
        Payment::new(id, debtor, creditor, USD, amount, self.union.today().0)
    }

    /// Where an order is now, with the reason if there is one.
    pub fn status(&self, id: u128) -> String {
        match self.union.orders().find(id) {
            None => "unknown".to_owned(),
            Some(Found::Open(at)) => {
                let order = self.union.orders().open(at);
                words(order.status().name(), order.waits_for.code())
            }
            Some(Found::Closed(at)) => {
                let order = self.union.orders().closed(at);
                words(order.status().name(), order.reason().code())
            }
        }
    }

    /// The rule that an order was matched by.
    pub fn rule(&self, id: u128) -> u8 {
        match self.union.orders().find(id).expect("the order") {
            Found::Open(at) => self.union.orders().open(at).rule,
            Found::Closed(at) => self.union.orders().closed(at).rule,
        }
    }

    /// Positions of all members, in minor units of the unit of account.
    pub fn positions(&self) -> Vec<i128> {
        (0..self.union.charter().members.len() as u16).map(|member| self.position(member)).collect()
    }

    pub fn position(&self, member: u16) -> i128 {
        self.union.ledger().position(member).balance()
    }

    /// What the exchange and the rounding account hold.
    pub fn union_accounts(&self) -> [i128; 2] {
        [AccountKey::exchange(), AccountKey::rounding()].map(|key| self.union.ledger().account(key).balance())
    }

    /// All legs of a closed cycle.
    pub fn legs(&self, cycle: u32) -> Vec<Leg> {
        self.union.legs(&self.union.cycles()[cycle as usize - 1]).to_vec()
    }

    /// Orders that came to a new status in the last block, such as `7 settled`.
    pub fn news(&self) -> Vec<String> {
        let applied = self.last.as_ref().expect("a block");
        applied
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Order(order) => {
                    Some(format!("{} {}", order.payment.id, words(order.status.name(), order.reason.code())))
                }
                _ => None,
            })
            .collect()
    }
}

/// P4 and the limits: what holds after every block.
pub fn assert_sound(union: &Union) {
    for (book, sum) in union.ledger().sums() {
        assert_eq!(sum, 0, "{book:?} sums to zero at height {}", union.height());
    }
    assert!(union.ledger().is_within_limits(), "every limit holds at height {}", union.height());
    // What is owed and owned now, without the ledger's own idea of the worst case.
    for member in 0..union.charter().members.len() as u16 {
        let account = union.ledger().position(member);
        let (owes, owns) = (-account.balance(), account.balance());
        assert!(account.debit_cap == NO_CAP || owes <= i128::from(account.debit_cap), "member {member} owes {owes}");
        assert!(account.credit_cap == NO_CAP || owns <= i128::from(account.credit_cap), "member {member} owns {owns}");
    }
}

fn words(name: &str, code: &str) -> String {
    if code.is_empty() { name.to_owned() } else { format!("{name} {code}") }
}

/// An outcome in a few words.
pub fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::AlreadyDone(status) => format!("already {}", status.name()),
        Outcome::Order { status, reason } => words(status.name(), reason.code()),
        Outcome::Rejected(rejection) => format!("rejected {} {}", rejection.reason, rejection.field.name()),
    }
}

/// The return `id` of a payment.
pub fn return_of(original: Payment, id: u128) -> Payment {
    Payment {
        kind: Payment::RETURN,
        original: original.id,
        reason: Reason::CUST,
        ..Payment::new(id, original.creditor, original.debtor, original.currency, original.amount, original.value_date)
    }
}
