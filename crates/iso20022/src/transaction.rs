//! One transaction: from its elements to what it asks for.

use crate::check::{date, time};
use crate::directory::Seat;
use crate::edition::Kind;
use crate::fault::{Fault, quoted};
use crate::identifier::{Original, derived, reference};
use crate::message::{Head, Reader, Request, Transaction, owned};
use crate::record::{At, Record};
use keys::Detail;
use union::{Charter, Payment, Priority, Reason};

/// The amount that settles.
pub(crate) fn amount_of(kind: Kind, record: &Record) -> Option<At<'_>> {
    record.get(match kind {
        Kind::Pacs004 => "RtrdIntrBkSttlmAmt",
        Kind::Camt050 => "TrfdAmt/AmtWthCcy",
        _ => "IntrBkSttlmAmt",
    })
}

/// Reads a transaction of a message.
pub(crate) fn read(head: &Head, reader: Option<&Reader<'_>>, record: &Record, place: u64) -> Transaction {
    let kind = head.message.expect("only messages that are read have transactions").0;
    let original = match kind {
        Kind::Pacs008 | Kind::Pacs009 => own_identifiers(head, record, "PmtId"),
        Kind::Camt050 => own_identifiers(head, record, "LqdtyTrfId"),
        _ => original_identifiers(record),
    };
    let mut reading = Reading { head, reader, record, place, faults: record.faults.clone() };
    let request = match kind {
        Kind::Pacs008 | Kind::Pacs009 => reading.payment(kind, &original),
        Kind::Camt050 => reading.liquidity(&original),
        Kind::Pacs004 => reading.give_back(&original),
        Kind::Camt056 => reading.cancel(&original),
        Kind::Camt029 => reading.answer(&original),
        _ => reading.order(&original).map(|order| Request::Status { order }),
    };
    let faults = reading.faults;
    let request = request.filter(|_| faults.is_empty()).ok_or(faults);
    let first = |paths: &[&str]| paths.iter().find_map(|path| owned(record, path));
    // What is an order itself has no other identifiers.
    let (request_id, case_id) = match kind {
        Kind::Pacs008 | Kind::Pacs009 | Kind::Camt050 => (None, None),
        _ => (first(&["CxlId", "RtrId", "StsReqId", "CxlStsId"]), first(&["Case/Id", "RslvdCase/Id"])),
    };
    Transaction { line: record.line, place, original, request_id, case_id, request }
}

fn own_identifiers(head: &Head, record: &Record, path: &str) -> Original {
    let at = record.get(path);
    let text = |name: &str| at.and_then(|at| at.get(name)).map(|at| at.text().to_owned());
    Original {
        message_id: head.message_id.clone(),
        message_name: Some(head.identifier.clone()),
        instruction_id: text("InstrId"),
        end_to_end_id: text("EndToEndId"),
        transaction_id: text("TxId"),
        uetr: text("UETR"),
        system_reference: None,
    }
}

fn original_identifiers(record: &Record) -> Original {
    let text = |path: &str| owned(record, path);
    Original {
        message_id: text("OrgnlGrpInf/OrgnlMsgId"),
        message_name: text("OrgnlGrpInf/OrgnlMsgNmId"),
        instruction_id: text("OrgnlInstrId"),
        end_to_end_id: text("OrgnlEndToEndId"),
        transaction_id: text("OrgnlTxId"),
        uetr: text("OrgnlUETR"),
        system_reference: text("OrgnlClrSysRef").or_else(|| text("ClrSysRef")),
    }
}

struct Reading<'a> {
    head: &'a Head,
    reader: Option<&'a Reader<'a>>,
    record: &'a Record,
    place: u64,
    faults: Vec<Fault>,
}

/// A member's code where nobody is known: what is derived from it is thrown away.
const NOBODY: &str = "";

impl Reading<'_> {
    fn rule(&mut self, at: Option<At<'_>>, reason: Reason, problem: impl Into<String>) {
        let at = at.unwrap_or(self.record.top());
        self.faults.push(Fault::rule(at.line(), at.path(), reason, problem));
    }

    fn code(&self) -> &str {
        self.reader.map_or(NOBODY, |reader| reader.code())
    }

    /// The order that the transaction is, or is about.
    fn order(&mut self, original: &Original) -> Option<u128> {
        let order = original.order(self.code());
        if order.is_none() {
            let problem = "names no payment: give its UETR, or the identifiers that it was sent with";
            self.rule(None, Reason::NOOR, problem);
        }
        order
    }

    fn payment(&mut self, kind: Kind, original: &Original) -> Option<Request> {
        let is_customer = kind == Kind::Pacs008;
        let order = self.order(original)?;
        // The agent that serves the debtor; between institutions the debtor itself, where it has none.
        let side = |agent: &'static str, party: &'static str| match self.record.get(agent) {
            Some(at) => Some(at),
            None if is_customer => None,
            None => self.record.get(party),
        };
        let (debtor, creditor) = (side("DbtrAgt", "Dbtr"), side("CdtrAgt", "Cdtr"));
        self.check_instructing();
        let payer = self.payer(debtor);
        let payee = self.payee(creditor, self.record.get("InstdAgt"));
        let mut payment = self.start(order, "IntrBkSttlmAmt", "IntrBkSttlmDt")?;
        payment.customer = u8::from(is_customer);
        if let Some(at) = self.record.get("Purp/Cd") {
            match Reason::parse(at.text()) {
                Some(code) => payment.purpose = code.0,
                None => self.rule(Some(at), Reason::FF01, "is not a purpose code: four capital letters or digits"),
            }
        }
        (payment.debtor_participant, payment.creditor) = (payer?.participant, payee?.member);
        payment.creditor_participant = payee?.participant;
        let mut detail = self.detail(original);
        if is_customer {
            detail.debtor_name = owned(self.record, "Dbtr/Nm");
            detail.creditor_name = owned(self.record, "Cdtr/Nm");
        } else {
            // An institution behind the agent that serves it is its customer.
            let behind = |agent: &str, party: &str| {
                self.record.get(agent).and(self.record.get(party)).map(|party| {
                    party.get("FinInstnId/Nm").map_or_else(|| agent_text(party), |name| name.text().to_owned())
                })
            };
            (detail.debtor_name, detail.creditor_name) = (behind("DbtrAgt", "Dbtr"), behind("CdtrAgt", "Cdtr"));
        }
        self.check_detail(&detail)?;
        Some(Request::Pay { payment, detail: Box::new(detail) })
    }

    /// A transfer of liquidity is an order between institutions that settles now or not at all.
    fn liquidity(&mut self, original: &Original) -> Option<Request> {
        let named =
            Original { end_to_end_id: original.end_to_end_id.clone().or(Some(String::new())), ..original.clone() };
        let order = self.order(&named)?;
        let payer = match self.record.get("Dbtr") {
            Some(at) => self.payer(Some(at)),
            None => self.own_seat(),
        };
        let payee = self.payee(self.record.get("Cdtr"), None);
        let mut payment = self.start(order, "TrfdAmt/AmtWthCcy", "SttlmDt")?;
        (payment.immediate, payment.priority) = (1, Priority::Urgent as u8);
        (payment.debtor_participant, payment.creditor) = (payer?.participant, payee?.member);
        payment.creditor_participant = payee?.participant;
        let detail = self.detail(original);
        self.check_detail(&detail)?;
        Some(Request::Pay { payment, detail: Box::new(detail) })
    }

    fn give_back(&mut self, original: &Original) -> Option<Request> {
        let order = self.order(original)?;
        self.check_instructing();
        let receiver = match self.reader.map(|reader| receiver(reader, self.record.get("InstdAgt"))) {
            Some(Err(fault)) => {
                self.faults.push(fault);
                None
            }
            Some(Ok(receiver)) => receiver.or(self.head.group.receiver),
            None => None,
        };
        let message = self.head.message_id.clone().unwrap_or_default();
        let own = owned(self.record, "RtrId").unwrap_or_default();
        let id = derived(&["return", self.code(), &message, &own, &format!("{order:032x}")]);
        let reason = match self.record.get("RtrRsnInf/Rsn/Cd") {
            None => Reason::NARR,
            Some(at) => self.reason(at)?,
        };
        if let Some(at) = self.record.get("OrgnlIntrBkSttlmAmt") {
            let returned = self.record.get("RtrdIntrBkSttlmAmt")?;
            let same = |at: At<'_>| (minor_units(at).ok(), at.currency().to_owned());
            if same(at) != same(returned) {
                self.rule(Some(returned), Reason::AM12, "a return gives back the whole amount in the same currency");
            }
        }
        let mut payment = self.start(id, "RtrdIntrBkSttlmAmt", "IntrBkSttlmDt")?;
        (payment.kind, payment.original, payment.reason) = (Payment::RETURN, order, reason);
        let mut detail = self.detail(original);
        detail.instruction_id = owned(self.record, "RtrId").or(detail.instruction_id);
        detail.remittance = texts(self.record, "RtrRsnInf", "AddtlInf");
        self.check_detail(&detail)?;
        Some(Request::Return { payment, detail: Box::new(detail), receiver })
    }

    fn cancel(&mut self, original: &Original) -> Option<Request> {
        let order = self.order(original)?;
        let reason = match self.record.get("CxlRsnInf/Rsn/Cd") {
            None => Reason::NONE,
            Some(at) => self.reason(at)?,
        };
        let text = texts(self.record, "CxlRsnInf", "AddtlInf").into_iter().next();
        Some(Request::Cancel { order, reason, text })
    }

    fn answer(&mut self, original: &Original) -> Option<Request> {
        let order = self.order(original)?;
        let refused = match self.record.text("TxCxlSts") {
            Some("RJCR") => match self.record.get("CxlStsRsnInf/Rsn/Cd") {
                None => Some(Reason::NARR),
                Some(at) => Some(self.reason(at)?),
            },
            Some(_) => None,
            None => {
                self.rule(None, Reason::FF01, "has no TxCxlSts: whether the payment is given back is not said");
                return None;
            }
        };
        Some(Request::Answer { order, refused })
    }

    fn reason(&mut self, at: At<'_>) -> Option<Reason> {
        let reason = Reason::parse(at.text());
        if reason.is_none() {
            self.rule(Some(at), Reason::FF01, "is not a reason code: four capital letters or digits");
        }
        reason
    }

    /// What every order has: identifier, amount, day, priority, expiry.
    fn start(&mut self, id: u128, amount: &str, day: &str) -> Option<Payment> {
        let amount = self.record.get(amount);
        let read = amount.map(|at| (at, minor_units(at)));
        let (currency, minor) = match read {
            Some((_, Ok(read))) => read,
            Some((at, Err((reason, problem)))) => {
                self.rule(Some(at), reason, problem);
                return None;
            }
            None => return None,
        };
        let is_liquidity = self.head.message.is_some_and(|(kind, _)| kind == Kind::Camt050);
        let today = is_liquidity.then(|| self.reader.map_or(union::Day(0), |reader| reader.today));
        let value_date = match self.record.text(day).and_then(date).or(self.head.group.value_date).or(today) {
            Some(day) => day,
            None => {
                self.rule(None, Reason::DT01, format!("has no {day}, and its group has none either"));
                return None;
            }
        };
        let member = self.reader.map_or(0, |reader| reader.member);
        let mut payment = Payment::new(id, member, 0, currency, minor, value_date.0);
        let own = |path: &str| self.record.text(path).and_then(priority);
        let asked = own("SttlmPrty").or_else(|| own("PmtTpInf/InstrPrty")).or(self.head.group.priority);
        payment.priority = asked.unwrap_or(Priority::Normal as u8);
        payment.expires_at = self.expiry(value_date.0);
        payment.reference = reference(self.head.reference(), self.place);
        Some(payment)
    }

    /// The earliest of the times after which it is not to settle, as Unix seconds; 0 for none.
    fn expiry(&self, value_date: u32) -> u64 {
        let Some(reader) = self.reader else { return 0 };
        let charter = reader.charter;
        let on_the_day = |path: &str| {
            let second = self.record.text(path).and_then(time)?;
            Some(charter.calendar.time_ms(union::Day(value_date), second) / 1_000)
        };
        let at = self.record.text("XpryDtTm").or_else(|| self.record.text("AddtlDtTm/XpryDtTm"));
        let at = at.and_then(|text| unix_second(charter, text));
        let times = [on_the_day("SttlmTmReq/TillTm"), on_the_day("SttlmTmReq/RjctTm"), at, self.head.group.expires_at];
        times.into_iter().flatten().min().unwrap_or(0)
    }

    fn detail(&self, original: &Original) -> Detail {
        let account = |path: &str| {
            let id = self.record.get(path)?.get("Id")?;
            id.get("IBAN").or_else(|| id.get("Othr/Id")).map(|at| at.text().to_owned())
        };
        Detail {
            debtor_account: account("DbtrAcct"),
            creditor_account: account("CdtrAcct"),
            remittance: texts(self.record, "RmtInf", "Ustrd"),
            end_to_end_id: original.end_to_end_id.clone(),
            instruction_id: original.instruction_id.clone(),
            message_id: self.head.message_id.clone(),
            ..Detail::default()
        }
    }

    fn check_detail(&mut self, detail: &Detail) -> Option<()> {
        let wrong = detail.check().err();
        match wrong {
            None => Some(()),
            Some(error) => {
                self.rule(None, Reason::FF01, error.to_string());
                None
            }
        }
    }

    /// The agent that instructs is the member that sends, where it is named.
    fn check_instructing(&mut self) {
        let Some(reader) = self.reader else { return };
        let Some(at) = self.record.get("InstgAgt") else { return };
        if !find(reader, at).iter().any(|seat| seat.member == reader.member) {
            let problem = format!("{} is not {}, which sends the message", agent_text(at), reader.code());
            self.rule(Some(at), Reason::RC03, problem);
        }
    }

    fn own_seat(&self) -> Option<Seat> {
        Some(Seat { member: self.reader.map_or(0, |reader| reader.member), participant: 0 })
    }

    /// The sender's seat that pays.
    fn payer(&mut self, agent: Option<At<'_>>) -> Option<Seat> {
        let at = agent?;
        let Some(reader) = self.reader else { return self.own_seat() };
        let seats = find(reader, at);
        if let Some(seat) = seats.iter().find(|seat| seat.member == reader.member) {
            return Some(*seat);
        }
        let (reason, what) = match seats.is_empty() {
            true => (Reason::AC02, "nor one of its participants"),
            false => (Reason::RC03, "which sends the message"),
        };
        let problem = format!("{} is not {}, {what}", agent_text(at), reader.code());
        self.rule(Some(at), reason, problem);
        None
    }

    /// The seat that is paid: at the receiving member where that is named, else wherever the agent is known.
    fn payee(&mut self, agent: Option<At<'_>>, instructed: Option<At<'_>>) -> Option<Seat> {
        let Some(reader) = self.reader else { return Some(Seat { member: 0, participant: 0 }) };
        let named = match receiver(reader, instructed) {
            Ok(named) => named.or(self.head.group.receiver),
            Err(fault) => {
                self.faults.push(fault);
                return None;
            }
        };
        let Some(at) = agent else {
            self.rule(None, Reason::RC04, "names nobody who is paid");
            return None;
        };
        let seats = find(reader, at);
        let of_member = |member: u16| seats.iter().find(|seat| seat.member == member).copied();
        let seat = match (named, seats) {
            (Some(member), _) => of_member(member),
            (None, [only]) => Some(*only),
            (None, [_, _, ..]) => {
                let problem = format!("{} is at several members; name the one in InstdAgt", agent_text(at));
                self.rule(Some(at), Reason::RC04, problem);
                return None;
            }
            (None, []) => None,
        };
        if seat.is_none() {
            let (reason, problem) = match named {
                Some(member) => {
                    let receiver = reader.directory.name_of(Seat { member, participant: 0 });
                    let problem = format!("{} is neither {receiver} nor one of its participants", agent_text(at));
                    (Reason::AC03, problem)
                }
                None => (Reason::RC04, format!("{} is neither a member nor a participant of one", agent_text(at))),
            };
            self.rule(Some(at), reason, problem);
        }
        seat
    }
}

fn texts(record: &Record, path: &str, name: &str) -> Vec<String> {
    let around = record.top().children(path);
    around.flat_map(|at| at.children(name).map(|at| at.text().to_owned()).collect::<Vec<_>>()).collect()
}

/// An amount's currency and minor units.
fn minor_units(at: At<'_>) -> Result<(u16, u64), (Reason, String)> {
    let currency = money::Currency::from_code(at.currency()).map_err(|error| (Reason::AM03, error.to_string()))?;
    let minor = money::parse_amount(at.text(), currency.minor_digits()).map_err(|error| {
        let problem = match error {
            money::AmountError::TooManyDecimals { found, allowed } => {
                format!("{currency} has {allowed} decimals, but {} is written with {found}", quoted(at.text()))
            }
            other => other.to_string(),
        };
        (Reason::AM12, problem)
    })?;
    if minor == 0 {
        return Err((Reason::AM01, "the amount is zero".to_owned()));
    }
    Ok((currency.numeric(), minor))
}

/// The number of a priority.
pub(crate) fn priority(text: &str) -> Option<u8> {
    match text {
        "URGT" => Some(Priority::Urgent as u8),
        "HIGH" => Some(Priority::High as u8),
        "NORM" => Some(Priority::Normal as u8),
        _ => None,
    }
}

/// A date and time as Unix seconds; without an offset it is on the union's clock.
pub(crate) fn unix_second(charter: &Charter, text: &str) -> Option<u64> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return u64::try_from(instant.as_second()).ok();
    }
    let (day, clock) = text.split_once('T')?;
    Some(charter.calendar.time_ms(date(day)?, time(clock)?) / 1_000)
}

/// The seats that an agent stands for: by the first of BIC, LEI and member code that is known.
pub(crate) fn find<'a>(reader: &Reader<'a>, agent: At<'_>) -> &'a [Seat] {
    let names = ["FinInstnId/BICFI", "FinInstnId/LEI", "FinInstnId/ClrSysMmbId/MmbId"];
    let found = names.into_iter().filter_map(|path| agent.get(path)).map(|at| reader.directory.find(at.text()));
    found.into_iter().find(|seats| !seats.is_empty()).unwrap_or(&[])
}

/// What an agent is called in the message.
pub(crate) fn agent_text(agent: At<'_>) -> String {
    let names = ["FinInstnId/BICFI", "FinInstnId/LEI", "FinInstnId/ClrSysMmbId/MmbId", "FinInstnId/Nm"];
    let found = names.into_iter().find_map(|path| agent.get(path));
    found.map_or_else(|| "an institution without BIC, LEI or code".to_owned(), |at| at.text().to_owned())
}

/// The receiving member, where it is named: a member, or the member of a participant.
pub(crate) fn receiver(reader: &Reader<'_>, agent: Option<At<'_>>) -> Result<Option<u16>, Fault> {
    let Some(at) = agent else { return Ok(None) };
    let seats = find(reader, at);
    match seats {
        [] => {
            let problem = format!("{} is neither a member nor a participant of one", agent_text(at));
            Err(Fault::rule(at.line(), at.path(), Reason::RC04, problem))
        }
        [first, rest @ ..] if rest.iter().all(|seat| seat.member == first.member) => Ok(Some(first.member)),
        _ => {
            let problem = format!("{} is at several members; name one by its own BIC or code", agent_text(at));
            Err(Fault::rule(at.line(), at.path(), Reason::RC04, problem))
        }
    }
}
