//! Caps, reservations and bilateral limits: each is its owner's, and none is ever exceeded.

use crate::scene::{A, ARS, B, C, Scene, Terms, USD};
use ledger::NO_CAP;
use union::{Command, Payment, Rates, pad_text};

fn caps(debit_cap: u64, credit_cap: u64) -> Command {
    Command::SetCaps { debit_cap, credit_cap }
}

fn limits(counterparty: u16, debit_limit: u64, credit_limit: u64) -> Command {
    Command::SetBilateralLimits { counterparty, debit_limit, credit_limit }
}

fn participant(number: u32) -> Command {
    let (identifier, name) = (pad_text("COOPARBA").unwrap(), pad_text("Cooperativa").unwrap());
    Command::RegisterParticipant { participant: number, identifier, name }
}

#[test]
fn a_member_owes_up_to_its_cap() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 101)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, B, 100)), "settled");
    assert_eq!(scene.pay(scene.order(3, A, B, 1)), "queued AM04");
}

#[test]
fn a_member_owns_up_to_its_cap() {
    let mut scene = Scene::new(Terms::of(3).credit_cap(B, "1.00"));
    assert_eq!(scene.pay(scene.order(1, A, B, 101)), "queued AM02");
    assert_eq!(scene.pay(scene.order(2, A, B, 100)), "settled");
    assert_eq!(scene.pay(scene.order(3, B, C, 1)), "settled");
    assert_eq!(scene.news(), ["3 settled"], "1.01 does not fit yet");
    assert_eq!(scene.pay(scene.order(4, B, C, 99)), "settled");
    assert_eq!(scene.status(1), "queued AM02");
    assert_eq!(scene.pay(scene.order(5, B, C, 1)), "settled");
    assert_eq!(scene.news(), ["5 settled", "1 settled"]);
}

#[test]
fn a_member_sets_its_caps_within_the_charter_s() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00").credit_cap(A, "2.00"));
    for (command, expected) in [
        (caps(101, NO_CAP), "rejected AM02 debit_cap"),
        (caps(NO_CAP, 201), "rejected AM02 credit_cap"),
        (caps(50, 200), "done"),
    ] {
        assert_eq!(scene.send(A, &[command]), [expected], "{command:?}");
    }
    assert_eq!(scene.pay(scene.order(1, A, B, 51)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, B, 50)), "settled");
    // Not below what is owed.
    assert_eq!(scene.send(A, &[caps(49, 200)]), ["rejected AM02 debit_cap"]);
    assert_eq!(scene.union.ledger().position(A).debit_cap, 50);
    // Back to all that the charter allows: what waited goes on.
    assert_eq!(scene.send(A, &[caps(NO_CAP, NO_CAP)]), ["done"]);
    assert_eq!(scene.union.ledger().position(A).debit_cap, 100);
    assert_eq!(scene.pay(scene.order(3, B, A, 1)), "settled");
    assert_eq!(scene.news(), ["3 settled", "1 settled"]);
    assert_eq!(scene.send(B, &[caps(0, 100)]), ["done"], "B's charter caps do not bind");
    assert_eq!(scene.send(B, &[caps(0, 99)]), ["rejected AM02 credit_cap"]);
}

#[test]
fn reservations_keep_room_for_higher_priorities() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    assert_eq!(scene.send(A, &[Command::SetReservations { urgent: 20, high: 30 }]), ["done"]);
    let order = |scene: &Scene, id, priority, amount| Payment { priority, ..scene.order(id, A, B, amount) };
    assert_eq!(scene.pay(order(&scene, 1, 2, 51)), "queued AM04");
    assert_eq!(scene.pay(order(&scene, 2, 2, 50)), "settled");
    assert_eq!(scene.pay(order(&scene, 3, 1, 31)), "queued AM04");
    assert_eq!(scene.pay(order(&scene, 4, 1, 30)), "settled");
    assert_eq!(scene.pay(order(&scene, 5, 0, 21)), "queued AM04");
    assert_eq!(scene.pay(order(&scene, 6, 0, 20)), "settled");
    // Given up, they let the orders go on as far as the cap does.
    scene.pay(scene.order(7, B, A, 51));
    assert_eq!(scene.news(), ["7 settled", "5 settled"]);
    assert_eq!(scene.send(A, &[Command::SetReservations { urgent: 0, high: 0 }]), ["done"]);
    assert_eq!(scene.positions(), [-70, 70]);
    scene.pay(scene.order(8, B, A, 1));
    assert_eq!(scene.news(), ["8 settled", "3 settled"]);
}

/// A reservation is a part of the debit cap: what a member owns it can spend, however much it reserves.
#[test]
fn reservations_do_not_lock_up_what_a_member_owns() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    scene.send(A, &[Command::SetReservations { urgent: 500, high: NO_CAP }]);
    scene.pay(scene.order(1, B, A, 1_000));
    assert_eq!(scene.pay(scene.order(2, A, B, 1_000)), "settled");
    assert_eq!(scene.pay(scene.order(3, A, B, 1)), "queued AM04");
    assert_eq!(scene.pay(Payment { priority: 0, ..scene.order(4, A, B, 100) }), "settled");
}

/// Both sides of a pair limit it: the debtor what it owes, the creditor what it is owed, net.
#[test]
fn bilateral_limits_of_both_sides() {
    let mut scene = Scene::new(Terms::of(3));
    assert_eq!(scene.send(A, &[limits(B, 100, NO_CAP)]), ["done"]);
    assert_eq!(scene.pay(scene.order(1, A, B, 101)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, C, 999)), "settled");
    assert_eq!(scene.pay(scene.order(3, A, B, 100)), "settled");
    // Net: what B pays A makes room, at once.
    assert_eq!(scene.pay(scene.order(4, B, A, 101)), "settled");
    assert_eq!(scene.news(), ["4 settled", "1 settled"]);

    assert_eq!(scene.send(C, &[limits(A, NO_CAP, 998)]), ["rejected AM02 credit_limit"]);
    assert_eq!(scene.send(C, &[limits(A, NO_CAP, 1_000)]), ["done"]);
    assert_eq!(scene.pay(scene.order(5, A, C, 2)), "queued AM02");
    assert_eq!(scene.send(C, &[limits(A, NO_CAP, NO_CAP)]), ["done"]);
    assert_eq!(scene.status(5), "settled");
}

#[test]
fn a_bilateral_limit_is_not_set_below_what_is_owed_and_then_not_at_all() {
    let mut scene = Scene::new(Terms::of(3));
    scene.pay(scene.order(1, A, B, 100));
    let line = |scene: &Scene, debtor, creditor| *scene.union.ledger().line(debtor, creditor);
    let before = (line(&scene, A, B), line(&scene, B, A));
    assert_eq!(scene.send(A, &[limits(B, 99, 0)]), ["rejected AM02 debit_limit"]);
    // The debit limit alone could be set, but the two go together.
    assert_eq!(scene.send(B, &[limits(A, 7, 99)]), ["rejected AM02 credit_limit"]);
    assert_eq!(before, (line(&scene, A, B), line(&scene, B, A)));
    for unknown in [A, 3, u16::MAX] {
        assert_eq!(scene.send(A, &[limits(unknown, 1, 1)]), ["rejected RC04 counterparty"]);
    }
}

/// A cycle's close novates bilateral positions to the union: the limits start anew.
#[test]
fn bilateral_limits_are_for_the_open_cycle() {
    let mut scene = Scene::new(Terms::of(2).daily());
    scene.send(A, &[limits(B, 100, NO_CAP)]);
    scene.pay(scene.order(1, A, B, 100));
    assert_eq!(scene.pay(scene.order(2, A, B, 60)), "queued AM04");
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.news(), ["2 settled"]);
}

#[test]
fn a_participant_s_account_has_caps_of_its_own() {
    let mut scene = Scene::new(Terms::of(3));
    let set = |participant, currency, debit_cap, credit_cap| Command::SetParticipantCaps {
        participant,
        currency,
        debit_cap,
        credit_cap,
    };
    assert_eq!(scene.send(A, &[set(7, USD, 100, NO_CAP)]), ["rejected AC02 participant"]);
    assert_eq!(scene.send(A, &[participant(7), set(7, USD, 100, NO_CAP)]), ["done", "done"]);
    assert_eq!(scene.send(A, &[set(7, 999, 1, 1)]), ["rejected AM03 currency"]);
    let from = |scene: &Scene, id, amount| Payment { debtor_participant: 7, ..scene.order(id, A, B, amount) };
    assert_eq!(scene.pay(from(&scene, 1, 101)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, A, B, 999)), "settled", "the member itself is not capped");
    assert_eq!(scene.pay(from(&scene, 3, 100)), "settled");
    assert_eq!(scene.send(A, &[set(7, USD, 99, NO_CAP)]), ["rejected AM02 debit_cap"]);
    // The participant is paid: the order that waits for it goes on.
    let to = Payment { creditor_participant: 7, ..scene.order(4, C, A, 101) };
    assert_eq!(scene.pay(to), "settled");
    assert_eq!(scene.news(), ["4 settled", "1 settled"]);

    assert_eq!(scene.send(A, &[set(7, USD, NO_CAP, 50)]), ["done"]);
    let to = |scene: &Scene, id, amount| Payment { creditor_participant: 7, ..scene.order(id, C, A, amount) };
    assert_eq!(scene.pay(to(&scene, 5, 151)), "queued AM02");
    assert_eq!(scene.pay(from(&scene, 6, 1)), "settled");
    assert_eq!(scene.news(), ["6 settled", "5 settled"]);
}

/// A cap is for one currency; the unit of account is not in the way of another.
#[test]
fn a_participant_s_cap_is_in_its_currency() {
    let mut scene = Scene::new(Terms::of(2));
    let today = scene.union.today().0;
    scene.send(A, &[Command::PublishRates { currency: 0, from_day: today, buying: (1, 100), selling: (1, 100) }]);
    let cap = Command::SetParticipantCaps { participant: 0, currency: ARS, debit_cap: 5_000, credit_cap: NO_CAP };
    assert_eq!(scene.send(A, &[cap]), ["done"]);
    assert!(scene.union.rates(A)[0].is_published() && !Rates::is_published(scene.union.rates(B)[0]));
    assert_eq!(scene.pay(scene.order(1, A, B, 6_000)), "settled");
    let pesos = |scene: &Scene, id, amount| Payment { currency: ARS, ..scene.order(id, A, B, amount) };
    assert_eq!(scene.pay(pesos(&scene, 2, 5_001)), "queued AM04");
    assert_eq!(scene.pay(pesos(&scene, 3, 5_000)), "settled");
    assert_eq!(scene.positions(), [-6_050, 6_050]);
}
