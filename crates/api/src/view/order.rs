//! Orders, open and ended.

use super::{AmountView, code, day_text};
use crate::text::{id_text, priority_name, time_text};
use keys::Detail;
use serde::{Deserialize, Serialize};
use union::{
    Charter, ClosedOrder, Found, HeldBy, NO_RULE, OpenOrder, OrderStatus, Payment, Place, Reason, ReturnRequest, Union,
};
use utoipa::ToSchema;

/// An order. A list holds what the union keeps of it; asked for by itself, it is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// UUID.
    pub id: String,
    /// `held`, `queued`, `settled`, `refused`, `cancelled`, `expired` or `returned`.
    pub status: String,
    /// ISO 20022 code: why it waits, or why it ended, unless it settled.
    pub reason: Option<String>,
    /// What the code means, where this software gives it.
    pub meaning: Option<String>,
    /// The member that pays, by code.
    pub debtor: String,
    /// Its participant; 0 for the member itself.
    pub debtor_participant: u32,
    /// The member that is paid, by code.
    pub creditor: String,
    /// Its participant; 0 for the member itself.
    pub creditor_participant: u32,
    /// The amount.
    #[serde(flatten)]
    pub amount: AmountView,
    /// The day on which it is to settle.
    pub value_date: String,
    /// Where its record is in the journal.
    pub place: PlaceView,
    /// Slot of the receiving member's acceptance rule that matched.
    pub rule: Option<u8>,
    /// When it expires, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The block in which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at_height: Option<u64>,
    /// The cycle in which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u32>,
    /// `payment` or `return`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// For a return: UUID of the payment that it gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// For a return: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<String>,
    /// Members that hold it, by code: the sending one, until it releases it; the receiving one, until it accepts or refuses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<String>,
    /// Where its return was asked for: how that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_request: Option<RequestView>,
    /// `urgent`, `high` or `normal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Whether it is a customer payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<bool>,
    /// Whether it was to be refused if it could not settle at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immediate: Option<bool>,
    /// ISO 20022 purpose code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The sender's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Hash of the sealed customer detail, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_hash: Option<String>,
    /// Customer detail, for a session of one of the two members concerned only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Detail>,
}

/// A request of the member that paid for the return of a settled order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestView {
    /// `asked`, `refused` or `granted`.
    pub status: String,
    /// ISO 20022 code: why it is asked for or, once it is refused, why that.
    pub reason: String,
}

impl From<ReturnRequest> for RequestView {
    fn from(request: ReturnRequest) -> Self {
        RequestView { status: request.status.name().to_owned(), reason: request.reason.code().to_owned() }
    }
}

/// A place in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceView {
    /// The block.
    pub height: u64,
    /// The batch in the block.
    pub batch: u32,
    /// The record in the batch.
    pub record: u32,
}

impl PlaceView {
    /// The place itself.
    pub(crate) fn place(self) -> Place {
        Place::new(self.height, self.batch as u16, self.record as u16)
    }
}

impl From<Place> for PlaceView {
    fn from(place: Place) -> Self {
        PlaceView { height: place.height, batch: place.batch.into(), record: place.record.into() }
    }
}

/// A reason code and its meaning, unless it is none.
pub(super) fn reason_texts(reason: Reason) -> (Option<String>, Option<String>) {
    let code = (reason != Reason::NONE).then(|| reason.code().to_owned());
    (code, reason.meaning().map(str::to_owned))
}

/// Why an order is in no queue yet: [`Reason::DT01`] by itself could be read as a mistake.
pub(super) fn waits_for_value_date(payment: &Payment) -> String {
    format!("waits for its value date {}", day_text(payment.value_date))
}

/// The members that hold an order, by code.
pub(super) fn holders(charter: &Charter, held_by: HeldBy, payment: &Payment) -> Vec<String> {
    held_by.members(payment).map(|member| code(charter, member)).collect()
}

impl OrderView {
    /// Who holds it.
    pub(crate) fn held_by(&self) -> HeldBy {
        let holds = |member: &String| self.held_by.contains(member);
        HeldBy::of(holds(&self.debtor), holds(&self.creditor))
    }

    /// An order of the union.
    pub(crate) fn of(union: &Union, order: u128) -> Option<Self> {
        Some(match union.orders().find(order)? {
            Found::Open(at) => OrderView::open(union.charter(), union.orders().open(at)),
            Found::Closed(at) => OrderView::ended(union.charter(), union.orders().closed(at)),
        })
    }

    /// An order that is held or queued.
    pub fn open(charter: &Charter, order: &OpenOrder) -> Self {
        let payment = &order.payment;
        let (reason, mut meaning) = reason_texts(order.waits_for);
        if order.status() == OrderStatus::Queued && order.waits_for == Reason::DT01 {
            meaning = Some(waits_for_value_date(payment));
        }
        let held_by = order.held_by();
        meaning = held_by.meaning().map(str::to_owned).or(meaning);
        let mut view = OrderView {
            id: id_text(payment.id),
            status: order.status().name().to_owned(),
            reason,
            meaning,
            debtor: code(charter, payment.debtor),
            debtor_participant: payment.debtor_participant,
            creditor: code(charter, payment.creditor),
            creditor_participant: payment.creditor_participant,
            amount: AmountView::of_number(payment.amount.into(), payment.currency),
            value_date: day_text(payment.value_date),
            place: order.place.into(),
            rule: (order.rule != NO_RULE).then_some(order.rule),
            expires_at: Some(time_text(order.expires_at.saturating_mul(1_000))),
            ended_at_height: None,
            cycle: None,
            kind: None,
            original: None,
            return_reason: None,
            held_by: holders(charter, held_by, payment),
            return_request: None,
            priority: None,
            customer: None,
            immediate: None,
            purpose: None,
            reference: None,
            detail_hash: None,
            detail: None,
        };
        view.complete(payment);
        view
    }

    /// An order that has ended.
    pub fn ended(charter: &Charter, order: &ClosedOrder) -> Self {
        let (reason, meaning) = reason_texts(order.reason());
        OrderView {
            id: id_text(order.id),
            status: order.status().name().to_owned(),
            reason,
            meaning,
            debtor: code(charter, order.debtor),
            debtor_participant: order.debtor_participant,
            creditor: code(charter, order.creditor),
            creditor_participant: order.creditor_participant,
            amount: AmountView::of_number(order.amount.into(), order.currency),
            value_date: day_text(order.value_date),
            place: order.place().into(),
            rule: (order.rule != NO_RULE).then_some(order.rule),
            expires_at: None,
            ended_at_height: Some(order.ended),
            cycle: Some(order.cycle),
            kind: None,
            original: None,
            return_reason: None,
            held_by: Vec::new(),
            return_request: order.return_request().map(RequestView::from),
            priority: None,
            customer: None,
            immediate: None,
            purpose: None,
            reference: None,
            detail_hash: None,
            detail: None,
        }
    }

    /// Adds what only the order's record says.
    pub fn complete(&mut self, payment: &Payment) {
        let is_return = payment.kind == Payment::RETURN;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.kind = Some(if is_return { "return" } else { "payment" }.to_owned());
        self.original = is_return.then(|| id_text(payment.original));
        self.return_reason = some(payment.reason.code());
        self.priority = Some(priority_name(payment.priority).to_owned());
        self.customer = Some(payment.customer == 1);
        self.immediate = Some(payment.immediate == 1);
        self.purpose = some(Reason(payment.purpose).code());
        self.reference = some(payment.reference());
        self.detail_hash = (payment.detail != [0; 32]).then(|| super::hex(&payment.detail));
    }
}
