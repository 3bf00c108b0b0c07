//! Netting of a year's trade between eight countries, against answers worked out independently.
//!
//! The data (UN/WTO *Advanced Guide to Trade Policy* panel, CC BY 4.0) lies beside the repository and is not part of it;
//! without it these tests say so and pass.

use std::path::Path;

use clearing::{Flows, Liquidity, Novation, Ratio, Savings, settlement_legs};

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
        let liquidity = Liquidity::of(&flows);
        assert_eq!((flows.gross() + 500) / 1_000, gross_usd_thousand, "{year}");
        assert_eq!(ten_thousandths(liquidity.bilateral_net_ratio()), bilateral, "{year}");
        assert_eq!(ten_thousandths(liquidity.multilateral_net_ratio()), multilateral, "{year}");

        let plan = settlement_legs(&flows.positions());
        assert!(plan.legs.len() < MEMBERS.len());
        assert_eq!(plan.legs.iter().map(|leg| leg.amount).sum::<u128>(), flows.multilateral_net_total());
        assert_eq!(plan.carried, [0; 8]);
    }
}

/// Where the savings come from, and who is left with what. The largest set-off was computed with OR-Tools'
/// `SimpleMinCostFlow`, the indices with rational arithmetic.
#[test]
fn savings_novation_and_concentration_of_eight_latin_american_countries() {
    struct Answer {
        year: &'static str,
        savings: Savings,
        net_debits_index: u128,
        net_credits_index: u128,
        turnover_index: u128,
        largest_debtors: [(&'static str, u128); 2],
        largest_bilateral: u128,
    }
    for answer in [
        Answer {
            year: "1990",
            savings: Savings { by_pairs: 3_464_627_668, by_rings: 527_268_400, by_novation: 634_704_443 },
            net_debits_index: 2_288,
            net_credits_index: 7_392,
            turnover_index: 2_046,
            largest_debtors: [("CHL", 485_507_248), ("COL", 320_895_606)],
            largest_bilateral: 516_531_004,
        },
        Answer {
            year: "2000",
            savings: Savings { by_pairs: 18_279_493_544, by_rings: 1_772_879_535, by_novation: 774_524_520 },
            net_debits_index: 1_479,
            net_credits_index: 10_000,
            turnover_index: 2_275,
            largest_debtors: [("CHL", 747_267_605), ("ARG", 662_104_851)],
            largest_bilateral: 1_664_824_150,
        },
        Answer {
            year: "2006",
            savings: Savings { by_pairs: 29_306_178_456, by_rings: 4_712_542_870, by_novation: 4_254_556_176 },
            net_debits_index: 1_879,
            net_credits_index: 10_000, // Brazil alone is owed
            turnover_index: 2_072,
            largest_debtors: [("COL", 3_404_411_409), ("MEX", 3_039_234_575)],
            largest_bilateral: 4_728_223_253,
        },
    ] {
        let year = answer.year;
        let Some(flows) = trade(year, &MEMBERS) else {
            return;
        };
        assert_eq!(Savings::of(&flows), Ok(answer.savings), "{year}");

        let (debits, credits) = (flows.net_debits().expect("open"), flows.net_credits().expect("open"));
        assert_eq!(ten_thousandths(Some(debits.index())), answer.net_debits_index, "{year}");
        assert_eq!(ten_thousandths(Some(credits.index())), answer.net_credits_index, "{year}");
        assert_eq!(ten_thousandths(flows.turnover().map(|turnover| turnover.index())), answer.turnover_index, "{year}");
        let largest = debits.largest_first()[..2].iter().map(|part| (MEMBERS[part.party], part.amount));
        assert_eq!(largest.collect::<Vec<_>>(), answer.largest_debtors, "{year}");

        let novation = Novation::of(&flows);
        assert_eq!((novation.pairs, novation.open_pairs, novation.open_positions), (28, 28, 8), "{year}");
        assert_eq!(novation.largest_bilateral, answer.largest_bilateral, "{year}");
        assert_eq!(novation.largest_position, credits.largest_first()[0].amount, "{year}");
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
    assert_eq!(ten_thousandths(Liquidity::of(&one_sided).bilateral_saved_ratio()), 0);
    assert_eq!(Savings::of(&one_sided).expect("within capacities").by_pairs, 0);
}

/// Negative control on real figures: what one country buys from all others, and nothing else, is owed to the last cent
/// after any netting.
#[test]
fn one_sided_trade_saves_nothing() {
    let Some(all) = trade("2006", &MEMBERS) else {
        return;
    };
    for importer in 0..MEMBERS.len() {
        let mut one_sided = Flows::new(MEMBERS.len());
        for exporter in (0..MEMBERS.len()).filter(|&exporter| exporter != importer) {
            one_sided.record(importer, exporter, all.owed(importer, exporter)).expect("two different members");
        }
        let liquidity = Liquidity::of(&one_sided);
        assert!(liquidity.gross > 0);
        assert_eq!((liquidity.bilateral_net, liquidity.multilateral_net), (liquidity.gross, liquidity.gross));
        assert_eq!(Savings::of(&one_sided), Ok(Savings::default()));
    }
}
