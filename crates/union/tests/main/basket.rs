//! Units of account that are baskets, or have a fixed rate to the settlement asset; and who publishes rates.

use crate::scene::{A, ARS, B, BRL, C, D, KWD, Scene, Terms, USD};
use union::{Charter, CharterError, Command, Payment};

/// One dollar and four reais, by halves when a real is a quarter of a dollar. Argentina publishes all rates.
const HALVES: &str = "[rates]\npublisher = 'M000'\n[basket]\nreference = 'USD'\nvalue = '2'\n\
    [[basket.currencies]]\ncurrency = 'USD'\nweight_percent = '50'\nbase_rate = '1'\n\
    [[basket.currencies]]\ncurrency = 'BRL'\nweight_percent = '50'\nbase_rate = '0.25'\n";

const ONE: u64 = 1_000_000_000_000;

fn halves() -> Terms {
    Terms { unit: "XDR", asset: "USD", rules: HALVES, ..Terms::of(4).daily() }
}

fn publish(scene: &Scene, currency: u16, days_ahead: u32, price: (u64, u64)) -> [Command; 1] {
    let from_day = scene.union.today().0 + days_ahead;
    [Command::PublishRates { currency, from_day, buying: price, selling: price }]
}

fn pay(scene: &mut Scene, id: u128, currency: u16, amount: u64) -> String {
    scene.pay(Payment { currency, ..scene.order(id, B, C, amount) })
}

#[test]
fn a_unit_is_worth_what_is_in_it() {
    let mut scene = Scene::new(halves());
    assert_eq!(scene.union.basket_value(), None);
    assert_eq!(scene.send(A, &publish(&scene, 0, 0, (1, 100))), ["done"], "its own currency");
    assert_eq!(pay(&mut scene, 1, ARS, 100_000), "rejected AM03 currency", "the real has no rate yet");
    assert_eq!(scene.send(A, &publish(&scene, BRL, 0, (1, 4))), ["done"]);
    assert_eq!(scene.union.basket_value(), Some(2 * ONE));

    // A thousand pesos are ten dollars, five units; a hundred reais are 25 dollars, 12.50 units; eight dollars are four.
    assert_eq!(pay(&mut scene, 1, ARS, 100_000), "settled");
    assert_eq!((scene.position(B), scene.position(C)), (-500, 500));
    assert_eq!(pay(&mut scene, 2, BRL, 10_000), "settled");
    assert_eq!((scene.position(B), scene.position(C)), (-1_750, 1_750));
    assert_eq!(pay(&mut scene, 3, KWD, 1_000), "rejected AM03 currency", "no rate is published");
    assert_eq!(
        pay(&mut scene, 4, USD, 800),
        "rejected AM03 currency",
        "accounts are in members' currencies and the unit"
    );
    assert_eq!(pay(&mut scene, 5, 960, 1), "settled");

    // 17.51 units are paid with 35.02 dollars.
    scene.clock("2006-01-02 18:00");
    let legs = scene.legs(1);
    assert_eq!((legs[0].debtor, legs[0].creditor, legs[0].unit_amount, legs[0].asset_amount), (B, C, 1_751, 3_502));
    assert_eq!(scene.send(C, &[Command::ConfirmLeg { cycle: 1, leg: 0 }]), ["done"]);
    assert_eq!(scene.positions(), [0, 0, 0, 0]);
}

/// A real of 0.325 dollars makes the unit 2.30: a thousand pesos are 4.3478 units, rounded against either side.
#[test]
fn a_rate_that_jumps_moves_the_unit() {
    let mut scene = Scene::new(halves());
    scene.send(A, &publish(&scene, 0, 0, (1, 100)));
    scene.send(A, &publish(&scene, BRL, 0, (1, 4)));
    assert_eq!(scene.send(A, &publish(&scene, BRL, 1, (325, 1_000))), ["done"]);
    assert_eq!(scene.union.basket_value(), Some(2 * ONE), "not before its day");
    scene.clock("2006-01-03 10:00");
    assert_eq!(scene.union.basket_value(), Some(ONE / 10 * 23));
    assert_eq!(pay(&mut scene, 1, ARS, 100_000), "settled");
    assert_eq!((scene.position(B), scene.position(C), scene.union_accounts()), (-435, 434, [0, 1]));
    scene.clock("2006-01-03 18:00");
    // 4.34 units are 9.982 dollars; half a cent and more would be rounded up.
    assert_eq!((scene.legs(2)[0].unit_amount, scene.legs(2)[0].asset_amount), (434, 998));
}

#[test]
fn the_publisher_alone_publishes() {
    let mut scene = Scene::new(halves());
    for (sender, currency, expected) in [
        (B, 0, "rejected AG01 record"),
        (B, BRL, "rejected AG01 record"),
        (A, USD, "rejected NARR currency"),
        (A, 960, "rejected NARR currency"),
        (A, 978, "rejected AM03 currency"),
        (A, 7, "rejected AM03 currency"),
        (A, KWD, "done"),
    ] {
        assert_eq!(scene.send(sender, &publish(&scene, currency, 0, (1, 2))), [expected], "{sender} {currency}");
    }
    let mut scene = Scene::new(Terms::of(4));
    assert_eq!(scene.send(A, &publish(&scene, BRL, 0, (1, 2))), ["rejected AM03 currency"], "each its own");
    assert_eq!(scene.send(A, &publish(&scene, ARS, 0, (1, 2))), ["done"]);
}

/// Without a basket, a publisher's rates are in the unit of account, one for a currency whoever has it.
#[test]
fn a_publisher_without_a_basket() {
    let mut scene = Scene::new(Terms { rules: "[rates]\npublisher = 'M003'\n", ..Terms::of(4) });
    assert_eq!(scene.send(D, &publish(&scene, ARS, 0, (1, 100))), ["done"]);
    assert_eq!(pay(&mut scene, 1, ARS, 100_000), "settled");
    assert_eq!(scene.position(B), -1_000);
}

/// Fixed in the asset: a unit is 0.3 dinars. A leg of 1.01 units is 0.303, and its instalments each by itself.
#[test]
fn a_unit_at_a_fixed_rate() {
    let rules = "[default]\ndeadline_days = 1\ninstalments = 2\ninstalment_days = 7\n";
    let mut scene = Scene::new(Terms { top: "asset_per_unit = '0.3'", asset: "KWD", rules, ..Terms::of(2).daily() });
    scene.pay(scene.order(1, A, B, 101));
    scene.clock("2006-01-02 18:00");
    assert_eq!((scene.legs(1)[0].unit_amount, scene.legs(1)[0].asset_amount), (101, 303));
    scene.clock("2006-01-04 00:00");
    assert_eq!((scene.legs(1)[0].paid(1), scene.legs(1)[0].paid(2)), ((50, 150), (101, 303)));

    let mut scene = Scene::new(Terms { top: "asset_per_unit = '0.333'", asset: "CLP", ..Terms::of(2).daily() });
    scene.pay(scene.order(1, A, B, 100));
    scene.clock("2006-01-02 18:00");
    assert_eq!(scene.legs(1), [], "0.333 pesos are no peso: carried");
    scene.clock("2006-01-03 10:00");
    scene.pay(scene.order(2, A, B, 51));
    scene.clock("2006-01-03 18:00");
    assert_eq!((scene.legs(2)[0].unit_amount, scene.legs(2)[0].asset_amount), (151, 1), "0.503 are one");
    assert_eq!(scene.send(B, &[Command::ConfirmLeg { cycle: 2, leg: 0 }]), ["done"]);
    assert_eq!(scene.positions(), [0, 0]);
}

#[test]
fn bad_units_are_refused_with_line_and_reason() {
    let good = halves().text();
    assert!(Charter::parse(&good).is_ok());
    let basket = |from: &'static str, to: &'static str, key: &'static str, words: &'static str| (from, to, key, words);
    for (from, to, key, words) in [
        basket(
            "weight_percent = '50'",
            "weight_percent = '49.5'",
            "basket.currencies",
            "sum to 99.5000 percent, not to 100",
        ),
        basket("weight_percent = '50'", "weight_percent = '-50'", "basket.currencies[0].weight_percent", "sign"),
        basket("weight_percent = '50'", "weight_percent = '0'", "basket.currencies[0].weight_percent", "nought"),
        basket("currency = 'BRL'", "currency = 'USD'", "basket.currencies[1].currency", "there twice"),
        basket("currency = 'BRL'", "currency = 'XDR'", "basket.currencies[1].currency", "the unit of account itself"),
        basket("base_rate = '1'", "base_rate = '1.1'", "basket.currencies[0].base_rate", "the reference"),
        basket("base_rate = '0.25'", "base_rate = '0'", "basket.currencies[1].base_rate", "above zero"),
        basket("value = '2'", "value = 'two'", "basket.value", "number"),
        basket("[rates]\npublisher = 'M000'\n", "", "basket", "rates.publisher"),
        basket("publisher = 'M000'", "publisher = 'M009'", "rates.publisher", "not the code of a member"),
        basket("settlement_asset = 'USD'", "settlement_asset = 'EUR'", "settlement_asset", "no price"),
        basket(
            "settlement_asset = 'USD'",
            "settlement_asset = 'USD'\nasset_per_unit = '2'",
            "asset_per_unit",
            "basket's value",
        ),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        match Charter::parse(&text) {
            Err(CharterError::Rule { line, key: found, problem }) => {
                assert_eq!(found, key, "{to}: {problem}");
                assert!(line.is_some() && problem.contains(words), "{to}: {line:?} {problem}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
    for top in ["asset_per_unit = '0.5'", "asset_per_unit = 'x'"] {
        assert!(Charter::parse(&Terms { top, ..Terms::of(2) }.text()).is_err(), "{top} with the unit as the asset");
    }
}
