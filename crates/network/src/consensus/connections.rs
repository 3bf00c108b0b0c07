//! How many of the other nodes this one is connected to.

use super::PublicKey;
use crate::node::Shared;
use commonware_p2p::{CheckedSender as _, Recipients, Sender};
use commonware_runtime::Clock;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Keeps the count up to date. `sender` is of a channel that nothing is sent on.
pub(crate) async fn count<S: Sender<PublicKey = PublicKey>>(context: impl Clock, shared: Arc<Shared>, mut sender: S) {
    loop {
        // All are refused at once only if somebody sends.
        if let Ok(checked) = sender.check(Recipients::All) {
            let connected = checked.recipients().len();
            shared.connected.send_if_modified(|known| std::mem::replace(known, connected) != connected);
        }
        context.sleep(LOOK).await;
    }
}
