//! The tranche schedule: how much of a cumulative position is settled in the settlement asset, and how much stays as credit.
//!
//! What a cycle settles is the difference of the schedule between the cumulative position after it and before: so a reversal
//! gives settlement asset back. The schedule is a sum over slices of the quota, each with its own share in the asset:
//!
//! ```text
//! S(p) = sum over slices of  asset% x (the part of p within [from% x quota, to% x quota])
//! ```
//!
//! Boundaries are fractions of the quota and are never rounded; S itself is, once, down to a minor unit: towards credit.

use crate::charter::{CharterError, rule};
use serde::Deserialize;

/// A slice of the quota, in percent of it, and how much of it is settled in the asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tranche {
    /// Where it begins.
    #[serde(rename = "from_percent")]
    pub from: u32,
    /// Where it ends.
    #[serde(rename = "to_percent")]
    pub to: u32,
    /// Percent of it that is settled in the asset; the rest is credit.
    #[serde(rename = "asset_percent")]
    pub asset: u32,
}

/// The schedule of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From nought to the quota, without a gap. None where there are no quotas.
    pub tranches: Vec<Tranche>,
    /// Percent in the asset of what is above the quota; of everything where there are no tranches.
    pub above: u32,
}

impl Schedule {
    fn check(key: &str, tranches: Vec<Tranche>, above: u32) -> Result<Schedule, CharterError> {
        let mut end = 0;
        for (at, tranche) in tranches.iter().enumerate() {
            let key = |name: &str| format!("settlement.{key}[{at}].{name}");
            if tranche.from != end {
                let problem = if tranche.from > end { "leaves a gap after" } else { "overlaps what is said up to" };
                return Err(rule(key("from_percent"), format!("{problem} {end} percent of the quota")));
            }
            if tranche.to <= tranche.from || tranche.to > 100 {
                return Err(rule(key("to_percent"), "is not above from_percent, or is above 100"));
            }
            if tranche.asset > 100 {
                return Err(rule(key("asset_percent"), "is more than 100"));
            }
            end = tranche.to;
        }
        if !tranches.is_empty() && end != 100 {
            let key = format!("settlement.{key}[{}].to_percent", tranches.len() - 1);
            return Err(rule(key, format!("is {end}: the schedule does not reach 100 percent of the quota")));
        }
        Ok(Schedule { tranches, above })
    }

    /// What of a cumulative position of this size is settled in the asset, in minor units of the unit of account.
    pub fn asset(&self, position: u128, quota: u64) -> u128 {
        let quota = u128::from(quota);
        let mut ten_thousandths = 0;
        let mut counted = 0;
        for tranche in &self.tranches {
            // In hundredths of a minor unit, as the boundaries are percent of the quota.
            let (from, to) = (u128::from(tranche.from) * quota, u128::from(tranche.to) * quota);
            let within = (position * 100).clamp(from, to) - from;
            ten_thousandths += within * u128::from(tranche.asset);
            counted += within;
        }
        ten_thousandths += (position * 100 - counted) * u128::from(self.above);
        ten_thousandths / 10_000
    }
}

/// How cumulative positions are settled: `[settlement]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementRules {
    /// Of members that owe.
    pub debtor: Schedule,
    /// Of members that own.
    pub creditor: Schedule,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettlementFile {
    asset_percent: Option<u32>,
    debtor: Vec<Tranche>,
    creditor: Vec<Tranche>,
    debtor_above_percent: Option<u32>,
    creditor_above_percent: Option<u32>,
}

impl SettlementRules {
    pub(crate) fn check(file: SettlementFile, has_quotas: bool) -> Result<SettlementRules, CharterError> {
        let has_tranches = !file.debtor.is_empty() || !file.creditor.is_empty();
        let above = [
            ("debtor_above_percent", file.debtor_above_percent),
            ("creditor_above_percent", file.creditor_above_percent),
        ];
        let mut percents = above.into_iter().chain([("asset_percent", file.asset_percent)]);
        if let Some((name, _)) = percents.find(|(_, percent)| percent.is_some_and(|percent| percent > 100)) {
            return Err(rule(format!("settlement.{name}"), "is more than 100"));
        }
        if has_tranches {
            if file.asset_percent.is_some() {
                return Err(rule("settlement.asset_percent", "says what the tranches say; leave it or them out"));
            }
            if file.debtor.is_empty() || file.creditor.is_empty() {
                let missing = if file.debtor.is_empty() { "debtor" } else { "creditor" };
                return Err(rule(
                    format!("settlement.{missing}"),
                    "is missing: both sides have a schedule, or neither",
                ));
            }
            if !has_quotas {
                return Err(rule("settlement.debtor", "has slices of a quota, but a member has none"));
            }
        } else if let Some((name, _)) = above.into_iter().find(|(_, percent)| percent.is_some()) {
            return Err(rule(format!("settlement.{name}"), "is about what is above tranches, and there are none"));
        }
        let flat = file.asset_percent.unwrap_or(100);
        let above = |percent: Option<u32>| if has_tranches { percent.unwrap_or(100) } else { flat };
        Ok(SettlementRules {
            debtor: Schedule::check("debtor", file.debtor, above(file.debtor_above_percent))?,
            creditor: Schedule::check("creditor", file.creditor, above(file.creditor_above_percent))?,
        })
    }

    /// What of a cumulative position is settled in the asset: with its sign, in minor units of the unit of account.
    pub fn settled(&self, position: i128, quota: u64) -> i128 {
        let schedule = if position < 0 { &self.debtor } else { &self.creditor };
        // No more than the position, which the books bound far below.
        schedule.asset(position.unsigned_abs(), quota) as i128 * position.signum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tranches(slices: &[(u32, u32, u32)]) -> Vec<Tranche> {
        slices.iter().map(|&(from, to, asset)| Tranche { from, to, asset }).collect()
    }

    /// The European Payments Union of 1950: a debtor's five slices, by hand.
    #[test]
    fn slices_by_hand() {
        let slices = [(0, 20, 0), (20, 40, 20), (40, 60, 40), (60, 80, 60), (80, 100, 80)];
        let schedule = Schedule::check("debtor", tranches(&slices), 100).unwrap();
        for (position, asset) in [(0, 0), (200, 0), (400, 40), (600, 120), (800, 240), (1_000, 400), (1_250, 650)] {
            assert_eq!(schedule.asset(position, 1_000), asset, "{position}");
        }
        assert_eq!(schedule.asset(205, 1_000), 1, "a fifth of five");
        assert_eq!(schedule.asset(204, 1_000), 0, "0.8 is rounded down: towards credit");
        assert_eq!(schedule.asset(4, 3), 1 + 1, "1.2 within a quota of three, and all of one above it, once rounded");
    }

    proptest! {
        /// S is nought at nought, never falls, and grows by no more than the position does: so no cycle settles more than it moved,
        /// but for the one minor unit that rounding may shift.
        #[test]
        fn a_schedule_is_monotone(
            cuts in prop::collection::btree_set(1..100_u32, 0..5),
            assets in prop::collection::vec(0..=100_u32, 6),
            above in 0..=100_u32,
            quota in 1..1_000_u64,
            position in 0..3_000_u128,
            more in 0..3_000_u128,
        ) {
            let ends: Vec<u32> = cuts.into_iter().chain([100]).collect();
            let starts = [0].into_iter().chain(ends.iter().copied());
            let slices: Vec<_> = starts.zip(&ends).zip(&assets).map(|((from, &to), &asset)| (from, to, asset)).collect();
            let schedule = Schedule::check("debtor", tranches(&slices), above).unwrap();
            let (low, high) = (schedule.asset(position, quota), schedule.asset(position + more, quota));
            prop_assert_eq!(schedule.asset(0, quota), 0);
            prop_assert!(low <= high && high - low <= more + 1 && high <= position + more);
        }
    }
}
