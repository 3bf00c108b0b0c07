//! `report`: what was cleared, by cycle and currency, against figures worked out by hand.

use crate::scene::{Scene, run};
use crate::serving::{NOON, Serving};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

fn report(scene: &Scene, more: &[&str]) -> Value {
    run(&[&["report", &scene.arg("union"), "--output=json"], more].concat()).expect(0).json()
}

/// Argentina pays Brazil, Brazil pays Chile and Chile pays Argentina 10.00, 20.00 and 30.00 a day, and a cent more
/// each day.
#[test]
fn a_ring_of_three_over_two_cycles() {
    let scene = Scene::new();
    // The cycle of November closes on its 30th, the sixth day.
    scene.trade(8);

    let november = report(&scene, &["--cycle=1"]);
    assert_eq!((&november["union"], &november["height"]), (&json!("Three"), &json!(24)));
    assert_eq!(
        (&november["currency"], &november["settled"], &november["orders"]),
        (&json!("USD"), &json!(18), &json!(18))
    );
    let owed = [6_015, 12_015, 18_015];
    assert_eq!((&november["gross"], &november["gross_major"]), (&json!(36_045), &json!("360.45")));
    assert_eq!(november["bilateral_net"], 36_045, "nobody pays the one that it is paid by");
    assert_eq!((&november["bilateral_saved_ratio"], &november["saved"]["by_pairs"]), (&json!(0.0), &json!(0)));
    // Around the ring goes what the smallest of the three is; then Chile pays what both others do not.
    assert_eq!(november["saved"]["by_rings"], 3 * 6_015);
    assert_eq!((&november["multilateral_net"], &november["saved"]["by_novation"]), (&json!(12_000), &json!(6_000)));
    let members = november["members"].as_array().unwrap();
    for (member, (owes, position)) in members.iter().zip(std::iter::zip(owed, [12_000, -6_000, -6_000])) {
        assert_eq!((&member["owes"], &member["position"]), (&json!(owes), &json!(position)), "{member}");
        assert_eq!(member["counterparties"], 2);
    }
    assert_eq!((&november["novation"]["open_pairs"], &november["novation"]["open_positions"]), (&json!(3), &json!(3)));
    let concentration = &november["concentration"];
    assert_eq!(concentration["net_debits"]["herfindahl_hirschman_index"], 0.5, "two that owe the same");
    assert_eq!(concentration["net_credits"]["share_of_largest"], 1.0);
    let codes =
        |side: &str| november[side].as_array().unwrap().iter().map(|part| part["code"].clone()).collect::<Vec<_>>();
    assert_eq!(
        (codes("largest_debtors"), codes("largest_creditors")),
        (vec![json!("BRA"), json!("CHL")], vec![json!("ARG")])
    );
    assert_eq!(november["bilateral"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        november["bilateral"][1],
        json!({"first": "ARG", "second": "CHL", "first_owes": 0, "first_owes_major": "0.00",
        "second_owes": 18_015, "second_owes_major": "180.15", "net": 18_015, "net_major": "180.15"})
    );

    let all = report(&scene, &[]);
    let cycles = all["cycles"].as_array().unwrap();
    let statuses: Vec<_> = cycles.iter().map(|cycle| (&cycle["number"], &cycle["status"], &cycle["to"])).collect();
    assert_eq!(
        statuses,
        [(&json!(1), &json!("closed"), &json!("2026-11-30")), (&json!(2), &json!("open"), &json!("2026-12-31"))]
    );
    assert_eq!(cycles[0], november["cycles"][0]);
    for key in ["gross", "settled", "orders"] {
        let sum: u64 = cycles.iter().map(|cycle| cycle[key].as_u64().unwrap()).sum();
        assert_eq!(all[key], sum, "{key}");
    }
    assert_eq!(
        all["state_hash"],
        run(&["verify", &scene.arg("union"), "--output=json"]).expect(0).json()["state_hash"]
    );

    let text = run(&["report", &scene.arg("union")]).expect(0).out;
    assert!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 120), "{text}");
    for words in [
        "Three, block 24",
        "cycle 1",
        "2026-11-01..2026-11-30",
        "netted at once",
        "3 bilateral positions",
        "Banco do Brasil",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    assert!(!text.contains("payments in"), "no other currency than the unit of account:\n{text}");
    run(&["report", &scene.arg("union"), "--cycle=3"]).expect(1).says(&["no cycle 3", "cycle 2 is open"]);
    run(&["report", &scene.arg("nowhere")]).expect(1).says(&["nowhere"]);
}

#[test]
fn a_union_in_which_nothing_settled_has_nothing_to_report() {
    let scene = Scene::new();
    let text = run(&["report", &scene.arg("union")]).expect(0).out;
    assert!(text.contains("Nothing has settled"), "{text}");
    let report = report(&scene, &[]);
    assert_eq!((&report["gross"], &report["cycles"], &report["currencies"]), (&json!(0), &json!([]), &json!([])));
    for ratio in [&report["multilateral_saved_ratio"], &report["concentration"]["turnover"]] {
        assert_eq!(*ratio, Value::Null, "there is nothing to have a share of: {report}");
    }
}

/// Negative control: one side sells and the other buys, as in the SUCRE of 2010 to 2015, where at most 5.8 % of
/// Ecuador's receipts could be offset. In two currencies.
#[test]
fn one_sided_trade_saves_next_to_nothing_in_any_currency() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let rates = ["set", "rates", "--from-day=2026-11-23", "--buying=0.0010", "--selling=0.0011"];
    node.run_as(&scene, "CHL", &rates).expect(0);
    let submit = |member: &str, lines: &str| {
        let file = format!("{member}.csv");
        std::fs::write(scene.path(&file), format!("creditor,currency,amount,value_date\n{lines}")).unwrap();
        let sent = node.run_as(&scene, member, &["submit", &scene.arg(&file), "--output=json"]).expect(0).json();
        assert_eq!(sent["outcomes"], json!({"settled": lines.lines().count()}), "{sent}");
    };
    submit("ARG", "BRA,USD,1000.00,2026-11-23\nCHL,CLP,500000,2026-11-23\n");
    submit("BRA", "ARG,USD,58.00,2026-11-23\n");
    node.stop(Signal::SIGTERM);

    let report = report(&scene, &[]);
    // The pesos count as what Chile got, 500.00; the other 50.00 that Argentina gave are the difference of the two
    // rates.
    assert_eq!((&report["gross_major"], &report["exchange_and_rounding"]), (&json!("1558.00"), &json!(5_000)));
    assert_eq!(report["multilateral_net_major"], "1442.00");
    let saved = &report["saved"];
    assert_eq!((&saved["by_pairs"], &saved["by_rings"], &saved["by_novation"]), (&json!(11_600), &json!(0), &json!(0)));
    assert_eq!(report["members"][1]["netted_major"], "58.00", "5.8 % of what Brazil was owed");

    let [pesos, dollars] = report["currencies"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(
        (&pesos["currency"], &pesos["gross"], &pesos["gross_major"]),
        (&json!("CLP"), &json!(500_000), &json!("500000"))
    );
    assert_eq!((&pesos["multilateral_saved_ratio"], &pesos["settled"]), (&json!(0.0), &json!(1)));
    assert_eq!((&dollars["currency"], &dollars["gross"]), (&json!("USD"), &json!(105_800)));
    assert_eq!(dollars["multilateral_saved_ratio"], 0.109641, "two times 58 of 1,058");
    assert_eq!(report["cycles"][0]["currencies"][1]["multilateral_net"], 94_200);

    let text = run(&["report", &scene.arg("union")]).expect(0).out;
    for words in ["payments in", "CLP", "rate differences and roundings: 50.00 USD", "0.00% in rings"] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

/// The demo's own report and that of its journal are one.
#[test]
fn the_demo_and_its_journal_report_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let data = data.to_str().unwrap();
    let demo = run(&["demo", "--exit", "--orders=1", "--data", data, "--output=json"]).expect(0).json();
    let report = run(&["report", data, "--output=json"]).expect(0).json();
    for (key, value) in report.as_object().unwrap() {
        match key.as_str() {
            "union" | "charter_hash" | "height" | "time" => {}
            // The demo calls members by their countries, the charter by their central banks.
            "members" | "currencies" => assert_eq!(value.as_array().map(Vec::len), demo[key].as_array().map(Vec::len)),
            _ => assert_eq!(*value, demo[key], "{key}"),
        }
    }
    for (key, expected) in [("bilateral_net_ratio", 0.425316), ("multilateral_net_ratio", 0.249474)] {
        assert_eq!(demo[key], expected, "{key}");
    }
    assert_eq!(demo["cycles"].as_array().map(Vec::len), Some(3));
    // Some were held first and accepted later: each is one order.
    assert_eq!((demo["orders"].as_u64() >= Some(56 * 5), &demo["orders"]), (true, &demo["settled"]));
    let text = run(&["report", data, "--cycle=2"]).expect(0).out;
    assert!(text.contains("cycle 2") && !text.contains("cycle 1") && !text.contains("netted at once"), "{text}");
}
