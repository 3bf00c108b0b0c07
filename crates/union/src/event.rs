//! What applying a block did: an outcome for each command, and events in the order in which they happened.

use crate::command::Payment;
use crate::membership::{KeyKind, Standing};
use crate::order::{HeldBy, OrderStatus};
use crate::proposal::Proposal;
use crate::queue_run::QueueRun;
use crate::reason::Reason;
use crate::return_request::ReturnRequest;
use crate::rows::{Cycle, Leg};
use crate::state_parts::StateParts;
use crate::vote::Ballot;
use ledger::{Hash, Transfer};

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; for commands that are not payment orders.
    Done,
    /// The very same order was taken before: nothing was done again.
    AlreadyDone(OrderStatus),
    /// The order was taken, and this is where it is now.
    Order {
        /// Held, queued, settled, or refused by a rule of the receiving member.
        status: OrderStatus,
        /// Why, unless it settled.
        reason: Reason,
    },
    /// The command cannot be applied. Nothing was changed.
    Rejected(Rejection),
}

/// Why a command cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The ISO 20022 code.
    pub reason: Reason,
    /// The part of the command at fault.
    pub field: Field,
    /// In words.
    pub text: &'static str,
}

/// A part of a command, for error messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The record as a whole.
    Record,
    /// Identifier of the order.
    Id,
    /// Member that pays.
    Debtor,
    /// Member that is paid.
    Creditor,
    /// Participant of the debtor.
    DebtorParticipant,
    /// Participant of the creditor.
    CreditorParticipant,
    /// Amount.
    Amount,
    /// Currency.
    Currency,
    /// Value date.
    ValueDate,
    /// Expiry.
    ExpiresAt,
    /// Priority.
    Priority,
    /// Sealed customer detail.
    Detail,
    /// The payment that is given back.
    Original,
    /// Reason code.
    Reason,
    /// Number of a participant.
    Participant,
    /// Debit cap.
    DebitCap,
    /// Credit cap.
    CreditCap,
    /// Bilateral limit on what the member may owe.
    DebitLimit,
    /// Bilateral limit on what it may be owed.
    CreditLimit,
    /// The other member of a limit.
    Counterparty,
    /// An acceptance rule.
    Rule,
    /// A published rate.
    Rate,
    /// First day of a published rate.
    FromDay,
    /// Number of a cycle.
    Cycle,
    /// Number of a settlement leg.
    Leg,
    /// A key of a member.
    Key,
    /// A proposal.
    Proposal,
    /// Until when votes count.
    Deadline,
    /// A text of the charter.
    Text,
    /// The member that a proposal is about.
    Subject,
    /// A version of the rules.
    Protocol,
}

impl Field {
    /// Its name in the API and in error messages.
    pub fn name(self) -> &'static str {
        match self {
            Field::Record => "record",
            Field::Id => "id",
            Field::Debtor => "debtor",
            Field::Creditor => "creditor",
            Field::DebtorParticipant => "debtor_participant",
            Field::CreditorParticipant => "creditor_participant",
            Field::Amount => "amount",
            Field::Currency => "currency",
            Field::ValueDate => "value_date",
            Field::ExpiresAt => "expires_at",
            Field::Priority => "priority",
            Field::Detail => "detail",
            Field::Original => "original",
            Field::Reason => "reason",
            Field::Participant => "participant",
            Field::DebitCap => "debit_cap",
            Field::CreditCap => "credit_cap",
            Field::DebitLimit => "debit_limit",
            Field::CreditLimit => "credit_limit",
            Field::Counterparty => "counterparty",
            Field::Rule => "rule",
            Field::Rate => "rate",
            Field::FromDay => "from_day",
            Field::Cycle => "cycle",
            Field::Leg => "leg",
            Field::Key => "key",
            Field::Proposal => "proposal",
            Field::Deadline => "deadline",
            Field::Text => "text",
            Field::Subject => "subject",
            Field::Protocol => "protocol",
        }
    }
}

/// An order came to a new status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The order.
    pub payment: Payment,
    /// Its new status.
    pub status: OrderStatus,
    /// Who holds it, if it is held.
    pub held_by: HeldBy,
    /// Why, unless it settled.
    pub reason: Reason,
    /// The receiving member's acceptance rule that matched, or [`crate::NO_RULE`].
    pub rule: u8,
    /// The open cycle.
    pub cycle: u32,
    /// What settlement took from the debtor member's position, in minor units of the unit of account.
    pub unit_debit: u64,
    /// What it gave to the creditor member's position, likewise.
    pub unit_credit: u64,
}

/// A member defaulted. Amounts in minor units of the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultEvent {
    /// The member.
    pub member: u16,
    /// What it owed the union after its open legs were closed out.
    pub owed: u128,
    /// What of that the union's own accounts bore; the rest is shared among the other members.
    pub from_reserves: u128,
}

/// A member paid off a part of the claim on it. Amounts in minor units of the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimEvent {
    /// The member.
    pub member: u16,
    /// What it paid.
    pub paid: u128,
    /// What is left of the claim.
    pub left: u128,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "most events are the large one")]
pub enum Event {
    /// An order came to a new status.
    Order(OrderEvent),
    /// Money moved between two accounts.
    Transfer(Transfer),
    /// A payment that had settled was given back by another order.
    Returned {
        /// The payment.
        original: u128,
        /// The return.
        by: u128,
    },
    /// The return of a settled order was asked for, or refused; refused for [`Reason::NOAS`] where the order is forgotten and
    /// nobody had answered.
    ReturnRequest(ReturnRequest),
    /// Orders of the queue were settled together, or could not be; what settled was told just before.
    QueueRun(QueueRun),
    /// The open cycle closed, with these figures.
    CycleClosed(Cycle),
    /// A member is to pay another, to settle a closed cycle.
    LegCalled(Leg),
    /// The creditor of a leg confirmed it.
    LegConfirmed(Leg),
    /// A leg that was overdue is to be paid in instalments.
    LegDeferred(Leg),
    /// An instalment of a leg was confirmed, but not the last.
    InstalmentConfirmed(Leg),
    /// What is left of a leg counts as not called for, since a side of it defaulted.
    LegClosedOut(Leg),
    /// A member did not pay what it had to; what its default moved was told just before.
    Defaulted(DefaultEvent),
    /// A member that defaulted paid off a part of the claim on it; what that moved was told just before.
    ClaimPaid(ClaimEvent),
    /// Every leg of a cycle is confirmed, or closed out.
    CycleSettled(u32),
    /// A new cycle opened.
    CycleOpened(Cycle),
    /// A member's own settings changed (limits, rules, rates, participants).
    SettingsChanged {
        /// The member.
        member: u16,
    },
    /// A member stands otherwise than before, or is new.
    StandingChanged {
        /// The member.
        member: u16,
        /// How it stands now.
        standing: Standing,
    },
    /// A member replaced a key of its own.
    KeyReplaced {
        /// The member.
        member: u16,
        /// Which key.
        kind: KeyKind,
        /// The new one; zero for none.
        key: [u8; 32],
        /// The first height at which it counts.
        from_height: u64,
    },
    /// A proposal was made, decided or withdrawn, its height was stated, or it came into force.
    ProposalChanged(Proposal),
    /// A member voted.
    Voted {
        /// Number of the proposal.
        proposal: u32,
        /// The member.
        member: u16,
        /// What it voted.
        ballot: Ballot,
    },
}

impl Event {
    /// The order that it is about, if it is about one: of a return, the payment that is given back.
    pub fn order(&self) -> Option<u128> {
        match self {
            Event::Order(order) => Some(order.payment.id),
            Event::Transfer(transfer) => transfer.kind().is_of_an_order().then_some(transfer.order),
            Event::Returned { original, .. } => Some(*original),
            Event::ReturnRequest(request) => Some(request.order),
            _ => None,
        }
    }

    /// Whether nothing happens any more to the order that it is about.
    pub fn is_last(&self) -> bool {
        use OrderStatus::{Cancelled, Expired, Refused};
        match self {
            Event::Order(order) => matches!(order.status, Refused | Cancelled | Expired),
            Event::Returned { .. } => true,
            _ => false,
        }
    }
}

/// What a block did.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The block's height.
    pub height: u64,
    /// An outcome for each command, batch after batch.
    pub outcomes: Vec<Outcome>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What the state hash after the block is made of.
    pub parts: StateParts,
    /// The state hash after the block: that of `parts`.
    pub state: Hash,
}
