//! Where the chain stands after each block that may still be built on.

use super::candidate::Candidate;
use commonware_consensus::Heightable as _;
use commonware_consensus::marshal::ancestry::Ancestry;
use commonware_cryptography::Digestible as _;
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use union::{Hash, Rosters, Tip};

/// Heights below the last final one whose tips are remembered: proposals that arrive late may name them.
const KEPT: u64 = 16;

/// The tip after every block that was proposed, verified or applied lately, by the block's hash. What a block must
/// satisfy but for its state hash follows from the tip before it, so blocks that are not final need not be applied.
#[derive(Debug)]
pub(crate) struct Tips(Mutex<Known>);

#[derive(Debug)]
struct Known {
    final_tip: Tip,
    by_hash: BTreeMap<Hash, Tip>,
}

impl Tips {
    pub fn new(final_tip: Tip) -> Tips {
        let by_hash = BTreeMap::from([(final_tip.hash(), final_tip.clone())]);
        Tips(Mutex::new(Known { final_tip, by_hash }))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tip after the last block that was applied.
    pub fn last_final(&self) -> Tip {
        self.lock().final_tip.clone()
    }

    /// Remembers a block that can be built on.
    pub fn add(&self, tip: Tip) {
        let mut known = self.lock();
        if tip.height() > known.final_tip.height() {
            known.by_hash.insert(tip.hash(), tip);
        }
    }

    /// A block was applied: blocks beside it can no longer be built on.
    pub fn advance(&self, tip: Tip) {
        let mut known = self.lock();
        let first_kept = tip.height().saturating_sub(KEPT);
        known.by_hash.retain(|_, other| other.height() > tip.height() || other.height() >= first_kept);
        known.by_hash.insert(tip.hash(), tip.clone());
        known.final_tip = tip;
    }

    fn get(&self, hash: &Hash) -> Option<Tip> {
        self.lock().by_hash.get(hash).cloned()
    }

    /// The tip after the first block of an ancestry; `None` if it does not lead back to what is known.
    pub async fn after(&self, rosters: &Rosters, mut ancestry: impl Ancestry<Candidate>) -> Option<Tip> {
        let mut later = Vec::new();
        loop {
            let block = ancestry.next().await?;
            if let Some(mut tip) = self.get(&block.digest().0) {
                for block in later.iter().rev() {
                    tip.check(block, rosters.of_height(block.header().height)?).ok()?;
                    tip = tip.after(block);
                    self.add(tip.clone());
                }
                return Some(tip);
            }
            if block.height().get() <= self.last_final().height() {
                return None; // beside the final chain
            }
            later.push(block.inner().block()?.clone());
        }
    }
}
