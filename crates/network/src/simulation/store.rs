//! What the engine keeps of final blocks, and what it reads from the journal.

use super::payments::{Payer, charter, genesis, node_key};
use super::plan::random;
use crate::clock::Clock;
use crate::consensus::store::{self, BlockStore, Past};
use crate::consensus::{Candidate, Digest, Timing};
use crate::node::{Node, Options};
use crate::record;
use commonware_consensus::marshal::store::{Blocks as _, Certificates as _};
use commonware_consensus::types::Height;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Blob as _, Runner as _, Storage as _, Supervisor as _, WriteOptions, deterministic};
use commonware_storage::archive::Identifier;
use commonware_utils::{NZU16, NZUsize};
use journal::Journal;
use journal::simulated_disk::SimulatedDisk;
use std::sync::Arc;
use union::{Batch, Block, Charter, Union};

/// Blocks 1 to 12 of a chain.
fn chain(charter: &Charter) -> Vec<(Block, [u8; 32])> {
    let (mut union, mut payer) = (Union::new(charter.clone(), 0), Payer::new(1, 4));
    let made = (1..=12).map(|sequence| {
        payer.sequence = sequence;
        let payments = payer.payments(charter, &mut random(0, sequence));
        let batch = Batch::signed(payer.sign(charter, &payments), &charter.hash()).unwrap();
        let (time_ms, parent) = (union.time_ms(), union.parent());
        let block = Block::new(union.height() + 1, time_ms, parent, 0, union.state(), vec![batch]);
        let state = union.apply(&block).unwrap().state;
        (block, state)
    });
    made.collect()
}

/// A node whose journal has the first ten blocks of the chain.
fn node(charter: &Charter, chain: &[(Block, [u8; 32])]) -> (Node, Arc<Past>) {
    let disk = Arc::new(SimulatedDisk::new(0));
    let options = journal::Options { reserve_bytes: 1 << 16, ..journal::Options::default() };
    let mut journal = Journal::create_on(disk, &genesis(charter), options).unwrap();
    for (block, state) in &chain[..10] {
        let pieces = record::pieces(state, &[], block);
        let pieces: Vec<&[u8]> = pieces.iter().map(AsRef::as_ref).collect();
        journal.append(block.header().height, &pieces).unwrap();
    }
    journal.sync().unwrap();
    let clock = Arc::new(Clock::standing_at(0));
    let (node, _, parts, _) =
        Node::simulated(journal, clock, Options::default(), node_key(0), Timing::default()).unwrap();
    (node, Arc::new(Past::new(parts.shared.clone(), parts.journal.reader())))
}

fn pages() -> CacheRef {
    CacheRef::new(NZU16!(1_024), NZUsize!(16))
}

fn digest(block: &Block) -> Digest {
    Digest(block.header().hash())
}

async fn found(blocks: &BlockStore<deterministic::Context>, id: Identifier<'_, Digest>) -> Option<u64> {
    blocks.get(id).await.unwrap().map(|block| block.block().unwrap().header().height)
}

/// As a node does that has missed much: from the bottom by heights, and backwards by the hashes that blocks name.
#[test]
fn what_the_engine_does_not_keep_it_reads_from_the_journal() {
    deterministic::Runner::seeded(0).start(|context| async move {
        let charter = charter(4);
        let chain = chain(&charter);
        let (_node, past) = node(&charter, &chain);
        let (certificates, mut blocks) = store::open(&context, &pages(), charter.hash(), past).await.unwrap();
        assert_eq!((blocks.last_index(), certificates.last_index()), (None, None));
        for height in [1, 10, 4] {
            assert_eq!(found(&blocks, Identifier::Index(height)).await, Some(height));
        }
        for height in [0, 11] {
            assert_eq!(found(&blocks, Identifier::Index(height)).await, None, "genesis, and what is not applied");
        }
        assert_eq!(found(&blocks, Identifier::Key(&digest(&chain[6].0))).await, None, "nobody was told of it yet");
        for height in (1..=9).rev() {
            let parent = digest(&chain[height - 1].0);
            assert_eq!(found(&blocks, Identifier::Index(height as u64 + 1)).await, Some(height as u64 + 1));
            assert_eq!(found(&blocks, Identifier::Key(&parent)).await, Some(height as u64));
        }

        // What is there counts as missing for the engine all the same, and what it keeps comes first.
        blocks = blocks.put(digest(&chain[11].0), &Arc::new(Candidate::Block(chain[11].0.clone()))).await.unwrap();
        assert_eq!(found(&blocks, Identifier::Index(12)).await, Some(12));
        assert_eq!(blocks.missing_items(Height::new(10), 5), [10, 11].map(Height::new));
    });
}

#[test]
fn what_a_disk_has_lost_is_made_anew() {
    deterministic::Runner::seeded(0).start(|context| async move {
        let charter = charter(4);
        let chain = chain(&charter);
        let (_node, past) = node(&charter, &chain);
        let open = |name| {
            let (context, past, union) = (context.child(name), past.clone(), charter.hash());
            async move { store::open(&context, &pages(), union, past).await.unwrap().1 }
        };
        let mut blocks = open("first").await;
        for (block, _) in &chain {
            blocks = blocks.put(digest(block), &Arc::new(Candidate::Block(block.clone()))).await.unwrap();
        }
        drop(blocks.sync().await.unwrap());
        let blocks = open("second").await;
        assert_eq!(found(&blocks, Identifier::Index(12)).await, Some(12));
        drop(blocks);

        let section = 8_u64.to_be_bytes();
        let (values, length) = context.open("blocks-values", &section).await.unwrap();
        values.write_at(length / 2, vec![0xee; 8], WriteOptions::default()).await.unwrap();
        values.sync().await.unwrap();
        let blocks = open("third").await;
        assert_eq!(blocks.last_index(), None);
        assert_eq!(found(&blocks, Identifier::Index(9)).await, Some(9), "the journal has it");
        assert_eq!(found(&blocks, Identifier::Index(12)).await, None, "other nodes have it");
    });
}
