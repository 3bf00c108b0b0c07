//! The receipts of signed batches, kept for those who ask again because an answer was lost.

use crate::view::ReceiptView;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Receipts are forgotten when those kept have more outcomes than this: about 100 MB.
const OUTCOMES_MAX: usize = 500_000;

/// What tells batches apart: member, sequence, digest.
pub(crate) type Key = (u16, u64, [u8; 32]);

#[derive(Debug)]
struct Slot {
    receipt: watch::Sender<Option<Arc<ReceiptView>>>,
    /// Requests with this batch that are under way. The batch may not be verified yet, so several may be.
    under_way: usize,
}

#[derive(Debug, Default)]
struct Kept {
    slots: BTreeMap<Key, Slot>,
    /// Those with a receipt, with the number of outcomes, the oldest first.
    order: VecDeque<(Key, usize)>,
    outcomes: usize,
}

/// The receipts that are kept.
#[derive(Debug, Default)]
pub(crate) struct Receipts(Mutex<Kept>);

/// A request with a batch is under way; the same batch in other requests may wait for it.
#[derive(Debug)]
pub(crate) struct UnderWay {
    receipts: Arc<Receipts>,
    key: Key,
}

impl Receipts {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces a request with a batch, before the node has it.
    pub fn announce(self: &Arc<Self>, key: Key) -> UnderWay {
        let mut kept = self.kept();
        kept.slots.entry(key).or_insert_with(|| Slot { receipt: watch::Sender::new(None), under_way: 0 }).under_way +=
            1;
        UnderWay { receipts: self.clone(), key }
    }

    /// The receipt of a batch: if it is kept, or once a request that is under way has got it.
    pub async fn find(&self, key: &Key) -> Option<Arc<ReceiptView>> {
        let mut receipt = self.kept().slots.get(key)?.receipt.subscribe();
        receipt.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl UnderWay {
    /// Keeps the receipt, and hands it to those who wait for it.
    pub fn keep(&self, receipt: Arc<ReceiptView>) {
        let mut kept = self.receipts.kept();
        let outcomes = receipt.outcomes.len();
        let slot = kept.slots.get(&self.key).expect("it is there while a request is under way");
        slot.receipt.send_replace(Some(receipt));
        kept.order.push_back((self.key, outcomes));
        kept.outcomes += outcomes;
        while kept.outcomes > OUTCOMES_MAX
            && kept.order.len() > 1
            && let Some((oldest, outcomes)) = kept.order.pop_front()
        {
            kept.outcomes -= outcomes;
            match kept.slots.get(&oldest) {
                // The last request that is under way removes it.
                Some(slot) if slot.under_way > 0 => drop(slot.receipt.send_replace(None)),
                _ => drop(kept.slots.remove(&oldest)),
            }
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut kept = self.receipts.kept();
        let Some(slot) = kept.slots.get_mut(&self.key) else { return };
        slot.under_way -= 1;
        // Nobody is going to fill it: whoever waits for it is told by its end.
        if slot.under_way == 0 && slot.receipt.borrow().is_none() {
            kept.slots.remove(&self.key);
        }
    }
}
