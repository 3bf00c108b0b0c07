//! An honest member's software: it signs orders one after another, and asks again until each is in a final block.

use super::invariants::Record;
use super::network::Place;
use super::payments::Payer;
use super::plan::random;
use super::run::Seats;
use super::seat::{Hall, LOOK};
use crate::error::SubmitError;
use crate::node::Node;
use commonware_runtime::{Clock as _, deterministic};
use futures::future::join_all;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use union::{Ballot, Batch, BatchError, Command, Decision, Motion, Proposal, ProposalStatus, Standing};

/// Signs batches until `wanted` of them are in final blocks, which may grow meanwhile.
pub(crate) async fn pay(
    context: deterministic::Context,
    hall: Arc<Hall>,
    seats: Seats,
    member: usize,
    wanted: Arc<AtomicUsize>,
    done: Arc<AtomicUsize>,
) {
    let random = &mut random(hall.plan.seed, 500 + member as u64);
    let mut payer = Payer::new(member, hall.plan.nodes);
    loop {
        while done.load(Ordering::Relaxed) >= wanted.load(Ordering::Relaxed) {
            context.sleep(LOOK).await;
        }
        context.sleep(Duration::from_millis(random.random_range(0..1_500))).await;
        // Some sign the next batch before the last one is final.
        let mut orders: Vec<Vec<Command>> =
            (0..random.random_range(1..=2)).map(|_| payer.payments(&hall.charter, random)).collect();
        if hall.plan.decides
            && let Some(node) = seats.node((member, 0))
        {
            orders[0].extend(decide(&node, member as u16, random));
        }
        let signed = orders.into_iter().map(|commands| {
            payer.sequence += 1;
            (payer.sign(&hall.charter, &commands), commands)
        });
        let place = (member, 0);
        join_all(signed.map(|(batch, commands)| settle(&context, &hall, &seats, place, batch, commands))).await;
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Has commands come into a final block.
async fn settle(
    context: &deterministic::Context,
    hall: &Hall,
    seats: &Seats,
    place: Place,
    bytes: Arc<[u8]>,
    commands: Vec<Command>,
) {
    let id = Batch::signed(bytes.clone(), &hall.charter.hash()).expect("it was just signed").id();
    let record: &Record = &hall.record;
    loop {
        let node = loop {
            if let Some(node) = seats.node(place) {
                break node;
            }
            context.sleep(LOOK).await;
        };
        record.submitted(id);
        let submitted = node.submit(bytes.clone());
        // A client does not keep a node that crashes: it hears that the connection is gone.
        let node = Arc::downgrade(&{ node });
        let answer = match submitted {
            Ok(ticket) => ticket.durable().await,
            Err(error) => Err(error),
        };
        record.set_time(context.current());
        match answer {
            Ok(receipt) => {
                return record.receipt(place, id, receipt);
            }
            Err(SubmitError::Batch(BatchError::Replay { .. })) => {
                if let Some(node) = node.upgrade() {
                    if !holds(&node, &commands) {
                        record.violation(format!("node {place:?} says that a batch was taken, and has not its orders"));
                    }
                    return;
                }
            }
            Err(SubmitError::Batch(error)) => {
                return record.violation(format!("node {place:?} refused a good batch: {error}"));
            }
            Err(SubmitError::Busy | SubmitError::Unknown(_)) => {}
            Err(SubmitError::Stopping) => {
                // It may have failed a moment ago, or have been killed.
                let is_running = seats.node(place).is_some_and(|now| Weak::ptr_eq(&Arc::downgrade(&now), &node));
                if is_running {
                    return record.violation(format!("node {place:?} says that it stops, and runs"));
                }
            }
        }
        context.sleep(LOOK).await;
    }
}

/// Whether a node's books have the payments among commands, unless they were rejected. A batch is applied whole or not at all.
fn holds(node: &Node, commands: &[Command]) -> bool {
    node.peek(|union| {
        let is_there = |command: &Command| match command {
            Command::Pay(payment) => {
                let can_settle = union.is_active(payment.debtor) && union.is_active(payment.creditor);
                union.orders().find(payment.id).is_some() || !can_settle
            }
            _ => true,
        };
        commands.iter().all(is_there)
    })
}

/// What a member does about decisions: it agrees to all that it may vote on, and now and then proposes that another is suspended,
/// or readmitted.
fn decide(node: &Node, member: u16, random: &mut ChaCha8Rng) -> Vec<Command> {
    node.peek(|union| {
        let is_open = |proposal: &&Proposal| {
            proposal.status() == ProposalStatus::Open
                && union.may_vote(proposal, member)
                && proposal.ballot(member).is_none()
        };
        let agree = |proposal: &Proposal| Command::Vote { proposal: proposal.number, ballot: Ballot::Agree };
        let mut commands: Vec<Command> = union.proposals().iter().filter(is_open).map(agree).collect();
        let others: Vec<u16> = (0..union.charter().members.len() as u16).filter(|&other| other != member).collect();
        let suspended = others.iter().copied().find(|&other| union.standing(other) == Standing::Suspended);
        if union.is_active(member) && random.random_bool(0.4) && !union.proposals().iter().any(Proposal::is_pending) {
            let (kind, subject) = match suspended {
                Some(suspended) => (Decision::Readmit, suspended),
                None => (Decision::Suspend, others[random.random_range(0..others.len())]),
            };
            commands.push(Command::Propose(Motion {
                kind,
                subject,
                deadline_ms: union.time_ms() + random.random_range(1_000..4_000),
                from_day: 0,
                protocol: 0,
                text_bytes: 0,
                text_hash: [0; 32],
                accession: [0; 64],
            }));
        }
        commands
    })
}
