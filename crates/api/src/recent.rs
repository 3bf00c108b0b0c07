//! The last blocks with what they did, for those who follow the events.

use network::Final;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, watch};

/// Events of recent blocks that are kept, in all: about 40 MB.
const EVENTS_MAX: usize = 150_000;

/// What comes after a height.
#[derive(Debug)]
pub(crate) enum Next {
    /// The next block.
    Block(Arc<Final>),
    /// Nothing yet.
    Nothing,
    /// A block that is not kept any more, or never was: it is in the journal.
    Gone,
}

#[derive(Debug)]
struct Window {
    /// Without gaps.
    blocks: VecDeque<Arc<Final>>,
    /// Height of the first of them; of the next block if there is none.
    first: u64,
    events: usize,
}

/// The window of recent blocks.
#[derive(Debug)]
pub(crate) struct Recent {
    blocks_max: usize,
    window: Mutex<Window>,
    /// Height of the last block that came into the window.
    reached: watch::Sender<u64>,
}

impl Recent {
    /// Follows a node and keeps so many blocks, on a thread of its own that ends with the node.
    pub fn follow(node: &network::Node, blocks_max: usize) -> std::io::Result<Arc<Recent>> {
        let mut blocks = node.subscribe();
        // Blocks up to this height may come or not; they are in the journal.
        let height = node.durable_height();
        let window = Window { blocks: VecDeque::new(), first: height + 1, events: 0 };
        let recent = Arc::new(Recent { blocks_max, window: Mutex::new(window), reached: watch::channel(height).0 });
        let to = Arc::downgrade(&recent);
        std::thread::Builder::new().name("recent-blocks".into()).spawn(move || {
            loop {
                match blocks.blocking_recv() {
                    Ok(block) => match to.upgrade() {
                        Some(recent) => recent.push(block),
                        None => return,
                    },
                    // The gap is seen at the next block.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        })?;
        Ok(recent)
    }

    fn push(&self, block: Arc<Final>) {
        let height = block.applied.height;
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let next = window.first + window.blocks.len() as u64;
        if height < next {
            return;
        }
        if height > next {
            window.blocks.clear();
            (window.first, window.events) = (height, 0);
        }
        window.events += block.applied.events.len();
        window.blocks.push_back(block);
        while window.blocks.len() > self.blocks_max || (window.events > EVENTS_MAX && window.blocks.len() > 1) {
            let dropped = window.blocks.pop_front().expect("it is not empty");
            window.events -= dropped.applied.events.len();
            window.first += 1;
        }
        drop(window);
        self.reached.send_replace(height);
    }

    /// The block after `height`.
    pub fn after(&self, height: u64) -> Next {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        match (height + 1).checked_sub(window.first) {
            None => Next::Gone,
            Some(at) => match window.blocks.get(at as usize) {
                Some(block) => Next::Block(block.clone()),
                None => Next::Nothing,
            },
        }
    }

    /// Told of every new block.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.reached.subscribe()
    }
}
