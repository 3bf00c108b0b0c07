//! The state, and `apply`, the one place that changes it.

use crate::block::Block;
use crate::calendar::Day;
use crate::charge_rules::CHARGES_MAX;
use crate::charter::{Charter, PROTOCOL};
use crate::claim::LossShare;
use crate::command::{AcceptanceRule, Command, RULES_MAX, RecordError};
use crate::due::SettledBefore;
use crate::event::{Applied, Event, Field, Outcome, Rejection};
use crate::membership::Membership;
use crate::order::{Orders, Place};
use crate::order_record::{OrderEvents, OrderRecord};
use crate::proposal;
use crate::proposal::Proposal;
use crate::queue_run::QueueRun;
use crate::rates::Publication;
use crate::reason::Reason;
use crate::roster::Rosters;
use crate::rows::{Attempts, Cycle, Leg, Participant, Rates};
use crate::state_parts::StateParts;
use crate::tip::{BlockError, Tip};
use bytemuck::Zeroable;
use ledger::{AccountKey, Hash, Index, Ledger, Table};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A union: its charter, and the state that its blocks have led to.
#[derive(Clone, Debug)]
pub struct Union {
    pub(crate) charter: Charter,
    pub(crate) tip: Tip,
    /// State hashes after the blocks from the height that the last block named up to its own: those that a later block may name.
    pub(crate) states: Vec<Hash>,
    /// The last block's order events.
    pub(crate) order_events: OrderEvents,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) orders: Orders,
    pub(crate) participants: Table<Participant>,
    pub(crate) participant_index: Index,
    /// [`RULES_MAX`] slots a member.
    pub(crate) rules: Table<AcceptanceRule>,
    /// Two a currency of the basket, then two a member: those in force, and those that will be.
    pub(crate) rates: Table<Rates>,
    pub(crate) cycles: Table<Cycle>,
    pub(crate) legs: Table<Leg>,
    pub(crate) attempts: Table<Attempts>,
    pub(crate) queue_runs: Table<QueueRun>,
    pub(crate) settled_before: Table<SettledBefore>,
    pub(crate) loss_shares: Table<LossShare>,
    /// By member and charge, see `charge.rs`.
    pub(crate) base_days: Table<u128>,
    /// The first day whose balances are not counted yet: that of the last block.
    pub(crate) balances_counted_to: Day,
    pub(crate) memberships: Table<Membership>,
    pub(crate) proposals: Table<Proposal>,
    /// Texts of the charter that came with proposals, by their number.
    pub(crate) proposal_texts: BTreeMap<u32, Vec<u8>>,
    /// Of the epoch of the last block, and of the next.
    pub(crate) rosters: Rosters,
    /// The version of the rules that is in force.
    pub(crate) protocol: u32,
    /// The latest one that this software applies.
    pub(crate) protocol_known: u32,
    /// The member whose queue is tried first at the end of the next block.
    pub(crate) turn: u16,
    /// Of the block that is being applied.
    pub(crate) events: Vec<Event>,
    /// Those of them that are about orders.
    pub(crate) order_records: Vec<OrderRecord>,
    /// Whether an order came to wait in the block that is being applied.
    pub(crate) has_new_waiting: bool,
}

/// Day and time of day on the union's clock, which follow from the last block's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    pub today: Day,
    pub second_of_day: u32,
}

/// Bytes that the state occupies, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Accounts, lines and their index.
    pub ledger: usize,
    /// Rows of open orders, free ones included.
    pub open_orders: usize,
    /// Rows of ended orders.
    pub closed_orders: usize,
    /// The index of identifiers.
    pub order_index: usize,
}

impl Union {
    /// A union at its foundation. `index_seed` changes no result; a node that faces others chooses it at
    /// random, see [`Index`].
    pub fn new(charter: Charter, index_seed: u64) -> Union {
        let count = charter.members.len();
        let mut ledger = Ledger::new(count as u16, index_seed);
        for (member, rules) in charter.members.iter().enumerate() {
            ledger
                .set_caps(AccountKey::position(member as u16), rules.debit_cap, rules.credit_cap)
                .expect("a position without movements is within every cap");
        }
        let memberships: Vec<_> = charter.members.iter().map(|member| Membership::new(member, 0)).collect();
        let seats: Vec<_> = memberships.iter().map(Membership::seat).collect();
        let time_ms = charter.calendar.time_ms(charter.first_day, 0);
        let (today, second_of_day) = charter.calendar.local(time_ms);
        let mut union = Union {
            tip: Tip::genesis(charter.hash(), time_ms, count),
            states: Vec::new(),
            order_events: OrderEvents::new(&[]),
            clock: Clock { today, second_of_day },
            ledger,
            orders: Orders::new(count, index_seed),
            participants: Table::new(),
            participant_index: Index::new(index_seed),
            rules: Table::from_rows(vec![AcceptanceRule::zeroed(); count * usize::from(RULES_MAX)]),
            rates: Table::from_rows(vec![Rates::zeroed(); 2 * (charter.basket_currencies().len() + count)]),
            cycles: Table::new(),
            legs: Table::new(),
            attempts: Table::from_rows(vec![Attempts::zeroed(); count]),
            queue_runs: Table::new(),
            settled_before: Table::from_rows(vec![SettledBefore::zeroed(); count]),
            loss_shares: Table::new(),
            base_days: Table::from_rows(vec![0; count * CHARGES_MAX]),
            balances_counted_to: today,
            memberships: Table::from_rows(memberships),
            proposals: Table::new(),
            proposal_texts: BTreeMap::new(),
            rosters: Rosters::new(&charter, 0, [seats.clone(), seats]),
            protocol: charter.protocol,
            protocol_known: PROTOCOL,
            turn: 0,
            events: Vec::new(),
            order_records: Vec::new(),
            has_new_waiting: false,
            charter,
        };
        union.put_lines(0);
        union.open_cycle(union.charter.first_day);
        union.events.clear();
        let state = union.state_parts().hash();
        union.states.push(state);
        union
    }

    /// Applies the next block, or says why it is not the next one and changes nothing.
    pub fn apply(&mut self, block: &Block) -> Result<Applied, BlockError> {
        self.check(block)?;
        let header = block.header();
        let before_ms = self.tip.time_ms();
        let tip = self.tip.after(block);
        // What no later block may name is forgotten.
        self.states.drain(..(tip.state_height() - self.tip.state_height()) as usize);
        self.tip = tip;
        if header.height.is_multiple_of(self.charter.epoch_blocks) {
            self.begin_epoch();
        }
        self.advance_clock();

        let commands = block.batches().iter().map(|batch| batch.len()).sum();
        let mut outcomes = Vec::with_capacity(commands);
        for (batch_at, batch) in block.batches().iter().enumerate() {
            let sender = batch.header().member;
            let mut details = batch.details().peekable();
            for (record_at, record) in batch.records().iter().enumerate() {
                let detail = details.next_if(|(at, _)| usize::from(*at) == record_at).map(|(_, detail)| detail);
                let place = Place::new(header.height, batch_at as u16, record_at as u16);
                outcomes.push(self.execute(sender, record, detail, place).unwrap_or_else(Outcome::Rejected));
            }
        }
        let cause_of_run = self.cause_of_run(before_ms);
        self.run_queues();
        if let Some(cause) = cause_of_run {
            self.run_queue_together(cause);
        }
        self.has_new_waiting = false;

        debug_assert!(self.ledger.sums().values().all(|&sum| sum == 0), "the books sum to zero");
        let events = std::mem::take(&mut self.events);
        self.order_events = OrderEvents::new(&self.order_records);
        self.order_records.clear();
        let parts = self.state_parts();
        let state = parts.hash();
        self.states.push(state);
        Ok(Applied { height: header.height, outcomes, events, parts, state })
    }

    /// Whether [`apply`](Self::apply) would take this block: whether it follows the last one ([`Tip::check`]), and names
    /// a state that these blocks led to.
    pub fn check(&self, block: &Block) -> Result<(), BlockError> {
        let roster = self.rosters.of_height(self.height() + 1).expect("there is a roster for the next block");
        self.tip.check(block, roster)?;
        let needed = self.protocol_at(self.height() + 1);
        if needed > self.protocol_known {
            return Err(BlockError::Protocol { height: self.height() + 1, needed, known: self.protocol_known });
        }
        let (header, named) = (block.header(), block.header().state_height().expect("the tip checked it"));
        if self.state_at(named) != Some(header.state) {
            return Err(BlockError::State { height: header.height, named });
        }
        Ok(())
    }

    /// Moves the clock, and does what falls due by it: expiries, the close of cycles, new rates, orders
    /// whose value date has come.
    fn advance_clock(&mut self) {
        let (yesterday, time_ms) = (self.clock.today, self.tip.time_ms());
        (self.clock.today, self.clock.second_of_day) = self.charter.calendar.local(time_ms);
        self.expire_orders();
        self.decide_proposals();
        while self.open_cycle_row().closes_at_ms <= time_ms {
            self.close_cycle(self.open_cycle_row().closes_at_ms);
        }
        self.count_balances_before(self.clock.today);
        if self.clock.today != yesterday {
            self.enforce_deadlines();
            self.put_rates_in_force();
            let first_kept = self.clock.today.0.saturating_sub(self.charter.queue.days_remembered);
            let unanswered = self.orders.forget_before(first_kept);
            self.events.extend(unanswered.into_iter().map(|request| Event::ReturnRequest(request.unanswered())));
            self.orders.reach_value_dates(self.clock.today.0);
            if self.charter.queue.keeps_order() {
                let (calendar, today) = (&self.charter.calendar, self.clock.today);
                self.orders.hold_up_until_tried(|p| calendar.is_joint_business_day(p.debtor, p.creditor, today));
            }
            self.wake_all();
        }
    }

    /// Executes a record, or says why it cannot be and changes nothing.
    pub(crate) fn execute(
        &mut self,
        sender: u16,
        record: &[u8; crate::RECORD_BYTES],
        detail: Option<&[u8]>,
        place: Place,
    ) -> Result<Outcome, Rejection> {
        let command = Command::decode(record).map_err(|error| match error {
            RecordError::Kind(_) => Rejection::new(Reason::AG03, Field::Record, "this kind of command is not known"),
            RecordError::Malformed => Rejection::new(
                Reason::FF01,
                Field::Record,
                "a reserved byte is set, or a flag, a code or a text is not well formed",
            ),
        })?;
        let takes_detail = match command {
            Command::Pay(payment) => payment.detail != [0; 32],
            Command::ProposalText { .. } => true,
            _ => false,
        };
        if detail.is_some() && !takes_detail {
            return Err(Rejection::new(Reason::FF01, Field::Detail, "the record names no customer detail"));
        }
        match command {
            Command::Pay(payment) => return self.pay(sender, payment, detail, place),
            Command::Accept { order } => return self.accept(sender, order),
            Command::Refuse { order, reason } => return self.refuse(sender, order, reason),
            Command::Cancel { order, reason } => return self.cancel(sender, order, reason),
            Command::Reprioritise { order, priority, first } => {
                return self.reprioritise(sender, order, priority, first);
            }
            Command::Hold { order } => return self.hold(sender, order),
            Command::Release { order } => return self.release(sender, order),
            Command::RequestReturn { order, reason } => self.request_return(sender, order, reason)?,
            Command::RefuseReturn { order, reason } => self.refuse_return(sender, order, reason)?,
            Command::RegisterParticipant { participant, identifier, name } => {
                self.register_participant(sender, participant, identifier, name)?;
            }
            Command::SetParticipantCaps { participant, currency, debit_cap, credit_cap } => {
                self.set_participant_caps(sender, participant, currency, debit_cap, credit_cap)?;
            }
            Command::SetCaps { debit_cap, credit_cap } => self.set_caps(sender, debit_cap, credit_cap)?,
            Command::SetReservations { urgent, high } => self.set_reservations(sender, urgent, high),
            Command::SetBilateralLimits { counterparty, debit_limit, credit_limit } => {
                self.set_bilateral_limits(sender, counterparty, debit_limit, credit_limit)?;
            }
            Command::SetRule(rule) => self.set_rule(sender, rule)?,
            Command::PublishRates { currency, from_day, buying, selling } => {
                self.publish_rates(sender, Publication { currency, from_day, buying, selling })?;
            }
            Command::PayClaim { amount } => self.pay_claim(sender, amount)?,
            Command::CloseCycle { cycle } => self.agree_to_close(sender, cycle)?,
            Command::ConfirmLeg { cycle, leg } => self.confirm_leg(sender, cycle, leg)?,
            Command::Propose(motion) => self.propose(sender, motion)?,
            Command::ProposalText { proposal, at_byte } => {
                self.take_proposal_text(sender, proposal, at_byte, detail)?;
            }
            Command::Vote { proposal, ballot } => self.vote(sender, proposal, ballot)?,
            Command::WithdrawProposal { proposal } => self.withdraw_proposal(sender, proposal)?,
            Command::ReplaceKey { kind, key, proof } => self.replace_key(sender, kind, key, &proof)?,
            Command::GiveNotice => self.give_notice(sender)?,
        }
        Ok(Outcome::Done)
    }

    /// The hash of everything but how far the union has come: what no rejected command changes.
    pub fn books_hash(&mut self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"comity books v4\0");
        hasher.update(self.charter.hash());
        hasher.update(self.charter.text_hash());
        hasher.update(self.protocol.to_le_bytes());
        hasher.update(self.memberships.root());
        hasher.update(self.proposals.root());
        hasher.update(proposal::texts_hash(&self.proposal_texts));
        for roster in &self.rosters.known {
            hasher.update(roster.hash());
        }
        for root in self.ledger.roots().into_iter().chain(self.orders.roots()) {
            hasher.update(root);
        }
        hasher.update(self.participants.root());
        hasher.update(self.rules.root());
        hasher.update(self.rates.root());
        hasher.update(self.cycles.root());
        hasher.update(self.legs.root());
        hasher.update(self.attempts.root());
        hasher.update(self.queue_runs.root());
        hasher.update(self.settled_before.root());
        hasher.update(self.loss_shares.root());
        hasher.update(self.base_days.root());
        for counter in self.orders.counters() {
            hasher.update(counter.to_le_bytes());
        }
        hasher.update(u64::from(self.turn).to_le_bytes());
        hasher.finalize().into()
    }

    /// What the state hash after the last block is made of.
    pub fn state_parts(&mut self) -> StateParts {
        let books = self.books_hash();
        let earlier = (self.tip.height() - self.tip.state_height()) as usize;
        let nodes = self.rosters.next().nodes_hash();
        StateParts::new(books, nodes, &self.tip, &self.states[..earlier], self.order_events)
    }

    /// The block time (Unix milliseconds) from which an empty block has something to do: a day begins, a
    /// cycle closes, an order expires, the queue is to be settled together, or queues were left half tried.
    pub fn falls_due_at_ms(&self) -> u64 {
        if self.attempts.rows().iter().any(|row| row.due != 0) || self.change_is_near() {
            return self.tip.time_ms();
        }
        let midnight = self.charter.calendar.time_ms(self.clock.today.after_days(1), 0);
        let expiry = self.orders.next_expiry().map_or(u64::MAX, |second| second.saturating_mul(1_000));
        let run = self.charter.next_run_ms(self.tip.time_ms()).unwrap_or(u64::MAX);
        let is_open = |proposal: &&Proposal| proposal.is_pending() && proposal.deadline_ms > self.tip.time_ms();
        let deadlines = self.proposals.rows().iter().filter(is_open).map(|proposal| proposal.deadline_ms);
        let deadline = deadlines.min().unwrap_or(u64::MAX);
        midnight.min(expiry).min(run).min(deadline).min(self.open_cycle_row().closes_at_ms)
    }

    /// The version of the rules that is in force.
    pub fn protocol(&self) -> u32 {
        self.protocol
    }

    /// Has this union apply versions of the rules up to this one only, as software of another release does.
    pub fn know_protocols_up_to(&mut self, latest: u32) {
        self.protocol_known = latest;
    }

    /// The charter that is in force, with the keys that members have now.
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// The last block, as far as the next one depends on it.
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Height of the last block.
    pub fn height(&self) -> u64 {
        self.tip.height()
    }

    /// Time of the last block, Unix milliseconds.
    pub fn time_ms(&self) -> u64 {
        self.tip.time_ms()
    }

    /// The day on the union's clock.
    pub fn today(&self) -> Day {
        self.clock.today
    }

    /// Hash of the last block.
    pub fn parent(&self) -> Hash {
        self.tip.hash()
    }

    /// State hash after the last block.
    pub fn state(&self) -> Hash {
        *self.states.last().expect("the last state is remembered")
    }

    /// State hash after the block at `height`, if a later block may name it: from [`Tip::state_height`] of the last block
    /// up to its own height.
    pub fn state_at(&self, height: u64) -> Option<Hash> {
        let at = height.checked_sub(self.tip.state_height())?;
        self.states.get(usize::try_from(at).ok()?).copied()
    }

    /// The highest sequence of a member's batches so far.
    pub fn sequence(&self, member: u16) -> u64 {
        self.tip.sequence(member)
    }

    /// The books.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The orders.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// All participants, in the order in which they were registered.
    pub fn participants(&self) -> &[Participant] {
        self.participants.rows()
    }

    /// All cycles; the last one is open.
    pub fn cycles(&self) -> &[Cycle] {
        self.cycles.rows()
    }

    /// The legs of a cycle.
    pub fn legs(&self, cycle: &Cycle) -> &[Leg] {
        &self.legs.rows()[cycle.legs_from as usize..][..cycle.legs as usize]
    }

    /// The latest runs, at least a thousand if there were so many; the last one is the latest.
    pub fn queue_runs(&self) -> &[QueueRun] {
        self.queue_runs.rows()
    }

    /// A member's acceptance rules that are not empty, in the order in which they are asked.
    pub fn rules(&self, member: u16) -> impl Iterator<Item = &AcceptanceRule> {
        let from = usize::from(member) * usize::from(RULES_MAX);
        self.rules.rows()[from..from + usize::from(RULES_MAX)].iter().filter(|rule| rule.action != 0)
    }

    /// The published rates of a member's own currency: those in force, and those that will be.
    pub fn rates(&self, member: u16) -> [&Rates; 2] {
        let at = self.place_of_member_rates(member);
        [self.rates.get(at), self.rates.get(at + 1)]
    }

    /// The same of a currency of the basket, by its place in it.
    pub fn basket_rates(&self, place: usize) -> [&Rates; 2] {
        let at = 2 * place as u32;
        [self.rates.get(at), self.rates.get(at + 1)]
    }

    /// Bytes that the state occupies, about.
    pub fn memory(&self) -> Memory {
        let [open_orders, closed_orders, order_index] = self.orders.bytes();
        Memory { ledger: self.ledger.bytes(), open_orders, closed_orders, order_index }
    }
}

impl Rejection {
    pub(crate) fn new(reason: Reason, field: Field, text: &'static str) -> Self {
        Rejection { reason, field, text }
    }
}
