//! A member's desk at a node: files of messages become orders that are signed here and sent, and answers.

use super::file_signature;
use crate::exit::{Exit, Failure, Result};
use crate::remote::{Signer, SignerArguments};
use api::iso::{IsoSettings, Known, Outgoing, Prepared, Told, answers, prepare, received, refusal, unreadable};
use api::sign::Record;
use api::view::{OutcomeView, UnionView};
use iso20022::outbound::{WriteError, Writer};
use iso20022::{Directory, Fault, Head, Incoming, Kind, Limits, Messages, Reader, Survey, survey};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use union::{BATCH_COMMANDS_MAX, Charter, Day};

/// A member's desk at a node.
pub struct Desk {
    signer: Signer,
    settings: IsoSettings,
    directory: Directory,
    today: Day,
    /// The union's time, Unix milliseconds.
    time_ms: u64,
}

/// Which answers are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those that no event of the union will tell. `again` where the file was begun before: then what was taken by it
    /// is no duplicate.
    WithoutEvents { again: bool },
}

/// What became of a file.
#[derive(Debug, Default, Serialize)]
pub struct Processed {
    /// Messages in it.
    pub messages: u64,
    /// Messages that were refused as a whole.
    pub refused: u64,
    /// Transactions by what became of them: the status of their order, `rejected`, `cancelled`, `asked`, `answered`.
    pub outcomes: BTreeMap<String, u64>,
    /// Why messages were refused.
    #[serde(skip)]
    pub faults: Vec<Fault>,
    /// Whether nothing of the file was taken.
    pub is_refused: bool,
}

#[derive(Deserialize)]
struct Participants {
    participants: Vec<Participant>,
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Participant {
    number: u32,
    identifier: String,
    name: String,
}

impl Desk {
    /// Opens the member's key, and learns from the node who is who.
    pub fn open(signer: &SignerArguments, settings: IsoSettings) -> Result<Desk> {
        let signer = signer.open()?;
        let directory = settings.directory(&signer.charter)?;
        let mut desk = Desk { signer, settings, directory, today: Day(0), time_ms: 0 };
        desk.refresh()?;
        Ok(desk)
    }

    /// The charter that is signed for.
    pub fn charter(&self) -> &Charter {
        &self.signer.charter
    }

    /// The member.
    pub fn member(&self) -> u16 {
        self.signer.member
    }

    /// What is known beside the charter.
    pub fn settings(&self) -> &IsoSettings {
        &self.settings
    }

    /// The member's key, which also opens customer detail.
    pub fn key(&self) -> &Arc<keys::MemberKey> {
        self.signer.key()
    }

    /// Asks the node for day, time and participants. Returns the height that the node shows: all up to it is durable.
    pub fn refresh(&mut self) -> Result<u64> {
        let union: UnionView = self.signer.remote().get("/v1/union", &[])?;
        if self.signer.follow(&union)? {
            self.directory = self.settings.directory(&self.signer.charter)?;
        }
        self.today = Day::parse(&union.today).map_err(Failure::failed)?;
        self.time_ms = milliseconds(&union.time)?;
        for (number, member) in (0..).zip(&self.signer.charter.members) {
            let mut cursor = Some(0);
            while let Some(from) = cursor {
                let path = format!("/v1/members/{}/participants", member.code);
                let page: Participants = self.signer.remote().get(&path, &[("cursor", &from.to_string())])?;
                for participant in &page.participants {
                    let Participant { number: own, identifier, name } = participant;
                    self.directory.add_participant(number, *own, identifier, name);
                }
                cursor = page.next;
            }
        }
        Ok(union.height)
    }

    fn writer(&self) -> Writer<'_> {
        Writer {
            charter: &self.signer.charter,
            directory: &self.directory,
            member: self.signer.member,
            edition: self.settings.edition,
        }
    }

    fn reader(&self) -> Reader<'_> {
        let (charter, directory, member) = (&self.signer.charter, &self.directory, self.signer.member);
        Reader { charter, directory, member, today: self.today }
    }

    /// Checks a file as a whole, then sends what it asks for and hands over the answers, message by message.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where the node was lost on the way: the same file again goes on where it ended.
    pub fn process(
        &mut self,
        path: &Path,
        wanted: Wanted,
        mut answer: impl FnMut(Outgoing) -> Result<()>,
    ) -> Result<Processed> {
        self.refresh()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let signers = self.settings.signers(&self.signer.charter, self.signer.member);
        let content = match file_signature::signed_content(path, &signers) {
            Ok(content) => content,
            Err(failure) if failure.exit != Exit::Refused => return Err(failure),
            Err(failure) => {
                let fault = Fault {
                    line: 1,
                    path: "signature".to_owned(),
                    breach: iso20022::Breach::Structure,
                    reason: union::Reason(*b"DS0H"),
                    problem: failure.text,
                };
                return self.refuse(&name, fault, answer);
            }
        };
        let open = || file_signature::from_its_beginning(&content).map_err(Failure::io("read", path));
        let surveyed = survey(open()?, Limits::FILE, Some(self.reader()));
        if let Some(fault) = surveyed.unreadable {
            return self.refuse(&name, fault, answer);
        }
        // Messages borrow who is who, and what is sent may not change it meanwhile.
        let (charter, directory) = (self.signer.charter.clone(), self.directory.clone());
        let reader = Reader { charter: &charter, directory: &directory, ..self.reader() };
        let mut messages = Messages::new(open()?, Limits::FILE, Some(reader));
        self.send(&mut messages, &surveyed, wanted, &mut answer)
    }

    /// Refuses a file as a whole.
    fn refuse(&self, name: &str, fault: Fault, mut answer: impl FnMut(Outgoing) -> Result<()>) -> Result<Processed> {
        answer(unreadable(&self.writer(), name, &fault, self.time_ms).map_err(unsayable)?)?;
        Ok(Processed { faults: vec![fault], is_refused: true, ..Processed::default() })
    }

    fn send(
        &mut self,
        messages: &mut Messages<'_, BufReader<File>>,
        surveyed: &Survey,
        wanted: Wanted,
        answer: &mut impl FnMut(Outgoing) -> Result<()>,
    ) -> Result<Processed> {
        let mut processed = Processed::default();
        let mut part = Part { head: Head::default(), number: 0, prepared: Vec::new() };
        loop {
            let place = processed.messages + 1;
            let is_taken = !surveyed.refused.contains_key(&place);
            // A file that was read to its end is, unless somebody writes to it meanwhile.
            let next = messages.next().map_err(|fault| Failure::failed(format!("the file changed: {fault}")))?;
            match next {
                None => break,
                Some(Incoming::Message(head)) if is_taken => {
                    if wanted != Wanted::All {
                        answer(self.received(&head)?)?;
                    }
                    part.head = head;
                }
                Some(Incoming::Transaction(transaction)) if is_taken => {
                    let (charter, member) = (&self.signer.charter, self.signer.member);
                    let known = |order| self.known(order);
                    part.prepared.push(prepare(&self.signer.batches(), charter, member, transaction, known)?);
                    if part.prepared.len() == BATCH_COMMANDS_MAX {
                        self.finish(&mut part, wanted, &mut processed, answer)?;
                    }
                }
                Some(Incoming::Message(_) | Incoming::Transaction(_)) => {}
                Some(Incoming::End(_)) => {
                    self.finish(&mut part, wanted, &mut processed, answer)?;
                    part.number = 0;
                    processed.messages = place;
                    if let Some(refused) = surveyed.refused.get(&place) {
                        processed.refused += 1;
                        processed.faults.extend(refused.head.faults.iter().cloned());
                        answer(refusal(&self.writer(), refused, self.time_ms).map_err(unsayable)?)?;
                    }
                }
            }
        }
        processed.is_refused = processed.refused == processed.messages;
        Ok(processed)
    }

    fn received(&self, head: &Head) -> Result<Outgoing> {
        received(&self.writer(), head, self.time_ms).map_err(unsayable)
    }

    fn known(&self, order: u128) -> Result<Option<Known>> {
        let view = self.signer.remote().order(&api::text::id_text(order))?;
        Ok(view.and_then(|view| Known::of_view(&self.signer.charter, &view)))
    }

    /// Sends what is prepared of a message, and answers it.
    fn finish(
        &mut self,
        part: &mut Part,
        wanted: Wanted,
        processed: &mut Processed,
        answer: &mut impl FnMut(Outgoing) -> Result<()>,
    ) -> Result<()> {
        let prepared = std::mem::take(&mut part.prepared);
        if prepared.is_empty() {
            return Ok(());
        }
        part.number += 1;
        let mut records: Vec<Record> = prepared.iter().filter_map(Prepared::record).cloned().collect();
        let mut outcomes: HashMap<u64, OutcomeView> = HashMap::new();
        while !records.is_empty() {
            let (receipt, lines) = self.signer.send_first(&mut records)?;
            self.time_ms = milliseconds(&receipt.time)?;
            outcomes.extend(lines.into_iter().zip(receipt.outcomes));
        }
        let mut told = Vec::new();
        for prepared in prepared {
            let is_known = matches!(wanted, Wanted::WithoutEvents { again: true });
            let outcome = outcomes
                .get(&prepared.transaction.place)
                .map(|outcome| OutcomeView { already_done: outcome.already_done && !is_known, ..outcome.clone() });
            let is_told = prepared.told(outcome.as_ref());
            *processed.outcomes.entry(name(&is_told)).or_default() += 1;
            let is_liquidity = matches!(part.head.message, Some((Kind::Camt050, _)));
            let by_event = match &is_told {
                Told::Status { is_taken, .. } => *is_taken && !is_liquidity,
                // That its message was received is said already, and nothing else is to be said of it.
                Told::Answer(taken) => taken.is_ok(),
                Told::Cancellation(_) => false,
            };
            if wanted == Wanted::All || !by_event {
                told.push((prepared.transaction, is_told));
            }
        }
        let written = answers(&self.writer(), &part.head, part.number, self.time_ms, &told).map_err(unsayable)?;
        written.into_iter().try_for_each(answer)
    }
}

/// Transactions of a message that are sent together.
struct Part {
    head: Head,
    /// Which part of the message.
    number: u64,
    prepared: Vec<Prepared>,
}

fn name(told: &Told) -> String {
    use iso20022::outbound::CancellationAnswer::{Cancelled, Pending, Rejected};
    use iso20022::outbound::Resolution;
    match told {
        Told::Status { answer, .. } => answer.status.map_or("rejected", |status| status.name()),
        Told::Cancellation(Resolution { answer: Cancelled, .. }) => "cancelled",
        Told::Cancellation(Resolution { answer: Pending, .. }) => "asked",
        Told::Cancellation(Resolution { answer: Rejected(_), .. }) => "rejected",
        Told::Answer(taken) => {
            if taken.is_ok() {
                "answered"
            } else {
                "rejected"
            }
        }
    }
    .to_owned()
}

fn unsayable(error: WriteError) -> Failure {
    Failure::failed(error)
}

/// An RFC 3339 time as Unix milliseconds.
fn milliseconds(text: &str) -> Result<u64> {
    let time: jiff::Timestamp = text.parse().map_err(Failure::failed)?;
    Ok(u64::try_from(time.as_millisecond()).unwrap_or(0))
}
