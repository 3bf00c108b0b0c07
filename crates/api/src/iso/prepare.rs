//! What is to be done about a transaction.

use crate::sign::{BatchSigner, Record};
use crate::text::Draft;
use crate::view::{OrderView, OutcomeView};
use iso20022::outbound::{Answer, CancellationAnswer, Reference, Resolution};
use iso20022::{Breach, Fault, Request, Transaction};
use keys::Detail;
use union::{Charter, Command, Found, HeldBy, OrderStatus, Payment, Reason, RequestStatus, Union};

/// What the union knows of an order, as far as a message about it has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Where it is.
    pub status: OrderStatus,
    /// Who holds it, if it is held.
    pub held_by: HeldBy,
    /// Why, unless it settled.
    pub reason: Reason,
    /// The member that pays, and its participant.
    pub debtor: (u16, u32),
    /// The member that is paid, and its participant.
    pub creditor: (u16, u32),
    /// Where its return was asked for: how that stands, and why.
    pub request: Option<(RequestStatus, Reason)>,
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
                    held_by: order.held_by(),
                    reason: order.waits_for,
                    debtor: (payment.debtor, payment.debtor_participant),
                    creditor: (payment.creditor, payment.creditor_participant),
                    request: None,
                }
            }
            Found::Closed(at) => {
                let order = union.orders().closed(at);
                Known {
                    status: order.status(),
                    held_by: HeldBy::Nobody,
                    reason: order.reason(),
                    debtor: (order.debtor, order.debtor_participant),
                    creditor: (order.creditor, order.creditor_participant),
                    request: order.return_request().map(|request| (request.status, request.reason)),
                }
            }
        })
    }

    /// An order as a node shows it; `None` where it names what the charter does not.
    pub fn of_view(charter: &Charter, view: &OrderView) -> Option<Known> {
        let request = view
            .return_request
            .as_ref()
            .and_then(|request| Some((RequestStatus::from_name(&request.status)?, Reason::parse(&request.reason)?)));
        Some(Known {
            request,
            status: status(&view.status)?,
            held_by: view.held_by(),
            reason: view.reason.as_deref().and_then(Reason::parse).unwrap_or(Reason::NONE),
            debtor: (charter.member(&view.debtor)?, view.debtor_participant),
            creditor: (charter.member(&view.creditor)?, view.creditor_participant),
        })
    }
}

/// Who holds an order, for an answer.
pub(super) fn held_text(held_by: HeldBy) -> Vec<String> {
    held_by.meaning().map(str::to_owned).into_iter().collect()
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
    /// This command is: to cancel an order, or to ask for it back.
    Cancel(Record),
    /// This command is: to refuse to give an order back.
    Refuse(Record),
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
    Cancellation(Resolution),
    /// An answer to a request to give back was taken, or not: why.
    Answer(Result<(), Fault>),
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
        Ok(Request::Cancel { order, reason, .. }) => {
            cancel(&transaction, member, *order, *reason, known(*order)?, &reference)
        }
        Ok(Request::Answer { order, refused }) => answer(&transaction, member, *order, *refused, known(*order)?),
        Ok(Request::Status { order }) => match known(*order)? {
            Some(found) if found.debtor.0 == member || found.creditor.0 == member => {
                let (status, reason) = (Some(found.status), found.reason);
                let texts = held_text(found.held_by);
                let answer = Answer { reference: reference.clone(), status, reason, texts };
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

/// What is done about a request to cancel: cancelled is what waits, asked for what is settled.
fn cancel(
    transaction: &Transaction,
    member: u16,
    order: u128,
    reason: Reason,
    known: Option<Known>,
    reference: &Reference,
) -> Step {
    let answered = |answer: CancellationAnswer, text: &str| {
        Step::Answered(Told::Cancellation(resolution(transaction, reference, answer, Some(text.to_owned()))))
    };
    let rejected = |reason: Reason, text: &str| answered(CancellationAnswer::Rejected(reason), text);
    let Some(known) = known.filter(|known| known.debtor.0 == member) else {
        return rejected(Reason::NOOR, "no order of this member is known by these identifiers");
    };
    let command = |command: Command| Step::Cancel(BatchSigner::command(transaction.place, &command));
    match (known.status, known.request) {
        (OrderStatus::Held | OrderStatus::Queued, _) => command(Command::Cancel { order, reason }),
        (OrderStatus::Settled, None) => command(Command::RequestReturn { order, reason }),
        (OrderStatus::Settled, Some((RequestStatus::Refused, why))) => {
            rejected(why, "the member that was paid has refused to give it back")
        }
        (OrderStatus::Settled, Some(_)) => answered(CancellationAnswer::Pending, ASKED),
        (OrderStatus::Cancelled, _) => answered(CancellationAnswer::Cancelled, "it had been cancelled before"),
        (OrderStatus::Returned, _) => rejected(Reason::ARDT, "it was given back by a later entry"),
        (OrderStatus::Refused | OrderStatus::Expired, _) => rejected(Reason::NOOR, "it had ended without settling"),
    }
}

/// What is said of a request that waits for the other member.
const ASKED: &str = "it is settled, and final; the member that was paid is asked to give it back";

fn resolution(
    transaction: &Transaction,
    reference: &Reference,
    answer: CancellationAnswer,
    text: Option<String>,
) -> Resolution {
    let (request_id, case_id) = (transaction.request_id.clone(), transaction.case_id.clone());
    Resolution { reference: reference.clone(), request_id, case_id, answer, by: None, text }
}

/// What is done about an answer to a request to give back: a refusal is for the union; what is given back comes as a return.
fn answer(transaction: &Transaction, member: u16, order: u128, refused: Option<Reason>, known: Option<Known>) -> Step {
    let fault = |problem: &str| {
        let fault = not_taken(transaction, Reason::NOOR, problem.to_owned());
        Step::Answered(Told::Answer(Err(fault)))
    };
    let Some(known) = known.filter(|known| known.creditor.0 == member) else {
        return fault("no payment to this member is known by these identifiers");
    };
    match (known.request, refused) {
        (None, _) => fault("nobody has asked for the payment back"),
        (Some((RequestStatus::Asked, _)), Some(reason)) => {
            Step::Refuse(BatchSigner::command(transaction.place, &Command::RefuseReturn { order, reason }))
        }
        _ => Step::Answered(Told::Answer(Ok(()))),
    }
}

fn not_taken(transaction: &Transaction, reason: Reason, problem: String) -> Fault {
    let path = "Document/RsltnOfInvstgtn/CxlDtls/TxInfAndSts".to_owned();
    Fault { line: transaction.line, path, breach: Breach::Rule, reason, problem }
}

impl Prepared {
    /// The record that is to be signed and sent, if there is one.
    pub fn record(&self) -> Option<&Record> {
        match &self.step {
            Step::Send(send) => Some(&send.1),
            Step::Cancel(record) | Step::Refuse(record) => Some(record),
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
            (Step::Cancel(_), outcome) => {
                let why = outcome.map_or(Reason::NARR, |outcome| reason(outcome).or(Reason::NARR));
                let (answer, text) = match outcome.map(|outcome| outcome.outcome.as_str()) {
                    Some("cancelled") => (CancellationAnswer::Cancelled, None),
                    // Asked for now, or asked for by another message that came before this one.
                    Some("done") => (CancellationAnswer::Pending, Some(ASKED)),
                    _ if why == Reason::DUPL => (CancellationAnswer::Pending, Some(ASKED)),
                    _ => (CancellationAnswer::Rejected(why), None),
                };
                let text = text.map(str::to_owned).or_else(|| outcome.and_then(|outcome| outcome.text.clone()));
                Told::Cancellation(resolution(&self.transaction, &self.reference, answer, text))
            }
            (Step::Refuse(_), outcome) => Told::Answer(match outcome {
                Some(outcome) if outcome.outcome == "done" => Ok(()),
                outcome => {
                    let text = outcome.and_then(|outcome| outcome.text.clone());
                    let text = text.unwrap_or_else(|| "it is not known what became of it: send it again".to_owned());
                    let why = outcome.map_or(Reason::NARR, |outcome| reason(outcome).or(Reason::NARR));
                    Err(not_taken(&self.transaction, why, text))
                }
            }),
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
                } else if status == Some(OrderStatus::Held) {
                    texts.extend(held_text(HeldBy::Creditor));
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
