//! The life of an order: settled, held, queued, refused, cancelled, expired; ahead of its value date.

use crate::scene::{A, B, C, Scene, Terms};
use union::{AcceptanceRule, Action, Command, DAY_MS, Event, Found, HeldBy, Payment, Reason};

fn hold_all() -> Command {
    Command::SetRule(AcceptanceRule::new(0, Action::Hold))
}

#[test]
fn settles_at_once() {
    let mut scene = Scene::new(Terms::of(2));
    assert_eq!(scene.pay(scene.order(1, A, B, 250)), "settled");
    assert_eq!(scene.positions(), [-250, 250]);
    assert_eq!(scene.news(), ["1 settled"]);
    assert_eq!(scene.union.cycles()[0].settled_orders, 1);
}

#[test]
fn the_same_order_again_is_done_already_and_another_under_its_name_is_refused() {
    let mut scene = Scene::new(Terms::of(3));
    let order = scene.order(1, A, B, 250);
    let (pay, other) = (Command::Pay(order), Command::Pay(Payment { amount: 251, ..order }));
    assert_eq!(scene.send(A, &[pay, pay, other]), ["settled", "already settled", "rejected DUPL id"]);
    assert_eq!(scene.send(A, &[pay, other]), ["already settled", "rejected DUPL id"]);
    // Whoever else sends it is not its debtor.
    assert_eq!(scene.send(B, &[pay]), ["rejected RC03 debtor"]);
    assert_eq!(scene.positions(), [-250, 250, 0]);
}

#[test]
fn the_same_order_is_recognised_while_it_waits_with_another_priority() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    let order = scene.order(1, A, B, 101);
    assert_eq!(scene.pay(order), "queued AM04");
    assert_eq!(scene.send(A, &[Command::Reprioritise { order: 1, priority: 0, first: false }]), ["queued AM04"]);
    assert_eq!(scene.pay(order), "already queued");
    assert_eq!(scene.pay(Payment { priority: 0, ..order }), "rejected DUPL id");
    assert_eq!(scene.send(A, &[Command::Cancel { order: 1, reason: Reason::NONE }]), ["cancelled CUST"]);
    assert_eq!(scene.pay(order), "already cancelled");
    assert_eq!(scene.pay(Payment { priority: 0, ..order }), "rejected DUPL id");
}

#[test]
fn held_then_accepted() {
    let mut scene = Scene::new(Terms::of(3));
    assert_eq!(scene.send(B, &[hold_all()]), ["done"]);
    assert_eq!(scene.pay(scene.order(1, A, B, 250)), "held");
    assert_eq!(scene.positions(), [0, 0, 0]);
    // Only the receiving member decides.
    assert_eq!(scene.send(A, &[Command::Accept { order: 1 }]), ["rejected AG01 id"]);
    assert_eq!(scene.send(C, &[Command::Accept { order: 1 }]), ["rejected AG01 id"]);
    assert_eq!(scene.send(B, &[Command::Accept { order: 1 }]), ["settled"]);
    assert_eq!(scene.positions(), [-250, 250, 0]);
    assert_eq!(scene.send(B, &[Command::Accept { order: 1 }]), ["rejected AG01 id"]);
    assert_eq!(scene.send(B, &[Command::Accept { order: 2 }]), ["rejected NOOR id"]);
}

/// Who holds the order that was told of last.
fn held_by(scene: &Scene) -> HeldBy {
    let applied = scene.last.as_ref().expect("a block");
    let told = applied.events.iter().rev().find_map(|event| match event {
        Event::Order(order) => Some(order.held_by),
        _ => None,
    });
    told.expect("an order was told of")
}

/// Nobody but the sender kept it from settling: the receiving member owes no answer.
#[test]
fn held_by_both_sides_it_expires_for_the_sender() {
    let mut scene = Scene::new(Terms::of(2));
    scene.send(B, &[hold_all()]);
    let soon = scene.union.time_ms() / 1_000 + 60;
    scene.pay(Payment { expires_at: soon, ..scene.order(1, A, B, 250) });
    scene.pay(Payment { expires_at: soon, ..scene.order(2, A, B, 250) });
    scene.send(A, &[Command::Hold { order: 1 }]);
    scene.clock("2006-01-02 10:01");
    assert_eq!(scene.news(), ["1 expired AB03", "2 expired NOAS"]);
}

/// Each side lets go what it holds itself, in any order.
#[test]
fn held_by_both_sides() {
    let (hold, release) = (Command::Hold { order: 1 }, Command::Release { order: 1 });
    let accept = Command::Accept { order: 1 };
    for (first, by_first, second, by_second) in [(release, A, accept, B), (accept, B, release, A)] {
        let mut scene = Scene::new(Terms::of(2));
        scene.send(B, &[hold_all()]);
        let order = scene.order(1, A, B, 250);
        assert_eq!(scene.pay(order), "held");
        assert_eq!(scene.send(A, &[hold]), ["held"]);
        assert_eq!(held_by(&scene), HeldBy::Both);
        assert_eq!(scene.pay(order), "already held");
        assert_eq!(scene.send(by_first, &[first]), ["held"]);
        assert_eq!(held_by(&scene), if by_first == A { HeldBy::Creditor } else { HeldBy::Debtor });
        assert_eq!(scene.send(by_first, &[first]), ["rejected AG01 id"]);
        assert_eq!(scene.positions(), [0, 0]);
        assert_eq!(scene.send(by_second, &[second]), ["settled"]);
        assert_eq!(scene.positions(), [-250, 250]);
    }
}

/// A hold does not stop the clock: the order expires, and can be cancelled.
#[test]
fn on_hold_an_order_expires_and_is_cancelled_as_in_the_queue() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    let soon = scene.union.time_ms() / 1_000 + 60;
    scene.pay(Payment { expires_at: soon, ..scene.order(1, A, B, 250) });
    scene.pay(scene.order(2, A, B, 250));
    assert_eq!(scene.send(A, &[Command::Hold { order: 1 }, Command::Hold { order: 2 }]), ["held", "held"]);
    scene.clock("2006-01-02 10:01");
    assert_eq!(scene.news(), ["1 expired AB03"]);
    assert_eq!(scene.send(A, &[Command::Cancel { order: 2, reason: Reason::NONE }]), ["cancelled CUST"]);
}

/// Held back before its value date, it does not enter the queue when that comes.
#[test]
fn a_hold_outlasts_the_value_date() {
    let mut scene = Scene::new(Terms::of(2));
    let order = scene.order(1, A, B, 250);
    let tomorrow = Payment { value_date: order.value_date + 1, ..order };
    assert_eq!(scene.pay(tomorrow), "queued DT01");
    assert_eq!(scene.send(A, &[Command::Hold { order: 1 }]), ["held"]);
    scene.clock("2006-01-03 09:00");
    assert_eq!(scene.positions(), [0, 0]);
    assert_eq!(scene.send(A, &[Command::Release { order: 1 }]), ["settled"]);
    assert_eq!(scene.positions(), [-250, 250]);
}

#[test]
fn held_then_refused() {
    let mut scene = Scene::new(Terms::of(3));
    scene.send(B, &[hold_all()]);
    for id in [1, 2] {
        assert_eq!(scene.pay(scene.order(id, A, B, 250)), "held");
    }
    let refuse = |order, reason| Command::Refuse { order, reason };
    assert_eq!(scene.send(A, &[refuse(1, Reason::RR04)]), ["rejected AG01 id"]);
    assert_eq!(scene.send(B, &[refuse(1, Reason::RR04), refuse(2, Reason::NONE)]), ["refused RR04", "refused AG01"]);
    assert_eq!((scene.status(1), scene.status(2)), ("refused RR04".to_owned(), "refused AG01".to_owned()));
    assert_eq!(scene.send(B, &[refuse(1, Reason::RR04)]), ["rejected AG01 id"]);
    assert_eq!(scene.positions(), [0, 0, 0]);
}

#[test]
fn queued_then_settled_when_funds_come() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(A, "1.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 150)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, C, A, 49)), "settled");
    assert_eq!(scene.status(1), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, C, A, 1)), "settled");
    assert_eq!(scene.news(), ["3 settled", "1 settled"]);
    assert_eq!(scene.positions(), [-100, 150, -50]);
}

#[test]
fn cancelled_by_the_sender_only() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(A, "1.00"));
    scene.pay(scene.order(1, A, B, 150));
    let cancel = Command::Cancel { order: 1, reason: Reason::DUPL };
    assert_eq!(scene.send(B, &[cancel]), ["rejected AG01 id"]);
    assert_eq!(scene.send(C, &[cancel]), ["rejected AG01 id"]);
    assert_eq!(scene.send(A, &[cancel, cancel]), ["cancelled DUPL", "rejected AG01 id"]);
    // Settled is final.
    assert_eq!(scene.pay(scene.order(2, A, B, 50)), "settled");
    assert_eq!(scene.send(A, &[Command::Cancel { order: 2, reason: Reason::NONE }]), ["rejected AG01 id"]);
    assert_eq!(scene.positions(), [-50, 50, 0]);
}

/// An immediate order is refused, with no trace, where another would wait.
#[test]
fn immediate_orders_do_not_wait() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    let immediate = |scene: &Scene, id, amount| Payment { immediate: 1, ..scene.order(id, A, B, amount) };
    assert_eq!(scene.pay(immediate(&scene, 1, 101)), "rejected AM04 amount");
    assert_eq!(scene.status(1), "unknown");
    assert_eq!(scene.pay(immediate(&scene, 1, 100)), "settled");
    scene.send(B, &[hold_all()]);
    assert_eq!(scene.pay(immediate(&scene, 2, 1)), "rejected AG01 record");
    let tomorrow = scene.union.today().0 + 1;
    let ahead = Payment { value_date: tomorrow, ..immediate(&scene, 3, 1) };
    assert_eq!(scene.pay(ahead), "rejected DT01 value_date");
}

#[test]
fn expires_when_it_says() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    let noon = scene.union.time_ms() / 1_000 + 2 * 3_600;
    assert_eq!(scene.pay(Payment { expires_at: noon, ..scene.order(1, A, B, 150) }), "queued AM04");
    scene.clock("2006-01-02 11:59");
    assert_eq!(scene.status(1), "queued AM04");
    scene.clock("2006-01-02 12:00");
    assert_eq!(scene.news(), ["1 expired AB03"]);
    assert_eq!(scene.status(1), "expired AB03");
    // It ended in the block that brought the time, not in the one before.
    let Some(Found::Closed(at)) = scene.union.orders().find(1) else { panic!("it has ended") };
    assert_eq!(scene.union.orders().closed(at).ended, scene.union.height());
    let late = Payment { expires_at: noon, ..scene.order(2, A, B, 10) };
    assert_eq!(scene.pay(late), "rejected DT01 expires_at");
}

/// Without an expiry of its own an order waits `days_waiting` days after its value date; nobody's answer
/// in that time ends a held one.
#[test]
fn expires_when_the_charter_says() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 150)), "queued AM04");
    scene.send(B, &[hold_all()]);
    let ahead = Payment { value_date: scene.union.today().0 + 1, ..scene.order(2, A, B, 50) };
    assert_eq!(scene.pay(ahead), "held");
    scene.clock("2006-01-07 23:59");
    // A Saturday: nothing settles.
    assert_eq!((scene.status(1), scene.status(2)), ("queued DT01".to_owned(), "held".to_owned()));
    scene.clock("2006-01-08 00:00");
    assert_eq!(scene.news(), ["1 expired AB03"]);
    assert_eq!(scene.union.falls_due_at_ms() % DAY_MS, 0);
    scene.clock("2006-01-09 00:00");
    assert_eq!(scene.news(), ["2 expired NOAS"]);
    assert_eq!(scene.union.orders().open_count(), 0);
}

#[test]
fn waits_for_its_value_date() {
    let mut scene = Scene::new(Terms::of(2));
    let wednesday = Payment { value_date: scene.union.today().0 + 2, ..scene.order(1, A, B, 150) };
    assert_eq!(scene.pay(wednesday), "queued DT01");
    assert_eq!(scene.union.orders().queue(A).count(), 0, "not due yet");
    scene.clock("2006-01-03 23:59");
    assert_eq!(scene.status(1), "queued DT01");
    scene.clock("2006-01-04 00:00");
    assert_eq!(scene.news(), ["1 settled"]);
    assert_eq!(scene.positions(), [-150, 150]);
}

#[test]
fn accepted_ahead_of_its_value_date_it_waits_for_it() {
    let mut scene = Scene::new(Terms::of(2));
    scene.send(B, &[hold_all()]);
    let wednesday = Payment { value_date: scene.union.today().0 + 2, ..scene.order(1, A, B, 150) };
    assert_eq!(scene.pay(wednesday), "held");
    assert_eq!(scene.send(B, &[Command::Accept { order: 1 }]), ["queued DT01"]);
    scene.clock("2006-01-04 00:00");
    assert_eq!(scene.news(), ["1 settled"]);
}

/// The event of a settlement carries both sides' amounts and the rule that let the order in.
#[test]
fn the_event_names_amounts_and_rule() {
    let mut scene = Scene::new(Terms::of(2));
    scene.send(B, &[Command::SetRule(AcceptanceRule::new(5, Action::Accept))]);
    scene.pay(scene.order(1, A, B, 150));
    scene.send(B, &[Command::SetRule(AcceptanceRule::new(4, Action::Hold))]);
    scene.pay(scene.order(2, A, B, 70));
    let first = |scene: &Scene| match scene.last.as_ref().unwrap().events[0] {
        Event::Order(order) => (order.payment.id, order.rule, order.unit_debit, order.unit_credit),
        _ => panic!("the order comes first"),
    };
    assert_eq!(first(&scene), (2, 4, 0, 0));
    scene.send(B, &[Command::Accept { order: 2 }]);
    assert_eq!(first(&scene), (2, 4, 70, 70));
    scene.send(B, &[Command::SetRule(AcceptanceRule { action: 0, ..AcceptanceRule::new(4, Action::Hold) })]);
    scene.pay(scene.order(3, A, B, 150));
    assert_eq!(first(&scene), (3, 5, 150, 150));
    assert_eq!([1, 2, 3].map(|id| scene.rule(id)), [5, 4, 5]);
}
