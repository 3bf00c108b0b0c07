//! What must hold, checked while a simulation runs and at its end.

use super::injected::Witness;
use super::network::Place;
use super::payments::EPOCH_BLOCKS;
use crate::node::{BatchReceipt, Final, Node};
use commonware_consensus::types::Round;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use union::{Event, Hash};

/// What was seen of all nodes.
pub(crate) struct Record {
    /// Hostile nodes that the union of this size withstands at most.
    hostile_max: u64,
    prints: bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// By height, the hash of the block and of the state after it that an honest node came to first.
    chain: BTreeMap<u64, (Hash, Hash)>,
    /// Where a batch is.
    batches: BTreeMap<Hash, u64>,
    receipts: Vec<(Place, Hash, BatchReceipt)>,
    /// By hash of a block, the view in which it was proposed.
    views: BTreeMap<Hash, u64>,
    /// Heights at which a decision came into force.
    decided: BTreeSet<u64>,
    /// Views before each epoch.
    epochs: BTreeMap<u64, u64>,
    last_view: u64,
    /// Batches of honest members that are not final, with the last view when all honest nodes had them.
    waiting: BTreeMap<Hash, Option<u64>>,
    longest_wait: u64,
    is_calm: bool,
    violations: Vec<String>,
    trace: Sha256,
    now: Option<SystemTime>,
}

/// What a simulation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub height: u64,
    pub last_view: u64,
    pub receipts: u64,
    /// The most views that an order waited which all honest nodes had, while there were no faults.
    pub longest_wait: u64,
    /// Epochs that began.
    pub epochs: u64,
    /// Suspensions and readmissions that came into force.
    pub decisions: u64,
    /// Hash over everything that was recorded, in its order.
    pub trace: String,
    pub violations: Vec<String>,
}

pub(crate) fn short(hash: &[u8]) -> String {
    hash[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Record {
    pub fn new(hostile_max: u64, prints: bool) -> Record {
        Record { hostile_max, prints, seen: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_time(&self, now: SystemTime) {
        self.lock().now = Some(now);
    }

    /// Notes an event for the trace.
    pub fn note(&self, text: &str) {
        let seen = &mut *self.lock();
        seen.note(self.prints, text);
    }

    pub fn violation(&self, text: String) {
        self.note(&format!("VIOLATION {text}"));
        self.lock().violations.push(text);
    }

    pub fn has_violations(&self) -> bool {
        !self.lock().violations.is_empty()
    }

    /// An honest node came to a block. Agreement (P3, P8), conservation (P4) and limits.
    pub fn applied(&self, place: Place, node: &Node, block: &Final) {
        let header = block.block.header();
        self.came_to(place, header.height, header.hash(), block.applied.state);
        node.peek(|union| {
            for (book, sum) in union.ledger().sums() {
                if sum != 0 {
                    self.violation(format!(
                        "node {place:?}, block {}: the books of {} sum to {sum}",
                        header.height, book.0
                    ));
                }
            }
            if !union.ledger().is_within_limits() {
                self.violation(format!("node {place:?}, block {}: a limit is passed", header.height));
            }
        });
        if block.applied.events.iter().any(|event| matches!(event, Event::StandingChanged { .. })) {
            self.lock().decided.insert(header.height);
        }
        for batch in block.block.batches() {
            self.included(batch.id(), header.height, &header.hash());
        }
    }

    /// All honest nodes come to the same block and the same state at each height.
    pub fn came_to(&self, place: Place, height: u64, block: Hash, state: Hash) {
        self.note(&format!("node {place:?} block {height} {} state {}", short(&block), short(&state)));
        let first = *self.lock().chain.entry(height).or_insert((block, state));
        if first != (block, state) {
            self.violation(format!(
                "node {place:?} came to block {} and state {} at height {height}, another one to {} and {}",
                short(&block),
                short(&state),
                short(&first.0),
                short(&first.1)
            ));
        }
    }

    /// A batch is final. The bound on its wait (P7), see the description of the module above.
    fn included(&self, batch: Hash, height: u64, block: &Hash) {
        let seen = &mut *self.lock();
        seen.batches.insert(batch, height);
        let Some(Some(known)) = seen.waiting.remove(&batch) else { return };
        let Some(&view) = seen.views.get(block).filter(|_| seen.is_calm) else { return };
        let waited = view.saturating_sub(known);
        seen.longest_wait = seen.longest_wait.max(waited);
        // Turns begin anew with an epoch.
        let changes_epoch = seen.epochs.values().any(|before| (known + 1..view).contains(before));
        if waited > self.hostile_max + 1 + if changes_epoch { self.hostile_max } else { 0 } {
            let text = format!(
                "all honest nodes had batch {} when view {known} was the last one, and it came to be final only with view {view}",
                short(&batch)
            );
            seen.note(self.prints, &text);
            seen.violations.push(text);
        }
    }

    /// An honest member's batch is on its way.
    pub fn submitted(&self, batch: Hash) {
        let seen = &mut *self.lock();
        if !seen.batches.contains_key(&batch) {
            seen.waiting.entry(batch).or_default();
        }
    }

    /// Batches of which it is not known yet that all honest nodes have them.
    pub fn unknown(&self) -> Vec<Hash> {
        self.lock().waiting.iter().filter(|(_, known)| known.is_none()).map(|(batch, _)| *batch).collect()
    }

    /// How many batches of honest members wait, and how far the chain is.
    pub fn waiting(&self) -> String {
        let seen = self.lock();
        let height = seen.chain.keys().next_back().copied().unwrap_or_default();
        format!("{} wait, the last block is {height}, the last view {}", seen.waiting.len(), seen.last_view)
    }

    /// All honest nodes have a batch.
    pub fn known(&self, batch: &Hash) {
        let seen = &mut *self.lock();
        let last_view = seen.last_view;
        if let Some(known) = seen.waiting.get_mut(batch) {
            known.get_or_insert(last_view);
        }
    }

    /// There are no faults any more, but hostile nodes: what waits is measured from now on.
    pub fn calm(&self) {
        let seen = &mut *self.lock();
        seen.is_calm = true;
        seen.waiting.values_mut().for_each(|known| *known = None);
    }

    /// A node gave a receipt.
    pub fn receipt(&self, place: Place, batch: Hash, receipt: BatchReceipt) {
        self.note(&format!("node {place:?} acknowledged {} in block {}", short(&batch), receipt.height));
        let seen = &mut *self.lock();
        seen.receipts.push((place, batch, receipt));
    }

    /// A node came back with what its disk holds: every receipt that it gave is in it (P10), and it is on the chain.
    pub fn recovered(&self, place: Place, height: u64, state: Hash) {
        let (lost, first) = {
            let seen = self.lock();
            let is_lost = |receipt: &&(Place, Hash, BatchReceipt)| receipt.0 == place && receipt.2.height > height;
            (seen.receipts.iter().find(is_lost).map(|receipt| receipt.2.height), seen.chain.get(&height).copied())
        };
        if let Some(lost) = lost {
            self.violation(format!(
                "node {place:?} has blocks up to {height} only, and had given a receipt for {lost}"
            ));
        }
        if first.is_some_and(|first| first.1 != state) {
            self.violation(format!("node {place:?} recovered another state of block {height} than the others came to"));
        }
    }

    /// The height up to which everybody must have come.
    pub fn height(&self) -> u64 {
        let seen = self.lock();
        let receipts = seen.receipts.iter().map(|(_, _, receipt)| receipt.height);
        seen.chain.keys().copied().chain(receipts).max().unwrap_or_default()
    }

    /// The last view that has begun.
    pub fn last_view(&self) -> u64 {
        self.lock().last_view
    }

    /// At the end, from a node's disk: its blocks are the chain, and every receipt of any honest node is in them (P10).
    pub fn check_journal(&self, place: Place, begins: u64, blocks: &BTreeMap<u64, (Hash, Hash, Vec<Hash>)>) {
        for (height, (block, state, _)) in blocks {
            if self.lock().chain.get(height).is_some_and(|first| *first != (*block, *state)) {
                self.violation(format!(
                    "the disk of node {place:?} holds another block {height} than the others came to"
                ));
            }
        }
        let receipts = self.lock().receipts.clone();
        for (giver, batch, receipt) in receipts.into_iter().filter(|(_, _, receipt)| receipt.height > begins) {
            let is_there = blocks.get(&receipt.height).is_some_and(|(block, _, batches)| {
                *block == receipt.block && batches.get(receipt.batch as usize) == Some(&batch)
            });
            if !is_there {
                let height = receipt.height;
                self.violation(format!(
                    "node {giver:?} gave a receipt for block {height} that is not on the disk of {place:?}"
                ));
            }
        }
    }

    pub fn outcome(&self) -> Outcome {
        let seen = self.lock();
        Outcome {
            height: seen.chain.keys().next_back().copied().unwrap_or_default(),
            last_view: seen.last_view,
            receipts: seen.receipts.len() as u64,
            longest_wait: seen.longest_wait,
            epochs: seen.epochs.len() as u64,
            decisions: seen.decided.len() as u64,
            trace: seen.trace.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            violations: seen.violations.clone(),
        }
    }
}

impl Seen {
    /// Views counted through from the first epoch on. Those at the end of an epoch in which its last block is only proposed again
    /// do not count: nobody can put anything into a block then.
    fn count(&mut self, round: Round) -> u64 {
        let epoch = round.epoch().get();
        let before = match self.epochs.get(&epoch) {
            Some(before) => *before,
            None => {
                let last = (epoch * EPOCH_BLOCKS).checked_sub(1).and_then(|height| self.chain.get(&height));
                let before = last.and_then(|(block, _)| self.views.get(block)).copied().unwrap_or(self.last_view);
                *self.epochs.entry(epoch).or_insert(if epoch == 0 { 0 } else { before })
            }
        };
        before + round.view().get()
    }

    fn note(&mut self, prints: bool, text: &str) {
        let since = self.now.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        let line = format!("{} {text}", since.as_millis());
        self.trace.update(line.as_bytes());
        if prints {
            println!("{line}");
        }
    }
}

impl Witness for Record {
    fn entered(&self, round: Round) {
        let seen = &mut *self.lock();
        let view = seen.count(round);
        seen.note(self.prints, &format!("{round} is led by an honest node, view {view}"));
        seen.last_view = seen.last_view.max(view);
    }

    fn proposed(&self, round: Round, block: &Hash) {
        let seen = &mut *self.lock();
        let view = seen.count(round);
        if seen.last_view < view {
            seen.note(self.prints, &format!("{round} has a block {}, view {view}", short(block)));
        }
        seen.last_view = seen.last_view.max(view);
        seen.views.entry(*block).or_insert(view);
    }
}
