//! Conversion at two published rates. Rates are those of the Argentine-Brazilian local currency system on 10
//! and 11 March 2022; the figures were worked out by hand.

use crate::scene::{A, ARS, B, BRL, C, CLP, KWD, Scene, Terms, USD};
use union::{Command, Event, Payment, Reason};

/// 0.04615 reais a peso for who is paid, 1 / 21.66815 for who pays.
const BUYING: (u64, u64) = (4_615, 100_000);
const SELLING: (u64, u64) = (100_000, 2_166_815);

/// Reais as unit of account; member 0 publishes rates of the peso, 2 of the Chilean, 3 of the dinar.
fn reais() -> Scene {
    let mut scene = Scene::new(Terms { unit: "BRL", asset: "USD", ..Terms::of(4) });
    let today = scene.union.today().0;
    let publish = |buying, selling| [Command::PublishRates { currency: 0, from_day: today, buying, selling }];
    assert_eq!(scene.send(A, &publish(BUYING, SELLING)), ["done"]);
    assert_eq!(scene.send(C, &publish((13, 2_000), (13, 2_000))), ["done"]);
    assert_eq!(scene.send(3, &publish((165, 10), (165, 10))), ["done"]);
    scene
}

fn pay(scene: &mut Scene, id: u128, debtor: u16, creditor: u16, currency: u16, amount: u64) -> String {
    scene.pay(Payment { currency, ..scene.order(id, debtor, creditor, amount) })
}

/// Positions of the first two members, then the exchange and the rounding account.
fn books(scene: &Scene) -> [i128; 4] {
    let [exchange, rounding] = scene.union_accounts();
    [scene.position(A), scene.position(B), exchange, rounding]
}

#[test]
fn the_payer_s_side_is_rounded_up_and_the_payee_s_down() {
    // 1,000.00 pesos: 100,000 / 21.66815 = 4,615.07 centavos to pay; 100,000 x 0.04615 = 4,615 to get.
    let mut scene = reais();
    assert_eq!(pay(&mut scene, 1, A, B, ARS, 100_000), "settled");
    assert_eq!(books(&scene), [-4_616, 4_615, 0, 1]);
}

#[test]
fn the_difference_of_the_rates_goes_to_the_exchange_account() {
    // 1,000,000.00 pesos: 4,615,068.66 to pay, 4,615,000 to get.
    let mut scene = reais();
    assert_eq!(pay(&mut scene, 1, B, A, ARS, 100_000_000), "settled");
    assert_eq!(books(&scene), [4_615_000, -4_615_069, 68, 1]);
    let transfers = scene.last.as_ref().unwrap().events.iter().filter_map(|event| match event {
        Event::Transfer(transfer) => Some(format!("{:?} {} {}", transfer.kind(), transfer.book.0, transfer.amount)),
        _ => None,
    });
    assert_eq!(
        transfers.collect::<Vec<_>>(),
        [
            "Settlement 32 100000000".to_owned(),
            "Settlement 0 4615000".to_owned(),
            "ExchangeDifference 0 68".to_owned(),
            "Rounding 0 1".to_owned(),
        ]
    );
}

/// The peso has no decimals, the dinar three, the real two.
#[test]
fn decimals_differ() {
    let mut scene = reais();
    // 1,000 pesos x 0.0065 = 6.50 reais.
    assert_eq!(pay(&mut scene, 1, A, B, CLP, 1_000), "settled");
    assert_eq!(books(&scene), [-650, 650, 0, 0]);
    // 0.001 dinars x 16.5 = 1.65 centavos.
    assert_eq!(pay(&mut scene, 2, A, B, KWD, 1), "settled");
    assert_eq!(books(&scene), [-652, 651, 0, 1]);
    // 1 peso is 0.65 centavos: nothing would arrive.
    assert_eq!(pay(&mut scene, 3, A, B, CLP, 1), "rejected AM12 amount");
    assert_eq!(pay(&mut scene, 4, A, B, CLP, 2), "settled");
    assert_eq!(books(&scene), [-654, 652, 0, 2]);
}

#[test]
fn the_unit_of_account_is_not_converted() {
    let mut scene = reais();
    assert_eq!(pay(&mut scene, 1, A, C, BRL, u64::MAX - 1), "settled");
    assert_eq!(scene.position(A), -i128::from(u64::MAX - 1));
    let publish =
        Command::PublishRates { currency: 0, from_day: scene.union.today().0, buying: (1, 1), selling: (1, 1) };
    assert_eq!(scene.send(B, &[publish]), ["rejected NARR currency"]);
}

#[test]
fn a_currency_needs_a_member_and_that_member_s_rates() {
    let mut scene = Scene::new(Terms { unit: "BRL", ..Terms::of(4) });
    assert_eq!(pay(&mut scene, 1, A, B, ARS, 100), "rejected AM03 currency");
    assert_eq!(pay(&mut scene, 1, A, B, USD, 100), "rejected AM03 currency");
    assert_eq!(pay(&mut scene, 1, A, B, 0, 100), "rejected AM03 currency");
    assert_eq!(pay(&mut scene, 1, A, B, 959, 100), "rejected AM03 currency", "gold has no minor unit");
}

/// Rates for a later day replace today's when it begins, not before.
#[test]
fn rates_come_into_force_with_their_day() {
    let mut scene = reais();
    let tomorrow = scene.union.today().0 + 1;
    let publish = Command::PublishRates {
        currency: 0,
        from_day: tomorrow,
        buying: (4_640, 100_000),
        selling: (100_000, 2_153_700),
    };
    assert_eq!(scene.send(A, &[publish]), ["done"]);
    pay(&mut scene, 1, A, B, ARS, 100_000);
    assert_eq!(books(&scene), [-4_616, 4_615, 0, 1]);
    scene.clock("2006-01-03 00:00");
    // A return is a new entry at the rates of its day: 4,643.17 to pay, 4,640 to get.
    let order = scene.order(2, B, A, 100_000);
    let back = Payment { kind: Payment::RETURN, original: 1, reason: Reason::CUST, currency: ARS, ..order };
    assert_eq!(scene.pay(back), "settled");
    assert_eq!(books(&scene), [24, -29, 3, 2]);
}

#[test]
fn rates_are_checked() {
    let mut scene = reais();
    let today = scene.union.today().0;
    for (from_day, buying, selling, expected) in [
        (today, (0, 1), (1, 1), "rejected NARR rate"),
        (today, (1, 0), (1, 1), "rejected NARR rate"),
        (today, (1, 1), (0, 0), "rejected NARR rate"),
        (today, (1_001, 1_000), (1, 1), "rejected NARR rate"),
        (today - 1, (1, 1), (1, 1), "rejected NARR from_day"),
        (today + 31, (1, 1), (1, 1), "rejected NARR from_day"),
        (u32::MAX, (1, 1), (1, 1), "rejected NARR from_day"),
        (today, (1, 1), (1, 1), "rejected NARR from_day"),
        (today + 1, (u64::MAX, 1), (u64::MAX, 1), "done"),
    ] {
        assert_eq!(scene.send(A, &[Command::PublishRates { currency: 0, from_day, buying, selling }]), [expected]);
    }
    scene.clock("2006-01-03 10:00");
    // At a rate like that only so much fits the unit of account.
    assert_eq!(pay(&mut scene, 1, A, B, ARS, 2), "rejected AM12 amount");
    assert_eq!(pay(&mut scene, 2, A, B, ARS, 1), "settled");
    assert_eq!(pay(&mut scene, 3, A, B, ARS, 1), "settled");
    assert_eq!(scene.position(A), -2 * i128::from(u64::MAX));
}

/// What an order costs is fixed when it is presented: nobody changes it while the order waits.
#[test]
fn a_queued_order_settles_at_the_rates_of_its_presentation() {
    let mut scene = Scene::new(Terms::of(2).debit_cap(A, "1.00"));
    let publish = |scene: &Scene, days, rate| {
        let from_day = scene.union.today().0 + days;
        [Command::PublishRates { currency: 0, from_day, buying: (rate, 10), selling: (rate, 10) }]
    };
    scene.send(A, &publish(&scene, 0, 3));
    assert_eq!(pay(&mut scene, 1, A, B, ARS, 400), "queued AM04");
    assert_eq!(scene.send(A, &publish(&scene, 1, 2)), ["done"]);
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.status(1), "queued AM04", "120 as it was presented, not 80");
    assert_eq!(pay(&mut scene, 2, A, B, ARS, 400), "settled");
    assert_eq!(scene.pay(scene.order(3, B, A, 100)), "settled");
    assert_eq!(scene.status(1), "settled");
    assert_eq!(scene.positions(), [-80 + 100 - 120, 80 - 100 + 120]);
}

/// Rates that are in force stay for the day, and none is skipped.
#[test]
fn rates_in_force_are_not_changed() {
    let mut scene = reais();
    let today = scene.union.today().0;
    let publish = |from_day| [Command::PublishRates { currency: 0, from_day, buying: (1, 1), selling: (1, 1) }];
    assert_eq!(scene.send(A, &publish(today)), ["rejected NARR from_day"], "they are in force");
    assert_eq!(scene.send(A, &publish(today + 2)), ["done"]);
    for other in [1, 3] {
        let refused = scene.send(A, &publish(today + other));
        assert_eq!(refused, ["rejected NARR from_day"], "the day after tomorrow would lose its own");
    }
    assert_eq!(scene.send(A, &publish(today + 2)), ["done"], "until the day they can be corrected");
}
