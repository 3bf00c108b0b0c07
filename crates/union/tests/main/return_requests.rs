//! The member that paid asks for a settled order back; the member that was paid gives it back or refuses.

use crate::scene::{A, B, C, Scene, Terms, return_of};
use union::{Command, Event, Found, Reason, RequestStatus};

fn ask(order: u128) -> Command {
    Command::RequestReturn { order, reason: Reason(*b"DUPL") }
}

fn refuse(order: u128) -> Command {
    Command::RefuseReturn { order, reason: Reason(*b"LEGL") }
}

/// What is remembered of a request.
fn request(scene: &Scene, order: u128) -> Option<(RequestStatus, Reason)> {
    let Some(Found::Closed(at)) = scene.union.orders().find(order) else { return None };
    scene.union.orders().closed(at).return_request().map(|request| (request.status, request.reason))
}

/// Requests that the last block told of.
fn told(scene: &Scene) -> Vec<(u128, u16, u16, RequestStatus, Reason)> {
    let events = &scene.last.as_ref().expect("a block").events;
    let requests = events.iter().filter_map(|event| match event {
        Event::ReturnRequest(request) => Some(*request),
        _ => None,
    });
    requests.map(|r| (r.order, r.debtor, r.creditor, r.status, r.reason)).collect()
}

#[test]
fn asked_by_who_paid_and_refused_by_who_was_paid() {
    let mut scene = Scene::new(Terms::of(3));
    let payment = scene.order(1, A, B, 250);
    assert_eq!(scene.send(A, &[ask(1)]), ["rejected NOOR id"]);
    scene.pay(payment);
    assert_eq!(scene.send(B, &[ask(1), refuse(1)]), ["rejected AG01 id", "rejected AG01 id"]);
    assert_eq!(scene.send(C, &[ask(1)]), ["rejected AG01 id"]);
    assert_eq!(scene.send(A, &[ask(1), ask(1), refuse(1)]), ["done", "rejected DUPL id", "rejected AG01 id"]);
    assert_eq!(told(&scene), [(1, A, B, RequestStatus::Asked, Reason(*b"DUPL"))]);
    assert_eq!(scene.positions(), [-250, 250, 0], "a request moves nothing");
    assert_eq!(scene.status(1), "settled");

    assert_eq!(scene.send(C, &[refuse(1)]), ["rejected AG01 id"]);
    assert_eq!(scene.send(B, &[refuse(1), refuse(1)]), ["done", "rejected AG01 id"]);
    assert_eq!(told(&scene), [(1, A, B, RequestStatus::Refused, Reason(*b"LEGL"))]);
    assert_eq!(request(&scene, 1), Some((RequestStatus::Refused, Reason(*b"LEGL"))));
    // It is asked for once; what was refused can still be given back.
    assert_eq!(scene.send(A, &[ask(1)]), ["rejected LEGL id"]);
    assert_eq!(scene.pay(return_of(payment, 2)), "settled");
    assert_eq!(request(&scene, 1), Some((RequestStatus::Refused, Reason(*b"LEGL"))));
    assert_eq!(scene.positions(), [0, 0, 0]);
    assert_eq!(scene.send(A, &[ask(1)]), ["rejected ARDT id"]);
    assert_eq!(scene.send(B, &[refuse(1)]), ["rejected ARDT id"]);
}

#[test]
fn a_return_grants_it() {
    let mut scene = Scene::new(Terms::of(2));
    let payment = scene.order(1, A, B, 250);
    scene.pay(payment);
    assert_eq!(scene.send(A, &[Command::RequestReturn { order: 1, reason: Reason::NONE }]), ["done"]);
    assert_eq!(scene.pay(return_of(payment, 2)), "settled");
    assert_eq!(request(&scene, 1), Some((RequestStatus::Granted, Reason::CUST)));
    assert_eq!(scene.positions(), [0, 0]);
    assert_eq!(scene.send(B, &[refuse(1)]), ["rejected ARDT id"]);
}

#[test]
fn only_what_settled_is_asked_for() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 250)), "queued AM04");
    assert_eq!(scene.send(A, &[ask(1)]), ["rejected AG01 id"]);
    scene.send(A, &[Command::Cancel { order: 1, reason: Reason::NONE }]);
    assert_eq!(scene.send(A, &[ask(1)]), ["rejected AG01 id"]);
    assert_eq!(scene.status(1), "cancelled CUST");
}

/// While a return is under way, the request is as good as granted.
#[test]
fn a_return_that_waits_answers_it() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(B, "0"));
    let payment = scene.order(1, A, B, 250);
    scene.pay(payment);
    scene.pay(scene.order(2, B, C, 250));
    scene.send(A, &[ask(1)]);
    assert_eq!(scene.pay(return_of(payment, 3)), "queued AM04");
    assert_eq!(scene.send(B, &[refuse(1)]), ["rejected ARDT id"]);
    assert_eq!(scene.send(A, &[ask(1)]), ["rejected ARDT id"]);
    scene.send(B, &[Command::Cancel { order: 3, reason: Reason::NONE }]);
    assert_eq!(scene.send(B, &[refuse(1)]), ["done"]);
}

/// The request goes with the order: the state stays bounded, and the one that asked hears of it.
#[test]
fn what_nobody_answers_is_forgotten_with_the_order() {
    let mut scene = Scene::new(Terms { days_ahead: 3, days_remembered: 4, ..Terms::of(2) });
    // Whole pages of ten are forgotten.
    for id in 1..=10 {
        scene.pay(scene.order(id, A, B, 5));
    }
    scene.send(A, &[ask(3), ask(4), ask(5)]);
    scene.send(B, &[refuse(4)]);
    scene.pay(return_of(scene.order(5, A, B, 5), 11));
    scene.clock("2006-01-06 10:00");
    assert!(scene.union.orders().find(3).is_some());
    scene.clock("2006-01-09 10:00");
    assert!(scene.union.orders().find(3).is_none());
    assert_eq!(told(&scene), [(3, A, B, RequestStatus::Refused, Reason::NOAS)]);
    assert_eq!(scene.send(B, &[refuse(3)]), ["rejected NOOR id"]);
}

/// Malformed records change nothing, not even the hash of the books.
#[test]
fn bad_bytes_are_refused() {
    let mut scene = Scene::new(Terms::of(2));
    scene.pay(scene.order(1, A, B, 250));
    let books = scene.union.books_hash();
    for command in [ask(1), refuse(1)] {
        let good = command.encode();
        let changed = |at: usize| {
            let mut bad = good;
            bad[at] ^= 0x80;
            bad
        };
        let records = (1..union::RECORD_BYTES).map(changed).collect();
        let outcomes = scene.apply(&[(A, records, vec![])]).outcomes.clone();
        for (at, outcome) in (1..).zip(&outcomes) {
            // Another identifier is another order; everything else is no record.
            let expected = if (8..24).contains(&at) { "rejected NOOR id" } else { "rejected FF01 record" };
            assert_eq!(crate::scene::word(outcome), expected, "byte {at} of {command:?}");
        }
    }
    assert_eq!(scene.union.books_hash(), books);
}

/// A snapshot keeps the request, and is not believed when it is changed.
#[test]
fn a_snapshot_keeps_it() {
    let mut scene = Scene::new(Terms::of(2));
    scene.pay(scene.order(1, A, B, 250));
    let without = scene.union.books_hash();
    scene.send(A, &[ask(1)]);
    assert_ne!(scene.union.books_hash(), without, "it is part of the state hash");
    let mut bytes = Vec::new();
    let write = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok::<_, std::convert::Infallible>(())
    };
    scene.union.snapshot(write).unwrap();
    let (charter, state) = (scene.union.charter().clone(), scene.union.state());
    scene.union = union::Union::from_snapshot(charter, &bytes, state, 9).unwrap();
    assert_eq!(request(&scene, 1), Some((RequestStatus::Asked, Reason(*b"DUPL"))));
    assert_eq!(scene.send(B, &[refuse(1)]), ["done"]);
}
