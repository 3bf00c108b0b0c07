//! A member's key at work: what its operators order, signed and handed to the node.

use crate::problem::Problem;
use crate::sign::{BatchSigner, Record, SignError};
use crate::view::OutcomeView;
use keys::MemberKey;
use network::{BatchReceipt, Node, SubmitError, Ticket};
use prometheus_client::metrics::counter::Counter;
use std::sync::{Arc, Mutex, PoisonError};
use union::{BatchError, Charter, Command, Payment, Union};

/// How often a batch is signed anew because its sequence had just been used by another of the member's batches.
const ATTEMPTS_MAX: u32 = 8;

/// A member whose key this node holds.
#[derive(Debug)]
pub(crate) struct Signatory {
    pub member: u16,
    key: Arc<MemberKey>,
    /// Orders of this and more need a second person; minor units of the unit of account.
    four_eyes_from: u64,
    /// The highest sequence used here, of those that may still come into a block. Held while batches are signed and handed over, so
    /// that they arrive in order.
    last_sequence: Mutex<u64>,
    /// Batches that the key did not sign.
    unsigned: Counter,
}

/// What a command came to, and at which height; or why it is not known or was not taken.
pub(crate) type Became = Result<(union::Outcome, u64), NotTaken>;

/// A command, and what it came to.
pub(crate) type Done = (Record, Became);

/// Why a command reached no block, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotTaken {
    /// The member's key did not sign.
    #[error(transparent)]
    Unsigned(#[from] SignError),
    /// The node did not take the batch.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl From<NotTaken> for Problem {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Unsigned(error) => Problem::busy(error.to_string()),
            NotTaken::Submit(error) => error.into(),
        }
    }
}

impl Signatory {
    /// `unsigned` counts the batches that the key does not sign.
    pub fn new(member: u16, key: MemberKey, four_eyes_from: u64, unsigned: Counter) -> Self {
        Signatory { member, key: Arc::new(key), four_eyes_from, last_sequence: Mutex::new(0), unsigned }
    }

    /// Orders of this and more need a second person; minor units of the unit of account.
    pub fn four_eyes_from(&self) -> u64 {
        self.four_eyes_from
    }

    pub fn key(&self) -> &Arc<MemberKey> {
        &self.key
    }

    pub fn signer<'a>(&'a self, charter: &'a Charter) -> BatchSigner<'a> {
        BatchSigner::with_compared(charter, self.member, &self.key)
    }

    /// Whether a second person has to agree to an order.
    pub fn needs_second_person(&self, union: &Union, payment: &Payment) -> bool {
        match value(union, payment) {
            Some(value) => value >= self.four_eyes_from,
            // Without a rate nobody can say that it is little.
            None => true,
        }
    }

    /// Signs records and submits them, and waits until what they came to is durable. Where another batch of the member
    /// was faster, nothing of this one was applied, and it is signed anew.
    pub async fn act(self: &Arc<Self>, node: &Arc<Node>, records: Vec<Record>) -> Vec<Done> {
        let mut done = Vec::with_capacity(records.len());
        let mut waiting = records;
        for attempt in 1.. {
            let (signatory, of_node) = (self.clone(), node.clone());
            let hand_over = tokio::task::spawn_blocking(move || signatory.hand_over(&of_node, waiting));
            let batches = hand_over.await.expect("signing does not panic");
            waiting = Vec::new();
            for (sequence, records, ticket) in batches {
                let receipt = match ticket {
                    Ok(ticket) => ticket.durable().await.map_err(NotTaken::Submit),
                    Err(error) => Err(error),
                };
                if receipt.is_err() {
                    self.release(sequence);
                }
                match receipt {
                    Ok(BatchReceipt { outcomes, height, .. }) => {
                        done.extend(records.into_iter().zip(outcomes).map(|(r, outcome)| (r, Ok((outcome, height)))));
                    }
                    Err(NotTaken::Submit(SubmitError::Batch(BatchError::Replay { .. } | BatchError::Gap { .. })))
                        if attempt < ATTEMPTS_MAX =>
                    {
                        waiting.extend(records);
                    }
                    Err(error) => done.extend(records.into_iter().map(|record| (record, Err(error.clone())))),
                }
            }
            if waiting.is_empty() {
                break;
            }
        }
        done.sort_by_key(|(record, _)| record.line);
        done
    }

    /// The sequence of a batch that came into no block, or perhaps did: the next one follows what the node knows of.
    fn release(&self, sequence: u64) {
        let mut last = self.last_sequence.lock().unwrap_or_else(PoisonError::into_inner);
        *last = sequence.saturating_sub(1).min(*last);
    }

    /// Signs records in as many batches as they need, and submits these: each with its sequence and what is in it.
    fn hand_over(&self, node: &Node, records: Vec<Record>) -> Vec<(u64, Vec<Record>, Result<Ticket, NotTaken>)> {
        let mut last = self.last_sequence.lock().unwrap_or_else(PoisonError::into_inner);
        let next = node.next_sequence(self.member).max(last.saturating_add(1));
        let charter = node.charter();
        let signed = match self.signer(&charter).sign(records.clone(), next) {
            Ok(signed) => signed,
            Err(error) => {
                self.unsigned.inc();
                tracing::error!(member = crate::view::code(&charter, self.member), %error, "its key did not sign");
                return vec![(next, records, Err(error.into()))];
            }
        };
        let mut rest = records.into_iter();
        let mut batches = Vec::with_capacity(signed.len());
        for batch in signed {
            let ticket = node.submit(batch.bytes.into());
            if ticket.is_ok() {
                *last = batch.sequence;
            }
            let records = rest.by_ref().take(batch.lines.len()).collect();
            batches.push((batch.sequence, records, ticket.map_err(NotTaken::Submit)));
        }
        batches
    }
}

/// What an order is worth in minor units of the unit of account, at the selling rate in force: rounded up, as what its
/// debtor gives. `None` where no rate is published or the value is beyond all amounts.
///
/// The rates are those that the union would take: the debtor's if the currency is its own, else the creditor's, else
/// those of the first member whose currency it is.
fn value(union: &Union, payment: &Payment) -> Option<u64> {
    let charter = union.charter();
    let unit = charter.unit_of_account;
    if payment.currency == unit.numeric() {
        return Some(payment.amount);
    }
    let currency = money::Currency::from_numeric(payment.currency).ok()?;
    let publisher = [payment.debtor, payment.creditor]
        .into_iter()
        .chain(0..charter.members.len() as u16)
        .find(|&member| charter.members.get(usize::from(member)).is_some_and(|member| member.currency == currency))?;
    let (_, selling) = union.rates(publisher)[0].rates()?;
    selling.convert(payment.amount, currency.minor_digits(), unit.minor_digits(), money::Rounding::Up).ok()
}

/// The problem, if not one of the commands reached a block.
pub(crate) fn none_taken(done: &[Done]) -> Option<Problem> {
    let first = done.first()?.1.as_ref().err()?;
    done.iter().all(|(_, result)| result.is_err()).then(|| first.clone().into())
}

/// The outcome of a command for the caller.
pub(crate) fn outcome_view((record, result): &Done) -> OutcomeView {
    match result {
        Ok((outcome, _)) => OutcomeView::new(record.line, &record.bytes, outcome),
        Err(error) => {
            let outcome = match error {
                NotTaken::Submit(SubmitError::Unknown(_)) => "unknown",
                NotTaken::Submit(SubmitError::Busy | SubmitError::Stopping) | NotTaken::Unsigned(_) => "busy",
                NotTaken::Submit(SubmitError::Batch(_)) => "rejected",
            };
            OutcomeView {
                outcome: outcome.to_owned(),
                text: Some(error.to_string()),
                ..OutcomeView::new(record.line, &record.bytes, &union::Outcome::Done)
            }
        }
    }
}

/// What an order or command says, for the audit log and for a second person; without customer detail.
pub(crate) fn describe(charter: &Charter, record: &Record) -> serde_json::Value {
    Command::decode(&record.bytes)
        .map_or_else(|error| error.to_string().into(), |command| crate::text::describe_command(charter, &command))
}
