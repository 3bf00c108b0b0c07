//! The messages that answer a message.

use super::Told;
use iso20022::outbound::{
    Answer, CancellationAnswer, Reference, Rejected, Resolution, Stamp, WriteError, Writer, acknowledgement,
    liquidity_receipt, rejection, resolution, status_report,
};
use iso20022::{Breach, Fault, Head, Kind, Original, Refused, Transaction};
use sha2::{Digest, Sha256};
use union::Reason;

/// A message that is to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Which message it is.
    pub kind: Kind,
    /// Its identifier, which also names its file.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// Identifiers of answers: the same for the same message, part and time.
struct Stamps<'a> {
    seed: [&'a str; 2],
    part: u64,
    time_ms: u64,
    count: u64,
}

impl Stamps<'_> {
    fn next(&mut self) -> Stamp {
        self.count += 1;
        let mut hasher = Sha256::new_with_prefix("comity iso 20022 answer id v1\0");
        for text in self.seed {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        for number in [self.part, self.time_ms, self.count] {
            hasher.update(number.to_le_bytes());
        }
        let digest = hasher.finalize();
        Stamp { id: format!("A{}", base16ct::lower::encode_string(&digest[..16])), time_ms: self.time_ms }
    }
}

/// The answers to transactions of one message. `part` tells those of one message from another where they are answered
/// in several, and `time_ms` is the union's time.
///
/// # Errors
///
/// [`WriteError`] for what no message can say.
pub fn answers(
    writer: &Writer<'_>,
    head: &Head,
    part: u64,
    time_ms: u64,
    told: &[(Transaction, Told)],
) -> Result<Vec<Outgoing>, WriteError> {
    let mut stamps = Stamps { seed: [&head.identifier, head.reference()], part, time_ms, count: 0 };
    let mut outgoing = Vec::new();
    let mut add = |kind: Kind, stamp: Stamp, text: Result<String, WriteError>| {
        outgoing.push(Outgoing { kind, id: stamp.id, text: text? });
        Ok(())
    };
    let is_liquidity = head.message.is_some_and(|(kind, _)| kind == Kind::Camt050);
    let is_cancellation = head.message.is_some_and(|(kind, _)| kind == Kind::Camt056);
    let is_answer = head.message.is_some_and(|(kind, _)| kind == Kind::Camt029);
    let mut statuses: Vec<Answer> = Vec::new();
    let mut not_taken: Vec<Fault> = Vec::new();
    for (transaction, told) in told {
        match told {
            Told::Status { answer, .. } if is_liquidity => {
                let stamp = stamps.next();
                add(Kind::Camt025, stamp.clone(), liquidity_receipt(writer, &stamp, &answer.reference, answer))?;
            }
            Told::Status { answer, .. } if is_cancellation => {
                let stamp = stamps.next();
                let rejected = Resolution {
                    reference: answer.reference.clone(),
                    request_id: transaction.request_id.clone(),
                    case_id: transaction.case_id.clone(),
                    answer: CancellationAnswer::Rejected(answer.reason.or(Reason::NARR)),
                    by: None,
                    text: answer.texts.first().cloned(),
                };
                add(Kind::Camt029, stamp.clone(), resolution(writer, &stamp, &rejected))?;
            }
            Told::Status { .. } if is_answer => {
                not_taken.extend(transaction.request.as_ref().err().into_iter().flatten().cloned());
            }
            Told::Status { answer, .. } => statuses.push(answer.clone()),
            Told::Cancellation(answer) => {
                let stamp = stamps.next();
                add(Kind::Camt029, stamp.clone(), resolution(writer, &stamp, answer))?;
            }
            Told::Answer(taken) => not_taken.extend(taken.as_ref().err().cloned()),
        }
    }
    if !statuses.is_empty() {
        let stamp = stamps.next();
        add(Kind::Pacs002, stamp.clone(), status_report(writer, &stamp, None, &statuses))?;
    }
    if !not_taken.is_empty() {
        let stamp = stamps.next();
        let rejected = Rejected { reference: head.reference(), faults: &not_taken };
        add(Kind::Admi002, stamp.clone(), rejection(writer, &stamp, &rejected))?;
    } else if is_answer && !told.is_empty() {
        outgoing.push(received(writer, head, time_ms)?);
    }
    Ok(outgoing)
}

/// The answer to a message that is refused as a whole: admi.002 where it is no such message, else pacs.002 for its group.
///
/// # Errors
///
/// [`WriteError`] for what no message can say.
pub fn refusal(writer: &Writer<'_>, refused: &Refused, time_ms: u64) -> Result<Outgoing, WriteError> {
    let Refused { head, breach } = refused;
    let mut stamps = Stamps { seed: [&head.identifier, head.reference()], part: head.line, time_ms, count: 0 };
    let stamp = stamps.next();
    let is_payment = matches!(head.message, Some((Kind::Pacs008 | Kind::Pacs009 | Kind::Pacs004, _)));
    if *breach == Breach::Structure || !is_payment {
        let rejected = Rejected { reference: head.reference(), faults: &head.faults };
        let text = rejection(writer, &stamp, &rejected)?;
        return Ok(Outgoing { kind: Kind::Admi002, id: stamp.id, text });
    }
    let original = Original {
        message_id: Some(head.reference().to_owned()),
        message_name: Some(head.identifier.clone()),
        ..Original::default()
    };
    let reference = Reference { order: 0, original };
    let reason = head.faults.first().map_or(Reason::NARR, |fault| fault.reason);
    let texts: Vec<String> = head.faults.iter().take(20).map(|fault| fault.problem.clone()).collect();
    let text = status_report(writer, &stamp, Some((&reference, reason, &texts)), &[])?;
    Ok(Outgoing { kind: Kind::Pacs002, id: stamp.id, text })
}

/// admi.007: a message was received.
///
/// # Errors
///
/// [`WriteError`] for what no message can say.
pub fn received(writer: &Writer<'_>, head: &Head, time_ms: u64) -> Result<Outgoing, WriteError> {
    let seed = [head.identifier.as_str(), head.reference()];
    // No part of a message has this number: its answers have others.
    let stamp = Stamps { seed, part: u64::MAX, time_ms, count: 0 }.next();
    let text = acknowledgement(writer, &stamp, head.reference(), &head.identifier)?;
    Ok(Outgoing { kind: Kind::Admi007, id: stamp.id, text })
}

/// admi.002 for input that cannot be read to its end: nothing in it is done.
///
/// # Errors
///
/// [`WriteError`] for what no message can say.
pub fn unreadable(writer: &Writer<'_>, name: &str, fault: &Fault, time_ms: u64) -> Result<Outgoing, WriteError> {
    let stamp = Stamps { seed: ["unreadable", name], part: fault.line, time_ms, count: 0 }.next();
    let rejected = Rejected { reference: name, faults: std::slice::from_ref(fault) };
    let text = rejection(writer, &stamp, &rejected)?;
    Ok(Outgoing { kind: Kind::Admi002, id: stamp.id, text })
}
