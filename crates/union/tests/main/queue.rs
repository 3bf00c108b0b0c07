//! What waits settles in the order that the charter says.

use crate::scene::{A, B, C, Scene, Terms};
use ledger::NO_CAP;
use union::{AcceptanceRule, Action, Command, Payment, Reason};

/// A may owe 1.00 and has ordered 3.00 (first) and 1.20 (second), so that both wait.
fn two_wait(terms: Terms) -> Scene {
    let mut scene = Scene::new(terms.debit_cap(A, "1.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 300)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, B, 120)), "queued AM04");
    scene
}

#[test]
fn bypass_lets_a_small_order_overtake() {
    let mut scene = two_wait(Terms::of(3));
    assert_eq!(scene.pay(scene.order(3, C, A, 20)), "settled");
    assert_eq!(scene.news(), ["3 settled", "2 settled"]);
    assert_eq!(scene.pay(scene.order(4, A, B, 1)), "queued AM04");
}

#[test]
fn fifo_keeps_the_order_of_entry() {
    let mut scene = two_wait(Terms::of(3).fifo());
    assert_eq!(scene.pay(scene.order(3, C, A, 199)), "settled");
    assert_eq!(scene.news(), ["3 settled"]);
    // It could settle, but is not the first.
    assert_eq!(scene.pay(scene.order(4, A, B, 1)), "queued AM04");
    assert_eq!(scene.pay(scene.order(5, C, A, 1)), "settled");
    assert_eq!(scene.news(), ["5 settled", "1 settled"]);
    assert_eq!(scene.pay(scene.order(6, C, A, 121)), "settled");
    assert_eq!(scene.news(), ["6 settled", "2 settled", "4 settled"]);
}

/// Each member has its own queue.
#[test]
fn another_member_s_queue_is_not_held_up() {
    let mut scene = two_wait(Terms::of(3).fifo());
    assert_eq!(scene.pay(scene.order(3, C, B, 999)), "settled");
}

#[test]
fn urgent_goes_before_high_before_normal() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(A, "0"));
    for (id, priority) in [(1, 2), (2, 1), (3, 0), (4, 2), (5, 1), (6, 0)] {
        let order = Payment { priority, ..scene.order(id, A, B, 10) };
        assert_eq!(scene.pay(order), "queued AM04");
    }
    scene.pay(scene.order(9, C, A, 40));
    assert_eq!(scene.news(), ["9 settled", "3 settled", "6 settled", "2 settled", "5 settled"]);
    scene.pay(scene.order(10, C, A, 20));
    assert_eq!(scene.news(), ["10 settled", "1 settled", "4 settled"]);
}

/// Under first-in-first-out only what waits at the same or a higher priority is ahead.
#[test]
fn an_urgent_order_passes_normal_ones_that_wait() {
    let mut scene = two_wait(Terms::of(3).fifo());
    assert_eq!(scene.pay(Payment { priority: 1, ..scene.order(3, A, B, 100) }), "settled");
    assert_eq!(scene.pay(Payment { priority: 0, ..scene.order(4, A, B, 1) }), "queued AM04");
    assert_eq!(scene.pay(Payment { priority: 1, ..scene.order(5, A, B, 1) }), "queued AM04");
    scene.pay(scene.order(6, C, A, 2));
    assert_eq!(scene.news(), ["6 settled", "4 settled", "5 settled"]);
}

#[test]
fn another_priority_means_the_end_of_its_line() {
    let mut scene = Scene::new(Terms::of(3).debit_cap(A, "0"));
    for (id, priority) in [(1, 2), (2, 0), (3, 2)] {
        scene.pay(Payment { priority, ..scene.order(id, A, B, 10) });
    }
    let reprioritise = |order, priority| Command::Reprioritise { order, priority, first: false };
    assert_eq!(scene.send(B, &[reprioritise(1, 0)]), ["rejected AG01 id"]);
    assert_eq!(scene.send(A, &[reprioritise(1, 3)]), ["rejected FF01 priority"]);
    assert_eq!(scene.send(A, &[reprioritise(9, 0)]), ["rejected NOOR id"]);
    assert_eq!(scene.send(A, &[reprioritise(3, 0), reprioritise(1, 0)]), ["queued AM04", "queued AM04"]);
    scene.pay(scene.order(9, C, A, 20));
    assert_eq!(scene.news(), ["9 settled", "2 settled", "3 settled"]);
    assert_eq!(scene.send(A, &[reprioritise(9, 0)]), ["rejected AG01 id"]);
}

/// The front of those of a priority, before what was moved there earlier; those of a higher priority stay ahead.
#[test]
fn an_order_is_moved_to_the_front() {
    for terms in [Terms::of(3), Terms::of(3).fifo()] {
        let mut scene = Scene::new(terms.debit_cap(A, "0"));
        for (id, priority) in [(1, 2), (2, 0), (3, 2), (4, 2)] {
            scene.pay(Payment { priority, ..scene.order(id, A, B, 10) });
        }
        let to_front = |order, priority| Command::Reprioritise { order, priority, first: true };
        assert_eq!(scene.send(B, &[to_front(3, 2)]), ["rejected AG01 id"]);
        assert_eq!(scene.send(A, &[to_front(3, 2), to_front(4, 2)]), ["queued AM04", "queued AM04"]);
        let queue: Vec<u128> = scene.union.orders().queue(A).map(|order| order.payment.id).collect();
        assert_eq!(queue, [2, 4, 3, 1]);
        scene.pay(scene.order(9, C, A, 30));
        assert_eq!(scene.news(), ["9 settled", "2 settled", "4 settled", "3 settled"]);
        assert_eq!(scene.send(A, &[to_front(1, 0)]), ["queued AM04"]);
        scene.pay(scene.order(10, C, A, 10));
        assert_eq!(scene.news(), ["10 settled", "1 settled"]);
    }
}

/// An order that comes to the front while its queue is half tried is tried first.
#[test]
fn the_front_is_tried_though_attempts_ran_out() {
    let mut scene = Scene::new(Terms { attempts: 2, ..Terms::of(3).debit_cap(A, "0") });
    for id in 1..=6 {
        scene.pay(scene.order(id, A, B, 10));
    }
    scene.pay(scene.order(9, C, A, 30));
    assert_eq!(scene.news(), ["9 settled", "1 settled", "2 settled"]);
    assert_eq!(scene.send(A, &[Command::Reprioritise { order: 6, priority: 2, first: true }]), ["queued AM04"]);
    assert_eq!(scene.news(), ["6 queued AM04", "6 settled"]);
    scene.apply(&[]);
    assert_eq!(scene.positions(), [0, 30, -30]);
}

/// A queue comes to rest wherever its attempts ran out, at the first order that ever waited too.
#[test]
fn a_queue_comes_to_rest_at_the_first_order_of_all() {
    let mut scene = Scene::new(Terms { attempts: 3, ..Terms::of(3).debit_cap(A, "0") });
    for (id, amount) in [(1, 1_000), (2, 90_000)] {
        scene.pay(Payment { priority: 0, ..scene.order(id, A, B, amount) });
    }
    assert_eq!(scene.send(A, &[Command::Reprioritise { order: 2, priority: 0, first: true }]), ["queued AM04"]);
    for _ in 0..9 {
        scene.apply(&[]);
    }
    assert!(scene.union.falls_due_at_ms() > scene.union.time_ms());
    scene.pay(scene.order(3, C, A, 5_000));
    for _ in 0..9 {
        scene.apply(&[]);
    }
    assert_eq!(scene.positions(), [4_000, 1_000, -5_000]);
}

#[test]
fn an_order_on_hold_holds_up_nobody_and_takes_its_old_place_again() {
    let mut scene = two_wait(Terms::of(3).fifo());
    assert_eq!(scene.pay(scene.order(3, A, B, 100)), "queued AM04");
    let (hold, release) = (|order| Command::Hold { order }, |order| Command::Release { order });
    assert_eq!(scene.send(B, &[hold(1)]), ["rejected AG01 id"]);
    assert_eq!(scene.send(A, &[release(1), hold(9)]), ["rejected AG01 id", "rejected NOOR id"]);
    // The second and the third are up next, and the third has to wait for the second.
    assert_eq!(scene.send(A, &[hold(1), hold(1)]), ["held", "rejected AG01 id"]);
    assert_eq!(scene.news(), ["1 held"]);
    assert_eq!(scene.send(A, &[hold(2)]), ["held"]);
    assert_eq!(scene.news(), ["2 held", "3 settled"]);
    assert_eq!(scene.union.orders().queue(A).count(), 0);
    // A has no room left: both wait again, the first ahead of the second.
    assert_eq!(scene.send(A, &[release(2), release(1)]), ["queued AM04", "queued AM04"]);
    scene.pay(scene.order(4, C, A, 120));
    assert_eq!(scene.news(), ["4 settled"]);
    scene.pay(scene.order(5, C, A, 300));
    assert_eq!(scene.news(), ["5 settled", "1 settled", "2 settled"]);
    assert_eq!(scene.send(A, &[hold(1)]), ["rejected AG01 id"]);
}

/// Taking back the order at the head lets the others go on, in the same block.
#[test]
fn cancelling_the_first_releases_the_rest() {
    let mut scene = two_wait(Terms::of(3).fifo());
    assert_eq!(scene.pay(scene.order(3, A, B, 100)), "queued AM04");
    let cancel = |order| Command::Cancel { order, reason: Reason::NONE };
    assert_eq!(scene.send(A, &[cancel(1)]), ["cancelled CUST"]);
    assert_eq!(scene.news(), ["1 cancelled CUST"]);
    assert_eq!(scene.send(A, &[cancel(2)]), ["cancelled CUST"]);
    assert_eq!(scene.news(), ["2 cancelled CUST", "3 settled"]);
}

/// The first order expires: the next goes on.
#[test]
fn expiry_of_the_first_releases_the_rest() {
    let mut scene = Scene::new(Terms::of(3).fifo().debit_cap(A, "1.00"));
    let soon = scene.union.time_ms() / 1_000 + 60;
    scene.pay(Payment { expires_at: soon, ..scene.order(1, A, B, 101) });
    assert_eq!(scene.pay(scene.order(2, A, B, 100)), "queued AM04");
    scene.clock("2006-01-02 10:01");
    assert_eq!(scene.news(), ["1 expired AB03", "2 settled"]);
}

/// Money that goes round: each payment gives the next member what it needs.
#[test]
fn a_chain_of_payments_resolves_in_one_block() {
    let mut scene = Scene::new(Terms::of(4).debit_cap(A, "0").debit_cap(B, "0").debit_cap(C, "0"));
    assert_eq!(scene.pay(scene.order(1, C, A, 70)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, B, C, 70)), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, A, B, 70)), "queued AM04");
    assert_eq!(scene.pay(scene.order(4, 3, A, 70)), "settled");
    assert_eq!(scene.news(), ["4 settled", "3 settled", "2 settled", "1 settled"]);
    assert_eq!(scene.positions(), [70, 0, 0, -70]);
}

/// The charter bounds the attempts of a block; what is left over goes on in the next ones.
#[test]
fn attempts_are_bounded_and_go_on() {
    let mut scene = Scene::new(Terms { attempts: 2, ..Terms::of(3).debit_cap(A, "0") });
    for id in 1..=5 {
        scene.pay(scene.order(id, A, B, 10));
    }
    scene.pay(scene.order(9, C, A, 50));
    assert_eq!(scene.news(), ["9 settled", "1 settled", "2 settled"]);
    assert_eq!(scene.union.falls_due_at_ms(), scene.union.time_ms());
    scene.apply(&[]);
    assert_eq!(scene.news(), ["3 settled", "4 settled"]);
    scene.apply(&[]);
    assert_eq!(scene.news(), ["5 settled"]);
    assert!(scene.union.falls_due_at_ms() > scene.union.time_ms());
}

/// An urgent order that comes while the queue is half tried is still the first under first-in-first-out.
#[test]
fn fifo_holds_while_the_queue_is_half_tried() {
    let mut scene = Scene::new(Terms { attempts: 2, ..Terms::of(3).fifo().debit_cap(A, "0") });
    for id in 1..=4 {
        scene.pay(scene.order(id, A, B, 10));
    }
    scene.pay(scene.order(9, C, A, 40));
    assert_eq!(scene.news(), ["9 settled", "1 settled", "2 settled"]);
    // 20 are left, for 3 and 4; an urgent 21 comes first and cannot settle.
    assert_eq!(scene.pay(Payment { priority: 0, ..scene.order(5, A, B, 21) }), "queued AM04");
    assert_eq!(scene.news(), ["5 queued AM04"]);
    scene.pay(scene.order(10, C, A, 1));
    assert_eq!(scene.news(), ["10 settled", "5 settled"]);
}

/// An order that was held entered before those that queued meanwhile: accepted, it is the first.
#[test]
fn fifo_counts_entry_from_presentation() {
    let mut scene = Scene::new(Terms::of(3).fifo().debit_cap(A, "1.00"));
    scene.send(B, &[Command::SetRule(AcceptanceRule::new(0, Action::Hold))]);
    assert_eq!(scene.pay(scene.order(1, A, B, 60)), "held");
    assert_eq!(scene.pay(scene.order(2, A, C, 101)), "queued AM04");
    assert_eq!(scene.send(B, &[Command::Accept { order: 1 }]), ["settled"]);
    assert_eq!(scene.status(2), "queued AM04");
}

/// What waited for a day is ahead of what the first block of that day brings, however few attempts that block has.
#[test]
fn fifo_holds_on_the_morning_of_a_value_date() {
    for attempts in [1_000, 1] {
        let mut scene = Scene::new(Terms { attempts, ..Terms::of(3).fifo().debit_cap(A, "1.00") });
        let wednesday = scene.union.today().0 + 2;
        for (id, amount) in [(1, 101), (2, 70)] {
            let order = Payment { value_date: wednesday, ..scene.order(id, A, B, amount) };
            assert_eq!(scene.pay(order), "queued DT01");
        }
        assert_eq!(scene.pay(scene.order(3, C, A, 1)), "settled");
        scene.set_clock("2006-01-04 10:00");
        let late = Payment { value_date: wednesday, ..scene.order(4, A, C, 70) };
        assert_eq!(scene.pay(late), "queued AM04");
        for _ in 0..4 {
            scene.apply(&[]);
        }
        assert_eq!([1, 2, 4].map(|id| scene.status(id)), ["settled", "queued AM04", "queued AM04"]);
    }
}

/// On a holiday of its creditor an order holds up nobody; on the morning after it does again.
#[test]
fn fifo_holds_on_the_morning_after_a_holiday() {
    let mut scene = Scene::new(Terms::of(3).fifo().debit_cap(A, "1.00").holiday(B, "2006-01-03"));
    assert_eq!(scene.pay(scene.order(1, A, B, 101)), "queued AM04");
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.status(1), "queued DT01");
    assert_eq!(scene.pay(scene.order(2, A, C, 10)), "settled");
    scene.set_clock("2006-01-04 10:00");
    let late = Payment { value_date: scene.union.today().0 + 1, ..scene.order(3, A, C, 10) };
    assert_eq!(scene.pay(late), "queued AM04");
    assert_eq!((scene.status(1), scene.status(3)), ("queued AM04".to_owned(), "queued AM04".to_owned()));
}

/// No more orders of a member wait than its share of what the charter allows, whatever the others do; what
/// would wait can be sent again later.
#[test]
fn the_number_of_open_orders_is_bounded() {
    let terms = Terms::of(3).debit_cap(A, "1.00").debit_cap(B, "1.00");
    let mut scene = Scene::new(Terms { open_orders_max: 6, ..terms });
    for (id, expected) in [(1, "queued AM04"), (2, "queued AM04"), (3, "rejected NARR record")] {
        assert_eq!(scene.pay(scene.order(id, A, B, 101)), expected);
    }
    for (id, expected) in [(11, "queued AM04"), (12, "queued AM04"), (13, "rejected NARR record")] {
        assert_eq!(scene.pay(scene.order(id, B, A, 101)), expected, "B has a share of its own");
    }
    // What settles at once does not wait.
    assert_eq!(scene.pay(scene.order(4, A, B, 100)), "settled");
    scene.send(A, &[Command::Cancel { order: 1, reason: Reason::NONE }]);
    assert_eq!(scene.pay(scene.order(3, A, B, 102)), "queued AM04");
}

/// A member whose queue is long and hopeless does not keep another's from being tried.
#[test]
fn every_turn_has_an_equal_share_of_attempts() {
    let terms = Terms::of(3).debit_cap(A, "1.00").debit_cap(B, "1.00");
    let mut scene = Scene::new(Terms { attempts: 6, ..terms });
    for id in 1..=100 {
        assert_eq!(scene.pay(scene.order(id, A, C, 101)), "queued AM04");
    }
    assert_eq!(scene.pay(scene.order(200, B, C, 150)), "queued AM04");
    // A has its queue tried from the start again, in the very block in which B is paid.
    let reserve = Command::SetReservations { urgent: 0, high: 0 };
    let pays_b = Command::Pay(scene.order(300, C, B, 50));
    scene.block(&[(A, &[reserve]), (C, &[pays_b])]);
    assert_eq!(scene.status(200), "settled");
}

/// First-in-first-out holds up what competes for the same means, not what waits for somebody else.
#[test]
fn a_creditor_does_not_freeze_its_debtor_s_queue() {
    let mut scene = Scene::new(Terms::of(3).fifo());
    scene.send(B, &[Command::SetBilateralLimits { counterparty: A, debit_limit: NO_CAP, credit_limit: 0 }]);
    assert_eq!(scene.pay(scene.order(1, A, B, 10)), "queued AM02");
    assert_eq!(scene.pay(scene.order(2, A, C, 10)), "settled");
}
