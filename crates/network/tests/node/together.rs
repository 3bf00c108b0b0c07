//! Several nodes on loopback: what one takes, all come to.

use crate::changes::until;
use crate::fixture::{Member, charter, charter_of_nodes, founding, members, noon, pay};
use network::{Clock, FinalityReceipt, Membership, Node, Options, Timing};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use union::{Charter, OrderStatus};
use zeroize::Zeroizing;

pub struct Union {
    pub charter: Charter,
    pub members: Vec<Member>,
    directory: tempfile::TempDir,
    addresses: Vec<SocketAddr>,
    clock: Arc<Clock>,
}

impl Union {
    /// A union of `founders`, with places for `nodes` nodes.
    pub fn found(founders: u16, nodes: u16) -> Union {
        let members = members(nodes);
        let charter = charter_of_nodes(&members[..usize::from(founders)]);
        let directory = tempfile::tempdir().unwrap();
        // Free now, and nobody else takes ports while a test runs.
        let sockets: Vec<_> = members.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        let clock = Arc::new(Clock::standing_at(noon(&charter, 0)));
        clock.run();
        let union = Union { charter, members, directory, addresses, clock };
        for node in 0..nodes {
            Node::found(&union.path(node), &founding(&union.charter)).unwrap();
        }
        union
    }

    /// The charter with so many of the members.
    pub fn charter_of(&self, members: usize) -> Charter {
        charter_of_nodes(&self.members[..members])
    }

    pub fn path(&self, node: u16) -> PathBuf {
        Path::join(self.directory.path(), node.to_string())
    }

    /// What the node's journal begins with is gone, as if it had never been: for a node that was not started yet.
    pub fn unfound(&self, node: u16) {
        std::fs::remove_dir_all(self.path(node)).unwrap();
    }

    pub fn start(&self, node: u16) -> Node {
        let listen = self.addresses[usize::from(node)];
        self.start_at(&self.path(node), [node as u8 + 101; 32], listen)
    }

    /// A second node of a member, in a directory and at a port of its own.
    pub fn start_standby(&self, member: u16, key: [u8; 32]) -> Node {
        let path = Path::join(self.directory.path(), format!("{member}-standby"));
        Node::found(&path, &founding(&self.charter)).unwrap();
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        self.start_at(&path, key, listen)
    }

    fn start_at(&self, path: &Path, key: [u8; 32], listen: SocketAddr) -> Node {
        let codes = self.charter.members.iter().map(|member| member.code.clone());
        let membership = Membership {
            key: Zeroizing::new(key),
            listen,
            peers: codes.zip(self.addresses.iter().copied()).collect(),
            introduced: Vec::new(),
            timing: Timing { idle: Duration::from_millis(200), ..Timing::default() },
        };
        Node::join(path, self.clock.clone(), Options::default(), &membership).unwrap().0
    }
}

/// Waits for a node's receipt of an order: not every block has a certificate of its own, a later one makes it final.
pub fn receipt_of(node: &Node, order: u128) -> FinalityReceipt {
    let mut receipt = None;
    until("a block with a certificate names the state after the order", || {
        receipt = FinalityReceipt::find(node.directory(), node.durable_height(), order).unwrap();
        receipt.is_some()
    });
    receipt.unwrap()
}

/// Not with a byte changed, cut off or added, nor by the charter of another union.
fn nothing_else_is_proved(receipt: &FinalityReceipt, charter: &Charter) {
    let bytes = receipt.encode();
    assert_eq!(FinalityReceipt::decode(&bytes).as_ref(), Ok(receipt));
    let is_proved =
        |bytes: &[u8], charter| FinalityReceipt::decode(bytes).is_ok_and(|read| read.check(charter).is_ok());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!is_proved(&changed, charter), "byte {at} of {} counts for nothing", bytes.len());
    }
    for length in 0..bytes.len() {
        assert!(!is_proved(&bytes[..length], charter), "{length} bytes of {}", bytes.len());
    }
    assert!(!is_proved(&[&bytes[..], &[0]].concat(), charter));
    let other = Charter::parse(&charter.text().replace("name = \"Test\"", "name = \"Other\"")).unwrap();
    assert!(!is_proved(&bytes, &other), "signed for another union");
}

#[test]
fn one_node_alone_has_no_receipts() {
    let directory = tempfile::tempdir().unwrap();
    Node::found(directory.path(), &founding(&charter(&members(2)))).unwrap();
    let error = FinalityReceipt::find(directory.path(), u64::MAX, 1).unwrap_err();
    assert!(error.to_string().contains("no certificates"), "{error}");
}

#[test]
fn four_nodes_agree() {
    let mut union = Union::found(4, 4);
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
    let heights: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait().unwrap().height).collect();
    let (last, height) = (1..).zip(heights).max_by_key(|(_, height)| *height).unwrap();
    for node in &nodes {
        receipt_of(node, last);
    }
    let receipt = receipt_of(&nodes[3], 1);
    for node in &nodes {
        node.close().unwrap();
    }
    let states: Vec<_> = nodes.iter().map(|node| node.peek(|union| (union.height(), union.state()))).collect();
    assert!(states.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 == pair[1].1), "{states:?}");
    let proved = receipt.check(&union.charter).unwrap();
    assert_eq!((proved.event.payment.id, proved.event.status), (1, OrderStatus::Settled));
    assert!(proved.certified > proved.height, "the state after the block is named by a later one");
    nothing_else_is_proved(&receipt, &union.charter);
    for node in 0..4 {
        let verified = network::verify(&union.path(node), |_| {}).unwrap();
        assert_eq!(verified.settled, 40);
        assert!(verified.certified.is_some_and(|certified| certified > height), "{:?}", verified.certified);
    }
}
