//! A first pass over a file, before anything moves: which of its messages are refused as a whole, and why.

use crate::fault::{Breach, Fault};
use crate::message::{Head, Incoming, Messages, Reader};
use crate::parts::Limits;
use std::collections::BTreeMap;
use std::io::Read;

/// The most refused messages whose faults are kept; a file with more is refused as a whole.
const REFUSED_MAX: usize = 10_000;
/// The most faults kept of a message.
const FAULTS_MAX: usize = 1_000;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many messages.
    pub messages: u64,
    /// How many transactions.
    pub transactions: u64,
    /// Messages that are refused as a whole, by their place in the file, from 1.
    pub refused: BTreeMap<u64, Refused>,
    /// What keeps the file from being read to its end: then nothing in it is done.
    pub unreadable: Option<Fault>,
}

/// A message that is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The message, as far as it was read; with everything that is wrong with it, transactions included.
    pub head: Head,
    /// Structure where any fault is one of structure: then it is no such message, and its group cannot be answered.
    pub breach: Breach,
}

/// Goes over a file. What is wrong with a transaction by a rule refuses that transaction only; what is wrong with a
/// message's structure, wherever, or with its group refuses the message.
pub fn survey<R: Read>(input: R, limits: Limits, reader: Option<Reader<'_>>) -> Survey {
    let mut messages = Messages::new(input, limits, reader);
    let mut survey = Survey::default();
    let mut broken = Vec::new();
    loop {
        match messages.next() {
            Ok(None) => return survey,
            Err(fault) => {
                survey.unreadable = Some(fault);
                return survey;
            }
            Ok(Some(Incoming::Message(_))) => {}
            Ok(Some(Incoming::Transaction(transaction))) => {
                survey.transactions += 1;
                let faults = transaction.request.err().unwrap_or_default();
                if faults.iter().any(|fault| fault.breach == Breach::Structure) && broken.len() < FAULTS_MAX {
                    broken.extend(faults);
                }
            }
            Ok(Some(Incoming::End(mut head))) => {
                survey.messages += 1;
                head.faults.append(&mut broken);
                head.faults.truncate(FAULTS_MAX);
                if head.faults.is_empty() {
                    continue;
                }
                if survey.refused.len() == REFUSED_MAX {
                    let problem = format!("more than {REFUSED_MAX} messages of the file are refused");
                    survey.unreadable = Some(Fault::structure(head.line, "Document", problem));
                    return survey;
                }
                let breach = if head.is_broken() { Breach::Structure } else { Breach::Rule };
                survey.refused.insert(survey.messages, Refused { head, breach });
            }
        }
    }
}
