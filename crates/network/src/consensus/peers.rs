//! With whom this node keeps connections: the nodes of this epoch and the next, those that stand by, and those that it was told of.

use super::certificate::public_key;
use super::{Membership, PublicKey};
use crate::node::Shared;
use commonware_p2p::{Address, AddressableManager};
use commonware_utils::ordered::Map;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Stands where nobody knows a node's address: it is not called, but may call.
const UNKNOWN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// More nodes than a union had when this one was started find room, up to so many.
const ROOM_FOR_NEWCOMERS: usize = 16;

/// What this node knows of the others beside the rosters.
#[derive(Clone, Debug)]
pub(crate) struct AddressBook {
    own: (PublicKey, SocketAddr),
    /// By code: the numbers of members that come later are not known yet.
    by_member: BTreeMap<String, SocketAddr>,
    by_key: Vec<(PublicKey, SocketAddr)>,
    room: usize,
}

impl AddressBook {
    /// `members` that there are when the node starts.
    pub fn new(own: PublicKey, membership: &Membership, members: usize) -> AddressBook {
        let by_key = membership.introduced.iter().filter_map(|(key, address)| Some((public_key(key)?, *address)));
        AddressBook {
            own: (own, membership.listen),
            by_member: membership.peers.iter().cloned().collect(),
            by_key: by_key.collect(),
            room: 2 * members + membership.introduced.len() + ROOM_FOR_NEWCOMERS,
        }
    }

    /// With so many connections are kept at most.
    pub fn room(&self) -> usize {
        self.room
    }

    /// Those with whom connections are kept now, with their addresses.
    pub fn peers(&self, shared: &Shared) -> Map<PublicKey, Address> {
        let (charter, rosters) = (shared.charter(), shared.rosters());
        let mut peers = BTreeMap::new();
        for roster in [rosters.current(), rosters.next()] {
            for (member, seat) in roster.seats().iter().enumerate() {
                let code = charter.members.get(member).map(|member| &member.code);
                let address = code.and_then(|code| self.by_member.get(code)).copied().unwrap_or(UNKNOWN);
                let keys = [seat.node_key, seat.standby_key].into_iter().filter(|key| *key != [0; 32]);
                peers.extend(keys.filter_map(|key| public_key(&key)).map(|key| (key, address)));
            }
        }
        peers.extend(self.by_key.iter().cloned());
        peers.insert(self.own.0.clone(), self.own.1);
        if peers.len() > self.room {
            tracing::warn!(
                peers = peers.len(),
                room = self.room,
                "more nodes than there is room for: start this one again"
            );
        }
        let peers = peers.into_iter().take(self.room).map(|(key, address)| (key, Address::from(address)));
        Map::from_iter_dedup(peers)
    }
}

/// Has the network follow the rosters.
pub(crate) async fn follow<M: AddressableManager<PublicKey = PublicKey>>(
    shared: Arc<Shared>,
    book: AddressBook,
    mut manager: M,
    mut tracked: Map<PublicKey, Address>,
) {
    let mut seen = shared.durable.get();
    let mut number = 0;
    let mut looked_at = None;
    loop {
        seen = shared.durable.wait_for(|height| height > seen).await;
        // Most blocks leave them as they were.
        let rosters = shared.rosters();
        if looked_at.as_ref().is_some_and(|earlier| Arc::ptr_eq(earlier, &rosters)) {
            continue;
        }
        looked_at = Some(rosters);
        let peers = book.peers(&shared);
        if peers != tracked {
            number += 1;
            tracing::info!(peers = peers.len(), "other nodes take part");
            manager.track(number, peers.clone());
            tracked = peers;
        }
    }
}
