//! A node from the outside: founding, submitting, closing, recovering, replaying, verifying.
#![allow(missing_docs)]

mod changes;
mod crashes;
mod fixture;
mod late;
mod together;

use fixture::{Member, charter, founding, members, noon, pay};
use network::{Clock, Node, NodeError, Options, Replay, SubmitError, cycle_flows, statement, verify};
use std::path::Path;
use std::sync::Arc;
use union::{BatchError, Charter, Command, OrderStatus, Outcome, Period, Reason};

fn open(directory: &Path, charter: &Charter, options: Options) -> Node {
    Node::open(directory, Arc::new(Clock::standing_at(noon(charter, 0))), options).unwrap().0
}

/// Forty days of ten payments each, with every leg confirmed on the day after.
fn forty_days(node: &Node, charter: &Charter, members: &mut [Member]) {
    for day in 0..40u32 {
        node.clock().set(noon(charter, day));
        let mut batches = Vec::new();
        for debtor in 0..3u16 {
            let commands: Vec<_> = (0..10u16)
                .map(|n| {
                    let id = u128::from(day) << 32 | u128::from(debtor) << 16 | u128::from(n) | 1 << 100;
                    pay(charter, id, debtor, (debtor + 1 + n % 2) % 3, 1_000 + u64::from(n * debtor), day)
                })
                .collect();
            batches.push(members[usize::from(debtor)].sign(charter, &commands));
        }
        for ticket in node.submit_together(batches).unwrap() {
            let receipt = ticket.wait().unwrap();
            assert!(
                receipt
                    .outcomes
                    .iter()
                    .all(|outcome| matches!(outcome, Outcome::Order { status: OrderStatus::Settled, .. }))
            );
        }
        let legs: Vec<_> =
            node.peek(|union| union.cycles().iter().flat_map(|cycle| union.legs(cycle).to_vec()).collect());
        for leg in legs.iter().filter(|leg| !leg.is_confirmed()) {
            let confirm = Command::ConfirmLeg { cycle: leg.cycle, leg: leg.number };
            let batch = members[usize::from(leg.creditor)].sign(charter, &[confirm]);
            assert_eq!(node.submit(batch).unwrap().wait().unwrap().outcomes, [Outcome::Done]);
        }
    }
}

#[test]
fn what_was_acknowledged_is_there_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut members = members(3);
    let charter = charter(&members);
    Node::found(directory.path(), &founding(&charter)).unwrap();

    // Snapshots every few kilobytes, so that recovery begins from one.
    let options = Options { snapshot_bytes: 20_000, ..Options::default() };
    let node = open(directory.path(), &charter, options);
    forty_days(&node, &charter, &mut members);
    let (height, state) = node.peek(|union| (union.height(), union.state()));
    assert_eq!(node.durable_height(), height);
    node.close().unwrap();

    let clock = Arc::new(Clock::standing_at(noon(&charter, 39)));
    let (node, recovered) = Node::open(directory.path(), clock, options).unwrap();
    assert_eq!((recovered.height, recovered.state), (height, state));
    assert_eq!(
        (recovered.snapshot, recovered.replayed, recovered.torn_bytes),
        (height, 0, 0),
        "closing writes a snapshot"
    );
    drop(node);

    // Without snapshots the whole journal is replayed, to the same state.
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().contains("snapshot") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let clock = Arc::new(Clock::standing_at(noon(&charter, 39)));
    let (node, recovered) = Node::open(directory.path(), clock, Options::default()).unwrap();
    assert_eq!((recovered.snapshot, recovered.replayed), (0, height));
    assert_eq!(recovered.state, state);
    assert!(
        matches!(
            Node::open(directory.path(), Arc::new(Clock::system()), Options::default()),
            Err(NodeError::Journal(_))
        ),
        "a second node is kept out by the lock"
    );
    drop(node);

    let verified = verify(directory.path(), |_| {}).unwrap();
    assert_eq!((verified.union.height(), verified.union.state()), (height, state));
    assert_eq!(verified.settled, 40 * 30);
}

#[test]
fn statements_balance_and_meet_the_books() {
    let directory = tempfile::tempdir().unwrap();
    let mut members = members(3);
    let charter = charter(&members);
    Node::found(directory.path(), &founding(&charter)).unwrap();
    let node = open(directory.path(), &charter, Options::default());
    forty_days(&node, &charter, &mut members);

    // While the node runs: days and cycles chain up without a gap, and end where the books are.
    for member in 0..3 {
        let mut carried = 0;
        for day in 0..40 {
            let period = Period::Day(charter.first_day.after_days(day));
            let statement = statement(directory.path(), member, period, u64::MAX).unwrap();
            assert_eq!(statement.is_final, day < 39);
            let position = &statement.accounts[0];
            assert_eq!(position.opening, carried, "member {member}, day {day}");
            assert_eq!(position.entries.last().map_or(position.opening, |entry| entry.balance), position.closing);
            carried = position.closing;
        }
        assert_eq!(carried, node.peek(|union| union.ledger().position(member).balance()));
        let all: i128 = (1..=40)
            .map(|cycle| {
                let statement = statement(directory.path(), member, Period::Cycle(cycle), u64::MAX).unwrap();
                statement.accounts[0].entries.iter().map(|entry| entry.amount).sum::<i128>()
            })
            .sum();
        assert_eq!(all, carried);
    }

    // So do the flows of cycles that are closed.
    let rows = node.peek(|union| union.cycles().to_vec());
    assert!(rows[..39].iter().all(|row| row.gross > 0));
    for row in &rows[..39] {
        assert_eq!(cycle_flows(directory.path(), row.number, u64::MAX).unwrap().gross(), row.gross);
    }
    for number in [40, 41] {
        let error = cycle_flows(directory.path(), number, u64::MAX).unwrap_err().to_string();
        assert_eq!(error, format!("cycle {number} has not closed; cycle 40 is open"));
    }
}

#[test]
fn bad_batches_are_refused_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mut members = members(3);
    let charter = charter(&members);
    Node::found(directory.path(), &founding(&charter)).unwrap();
    let node = open(directory.path(), &charter, Options::default());

    let first = members[0].sign(&charter, &[pay(&charter, 1, 0, 1, 100, 0)]);
    let second = members[0].sign(&charter, &[pay(&charter, 2, 0, 1, 100, 0)]);
    let other = members[1].sign(&charter, &[pay(&charter, 3, 1, 2, 100, 0), pay(&charter, 4, 0, 2, 100, 0)]);
    let replay = |got, last| SubmitError::Batch(BatchError::Replay { member: 0, got, last });
    let gap = |got, last| SubmitError::Batch(BatchError::Gap { member: 0, got, last });
    assert_eq!(node.submit(second.clone()).unwrap().wait().unwrap_err(), gap(2, 0));
    node.submit(first.clone()).unwrap().wait().unwrap();
    assert_eq!(node.submit(first).unwrap_err(), replay(1, 1));
    let [third, fourth] = [5, 6].map(|id| members[0].sign(&charter, &[pay(&charter, id, 0, 1, 100, 0)]));
    let mut tickets = node.submit_together(vec![second, fourth, third, other]).unwrap().into_iter();
    assert!(tickets.next().unwrap().wait().is_ok());
    assert_eq!(tickets.next().unwrap().wait().unwrap_err(), gap(4, 2), "in the block it came too early");
    assert!(tickets.next().unwrap().wait().is_ok());
    let outcomes = tickets.next().unwrap().wait().unwrap().outcomes;
    assert!(matches!(outcomes[0], Outcome::Order { status: OrderStatus::Settled, .. }));
    assert!(matches!(outcomes[1], Outcome::Rejected(rejection) if rejection.reason == Reason::RC03));

    let fresh = members[0].sign(&charter, &[pay(&charter, 7, 0, 1, 100, 0)]);
    let mut forged = fresh.to_vec();
    forged[300] ^= 1;
    assert!(matches!(node.submit(forged.into()), Err(SubmitError::Batch(BatchError::Signature(0)))));
    assert!(matches!(node.submit(Arc::from(&b"hello"[..])), Err(SubmitError::Batch(BatchError::Format(_)))));

    node.close().unwrap();
    assert_eq!(node.submit(fresh).unwrap_err(), SubmitError::Stopping);
}

/// One byte changed anywhere: verification names the block. Every byte of a small journal is tried.
#[test]
fn verify_finds_every_changed_byte() {
    let directory = tempfile::tempdir().unwrap();
    let mut members = members(3);
    let charter = charter(&members);
    Node::found(directory.path(), &founding(&charter)).unwrap();
    let node = open(directory.path(), &charter, Options::default());
    for id in 1..4 {
        let batch = members[0].sign(&charter, &[pay(&charter, id, 0, 1, 100, 0)]);
        node.submit(batch).unwrap().wait().unwrap();
    }
    node.close().unwrap();
    let before = verify(directory.path(), |_| {}).unwrap();
    assert_eq!(before.union.height(), 3);

    let is_block_file = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.contains("segment") || name.contains("blocks")
    };
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let blocks: Vec<_> = files.iter().filter(|path| is_block_file(path)).collect();
    assert_eq!(blocks.len(), 1, "{files:?}");
    let bytes = std::fs::read(blocks[0]).unwrap();
    let step = 7;
    for at in (0..bytes.len()).step_by(step) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x40;
        std::fs::write(blocks[0], &changed).unwrap();
        match verify(directory.path(), |_| {}) {
            Err(error) => assert!(error.to_string().contains("block"), "byte {at}: {error}"),
            Ok(_) => panic!("byte {at} of {} was changed and not found", bytes.len()),
        }
    }
    std::fs::write(blocks[0], &bytes).unwrap();
    assert_eq!(verify(directory.path(), |_| {}).unwrap().union.state(), before.union.state());
}

#[test]
fn replay_stops_where_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut members = members(3);
    let charter = charter(&members);
    Node::found(directory.path(), &founding(&charter)).unwrap();
    let node = open(directory.path(), &charter, Options::default());
    forty_days(&node, &charter, &mut members);
    let mut replay = Replay::open(directory.path(), 5).unwrap();
    let mut heights = Vec::new();
    while let Some(step) = replay.step().unwrap() {
        heights.push(step.applied.height);
    }
    assert_eq!(heights, [1, 2, 3, 4, 5]);
}

/// Time moves on by itself: a cycle closes although nobody sends anything.
#[test]
fn an_idle_node_closes_its_cycle() {
    let directory = tempfile::tempdir().unwrap();
    let mut members = members(3);
    let charter = charter(&members);
    Node::found(directory.path(), &founding(&charter)).unwrap();
    let node = open(directory.path(), &charter, Options::default());
    node.submit(members[0].sign(&charter, &[pay(&charter, 1, 0, 1, 100, 0)])).unwrap().wait().unwrap();
    let mut events = node.subscribe();
    node.clock().set(noon(&charter, 1));
    node.clock().run();
    let block = events.blocking_recv().unwrap();
    assert!(block.block.batches().is_empty());
    let closed = block.applied.events.iter().any(|event| matches!(event, union::Event::CycleClosed(_)));
    assert!(closed);
}
