//! Simulations of real trade: known answers, negative controls, what each rule does, and the same for the same seed.
//!
//! The trade is in `../shared/data`, outside the repository; where it is not, these tests say so and pass. What needs no data is
//! in small tables of their own.

use simulate::preset::preset;
use simulate::simulation::outcome::Outcome;
use simulate::simulation::shock::Shock;
use simulate::simulation::{Setup, monte_carlo::monte_carlo, simulate};
use simulate::trade::Trade;

const EIGHT: [&str; 8] = ["ARG", "BOL", "BRA", "CHL", "COL", "ECU", "MEX", "URY"];

fn trade() -> Option<Trade> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/trade/bilateral.csv");
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("skipped: there is no {path}");
        return None;
    };
    Some(Trade::read(file).expect("the file is as its README says"))
}

fn run(trade: &Trade, preset_name: &str, years: &[i16], members: &[&str], orders: u32, shocks: &[&str]) -> Outcome {
    run_by((preset_name, preset(preset_name).expect("a preset").text), trade, years, members, orders, shocks)
}

fn run_by(
    (rules_name, rules): (&str, &str),
    trade: &Trade,
    years: &[i16],
    members: &[&str],
    orders: u32,
    shocks: &[&str],
) -> Outcome {
    let members: Vec<String> = members.iter().map(|&code| code.to_owned()).collect();
    let shocks: Vec<Shock> = shocks.iter().map(|shock| shock.parse().expect("a shock")).collect();
    let setup = Setup {
        rules_name,
        rules,
        trade,
        years,
        members: &members,
        orders,
        seed: 1,
        shocks: &shocks,
        deposit_percent: 5,
    };
    let outcome = simulate(&setup, |_| {}).unwrap_or_else(|error| panic!("{rules_name}: {error}"));
    assert_sound(&outcome);
    outcome
}

/// What holds for every outcome.
fn assert_sound(outcome: &Outcome) {
    let totals = &outcome.totals;
    assert!(totals.multilateral_net <= totals.bilateral_net && totals.bilateral_net <= totals.gross);
    assert!(totals.settled_gross <= totals.gross);
    let (paid, received) = outcome
        .members
        .iter()
        .fold((0, 0), |(paid, received), member| (paid + member.asset_paid, received + member.asset_received));
    assert_eq!((paid, received), (totals.settled_in_asset, totals.settled_in_asset), "who pays, pays somebody");
    for cycle in &outcome.cycles {
        assert!(cycle.multilateral_net <= cycle.bilateral_net && cycle.bilateral_net <= cycle.gross);
    }
    // Deposits are orders of the first cycle, and no trade.
    let deposits: u128 = outcome.members.iter().map(|member| member.deposit.max(0).unsigned_abs()).sum();
    let in_cycles: u128 = outcome.cycles.iter().map(|cycle| cycle.gross).sum();
    assert_eq!(in_cycles, totals.settled_gross + deposits, "what settled did so in a cycle");
}

#[test]
fn known_answers() {
    let Some(trade) = trade() else { return };
    for (year, gross_thousand, bilateral, multilateral) in
        [(1990, 6_073_948, 4_296, 2_383), (2000, 24_784_976, 2_625, 1_597), (2006, 50_995_293, 4_253, 2_495)]
    {
        for name in ["aladi", "keynes-1943", "epu-1950"] {
            let outcome = run(&trade, name, &[year], &EIGHT, 5_000, &[]);
            assert_eq!((outcome.totals.gross + 50_000) / 100_000, gross_thousand, "{name} {year}");
            assert_eq!(
                ((outcome.bilateral_ratio() + 50) / 100, (outcome.multilateral_ratio() + 50) / 100),
                (bilateral, multilateral),
                "{name} {year}"
            );
        }
        let aladi = run(&trade, "aladi", &[year], &EIGHT, 5_000, &[]);
        assert_eq!(aladi.totals.settled_gross, aladi.totals.gross, "nothing holds an order up");
        assert!(aladi.totals.credit_extended < 100, "all is paid at the end, but for what roundings of interest left");
        assert!(aladi.totals.settled_in_asset >= aladi.totals.multilateral_net, "three closes, not one");
    }
}

#[test]
fn sixty_nine_members_and_several_years() {
    let Some(trade) = trade() else { return };
    let all: Vec<String> = trade.countries(2006).into_iter().collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(all.len(), 69);
    let outcome = run(&trade, "acu", &[2006], &all, 30_000, &[]);
    assert!(outcome.orders >= 30_000 && outcome.members.len() == 69);
    assert_eq!(outcome.settled_orders, outcome.orders);
    let chained = run(&trade, "epu-1954", &[2004, 2005, 2006], &EIGHT, 2_000, &[]);
    assert_eq!(chained.cycles.len(), 36);
    assert_eq!(
        chained.orders,
        [2004, 2005, 2006].iter().map(|&year| run(&trade, "acu", &[year], &EIGHT, 2_000, &[]).orders).sum::<u64>()
    );
}

fn table(rows: &str) -> Trade {
    Trade::read(format!("exporter,importer,year,usd_million\n{rows}").as_bytes()).expect("a table")
}

/// B only sells: nothing can be set off, whatever the rules, and a report that says so is right.
#[test]
fn one_sided_trade_saves_nothing() {
    let one_sided = table("BBB,AAA,2005,100\nCCC,AAA,2005,50\nBBB,AAA,2006,100\nCCC,AAA,2006,50\n");
    for preset in simulate::preset::PRESETS {
        let outcome = run(&one_sided, preset.name, &[2006], &["AAA", "BBB", "CCC"], 500, &[]);
        assert_eq!(
            (outcome.bilateral_ratio(), outcome.multilateral_ratio()),
            (1_000_000, 1_000_000),
            "{}",
            preset.name
        );
        let left: u128 = outcome.totals.settled_in_asset + outcome.totals.credit_extended;
        let charged: u128 =
            outcome.members.iter().map(|member| member.charges + member.interest_paid + member.interest_received).sum();
        let deposits: u128 = outcome.members.iter().map(|member| member.deposit.max(0).unsigned_abs()).sum();
        assert!(left + charged + deposits >= outcome.totals.settled_gross, "{}: what is not paid is owed", preset.name);
    }
}

/// All that one sells comes back by way of the third.
#[test]
fn a_ring_settles_itself() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,90\nCCC,AAA,2006,90\n");
    let outcome = run(&ring, "sucre", &[2006], &["AAA", "BBB", "CCC"], 600, &[]);
    assert_eq!((outcome.bilateral_ratio(), outcome.multilateral_ratio()), (1_000_000, 0));
    let cleared = run(&ring, "acu", &[2006], &["AAA", "BBB", "CCC"], 600, &[]);
    assert!(
        cleared.totals.settled_in_asset < cleared.totals.gross / 2,
        "only what falls into different cycles is paid"
    );
}

#[test]
fn a_member_that_stops_paying_defaults() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,60\nCCC,AAA,2006,30\n");
    let members = ["AAA", "BBB", "CCC"];
    let sound = run(&ring, "acu", &[2006], &members, 600, &[]);
    let hit = run(&ring, "acu", &[2006], &members, 600, &["stops:BBB@2006-02-01"]);
    assert_eq!(sound.members[1].defaulted, 0);
    assert!(hit.members[1].defaulted > 0 && hit.members[1].standing == "suspended");
    let losses: u128 = hit.members.iter().map(|member| member.losses).sum();
    assert!(losses > 0 && losses <= hit.members[1].defaulted, "what the union's own accounts hold bears it first");
    assert!(hit.refused_orders > 0 && hit.totals.settled_gross < sound.totals.settled_gross);
}

#[test]
fn a_member_that_leaves_runs_off() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,60\nCCC,AAA,2006,30\n");
    let outcome = run(&ring, "mutual-credit", &[2006], &["AAA", "BBB", "CCC"], 600, &["leaves:BBB@2006-03-01"]);
    assert!(matches!(outcome.members[1].standing, "leaving" | "left"));
    assert!(outcome.members[1].asset_paid > 0, "it pays what it owes in parts");
}

/// Half of the year at a rate of 1.30: what is invoiced in that currency is worth that much less.
#[test]
fn a_rate_that_jumps() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,60\nCCC,AAA,2006,30\n");
    let members = ["AAA", "BBB", "CCC"];
    let before = run(&ring, "acu", &[2006], &members, 600, &[]);
    let after = run(&ring, "acu", &[2006], &members, 600, &["rate:AAA:30@2006-07-01"]);
    assert_eq!(before.totals.gross, after.totals.gross);
    assert!(after.totals.settled_gross < before.totals.settled_gross && after.settled_orders == before.settled_orders);
}

/// What is owed is counted in units of the basket, and each leg is paid in dollars at what a unit is worth.
#[test]
fn a_basket_is_a_unit_like_another() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,60\nCCC,AAA,2006,30\n");
    let members = ["AAA", "BBB", "CCC"];
    let acu = preset("acu").unwrap().text;
    let rules = acu.replacen("unit_of_account = \"USD\"", "unit_of_account = \"XDR\"", 1)
        + r#"
[rates]
publisher = "BBB"

[basket]
reference = "USD"
value = "1.3"

[[basket.currencies]]
currency = "USD"
weight_percent = "60"
base_rate = "1"

[[basket.currencies]]
currency = "EUR"
weight_percent = "40"
base_rate = "1.25"
"#;
    let jumps = ["rate:AAA:30@2006-07-01", "rate:CCC:10@2006-09-01"];
    for shocks in [&[][..], &jumps] {
        let dollar = run(&ring, "acu", &[2006], &members, 600, shocks);
        let basket = run_by(("basket", &rules), &ring, &[2006], &members, 600, shocks);
        assert_eq!(basket.settled_orders, dollar.settled_orders);
        if shocks.is_empty() {
            assert_eq!(basket.totals, dollar.totals);
        }
        // At other rates than one to one each order, and each leg, is rounded once more.
        let is_close = |one: u128, other: u128| one.abs_diff(other) <= u128::from(dollar.orders);
        assert!(is_close(basket.totals.settled_gross, dollar.totals.settled_gross), "{:?}", basket.totals);
        assert!(is_close(basket.totals.settled_in_asset, dollar.totals.settled_in_asset), "{:?}", basket.totals);
    }
}

#[test]
fn the_same_seed_gives_the_same() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,60\nCCC,AAA,2006,30\nAAA,CCC,2006,10\n");
    let members = ["AAA", "BBB", "CCC"];
    let first = run(&ring, "epu-1952", &[2006], &members, 300, &[]);
    assert_eq!(first, run(&ring, "epu-1952", &[2006], &members, 300, &[]));
    let codes = members.map(str::to_owned);
    let setup = Setup {
        rules_name: "epu-1952",
        rules: preset("epu-1952").unwrap().text,
        trade: &ring,
        years: &[2006],
        members: &codes,
        orders: 300,
        seed: 1,
        shocks: &[],
        deposit_percent: 0,
    };
    let other = simulate(&Setup { seed: 2, ..setup.clone() }, |_| {}).unwrap();
    assert_ne!(first.state_hash, other.state_hash);
    assert_eq!(first.totals.multilateral_net, other.totals.multilateral_net, "the year's figures are the same");
    let many = monte_carlo(&setup, 8, || {}).unwrap();
    assert_eq!(many, monte_carlo(&setup, 8, || {}).unwrap(), "whatever the schedule of the cores");
    assert!(many.settled_in_asset.least < many.settled_in_asset.most);
    let json = serde_json::to_value(&first).unwrap();
    for key in ["gross", "bilateral_net_ratio", "multilateral_net_ratio", "settled_in_asset", "credit_extended"] {
        assert!(json[key].is_number(), "{key}");
    }
    assert_eq!(json["members"].as_array().map(Vec::len), Some(3));
    assert!(json["members"][0]["quota_use"].is_number() && json["members"][0]["charges"].is_number());
    assert!(first.text().contains("epu-1952") && first.text().contains("AAA"));
}

#[test]
fn what_cannot_be_simulated_is_said() {
    let ring = table("AAA,BBB,2006,90\nBBB,CCC,2006,60\n");
    let simulated = |years: &[i16], members: &[&str], shock: &str| {
        let members: Vec<String> = members.iter().map(|&code| code.to_owned()).collect();
        let shocks: Vec<Shock> =
            [shock].iter().filter(|shock| !shock.is_empty()).map(|shock| shock.parse().unwrap()).collect();
        let rules = preset("acu").unwrap().text;
        let setup = Setup {
            rules_name: "acu",
            rules,
            trade: &ring,
            years,
            members: &members,
            orders: 10,
            seed: 0,
            shocks: &shocks,
            deposit_percent: 0,
        };
        simulate(&setup, |_| {}).map(|_| ()).map_err(|error| error.to_string())
    };
    assert!(simulated(&[2006], &["AAA", "BBB"], "").is_ok());
    for (years, members, shock, said) in [
        (&[2005][..], &["AAA", "BBB"][..], "", "there is no trade of 2005; there is of 2006"),
        (&[2006], &["AAA"], "", "members"),
        (&[2006], &["AAA", "DDD"], "", "no trade of DDD"),
        (&[2006], &["AAA", "AAA"], "", "twice"),
        (&[2006], &["AAA", "CCC"], "", "did not trade"),
        (&[2006, 2006], &["AAA", "BBB"], "", "ascending"),
        (&[], &["AAA", "BBB"], "", "years"),
        (&[2006], &["AAA", "BBB"], "stops:CCC@2006-01-05", "not a member"),
    ] {
        let error = simulated(years, members, shock).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}
