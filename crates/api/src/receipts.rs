//! The receipts of signed batches, kept for those who ask again because an answer was lost.

use crate::view::ReceiptView;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Receipts are forgotten when those kept have more outcomes than this: about 100 MB.
const OUTCOMES_MAX: usize = 500_000;

/// What tells batches apart: member, sequence, digest.
pub(crate) type Key = (u16, u64, [u8; 32]);

type Slot = watch::Receiver<Option<Arc<ReceiptView>>>;

#[derive(Debug, Default)]
struct Kept {
    slots: BTreeMap<Key, Slot>,
    /// With the number of outcomes, the oldest first.
    order: VecDeque<(Key, usize)>,
    outcomes: usize,
}

/// The receipts that are kept.
#[derive(Debug, Default)]
pub(crate) struct Receipts(Mutex<Kept>);

/// The place of a receipt that is being waited for. Dropped unfilled, the batch was not taken.
#[derive(Debug)]
pub(crate) struct Promise {
    receipts: Arc<Receipts>,
    key: Key,
    sender: watch::Sender<Option<Arc<ReceiptView>>>,
}

impl Receipts {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces the receipt of a batch that was handed to the node; `None` if that batch was handed over before.
    pub fn promise(self: &Arc<Self>, key: Key) -> Option<Promise> {
        let mut kept = self.kept();
        if kept.slots.contains_key(&key) {
            return None;
        }
        let (sender, slot) = watch::channel(None);
        kept.slots.insert(key, slot);
        Some(Promise { receipts: self.clone(), key, sender })
    }

    /// The receipt of a batch, once it is there; `None` if it is not kept.
    pub async fn find(&self, key: &Key) -> Option<Arc<ReceiptView>> {
        let mut slot = self.kept().slots.get(key).cloned()?;
        slot.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl Promise {
    /// Keeps the receipt, and hands it to those who wait for it.
    pub fn keep(self, receipt: Arc<ReceiptView>) {
        let mut kept = self.receipts.kept();
        kept.outcomes += receipt.outcomes.len();
        kept.order.push_back((self.key, receipt.outcomes.len()));
        self.sender.send_replace(Some(receipt));
        while kept.outcomes > OUTCOMES_MAX
            && kept.order.len() > 1
            && let Some((oldest, outcomes)) = kept.order.pop_front()
        {
            kept.slots.remove(&oldest);
            kept.outcomes -= outcomes;
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.sender.borrow().is_none() {
            self.receipts.kept().slots.remove(&self.key);
        }
    }
}
