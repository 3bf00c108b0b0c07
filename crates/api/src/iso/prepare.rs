//! What is to be done about a transaction.

use crate::sign::{BatchSigner, Record};
use crate::text::Draft;
use crate::view::{OrderView, OutcomeView};
use iso20022::outbound::{Answer, CancellationAnswer, Reference};
use iso20022::{Fault, Request, Transaction};
use keys::Detail;
use union::{Charter, Command, Found, OrderStatus, Payment, Reason, Union};

/// What the union knows of an order, as far as a message about it has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Where it is.
    pub status: OrderStatus,
    /// Why, unless it settled.
    pub reason: Reason,
    /// The member that pays, and its participant.
    pub debtor: (u16, u32),
    /// The member that is paid, and its participant.
    pub creditor: (u16, u32),
}

impl Known {
    /// An order of the union.
    pub fn of(union: &Union, order: u128) -> Option<Known> {
        Some(match union.orders().find(order)? {
            Found::Open(at) => {
                let order = union.orders().open(at);
                let payment = &order.payment;
                Known {
                    status: order.status(),
                    reason: order.waits_for,
                    debtor: (payment.debtor, payment.debtor_participant),
                    creditor: (payment.creditor, payment.creditor_participant),
                }
            }
            Found::Closed(at) => {
                let order = union.orders().closed(at);
                Known {
                    status: order.status(),
                    reason: order.reason,
                    debtor: (order.debtor, order.debtor_participant),
                    creditor: (order.creditor, order.creditor_participant),
                }
            }
        })
    }

    /// An order as a node shows it; `None` where it names what the charter does not.
    pub fn of_view(charter: &Charter, view: &OrderView) -> Option<Known> {
        Some(Known {
            status: status(&view.status)?,
            reason: view.reason.as_deref().and_then(Reason::parse).unwrap_or(Reason::NONE),
            debtor: (charter.member(&view.debtor)?, view.debtor_participant),
            creditor: (charter.member(&view.creditor)?, view.creditor_participant),
        })
    }
}

fn status(name: &str) -> Option<OrderStatus> {
    (1..=7).filter_map(OrderStatus::from_number).find(|status| status.name() == name)
}

/// A transaction, and what is to be done about it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The transaction.
    pub transaction: Transaction,
    /// What is to be done.
    pub step: Step,
    reference: Reference,
}

/// What is to be done about a transaction.
#[derive(Clone, Debug)]
pub enum Step {
    /// This order or command is to be signed and sent. Its line is the transaction's place in the message.
    Send(Box<(Payment, Record)>),
    /// A command about an order is.
    Command(Record),
    /// Nothing: the answer is known already.
    Answered(Told),
}

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The status of an order.
    Status {
        /// It.
        answer: Answer,
        /// Whether the union took the order with this transaction: then it tells of it by events too.
        is_taken: bool,
    },
    /// The answer to a request to cancel.
    Cancellation {
        /// Which order.
        reference: Reference,
        /// It.
        answer: CancellationAnswer,
        /// In words.
        text: Option<String>,
        /// The member that is asked to give back what is settled.
        ask: Option<(u16, Reason)>,
    },
}

/// Turns a transaction into what is to be done. `known` looks up an order; what it fails with ends the preparation.
///
/// # Errors
///
/// Those of `known`.
pub fn prepare<E>(
    signer: &BatchSigner<'_>,
    charter: &Charter,
    member: u16,
    transaction: Transaction,
    known: impl FnOnce(u128) -> Result<Option<Known>, E>,
) -> Result<Prepared, E> {
    let code = crate::view::code(charter, member);
    let order = transaction.original.order(&code).unwrap_or(0);
    let reference = Reference { order, original: transaction.original.clone() };
    let place = transaction.place;
    let rejected = |reason: Reason, text: String| {
        let answer = Answer { reference: reference.clone(), status: None, reason, texts: vec![text] };
        Step::Answered(Told::Status { answer, is_taken: false })
    };
    let step = match &transaction.request {
        Err(faults) => {
            let reason = faults.first().map_or(Reason::FF01, |fault| fault.reason);
            let texts = faults.iter().take(20).map(short).collect();
            let answer = Answer { reference: reference.clone(), status: None, reason, texts };
            Step::Answered(Told::Status { answer, is_taken: false })
        }
        Ok(Request::Pay { payment, detail }) => send(signer, place, *payment, detail, rejected),
        Ok(Request::Return { payment, detail, receiver }) => match known(payment.original)? {
            Some(original) if original.creditor.0 == member => {
                if receiver.is_some_and(|receiver| receiver != original.debtor.0) {
                    rejected(Reason::RC04, "InstdAgt is not the member that paid".to_owned())
                } else {
                    let mut payment = *payment;
                    payment.debtor_participant = original.creditor.1;
                    (payment.creditor, payment.creditor_participant) = original.debtor;
                    send(signer, place, payment, detail, rejected)
                }
            }
            _ => rejected(Reason::NOOR, "no payment to this member is known by these identifiers".to_owned()),
        },
        Ok(Request::Cancel { order, reason, .. }) => cancel(place, member, *order, *reason, known(*order)?, &reference),
        Ok(Request::Status { order }) => match known(*order)? {
            Some(found) if found.debtor.0 == member || found.creditor.0 == member => {
                let (status, reason) = (Some(found.status), found.reason);
                let answer = Answer { reference: reference.clone(), status, reason, texts: vec![] };
                Step::Answered(Told::Status { answer, is_taken: false })
            }
            _ => rejected(Reason::NOOR, "no order of this member is known by these identifiers".to_owned()),
        },
    };
    Ok(Prepared { transaction, step, reference })
}

/// A fault as one of the lines of 105 characters that a status has room for.
fn short(fault: &Fault) -> String {
    let last = fault.path.rsplit('/').next().unwrap_or_default();
    format!("line {}: {last}: {}", fault.line, fault.problem)
}

fn send(
    signer: &BatchSigner<'_>,
    place: u64,
    payment: Payment,
    detail: &Detail,
    rejected: impl FnOnce(Reason, String) -> Step,
) -> Step {
    let draft = Draft { line: place, payment, detail: Some(detail.clone()) };
    match signer.seal(&draft) {
        Ok(record) => Step::Send(Box::new((payment, record))),
        Err(error) => rejected(Reason::FF01, format!("{}: {}", error.field, error.problem)),
    }
}

fn cancel(place: u64, member: u16, order: u128, reason: Reason, known: Option<Known>, reference: &Reference) -> Step {
    let answered = |answer: CancellationAnswer, text: &str, ask: Option<(u16, Reason)>| {
        let (reference, text) = (reference.clone(), Some(text.to_owned()));
        Step::Answered(Told::Cancellation { reference, answer, text, ask })
    };
    let Some(known) = known.filter(|known| known.debtor.0 == member) else {
        let text = "no order of this member is known by these identifiers";
        return answered(CancellationAnswer::Rejected(Reason::NOOR), text, None);
    };
    match known.status {
        OrderStatus::Held | OrderStatus::Queued => {
            Step::Command(BatchSigner::command(place, &Command::Cancel { order, reason }))
        }
        OrderStatus::Settled => {
            let text = "it is settled, and final; the member that was paid is asked to give it back";
            answered(CancellationAnswer::Pending, text, Some((known.creditor.0, reason)))
        }
        OrderStatus::Cancelled => answered(CancellationAnswer::Cancelled, "it had been cancelled before", None),
        OrderStatus::Returned => {
            answered(CancellationAnswer::Rejected(Reason::ARDT), "it was given back by a later entry", None)
        }
        OrderStatus::Refused | OrderStatus::Expired => {
            answered(CancellationAnswer::Rejected(Reason::NOOR), "it had ended without settling", None)
        }
    }
}

impl Prepared {
    /// The record that is to be signed and sent, if there is one.
    pub fn record(&self) -> Option<&Record> {
        match &self.step {
            Step::Send(send) => Some(&send.1),
            Step::Command(record) => Some(record),
            Step::Answered(_) => None,
        }
    }

    /// What it came to, with the outcome of its record.
    pub fn told(&self, outcome: Option<&OutcomeView>) -> Told {
        let reason = |outcome: &OutcomeView| outcome.reason.as_deref().and_then(Reason::parse).unwrap_or(Reason::NONE);
        match (&self.step, outcome) {
            (Step::Answered(told), _) => told.clone(),
            (Step::Send(_), outcome) => {
                let (answer, is_taken) = self.status(outcome, reason);
                Told::Status { answer, is_taken }
            }
            (Step::Command(_), outcome) => {
                let cancelled = outcome.is_some_and(|outcome| outcome.outcome == "cancelled");
                let why = outcome.map_or(Reason::NARR, |outcome| reason(outcome).or(Reason::NARR));
                let answer = if cancelled { CancellationAnswer::Cancelled } else { CancellationAnswer::Rejected(why) };
                let text = outcome.and_then(|outcome| outcome.text.clone());
                Told::Cancellation { reference: self.reference.clone(), answer, text, ask: None }
            }
        }
    }

    fn status(&self, outcome: Option<&OutcomeView>, reason: impl Fn(&OutcomeView) -> Reason) -> (Answer, bool) {
        let reference = self.reference_of_sent();
        let pending = |text: &str| Answer {
            reference: reference.clone(),
            status: Some(OrderStatus::Held),
            reason: Reason::NONE,
            texts: vec![text.to_owned()],
        };
        let Some(outcome) = outcome else {
            return (pending("it is not known what became of it: ask with pacs.028"), false);
        };
        let status = status(&outcome.outcome);
        let answer = match (status, outcome.outcome.as_str()) {
            (None, "awaiting_approval") => pending("waits until a second person approves it"),
            (None, "unknown" | "busy") => pending("it is not known what became of it: ask with pacs.028"),
            (status, _) => {
                let mut texts: Vec<String> = outcome.text.iter().cloned().collect();
                // The very same order again is done once: its status is told, and that it is a duplicate.
                let why = if outcome.already_done { Reason::DUPL } else { reason(outcome) };
                if outcome.already_done {
                    texts.push("the very same order had been taken before; nothing was done again".to_owned());
                }
                Answer { reference, status, reason: why, texts }
            }
        };
        (answer, status.is_some() && !outcome.already_done)
    }

    /// A return is another order than the payment that its message is about.
    fn reference_of_sent(&self) -> Reference {
        match &self.step {
            Step::Send(send) if send.0.kind == Payment::RETURN => {
                let order = send.0.id;
                let mut original = self.reference.original.clone();
                original.instruction_id = self.transaction.request_id.clone();
                original.uetr = None;
                original.system_reference = None;
                Reference { order, original }
            }
            _ => self.reference.clone(),
        }
    }
}
