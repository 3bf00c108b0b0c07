//! Members that give orders: each sends one batch after another and goes on with the next only when it was acknowledged. A
//! batch without an answer is sent again, byte for byte, through another member's node.

use crate::group::Group;
use crate::stop::Stop;
use anyhow::{Context, Result, ensure};
use api::client::ClientError;
use api::sign::{BatchSigner, Record};
use api::text::id_text;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use union::{Command, Payment};

/// A gateway that refuses is given so much time before the next is asked.
const NEXT_GATEWAY_AFTER: Duration = Duration::from_millis(50);

/// What was acknowledged so far.
#[derive(Debug, Default)]
pub struct Load {
    told: Mutex<Told>,
    changed: Condvar,
    /// Nobody waits any longer for what is on its way.
    given_up: Stop,
}

#[derive(Debug, Default)]
struct Told {
    /// By id of the order, the status in its receipt; none where the receipt was lost and a node said that it was taken.
    orders: BTreeMap<String, Option<String>>,
    receipts_lost: usize,
    last: Option<Acknowledged>,
}

#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    /// When its batch was sent first, of the batch that was sent last.
    sent: Instant,
    /// When the last acknowledgement came.
    came: Instant,
}

/// One member that signs payments to the others, in dollars, all of them due on the union's first business day.
#[derive(Debug)]
pub struct Signing<'a> {
    group: &'a Group,
    member: usize,
    sequence: u64,
    given: u64,
}

impl<'a> Signing<'a> {
    /// The member has signed nothing before.
    pub fn new(group: &'a Group, member: usize) -> Self {
        Signing { group, member, sequence: 0, given: 0 }
    }

    /// Signs so many orders of 0.01 as the next batch; returns their ids and its bytes.
    pub fn next(&mut self, orders: usize) -> Result<(Vec<String>, Vec<u8>)> {
        let (group, nodes) = (self.group, self.group.nodes());
        let charter = &group.charter;
        let (mut ids, mut records) = (Vec::new(), Vec::new());
        for _ in 0..orders {
            self.given += 1;
            let creditor = (self.member + 1 + self.given as usize % (nodes - 1)) % nodes;
            // In the form of a UUID of version 8.
            let id = (self.member as u128 + 1) << 96 | 8 << 76 | 2 << 62 | u128::from(self.given);
            let (debtor, creditor) = (self.member as u16, creditor as u16);
            let day = charter.calendar.next_joint_business_day(debtor, creditor, charter.first_day);
            let (currency, day) = (charter.unit_of_account.numeric(), day.context("a business day")?.0);
            let payment = Payment::new(id, debtor, creditor, currency, 1, day);
            ids.push(id_text(id));
            records.push(BatchSigner::command(self.given, &Command::Pay(payment)));
        }
        Ok((ids, self.sign(records)?))
    }

    /// Signs a command as the next batch; returns its bytes.
    pub fn command(&mut self, command: &Command) -> Result<Vec<u8>> {
        self.sign(vec![BatchSigner::command(1, command)])
    }

    fn sign(&mut self, records: Vec<Record>) -> Result<Vec<u8>> {
        self.sequence += 1;
        let (group, count) = (self.group, records.len());
        let signer = BatchSigner::new(&group.charter, self.member as u16, group.key(self.member))?;
        let mut signed = signer.sign(records, self.sequence)?;
        ensure!(signed.len() == 1, "{count} records do not go into one batch");
        Ok(signed.remove(0).bytes)
    }
}

impl Load {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a member give orders until it is over and its last batch is acknowledged.
    pub fn drive(&self, group: &Group, member: usize, orders: usize, stop: &Stop) -> Result<()> {
        let clients: Vec<_> = (0..group.nodes()).map(|node| group.client(node)).collect();
        let mut signing = Signing::new(group, member);
        while !stop.within(Duration::ZERO) {
            let (ids, batch) = signing.next(orders)?;
            let sent = Instant::now();
            let mut gateway = member;
            loop {
                match clients[gateway].submit_batch(&batch) {
                    Ok(receipt) => {
                        ensure!(receipt.outcomes.len() == orders, "{} outcomes", receipt.outcomes.len());
                        let outcomes = receipt.outcomes.into_iter().map(|outcome| {
                            ensure!(outcome.is_taken(), "an order was not taken: {outcome:?}");
                            Ok((outcome.id.context("an order has an id")?, Some(outcome.outcome)))
                        });
                        self.acknowledge(sent, outcomes.collect::<Result<_>>()?, 0);
                        break;
                    }
                    Err(ClientError::Problem(problem)) if problem.field.as_deref() == Some("sequence") => {
                        // It was taken, and the receipt lost; the node that says so must know the orders.
                        match clients[gateway].order(&ids[0]) {
                            Ok(_) => {
                                self.acknowledge(sent, ids.into_iter().map(|id| (id, None)).collect(), 1);
                                break;
                            }
                            Err(ClientError::Problem(other)) => ensure!(other.status != 404, "{problem}, but {other}"),
                            Err(_) => {}
                        }
                    }
                    Err(ClientError::Problem(problem)) => {
                        ensure!(problem.is_busy() || problem.is_unknown_outcome(), "a batch was refused: {problem}");
                    }
                    Err(_) => {}
                }
                gateway = (gateway + 1) % clients.len();
                ensure!(!self.given_up.within(NEXT_GATEWAY_AFTER), "a batch was on its way when the run was given up");
            }
        }
        Ok(())
    }

    /// Ends every [`drive`](Self::drive), whatever is on its way.
    pub fn give_up(&self) {
        self.given_up.now();
    }

    fn acknowledge(&self, sent: Instant, orders: Vec<(String, Option<String>)>, lost: usize) {
        let mut told = self.told();
        told.orders.extend(orders);
        told.receipts_lost += lost;
        let latest = told.last.map_or(sent, |last| last.sent.max(sent));
        told.last = Some(Acknowledged { sent: latest, came: Instant::now() });
        drop(told);
        self.changed.notify_all();
    }

    /// Waits for an acknowledgement that comes after `since`; how long after. None if it does not come in time.
    pub fn next_after(&self, since: Instant, patience: Duration) -> Option<Duration> {
        self.wait(since, patience, |last| last.came >= since)
    }

    /// The same for a batch that was sent after `since`.
    pub fn sent_after(&self, since: Instant, patience: Duration) -> Option<Duration> {
        self.wait(since, patience, |last| last.sent >= since)
    }

    fn wait(&self, since: Instant, patience: Duration, is_it: impl Fn(&Acknowledged) -> bool) -> Option<Duration> {
        let goes_on = |told: &mut Told| !told.last.is_some_and(|last| is_it(&last));
        let (told, _) =
            self.changed.wait_timeout_while(self.told(), patience, goes_on).unwrap_or_else(PoisonError::into_inner);
        told.last.filter(is_it).map(|last| last.came.saturating_duration_since(since))
    }

    /// Orders that were acknowledged, with the status in their receipt.
    pub fn acknowledged(&self) -> BTreeMap<String, Option<String>> {
        self.told().orders.clone()
    }

    /// Batches that were taken while their receipt was lost with the node that had it.
    pub fn receipts_lost(&self) -> usize {
        self.told().receipts_lost
    }
}
