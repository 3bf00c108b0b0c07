//! The members of a scenario at work: they found the union, register participants, and sign each day's payments.
//!
//! Keys and encryption randomness come from the scenario's seed, so that the same scenario gives the same blocks and the
//! same state hash on every machine. That makes them worthless as secrets: they are for scenarios only.

use crate::{Kind, Payment, Priority, Scenario, customer_detail};
use keys::seal::{Context, seal};
use keys::{Detail, MemberKey, NodeKey};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::ops::Range;
use union::{
    AcceptanceRule, Action, BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, Batch, Charter, CharterError, Command, Day, Founding,
    Outcome, RECORD_BYTES, pad_text,
};
use zeroize::Zeroizing;

/// Members hold what is above this until they have looked at it: 25 million US dollars, in cents.
const HOLD_ABOVE: u64 = 25_000_000 * 100;

/// The members of a scenario, with their keys.
#[derive(Debug)]
pub struct Founders {
    scenario: Scenario,
    keys: Vec<MemberKey>,
    charter: Charter,
    /// By member: the sequence of its last batch.
    sequences: Vec<u64>,
}

/// The signed batches of one day, in order, ready to be submitted.
#[derive(Debug)]
pub struct SignedDay {
    /// The day.
    pub day: Day,
    /// The batches.
    pub batches: Vec<Vec<u8>>,
    /// Payment orders in them.
    pub orders: u64,
}

/// A payment as a record of the union, with its sealed detail if it has one.
pub type SealedPayment = ([u8; RECORD_BYTES], Option<Vec<u8>>);

impl Founders {
    /// Founders of a union for a scenario.
    ///
    /// # Errors
    ///
    /// A charter that the union does not take, which a scenario that was read does not lead to.
    pub fn new(scenario: Scenario) -> Result<Self, CharterError> {
        Self::with_nodes(scenario, 0)
    }

    /// Founders of whom the first so many run a node each; the others use theirs.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_nodes(scenario: Scenario, nodes: usize) -> Result<Self, CharterError> {
        let keys: Vec<_> =
            scenario.members.iter().map(|member| MemberKey::from_seed(seed(&scenario, &member.code))).collect();
        let charter = Charter::parse(&charter_text(&scenario, &keys, nodes))?;
        let sequences = vec![0; keys.len()];
        Ok(Founders { scenario, keys, charter, sequences })
    }

    /// The key of a member's node.
    #[must_use]
    pub fn node_key(&self, member: u16) -> NodeKey {
        node_key(&self.scenario, &self.scenario.members[usize::from(member)].code)
    }

    /// The charter that they agree on.
    #[must_use]
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// The charter with their signatures: what their union begins with.
    ///
    /// # Panics
    ///
    /// Never: they sign with the keys that they put into it.
    #[must_use]
    pub fn founding(&self) -> Founding {
        let sign = |member: u16, message: &[u8]| self.key(member).sign(message).expect("a key in memory signs");
        Founding::signed_by(self.charter.clone(), sign).expect("the charter names their keys")
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The key of a member.
    #[must_use]
    pub fn key(&self, member: u16) -> &MemberKey {
        &self.keys[usize::from(member)]
    }

    /// Signs commands of a member as one batch. They are few: they fit.
    pub fn sign(&mut self, member: u16, commands: &[Command]) -> Vec<u8> {
        let records: Vec<_> = commands.iter().map(Command::encode).collect();
        self.sign_records(member, &records, &[])
    }

    fn sign_records(&mut self, member: u16, records: &[[u8; RECORD_BYTES]], details: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let sequence = &mut self.sequences[usize::from(member)];
        *sequence += 1;
        let key = &self.keys[usize::from(member)];
        let signing = key.public().signing;
        let sign = |message: &[u8]| key.sign(message).expect("a key in memory signs");
        Batch::build(self.charter.hash(), member, signing, *sequence, records, details, sign)
            .expect("records and details were counted")
    }

    /// What each member sends first: its participants, and the rule that it holds large payments.
    pub fn introductions(&mut self) -> Vec<Vec<u8>> {
        (0..self.keys.len() as u16)
            .map(|member| {
                let code = self.scenario.members[usize::from(member)].code.clone();
                let mut hold = AcceptanceRule::new(0, Action::Hold);
                hold.above = HOLD_ABOVE;
                let mut commands = vec![Command::SetRule(hold)];
                commands.extend((1..=self.scenario.payments.participants_per_member).map(|participant| {
                    Command::RegisterParticipant {
                        participant,
                        identifier: pad_text(&format!("FICT{code}{participant:05}")).expect("it is short"),
                        name: pad_text(&format!("Fictional Bank {participant} of {code}")).expect("it is short"),
                    }
                }));
                self.sign(member, &commands)
            })
            .collect()
    }

    /// Encodes payments and seals the detail of customer payments, on this thread. Pure, so that several threads can
    /// each take a part.
    #[must_use]
    pub fn seal(&self, payments: &[Payment]) -> Vec<SealedPayment> {
        payments.iter().map(|payment| self.seal_one(payment)).collect()
    }

    fn seal_one(&self, payment: &Payment) -> SealedPayment {
        let id = order_id(&self.scenario, payment.sequence);
        let day = Day::from_date(payment.date).expect("a scenario is after 1970");
        let currency = self.charter.unit_of_account.numeric();
        let mut order = union::Payment::new(id, payment.debtor, payment.creditor, currency, payment.amount, day.0);
        order.debtor_participant = payment.debtor_participant;
        order.creditor_participant = payment.creditor_participant;
        order.purpose = payment.purpose;
        order.priority = match payment.priority {
            Priority::Urgent => union::Priority::Urgent,
            Priority::High => union::Priority::High,
            Priority::Normal => union::Priority::Normal,
        } as u8;
        order.reference = pad_text(&format!("FICT-{:08}", payment.sequence)).expect("it is short");
        let sealed = (payment.kind == Kind::Customer).then(|| {
            order.customer = 1;
            let made_up = customer_detail(&self.scenario, payment);
            let detail = Detail {
                debtor_name: Some(made_up.debtor_name),
                debtor_account: Some(made_up.debtor_account),
                creditor_name: Some(made_up.creditor_name),
                creditor_account: Some(made_up.creditor_account),
                remittance: vec![made_up.remittance],
                end_to_end_id: Some(format!("E2E-{:08}", payment.sequence)),
                ..Detail::default()
            };
            let context = Context {
                union_id: self.charter.hash(),
                order_id: id,
                debtor: payment.debtor,
                creditor: payment.creditor,
            };
            let mut rng = ChaCha12Rng::from_seed(label(&self.scenario, "detail", payment.sequence));
            let [debtor, creditor] = [payment.debtor, payment.creditor].map(|member| self.key(member).public());
            let sealed = seal(&detail, &context, &debtor, &creditor, &mut rng).expect("made-up details are short");
            order.detail = keys::seal::hash(&sealed);
            sealed
        });
        (Command::Pay(order).encode(), sealed)
    }

    /// Signs payments of one day that were sealed: for each member as few batches as hold them.
    pub fn sign_day(&mut self, day: Day, payments: &[Payment], sealed: Vec<SealedPayment>) -> SignedDay {
        let members = self.keys.len();
        let mut by_member: Vec<Vec<SealedPayment>> = (0..members).map(|_| Vec::new()).collect();
        for (payment, sealed) in payments.iter().zip(sealed) {
            by_member[usize::from(payment.debtor)].push(sealed);
        }
        let mut batches = Vec::new();
        for (member, sealed) in by_member.into_iter().enumerate() {
            let (mut records, mut details, mut bytes) = (Vec::new(), Vec::new(), 0);
            for (record, detail) in sealed {
                let more = RECORD_BYTES + detail.as_ref().map_or(0, |detail| detail.len() + 4);
                // A kilobyte is more than a header.
                if records.len() == BATCH_COMMANDS_MAX || bytes + more + 1_024 > BATCH_BYTES_MAX {
                    batches.push(self.sign_records(member as u16, &records, &details));
                    records.clear();
                    details.clear();
                    bytes = 0;
                }
                if let Some(detail) = detail {
                    details.push((records.len() as u16, detail));
                }
                records.push(record);
                bytes += more;
            }
            if !records.is_empty() {
                batches.push(self.sign_records(member as u16, &records, &details));
            }
        }
        SignedDay { day, batches, orders: payments.len() as u64 }
    }

    /// The part of the year's payments, which are sorted, that falls on each day.
    #[must_use]
    pub fn days(payments: &[Payment]) -> Vec<(Day, Range<usize>)> {
        let mut days: Vec<(Day, Range<usize>)> = Vec::new();
        let mut at = 0;
        for same_day in payments.chunk_by(|a, b| a.date == b.date) {
            let day = Day::from_date(same_day[0].date).expect("a scenario is after 1970");
            days.push((day, at..at + same_day.len()));
            at += same_day.len();
        }
        days
    }
}

/// Whether an order's first outcome says that it was taken.
#[must_use]
pub fn is_taken(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Order { .. } | Outcome::AlreadyDone(_))
}

fn seed(scenario: &Scenario, code: &str) -> [u8; 32] {
    Sha256::digest(format!("comity scenario key v1 {} {} {code}", scenario.name, scenario.payments.seed)).into()
}

fn node_key(scenario: &Scenario, code: &str) -> NodeKey {
    let label = format!("comity scenario node key v1 {} {} {code}", scenario.name, scenario.payments.seed);
    NodeKey::from_secret(Zeroizing::new(Sha256::digest(label).into()))
}

fn label(scenario: &Scenario, what: &str, sequence: u32) -> [u8; 32] {
    let label = format!("comity scenario {what} v1 {} {} {sequence}", scenario.name, scenario.payments.seed);
    Sha256::digest(label).into()
}

/// An order's identifier in the form of a UUID of version 8 (made by the application's own rule).
fn order_id(scenario: &Scenario, sequence: u32) -> u128 {
    let digest = label(scenario, "order", sequence);
    let id = u128::from_be_bytes(*digest.first_chunk().expect("a digest is longer"));
    (id & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62)
}

/// The charter of a scenario's union: no caps, the scenario's cycles and holidays, US dollars.
fn charter_text(scenario: &Scenario, keys: &[MemberKey], nodes: usize) -> String {
    let hex = |bytes: [u8; 32]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let mut text = format!(
        "name = {name:?}
protocol = 1
unit_of_account = \"USD\"
settlement_asset = \"USD\"

[calendar]
utc_offset_minutes = -180
customer_cut_off = \"17:00\"
interbank_cut_off = \"17:30\"
days_ahead = 10

[cycle]
first_day = \"{year:04}-01-01\"
months = {months}
close = \"18:00\"

[queue]
discipline = \"bypass-fifo\"
attempts = 100000
open_orders_max = 1000000
days_waiting = 5
",
        name = scenario.name,
        year = scenario.year,
        months = scenario.cycle_months,
    );
    for (number, (member, key)) in scenario.members.iter().zip(keys).enumerate() {
        let keys = key.public();
        let node_key = (number < nodes).then(|| hex(node_key(scenario, &member.code).public()));
        write!(
            text,
            "
[[members]]
code = {:?}
name = {:?}
currency = \"{}\"
signing_key = \"{}\"
sealing_key = \"{}\"
{}weekend = [\"saturday\", \"sunday\"]
holidays = [{}]
",
            member.code,
            member.central_bank,
            member.currency,
            hex(keys.signing),
            hex(keys.sealing),
            node_key.map(|key| format!("node_key = \"{key}\"\n")).unwrap_or_default(),
            member.holidays.iter().map(|holiday| format!("\"{}\"", holiday.date)).collect::<Vec<_>>().join(", "),
        )
        .expect("a string takes everything");
    }
    text
}
