//! What became of commands.

use super::order::{reason_texts, waits_for_value_date};
use super::{code, hex};
use crate::text::{id_text, time_text};
use network::BatchReceipt;
use serde::{Deserialize, Serialize};
use union::{BatchHeader, Charter, Command, OrderStatus, Outcome, RECORD_BYTES, Reason};
use utoipa::ToSchema;

/// What became of one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeView {
    /// Place of the command in its batch, or of the order in its file (line) where it came from one.
    pub line: u64,
    /// UUID of the order, for commands that are or concern one.
    pub id: Option<String>,
    /// Number of the proposal, for one that was made here and for commands that concern one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u32>,
    /// `done`; for an order its status: `held`, `queued`, `settled`, `refused`, `cancelled`; `awaiting_approval` where a
    /// second person has to agree first; `rejected` where nothing was changed; `busy` where the node did not take it, so that
    /// it can be sent again; `unknown` where the order has to be asked for.
    pub outcome: String,
    /// Whether this very order had been taken before, and nothing was done again.
    pub already_done: bool,
    /// ISO 20022 reason code, where there is a reason.
    pub reason: Option<String>,
    /// The field at fault, if rejected.
    pub field: Option<String>,
    /// The reason in words.
    pub text: Option<String>,
    /// Where a second person has to agree: the approval's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// The order that a command is or concerns.
pub(crate) fn order_of(command: &Command) -> Option<u128> {
    match *command {
        Command::Pay(payment) => Some(payment.id),
        Command::Accept { order }
        | Command::Refuse { order, .. }
        | Command::Cancel { order, .. }
        | Command::Reprioritise { order, .. }
        | Command::Hold { order }
        | Command::Release { order }
        | Command::RequestReturn { order, .. }
        | Command::RefuseReturn { order, .. } => Some(order),
        _ => None,
    }
}

/// The proposal that a command concerns.
pub(crate) fn proposal_of(command: &Command) -> Option<u32> {
    match *command {
        Command::ProposalText { proposal, .. }
        | Command::Vote { proposal, .. }
        | Command::WithdrawProposal { proposal } => Some(proposal),
        _ => None,
    }
}

impl OutcomeView {
    /// The outcome of the command in a record; `line` is where it came from.
    pub fn new(line: u64, record: &[u8; RECORD_BYTES], outcome: &Outcome) -> Self {
        let command = Command::decode(record).ok();
        let mut view = OutcomeView {
            line,
            id: command.as_ref().and_then(order_of).map(id_text),
            proposal: command.as_ref().and_then(proposal_of),
            outcome: "done".to_owned(),
            already_done: false,
            reason: None,
            field: None,
            text: None,
            approval: None,
        };
        match outcome {
            Outcome::Done => {}
            Outcome::AlreadyDone(status) => {
                view.outcome = status.name().to_owned();
                view.already_done = true;
            }
            Outcome::Order { status, reason } => {
                view.outcome = status.name().to_owned();
                (view.reason, view.text) = reason_texts(*reason);
                if let Some(Command::Pay(payment)) = command
                    && *status == OrderStatus::Queued
                    && *reason == Reason::DT01
                {
                    view.text = Some(waits_for_value_date(&payment));
                }
            }
            Outcome::Rejected(rejection) => {
                view.outcome = "rejected".to_owned();
                view.reason = Some(rejection.reason.code().to_owned());
                view.field = Some(rejection.field.name().to_owned());
                view.text = Some(rejection.text.to_owned());
            }
        }
        view
    }

    /// Whether nothing was changed because the command cannot be applied.
    pub fn is_rejected(&self) -> bool {
        self.outcome == "rejected"
    }

    /// Whether the order was taken, or waits for a second person.
    pub fn is_taken(&self) -> bool {
        !["rejected", "refused", "busy", "unknown"].contains(&self.outcome.as_str())
    }
}

impl From<crate::text::LineError> for OutcomeView {
    fn from(error: crate::text::LineError) -> Self {
        OutcomeView {
            line: error.line,
            id: error.id,
            proposal: None,
            outcome: "rejected".to_owned(),
            already_done: false,
            reason: Some(error.reason),
            field: Some(error.field),
            text: Some(error.problem),
            approval: None,
        }
    }
}

/// What a signed batch came to. It is durable and final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// The member that signed, by code.
    pub member: String,
    /// The sequence of the batch.
    pub sequence: u64,
    /// SHA-256 of the batch's content, hexadecimal.
    pub digest: String,
    /// The block that holds the batch.
    pub height: u64,
    /// Its place in the block.
    pub batch: u32,
    /// Time of the block.
    pub time: String,
    /// Hash of the block, hexadecimal.
    pub block: String,
    /// State hash after the block, hexadecimal.
    pub state: String,
    /// An outcome for each command, in order.
    pub outcomes: Vec<OutcomeView>,
}

impl ReceiptView {
    /// The receipt of a batch with these records.
    pub fn new(
        charter: &Charter,
        header: &BatchHeader,
        records: &[[u8; RECORD_BYTES]],
        receipt: &BatchReceipt,
    ) -> Self {
        let outcomes = records
            .iter()
            .zip(&receipt.outcomes)
            .enumerate()
            .map(|(at, (record, outcome))| OutcomeView::new(at as u64 + 1, record, outcome));
        ReceiptView {
            member: code(charter, header.member),
            sequence: header.sequence,
            digest: hex(&header.digest),
            height: receipt.height,
            batch: receipt.batch,
            time: time_text(receipt.time_ms),
            block: hex(&receipt.block),
            state: hex(&receipt.state),
            outcomes: outcomes.collect(),
        }
    }
}
