//! Legs that are not paid: instalments, default, who bears the loss. And members that go.

use crate::scene::{A, B, C, D, Scene, Terms};
use ledger::AccountKey;
use union::{Command, CycleStatus, Event, Standing};

const TWO_PARTS: &str = "[default]\ndeadline_days = 2\ninstalments = 2\ninstalment_days = 7\n";
const BY_QUOTA: &str = "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '100'\nM001 = '10'\nM002 = '20'\nM003 = '30'\n\
    [settlement]\nasset_percent = 50\n[default]\ndeadline_days = 1\n";
const BY_CREDITORS: &str = "[default]\ndeadline_days = 1\nloss = 'creditors'\nreserves_first = false\n";

fn confirm(cycle: u32, leg: u32) -> [Command; 1] {
    [Command::ConfirmLeg { cycle, leg }]
}

fn account(scene: &Scene, key: AccountKey) -> i128 {
    scene.union.ledger().account(key).balance()
}

fn happened(scene: &Scene, what: fn(&Event) -> bool) -> usize {
    scene.last.as_ref().expect("a block").events.iter().filter(|event| what(event)).count()
}

#[test]
fn an_overdue_leg_is_paid_in_parts() {
    let mut scene = Scene::new(Terms { rules: TWO_PARTS, ..Terms::of(2).daily() });
    scene.pay(scene.order(1, A, B, 101));
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.legs(1)[0].due_day, scene.union.today().0 + 2);
    scene.clock("2006-01-04 23:00");
    assert_eq!(scene.legs(1)[0].instalments, 0, "the day is not over");
    scene.clock("2006-01-05 00:00");
    assert_eq!(happened(&scene, |event| matches!(event, Event::LegDeferred(_))), 1);
    assert_eq!((scene.legs(1)[0].instalments, scene.legs(1)[0].due_day), (2, scene.union.today().0 + 7));
    assert_eq!(scene.send(B, &confirm(1, 0)), ["done"]);
    assert_eq!(scene.positions(), [-51, 51], "fifty, rounded down");
    assert_eq!(scene.union.cycles()[0].status(), CycleStatus::Closed);
    assert_eq!(scene.send(B, &confirm(1, 0)), ["done"]);
    assert_eq!((scene.positions(), scene.union.cycles()[0].status()), (vec![0, 0], CycleStatus::Settled));
    assert_eq!(scene.send(B, &confirm(1, 0)), ["rejected DUPL leg"]);
    scene.clock("2006-02-05 00:00");
    assert_eq!(scene.union.standing(A), Standing::Active);
}

/// A second part that does not come is a default; what was paid stays paid.
#[test]
fn default_undoes_nothing() {
    let mut scene = Scene::new(Terms { rules: TWO_PARTS, ..Terms::of(3).daily() });
    scene.pay(scene.order(1, A, B, 101));
    scene.clock("2006-01-05 00:00");
    scene.send(B, &confirm(1, 0));
    scene.clock("2006-01-19 00:00");
    assert_eq!(scene.union.standing(A), Standing::Active, "the second part is due seven days after the first");
    scene.clock("2006-01-20 00:00");
    assert_eq!(scene.union.standing(A), Standing::Suspended);
    assert!(scene.legs(1)[0].is_closed_out() && !scene.legs(1)[0].is_confirmed());
    assert_eq!(scene.union.cycles()[0].status(), CycleStatus::Settled);
    // Fifty were paid and stay so. Fifty-one are lost, by halves: there are no quotas.
    assert_eq!(account(&scene, AccountKey::defaulted(A)), -51);
    assert_eq!(account(&scene, AccountKey::losses()), 51);
    assert_eq!(scene.positions(), [0, 51 - 25, -26]);
    assert_eq!(scene.send(B, &confirm(1, 0)), ["rejected AG01 leg"]);
    assert_eq!(scene.pay(scene.order(2, A, B, 1)), "rejected AG01 debtor");
    // C pays its share to B: the union goes on without the one that defaulted.
    scene.clock("2006-01-20 18:00");
    let last = scene.union.cycles().len() as u32 - 1;
    assert_eq!(
        scene.legs(last).iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount)).collect::<Vec<_>>(),
        [(C, B, 26)]
    );
}

/// What the union's own accounts hold bears the loss first, then the others by quota.
#[test]
fn reserves_first_then_quotas() {
    let mut scene = Scene::new(Terms { rules: BY_QUOTA, ..Terms::of(4).daily() });
    let today = scene.union.today().0;
    // Six cents are in the exchange account.
    scene.send(B, &[Command::PublishRates { currency: 0, from_day: today, buying: (100, 100), selling: (106, 100) }]);
    assert_eq!(scene.pay(union::Payment { currency: crate::scene::BRL, ..scene.order(1, B, C, 100) }), "settled");
    assert_eq!(scene.union_accounts()[0], 6);
    assert_eq!(scene.pay(scene.order(2, A, D, 612)), "settled");
    scene.clock("2006-01-02 18:00");
    assert_eq!(
        scene.legs(1).iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount)).collect::<Vec<_>>(),
        [(A, D, 306), (B, C, 50)]
    );
    assert_eq!(scene.send(C, &confirm(1, 1)), ["done"]);
    scene.clock("2006-01-04 00:00");
    assert_eq!(scene.union.standing(A), Standing::Suspended);
    // 612 less 6 is 606: a sixth, a third and a half of it.
    assert_eq!(scene.union_accounts()[0], 0);
    assert_eq!(scene.positions(), [0, -106 + 50 - 101, 100 - 50 - 202, 612 - 303]);
    assert_eq!((account(&scene, AccountKey::defaulted(A)), account(&scene, AccountKey::losses())), (-612, 612));
}

/// Closing out counts what others owe the member that defaults: it is in default, but nobody loses anything.
#[test]
fn who_owns_more_than_it_owes_leaves_no_loss() {
    let mut scene = Scene::new(Terms { rules: BY_CREDITORS, ..Terms::of(3).daily() });
    scene.pay(scene.order(1, A, B, 100));
    scene.clock("2006-01-02 18:00");
    scene.clock("2006-01-03 10:00");
    scene.pay(scene.order(2, C, A, 150));
    scene.clock("2006-01-03 18:00");
    scene.clock("2006-01-04 00:00");
    assert_eq!(scene.union.standing(A), Standing::Suspended);
    assert_eq!((scene.positions(), account(&scene, AccountKey::losses())), (vec![50, 100, -150], 0));
    let closed_out = scene.legs(2);
    assert!(closed_out[0].is_closed_out(), "the leg that it was to be paid is closed out too");
    scene.clock("2006-01-04 18:00");
    let paid: Vec<_> = scene.legs(3).iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount)).collect();
    assert_eq!(paid, [(C, B, 100), (C, A, 50)]);
}

#[test]
fn creditors_bear_what_they_own() {
    let mut scene = Scene::new(Terms { rules: BY_CREDITORS, ..Terms::of(4).daily() });
    scene.pay(scene.order(1, A, B, 300));
    scene.pay(scene.order(2, A, C, 100));
    scene.clock("2006-01-04 00:00");
    assert_eq!(scene.positions(), [0, 0, 0, 0], "who gave the credit has lost it; D has lost nothing");
    assert_eq!(account(&scene, AccountKey::losses()), 400);
}

/// A member that gives notice pays what it owes in two parts, whatever the schedule leaves the others as credit.
#[test]
fn a_balance_runs_off() {
    let rules = "[settlement]\nasset_percent = 0\n[exit]\ncycles = 2\n";
    let mut scene = Scene::new(Terms { rules, ..Terms::of(3).daily() });
    scene.pay(scene.order(1, A, B, 101));
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.legs(1), [], "credit without an end");
    assert_eq!(scene.send(A, &[Command::GiveNotice]), ["done"]);
    for (cycle, day, amount) in [(2, "03", 50), (3, "04", 51)] {
        scene.clock(&format!("2006-01-{day} 18:00"));
        let legs = scene.legs(cycle);
        assert_eq!(
            legs.iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount)).collect::<Vec<_>>(),
            [(A, B, amount)]
        );
        assert_eq!(scene.send(B, &confirm(cycle, 0)), ["done"]);
    }
    assert_eq!(scene.union.standing(A), Standing::Left);
    // B was paid ahead of its schedule, and is due to give it back when others have their turn.
    assert_eq!((scene.positions(), scene.union.called(B)), (vec![0, 0, 0], 101));
}

/// What was lost comes back to those who lost it, out of the position of a member that the others trust again.
#[test]
fn a_claim_is_paid_off() {
    let rules = "[default]\ndeadline_days = 1\nloss = 'equal'\nreserves_first = false\n";
    let mut scene = Scene::new(Terms { top: "epoch_blocks = 16", rules, ..Terms::of(4).daily() });
    scene.pay(scene.order(1, A, B, 300));
    scene.clock("2006-01-04 10:00");
    assert_eq!((scene.union.claim(A), scene.positions()), (300, vec![0, 200, -100, -100]));
    for (member, amount, expected) in [
        (A, 0, "rejected AM01 amount"),
        (A, 301, "rejected AM12 amount"),
        (A, 1, "rejected AM04 amount"),
        (B, 1, "rejected AM12 amount"),
    ] {
        assert_eq!(scene.send(member, &[Command::PayClaim { amount }]), [expected], "{member} {amount}");
    }

    readmit_a(&mut scene);
    assert_eq!(scene.send(A, &[Command::PayClaim { amount: 150 }]), ["done"]);
    assert_eq!(happened(&scene, |event| matches!(event, Event::ClaimPaid(paid) if paid.left == 150)), 1);
    assert_eq!(scene.positions(), [-150, 250, -50, -50]);
    assert_eq!((scene.union.claim(A), account(&scene, AccountKey::losses())), (150, 150));

    // It is settled like everything else.
    let cycle = scene.union.open_cycle_row().number;
    scene.clock("2006-01-04 18:00");
    let mut legs: Vec<_> = scene.legs(cycle).iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount)).collect();
    legs.sort_unstable();
    assert_eq!(legs, [(A, B, 150), (C, B, 50), (D, B, 50)]);
    for leg in 0..3 {
        assert_eq!(scene.send(B, &confirm(cycle, leg)), ["done"]);
    }
    assert_eq!(scene.send(A, &[Command::PayClaim { amount: 150 }]), ["done"]);
    assert_eq!((scene.union.claim(A), account(&scene, AccountKey::losses())), (0, 0));
    assert_eq!(scene.positions(), [-150, 50, 50, 50]);
    assert_eq!(scene.send(A, &[Command::PayClaim { amount: 1 }]), ["rejected AM12 amount"]);
}

/// The others readmit the member that defaulted, in the morning of the third day.
fn readmit_a(scene: &mut Scene) {
    let readmit = crate::votes::about(scene, union::Decision::Readmit, A);
    assert_eq!(scene.send(B, &[readmit]), ["done"]);
    crate::votes::all_agree(scene, 1, &[B, C]);
    scene.clock("2006-01-04 12:00");
    let height = scene.union.proposals()[0].in_force_height;
    crate::votes::up_to(scene, height);
}

/// The union's own accounts get back what they bore, and a member's cap bounds what it can pay at once.
#[test]
fn reserves_get_back_what_they_bore() {
    let mut scene = Scene::new(Terms { top: "epoch_blocks = 16", rules: BY_QUOTA, ..Terms::of(4).daily() });
    let today = scene.union.today().0;
    scene.send(B, &[Command::PublishRates { currency: 0, from_day: today, buying: (100, 100), selling: (106, 100) }]);
    scene.pay(union::Payment { currency: crate::scene::BRL, ..scene.order(1, B, C, 100) });
    scene.pay(scene.order(2, A, D, 612));
    scene.clock("2006-01-02 18:00");
    scene.send(C, &confirm(1, 1));
    scene.clock("2006-01-04 10:00");
    readmit_a(&mut scene);
    let before = scene.positions();
    assert_eq!(scene.send(A, &[Command::PayClaim { amount: 306 }]), ["done"]);
    // Six of 612 were borne by the exchange account, 101, 202 and 303 by the members: half of each.
    let moved: Vec<i128> = scene.positions().iter().zip(before).map(|(now, before)| now - before).collect();
    assert_eq!((scene.union_accounts()[0], moved.iter().sum::<i128>()), (3, -3));
    assert_eq!((moved[0], scene.union.claim(A)), (-306, 306));
    assert!((50..=51).contains(&moved[1]) && moved[2] == 101 && (151..=152).contains(&moved[3]), "{moved:?}");
}
