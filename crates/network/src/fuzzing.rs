//! How messages of other nodes are read, for fuzz targets; not part of what this crate is for.

use crate::consensus::gossip::take_first;
use crate::consensus::relay::Message;
use union::{Batch, Rosters};

/// What a message about a block says: its tag, and how many batches it is about. `None` if it is none.
pub fn relayed(message: &[u8]) -> Option<(u8, usize)> {
    Message::decode(message).map(|message| match message {
        Message::Announcement { ids, .. } => (0, ids.len()),
        Message::Question { places, .. } => (1, places.len()),
        Message::Answer { .. } => (2, 1),
    })
}

/// The batches of a message that are taken.
pub fn gossiped(mut message: &[u8], rosters: &Rosters) -> Vec<Batch> {
    let mut taken = Vec::new();
    while !message.is_empty()
        && let Ok(batch) = take_first(&mut message, rosters)
    {
        taken.push(batch);
    }
    taken
}
