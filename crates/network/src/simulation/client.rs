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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use union::{Batch, BatchError, Payment};

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
        let mut orders: Vec<Vec<Payment>> =
            (0..random.random_range(1..=2)).map(|_| payer.payments(&hall.charter, random)).collect();
        // A batch that a later one of this member overtook is signed again, with the next sequence.
        while !orders.is_empty() {
            let signed = orders.into_iter().map(|payments| {
                payer.sequence += 1;
                (payer.sign(&hall.charter, &payments), payments)
            });
            let place = (member, 0);
            let settled = signed.map(|(batch, payments)| settle(&context, &hall, &seats, place, batch, payments));
            orders = join_all(settled).await.into_iter().flatten().collect();
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Has payments come into a final block; gives them back if the batch's sequence was passed over.
async fn settle(
    context: &deterministic::Context,
    hall: &Hall,
    seats: &Seats,
    place: Place,
    bytes: Arc<[u8]>,
    payments: Vec<Payment>,
) -> Option<Vec<Payment>> {
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
                record.receipt(place, id, receipt);
                return None;
            }
            Err(SubmitError::Batch(BatchError::Replay { .. })) => {
                if let Some(node) = node.upgrade() {
                    if holds(&node, &payments) {
                        return None;
                    }
                    record.passed_over(id);
                    return Some(payments);
                }
            }
            Err(SubmitError::Batch(error)) => {
                record.violation(format!("node {place:?} refused a good batch: {error}"));
                return None;
            }
            Err(SubmitError::Busy | SubmitError::Unknown(_)) => {}
            Err(SubmitError::Stopping) => {
                // It may have failed a moment ago, or have been killed.
                let is_running = seats.node(place).is_some_and(|now| Weak::ptr_eq(&Arc::downgrade(&now), &node));
                if is_running {
                    record.violation(format!("node {place:?} says that it stops, and runs"));
                    return None;
                }
            }
        }
        context.sleep(LOOK).await;
    }
}

/// Whether a node's books have the payments. A batch is applied whole or not at all.
fn holds(node: &Node, payments: &[Payment]) -> bool {
    node.peek(|union| payments.iter().all(|payment| union.orders().find(payment.id).is_some()))
}
