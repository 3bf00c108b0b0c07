//! Netting of a year's trade between eight countries, against answers worked out independently.
//!
//! The data (UN/WTO *Advanced Guide to Trade Policy* panel, CC BY 4.0) lies beside the repository and is not part of it;
//! without it these tests say so and pass.

use std::path::Path;

use clearing::{Flows, Ratio, settlement_legs};

const TRADE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/trade/bilateral.csv");
const MEMBERS: [&str; 8] = ["ARG", "BOL", "BRA", "CHL", "COL", "ECU", "MEX", "URY"];

/// Flows in whole US dollars among `members` in `year`, importers owing exporters; `None` where the data is absent.
fn trade(year: &str, members: &[&str]) -> Option<Flows> {
    if !Path::new(TRADE).exists() {
        println!("SKIPPED: no trade data at {TRADE}");
        return None;
    }
    let mut flows = Flows::new(members.len());
    let index = |code: &str| members.iter().position(|&member| member == code);
    for row in csv::Reader::from_path(TRADE).expect("readable").records() {
        let row = row.expect("well-formed");
        let [exporter, importer, in_year, usd_million] = [&row[0], &row[1], &row[2], &row[3]];
        if in_year != year {
            continue;
        }
        if let (Some(creditor), Some(debtor)) = (index(exporter), index(importer)) {
            let dollars = usd_million.replace('.', "").parse().expect("six decimals");
            flows.record(debtor, creditor, dollars).expect("two different members");
        }
    }
    Some(flows)
}

/// A ratio in ten-thousandths, rounded half up.
fn ten_thousandths(ratio: Option<Ratio>) -> u128 {
    let ratio = ratio.expect("some flow");
    (ratio.numerator() * 20_000 + ratio.denominator()) / (2 * ratio.denominator())
}

#[test]
fn eight_latin_american_countries() {
    for (year, gross_usd_thousand, bilateral, multilateral) in
        [("1990", 6_073_948, 4296, 2383), ("2000", 24_784_976, 2625, 1597), ("2006", 50_995_293, 4253, 2495)]
    {
        let Some(flows) = trade(year, &MEMBERS) else {
            return;
        };
        assert_eq!((flows.gross() + 500) / 1_000, gross_usd_thousand, "{year}");
        assert_eq!(ten_thousandths(flows.bilateral_net_ratio()), bilateral, "{year}");
        assert_eq!(ten_thousandths(flows.multilateral_net_ratio()), multilateral, "{year}");

        let plan = settlement_legs(&flows.positions());
        assert!(plan.legs.len() < MEMBERS.len());
        assert_eq!(plan.legs.iter().map(|leg| leg.amount).sum::<u128>(), flows.multilateral_net_total());
        assert_eq!(plan.carried, [0; 8]);
    }
}

/// Negative control on real figures: keep only what each country buys from the one that sells more than it buys. Then
/// bilateral netting has nothing left to do.
#[test]
fn one_direction_of_every_pair_saves_nothing_bilaterally() {
    let Some(both) = trade("2006", &MEMBERS) else {
        return;
    };
    let mut one_sided = Flows::new(MEMBERS.len());
    for debtor in 0..MEMBERS.len() {
        for creditor in 0..MEMBERS.len() {
            if both.owed(debtor, creditor) > both.owed(creditor, debtor) {
                let amount = both.owed(debtor, creditor);
                one_sided.record(debtor, creditor, amount).expect("two different members");
            }
        }
    }
    assert!(one_sided.gross() > 0);
    assert_eq!(one_sided.bilateral_net_total(), one_sided.gross());
    assert_eq!(ten_thousandths(one_sided.bilateral_saved_ratio()), 0);
}
