//! The messages that told a member of one order, out of the journal.

use super::teller::{Notice, TellError, Teller};
use super::{IsoSettings, Outgoing};
use keys::MemberKey;
use network::Replay;
use std::path::Path;
use std::sync::Arc;
use union::Event;

/// An order, and whom its messages are for.
#[derive(Clone, Copy, Debug)]
pub struct OrderOf {
    /// The member.
    pub member: u16,
    /// The order.
    pub order: u128,
    /// The block that it was taken in: what was told of its identifier before was about an order that is forgotten.
    pub from_height: u64,
}

/// A message about an order, and the block that it tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderMessage {
    /// The message.
    pub message: Outgoing,
    /// Height of the block.
    pub height: u64,
    /// Its time, Unix milliseconds.
    pub time_ms: u64,
}

/// The first `limit` of the messages that told a member of an order, the very same that a [`Teller`] has for it, from a journal up to the block
/// at `until`; and whether there are more. Without a key, no customer detail is told.
///
/// Blocks in which nothing happened to the order cost what it costs to replay them.
///
/// # Errors
///
/// [`TellError`].
pub fn order_messages(
    data: &Path,
    of: OrderOf,
    settings: IsoSettings,
    key: Option<Arc<MemberKey>>,
    until: u64,
    limit: usize,
) -> Result<(Vec<OrderMessage>, bool), TellError> {
    let mut replay = Replay::open(data, until)?;
    let mut teller = Teller::new(&replay, of.member, settings, data, key, None)?;
    let mut messages = Vec::new();
    while let Some(step) = replay.step()? {
        let (height, time_ms) = (step.applied.height, step.union.time_ms());
        let is_about = |event: &&Event| height >= of.from_height && event.order() == Some(of.order);
        let Some(last) = step.applied.events.iter().rfind(is_about).map(Event::is_last) else {
            teller.learn(&step)?;
            continue;
        };
        for Notice { message, .. } in teller.about(step, of.order)? {
            if messages.len() == limit {
                return Ok((messages, true));
            }
            messages.push(OrderMessage { message, height, time_ms });
        }
        if last {
            break;
        }
    }
    Ok((messages, false))
}
