//! What happened in a block, as messages to a member.

use super::accounts::Accounts;
use super::journal_orders::JournalOrders;
use super::prepare::held_text;
use super::{IsoSettings, Outgoing};
use iso20022::outbound::{
    Answer, Booking, CancellationAnswer, Known, LegCopy, Report, Resolution, Stamp, WriteError, Writer,
    cancellation_request, notification, resolution, settlement_leg, statement, status_report,
};
use iso20022::{Directory, DirectoryError, Kind};
use keys::MemberKey;
use ledger::{AccountKey, Transfer};
use network::{NodeError, Replay, Step};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use union::{
    Applied, Charter, Entry, Event, Found, Leg, OrderEvent, Payment, Period, RequestStatus, ReturnRequest, Statement,
    Union,
};

/// Why a member cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The journal cannot be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A name in the settings is none.
    #[error("iso20022.members: {0}")]
    Directory(#[from] DirectoryError),
    /// No message can say it.
    #[error(transparent)]
    Write(#[from] WriteError),
}

type Result<T> = std::result::Result<T, TellError>;

/// A member's statement of a day or a cycle, made from a journal up to the block at `until`: a camt.053, or a camt.052 where the period is not
/// over. Without a key, no customer detail is told.
///
/// # Errors
///
/// [`TellError`].
pub fn statement_message(
    data: &Path,
    member: u16,
    settings: IsoSettings,
    key: Option<Arc<MemberKey>>,
    period: Period,
    until: u64,
) -> Result<Outgoing> {
    let mut replay = Replay::open(data, until)?;
    let made = network::statement_of(&mut replay, member, period)?;
    while replay.step()?.is_some() {}
    let union = replay.union();
    let name = match period {
        Period::Day(day) => format!("D{day}"),
        Period::Cycle(cycle) => format!("C{cycle:06}"),
    };
    let stamp = Stamp { id: format!("{name}-{:012}", made.height), time_ms: union.time_ms() };
    let report = if made.is_final { Report::Statement } else { Report::Intraday };
    Teller::new(&replay, member, settings, data, key, None)?.statement(union, &stamp, report, &made)
}

/// A message to a member, and the order that it is about, where it is about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The order.
    pub order: Option<u128>,
    /// The message.
    pub message: Outgoing,
}

/// Tells a member what happened.
pub struct Teller {
    charter: Charter,
    member: u16,
    settings: IsoSettings,
    directory: Directory,
    data: PathBuf,
    orders: JournalOrders,
    accounts: Accounts,
    /// The cycle in which the journal begins, where it does not begin with genesis: not all of it can be stated.
    cut_cycle: Option<u32>,
}

/// What a message out of a block says.
enum Said<'a> {
    /// A day is over, or how it stands.
    Day(Report, Statement),
    /// A cycle is over, and is yet to be stated.
    Cycle(u32),
    /// An order of the member came to a new status.
    Status(&'a OrderEvent),
    /// An account of the member was debited, where `sign` is -1, or credited. `payment` is the order that was told of last.
    Booking { transfer: &'a Transfer, account: AccountKey, sign: i128, payment: Option<Payment> },
    /// The return of an order is asked for, or that is answered.
    Request(ReturnRequest),
    /// The member is to pay another, or is to be paid.
    Leg(&'a Leg, LegCopy),
}

impl Said<'_> {
    /// The order that it is about.
    fn order(&self) -> Option<u128> {
        match self {
            Said::Status(order) => Some(order.payment.id),
            Said::Booking { transfer, .. } => transfer.kind().is_of_an_order().then_some(transfer.order),
            Said::Request(request) => Some(request.order),
            _ => None,
        }
    }
}

/// The request for the return of an order that was given back, where it was asked for.
fn request_for(union: &Union, order: u128) -> Option<ReturnRequest> {
    let Some(Found::Closed(at)) = union.orders().find(order) else { return None };
    union.orders().closed(at).return_request().filter(|request| request.status == RequestStatus::Granted)
}

impl Teller {
    /// For a member, from where a replay of the journal in `data` has come to. Without a key, no customer detail is told. With
    /// `intraday_ms`, the day's accounts are reported that often by the union's clock.
    pub fn new(
        replay: &Replay,
        member: u16,
        settings: IsoSettings,
        data: &Path,
        key: Option<Arc<MemberKey>>,
        intraday_ms: Option<NonZeroU64>,
    ) -> Result<Teller> {
        let union = replay.union();
        let charter = union.charter().clone();
        let mut directory = settings.directory_of_then(&charter)?;
        union.participants().iter().for_each(|participant| directory.add(participant));
        let orders = JournalOrders::new(data, replay.begins(), member, key);
        let accounts = Accounts::new(union, member, intraday_ms);
        let cut_cycle = (union.height() > 0).then(|| union.open_cycle_row().number);
        Ok(Teller { charter, member, settings, directory, data: data.to_owned(), orders, accounts, cut_cycle })
    }

    /// Learns of members, participants and balances. To be told every block before the first that [`Teller::block`] tells of.
    pub fn learn(&mut self, step: &Step<'_>) -> Result<()> {
        self.follow(step.union, &step.applied).map(|_| ())
    }

    /// Takes a block in. Returns the statement of the day that it ended, and a report on the day so far, if it is time for them.
    fn follow(&mut self, union: &Union, applied: &Applied) -> Result<(Option<Statement>, Option<Statement>)> {
        self.learn_names(union, &applied.events)?;
        Ok(self.accounts.block(union, applied))
    }

    fn learn_names(&mut self, union: &Union, events: &[Event]) -> Result<()> {
        let charter = union.charter();
        if (charter.text_hash(), &charter.members) != (self.charter.text_hash(), &self.charter.members) {
            self.charter = charter.clone();
            self.directory = self.settings.directory_of_then(charter)?;
            union.participants().iter().for_each(|participant| self.directory.add(participant));
        }
        for event in events {
            if let Event::SettingsChanged { member } = event {
                let of_member = union.participants().iter().filter(|participant| participant.member == *member);
                of_member.for_each(|participant| self.directory.add(participant));
            }
        }
        Ok(())
    }

    /// The messages out of a block, in the order of what happened: first the statement of the day that it ended; last the report on the day
    /// so far, so that the others have the same identifiers whether there are such reports or not.
    pub fn block(&mut self, step: Step<'_>) -> Result<Vec<Notice>> {
        self.tell(step, |_| true)
    }

    /// Those of them that are about an order: the others are counted, and not written.
    pub fn about(&mut self, step: Step<'_>, order: u128) -> Result<Vec<Notice>> {
        self.tell(step, |said| said.order() == Some(order))
    }

    fn tell(&mut self, step: Step<'_>, is_wanted: impl Fn(&Said<'_>) -> bool) -> Result<Vec<Notice>> {
        let Step { union, block, applied, .. } = step;
        let (ended, so_far) = self.follow(union, &applied)?;
        self.orders.keep(applied.height, block);
        let mut said: Vec<Said<'_>> = ended.map(|made| Said::Day(Report::Statement, made)).into_iter().collect();
        self.hear(union, &applied.events, &mut said);
        said.extend(so_far.map(|made| Said::Day(Report::Intraday, made)));
        // Identifiers are the same whenever the messages are written.
        let stamp =
            |count: usize| Stamp { id: format!("B{:012}-{count:06}", applied.height), time_ms: union.time_ms() };
        let wanted = said.into_iter().zip(1..).filter(|(said, _)| is_wanted(said));
        wanted.map(|(said, count)| self.write(union, applied.height, &stamp(count), said)).collect()
    }

    /// Adds what is to be said of what happened.
    fn hear<'a>(&self, union: &Union, events: &'a [Event], said: &mut Vec<Said<'a>>) {
        let mut payment: Option<Payment> = None;
        for event in events {
            match event {
                Event::Order(order) => {
                    payment = Some(order.payment);
                    // A transfer of liquidity was answered when it came: it settled at once or not at all.
                    let is_liquidity = order.payment.immediate == 1 && order.payment.customer == 0;
                    if order.payment.debtor == self.member && !is_liquidity {
                        said.push(Said::Status(order));
                    }
                }
                Event::Transfer(transfer) => {
                    for (account, sign) in [(transfer.debit, -1), (transfer.credit, 1)] {
                        let account = union.ledger().accounts().get(account).key;
                        if account.member == self.member {
                            said.push(Said::Booking { transfer, account, sign, payment });
                        }
                    }
                }
                Event::ReturnRequest(request) => said.extend(self.request_to_tell(*request)),
                Event::Returned { original, .. } => {
                    said.extend(request_for(union, *original).and_then(|request| self.request_to_tell(request)));
                }
                Event::CycleClosed(cycle) if self.cut_cycle != Some(cycle.number) => {
                    said.push(Said::Cycle(cycle.number));
                }
                Event::LegCalled(leg) if leg.debtor == self.member => said.push(Said::Leg(leg, LegCopy::ToPay)),
                Event::LegCalled(leg) if leg.creditor == self.member => said.push(Said::Leg(leg, LegCopy::ToReceive)),
                _ => {}
            }
        }
    }

    /// A request to give a settled order back is for the member that was paid, its answer for the member that asked.
    fn request_to_tell(&self, request: ReturnRequest) -> Option<Said<'static>> {
        let is_for = match request.status {
            RequestStatus::Asked => request.creditor,
            RequestStatus::Refused | RequestStatus::Granted => request.debtor,
        };
        (is_for == self.member).then_some(Said::Request(request))
    }

    fn write(&mut self, union: &Union, height: u64, stamp: &Stamp, said: Said<'_>) -> Result<Notice> {
        let order = said.order();
        let outgoing = |kind, text| Outgoing { kind, id: stamp.id.clone(), text };
        let message = match said {
            Said::Day(report, made) => self.statement(union, stamp, report, &made)?,
            Said::Cycle(cycle) => {
                let made = network::statement(&self.data, self.member, Period::Cycle(cycle), height)?;
                self.statement(union, stamp, Report::Statement, &made)?
            }
            Said::Status(order) => outgoing(Kind::Pacs002, self.status(union, stamp, order)?),
            Said::Booking { transfer, account, sign, payment } => {
                let known = match order {
                    None => Known::default(),
                    Some(order) => self.orders.known(union, order, payment.filter(|payment| payment.id == order))?,
                };
                let booking = Booking {
                    kind: transfer.kind(),
                    order: transfer.order,
                    // It fits: the ledger bounds every side of an account far below.
                    amount: transfer.amount as i128 * sign,
                    time_ms: union.time_ms(),
                    known,
                };
                outgoing(Kind::Camt054, notification(&self.writer(), stamp, account, &booking)?)
            }
            Said::Request(request) => {
                let (kind, text) = self.request(union, stamp, &request)?;
                outgoing(kind, text)
            }
            Said::Leg(leg, copy) => {
                outgoing(Kind::Pacs009, settlement_leg(&self.writer(), stamp, leg, copy, union.today())?)
            }
        };
        Ok(Notice { order, message })
    }

    fn writer(&self) -> Writer<'_> {
        let edition = self.settings.edition;
        Writer { charter: &self.charter, directory: &self.directory, member: self.member, edition }
    }

    fn status(&mut self, union: &Union, stamp: &Stamp, order: &OrderEvent) -> Result<String> {
        let id = order.payment.id;
        let known = self.orders.known(union, id, Some(order.payment))?;
        let answer = Answer {
            reference: known.reference(id, self.settings.edition),
            status: Some(order.status),
            reason: order.reason,
            texts: order.reason.meaning().map(str::to_owned).into_iter().chain(held_text(order.held_by)).collect(),
        };
        Ok(status_report(&self.writer(), stamp, None, &[answer])?)
    }

    /// A request to give a settled order back, or its answer.
    fn request(&mut self, union: &Union, stamp: &Stamp, request: &ReturnRequest) -> Result<(Kind, String)> {
        let known = self.orders.known(union, request.order, None)?;
        let reference = known.reference(request.order, self.settings.edition);
        let (answer, text) = match request.status {
            RequestStatus::Asked => {
                let text = cancellation_request(&self.writer(), stamp, request.debtor, &reference, request.reason);
                return Ok((Kind::Camt056, text?));
            }
            RequestStatus::Refused => (CancellationAnswer::Rejected(request.reason), request.reason.meaning()),
            RequestStatus::Granted => (CancellationAnswer::Cancelled, Some("it was given back by a later entry")),
        };
        let (by, text) = (Some(request.creditor), text.map(str::to_owned));
        let answer = Resolution { reference, request_id: None, case_id: None, answer, by, text };
        Ok((Kind::Camt029, resolution(&self.writer(), stamp, &answer)?))
    }

    /// A statement as a message.
    pub fn statement(&mut self, union: &Union, stamp: &Stamp, report: Report, made: &Statement) -> Result<Outgoing> {
        let mut known: BTreeMap<u128, Known> = BTreeMap::new();
        for entry in made.accounts.iter().flat_map(|account| &account.entries) {
            if let Some(payment) = entry.payment
                && !known.contains_key(&entry.order)
            {
                known.insert(entry.order, self.orders.known(union, entry.order, Some(payment))?);
            }
        }
        // The other bookings of an order are told with it; those of a leg have a number that no order has.
        let of_entry = |entry: &Entry| match entry.kind {
            kind if !kind.is_of_an_order() => Known::default(),
            _ => known.get(&entry.order).cloned().unwrap_or_default(),
        };
        let text = statement(&self.writer(), stamp, report, made, of_entry)?;
        let kind = if report == Report::Statement { Kind::Camt053 } else { Kind::Camt052 };
        Ok(Outgoing { kind, id: stamp.id.clone(), text })
    }
}
