//! Messages as what they ask for: each transaction an order, a cancellation, a question, or what is wrong with it.

use crate::directory::Directory;
use crate::edition::{Edition, Kind};
use crate::fault::{Breach, Fault};
use crate::identifier::Original;
use crate::parts::{Limits, Part, Parts};
use crate::record::{At, Record};
use crate::transaction;
use keys::Detail;
use std::io::Read;
use union::{Charter, Day, Payment, Reason};

/// For whom messages are read.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The union's rules.
    pub charter: &'a Charter,
    /// Its institutions.
    pub directory: &'a Directory,
    /// The member that sends.
    pub member: u16,
    /// The union's day: a transfer of liquidity without a day is for it.
    pub today: Day,
}

/// A message, as far as its header and its group say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Which message it is; `None` for one that is not read here.
    pub message: Option<(Kind, Edition)>,
    /// What its namespace says that it is, such as `pacs.009.001.08`.
    pub identifier: String,
    /// Line on which it begins.
    pub line: u64,
    /// The business message identifier of its header.
    pub business_id: Option<String>,
    /// The message's own identifier, or that of the assignment.
    pub message_id: Option<String>,
    /// What is wrong with header and group.
    pub faults: Vec<Fault>,
    pub(crate) group: Group,
}

/// What a group says for all its transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub value_date: Option<Day>,
    pub priority: Option<u8>,
    pub expires_at: Option<u64>,
    /// The receiving member, if it is named.
    pub receiver: Option<u16>,
    transactions: Option<String>,
    control_sum: Option<String>,
    total: Option<String>,
}

/// What a transaction asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A payment order, with its customer detail to be sealed.
    Pay {
        /// The order; its `detail` is set when the detail is sealed.
        payment: Payment,
        /// What the two members concerned know.
        detail: Box<Detail>,
    },
    /// To give a payment back. Who pays and is paid is what it was in the payment, the other way round: it is for the
    /// caller to set, since it is not in the message.
    Return {
        /// The order, without creditor and participants.
        payment: Payment,
        /// As for a payment.
        detail: Box<Detail>,
        /// The member that is paid, if the message names it.
        receiver: Option<u16>,
    },
    /// To cancel a payment.
    Cancel {
        /// The order.
        order: u128,
        /// Why.
        reason: Reason,
        /// In words.
        text: Option<String>,
    },
    /// An answer to a request to give a payment back.
    Answer {
        /// The order.
        order: u128,
        /// Why it is not given back; `None` where it is, by a return of its own, or where that is not decided yet.
        refused: Option<Reason>,
    },
    /// How a payment stands.
    Status {
        /// The order.
        order: u128,
    },
}

/// A transaction of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Line on which it begins.
    pub line: u64,
    /// Its place in the message, from 1.
    pub place: u64,
    /// The payment that it is, or that it is about.
    pub original: Original,
    /// What the sender calls the request itself: a cancellation, a return, a question.
    pub request_id: Option<String>,
    /// The case that it belongs to.
    pub case_id: Option<String>,
    /// What it asks for, or everything that is wrong with it.
    pub request: Result<Request, Vec<Fault>>,
}

/// What comes next in a file of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message begins: its group was read.
    Message(Head),
    /// A transaction of it.
    Transaction(Transaction),
    /// It ends: with everything that was wrong with it but not with one transaction.
    End(Head),
}

/// The messages of XML input, one transaction after the other.
#[derive(Debug)]
pub struct Messages<'a, R> {
    parts: Parts<R>,
    reader: Option<Reader<'a>>,
    /// The header that waits for its document.
    header: Option<(Option<String>, Option<String>, Vec<Fault>)>,
    head: Head,
    has_group: bool,
    transactions: u64,
    /// Sum of the amounts, in 10^-17 of a major unit; `None` beyond all sums.
    sum: Option<i128>,
}

impl<'a, R: Read> Messages<'a, R> {
    /// Begins to read. Without a `reader` only what needs no union is checked: an integrator's question.
    pub fn new(input: R, limits: Limits, reader: Option<Reader<'a>>) -> Messages<'a, R> {
        Messages {
            parts: Parts::new(input, limits),
            reader,
            header: None,
            head: Head::default(),
            has_group: false,
            transactions: 0,
            sum: Some(0),
        }
    }

    /// The next of them; `None` at the end.
    ///
    /// # Errors
    ///
    /// A [`Fault`] after which nothing can be read.
    #[allow(clippy::should_implement_trait, reason = "an error ends it, which an iterator does not say")]
    pub fn next(&mut self) -> Result<Option<Incoming>, Fault> {
        loop {
            match self.parts.next()? {
                None => return Ok(None),
                Some(Part::Header(record)) => {
                    let text = |path| record.text(path).map(str::to_owned);
                    let mut faults = record.faults.clone();
                    if let Some(reader) = &self.reader {
                        faults.extend(check_sender(reader, record, "Fr/FIId"));
                    }
                    self.header = Some((text("BizMsgIdr"), text("MsgDefIdr"), faults));
                }
                Some(Part::Begin(opened)) => {
                    let (business_id, definition, faults) = self.header.take().unwrap_or_default();
                    self.head = Head {
                        message: opened.message,
                        line: opened.line,
                        business_id,
                        faults,
                        identifier: opened.identifier,
                        ..Head::default()
                    };
                    if let Some(definition) = definition.filter(|definition| *definition != self.head.identifier) {
                        let problem = format!("says {definition}, but the document is a {}", self.head.identifier);
                        let fault = Fault::structure(self.head.line, "AppHdr/MsgDefIdr", problem);
                        self.head.faults.push(fault);
                    }
                    (self.has_group, self.transactions, self.sum) = (false, 0, Some(0));
                }
                Some(Part::Group(record)) => {
                    read_group(&mut self.head, self.reader.as_ref(), record);
                    self.has_group = true;
                    return Ok(Some(Incoming::Message(self.head.clone())));
                }
                Some(Part::Transaction(record)) => {
                    self.transactions += 1;
                    if let Some((kind, _)) = self.head.message {
                        let amount = transaction::amount_of(kind, record).and_then(|at| scaled(at.text()));
                        self.sum = self.sum.zip(amount).and_then(|(sum, amount)| sum.checked_add(amount));
                    }
                    let read = transaction::read(&self.head, self.reader.as_ref(), record, self.transactions);
                    return Ok(Some(Incoming::Transaction(read)));
                }
                Some(Part::End(faults)) => {
                    self.head.faults.extend(faults);
                    self.check_totals();
                    return Ok(Some(Incoming::End(std::mem::take(&mut self.head))));
                }
            }
        }
    }

    /// Number and sum of transactions, where the group says them.
    fn check_totals(&mut self) {
        let Head { group, line, .. } = &self.head;
        let line = *line;
        let mut faults = Vec::new();
        let mut fault = |element: &str, code: &[u8; 4], problem: String| {
            faults.push(Fault::rule(line, format!("Document/GrpHdr/{element}"), Reason(*code), problem));
        };
        if let Some(said) = &group.transactions
            && said.parse() != Ok(self.transactions)
        {
            fault("NbOfTxs", b"AM18", format!("says {said}, but there are {}", self.transactions));
        }
        for (element, said) in [("CtrlSum", &group.control_sum), ("TtlIntrBkSttlmAmt", &group.total)] {
            if let Some(said) = said
                && (self.sum.is_none() || scaled(said) != self.sum)
            {
                fault(element, b"AM10", format!("says {said}, which is not the sum of the transactions"));
            }
        }
        self.head.faults.extend(faults);
    }
}

/// A decimal number in 10^-17; `None` where it has more decimals or does not fit.
fn scaled(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 17 || whole.len() > 18 {
        return None;
    }
    let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let fraction_scale = 10i128.pow(17 - fraction.len() as u32);
    Some(number(whole)? * 10i128.pow(17) + number(fraction)? * fraction_scale)
}

/// Whether who sends, by an agent at a path, is the member for whom it is read.
fn check_sender(reader: &Reader<'_>, record: &Record, path: &str) -> Option<Fault> {
    let agent = record.get(path)?;
    let seats = transaction::find(reader, agent);
    if seats.iter().any(|seat| seat.member == reader.member) {
        return None;
    }
    let problem = format!("{} is not {}, for which it is read", transaction::agent_text(agent), reader.code());
    Some(Fault::rule(agent.line(), agent.path(), Reason::RC03, problem))
}

fn read_group(head: &mut Head, reader: Option<&Reader<'_>>, record: &Record) {
    let Some((kind, _)) = head.message else { return };
    let text = |path: &str| record.text(path).map(str::to_owned);
    head.faults.extend(record.faults.iter().cloned());
    let is_about_a_case = matches!(kind, Kind::Camt056 | Kind::Camt029);
    head.message_id = text(if is_about_a_case { "Id" } else { "MsgId" });
    if let Some(at) = record.get("SttlmInf/SttlmMtd").filter(|at| at.text() != "CLRG") {
        let problem = format!("{} is not CLRG: settled is through the union, not over accounts of the two", at.text());
        head.faults.push(Fault::rule(at.line(), at.path(), Reason::AG03, problem));
    }
    if let Some(at) = record.get("GrpRtr").filter(|at| matches!(at.text(), "true" | "1")) {
        let problem = "payments are returned one by one; name each in TxInf";
        head.faults.push(Fault::rule(at.line(), at.path(), Reason::AG03, problem));
    }
    let mut group = Group {
        value_date: record.text("IntrBkSttlmDt").and_then(crate::check::date),
        priority: record.text("PmtTpInf/InstrPrty").and_then(transaction::priority),
        transactions: text("NbOfTxs"),
        control_sum: text("CtrlSum"),
        total: text("TtlIntrBkSttlmAmt").or_else(|| text("TtlRtrdIntrBkSttlmAmt")),
        ..Group::default()
    };
    if let Some(reader) = reader {
        let sender = if is_about_a_case { "Assgnr/Agt" } else { "InstgAgt" };
        head.faults.extend(check_sender(reader, record, sender));
        if !is_about_a_case {
            match transaction::receiver(reader, record.get("InstdAgt")) {
                Ok(receiver) => group.receiver = receiver,
                Err(fault) => head.faults.push(fault),
            }
        }
        group.expires_at = record.get("XpryDtTm").and_then(|at| transaction::unix_second(reader.charter, at.text()));
    }
    head.group = group;
}

impl Reader<'_> {
    /// The code of the member that sends.
    pub fn code(&self) -> &str {
        &self.charter.members[usize::from(self.member)].code
    }
}

impl Head {
    /// What answers refer to: the message's identifier, or that of its header.
    pub fn reference(&self) -> &str {
        self.message_id.as_deref().or(self.business_id.as_deref()).unwrap_or("NONREF")
    }

    /// Whether the message as a whole is not what it says that it is.
    pub fn is_broken(&self) -> bool {
        self.faults.iter().any(|fault| fault.breach == Breach::Structure)
    }
}

/// The text of an element, owned.
pub(crate) fn owned(record: &Record, path: &str) -> Option<String> {
    record.get(path).map(At::text).map(str::to_owned)
}
