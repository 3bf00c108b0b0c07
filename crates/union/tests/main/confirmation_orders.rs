//! A credit that is not settled yet is spent (`mojaloop/project` issue 3482): a member whose position rose in
//! one cycle uses it in the next, and then the second is settled without the first. Here no order of closing and
//! confirming, with whatever the queue settles in between, takes anybody beyond a cap. All of them are tried.

use crate::scene::{A, B, C, D, Scene, Terms};
use std::collections::BTreeSet;
use union::Command;

/// Closes and confirms in every order, down to where nothing is left; counts the ends.
fn try_all(scene: Scene, cycles: usize) -> usize {
    let (mut to_visit, mut seen, mut ends) = (vec![scene], BTreeSet::new(), 0);
    while let Some(mut scene) = to_visit.pop() {
        // `Scene` checks caps after each block; the books as they are decide what can come next.
        if !seen.insert((scene.union.cycles().len(), scene.union.books_hash())) {
            continue;
        }
        let mut next = Vec::new();
        if scene.union.cycles().len() <= cycles {
            let mut closed = scene.clone();
            closed.clock(&format!("2006-01-0{} 18:00", 1 + scene.union.cycles().len()));
            next.push(closed);
        }
        for number in 1..scene.union.cycles().len() as u32 {
            for leg in scene.legs(number).iter().filter(|leg| !leg.is_confirmed()) {
                let mut confirmed = scene.clone();
                let command = Command::ConfirmLeg { cycle: number, leg: leg.number };
                assert_eq!(confirmed.send(leg.creditor, &[command]), ["done"]);
                next.push(confirmed);
            }
        }
        ends += usize::from(next.is_empty());
        to_visit.extend(next);
    }
    ends
}

/// The case itself: A is paid 100 in the first cycle, spends 200 in the second with a cap of 100.
#[test]
fn a_credit_to_be_received_is_not_spent_twice() {
    let mut scene = Scene::new(Terms::of(2).daily().debit_cap(A, "1.00"));
    scene.pay(scene.order(1, B, A, 100));
    scene.clock("2006-01-02 18:00");
    scene.clock("2006-01-03 10:00");
    // A owns 100, but they are called for; it can owe 100 beside them, and no more.
    assert_eq!(scene.pay(scene.order(2, A, B, 101)), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, A, B, 100)), "settled");
    assert_eq!(scene.positions(), [0, 0]);
    assert!(try_all(scene, 3) > 0);
}

/// And the other side: what A is still to pay counts until it is confirmed.
#[test]
fn a_debt_to_be_paid_counts_until_it_is_confirmed() {
    let mut scene = Scene::new(Terms::of(2).daily().debit_cap(A, "1.00"));
    scene.pay(scene.order(1, A, B, 60));
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.pay(scene.order(2, A, B, 41)), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, A, B, 40)), "settled");
    assert_eq!(scene.send(B, &[Command::ConfirmLeg { cycle: 1, leg: 0 }]), ["done"]);
    assert_eq!(scene.status(2), "settled");
}

/// Four members with caps on both sides, orders that wait for room, three cycles.
#[test]
fn every_order_of_closing_and_confirming_is_within_all_caps() {
    let terms = Terms::of(4)
        .daily()
        .debit_cap(A, "1.00")
        .credit_cap(A, "1.00")
        .debit_cap(B, "0.80")
        .credit_cap(B, "1.20")
        .credit_cap(C, "1.50")
        .debit_cap(D, "1.00");
    let mut scene = Scene::new(terms);
    let mut queued = 0;
    let mut id = 0;
    for (time, payments) in [
        ("2006-01-02 10:00", vec![(D, A, 100), (B, A, 70), (B, C, 80), (A, B, 60), (C, B, 110), (A, C, 130)]),
        ("2006-01-03 10:00", vec![(A, B, 90), (A, D, 95), (C, D, 40), (D, C, 75), (B, D, 60), (C, A, 55)]),
        ("2006-01-04 10:00", vec![(B, A, 50), (D, B, 85), (A, C, 99), (C, B, 35), (B, C, 20)]),
    ] {
        scene.clock(time);
        for (debtor, creditor, amount) in payments {
            id += 1;
            queued += usize::from(scene.pay(scene.order(id, debtor, creditor, amount)).starts_with("queued"));
        }
    }
    let legs: usize = (1..=2).map(|cycle| scene.legs(cycle).len()).sum();
    assert!(legs >= 4 && queued >= 3, "{legs} legs, {queued} orders waited");
    let ends = try_all(scene, 3);
    assert!(ends >= 1, "{ends}");
}
