//! Nodes that come, go and replace one another while the others go on.

use crate::fixture::{Member, pay};
use crate::together::{Union, receipt_of};
use ed25519_dalek::{Signer, SigningKey};
use network::{FinalityReceipt, Node, SubmitError};
use std::time::{Duration, Instant};
use union::{
    Ballot, Charter, Command, Decision, KeyKind, Motion, NO_MEMBER, ProposalStatus, Standing, TEXT_PART_BYTES,
    accession_message, key_proof_message,
};

/// Waits for something that nodes come to.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        // The machine is the nodes' meanwhile.
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

fn submit(node: &Node, batch: std::sync::Arc<[u8]>) -> Vec<union::Outcome> {
    node.submit(batch).unwrap().wait().unwrap().outcomes
}

fn assert_done(outcomes: &[union::Outcome]) {
    assert!(outcomes.iter().all(|outcome| *outcome == union::Outcome::Done), "{outcomes:?}");
}

/// All of `voters` agree to a proposal, and it comes into force.
fn carry(union: &mut Union, nodes: &[Node], number: u32, voters: &[u16]) {
    for &voter in voters {
        let vote = Command::Vote { proposal: number, ballot: Ballot::Agree };
        let batch = union.members[usize::from(voter)].sign(&union.charter, &[vote]);
        assert_done(&submit(&nodes[usize::from(voter)], batch));
    }
    until("the proposal comes into force", || {
        nodes[0].peek(|union| union.proposals()[number as usize - 1].status() == ProposalStatus::InForce)
    });
}

fn motion(node: &Node, kind: Decision) -> Motion {
    Motion {
        kind,
        subject: NO_MEMBER,
        // Long enough for all to vote on a machine that does much else.
        deadline_ms: node.clock().now_ms() + 5_000,
        from_day: 0,
        protocol: 0,
        text_bytes: 0,
        text_hash: [0; 32],
        accession: [0; 64],
    }
}

/// A payment of a member through a node is final, and all the others come to it.
pub fn pays(union: &mut Union, member: u16, through: &Node, id: u128, all: &[&Node]) {
    let order = pay(&union.charter, id, member, (member + 1) % 4, 5, 0);
    let batch = union.members[usize::from(member)].sign(&union.charter, &[order]);
    let receipt = through.submit(batch).unwrap().wait().unwrap();
    assert!(matches!(receipt.outcomes[0], union::Outcome::Order { .. }), "{:?}", receipt.outcomes);
    for node in all {
        until("every node has the block", || node.durable_height() >= receipt.height);
    }
}

#[test]
fn a_fifth_member_is_admitted_and_its_node_catches_up_and_votes() {
    let mut union = Union::found(4, 5);
    let mut nodes: Vec<Node> = (0..4).map(|node| union.start(node)).collect();
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 0, &nodes[0], 1, &all);

    // The newcomer's node knows the charter that the union was founded on, and where the others are. Nobody talks to it yet.
    let text = union.charter_of(5).text().to_owned();
    let text_hash = Charter::parse(&text).unwrap().text_hash();
    let accession = SigningKey::from_bytes(&[5; 32]).sign(&accession_message(&union.charter.hash(), &text_hash));
    let motion = Motion {
        text_bytes: text.len() as u32,
        text_hash,
        accession: accession.to_bytes(),
        ..motion(&nodes[1], Decision::Admit)
    };
    let mut commands = vec![Command::Propose(motion)];
    let mut parts = Vec::new();
    for (at, part) in text.as_bytes().chunks(TEXT_PART_BYTES).enumerate() {
        parts.push((commands.len() as u16, part.to_vec()));
        commands.push(Command::ProposalText { proposal: 1, at_byte: (at * TEXT_PART_BYTES) as u32 });
    }
    let batch = union.members[1].sign_with(&union.charter, &commands, &parts);
    assert_done(&submit(&nodes[1], batch));
    nodes.push(union.start(4));
    carry(&mut union, &nodes, 1, &[0, 1, 2]);

    let newcomer = &nodes[4];
    until("the newcomer's node catches up", || newcomer.durable_height() > 0);
    until("its batches and its vote count", || {
        newcomer.peek(|union| union.rosters().current().nodes().len() == 5 && union.charter().members.len() == 5)
    });
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 4, newcomer, 2, &all);
    assert_eq!(newcomer.standing().map(|standing| (standing.nodes, standing.quorum)), Some((5, 4)));

    // Without one of the first four, the fifth is needed.
    nodes.remove(2).close().unwrap();
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 0, &nodes[0], 3, &all);
    // The receipt leads from the four founders to the five.
    let receipt = receipt_of(&nodes[3], 3);
    for node in &nodes {
        node.close().unwrap();
    }
    let proved = receipt.check(&union.charter).unwrap();
    assert_eq!(proved.event.payment.id, 3);
    let bytes = receipt.encode();
    assert_eq!(FinalityReceipt::decode(&bytes).as_ref(), Ok(&receipt));
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let is_proved = FinalityReceipt::decode(&changed).is_ok_and(|read| read.check(&union.charter).is_ok());
        assert!(!is_proved, "byte {at} of {} counts for nothing", bytes.len());
    }
    for node in [0, 1, 3, 4] {
        let verified = network::verify(&union.path(node), |_| {}).unwrap();
        assert_eq!(verified.settled, 3);
    }
}

#[test]
fn a_standby_node_takes_over_and_the_old_one_votes_no_more() {
    let mut union = Union::found(4, 4);
    let mut nodes: Vec<Node> = (0..4).map(|node| union.start(node)).collect();
    // Of member 3, under a key of its own.
    let standby_key = SigningKey::from_bytes(&[233; 32]);
    let public = *standby_key.verifying_key().as_bytes();
    let replace = |union: &mut Union, kind| {
        let proof = standby_key.sign(&key_proof_message(&union.charter.hash(), 3, kind, &public)).to_bytes();
        union.members[3].sign(&union.charter.clone(), &[Command::ReplaceKey { kind, key: public, proof }])
    };
    let batch = replace(&mut union, KeyKind::Standby);
    assert_done(&submit(&nodes[3], batch));
    until("the others know the standby node", || {
        nodes[0].peek(|union| union.rosters().current().standbys().any(|key| key == public))
    });
    let standby = union.start_standby(3, [233; 32]);
    until("the standby node follows", || standby.durable_height() > 0);

    // The member's machine is gone. It makes its standby node the node, through that node's own gateway.
    nodes.remove(3).close().unwrap();
    let batch = replace(&mut union, KeyKind::Node);
    assert_done(&submit(&standby, batch));
    until("the roster names it", || standby.peek(|union| union.rosters().current().nodes().contains(&public)));
    // With another one down, it is needed.
    nodes.remove(2).close().unwrap();
    let all: Vec<&Node> = nodes.iter().chain([&standby]).collect();
    pays(&mut union, 3, &standby, 1, &all);

    // The old machine comes back: nobody counts its votes, and it cannot sign for the member twice.
    let old = union.start(3);
    pays(&mut union, 3, &standby, 2, &all);
    for node in nodes.iter().chain([&standby, &old]) {
        node.close().unwrap();
    }
}

#[test]
fn a_suspended_member_s_node_follows_and_its_payments_are_refused() {
    let mut union = Union::found(4, 4);
    let nodes: Vec<Node> = (0..4).map(|node| union.start(node)).collect();
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 0, &nodes[0], 1, &all);
    let suspend = Motion { subject: 3, ..motion(&nodes[0], Decision::Suspend) };
    let batch = union.members[0].sign(&union.charter, &[Command::Propose(suspend)]);
    assert_done(&submit(&nodes[0], batch));
    carry(&mut union, &nodes, 1, &[0, 1, 2]);
    until("its node has no vote", || nodes[3].peek(|union| union.rosters().current().nodes().len() == 3));
    let order = pay(&union.charter, 9, 3, 0, 5, 0);
    let batch = union.members[3].sign(&union.charter, &[order]);
    let outcomes = submit(&nodes[3], batch);
    assert!(matches!(outcomes[0], union::Outcome::Rejected(_)), "{outcomes:?}");
    pays(&mut union, 0, &nodes[0], 10, &all);
    assert_eq!(nodes[3].peek(|union| union.standing(3)), Standing::Suspended);
}

/// A batch signed with a key that counts no more is refused where it comes in, and one that waits is answered.
#[test]
fn an_old_key_is_refused_at_the_door() {
    let mut union = Union::found(4, 4);
    let nodes: Vec<Node> = (0..4).map(|node| union.start(node)).collect();
    let new = SigningKey::from_bytes(&[77; 32]);
    let public = *new.verifying_key().as_bytes();
    let proof = new.sign(&key_proof_message(&union.charter.hash(), 1, KeyKind::Signing, &public)).to_bytes();
    let replace = Command::ReplaceKey { kind: KeyKind::Signing, key: public, proof };
    let batch = union.members[1].sign(&union.charter, &[replace]);
    assert_done(&submit(&nodes[1], batch));
    until("the new key counts", || nodes[1].peek(|union| union.rosters().current().seats()[1].signing_key == public));
    let order = pay(&union.charter, 4, 1, 2, 5, 0);
    let old = union.members[1].sign(&union.charter, &[order]);
    assert!(matches!(nodes[1].submit(old), Err(SubmitError::Batch(union::BatchError::Key(1)))));
    union.members[1] = Member::with_key(1, new, 1);
    let all: Vec<&Node> = nodes.iter().collect();
    pays(&mut union, 1, &nodes[1], 5, &all);
}
