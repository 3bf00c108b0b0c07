//! The height up to which blocks are durable, and waiting for it.

use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// A height that only grows. Whoever waits is woken in the order in which waiting began, so that a simulation goes the same way every
/// time; `tokio::sync::watch` wakes in random order.
#[derive(Debug)]
pub(crate) struct DurableHeight {
    height: AtomicU64,
    changed: Notify,
}

impl DurableHeight {
    pub fn new(height: u64) -> DurableHeight {
        DurableHeight { height: AtomicU64::new(height), changed: Notify::new() }
    }

    pub fn get(&self) -> u64 {
        self.height.load(Ordering::Acquire)
    }

    /// The block at this height is durable.
    pub fn reach(&self, height: u64) {
        let before = self.height.swap(height, Ordering::AcqRel);
        assert!(before <= height, "block {height} comes after block {before}");
        self.wake();
    }

    /// Whoever waits looks again.
    pub fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Resolves with the height when it is as it is to be.
    pub async fn wait_for(&self, is_so: impl Fn(u64) -> bool) -> u64 {
        loop {
            // From here on no wake is missed.
            let changed = self.changed.notified();
            let height = self.get();
            if is_so(height) {
                return height;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream::{FuturesUnordered, StreamExt as _};
    use futures::{FutureExt as _, future};

    #[test]
    fn who_waits_is_woken_when_it_is_so_in_the_order_of_waiting() {
        let height = DurableHeight::new(3);
        assert_eq!(height.wait_for(|reached| reached >= 3).now_or_never(), Some(3));
        let wait = |who: u64| {
            let height = &height;
            async move {
                height.wait_for(|reached| reached >= 5 + who % 2).await;
                who
            }
        };
        // What it polls, and in which order, is what was woken.
        let mut waiting: FuturesUnordered<_> = (0..20).map(wait).collect();
        let mut woken = || {
            future::poll_fn(|context| {
                let mut woken = Vec::new();
                while let std::task::Poll::Ready(Some(who)) = waiting.poll_next_unpin(context) {
                    woken.push(who);
                }
                std::task::Poll::Ready(woken)
            })
            .now_or_never()
            .unwrap()
        };
        assert!(woken().is_empty());
        height.wake();
        height.reach(4);
        assert!(woken().is_empty());
        for reached in [5, 6] {
            height.reach(reached);
            let expected: Vec<u64> = (0..20).filter(|who| 5 + who % 2 == reached).collect();
            assert_eq!(woken(), expected);
        }
    }
}
