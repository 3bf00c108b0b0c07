//! Applies final blocks, makes them durable, and tells whoever waits for them.

use super::Marshal;
use super::candidate::Candidate;
use super::certificate;
use super::pool::{Left, Pool};
use super::store::{KEPT, SECTION};
use super::tips::Tips;
use crate::error::{NodeError, SubmitError};
use crate::node::{Answer, Final, Shared};
use crate::publish::publish;
use crate::record;
use crate::snapshots::Snapshots;
use commonware_actor::Feedback;
use commonware_consensus::Reporter;
use commonware_consensus::marshal::Update;
use commonware_consensus::types::Height;
use commonware_utils::Acknowledgement as _;
use commonware_utils::acknowledgement::Exact;
use journal::Journal;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;
use union::{Batch, BatchError, Block, Tip};

/// Where the engine puts final blocks. It waits for the acknowledgement of some before it sends more.
#[derive(Clone, Debug)]
pub(crate) struct FinalBlocks {
    pub shared: Arc<Shared>,
    pub to_executor: mpsc::UnboundedSender<(Block, Exact)>,
}

impl Reporter for FinalBlocks {
    type Activity = Update<Candidate>;

    fn report(&mut self, update: Update<Candidate>) -> Feedback {
        match update {
            Update::Tip(_, height, _) => {
                self.shared.final_height.fetch_max(height.get(), Ordering::AcqRel);
                Feedback::Ok
            }
            Update::Block(candidate, acknowledgement) => match candidate.inner().block() {
                None => {
                    acknowledgement.acknowledge();
                    Feedback::Ok
                }
                Some(block) => match self.to_executor.send((block.clone(), acknowledgement)) {
                    Ok(()) => Feedback::Ok,
                    Err(_) => Feedback::Closed,
                },
            },
        }
    }
}

pub(crate) struct Executor {
    pub shared: Arc<Shared>,
    pub pool: Arc<Pool>,
    pub tips: Arc<Tips>,
    pub journal: Journal,
    pub snapshots: Snapshots,
    pub marshal: Marshal,
}

impl Executor {
    /// Applies what comes until the engine stops, then closes the journal.
    pub async fn run(mut self, mut blocks: mpsc::UnboundedReceiver<(Block, Exact)>) -> Result<(), NodeError> {
        while let Some((block, acknowledgement)) = blocks.recv().await {
            let height = block.header().height;
            // What was applied before is told again after a restart.
            if height > self.height() {
                let finalization = self.marshal.get_finalization(Height::new(height)).await;
                self.apply(block, finalization.as_ref().map(certificate::encode).unwrap_or_default())?;
            }
            acknowledgement.acknowledge();
            if height % SECTION == 0 {
                self.marshal.prune(Height::new(height.saturating_sub(KEPT)));
            }
        }
        self.close()
    }

    fn height(&self) -> u64 {
        self.shared.union.read().unwrap_or_else(PoisonError::into_inner).height()
    }

    fn apply(&mut self, block: Block, certificate: Vec<u8>) -> Result<(), NodeError> {
        let shared = self.shared.clone();
        let mut union = shared.union.write().unwrap_or_else(PoisonError::into_inner);
        let applied = union.apply(&block)?;
        let tip = union.tip().clone();
        shared.follow(&union, &block);
        drop(union);

        #[cfg(test)]
        if shared.has_bug(crate::simulation::Bug::AcknowledgesFirst) {
            let (answers, passed_over) = self.answers(&block, &tip);
            publish(&shared, Final { block: block.clone(), applied: applied.clone() }, answers);
            for (answer, error) in passed_over {
                drop(answer.send(Err(SubmitError::Batch(error))));
            }
        }
        let pieces = record::pieces(&applied.state, &certificate, &block);
        let pieces: Vec<&[u8]> = pieces.iter().map(AsRef::as_ref).collect();
        self.journal.append(applied.height, &pieces)?;
        let head = self.journal.sync()?;
        self.tips.advance(tip.clone());
        let bytes: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        if self.snapshots.is_due(bytes) {
            self.snapshots.write(&shared.union.read().unwrap_or_else(PoisonError::into_inner), head);
        }

        let (answers, passed_over) = self.answers(&block, &tip);
        publish(&shared, Final { block, applied }, answers);
        for (answer, error) in passed_over {
            drop(answer.send(Err(SubmitError::Batch(error))));
        }
        Ok(())
    }

    /// Who waits for the block's batches, in their order; and who waits for batches that can be in no block any more.
    fn answers(&self, block: &Block, tip: &Tip) -> (Vec<Vec<Answer>>, Vec<(Answer, BatchError)>) {
        let rosters = self.shared.rosters();
        let mut waiting = BTreeMap::new();
        for Left { batch, answers } in self.pool.settle(tip, &rosters) {
            self.shared.waiting_bytes.fetch_sub(batch.bytes().len() * answers.len(), Ordering::AcqRel);
            waiting.insert(batch.id(), (batch, answers));
        }
        let of_block = |batch: &Batch| waiting.remove(&batch.id()).map(|(_, answers)| answers).unwrap_or_default();
        let answers = block.batches().iter().map(of_block).collect();
        let replay = |batch: &Batch| {
            let (member, got) = (batch.header().member, batch.header().sequence);
            let replay = BatchError::Replay { member, got, last: tip.sequence(member) };
            rosters.check(batch.header()).err().unwrap_or(replay)
        };
        let passed_over = waiting.into_values().flat_map(|(batch, answers)| {
            answers.into_iter().map(|answer| (answer, replay(&batch))).collect::<Vec<_>>()
        });
        (answers, passed_over.collect())
    }

    fn close(self) -> Result<(), NodeError> {
        let head = self.journal.close()?;
        if self.snapshots.has_new() {
            self.snapshots.write(&self.shared.union.read().unwrap_or_else(PoisonError::into_inner), head);
        }
        Ok(())
    }
}
