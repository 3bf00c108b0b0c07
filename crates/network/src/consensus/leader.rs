//! What a node does for consensus: it makes a block when it leads, and checks the block of whoever leads.

use super::Timing;
use super::candidate::Candidate;
use super::pool::Pool;
use super::tips::Tips;
use super::{Digest, Marshal, PublicKey, Scheme};
use crate::clock::Clock;
use crate::node::Shared;
use commonware_consensus::marshal::ancestry::Ancestry;
use commonware_consensus::simplex::types::Context;
use commonware_consensus::types::Height;
use commonware_cryptography::Digested;
use commonware_macros::select;
use commonware_runtime::{Clock as Sleep, Metrics, Spawner};
use commonware_utils::vec::NonEmptyVec;
use futures::StreamExt as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use union::{Batch, Block, Hash, STATE_BEHIND_MAX, Tip};

/// How often a leader without batches looks whether something has fallen due.
const LOOK: Duration = Duration::from_millis(50);

/// What is final is applied by then, unless this node has missed that it is.
const MISSED: Duration = Duration::from_millis(400);

/// The rules of a block's content, as the leader follows them and the others check them.
#[derive(Clone)]
pub(crate) struct Leader {
    pub shared: Arc<Shared>,
    pub clock: Arc<Clock>,
    pub pool: Arc<Pool>,
    pub tips: Arc<Tips>,
    pub marshal: Marshal,
    pub timing: Timing,
    pub block_bytes: usize,
}

impl Leader {
    /// Height and hash of the state that this node has come to.
    fn state(&self) -> (u64, Hash) {
        let union = self.shared.union.read().unwrap_or_else(PoisonError::into_inner);
        (union.height(), union.state())
    }

    fn state_at(&self, height: u64) -> Option<Hash> {
        self.shared.union.read().unwrap_or_else(PoisonError::into_inner).state_at(height)
    }

    fn falls_due_at_ms(&self) -> u64 {
        self.shared.union.read().unwrap_or_else(PoisonError::into_inner).falls_due_at_ms()
    }

    /// What this node would put on top of a tip.
    fn choose(&self, tip: &Tip, bytes: usize) -> Vec<Batch> {
        let rosters = self.shared.rosters();
        rosters.of_height(tip.height() + 1).map_or_else(Vec::new, |roster| self.pool.choose(tip, roster, bytes))
    }

    /// Resolves when this node has applied the block of a height.
    async fn applied(&self, height: u64) {
        self.shared.durable.wait_for(|reached| reached >= height).await;
    }

    /// Waits for something to put into a block: batches, something that falls due, or that it is time for a block that
    /// says no more than that all is well.
    async fn wait_for_reason(&self, context: &impl Sleep, tip: &Tip) {
        let idle_until = context.current() + self.timing.idle;
        loop {
            let arrival = self.pool.arrival();
            let has_batches = !self.choose(tip, 1).is_empty();
            let is_due = self.falls_due_at_ms() <= self.clock.now_ms() && tip.time_ms() < self.clock.now_ms();
            // While the clock stands still a scenario has only the blocks that it asks for, and those that make these final: a block for
            // which too few voted in time becomes final with one that follows it.
            let is_wanted = !self.clock.is_standing() || self.tips.last_final().height() < tip.height();
            let is_idle = context.current() >= idle_until && is_wanted;
            if has_batches || is_due || is_idle {
                return;
            }
            select! {
                () = arrival => {},
                () = context.sleep(LOOK) => {},
            }
        }
    }

    /// The block that this node proposes on top of a tip.
    async fn make(&self, context: &impl Sleep, tip: &Tip) -> Option<Block> {
        // A block names no state that is further behind.
        self.applied(tip.state_height().max(tip.height().saturating_sub(STATE_BEHIND_MAX))).await;
        self.wait_for_reason(context, tip).await;
        let (state_height, state) = self.state();
        if state_height > tip.height() {
            return None; // the chain has gone another way meanwhile
        }
        let batches = self.choose(tip, self.block_bytes);
        let time_ms = self.clock.now_ms().max(tip.time_ms());
        let height = tip.height() + 1;
        let state_behind = u32::try_from(tip.height() - state_height).ok()?;
        Some(Block::new(height, time_ms, tip.hash(), state_behind, state, batches))
    }

    /// Whether a block may follow a tip. Waits for what is only not known yet: the time that the block says, and the state
    /// that it names.
    async fn check(&self, context: &impl Sleep, tip: &Tip, block: &Block, leader: &PublicKey) -> bool {
        let rosters = self.shared.rosters();
        let Some(roster) = rosters.of_height(block.header().height) else { return false };
        if let Err(error) = tip.check(block, roster) {
            tracing::warn!(%error, "a block that does not follow was proposed");
            return false;
        }
        let time_ms = block.header().time_ms;
        loop {
            let ahead_ms = time_ms.saturating_sub(self.clock.now_ms() + self.timing.clock_skew.as_millis() as u64);
            if ahead_ms == 0 {
                break;
            }
            context.sleep(Duration::from_millis(ahead_ms).min(LOOK)).await;
        }
        #[cfg(test)]
        if self.shared.has_bug(crate::simulation::Bug::SkipsStateCheck) {
            return true;
        }
        let height = block.header().state_height().expect("a block is read strictly");
        select! {
            () = self.applied(height) => {},
            // The leader has applied that block. Who has missed that it is final would wait for a later one that is, which without its
            // vote there may never be.
            () = context.sleep(MISSED) => {
                for certified in height..=tip.height() {
                    self.marshal.hint_finalized(Height::new(certified), NonEmptyVec::new(leader.clone()));
                }
                self.applied(height).await;
            },
        }
        let is_same = self.state_at(height) == Some(block.header().state);
        if !is_same {
            tracing::error!(height, "a block was proposed that names another state than this node has come to");
        }
        is_same
    }
}

impl<E: Spawner + Metrics + Sleep> commonware_consensus::Application<E> for Leader {
    type SigningScheme = Scheme;
    type Context = Context<Digest, PublicKey>;
    type Block = Candidate;
    type Input = ();

    async fn propose(
        &mut self,
        (context, _round): (E, Self::Context),
        ancestry: impl Ancestry<Candidate>,
        (): (),
    ) -> Option<Digested<Candidate>> {
        #[cfg(test)]
        self.shared.entered(_round.round);
        let tip = self.tips.after(&self.shared.rosters(), ancestry).await?;
        let block = self.make(&context, &tip).await?;
        self.tips.add(tip.after(&block));
        #[cfg(test)]
        if self.shared.has_bug(crate::simulation::Bug::ForgetsProposed) {
            self.pool.settle(&tip.after(&block), &self.shared.rosters());
        }
        #[cfg(test)]
        let block = self.shared.twisted(_round.round, block);
        Some(Candidate::Block(block).digested())
    }

    async fn verify(&mut self, (context, round): (E, Self::Context), mut ancestry: impl Ancestry<Candidate>) -> bool {
        let Some(candidate) = ancestry.next().await else { return false };
        let Some(block) = candidate.inner().block() else { return false };
        #[cfg(test)]
        if self.shared.proposed(round.round, block) {
            return true;
        }
        let Some(tip) = self.tips.after(&self.shared.rosters(), ancestry).await else { return false };
        let is_valid = self.check(&context, &tip, block, &round.leader).await;
        if is_valid {
            self.tips.add(tip.after(block));
        }
        is_valid
    }
}
