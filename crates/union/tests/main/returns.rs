//! A settled payment is given back by a new entry, once, whole, between the same two sides.

use crate::scene::{A, B, C, CLP, Scene, Terms, return_of};
use union::{Command, Payment, Reason};

#[test]
fn once_and_whole() {
    let mut scene = Scene::new(Terms::of(3));
    let original = scene.order(1, A, B, 250);
    scene.pay(original);
    let back = return_of(original, 2);
    for (wrong, expected) in [
        (Payment { amount: 249, ..back }, "rejected AM12 amount"),
        (Payment { amount: 251, ..back }, "rejected AM12 amount"),
        (Payment { currency: CLP, ..back }, "rejected AM03 currency"),
        (Payment { original: 9, ..back }, "rejected NOOR original"),
        (Payment { original: 2, ..back }, "rejected NOOR original"),
        (Payment { creditor: C, ..back }, "rejected NOOR original"),
        (Payment { reason: Reason::NONE, ..back }, "rejected FF01 reason"),
        (Payment { reason: Reason(*b"cust"), ..back }, "rejected FF01 reason"),
        (Payment { kind: Payment::PAYMENT, reason: Reason::NONE, ..back }, "rejected FF01 original"),
        (Payment { kind: Payment::PAYMENT, original: 0, ..back }, "rejected FF01 original"),
    ] {
        assert_eq!(scene.pay(wrong), expected, "{wrong:?}");
    }
    // The payer cannot take it back, nor can a third member send it back.
    assert_eq!(scene.pay(return_of(Payment { debtor: B, creditor: A, ..original }, 3)), "rejected NOOR original");
    assert_eq!(scene.pay(return_of(Payment { creditor: C, ..original }, 3)), "rejected NOOR original");

    assert_eq!(scene.pay(back), "settled");
    assert_eq!((scene.status(1), scene.status(2)), ("returned".to_owned(), "settled".to_owned()));
    assert_eq!(scene.positions(), [0, 0, 0]);
    assert_eq!(scene.pay(return_of(original, 4)), "rejected ARDT original");
    assert_eq!(scene.pay(back), "already settled");
    assert_eq!(scene.pay(original), "already returned");
}

#[test]
fn what_is_held_or_queued_or_refused_is_not_returned() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    let original = scene.order(1, A, B, 250);
    assert_eq!(scene.pay(original), "queued AM04");
    assert_eq!(scene.pay(return_of(original, 2)), "rejected NOOR original");
    scene.send(A, &[Command::Cancel { order: 1, reason: Reason::NONE }]);
    assert_eq!(scene.pay(return_of(original, 2)), "rejected NOOR original");
}

/// While a return waits, no other is taken; once it is cancelled, the payment can be returned again.
#[test]
fn a_return_that_waits_holds_the_payment() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(B, "0"));
    let original = scene.order(1, A, B, 250);
    scene.pay(original);
    scene.pay(scene.order(2, B, C, 250));
    assert_eq!(scene.pay(return_of(original, 3)), "queued AM04");
    assert_eq!(scene.status(1), "settled");
    assert_eq!(scene.pay(return_of(original, 4)), "rejected ARDT original");
    assert_eq!(scene.send(B, &[Command::Cancel { order: 3, reason: Reason::NONE }]), ["cancelled CUST"]);
    assert_eq!(scene.pay(return_of(original, 4)), "queued AM04");
    let soon = scene.union.time_ms() / 1_000 + 60;
    assert_eq!(scene.send(B, &[Command::Cancel { order: 4, reason: Reason::NONE }]), ["cancelled CUST"]);
    assert_eq!(scene.pay(Payment { expires_at: soon, ..return_of(original, 5) }), "queued AM04");
    scene.clock("2006-01-02 10:01");
    assert_eq!(scene.news(), ["5 expired AB03"]);
    assert_eq!(scene.pay(return_of(original, 6)), "queued AM04");
    assert_eq!(scene.pay(scene.order(7, C, B, 250)), "settled");
    assert_eq!(scene.news(), ["7 settled", "6 settled"]);
    assert_eq!(scene.status(1), "returned");
    assert_eq!(scene.positions(), [0, 0, 0]);
}

/// An immediate return that cannot settle leaves no mark on the payment.
#[test]
fn an_immediate_return_leaves_no_trace() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(B, "0"));
    let original = scene.order(1, A, B, 250);
    scene.pay(original);
    scene.pay(scene.order(2, B, C, 250));
    assert_eq!(scene.pay(Payment { immediate: 1, ..return_of(original, 3) }), "rejected AM04 amount");
    assert_eq!(scene.pay(return_of(original, 3)), "queued AM04");
}
