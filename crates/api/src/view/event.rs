//! What happened, event by event.

use super::order::{RequestView, holders, reason_texts};
use super::{AmountView, CycleView, LegView, ProposalView, QueueRunView, code, signed};
use crate::text::{OrderLine, id_text};
use ledger::{AccountId, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use union::{Charter, Event, NO_RULE, OrderEvent, OrderStatus, Union};
use utoipa::ToSchema;

/// Something that happened in a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "most events are the large one")]
pub enum EventView {
    /// An order came to a new status.
    Order {
        /// UUID.
        id: String,
        /// The new status.
        status: String,
        /// Members that hold it, by code, where it is held.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held_by: Vec<String>,
        /// ISO 20022 code: why, unless it settled.
        reason: Option<String>,
        /// Slot of the receiving member's acceptance rule that matched.
        rule: Option<u8>,
        /// The member that pays, by code.
        debtor: String,
        /// The open cycle.
        cycle: u32,
        /// The order as it was sent, but for customer detail and a priority that was changed since.
        order: OrderLine,
        /// What settlement took from the debtor member's position, in the unit of account.
        unit_debit: Option<AmountView>,
        /// What it gave to the creditor member's position, in the unit of account.
        unit_credit: Option<AmountView>,
    },
    /// Money moved between two accounts.
    Transfer(TransferView),
    /// A settled payment was given back.
    Returned {
        /// UUID of the payment.
        original: String,
        /// UUID of the return.
        by: String,
    },
    /// The return of a settled order was asked for, or refused; refused for `NOAS` where the order is forgotten and nobody had
    /// answered.
    ReturnRequest {
        /// UUID of the order.
        id: String,
        /// The member that paid, and asks, by code.
        debtor: String,
        /// The member that was paid, and answers.
        creditor: String,
        /// The request.
        #[serde(flatten)]
        request: RequestView,
    },
    /// Orders of the queue were settled together; what settled was told just before.
    QueueRun(QueueRunView),
    /// The open cycle closed.
    CycleClosed(CycleView),
    /// A member is to pay another.
    LegCalled(LegView),
    /// The creditor of a leg confirmed it.
    LegConfirmed(LegView),
    /// Every leg of a cycle is confirmed.
    CycleSettled {
        /// The cycle.
        cycle: u32,
    },
    /// A cycle opened.
    CycleOpened(CycleView),
    /// A member changed its own settings.
    SettingsChanged {
        /// The member, by code.
        member: String,
    },
    /// A member stands otherwise than before, or is new.
    StandingChanged {
        /// The member, by code.
        member: String,
        /// `active`, `suspended`, `leaving`, `expelled` or `left`.
        standing: String,
    },
    /// A member replaced a key of its own.
    KeyReplaced {
        /// The member, by code.
        member: String,
        /// `signing`, `sealing`, `node` or `standby`.
        kind: String,
        /// The new public key, hexadecimal.
        key: String,
        /// The first height at which it counts.
        from_height: u64,
    },
    /// A proposal was made, decided or withdrawn, its height was stated, or it came into force.
    Proposal(ProposalView),
    /// A leg that was overdue is to be paid in instalments.
    LegDeferred(LegView),
    /// An instalment of a leg was confirmed, but not the last.
    InstalmentConfirmed(LegView),
    /// What is left of a leg is not called for any more, since a side of it defaulted.
    LegClosedOut(LegView),
    /// A member did not pay what it had to.
    Defaulted {
        /// The member, by code.
        member: String,
        /// What it owed the union.
        owed: AmountView,
        /// What of that the union's own accounts bore; the rest is shared among the other members.
        from_reserves: AmountView,
    },
    /// A member that defaulted paid off a part of the claim on it.
    ClaimPaid {
        /// The member, by code.
        member: String,
        /// What it paid.
        paid: AmountView,
        /// What is left of the claim.
        left: AmountView,
    },
    /// A member voted.
    Voted {
        /// Number of the proposal.
        proposal: u32,
        /// The member, by code.
        member: String,
        /// `agree`, `oppose` or `abstain`.
        ballot: String,
    },
}

/// A double entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferView {
    /// `settlement`, `return`, `exchange_difference`, `rounding`, `cycle_settlement`, `charge`, `interest`, `collection` (of a
    /// member's dues, into its position), `default` or `loss_share`.
    pub kind: String,
    /// UUID of the order; null where no order moved the money.
    pub order: Option<String>,
    /// The member that pays, by code; `UNION` for accounts of all members together.
    pub debtor: String,
    /// Its participant.
    pub debtor_participant: u32,
    /// The member that is paid.
    pub creditor: String,
    /// Its participant.
    pub creditor_participant: u32,
    /// Whether it moved positions in the unit of account, or accounts in a currency.
    pub is_position: bool,
    /// How much.
    #[serde(flatten)]
    pub amount: AmountView,
}

/// The name of a kind of transfer.
pub(super) fn transfer_kind(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Settlement => "settlement",
        TransferKind::Return => "return",
        TransferKind::ExchangeDifference => "exchange_difference",
        TransferKind::Rounding => "rounding",
        TransferKind::CycleSettlement => "cycle_settlement",
        TransferKind::Charge => "charge",
        TransferKind::Interest => "interest",
        TransferKind::Collection => "collection",
        TransferKind::Default => "default",
        TransferKind::LossShare => "loss_share",
    }
}

impl TransferView {
    /// A transfer in the books of a union.
    pub fn new(union: &Union, transfer: &Transfer) -> Self {
        let charter = union.charter();
        let side = |account: AccountId| {
            let key = union.ledger().accounts().get(account).key;
            (code(charter, key.member), key.participant)
        };
        let ((debtor, debtor_participant), (creditor, creditor_participant)) =
            (side(transfer.debit), side(transfer.credit));
        TransferView {
            kind: transfer_kind(transfer.kind()).to_owned(),
            order: transfer.kind().is_of_an_order().then(|| id_text(transfer.order)),
            debtor,
            debtor_participant,
            creditor,
            creditor_participant,
            is_position: transfer.book == ledger::Book::UNIT_OF_ACCOUNT,
            amount: AmountView::of_book(signed(transfer.amount), transfer.book, charter),
        }
    }
}

impl EventView {
    /// An event of a union, at or before its present height.
    pub fn new(union: &Union, event: &Event) -> Self {
        let charter = union.charter();
        match event {
            Event::Order(order) => Self::of_order(charter, order),
            Event::Transfer(transfer) => EventView::Transfer(TransferView::new(union, transfer)),
            Event::Returned { original, by } => EventView::Returned { original: id_text(*original), by: id_text(*by) },
            Event::ReturnRequest(request) => EventView::ReturnRequest {
                id: id_text(request.order),
                debtor: code(charter, request.debtor),
                creditor: code(charter, request.creditor),
                request: (*request).into(),
            },
            Event::QueueRun(run) => EventView::QueueRun(QueueRunView::new(charter, run)),
            Event::CycleClosed(cycle) => EventView::CycleClosed(CycleView::of_row(charter, cycle)),
            Event::LegCalled(leg) => EventView::LegCalled(LegView::new(charter, leg)),
            Event::LegConfirmed(leg) => EventView::LegConfirmed(LegView::new(charter, leg)),
            Event::LegDeferred(leg) => EventView::LegDeferred(LegView::new(charter, leg)),
            Event::InstalmentConfirmed(leg) => EventView::InstalmentConfirmed(LegView::new(charter, leg)),
            Event::LegClosedOut(leg) => EventView::LegClosedOut(LegView::new(charter, leg)),
            Event::Defaulted(event) => EventView::Defaulted {
                member: code(charter, event.member),
                owed: AmountView::new(signed(event.owed), charter.unit_of_account),
                from_reserves: AmountView::new(signed(event.from_reserves), charter.unit_of_account),
            },
            Event::ClaimPaid(event) => EventView::ClaimPaid {
                member: code(charter, event.member),
                paid: AmountView::new(signed(event.paid), charter.unit_of_account),
                left: AmountView::new(signed(event.left), charter.unit_of_account),
            },
            Event::CycleSettled(cycle) => EventView::CycleSettled { cycle: *cycle },
            Event::CycleOpened(cycle) => EventView::CycleOpened(CycleView::of_row(charter, cycle)),
            Event::SettingsChanged { member } => EventView::SettingsChanged { member: code(charter, *member) },
            Event::StandingChanged { member, standing } => {
                EventView::StandingChanged { member: code(charter, *member), standing: standing.name().to_owned() }
            }
            Event::KeyReplaced { member, kind, key, from_height } => EventView::KeyReplaced {
                member: code(charter, *member),
                kind: kind.name().to_owned(),
                key: super::hex(key),
                from_height: *from_height,
            },
            Event::ProposalChanged(proposal) => EventView::Proposal(ProposalView::new(union, proposal)),
            Event::Voted { proposal, member, ballot } => EventView::Voted {
                proposal: *proposal,
                member: code(charter, *member),
                ballot: ballot.name().to_owned(),
            },
        }
    }

    /// An order that came to a status, by the charter alone.
    pub fn of_order(charter: &Charter, order: &OrderEvent) -> Self {
        let settled = order.status == OrderStatus::Settled;
        let amount = |minor: u64| settled.then(|| AmountView::new(minor.into(), charter.unit_of_account));
        EventView::Order {
            id: id_text(order.payment.id),
            status: order.status.name().to_owned(),
            held_by: holders(charter, order.held_by, &order.payment),
            reason: reason_texts(order.reason).0,
            rule: (order.rule != NO_RULE).then_some(order.rule),
            debtor: code(charter, order.payment.debtor),
            cycle: order.cycle,
            order: OrderLine::write(charter, &order.payment, None),
            unit_debit: amount(order.unit_debit),
            unit_credit: amount(order.unit_credit),
        }
    }

    /// Its name, as in the field `event`.
    pub fn name(&self) -> &'static str {
        match self {
            EventView::Order { .. } => "order",
            EventView::Transfer(_) => "transfer",
            EventView::Returned { .. } => "returned",
            EventView::ReturnRequest { .. } => "return_request",
            EventView::QueueRun(_) => "queue_run",
            EventView::CycleClosed(_) => "cycle_closed",
            EventView::LegCalled(_) => "leg_called",
            EventView::LegConfirmed(_) => "leg_confirmed",
            EventView::LegDeferred(_) => "leg_deferred",
            EventView::InstalmentConfirmed(_) => "instalment_confirmed",
            EventView::LegClosedOut(_) => "leg_closed_out",
            EventView::Defaulted { .. } => "defaulted",
            EventView::ClaimPaid { .. } => "claim_paid",
            EventView::CycleSettled { .. } => "cycle_settled",
            EventView::CycleOpened(_) => "cycle_opened",
            EventView::SettingsChanged { .. } => "settings_changed",
            EventView::StandingChanged { .. } => "standing_changed",
            EventView::KeyReplaced { .. } => "key_replaced",
            EventView::Proposal(_) => "proposal",
            EventView::Voted { .. } => "voted",
        }
    }
}
