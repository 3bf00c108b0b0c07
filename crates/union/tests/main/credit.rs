//! Quotas, tranches, lines, charges and interest, by hand-checkable figures.

use crate::scene::{A, B, C, Scene, Terms};
use ledger::AccountKey;
use proptest::prelude::*;
use union::{Charter, CharterError, Command, CycleStatus};

/// Quotas of ten dollars, the slices of the European Payments Union of 1950.
const SLICES: &str = "[credit]\nkind = 'multilateral'\nabove_quota = 'settle'\n[credit.quotas]\nM000 = '10'\nM001 = '10'\nM002 = '10'\n\
    [settlement]\ndebtor = [\n\
    {from_percent = 0, to_percent = 20, asset_percent = 0},\n{from_percent = 20, to_percent = 40, asset_percent = 20},\n\
    {from_percent = 40, to_percent = 60, asset_percent = 40},\n{from_percent = 60, to_percent = 80, asset_percent = 60},\n\
    {from_percent = 80, to_percent = 100, asset_percent = 80}]\n\
    creditor = [{from_percent = 0, to_percent = 20, asset_percent = 0}, {from_percent = 20, to_percent = 100, asset_percent = 50}]\n";

fn daily(rules: &'static str) -> Terms {
    Terms { rules, ..Terms::of(3).daily() }
}

fn legs(scene: &Scene, cycle: u32) -> Vec<(u16, u16, u128)> {
    scene.legs(cycle).iter().map(|leg| (leg.debtor, leg.creditor, leg.unit_amount)).collect()
}

fn confirm_all(scene: &mut Scene, cycle: u32) {
    for leg in scene.legs(cycle) {
        assert_eq!(scene.send(leg.creditor, &[Command::ConfirmLeg { cycle, leg: leg.number }]), ["done"]);
    }
}

fn account(scene: &Scene, key: AccountKey) -> i128 {
    scene.union.ledger().account(key).balance()
}

/// Deep into the quota and back: what was paid in the asset comes back as the position turns, to the cent.
#[test]
fn a_reversal_gives_the_asset_back() {
    let mut scene = Scene::new(daily(SLICES));
    // A owes B a whole quota: 40 percent is settled on either side's schedule, 60 percent stays as credit.
    scene.pay(scene.order(1, A, B, 1_000));
    scene.clock("2006-01-02 18:00");
    assert_eq!(legs(&scene, 1), [(A, B, 400)]);
    confirm_all(&mut scene, 1);
    assert_eq!(scene.positions(), [-600, 600, 0]);
    assert_eq!([A, B].map(|member| scene.union.cumulative_position(member)), [-1_000, 1_000]);
    // Half of it comes back: A's schedule at 500 is 80, B's 150. A is due 320, B is to pay 250: 250 goes, 70 is carried.
    scene.clock("2006-01-03 10:00");
    scene.pay(scene.order(2, B, A, 500));
    scene.clock("2006-01-03 18:00");
    assert_eq!(legs(&scene, 2), [(B, A, 250)]);
    confirm_all(&mut scene, 2);
    assert_eq!(scene.positions(), [-350, 350, 0]);
    // All of it comes back: nobody has settled anything in the end.
    scene.clock("2006-01-04 10:00");
    scene.pay(scene.order(3, B, A, 500));
    scene.clock("2006-01-04 18:00");
    assert_eq!(legs(&scene, 3), [(B, A, 150)]);
    confirm_all(&mut scene, 3);
    assert_eq!(scene.positions(), [0, 0, 0]);
    assert_eq!([A, B].map(|member| scene.union.called(member)), [0, 0]);
}

/// The first fifth is credit alone; above the quota everything is settled.
#[test]
fn the_ends_of_the_schedule() {
    let mut scene = Scene::new(daily(SLICES));
    scene.pay(scene.order(1, A, B, 200));
    scene.clock("2006-01-02 18:00");
    assert_eq!(legs(&scene, 1), []);
    assert_eq!(scene.union.cycles()[0].status(), CycleStatus::Settled);
    assert_eq!(scene.positions(), [-200, 200, 0]);
    scene.clock("2006-01-03 10:00");
    // A comes to twice its quota and pays 400 + 1000; B and C by their own schedules are due 400 + 500 and nothing.
    scene.pay(scene.order(2, A, B, 800));
    scene.pay(scene.order(3, A, C, 1_000));
    scene.clock("2006-01-03 18:00");
    assert_eq!(legs(&scene, 2), [(A, B, 400), (A, C, 400)]);
    assert_eq!(scene.union.cumulative_position(A), -2_000);
    assert_eq!(scene.union.called(A), -800, "600 more are due and carried: no creditor is due them");
}

/// `refuse`: the quota is a cap, and an order beyond it waits.
#[test]
fn a_quota_may_be_a_cap() {
    let rules = "[credit]\nkind = 'multilateral'\n[credit.formula]\npercent = 75\nyears = 3\n";
    let mut text = Terms { rules, ..Terms::of(2) }.text();
    for turnover in ["['10', '20', '30']", "['10.01', '0', '0']"] {
        text = text.replacen(
            "weekend = ['saturday', 'sunday']\nhol",
            &format!("weekend = ['saturday', 'sunday'] \nturnover = {turnover}\nhol"),
            1,
        );
    }
    let charter = Charter::parse(&text).expect("a charter");
    assert_eq!(charter.members[0].quota, 1_500, "three quarters of twenty");
    assert_eq!(charter.members[1].quota, 250, "2.5025, rounded down");
    assert_eq!(charter.members[1].debit_cap, 250);
    let mut scene = Scene::new(Terms {
        rules: "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '10'\nM001 = '3'\n",
        ..Terms::of(2)
    });
    assert_eq!(scene.pay(scene.order(1, A, B, 1_000)), "settled");
    assert_eq!(scene.pay(scene.order(2, A, B, 1)), "queued AM04");
    assert_eq!(scene.pay(scene.order(3, B, A, 1_300)), "settled", "what it owns and its quota");
    assert_eq!(scene.status(2), "settled");
}

#[test]
fn lines_between_pairs() {
    let rules = "[credit]\nkind = 'bilateral'\ndefault_line = '5'\nlines = [{debtor = 'M000', creditor = 'M001', limit = '8'}]\n";
    let mut scene = Scene::new(daily(rules));
    assert_eq!(scene.pay(scene.order(1, A, B, 800)), "settled");
    assert_eq!(scene.pay(scene.order(2, A, B, 1)), "queued AM02");
    assert_eq!(scene.pay(scene.order(3, A, C, 501)), "queued AM02");
    let limit =
        |credit_limit| Command::SetBilateralLimits { counterparty: A, debit_limit: ledger::NO_CAP, credit_limit };
    assert_eq!(scene.send(C, &[limit(501)]), ["rejected AM02 credit_limit"], "the line is the most");
    assert_eq!(scene.send(C, &[limit(499), limit(ledger::NO_CAP)]), ["done", "done"]);
    assert_eq!(scene.union.ledger().line(A, C).credit_limit, 500);
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.status(2), "settled", "a new cycle, a line that nobody has used");
}

/// No member owes anything but the agent, with whom they have deposited.
#[test]
fn prefunded() {
    let rules = "[credit]\nkind = 'prefunded'\nagent = 'M002'\n[settlement]\nasset_percent = 0\n";
    let mut scene = Scene::new(daily(rules));
    assert_eq!(scene.pay(scene.order(1, A, B, 10)), "queued AM04");
    assert_eq!(scene.pay(scene.order(2, C, A, 10)), "settled", "the deposit");
    assert_eq!(scene.status(1), "settled");
    scene.clock("2006-01-02 18:00");
    assert_eq!((scene.positions(), legs(&scene, 1)), (vec![0, 10, -10], vec![]));
}

/// Keynes: one percent a year on what is above a quarter of the quota, one more above half, creditors and debtors alike.
#[test]
fn symmetric_charges() {
    let rules = "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '1000000'\nM001 = '1000000'\nM002 = '1000000'\n\
        [settlement]\nasset_percent = 0\n\
        [[charges]]\nside = 'both'\nabove_percent = 25\npercent_a_year = '1'\n[[charges]]\nside = 'both'\nabove_percent = 50\npercent_a_year = '1'\n";
    let mut scene = Scene::new(Terms { rules, cycle: "days = 73", first_day: "2006-01-02", ..Terms::of(3) });
    scene.pay(scene.order(1, A, B, 75_000_000));
    // The cycle closes on its 73rd day: 72 days have ended, so that a fifth of a year is short of one day.
    scene.clock("2006-03-15 18:00");
    assert_eq!(scene.union.cycles().len(), 2);
    // (500,000 x 1 % + 250,000 x 1 %) x 72 / 365 = 1,479.4520..: each charge is rounded up by itself, 98,631 and 49,316 cents.
    let charged = 98_631 + 49_316;
    assert_eq!(scene.positions(), [-75_000_000 - charged, 75_000_000 - charged, 0]);
    assert_eq!(account(&scene, AccountKey::charges()), 2 * charged);
    assert_eq!(account(&scene, AccountKey::dues(A)), 0);
}

/// A charge does not take a member beyond its cap: what there is no room for waits in its dues.
#[test]
fn a_charge_respects_the_cap() {
    let rules = "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '10'\nM001 = '10'\nM002 = '10'\n\
        [settlement]\nasset_percent = 0\n[[charges]]\nside = 'debtor'\npercent_a_year = '36.5'\n";
    let mut scene = Scene::new(daily(rules));
    scene.pay(scene.order(1, A, B, 999));
    scene.clock("2006-01-03 18:00");
    // A tenth of a percent of 999 cents is 0.999: one cent, and there is room for it. The next finds none.
    assert_eq!((scene.position(A), account(&scene, AccountKey::dues(A))), (-1_000, 0));
    scene.clock("2006-01-04 18:00");
    assert_eq!((scene.position(A), account(&scene, AccountKey::dues(A))), (-1_000, -1));
    scene.clock("2006-01-05 10:00");
    assert_eq!(scene.pay(scene.order(2, B, A, 500)), "settled");
    scene.clock("2006-01-05 18:00");
    assert_eq!((scene.position(A), account(&scene, AccountKey::dues(A))), (-502, 0), "collected, and the day's one");
    assert_eq!(account(&scene, AccountKey::charges()), 3);
}

#[test]
fn interest_goes_from_debtors_to_creditors() {
    let rules = "[interest]\ndebtor_percent_a_year = '36'\ncreditor_percent_a_year = '18'\ndays_in_year = 360\n[settlement]\nasset_percent = 0\n";
    let mut scene = Scene::new(Terms { rules, cycle: "days = 11", ..Terms::of(3) });
    scene.pay(scene.order(1, A, B, 1_001));
    scene.clock("2006-01-12 18:00");
    // Ten days: one percent of 1001 is 10.01, eleven for the debtor; half a percent is 5.005, five for the creditor.
    assert_eq!(scene.positions(), [-1_012, 1_006, 0]);
    assert_eq!(account(&scene, AccountKey::interest()), 6);
}

/// Refused, with the line and the reason.
#[test]
fn bad_rules() {
    let refused = |rules: &str, line: &str, problem: &str| {
        let text = Terms::of(2).text().replacen("[[members]]", &format!("{rules}\n[[members]]"), 1);
        let error = Charter::parse(&text).expect_err(rules);
        let told = error.to_string();
        assert!(told.contains(problem), "{rules}: {told}");
        let number = text.lines().position(|text| text.contains(line)).expect("the line") + 1;
        assert!(told.contains(&format!("line {number}")), "{rules}: {told} should name line {number}");
        matches!(error, CharterError::Rule { .. })
    };
    let quotas = "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '10'\nM001 = '10'\n";
    let slices = |debtor: &str| {
        format!(
            "{quotas}[settlement]\ncreditor = [{{from_percent = 0, to_percent = 100, asset_percent = 0}}]\n{debtor}"
        )
    };
    assert!(refused(
        &slices(
            "debtor = [{from_percent = 0, to_percent = 40, asset_percent = 0}, {from_percent = 50, to_percent = 100, asset_percent = 0}]"
        ),
        "debtor = ",
        "gap after 40"
    ));
    assert!(refused(
        &slices("debtor = [{from_percent = 10, to_percent = 100, asset_percent = 0}]"),
        "debtor = ",
        "gap after 0"
    ));
    assert!(refused(
        &slices(
            "debtor = [{from_percent = 0, to_percent = 40, asset_percent = 0}, {from_percent = 30, to_percent = 100, asset_percent = 0}]"
        ),
        "debtor = ",
        "overlaps"
    ));
    assert!(refused(
        &slices("debtor = [{from_percent = 0, to_percent = 90, asset_percent = 0}]"),
        "debtor = ",
        "does not reach 100"
    ));
    assert!(refused(
        &slices("debtor = [{from_percent = 0, to_percent = 100, asset_percent = 101}]"),
        "debtor = ",
        "more than 100"
    ));
    assert!(refused(
        &slices("asset_percent = 5\ndebtor = [{from_percent = 0, to_percent = 100, asset_percent = 0}]"),
        "asset_percent = 5",
        "leave it or them out"
    ));
    assert!(refused(
        "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '-10'\nM001 = '10'\n",
        "M000 = '-10'",
        "sign"
    ));
    assert!(refused(
        "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM000 = '10'\nM001 = '0'\n",
        "M001 = '0'",
        "no quota"
    ));
    assert!(refused(
        "[credit]\nkind = 'multilateral'\n[credit.quotas]\nM009 = '10'\n",
        "M009 = ",
        "not the code of a member"
    ));
    assert!(refused("[credit]\nkind = 'prefunded'\n", "[credit]", "only for it"));
    assert!(refused("[credit]\ndefault_line = '4'\n", "[credit]", "'bilateral' only"));
    assert!(refused(
        "[[charges]]\nside = 'both'\nabove_percent = 25\npercent_a_year = '1'\n",
        "above_percent = 25",
        "a member has none"
    ));
    assert!(refused(
        "[[charges]]\nside = 'both'\npercent_a_year = '101'\n",
        "percent_a_year = '101'",
        "more than 100 percent"
    ));
    assert!(refused(
        "[interest]\ndebtor_percent_a_year = '1'\ncreditor_percent_a_year = '2'\n",
        "creditor_percent_a_year",
        "nobody would be there"
    ));
    assert!(refused("[interest]\ndays_in_year = 364\n", "days_in_year = 364", "neither 360 nor 365"));
    assert!(refused("[default]\ndeadline_days = 0\n", "deadline_days = 0", "between 1 and 366"));
    assert!(refused("[default]\ndeadline_days = 1\ninstalments = 3\n", "[default]", "instalment"));
    assert!(refused("[default]\ndeadline_days = 1\nloss = 'quota'\n", "loss = 'quota'", "a member has none"));
    assert!(refused("[exit]\ncycles = 0\n", "cycles = 0", "between 1 and 120"));
    assert!(
        !refused("[credit]\nquota = 5\n", "quota = 5", "unknown field"),
        "what is no key is told by the reader of TOML"
    );
    assert!(!refused("[credit]\nkind = 'generous'\n", "kind = 'generous'", "unknown variant"));
    let rest = Terms::of(2).text().replace(
        "weekend = ['saturday', 'sunday']",
        "weekend = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']",
    );
    let error = Charter::parse(&rest).expect_err("nobody works").to_string();
    assert!(error.contains("line") && error.contains("cycle") && error.contains("business day"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the trade: after a close the schedule is met on one side in full, and the other carries.
    #[test]
    fn one_side_is_settled_in_full(
        days in prop::collection::vec(prop::collection::vec((0..3_u16, 1..3_u16, 1..2_500_u64), 0..6), 1..5),
        confirms in any::<bool>(),
    ) {
        let mut scene = Scene::new(daily(SLICES));
        let mut id = 0;
        for (at, orders) in days.iter().enumerate() {
            let day = at + 2;
            scene.clock(&format!("2006-01-0{day} 10:00"));
            for &(debtor, ahead, amount) in orders {
                id += 1;
                scene.pay(scene.order(id, debtor, (debtor + ahead) % 3, amount));
            }
            let cycle = scene.union.open_cycle_row().number;
            scene.clock(&format!("2006-01-0{day} 18:00"));
            let charter = scene.union.charter();
            let due: Vec<i128> = [A, B, C]
                .iter()
                .map(|&member| {
                    let position = scene.union.cumulative_position(member);
                    charter.settlement.settled(position, charter.members[usize::from(member)].quota) - scene.union.called(member)
                })
                .collect();
            prop_assert!(due.iter().all(|&due| due >= 0) || due.iter().all(|&due| due <= 0), "{:?}", due);
            prop_assert_eq!([A, B, C].map(|member| scene.union.called(member)).iter().sum::<i128>(), 0);
            if confirms {
                confirm_all(&mut scene, cycle);
            }
        }
    }
}
