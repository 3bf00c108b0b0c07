//! An honest member's software: it signs orders one after another, and asks again until each is in a final block.

use super::invariants::Record;
use super::payments::Payer;
use super::plan::random;
use super::run::Seats;
use super::seat::{Hall, LOOK};
use crate::error::SubmitError;
use crate::node::Node;
use commonware_runtime::{Clock as _, deterministic};
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
        let payments = payer.payments(&hall.charter, random);
        // A batch that another one of this member overtook is signed again, with the next sequence.
        while !settle(&context, &hall, &seats, &mut payer, &payments).await {}
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Has payments come into a final block; `false` if the batch's sequence was passed over.
async fn settle(
    context: &deterministic::Context,
    hall: &Hall,
    seats: &Seats,
    payer: &mut Payer,
    payments: &[Payment],
) -> bool {
    payer.sequence += 1;
    let place = (usize::from(payer.number), 0);
    let bytes = payer.sign(&hall.charter, payments);
    let id = Batch::verify(bytes.clone(), &hall.charter).expect("it was just signed").id();
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
                return true;
            }
            Err(SubmitError::Batch(BatchError::Replay { .. })) => {
                if let Some(node) = node.upgrade() {
                    return holds(&node, payments);
                }
            }
            Err(SubmitError::Batch(error)) => {
                record.violation(format!("node {place:?} refused a good batch: {error}"));
                return true;
            }
            Err(SubmitError::Busy | SubmitError::Unknown(_)) => {}
            Err(SubmitError::Stopping) => {
                // It may have failed a moment ago, or have been killed.
                let is_running = seats.node(place).is_some_and(|now| Weak::ptr_eq(&Arc::downgrade(&now), &node));
                if is_running {
                    record.violation(format!("node {place:?} says that it stops, and runs"));
                    return true;
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
