//! The state as bytes, and back. What follows from the rows (indexes, queues) is rebuilt, and the state
//! hash is taken anew: a snapshot that was changed is not believed.
//!
//! ```text
//! magic       8 bytes  COMITYS2
//! numbers     8 x u64  height, time, free row, entries, turn, forgotten orders, forgotten runs, and one reserved
//! parent     32 bytes
//! sections   twelve of: length u64, rows
//! ```

use crate::charter::Charter;
use crate::order::Orders;
use crate::state::{Clock, Union};
use bytemuck::Pod;
use ledger::{Hash, Index, Ledger, Table};

const MAGIC: [u8; 8] = *b"COMITYS2";

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
        let numbers = [self.clock.height, self.clock.time_ms, free, entries, turn, self.orders.forgotten(), runs, 0];
        write(&MAGIC)?;
        write(bytemuck::bytes_of(&numbers))?;
        write(&self.clock.parent)?;
        let (open, closed) = self.orders.rows();
        let sections: [&[u8]; 12] = [
            bytemuck::cast_slice(&self.clock.sequences),
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
        ];
        for section in sections {
            write(&(section.len() as u64).to_le_bytes())?;
            write(section)?;
        }
        Ok(())
    }

    /// Reads a snapshot back and checks that it has the state hash `state`.
    pub fn from_snapshot(
        charter: Charter,
        mut bytes: &[u8],
        state: Hash,
        index_seed: u64,
    ) -> Result<Union, SnapshotError> {
        let members = charter.members.len();
        let cut = SnapshotError::Format("it is cut off");
        let mut take = |length: usize| -> Result<&[u8], SnapshotError> {
            let (head, rest) = bytes.split_at_checked(length).ok_or(cut.clone())?;
            bytes = rest;
            Ok(head)
        };
        if take(8)? != MAGIC {
            return Err(SnapshotError::Format("it does not begin with COMITYS2"));
        }
        let numbers: [u64; 8] = bytemuck::pod_read_unaligned(take(64)?);
        let [height, time_ms, free, entries, turn, forgotten, forgotten_runs, reserved] = numbers;
        if reserved != 0 {
            return Err(SnapshotError::Format("a reserved number is set"));
        }
        let parent: Hash = bytemuck::pod_read_unaligned(take(32)?);
        let mut section = || -> Result<&[u8], SnapshotError> {
            let length = u64::from_le_bytes(take(8)?.try_into().expect("eight bytes"));
            take(usize::try_from(length).map_err(|_| SnapshotError::Format("a section is too long"))?)
        };
        let sequences: Vec<u64> = rows(section()?)?;
        let accounts = rows(section()?)?;
        let lines: Vec<ledger::Line> = rows(section()?)?;
        let open: Vec<crate::OpenOrder> = rows(section()?)?;
        let closed: Vec<crate::ClosedOrder> = rows(section()?)?;
        let participants: Vec<crate::Participant> = rows(section()?)?;
        let rules: Vec<crate::AcceptanceRule> = rows(section()?)?;
        let rates: Vec<crate::Rates> = rows(section()?)?;
        let cycles: Vec<crate::Cycle> = rows(section()?)?;
        let legs: Vec<crate::Leg> = rows(section()?)?;
        let attempts: Vec<crate::rows::Attempts> = rows(section()?)?;
        let queue_runs: Vec<crate::QueueRun> = rows(section()?)?;
        if !bytes.is_empty() {
            return Err(SnapshotError::Format("bytes follow its last section"));
        }
        let fits = sequences.len() == members
            && lines.len() == members * members
            && rules.len() == members * usize::from(crate::RULES_MAX)
            && rates.len() == members * 2
            && attempts.len() == members
            && !cycles.is_empty()
            && (turn as usize) < members;
        if !fits {
            return Err(SnapshotError::Format("it is of a union with other members"));
        }
        let is_order = |order: &crate::OpenOrder| order.is_plausible(members);
        if !open.iter().all(is_order) || !closed.iter().all(|order| order.is_plausible()) {
            return Err(SnapshotError::Format("a row is not an order"));
        }

        let (today, second_of_day) = charter.calendar.local(time_ms);
        let mut participant_index = Index::new(index_seed);
        for (at, row) in participants.iter().enumerate() {
            participant_index.load(crate::settings::participant_key(row.member, row.number), at as u32);
        }
        let mut union = Union {
            clock: Clock { height, time_ms, today, second_of_day, parent, state, sequences },
            ledger: Ledger::from_rows(members as u16, accounts, lines, index_seed),
            orders: Orders::from_rows(members, open, (forgotten, closed), free, entries, today.0, index_seed),
            participants: Table::from_rows(participants),
            participant_index,
            rules: Table::from_rows(rules),
            rates: Table::from_rows(rates),
            cycles: Table::from_rows(cycles),
            legs: Table::from_rows(legs),
            attempts: Table::from_rows(attempts),
            queue_runs: Table::after_dropped(forgotten_runs, queue_runs),
            turn: turn as u16,
            events: Vec::new(),
            has_new_waiting: false,
            charter,
        };
        if union.state_hash() != state {
            return Err(SnapshotError::State);
        }
        Ok(union)
    }
}

fn rows<R: Pod>(bytes: &[u8]) -> Result<Vec<R>, SnapshotError> {
    if !bytes.len().is_multiple_of(size_of::<R>()) {
        return Err(SnapshotError::Format("a section is not a whole number of rows"));
    }
    Ok(bytes.chunks_exact(size_of::<R>()).map(bytemuck::pod_read_unaligned).collect())
}
