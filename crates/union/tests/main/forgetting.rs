//! Ended orders are remembered for as many days as the charter says: the state stays bounded, and what is
//! forgotten cannot happen again.

use crate::scene::{A, B, C, Scene, Terms};
use union::{Payment, Reason, Union};

/// Twelve payments a day on ten business days, remembered for four days.
fn two_weeks() -> (Scene, Vec<Payment>) {
    let mut scene = Scene::new(Terms { days_ahead: 3, days_remembered: 4, ..Terms::of(2) });
    let mut payments = Vec::new();
    for (day, date) in [2, 3, 4, 5, 6, 9, 10, 11, 12, 13].into_iter().enumerate() {
        scene.clock(&format!("2006-01-{date:02} 10:00"));
        for n in 0..12 {
            let payment = scene.order((day * 100 + n + 1) as u128, A, B, 5);
            assert_eq!(scene.pay(payment), "settled");
            payments.push(payment);
        }
    }
    (scene, payments)
}

#[test]
fn old_orders_go_and_recent_ones_stay() {
    let (mut scene, payments) = two_weeks();
    let orders = scene.union.orders();
    // On the 13th, what ended before the 9th can go: 60 orders, of which whole pages of ten.
    assert_eq!((orders.forgotten(), orders.all_closed().len()), (60, 60));
    assert!(orders.find(payments[59].id).is_none() && orders.find(payments[60].id).is_some());
    assert_eq!(scene.positions(), [-600, 600], "the books forget nothing");

    // Sent again, what is remembered is known and what is forgotten is past its date.
    assert_eq!(scene.pay(payments[60]), "already settled");
    assert_eq!(scene.pay(payments[59]), "rejected DT01 value_date");
    // What is forgotten cannot be returned any more.
    let last = payments[119];
    let back = |original: Payment, id| Payment {
        kind: Payment::RETURN,
        original: original.id,
        reason: Reason::CUST,
        ..Payment::new(id, B, A, original.currency, original.amount, last.value_date)
    };
    assert_eq!(scene.pay(back(payments[59], 5_001)), "rejected NOOR original");
    assert_eq!(scene.pay(back(last, 5_002)), "settled");
}

#[test]
fn a_snapshot_knows_what_was_forgotten() {
    let (mut scene, payments) = two_weeks();
    let mut bytes = Vec::new();
    scene
        .union
        .snapshot(|piece| {
            bytes.extend_from_slice(piece);
            Ok::<_, std::convert::Infallible>(())
        })
        .unwrap();
    let read = Union::from_snapshot(scene.union.charter().clone(), &bytes, scene.union.state(), 9).unwrap();
    assert_eq!(read.orders().forgotten(), 60);
    scene.union = read;
    assert_eq!(scene.pay(payments[60]), "already settled");
    let next = scene.order(9_000, A, B, 1);
    assert_eq!(scene.pay(next), "settled");
}

/// A return that waits ends with the day on which the payment is forgotten. Else it would later give back another
/// payment, one that has taken over the forgotten one's identifier.
#[test]
fn a_return_does_not_outlive_the_memory_of_its_payment() {
    let terms = Terms { days_ahead: 3, days_remembered: 4, days_waiting: 60, ..Terms::of(3).debit_cap(B, "0") };
    let mut scene = Scene::new(terms);
    let original = scene.order(1, A, B, 5);
    assert_eq!(scene.pay(original), "settled");
    assert_eq!(scene.pay(scene.order(2, B, C, 5)), "settled");
    // A page full, as whole pages are forgotten.
    for id in 10..20 {
        scene.pay(scene.order(id, A, C, 1));
    }
    let back = Payment { kind: Payment::RETURN, original: 1, reason: Reason::CUST, ..scene.order(3, B, A, 5) };
    assert_eq!(scene.pay(back), "queued AM04");
    scene.clock("2006-01-06 23:59");
    assert_eq!(scene.status(3), "queued AM04");
    scene.clock("2006-01-07 00:00");
    assert_eq!((scene.status(1), scene.status(3)), ("unknown".to_owned(), "expired AB03".to_owned()));

    scene.clock("2006-01-09 10:00");
    assert_eq!(scene.pay(scene.order(1, A, C, 7)), "settled");
    assert_eq!(scene.pay(scene.order(4, C, B, 5)), "settled");
    assert_eq!(scene.news(), ["4 settled"]);
    assert_eq!(scene.status(1), "settled");
}
