//! What members paid each other in a cycle that is closed, out of a journal by replaying it.

use crate::error::NodeError;
use crate::replay::Replay;
use crate::statement::begins_later;
use std::path::Path;
use union::{CycleFlows, Flows};

/// What settled between members in a closed cycle, in minor units of the unit of account, from the journal in `directory`, of blocks up to
/// `until`.
///
/// # Errors
///
/// [`NodeError::Period`] for a cycle that has not closed by then, or that had closed where the journal begins;
/// [`NodeError::Flows`] where they do not sum and net to the figures that the cycle closed with.
pub fn cycle_flows(directory: &Path, cycle: u32, until: u64) -> Result<Flows, NodeError> {
    let mut replay = Replay::open(directory, until)?;
    let mut flows = CycleFlows::new(replay.union(), cycle).ok_or_else(|| begins_later(&replay))?;
    while let Some(step) = replay.step()? {
        let Some(closed) = flows.block(&step.applied) else { continue };
        let (is_whole, flows) = (flows.add_up_to(&closed), flows.finish());
        let wrong = NodeError::Flows { cycle, got: flows.gross(), want: closed.gross };
        return if is_whole { Ok(flows) } else { Err(wrong) };
    }
    Err(NodeError::Period(format!(
        "cycle {cycle} has not closed; cycle {} is open",
        replay.union().open_cycle_row().number
    )))
}
