//! The orders behind bookings, out of the journal: their records, and their customer detail where the member may read it.

use crate::record::{Presented, detail, record_in};
use iso20022::outbound::Known;
use keys::MemberKey;
use network::{NodeError, Record};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use union::{Block, Found, Payment, Place, Union};

/// Blocks that are kept, since many orders come out of one.
const BLOCKS_KEPT: usize = 64;

/// Looks orders of a member up.
pub(super) struct JournalOrders {
    data: PathBuf,
    /// The journal begins after this block: orders from before are known by the union's state alone.
    begins: u64,
    member: u16,
    /// Opens customer detail; without it none is told.
    key: Option<Arc<MemberKey>>,
    blocks: BTreeMap<u64, Block>,
    /// Their heights, the oldest first.
    kept: VecDeque<u64>,
}

impl JournalOrders {
    /// Orders in the journal of a directory, which begins after the block at `begins`.
    pub fn new(data: &Path, begins: u64, member: u16, key: Option<Arc<MemberKey>>) -> JournalOrders {
        JournalOrders { data: data.to_owned(), begins, member, key, blocks: BTreeMap::new(), kept: VecDeque::new() }
    }

    /// A block that was read already.
    pub fn keep(&mut self, height: u64, block: Block) {
        if self.blocks.insert(height, block).is_none() {
            self.kept.push_back(height);
        }
        if self.kept.len() > BLOCKS_KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.blocks.remove(&oldest);
        }
    }

    /// What is known of an order. `payment` is its record, where it is known without the journal; one that the union has
    /// forgotten, or that is from before the journal, is known by nothing else.
    pub fn known(&mut self, union: &Union, order: u128, payment: Option<Payment>) -> Result<Known, NodeError> {
        let place = match union.orders().find(order) {
            Some(Found::Open(at)) => union.orders().open(at).place,
            Some(Found::Closed(at)) => union.orders().closed(at).place(),
            None => return Ok(Known { payment, detail: None }),
        };
        let Some((sent, sealed)) = self.record(place)? else { return Ok(Known { payment, detail: None }) };
        let detail = self.key.as_ref().zip(sealed).and_then(|(key, sealed)| {
            // What was sealed wrongly by its sender is left out: the booking is told without it.
            detail(union.charter().hash(), self.member, key, &sent, &sealed)
        });
        Ok(Known { payment: payment.or(Some(sent)), detail })
    }

    fn record(&mut self, place: Place) -> Result<Option<Presented>, NodeError> {
        if place.height <= self.begins {
            return Ok(None);
        }
        if !self.blocks.contains_key(&place.height) {
            let block = Record::read(&self.data, place.height)?.block;
            self.keep(place.height, block);
        }
        Ok(self.blocks.get(&place.height).and_then(|block| record_in(block, place)))
    }
}
