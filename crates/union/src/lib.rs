//! The union's state machine: members, payment orders, the queue, clearing cycles.
//!
//! [`Union::apply`] takes a [`Block`] and changes the state: the only place where that happens. It is
//! pure and deterministic: the same blocks give the same [`Applied::outcomes`], events and state hash
//! on every machine. Time enters only through a block's header.
//!
//! | to find | look in |
//! | --- | --- |
//! | the rules that a union is founded on | [`Charter`] (`charter.rs`, `queue_rules.rs`), days and cut-offs in `calendar.rs` |
//! | what a member can order, byte by byte | [`Command`] (`command.rs`), signed in batches (`batch.rs`) |
//! | what happens to a payment order | `pay.rs`; how it settles: `settle.rs`; how it waits: `queue.rs` |
//! | what settles together | `settle_together.rs`, out of `queue_instance.rs`; what is recorded: `queue_run.rs` |
//! | what a member decides about what it receives | `accept.rs`; what it holds back of what it sends: `hold.rs` |
//! | limits, participants | `settings.rs` |
//! | published rates, what a unit of account is worth | `rates.rs` by the rules in `basket.rs` |
//! | the clearing cycle and settlement legs | `cycle.rs` |
//! | what members paid each other in a cycle, out of events | `cycle_flows.rs` |
//! | who gives credit to whom | `credit_rules.rs`, bilateral lines in `credit_line.rs` |
//! | what a close calls for | `due.rs`, by the schedule in `tranche.rs` |
//! | charges and interest on balances | `charge.rs`, by `charge_rules.rs` |
//! | legs that are not paid, members that go | `default.rs`, by `default_rules.rs` |
//! | what a union begins with: the charter and its founders' signatures | `founding.rs` |
//! | what members decide together | `proposal.rs`, `vote.rs`, by which majority `voting_rules.rs`, what a new charter may change `amendment.rs` |
//! | how a member stands, its keys, how it leaves | `membership.rs`; whose batches and nodes count when: `roster.rs` |
//! | a member's statement, out of events | `statement.rs` |
//! | whether a block follows | `tip.rs` without its state, [`Union::check`] with it |
//! | what is kept and hashed | `state.rs`, `state_parts.rs`, `order.rs`, `rows.rs`, and `snapshot.rs` to write it down |
//! | proof of what became of an order | `order_proof.rs`, out of `order_record.rs` and `merkle.rs` |
#![deny(clippy::float_arithmetic)]

mod accept;
mod amendment;
mod basket;
mod batch;
mod block;
mod calendar;
mod charge;
mod charge_rules;
mod charter;
mod charter_line;
mod claim;
mod command;
mod credit_line;
mod credit_rules;
mod cycle;
mod cycle_flows;
mod default;
mod default_rules;
mod due;
mod event;
mod founding;
mod hexadecimal;
mod hold;
mod membership;
mod merkle;
mod order;
mod order_proof;
mod order_record;
mod pay;
mod proposal;
mod queue;
mod queue_instance;
mod queue_rules;
mod queue_run;
mod rates;
mod reason;
mod return_request;
mod roster;
mod rows;
mod settings;
mod settle;
mod settle_together;
mod snapshot;
mod state;
mod state_parts;
mod statement;
mod tip;
mod tranche;
mod vote;
mod voting_rules;

pub use amendment::check as check_amendment;
pub use basket::{Basket, BasketCurrency};
pub use batch::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, Batch, BatchError, BatchHeader, DETAIL_BYTES_MAX, detail_hash};
pub use block::{BLOCK_BATCHES_MAX, BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES, Block, BlockFormatError, BlockHeader};
pub use calendar::{Calendar, DAY_MS, Day, DayError, MemberCalendar};
pub use charge_rules::{Charge, ChargeRules, ChargedSide, ChargedTo};
pub use charter::{CHARTER_BYTES_MAX, Charter, CharterError, ClockTime, CycleLength, MEMBERS_MAX, Member, PROTOCOL};
pub use clearing::Flows;
pub use clearing::queue::Algorithm;
pub use command::{
    ANY_MEMBER, ANY_PARTICIPANT, AcceptanceRule, Action, Command, Payment, Priority, RECORD_BYTES, RULES_MAX,
    RecordError, pad_text, padded_text,
};
pub use credit_rules::{AboveQuota, CreditKind, CreditRules, QUOTA_YEARS_MAX, QuotaFormula};
pub use cycle_flows::CycleFlows;
pub use default_rules::{DefaultRules, ExitRules, LossSharing};
pub use event::{Applied, ClaimEvent, DefaultEvent, Event, Field, OrderEvent, Outcome, Rejection};
pub use founding::{Founding, FoundingError, Signatures};
pub use ledger::Hash;
pub use membership::{KeyKind, Membership, Standing, key_proof_message};
pub use order::{ClosedOrder, Found, HeldBy, NO_RULE, OpenOrder, OrderStatus, Orders, Place};
pub use order_proof::{ORDER_PROOF_BYTES_MAX, OrderProof, OrderProofError};
pub use order_record::{OrderRecord, RECORDS_A_LEAF};
pub use proposal::{Motion, NO_MEMBER, Proposal, ProposalStatus, TEXT_PART_BYTES, accession_message};
pub use queue_rules::QueueRules;
pub use queue_run::{QueueRun, RunCause};
pub use reason::Reason;
pub use return_request::{RequestStatus, ReturnRequest};
pub use roster::{Roster, Rosters, Seat, nodes_hash};
pub use rows::{Cycle, CycleStatus, Leg, Participant, Rates};
pub use settle_together::{Forecast, NextRun};
pub use snapshot::SnapshotError;
pub use state::{Memory, Union};
pub use state_parts::StateParts;
pub use statement::{AccountStatement, Entry, OtherSide, Period, Statement, StatementBuilder};
pub use tip::{BlockError, STATE_BEHIND_MAX, Tip};
pub use tranche::{Schedule, SettlementRules, Tranche};
pub use vote::{Ballot, Count};
pub use voting_rules::{Decision, Majority, VotingRules};
