//! Obligations in one currency, before and after netting, as JSON.

use clearing::{Concentration, Liquidity, Ratio, Savings};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::decimal::scaled;
use super::super::layout::signed;
use super::super::{MemberName, Netting};

/// So many of the largest debtors and creditors are listed.
const LARGEST: usize = 5;

/// One currency by its figures.
#[derive(Serialize)]
pub(super) struct FiguresJson {
    currency: &'static str,
    settled: u64,
    #[serde(flatten)]
    amounts: Amounts<3>,
    bilateral_net_ratio: Option<Decimal>,
    multilateral_net_ratio: Option<Decimal>,
    bilateral_saved_ratio: Option<Decimal>,
    multilateral_saved_ratio: Option<Decimal>,
    saved: Option<SavedJson>,
}

#[derive(Serialize)]
struct SavedJson {
    #[serde(flatten)]
    amounts: Amounts<3>,
    by_pairs_ratio: Option<Decimal>,
    by_rings_ratio: Option<Decimal>,
    by_novation_ratio: Option<Decimal>,
}

/// One currency in all detail.
#[derive(Serialize)]
pub(super) struct NettingJson<'a> {
    #[serde(flatten)]
    figures: FiguresJson,
    novation: NovationJson,
    concentration: ConcentrationsJson,
    largest_debtors: Vec<PartJson<'a>>,
    largest_creditors: Vec<PartJson<'a>>,
    members: Vec<MemberJson<'a>>,
    bilateral: Vec<BilateralJson<'a>>,
}

#[derive(Serialize)]
struct NovationJson {
    pairs: usize,
    open_pairs: usize,
    open_positions: usize,
    #[serde(flatten)]
    amounts: Amounts<2>,
}

#[derive(Serialize)]
struct ConcentrationsJson {
    turnover: Option<ConcentrationJson>,
    net_debits: Option<ConcentrationJson>,
    net_credits: Option<ConcentrationJson>,
}

#[derive(Serialize)]
struct ConcentrationJson {
    members: usize,
    herfindahl_hirschman_index: Decimal,
    share_of_largest: Decimal,
    share_of_three_largest: Decimal,
}

#[derive(Serialize)]
struct PartJson<'a> {
    code: &'a str,
    #[serde(flatten)]
    amount: Amounts<1>,
    share: Option<Decimal>,
}

#[derive(Serialize)]
struct MemberJson<'a> {
    code: &'a str,
    name: &'a str,
    counterparties: usize,
    #[serde(flatten)]
    amounts: Amounts<6>,
}

#[derive(Serialize)]
struct BilateralJson<'a> {
    first: &'a str,
    second: &'a str,
    #[serde(flatten)]
    amounts: Amounts<3>,
}

impl FiguresJson {
    pub(super) fn new(netting: &Netting) -> Self {
        let digits = netting.currency.minor_digits();
        let liquidity = &netting.liquidity;
        let Liquidity { gross, bilateral_net, multilateral_net } = *liquidity;
        Self {
            currency: netting.currency.code(),
            settled: netting.settled,
            amounts: Amounts(
                [
                    ("gross", signed(gross)),
                    ("bilateral_net", signed(bilateral_net)),
                    ("multilateral_net", signed(multilateral_net)),
                ],
                digits,
            ),
            bilateral_net_ratio: liquidity.bilateral_net_ratio().map(Decimal),
            multilateral_net_ratio: liquidity.multilateral_net_ratio().map(Decimal),
            bilateral_saved_ratio: liquidity.bilateral_saved_ratio().map(Decimal),
            multilateral_saved_ratio: liquidity.multilateral_saved_ratio().map(Decimal),
            saved: netting.savings.map(|savings| SavedJson::new(savings, gross, digits)),
        }
    }
}

impl SavedJson {
    fn new(Savings { by_pairs, by_rings, by_novation }: Savings, gross: u128, digits: u8) -> Self {
        let ratio = |saved| Ratio::new(saved, gross).map(Decimal);
        Self {
            amounts: Amounts(
                [("by_pairs", signed(by_pairs)), ("by_rings", signed(by_rings)), ("by_novation", signed(by_novation))],
                digits,
            ),
            by_pairs_ratio: ratio(by_pairs),
            by_rings_ratio: ratio(by_rings),
            by_novation_ratio: ratio(by_novation),
        }
    }
}

impl<'a> NettingJson<'a> {
    pub(super) fn new(netting: &'a Netting, members: &'a [MemberName]) -> Self {
        let digits = netting.currency.minor_digits();
        let novation = &netting.novation;
        let largest = |concentration| largest(concentration, members, digits);
        Self {
            figures: FiguresJson::new(netting),
            novation: NovationJson {
                pairs: novation.pairs,
                open_pairs: novation.open_pairs,
                open_positions: novation.open_positions,
                amounts: Amounts(
                    [
                        ("largest_bilateral", signed(novation.largest_bilateral)),
                        ("largest_position", signed(novation.largest_position)),
                    ],
                    digits,
                ),
            },
            concentration: ConcentrationsJson {
                turnover: netting.turnover.as_ref().map(ConcentrationJson::new),
                net_debits: netting.net_debits.as_ref().map(ConcentrationJson::new),
                net_credits: netting.net_credits.as_ref().map(ConcentrationJson::new),
            },
            largest_debtors: largest(netting.net_debits.as_ref()),
            largest_creditors: largest(netting.net_credits.as_ref()),
            members: std::iter::zip(members, &novation.parties)
                .map(|(member, standing)| MemberJson {
                    code: &member.code,
                    name: &member.name,
                    counterparties: standing.counterparties,
                    amounts: Amounts(
                        [
                            ("owes", signed(standing.owes)),
                            ("is_owed", signed(standing.is_owed)),
                            ("netted", signed(standing.netted())),
                            ("net_owes", signed(standing.net_owes)),
                            ("net_is_owed", signed(standing.net_is_owed)),
                            ("position", standing.position),
                        ],
                        digits,
                    ),
                })
                .collect(),
            bilateral: netting
                .bilateral
                .iter()
                .map(|pair| BilateralJson {
                    first: &members[pair.first].code,
                    second: &members[pair.second].code,
                    amounts: Amounts(
                        [
                            ("first_owes", signed(pair.owed_by_first)),
                            ("second_owes", signed(pair.owed_by_second)),
                            ("net", pair.net()),
                        ],
                        digits,
                    ),
                })
                .collect(),
        }
    }
}

fn largest<'a>(concentration: Option<&Concentration>, members: &'a [MemberName], digits: u8) -> Vec<PartJson<'a>> {
    let Some(concentration) = concentration else { return Vec::new() };
    let parts = concentration.largest_first().iter().take(LARGEST);
    parts
        .map(|part| PartJson {
            code: &members[part.party].code,
            amount: Amounts([("amount", signed(part.amount))], digits),
            share: Ratio::new(part.amount, concentration.total()).map(Decimal),
        })
        .collect()
}

impl ConcentrationJson {
    fn new(concentration: &Concentration) -> Self {
        Self {
            members: concentration.largest_first().len(),
            herfindahl_hirschman_index: Decimal(concentration.index()),
            share_of_largest: Decimal(concentration.share_of_largest(1)),
            share_of_three_largest: Decimal(concentration.share_of_largest(3)),
        }
    }
}

/// Amounts by name, each as an integer in minor units, and as text in major units with so many decimals under the same
/// name with `_major` behind.
pub(super) struct Amounts<const N: usize>(pub(super) [(&'static str, i128); N], pub(super) u8);

impl<const N: usize> Serialize for Amounts<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2 * N))?;
        for (name, minor) in self.0 {
            map.serialize_entry(name, &minor)?;
            map.serialize_entry(&format!("{name}_major"), &money::format_amount(minor, self.1))?;
        }
        map.end()
    }
}

/// A ratio as a number with six decimals.
struct Decimal(Ratio);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Rounded by integers. What is left to the float is to carry six digits to the writer, which prints the shortest
        // decimal that reads back the same: exactly those digits.
        serializer.serialize_f64(scaled(self.0, 6) as f64 / 1e6)
    }
}
