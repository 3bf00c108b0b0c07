//! Blocks on top of one another, for whatever commands: made, applied, kept as bytes and replayed.

use crate::scene::{Record, Terms, assert_sound};
use proptest::prelude::*;
use std::sync::Arc;
use union::{Applied, Batch, Block, STATE_BEHIND_MAX, Union};

/// Blocks on top of one another. Batches are taken unsigned, as from a journal: signatures have tests of their own.
#[derive(Clone)]
pub struct Chain {
    pub union: Union,
    pub time_ms: u64,
    /// Every block so far, as bytes.
    pub blocks: Vec<Vec<u8>>,
    /// How far behind the states are that blocks name, in turn, as far as they may be.
    behind: Vec<u32>,
}

impl Chain {
    pub fn new(terms: &Terms, behind: &[u32]) -> Chain {
        let union = Union::new(terms.charter(), 1);
        let time_ms = union.time_ms() + 10 * 3_600_000;
        Chain { union, time_ms, blocks: Vec::new(), behind: behind.to_vec() }
    }

    /// The next block, a batch for each run of records of one member.
    pub fn block(&self, records: &[(u16, Record)]) -> Block {
        let mut batches: Vec<Batch> = Vec::new();
        for run in records.chunk_by(|a, b| a.0 == b.0) {
            let member = run[0].0;
            let before = batches.iter().filter(|batch| batch.header().member == member).count();
            let sequence = self.union.sequence(member) + 1 + before as u64;
            let records: Vec<Record> = run.iter().map(|(_, record)| *record).collect();
            let union = self.union.charter().hash();
            let roster = self.union.rosters().of_height(self.union.height() + 1).expect("the next block's roster");
            let key = roster.seats()[usize::from(member)].signing_key;
            let bytes = Batch::build(union, member, key, sequence, &records, &[], |_| [0; 64]).expect("a batch");
            batches.push(Batch::from_journal(Arc::from(bytes)).expect("a batch"));
        }
        let tip = self.union.tip();
        let wanted = self.behind[tip.height() as usize % self.behind.len()];
        let behind = u64::from(wanted).min(tip.height() - tip.state_height()).min(STATE_BEHIND_MAX);
        let state = self.union.state_at(tip.height() - behind).expect("a state that may be named");
        Block::new(tip.height() + 1, self.time_ms, tip.hash(), behind as u32, state, batches)
    }

    pub fn apply(&mut self, records: &[(u16, Record)]) -> Applied {
        let block = self.block(records);
        self.blocks.push(bytes(&block));
        let applied = self.union.apply(&block).expect("the next block");
        assert_sound(&self.union);
        applied
    }
}

/// How far behind named states are, block after block: now and then none becomes final for a while.
pub fn behind() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop_oneof![Just(0), 0..4u32, Just(u32::MAX)], 1..12)
}

/// A block's bytes.
pub fn bytes(block: &Block) -> Vec<u8> {
    let batches = block.batches().iter().flat_map(|batch| batch.bytes().iter().copied());
    block.header_bytes().iter().copied().chain(batches).collect()
}

/// Reads a chain's blocks from their bytes and applies them to a union that is at `from`.
pub fn replay(union: &mut Union, blocks: &[Vec<u8>]) -> Vec<Applied> {
    let applied = blocks.iter().map(|bytes| {
        let block = Block::decode(bytes, Batch::from_journal).expect("a block that was written");
        union.apply(&block).expect("the next block")
    });
    applied.collect()
}

/// A union's snapshot.
pub fn snapshot(union: &Union) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written: Result<(), ()> = union.snapshot(|piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    });
    written.expect("memory does not fail");
    bytes
}
