//! Comity: signed batches through a node's real path, each answered when its block is durable.

use anyhow::{Context, Result, bail, ensure};
use keys::MemberKey;
use network::{Clock, Node, Options};
use std::collections::VecDeque;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use union::{BATCH_COMMANDS_MAX, Batch, Charter, Command, Founding, Outcome, Payment, RECORD_BYTES, Reason, pad_text};

use crate::measure::{Measurement, Observed, Plan, Session, Setup, System, Tally, Trial, drive};
use crate::workload::{ACCOUNTS, Transfer, Workload, debit_limit};

/// The members that the accounts are spread over, the same for all numbers of connections. Orders between two accounts of one member
/// (one in so many) are left out of the stream: they are no business of a clearing union.
fn members(batch_size: usize) -> u32 {
    // Each connection sends for members of its own, so that their batches arrive in order.
    if batch_size == 1 { 256 } else { 64 }
}

/// Orders a second for which trials prepare: more than was reached for a batch size, so that none runs out.
fn trial_orders_per_second(batch_size: usize) -> f64 {
    if batch_size == 1 { 60_000.0 } else { 1_500_000.0 }
}

/// How much more than its trial suggests is prepared for the measurement.
const PREPARE_FACTOR: f64 = 1.5;

/// Memory that a million settled orders add to the state, reported once a run.
const MILLION: f64 = 1e6;

/// A member whose accounts are a part of the workload's.
struct Sender {
    number: u16,
    key: MemberKey,
    sequence: u64,
}

impl Sender {
    fn sign(&mut self, charter: &Charter, records: &[[u8; RECORD_BYTES]]) -> Result<Arc<[u8]>> {
        self.sequence += 1;
        let signing = self.key.public().signing;
        let sign = |message: &[u8]| self.key.sign(message).expect("a key in memory signs");
        Ok(Batch::build(charter.hash(), self.number, signing, self.sequence, records, &[], sign)?.into())
    }
}

/// The batches of one connection, and the node that takes them.
struct Connection {
    node: Arc<Node>,
    batches: VecDeque<Arc<[u8]>>,
}

impl Session for Connection {
    /// A turn: each connection sends its own members' batches, in order.
    type Request = ();

    fn submit(&mut self, (): ()) -> Result<Option<Tally>> {
        let Some(batch) = self.batches.pop_front() else { return Ok(None) };
        let receipt = self.node.submit(batch)?.wait()?;
        let mut tally = Tally::default();
        for outcome in receipt.outcomes {
            match outcome {
                Outcome::Order { .. } => tally.settled += 1,
                Outcome::Rejected(rejection) if rejection.reason == Reason::AM04 => tally.refused += 1,
                other => bail!("an order came to {other:?}"),
            }
        }
        Ok(Some(tally))
    }
}

/// Comity as a system to be measured: a new node, in a new directory, for each run.
pub struct Comity {
    dir: PathBuf,
    interrupted: &'static AtomicBool,
}

impl Comity {
    /// Keeps its journals under `dir`.
    pub fn new(dir: &Path, interrupted: &'static AtomicBool) -> Self {
        Comity { dir: dir.to_owned(), interrupted }
    }

    fn load(
        &self,
        workload: &Workload,
        batch_size: usize,
        connections: usize,
        (warm_up, measured): (Duration, Duration),
        orders_per_second: f64,
    ) -> Result<Observed> {
        let members = members(batch_size);
        let mut senders = (0..members as u16)
            .map(|number| {
                let mut seed = [0; 32];
                seed[..2].copy_from_slice(&number.to_le_bytes());
                Sender { number, key: MemberKey::from_seed(seed), sequence: 0 }
            })
            .collect::<Vec<_>>();
        let charter = Charter::parse(&charter_text(&senders))?;
        let directory = tempfile::Builder::new().prefix("comity-").tempdir_in(&self.dir)?;
        let journal = directory.path().join("journal");
        let sign = |member: u16, message: &[u8]| {
            senders[usize::from(member)].key.sign(message).expect("a key in memory signs")
        };
        Node::found(&journal, &Founding::signed_by(charter.clone(), sign)?)?;
        let noon = charter.calendar.time_ms(charter.first_day, 12 * 3_600);
        let (node, _) = Node::open(&journal, Arc::new(Clock::standing_at(noon)), Options::default())?;
        let node = Arc::new(node);
        open_accounts(&node, &charter, &mut senders)?;

        let seconds = (warm_up + measured).as_secs_f64();
        let orders = ((orders_per_second * seconds) as u64).max((batch_size * connections * 8) as u64);
        let mut batches: Vec<VecDeque<_>> = (0..connections).map(|_| VecDeque::new()).collect();
        let mut waiting: Vec<Vec<[u8; RECORD_BYTES]>> = vec![Vec::new(); senders.len()];
        for index in 0..orders {
            let transfer = workload.transfer(index);
            let debtor = member_of(transfer.debtor, members);
            if debtor == member_of(transfer.creditor, members) {
                continue;
            }
            let records = &mut waiting[usize::from(debtor)];
            records.push(record(&transfer, members, &charter));
            if records.len() == batch_size {
                batches[usize::from(debtor) % connections]
                    .push_back(senders[usize::from(debtor)].sign(&charter, records)?);
                records.clear();
            }
        }
        let requests = vec![(); batches.iter().map(VecDeque::len).sum()];
        let sessions = batches.into_iter().map(|batches| Connection { node: node.clone(), batches }).collect();
        let seen = drive(sessions, requests, warm_up, measured, self.interrupted)?;

        let (sums, within, settled, memory) = node.peek(|union| {
            let settled = union.open_cycle_row().settled_orders;
            (union.ledger().sums(), union.ledger().is_within_limits(), settled, union.memory())
        });
        ensure!(sums.values().all(|&sum| sum == 0), "the books do not sum to zero: {sums:?}");
        ensure!(within, "an account exceeds its limit");
        ensure!(settled == seen.total.settled, "{settled} settled, {} acknowledged", seen.total.settled);
        if settled > 1_000_000 {
            let bytes = (memory.closed_orders + memory.order_index) as f64 / settled as f64 * MILLION;
            eprintln!("  state: {:.0} MB a million settled orders", bytes / 1e6);
        }
        node.close()?;
        Ok(seen)
    }
}

impl System for Comity {
    fn name(&self) -> &'static str {
        "comity"
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn run(&mut self, workload: &Workload, plan: &Plan) -> Result<Measurement> {
        let candidates: &[usize] = match plan.batch_size {
            1 => &[1, 32, 128, 256],
            2..=1_000 => &[1, 4, 16, 64],
            _ => &[1, 2, 4],
        };
        let mut trials = Vec::new();
        for &connections in candidates {
            let windows = (plan.trial / 4, plan.trial);
            let prepared = trial_orders_per_second(plan.batch_size);
            let seen = self.load(workload, plan.batch_size, connections, windows, prepared)?;
            let orders_per_second = seen.orders_per_second();
            eprintln!("  trial: {orders_per_second:>9.0} orders/s, {connections:>3} connections");
            trials.push(Trial { method: METHOD.to_owned(), connections, orders_per_second });
        }
        // Of those about as fast as the fastest, the one with the fewest connections: the others only wait.
        let fastest = trials.iter().map(|trial| trial.orders_per_second).fold(0.0, f64::max);
        let best = trials.iter().find(|trial| trial.orders_per_second >= 0.95 * fastest).context("no trial ran")?;
        let (connections, rate) = (best.connections, fastest);
        let windows = (plan.warm_up, plan.measured);
        let seen = self.load(workload, plan.batch_size, connections, windows, rate * PREPARE_FACTOR)?;
        let setup = Setup { method: METHOD.to_owned(), connections, trials };
        Ok(seen.into_measurement(self.name(), workload, plan, setup))
    }
}

const METHOD: &str = "signed batches";

/// Spreads accounts with and without limits evenly.
fn member_of(account: u32, members: u32) -> u16 {
    (account / 2 % members) as u16
}

/// Registers every account as a participant, and caps those that have a limit.
fn open_accounts(node: &Node, charter: &Charter, senders: &mut [Sender]) -> Result<()> {
    let members = senders.len() as u32;
    for sender in senders {
        let mut records = Vec::new();
        for account in (0..ACCOUNTS).filter(|account| member_of(*account, members) == sender.number) {
            let identifier = pad_text(&format!("ACCOUNT{account:05}")).context("the identifier is short")?;
            let name = pad_text(&format!("Account {account}")).context("the name is short")?;
            records.push(Command::RegisterParticipant { participant: account + 1, identifier, name }.encode());
            if let Some(debit_cap) = debit_limit(account) {
                let currency = charter.unit_of_account.numeric();
                let credit_cap = ledger::NO_CAP;
                let caps = Command::SetParticipantCaps { participant: account + 1, currency, debit_cap, credit_cap };
                records.push(caps.encode());
            }
        }
        for records in records.chunks(BATCH_COMMANDS_MAX) {
            let receipt = node.submit(sender.sign(charter, records)?)?.wait()?;
            ensure!(receipt.outcomes.iter().all(|outcome| *outcome == Outcome::Done), "an account was not opened");
        }
    }
    Ok(())
}

fn record(transfer: &Transfer, members: u32, charter: &Charter) -> [u8; RECORD_BYTES] {
    let (debtor, creditor) = (member_of(transfer.debtor, members), member_of(transfer.creditor, members));
    let currency = charter.unit_of_account.numeric();
    let day = charter.first_day.0;
    let mut payment = Payment::new(transfer.id, debtor, creditor, currency, transfer.amount, day);
    payment.debtor_participant = transfer.debtor + 1;
    payment.creditor_participant = transfer.creditor + 1;
    payment.immediate = 1;
    Command::Pay(payment).encode()
}

fn charter_text(senders: &[Sender]) -> String {
    let mut text = String::from(
        "name = \"Benchmark\"
protocol = 1
unit_of_account = \"USD\"
settlement_asset = \"USD\"
[calendar]
utc_offset_minutes = 0
customer_cut_off = \"17:00\"
interbank_cut_off = \"17:00\"
days_ahead = 10
[cycle]
first_day = \"2026-01-05\"
months = 1
close = \"18:00\"
[queue]
discipline = \"bypass-fifo\"
attempts = 10000
open_orders_max = 1000000
days_waiting = 5
",
    );
    for sender in senders {
        let hex = |bytes: [u8; 32]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let keys = sender.key.public();
        let number = sender.number;
        let (signing, sealing) = (hex(keys.signing), hex(keys.sealing));
        writeln!(
            text,
            "[[members]]\ncode = \"M{number}\"\nname = \"Member {number}\"\ncurrency = \"USD\"\nsigning_key = \"{signing}\"\nsealing_key = \"{sealing}\"\nweekend = []"
        )
        .expect("a string takes everything");
    }
    text
}
