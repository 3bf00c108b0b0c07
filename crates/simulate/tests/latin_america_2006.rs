//! The scenario in the program against its source, and the payments made of it against the scenario.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clearing::{Flows, Savings, settlement_legs};
use money::Currency;
use sha2::{Digest, Sha256};
use simulate::{
    Cleared, ClearingReport, CycleReport, Kind, MemberName, Netting, Payment, Priority, Report, Scenario,
    customer_detail, split,
};
use union::CycleStatus;

const TRADE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/trade/bilateral.csv");

fn payments() -> (Scenario, Vec<Payment>) {
    let scenario = Scenario::latin_america_2006();
    let payments = split(&scenario, scenario.payments.at_least).expect("splits");
    (scenario, payments)
}

fn flows_of<'a>(members: usize, payments: impl IntoIterator<Item = &'a Payment>) -> Flows {
    let mut flows = Flows::new(members);
    for payment in payments {
        flows
            .record(payment.debtor.into(), payment.creditor.into(), payment.amount.into())
            .expect("two different members");
    }
    flows
}

#[test]
fn figures_are_those_of_the_source() {
    if !Path::new(TRADE).exists() {
        println!("SKIPPED: no trade data at {TRADE}");
        return;
    }
    let scenario = Scenario::latin_america_2006();
    let mut figures: BTreeMap<(String, String), u64> = scenario
        .trade
        .iter()
        .map(|figure| {
            let code = |member: u16| scenario.members[usize::from(member)].code.clone();
            ((code(figure.exporter), code(figure.importer)), figure.amount)
        })
        .collect();
    assert_eq!(figures.len(), 56);
    for row in csv::Reader::from_path(TRADE).expect("readable").records() {
        let row = row.expect("well-formed");
        if &row[2] != "2006" {
            continue;
        }
        if let Some(amount) = figures.remove(&(row[0].to_owned(), row[1].to_owned())) {
            let dollars: u64 = row[3].replace('.', "").parse().expect("six decimals");
            assert_eq!(amount, dollars * 100, "{row:?}");
        }
    }
    assert_eq!(figures, BTreeMap::new(), "figures that are not in the source");
}

#[test]
fn every_pair_is_split_to_the_cent() {
    let (scenario, payments) = payments();
    assert!(payments.len() >= 100_000 && payments.len() < 100_000 + 6 * 56, "{}", payments.len());
    let mut pairs: BTreeMap<(u16, u16), (u64, u64)> = BTreeMap::new();
    for payment in &payments {
        let (sum, count) = pairs.entry((payment.creditor, payment.debtor)).or_default();
        *sum += payment.amount;
        *count += 1;
        assert!(payment.amount >= 1);
    }
    assert_eq!(pairs.len(), scenario.trade.len());
    for figure in &scenario.trade {
        let (sum, count) = pairs[&(figure.exporter, figure.importer)];
        assert_eq!(sum, figure.amount);
        // In proportion, rounded up, with a floor of five.
        let in_proportion = (u128::from(figure.amount) * 100_000).div_ceil(scenario.gross());
        assert_eq!(u128::from(count), in_proportion.max(5));
    }
}

#[test]
fn dates_and_times_are_those_of_business() {
    let (scenario, payments) = payments();
    for (sequence, payment) in payments.iter().enumerate() {
        assert_eq!(payment.sequence as usize, sequence);
        for member in [payment.debtor, payment.creditor] {
            assert!(scenario.is_business_day(member.into(), payment.date), "{payment:?}");
        }
        assert!((scenario.payments.opens..scenario.payments.closes).contains(&payment.second_of_day));
    }
    assert!(payments.is_sorted_by_key(|payment| (payment.date, payment.second_of_day)));
    // Nothing clusters: every business day of everybody has payments, and none has a hundredth of the year's.
    let mut per_day = BTreeMap::new();
    for payment in &payments {
        *per_day.entry(payment.date).or_insert(0_usize) += 1;
    }
    assert!(per_day.len() > 230 && per_day.values().all(|&count| count * 100 < payments.len()));
}

#[test]
fn sizes_are_heavy_tailed() {
    let (scenario, payments) = payments();
    // Over all pairs, and in the largest pair by itself, where nothing but the draw of sizes plays a part.
    let largest_pair = scenario.trade.iter().max_by_key(|figure| figure.amount).expect("some");
    let of_largest_pair: Vec<Payment> = payments
        .iter()
        .filter(|payment| (payment.creditor, payment.debtor) == (largest_pair.exporter, largest_pair.importer))
        .copied()
        .collect();
    for payments in [&payments, &of_largest_pair] {
        let mut amounts: Vec<u64> = payments.iter().map(|payment| payment.amount).collect();
        amounts.sort_unstable_by(|a, b| b.cmp(a));
        let total: u64 = amounts.iter().sum();
        let top: u64 = amounts[..amounts.len() / 100].iter().sum();
        assert!(top * 100 > total * 33 && top * 100 < total * 50, "top hundredth has {top} of {total}");
        let (median, mean) = (amounts[amounts.len() / 2], total / amounts.len() as u64);
        assert!(median * 5 < mean, "median {median}, mean {mean}");
        assert!(amounts[0] * 20 < total, "one payment of {} in {total}", amounts[0]);
    }
}

#[test]
fn mix_of_kinds_priorities_and_participants() {
    let (scenario, payments) = payments();
    let per_thousand = |holds: &dyn Fn(&Payment) -> bool| {
        payments.iter().filter(|payment| holds(payment)).count() * 1_000 / payments.len()
    };
    assert!((17..=23).contains(&per_thousand(&|payment| payment.priority == Priority::Urgent)));
    assert!((75..=85).contains(&per_thousand(&|payment| payment.priority == Priority::High)));
    assert!((45..=55).contains(&per_thousand(&|payment| payment.kind == Kind::Interbank)));
    for payment in &payments {
        let codes: &[&str] = match payment.kind {
            Kind::Customer => &["GDDS", "SUPP", "IVPT", "TRAD", "COMC", "GDSV"],
            Kind::Interbank => &["CORT", "TREA"],
        };
        assert!(codes.contains(&payment.purpose_code()));
        for participant in [payment.debtor_participant, payment.creditor_participant] {
            assert_eq!(participant == 0, payment.kind == Kind::Interbank);
            assert!(participant <= scenario.payments.participants_per_member);
        }
    }
    // Zipf over forty: the first has 1 / H(40) = 23.4 % of the customers' payments, the fortieth 0.58 %.
    assert!((210..=235).contains(&per_thousand(&|payment| payment.debtor_participant == 1)));
    assert!((3..=8).contains(&per_thousand(&|payment| payment.creditor_participant == 40)));
}

#[test]
fn the_same_seed_gives_the_same_payments_for_ever() {
    let hash = |payments: &[Payment]| {
        let mut hasher = Sha256::new();
        for payment in payments {
            hasher.update(payment.sequence.to_le_bytes());
            hasher.update(payment.date.to_string());
            hasher.update(payment.second_of_day.to_le_bytes());
            hasher.update(payment.debtor.to_le_bytes());
            hasher.update(payment.debtor_participant.to_le_bytes());
            hasher.update(payment.creditor.to_le_bytes());
            hasher.update(payment.creditor_participant.to_le_bytes());
            hasher.update(payment.amount.to_le_bytes());
            hasher.update([payment.priority as u8, payment.kind as u8]);
            hasher.update(payment.purpose);
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (mut scenario, payments) = payments();
    assert_eq!(hash(&payments), "b8343ec9b74bf502ad4ce40a056bd55d11c2c44ad1dc042dba176be4fdde5b15");
    scenario.payments.seed += 1;
    let other_seed = split(&scenario, scenario.payments.at_least).expect("splits");
    assert_ne!(hash(&payments), hash(&other_seed));
}

#[test]
fn customer_detail_is_fictional_bounded_and_recurring() {
    let (scenario, payments) = payments();
    let mut payments_per_name = BTreeMap::new();
    for payment in &payments[..20_000] {
        let detail = customer_detail(&scenario, payment);
        assert_eq!(detail, customer_detail(&scenario, payment));
        for text in [&detail.debtor_name, &detail.creditor_name, &detail.remittance] {
            assert!(text.is_ascii() && text.len() <= 140, "{text}");
        }
        for account in [&detail.debtor_account, &detail.creditor_account] {
            assert!(account.starts_with("FICT-") && account.len() <= 34, "{account}");
        }
        assert!(detail.remittance.starts_with("Fictional"));
        assert!(detail.debtor_name.contains(&scenario.members[usize::from(payment.debtor)].code));
        if payment.kind == Kind::Customer {
            *payments_per_name.entry((detail.creditor_name, detail.creditor_account)).or_insert(0) += 1;
        }
    }
    assert!(payments_per_name.values().any(|&count| count > 5), "customers come back");
    let accounts = payments_per_name.keys().map(|key| &key.1).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(accounts.len(), payments_per_name.len(), "one name to an account");
}

/// The report as the run of a perfect union would fill it: everything settled.
fn report() -> Report {
    let (scenario, payments) = payments();
    let dollar = Currency::from_code("USD").expect("known");
    let cleared = |payments: &[&Payment]| {
        let orders = payments.len() as u64;
        let netting = Netting::of(dollar, orders, &flows_of(scenario.members.len(), payments.iter().copied()));
        Cleared { orders, currencies: vec![netting.clone()], netting, exchange_and_rounding: 0 }
    };
    let cycles = scenario.cycles().into_iter().map(|cycle| {
        let within = |payment: &&Payment| (cycle.from..=cycle.to).contains(&payment.date);
        let cleared = cleared(&payments.iter().filter(within).collect::<Vec<_>>());
        let positions: Vec<i128> = cleared.netting.positions().collect();
        CycleReport {
            number: cycle.number,
            status: CycleStatus::Settled,
            from: cycle.from,
            to: cycle.to,
            cleared,
            legs: settlement_legs(&positions).legs.len() as u64,
        }
    });
    let names = scenario.members.iter();
    Report {
        scenario: scenario.name.clone(),
        year: scenario.year,
        clearing: ClearingReport {
            members: names.map(|member| MemberName { code: member.code.clone(), name: member.name.clone() }).collect(),
            total: cleared(&payments.iter().collect::<Vec<_>>()),
            cycles: cycles.collect(),
            state_hash: "00ff".repeat(16),
        },
        elapsed: Duration::from_millis(1_234),
    }
}

#[test]
fn report_as_json() {
    let json: serde_json::Value =
        serde_json::from_str(&serde_json::to_string(&report()).expect("serialises")).expect("JSON");
    assert_eq!(json["gross"], 5_099_529_273_500_u64);
    assert_eq!(json["gross_major"], "50995292735.00");
    for (key, expected) in [("bilateral_net_ratio", 0.4253), ("multilateral_net_ratio", 0.2495)] {
        let ratio = json[key].as_f64().expect("a number");
        assert!((ratio - expected).abs() <= 0.0005, "{key}: {ratio}");
        assert!(json[key].to_string().len() <= "0.123456".len(), "six decimals: {}", json[key]);
    }
    assert_eq!(json["seconds"], 1.234);
    assert_eq!(json["orders"], json["settled"]);
    assert_eq!(json["state_hash"].as_str().map(str::len), Some(64));

    let cycles = json["cycles"].as_array().expect("an array");
    assert_eq!(cycles.len(), 3);
    assert_eq!((&cycles[0]["from"], &cycles[2]["to"]), (&"2006-01-01".into(), &"2006-12-31".into()));
    for key in ["gross", "orders", "settled"] {
        let sum: u64 = cycles.iter().map(|cycle| cycle[key].as_u64().expect("an integer")).sum();
        assert_eq!(json[key], sum, "{key}");
    }
    for cycle in cycles {
        assert!(cycle["multilateral_net_ratio"].as_f64() < cycle["bilateral_net_ratio"].as_f64());
        assert!(cycle["legs"].as_u64() < Some(8));
    }
    let members = json["members"].as_array().expect("an array");
    let sum = |key: &str| members.iter().map(|member| member[key].as_i64().expect("an integer")).sum::<i64>();
    assert_eq!((members.len(), sum("position")), (8, 0));
    assert_eq!((Some(sum("owes")), Some(sum("is_owed"))), (json["gross"].as_i64(), json["gross"].as_i64()));
    assert_eq!(members[2]["position_major"], "12722015233.00");
}

/// What the year's savings are made of, novation, concentration: the figures worked out independently for the trade of 2006
/// in `clearing/tests/known_answers.rs`, in cents.
#[test]
fn report_as_json_says_where_savings_come_from() {
    let json = serde_json::to_value(report()).expect("serialises");
    let saved = &json["saved"];
    let parts = ["by_pairs", "by_rings", "by_novation"].map(|part| saved[part].as_u64().expect("an integer"));
    assert_eq!(parts, [2_930_617_845_600, 471_254_287_000, 425_455_617_600]);
    assert_eq!(saved["by_rings_major"], "4712542870.00");
    let gross = json["gross"].as_u64().expect("an integer");
    assert_eq!(parts.iter().sum::<u64>(), gross - json["multilateral_net"].as_u64().expect("an integer"));
    assert_eq!(json["multilateral_saved_ratio"], 0.750526);
    assert_eq!(saved["by_novation_ratio"], 0.08343);

    let novation = &json["novation"];
    assert_eq!((&novation["pairs"], &novation["open_positions"]), (&28.into(), &8.into()));
    assert_eq!(novation["largest_bilateral_major"], "4728223253.00");
    let concentration = &json["concentration"];
    for (of, index) in [("turnover", 0.207177), ("net_debits", 0.187932), ("net_credits", 1.0)] {
        assert_eq!(concentration[of]["herfindahl_hirschman_index"], index, "{of}");
    }
    assert_eq!(concentration["net_debits"]["members"], 7);
    let largest: Vec<_> =
        json["largest_debtors"].as_array().expect("an array").iter().map(|part| &part["code"]).collect();
    assert_eq!(largest, ["COL", "MEX", "ECU", "BOL", "CHL"]);
    assert_eq!(json["largest_creditors"][0]["amount_major"], "12722015233.00");
    assert_eq!(json["bilateral"].as_array().map(Vec::len), Some(28));
    // All in dollars, so the one currency says the same as the unit of account.
    assert_eq!(json["currencies"].as_array().map(Vec::len), Some(1));
    for key in ["currency", "gross", "settled", "saved", "novation", "members", "bilateral"] {
        assert_eq!(json["currencies"][0][key], json[key], "{key}");
    }
    for cycle in json["cycles"].as_array().expect("an array") {
        assert_eq!(cycle["currencies"][0]["multilateral_net"], cycle["multilateral_net"]);
        assert_eq!((&cycle["status"], &cycle["exchange_and_rounding"]), (&"settled".into(), &0.into()));
    }
}

#[test]
fn report_on_a_terminal() {
    let text = report().render();
    println!("{text}");
    assert!(text.lines().count() <= 24);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "wider than 80 columns");
    for expected in [
        "million USD",
        "50,995.29",
        "12,722,015,233",
        "42.53%",
        "24.95%",
        "01-01..04-30",
        "Mexico",
        "57.47",
        "9.24",
        "8.34",
        "68.58%",
        "1.234 seconds",
    ] {
        assert!(text.contains(expected), "{expected} missing");
    }
}

/// Negative control: a year in which one member only sells and the others only buy has nothing to offset.
#[test]
fn one_sided_trade_saves_nothing() {
    let mut scenario = Scenario::latin_america_2006();
    scenario.trade.retain(|figure| figure.exporter == 2);
    let payments = split(&scenario, 1_000).expect("splits");
    let dollar = Currency::from_code("USD").expect("known");
    let netting = Netting::of(dollar, 0, &flows_of(scenario.members.len(), &payments));
    let liquidity = netting.liquidity;
    assert_eq!((liquidity.bilateral_net, liquidity.multilateral_net), (liquidity.gross, liquidity.gross));
    assert_eq!(netting.savings, Some(Savings::default()));
}

/// Figures: `cargo test --release -p simulate -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement of speed, for release builds"]
fn speed() {
    let scenario = Scenario::latin_america_2006();
    for at_least in [100_000, 1_000_000, 10_000_000] {
        let begun = std::time::Instant::now();
        let payments = split(&scenario, at_least).expect("splits");
        println!("{} payments of {} bytes in {:?}", payments.len(), size_of::<Payment>(), begun.elapsed());
        assert_eq!(payments.iter().map(|payment| u128::from(payment.amount)).sum::<u128>(), scenario.gross());
    }
}
