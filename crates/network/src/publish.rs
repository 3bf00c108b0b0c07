//! Telling everybody of a block that is durable.

use crate::node::{Answer, BatchReceipt, Final, Shared};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use union::Outcome;

/// Counts the block, shows it to readers and subscribers, and answers those who wait for its batches: one list for
/// each batch.
pub(crate) fn publish(shared: &Shared, block: Final, answers: Vec<Vec<Answer>>) {
    let block = Arc::new(block);
    let Final { block: made, applied } = &*block;
    let (hash, time_ms) = (made.header().hash(), made.header().time_ms);
    let mut outcomes = applied.outcomes.iter().copied();
    let counters = &shared.counters;
    counters.blocks.fetch_add(1, Ordering::Relaxed);
    counters.commands.fetch_add(applied.outcomes.len() as u64, Ordering::Relaxed);
    let rejected = applied.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Rejected(_))).count();
    counters.rejected.fetch_add(rejected as u64, Ordering::Relaxed);
    shared.durable.reach(applied.height);
    // Without subscribers there is nobody to tell. Who subscribes after a receipt does not see its block.
    if shared.events.receiver_count() > 0 {
        drop(shared.events.send(block.clone()));
    }
    for (at, (batch, answers)) in made.batches().iter().zip(answers).enumerate() {
        let outcomes: Vec<Outcome> = outcomes.by_ref().take(batch.len()).collect();
        for answer in answers {
            let receipt = BatchReceipt {
                height: applied.height,
                batch: at as u32,
                time_ms,
                block: hash,
                state: applied.state,
                outcomes: outcomes.clone(),
            };
            // Nobody may be waiting for the answer any more.
            drop(answer.send(Ok(receipt)));
        }
    }
}
