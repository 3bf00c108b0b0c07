//! The clearing cycle: its close by the clock or by a majority, its legs, their confirmation.

use crate::scene::{A, B, C, D, Scene, Terms};
use union::{Command, CycleStatus, Leg};

fn confirm(cycle: u32, leg: u32) -> [Command; 1] {
    [Command::ConfirmLeg { cycle, leg }]
}

fn close(cycle: u32) -> [Command; 1] {
    [Command::CloseCycle { cycle }]
}

/// (debtor, creditor, in the unit of account, in the settlement asset)
fn sides(legs: &[Leg]) -> Vec<(u16, u16, u128, u128)> {
    legs.iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount, leg.asset_amount)).collect()
}

/// A owes 100 + 10, B is owed 100 and owes 100, C is owed 100 and owes 70: the example of `clearing::Flows`.
fn ring(terms: Terms) -> Scene {
    let mut scene = Scene::new(terms);
    for (id, debtor, creditor, amount) in [(1, A, B, 100), (2, B, C, 100), (3, C, A, 70), (4, A, C, 10)] {
        assert_eq!(scene.pay(scene.order(id, debtor, creditor, amount)), "settled");
    }
    scene
}

#[test]
fn closes_by_the_clock() {
    let mut scene = ring(Terms::of(3).daily());
    scene.clock("2006-01-02 17:59");
    assert_eq!(scene.union.cycles().len(), 1);
    scene.clock("2006-01-02 18:00");
    let [first, second] = scene.union.cycles() else { panic!("two cycles") };
    assert_eq!((first.gross, first.bilateral_net, first.multilateral_net), (280, 260, 40));
    assert_eq!((first.status(), first.settled_orders, first.legs_open), (CycleStatus::Closed, 4, 1));
    assert_eq!((second.status(), second.opened_at_ms, second.number), (CycleStatus::Open, first.closes_at_ms, 2));
    assert_eq!(sides(&scene.legs(1)), [(A, C, 40, 40)]);
    // A leg is a promise: positions stay until it is confirmed.
    assert_eq!(scene.positions(), [-40, 0, 40]);
    assert_eq!(scene.send(C, &confirm(1, 0)), ["done"]);
    assert_eq!(scene.positions(), [0, 0, 0]);
    assert_eq!(scene.union.cycles()[0].status(), CycleStatus::Settled);
    assert_eq!(scene.legs(1)[0].confirmed_at_ms, scene.union.time_ms());
}

#[test]
fn only_the_receiving_side_confirms_and_once() {
    let mut scene = ring(Terms::of(3).daily());
    assert_eq!(scene.send(C, &confirm(1, 0)), ["rejected NOOR cycle"], "not closed");
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.send(A, &confirm(1, 0)), ["rejected AG01 leg"]);
    assert_eq!(scene.send(B, &confirm(1, 0)), ["rejected AG01 leg"]);
    assert_eq!(scene.send(C, &confirm(1, 1)), ["rejected NOOR leg"]);
    for unknown in [0, 2, 3, u32::MAX] {
        assert_eq!(scene.send(C, &confirm(unknown, 0)), ["rejected NOOR cycle"]);
    }
    let twice = [confirm(1, 0)[0], confirm(1, 0)[0]];
    assert_eq!(scene.send(C, &twice), ["done", "rejected DUPL leg"]);
    assert_eq!(scene.send(C, &confirm(1, 0)), ["rejected DUPL leg"]);
    assert_eq!(scene.positions(), [0, 0, 0]);
}

#[test]
fn closes_early_by_a_majority_of_all_members() {
    let mut scene = ring(Terms::of(4).daily());
    assert_eq!(scene.send(A, &close(1)), ["done"]);
    assert_eq!(scene.send(A, &close(1)), ["done"], "twice is once");
    assert_eq!(scene.send(B, &close(1)), ["done"]);
    assert_eq!(scene.send(A, &close(1)), ["done"]);
    assert_eq!(scene.union.cycles().len(), 1, "two of four are no majority");
    assert!(scene.union.open_cycle_row().has_agreed(A) && !scene.union.open_cycle_row().has_agreed(D));
    scene.clock("2006-01-02 11:00");
    assert_eq!(scene.send(D, &close(1)), ["done"]);
    assert_eq!(scene.union.cycles()[0].closes_at_ms, scene.union.time_ms());
    assert_eq!(sides(&scene.legs(1)), [(A, C, 40, 40)]);
    // The next cycle has the end that this one was to have.
    assert_eq!(scene.send(D, &close(1)), ["rejected NARR cycle"]);
    assert_eq!(scene.send(D, &close(2)), ["rejected NARR cycle"], "only just opened");
    assert_eq!(scene.union.open_cycle_row().first_day, scene.union.today().0);
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.union.cycles().len(), 3);
    assert_eq!(scene.union.open_cycle_row().first_day, scene.union.today().0 + 1);
}

/// A late block closes every cycle that has ended meanwhile; only the first has anything to settle.
#[test]
fn a_late_block_closes_several() {
    let mut scene = ring(Terms::of(3).daily());
    scene.clock("2006-01-06 09:00");
    let states: Vec<_> = scene.union.cycles().iter().map(|cycle| (cycle.number, cycle.status(), cycle.legs)).collect();
    assert_eq!(
        states,
        [
            (1, CycleStatus::Closed, 1),
            (2, CycleStatus::Settled, 0),
            (3, CycleStatus::Settled, 0),
            (4, CycleStatus::Settled, 0),
            (5, CycleStatus::Open, 0),
        ]
    );
    let calendar = &scene.union.charter().calendar;
    for cycle in &scene.union.cycles()[..4] {
        assert_eq!(calendar.local(cycle.closes_at_ms), (union::Day(cycle.first_day), 18 * 3_600));
    }
    assert_eq!(scene.send(C, &confirm(1, 0)), ["done"]);
}

#[test]
fn cycles_follow_the_months() {
    let mut scene = Scene::new(Terms { first_day: "2006-01-01", cycle: "months = 4", ..Terms::of(2) });
    scene.clock("2007-01-01 00:00");
    let days: Vec<_> = scene.union.cycles().iter().map(|cycle| union::Day(cycle.first_day).to_string()).collect();
    assert_eq!(days, ["2006-01-01", "2006-05-01", "2006-09-01", "2007-01-01"]);
}

/// Positions in dinars (three decimals) are paid in dollars (two): what is below a cent is carried.
#[test]
fn a_settlement_asset_with_fewer_decimals_carries_the_rest() {
    let mut scene = Scene::new(Terms { unit: "KWD", asset: "USD", ..Terms::of(2).daily() });
    let dinars = |scene: &Scene, id, amount| union::Payment { currency: 414, ..scene.order(id, A, B, amount) };
    assert_eq!(scene.pay(dinars(&scene, 1, 10_005)), "settled");
    scene.clock("2006-01-02 18:00");
    assert_eq!(sides(&scene.legs(1)), [(A, B, 10_000, 1_000)]);
    assert_eq!(scene.send(B, &confirm(1, 0)), ["done"]);
    assert_eq!(scene.positions(), [-5, 5]);
    scene.clock("2006-01-03 18:00");
    assert_eq!(sides(&scene.legs(2)), [], "five fils are less than a cent");
    scene.clock("2006-01-04 10:00");
    assert_eq!(scene.pay(dinars(&scene, 2, 6)), "settled");
    scene.clock("2006-01-04 18:00");
    assert_eq!(sides(&scene.legs(3)), [(A, B, 10, 1)]);
    assert_eq!(scene.send(B, &confirm(3, 0)), ["done"]);
    assert_eq!(scene.positions(), [-1, 1]);
}

/// Whole pesos pay for positions in cents: more decimals in the asset only add zeros.
#[test]
fn a_settlement_asset_with_more_decimals() {
    let mut scene = Scene::new(Terms { unit: "CLP", asset: "KWD", ..Terms::of(3).daily() });
    let pesos = union::Payment { currency: 152, ..scene.order(1, A, B, 7) };
    scene.pay(pesos);
    scene.clock("2006-01-02 18:00");
    assert_eq!(sides(&scene.legs(1)), [(A, B, 7, 7_000)]);
}

/// What the exchange and rounding accounts hold is owed by the members and stays in their positions.
#[test]
fn the_union_s_own_accounts_are_not_settled() {
    let mut scene = Scene::new(Terms::of(2).daily());
    let today = scene.union.today().0;
    scene.send(A, &[Command::PublishRates { currency: 0, from_day: today, buying: (1, 100), selling: (1, 99) }]);
    scene.pay(union::Payment { currency: 32, ..scene.order(1, A, B, 100_000) });
    assert_eq!((scene.positions(), scene.union_accounts()), (vec![-1_011, 1_000], [10, 1]));
    scene.clock("2006-01-02 18:00");
    assert_eq!(sides(&scene.legs(1)), [(A, B, 1_000, 1_000)]);
    scene.send(B, &confirm(1, 0));
    assert_eq!((scene.positions(), scene.union_accounts()), (vec![-11, 0], [10, 1]));
}
