//! A node that comes late begins with a state that the others have certified.

use crate::changes::{pays, until};
use crate::together::{Union, receipt_of};
use journal::Reader;
use network::{Checkpoint, CheckpointError, FinalityReceipt, Node, NodeError};
use std::path::Path;
use union::{Charter, Command, Outcome, Period};

fn checkpoint(directory: &Path) -> Option<Checkpoint> {
    Checkpoint::find(&Reader::open(directory).unwrap(), directory).unwrap()
}

/// Not with a byte changed, cut off or added, nor by the charter of another union.
fn nothing_else_is_begun_with(checkpoint: &Checkpoint, charter: &Charter) {
    let bytes = checkpoint.encode();
    assert_eq!(Checkpoint::decode(&bytes).as_ref(), Ok(checkpoint));
    let holds = |bytes: &[u8]| Checkpoint::decode(bytes).is_ok_and(|read| read.check(charter).is_ok());
    assert!(holds(&bytes));
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!holds(&changed), "byte {at} of {} counts for nothing", bytes.len());
    }
    for length in (0..bytes.len()).step_by(31) {
        assert!(!holds(&bytes[..length]), "{length} bytes of {}", bytes.len());
    }
    assert!(!holds(&[&bytes[..], &[0]].concat()));
    let other = Charter::parse(&charter.text().replace("name = \"Test\"", "name = \"Other\"")).unwrap();
    assert_eq!(checkpoint.check(&other).err(), Some(CheckpointError::OtherUnion));
}

#[test]
fn it_begins_with_a_checkpoint_and_votes() {
    let mut union = Union::found(4, 4);
    union.unfound(3);
    let mut nodes: Vec<Node> = (0..3).map(|node| union.start(node)).collect();
    let all: Vec<&Node> = nodes.iter().collect();
    assert_eq!(checkpoint(&union.path(0)), None, "no epoch is over");
    for id in 1..=5 {
        pays(&mut union, 0, &nodes[0], id, &all);
    }
    for (member, node) in nodes.iter().enumerate() {
        let batch = union.members[member].sign(&union.charter, &[Command::CloseCycle { cycle: 1 }]);
        assert_eq!(node.submit(batch).unwrap().wait().unwrap().outcomes, [Outcome::Done]);
    }
    let epoch = union.charter.epoch_blocks;
    let durable = nodes[0].durable_height();
    until("an epoch is over, and the next one is under way", || {
        nodes[0].durable_height() > durable / epoch * epoch + epoch + 6
    });

    // Made beside the running node.
    let checkpoint = checkpoint(&union.path(0)).expect("an epoch is over");
    assert!((checkpoint.height() + 1).is_multiple_of(epoch) && checkpoint.height() > durable);
    nothing_else_is_begun_with(&checkpoint, &union.charter);
    checkpoint.begin(&union.charter, &union.path(3)).unwrap();
    let again = checkpoint.begin(&union.charter, &union.path(3)).unwrap_err();
    assert!(matches!(again, NodeError::Journal(journal::Error::Exists { .. })), "{again}");

    let late = union.start(3);
    assert_eq!(late.peek(|union| (union.height(), union.state())), (checkpoint.height(), checkpoint.state()));
    nodes.push(late);
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 3, &nodes[3], 6, &all);
    // Without another one it is needed.
    nodes.remove(2).close().unwrap();
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 0, &nodes[0], 7, &all);
    // It goes on where it was.
    nodes.pop().unwrap().close().unwrap();
    nodes.push(union.start(3));
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 3, &nodes[2], 8, &all);
    let receipt = receipt_of(&nodes[2], 8);
    for node in &nodes {
        node.close().unwrap();
    }

    let verified = network::verify(&union.path(3), |_| {}).unwrap();
    assert_eq!((verified.begins, verified.settled), (checkpoint.height(), 3));
    assert_eq!(network::verify(&union.path(0), |_| {}).unwrap().settled, 8);
    assert_eq!(network::founding(&union.path(3)).unwrap().charter().hash(), union.charter.hash());
    assert_eq!(receipt.check(&union.charter).unwrap().event.payment.id, 8);
    assert_eq!(FinalityReceipt::find(&union.path(3), u64::MAX, 1).unwrap(), None, "it came before");
    let statement = network::statement(&union.path(3), 0, Period::Cycle(1), u64::MAX).unwrap_err();
    assert!(statement.to_string().contains("begins after block"), "{statement}");
    let flows = network::cycle_flows(&union.path(3), 1, u64::MAX).unwrap_err();
    assert!(flows.to_string().contains("begins after block"), "{flows}");
    let entries = |cycle| {
        let whole = network::statement(&union.path(0), 0, Period::Cycle(cycle), u64::MAX).unwrap();
        whole.accounts[0].entries.len()
    };
    assert_eq!((entries(1), entries(2)), (5, 1 + 2), "five and one are paid by it, two to it");
    assert_eq!(network::cycle_flows(&union.path(0), 1, u64::MAX).unwrap().gross(), 5 * 5);
}
