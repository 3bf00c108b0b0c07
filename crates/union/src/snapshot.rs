//! The state as bytes, and back. What follows from the rows (indexes, queues) is rebuilt, and the state
//! hash is taken anew: a snapshot that was changed is not believed.
//!
//! ```text
//! magic       8 bytes  COMITYS5
//! numbers    10 x u64  height, time, height of the state that the last block named, its order events, free row, entries, turn,
//!                      forgotten orders, forgotten runs, protocol
//! parent     32 bytes  hash of the last block
//! events     32 bytes  root of its order events
//! sections   twenty-two of: length u64, rows; the charter's text is empty where the founding one is in force
//! ```

use crate::charter::{Charter, PROTOCOL};
use crate::order::Orders;
use crate::order_record::OrderEvents;
use crate::roster::{NO_KEY, Rosters};
use crate::state::{Clock, Union};
use crate::tip::Tip;
use bytemuck::Pod;
use ledger::{Hash, Index, Ledger, Table};
use std::collections::BTreeMap;

const NOT_A_CHARTER: SnapshotError = SnapshotError::Format("the text in it is not a charter");

const MAGIC: [u8; 8] = *b"COMITYS5";

/// Why bytes are not a snapshot of this union.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Cut off, or not in the format.
    #[error("not a snapshot: {0}")]
    Format(&'static str),
    /// The rows do not have the state hash that they should.
    #[error("the snapshot's content does not have the state hash that was asked for")]
    State,
}

impl Union {
    /// Hands the snapshot's bytes to `write`, piece by piece.
    pub fn snapshot<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let [free, entries] = self.orders.counters();
        let (turn, runs) = (u64::from(self.turn), self.queue_runs.dropped());
        let (tip, events) = (&self.tip, &self.order_events);
        let clock = [tip.height(), tip.time_ms(), tip.state_height(), events.count];
        write(&MAGIC)?;
        write(bytemuck::bytes_of(&clock))?;
        write(bytemuck::bytes_of(&[free, entries, turn, self.orders.forgotten(), runs, self.protocol.into()]))?;
        write(&tip.hash())?;
        write(&events.root)?;
        // Its own state hash is what a snapshot is read with.
        let earlier = &self.states[..self.states.len() - 1];
        let (open, closed) = self.orders.rows();
        let is_founding = self.charter.text_hash() == self.charter.hash();
        let text = if is_founding { "" } else { self.charter.text() };
        let texts = encode_texts(&self.proposal_texts);
        let (current, next) = (self.rosters.current(), self.rosters.next());
        let sections: [&[u8]; 22] = [
            text.as_bytes(),
            earlier.as_flattened(),
            bytemuck::cast_slice(tip.sequences()),
            self.ledger.accounts().bytes(),
            self.ledger.lines().bytes(),
            bytemuck::cast_slice(open),
            bytemuck::cast_slice(closed),
            self.participants.bytes(),
            self.rules.bytes(),
            self.rates.bytes(),
            self.cycles.bytes(),
            self.legs.bytes(),
            self.attempts.bytes(),
            self.queue_runs.bytes(),
            self.settled_before.bytes(),
            self.loss_shares.bytes(),
            self.base_days.bytes(),
            self.memberships.bytes(),
            self.proposals.bytes(),
            &texts,
            bytemuck::cast_slice(&current.seats),
            bytemuck::cast_slice(&next.seats),
        ];
        for section in sections {
            write(&(section.len() as u64).to_le_bytes())?;
            write(section)?;
        }
        Ok(())
    }

    /// Reads a snapshot back and checks that it has the state hash `state`. `charter` is the one that the union was founded on.
    pub fn from_snapshot(charter: Charter, bytes: &[u8], state: Hash, index_seed: u64) -> Result<Union, SnapshotError> {
        let mut rest = Rest(bytes);
        if rest.take(8)? != MAGIC {
            return Err(SnapshotError::Format("it does not begin with COMITYS5"));
        }
        let numbers: [u64; 10] = bytemuck::pod_read_unaligned(rest.take(80)?);
        let [height, time_ms, state_height, event_count, free, entries, turn, forgotten, forgotten_runs, protocol] =
            numbers;
        let [parent, event_root]: [Hash; 2] = bytemuck::pod_read_unaligned(rest.take(64)?);
        let mut charter = match rest.section()? {
            [] => charter,
            text => {
                std::str::from_utf8(text).ok().and_then(|text| charter.followed_by(text).ok()).ok_or(NOT_A_CHARTER)?
            }
        };
        let members = charter.members.len();
        let mut states: Vec<Hash> = rest.rows()?;
        let sequences: Vec<u64> = rest.rows()?;
        let accounts = rest.rows()?;
        let lines: Vec<ledger::Line> = rest.rows()?;
        let open: Vec<crate::OpenOrder> = rest.rows()?;
        let closed: Vec<crate::ClosedOrder> = rest.rows()?;
        let participants: Vec<crate::Participant> = rest.rows()?;
        let rules: Vec<crate::AcceptanceRule> = rest.rows()?;
        let rates: Vec<crate::Rates> = rest.rows()?;
        let cycles: Vec<crate::Cycle> = rest.rows()?;
        let legs: Vec<crate::Leg> = rest.rows()?;
        let attempts: Vec<crate::rows::Attempts> = rest.rows()?;
        let queue_runs: Vec<crate::QueueRun> = rest.rows()?;
        let settled_before: Vec<crate::due::SettledBefore> = rest.rows()?;
        let loss_shares: Vec<crate::claim::LossShare> = rest.rows()?;
        let base_days: Vec<u128> = rest.rows()?;
        let memberships: Vec<crate::Membership> = rest.rows()?;
        let proposals: Vec<crate::Proposal> = rest.rows()?;
        let proposal_texts = decode_texts(rest.section()?).ok_or(SnapshotError::Format("a text is cut off"))?;
        let seats: [Vec<crate::Seat>; 2] = [rest.rows()?, rest.rows()?];
        if !rest.0.is_empty() {
            return Err(SnapshotError::Format("bytes follow its last section"));
        }
        let fits = sequences.len() <= members
            && settled_before.len() == members
            && base_days.len() == members * crate::charge_rules::CHARGES_MAX
            && memberships.len() == members
            && seats.iter().all(|seats| seats.len() <= members)
            && lines.len() == members * members
            && rules.len() == members * usize::from(crate::RULES_MAX)
            && rates.len() == 2 * (charter.basket_currencies().len() + members)
            && attempts.len() == members
            && !cycles.is_empty()
            && (turn as usize) < members;
        if !fits {
            return Err(SnapshotError::Format("it is of a union with other members"));
        }
        let is_order = |order: &crate::OpenOrder| order.is_plausible(members);
        let is_plausible =
            memberships.iter().all(|row| row.is_plausible()) && proposals.iter().all(|row| row.is_plausible());
        if !loss_shares.iter().all(|share| share.is_plausible(members)) {
            return Err(SnapshotError::Format("a row is not a share in a loss"));
        }
        if !is_plausible || u32::try_from(protocol).is_err() {
            return Err(SnapshotError::Format("a row is not a membership or a proposal"));
        }
        if !open.iter().all(is_order) || !closed.iter().all(|order| order.is_plausible()) {
            return Err(SnapshotError::Format("a row is not an order"));
        }

        if height.checked_sub(state_height) != Some(states.len() as u64) {
            return Err(SnapshotError::Format("it does not have the states that a later block may name"));
        }
        states.push(state);

        for (member, row) in charter.members.iter_mut().zip(&memberships) {
            member.signing_key = row.signing_key;
            member.sealing_key = row.sealing_key;
            member.node_key = (row.node_key != NO_KEY).then_some(row.node_key);
        }
        let rosters = Rosters::new(&charter, charter.epoch(height), seats);
        let (today, second_of_day) = charter.calendar.local(time_ms);
        let mut participant_index = Index::new(index_seed);
        for (at, row) in participants.iter().enumerate() {
            participant_index.load(crate::settings::participant_key(row.member, row.number), at as u32);
        }
        let mut union = Union {
            tip: Tip::from_snapshot(height, parent, time_ms, state_height, sequences),
            states,
            order_events: OrderEvents { count: event_count, root: event_root },
            clock: Clock { today, second_of_day },
            ledger: Ledger::from_rows(members as u16, accounts, lines, index_seed)
                .ok_or(SnapshotError::Format("an account is missing that all books have"))?,
            orders: Orders::from_rows(members, open, (forgotten, closed), free, entries, today.0, index_seed),
            participants: Table::from_rows(participants),
            participant_index,
            rules: Table::from_rows(rules),
            rates: Table::from_rows(rates),
            cycles: Table::from_rows(cycles),
            legs: Table::from_rows(legs),
            attempts: Table::from_rows(attempts),
            queue_runs: Table::after_dropped(forgotten_runs, queue_runs),
            settled_before: Table::from_rows(settled_before),
            loss_shares: Table::from_rows(loss_shares),
            base_days: Table::from_rows(base_days),
            balances_counted_to: today,
            memberships: Table::from_rows(memberships),
            proposals: Table::from_rows(proposals),
            proposal_texts,
            rosters,
            protocol: protocol as u32,
            protocol_known: PROTOCOL,
            turn: turn as u16,
            events: Vec::new(),
            order_records: Vec::new(),
            has_new_waiting: false,
            charter,
        };
        if union.state_parts().hash() != state {
            return Err(SnapshotError::State);
        }
        Ok(union)
    }
}

/// What of a snapshot has not been read yet.
///
/// Its functions are not inlined: two dozen of them in one are more than the optimiser can reason about, which it tries to for a quarter of an hour.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    #[inline(never)]
    fn take(&mut self, length: usize) -> Result<&'a [u8], SnapshotError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(SnapshotError::Format("it is cut off"))?;
        self.0 = rest;
        Ok(head)
    }

    #[inline(never)]
    fn section(&mut self) -> Result<&'a [u8], SnapshotError> {
        let length = u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes"));
        self.take(usize::try_from(length).map_err(|_| SnapshotError::Format("a section is too long"))?)
    }

    #[inline(never)]
    fn rows<R: Pod>(&mut self) -> Result<Vec<R>, SnapshotError> {
        let bytes = self.section()?;
        if !bytes.len().is_multiple_of(size_of::<R>()) {
            return Err(SnapshotError::Format("a section is not a whole number of rows"));
        }
        Ok(bytes.chunks_exact(size_of::<R>()).map(bytemuck::pod_read_unaligned).collect())
    }
}

/// Texts of proposals: number u32, length u32, text.
fn encode_texts(texts: &BTreeMap<u32, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, text) in texts {
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text);
    }
    bytes
}

fn decode_texts(mut bytes: &[u8]) -> Option<BTreeMap<u32, Vec<u8>>> {
    let mut texts = BTreeMap::new();
    while let Some((number, rest)) = bytes.split_first_chunk::<4>() {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        texts.insert(u32::from_le_bytes(*number), text.to_vec());
        bytes = rest;
    }
    bytes.is_empty().then_some(texts)
}
