//! What a simulation has a node do wrong, and what it has a node tell of. Only test builds have any of it.

use crate::node::Shared;
use commonware_consensus::types::Round;
use std::fmt;
use std::sync::Arc;
use union::{Block, Hash};

/// A mistake that all honest nodes make. The simulation must find each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The executor hands out receipts before the block is in the journal.
    AcknowledgesFirst,
    /// A node votes for a block without looking at the state that the block names.
    SkipsStateCheck,
    /// A leader takes what it proposes out of its pool, although the block may never be final.
    ForgetsProposed,
}

/// What a node tells of its leaders' turns.
pub(crate) trait Witness: Send + Sync {
    /// It is this node's turn to lead.
    fn entered(&self, round: Round);
    /// A block was proposed, by this node or another.
    fn proposed(&self, round: Round, block: &Hash);
}

/// What a hostile leader does to the block that it would have proposed.
pub(crate) trait Twist: Send + Sync {
    fn twist(&self, block: Block) -> Block;
}

/// See the parts.
pub(crate) struct Injected {
    pub bug: Option<Bug>,
    pub witness: Arc<dyn Witness>,
    /// A hostile node has one; it votes for everything, too.
    pub twist: Option<Box<dyn Twist>>,
}

impl fmt::Debug for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injected").field("bug", &self.bug).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn has_bug(&self, bug: Bug) -> bool {
        self.injected.get().is_some_and(|injected| injected.bug == Some(bug))
    }

    /// It is this node's turn to lead.
    pub(crate) fn entered(&self, round: Round) {
        if let Some(injected) = self.injected.get() {
            injected.witness.entered(round);
        }
    }

    /// The block that this node proposes.
    pub(crate) fn twisted(&self, round: Round, block: Block) -> Block {
        let Some(injected) = self.injected.get() else { return block };
        let block = match &injected.twist {
            Some(twist) => twist.twist(block),
            None => block,
        };
        injected.witness.proposed(round, &block.header().hash());
        block
    }

    /// Another node proposes a block; whether this one votes for it whatever it is.
    pub(crate) fn proposed(&self, round: Round, block: &Block) -> bool {
        let Some(injected) = self.injected.get() else { return false };
        injected.witness.proposed(round, &block.header().hash());
        injected.twist.is_some()
    }
}
