//! Statements, made from a journal by replaying it.

use crate::error::NodeError;
use crate::replay::Replay;
use std::path::Path;
use union::{Period, Statement, StatementBuilder};

/// A member's statement from the journal in `directory`, of blocks up to `until`.
///
/// The blocks are replayed from the journal's beginning until the period is over, so that every balance is the sum of entries, and of
/// what a quorum has certified where the journal does not begin with genesis. It then has no statement of what began before.
pub fn statement(directory: &Path, member: u16, period: Period, until: u64) -> Result<Statement, NodeError> {
    statement_of(&mut Replay::open(directory, until)?, member, period)
}

/// The same from a journal of which no block was replayed yet; it is replayed until the period is over.
pub fn statement_of(replay: &mut Replay, member: u16, period: Period) -> Result<Statement, NodeError> {
    let is_cut = replay.begins() > 0
        && match period {
            Period::Day(day) => day <= replay.union().today(),
            Period::Cycle(cycle) => cycle <= replay.union().open_cycle_row().number,
        };
    if is_cut {
        return Err(begins_later(replay));
    }
    if let Period::Day(day) = period
        && day < replay.union().today()
    {
        return Err(NodeError::Period(format!("{day} is before the union's first day, {}", replay.union().today())));
    }
    let mut builder = StatementBuilder::new(replay.union(), member, period);
    let mut is_over = false;
    while !is_over {
        let Some(step) = replay.step()? else { break };
        is_over = builder.block(step.union, &step.applied);
    }
    let union = replay.union();
    match period {
        Period::Day(day) if day > union.today() => {
            Err(NodeError::Period(format!("{day} has not come; the union's day is {}", union.today())))
        }
        Period::Cycle(cycle) if cycle == 0 || cycle > union.open_cycle_row().number => Err(NodeError::Period(format!(
            "there is no cycle {cycle}; cycle {} is open",
            union.open_cycle_row().number
        ))),
        _ => Ok(builder.finish(union, is_over)),
    }
}

/// Why a journal has nothing to tell of what began before it does.
pub(crate) fn begins_later(replay: &Replay) -> NodeError {
    NodeError::Period(format!(
        "this journal begins after block {}, on {}: ask a node that holds the blocks before it",
        replay.begins(),
        replay.union().today()
    ))
}
