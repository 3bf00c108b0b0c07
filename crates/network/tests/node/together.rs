//! Several nodes on loopback: what one takes, all come to.

use crate::fixture::{Member, charter_of_nodes, members, noon, pay};
use network::{Clock, Membership, Node, Options, Timing};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use union::Charter;
use zeroize::Zeroizing;

struct Union {
    charter: Charter,
    members: Vec<Member>,
    directory: tempfile::TempDir,
    addresses: Vec<SocketAddr>,
    clock: Arc<Clock>,
}

impl Union {
    fn found(nodes: u16) -> Union {
        let members = members(nodes);
        let charter = charter_of_nodes(&members);
        let directory = tempfile::tempdir().unwrap();
        // Free now, and nobody else takes ports while a test runs.
        let sockets: Vec<_> = members.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        let clock = Arc::new(Clock::standing_at(noon(&charter, 0)));
        clock.run();
        let union = Union { charter, members, directory, addresses, clock };
        for node in 0..nodes {
            Node::found(&union.path(node), &union.charter).unwrap();
        }
        union
    }

    fn path(&self, node: u16) -> PathBuf {
        Path::join(self.directory.path(), node.to_string())
    }

    fn start(&self, node: u16) -> Node {
        let membership = Membership {
            key: Zeroizing::new([node as u8 + 101; 32]),
            listen: self.addresses[usize::from(node)],
            peers: (0..).zip(self.addresses.iter().copied()).collect(),
            timing: Timing { idle: Duration::from_millis(200), ..Timing::default() },
        };
        Node::join(&self.path(node), self.clock.clone(), Options::default(), &membership).unwrap().0
    }
}

#[test]
fn four_nodes_agree() {
    let mut union = Union::found(4);
    let nodes: Vec<Node> = (0..4).map(|node| union.start(node)).collect();
    let mut tickets = Vec::new();
    for round in 0..10_u128 {
        for (at, node) in nodes.iter().enumerate() {
            let at = at as u16;
            let order = pay(&union.charter, round * 4 + u128::from(at) + 1, at, (at + 1) % 4, 100, 0);
            let batch = union.members[usize::from(at)].sign(&union.charter, &[order]);
            tickets.push(node.submit(batch).unwrap());
        }
    }
    let receipts: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().unwrap()).collect();
    let height = receipts.iter().map(|receipt| receipt.height).max().unwrap();
    for node in &nodes {
        while node.durable_height() < height {
            std::thread::yield_now();
        }
    }
    for node in &nodes {
        node.close().unwrap();
    }
    let states: Vec<_> = nodes.iter().map(|node| node.peek(|union| (union.height(), union.state()))).collect();
    println!("{states:?}");
    for node in 0..4 {
        let verified = network::verify(&union.path(node), |_| {}).unwrap();
        assert_eq!((verified.settled, verified.certified), (40, Some(verified.union.height())));
    }
}
