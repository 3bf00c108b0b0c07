//! What came of a simulation: plain data, as JSON for programs and as [text](Outcome::text) for people.

mod text;

use money::{Currency, format_amount};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use union::Day;

/// A ratio in millionths, rounded half up: exact integer arithmetic up to then.
pub(crate) fn millionths(part: u128, whole: u128) -> u64 {
    let ratio = clearing::Ratio::new(part, whole);
    ratio.map_or(0, |ratio| u64::try_from(crate::report::millionths(ratio)).unwrap_or(u64::MAX))
}

/// Amounts of the whole period, in minor units of the unit of account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All orders that were presented.
    pub gross: u128,
    /// What would be left of them after netting each pair, over the whole period.
    pub bilateral_net: u128,
    /// What would be left of them after netting all, over the whole period.
    pub multilateral_net: u128,
    /// What settled of them in the union.
    pub settled_gross: u128,
    /// What members paid each other in the settlement asset.
    pub settled_in_asset: u128,
    /// What debtors owe the union at the end.
    pub credit_extended: u128,
    /// The most that they were left owing at the close of a cycle.
    pub largest_credit_extended: u128,
}

/// The most that a member owed at the end of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The member; empty where nobody ever owed anything.
    pub member: String,
    /// What it owed, in minor units of the unit of account.
    pub amount: u128,
    /// When.
    pub day: Day,
}

impl Default for Exposure {
    fn default() -> Self {
        Exposure { member: String::new(), amount: 0, day: Day(0) }
    }
}

/// How long orders waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueDelay {
    /// Orders that waited and settled.
    pub delayed_orders: u64,
    /// How long they did on average.
    pub mean_seconds: u64,
    /// How long the longest did.
    pub longest_seconds: u64,
    /// Orders that did not settle.
    pub never_settled: u64,
    /// Their value, in minor units of the unit of account.
    pub never_settled_value: u128,
}

/// A cycle. Amounts in minor units of the unit of account; lists by member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CycleOutcome {
    /// From 1.
    pub number: u32,
    /// First day of its period.
    pub first_day: Day,
    /// Day of its close.
    pub last_day: Day,
    /// Orders that settled in it.
    pub settled_orders: u64,
    /// Their sum.
    pub gross: u128,
    /// What is left after netting each pair.
    pub bilateral_net: u128,
    /// What is left after netting all.
    pub multilateral_net: u128,
    /// What its close called for in the asset.
    pub called_in_asset: u128,
    /// What debtors owe beside that.
    pub left_as_credit: u128,
    /// Cumulative positions after the close.
    pub positions: Vec<i128>,
    /// What of them is not called for.
    pub open_balances: Vec<i128>,
}

/// A member at the end. Amounts in minor units of the unit of account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberOutcome {
    /// Its code.
    pub code: String,
    /// How it stands.
    pub standing: &'static str,
    /// What it owns (positive) or owes.
    pub position: i128,
    /// The same, had nothing been settled in the asset.
    pub cumulative_position: i128,
    /// Its quota; 0 for none.
    pub quota: u64,
    /// The largest debit by the quota, in millionths.
    pub quota_use: Option<u64>,
    /// The largest credit by the quota, in millionths.
    pub quota_use_as_creditor: Option<u64>,
    /// The most that it owed at the end of a block.
    pub largest_debit: u128,
    /// The most that it owned at the end of a block.
    pub largest_credit: u128,
    /// What it paid in the asset.
    pub asset_paid: u128,
    /// What it was paid in the asset.
    pub asset_received: u128,
    /// Charges that it bore.
    pub charges: u128,
    /// Interest that it paid.
    pub interest_paid: u128,
    /// Interest that it was paid.
    pub interest_received: u128,
    /// Its shares in losses.
    pub losses: u128,
    /// What it had deposited before the first order (negative for the agent).
    pub deposit: i128,
    /// What it defaulted on.
    pub defaulted: u128,
}

/// What came of a simulation.
///
/// In JSON amounts are integers in minor units of the unit of account, and the totals stand a second time as text in major units
/// (`gross_major`). Ratios are numbers with six decimals, rounded half up from the exact fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the rules are called.
    pub charter: String,
    /// The years.
    pub years: Vec<i16>,
    /// The seed of the orders.
    pub seed: u64,
    /// What went wrong, in words.
    pub shocks: Vec<String>,
    /// The currency of all amounts.
    pub unit_of_account: Currency,
    /// Orders that were presented.
    pub orders: u64,
    /// Orders that settled.
    pub settled_orders: u64,
    /// Orders and commands that were rejected, refused, cancelled, or expired.
    pub refused_orders: u64,
    /// Amounts of the whole period.
    pub totals: Totals,
    /// The most that a member owed.
    pub largest_exposure: Exposure,
    /// How long orders waited.
    pub queue_delay: QueueDelay,
    /// The cycles.
    pub cycles: Vec<CycleOutcome>,
    /// The members.
    pub members: Vec<MemberOutcome>,
    /// Hash of the union's state at the end, in hexadecimal.
    pub state_hash: String,
}

/// A ratio in millionths as a number. Only here do ratios become binary fractions: in JSON.
struct Millionths(u64);

impl Serialize for Millionths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1e6)
    }
}

impl Outcome {
    /// Multilateral net by gross, in millionths.
    #[must_use]
    pub fn multilateral_ratio(&self) -> u64 {
        millionths(self.totals.multilateral_net, self.totals.gross)
    }

    /// Bilateral net by gross, in millionths.
    #[must_use]
    pub fn bilateral_ratio(&self) -> u64 {
        millionths(self.totals.bilateral_net, self.totals.gross)
    }

    /// What was settled in the asset by what settled in the union, in millionths.
    #[must_use]
    pub fn asset_ratio(&self) -> u64 {
        millionths(self.totals.settled_in_asset, self.totals.settled_gross)
    }

    /// An amount in major units.
    #[must_use]
    pub fn major(&self, amount: i128) -> String {
        format_amount(amount, self.unit_of_account.minor_digits())
    }

    /// Totals by name, in the order in which they are told.
    #[must_use]
    pub fn named_totals(&self) -> [(&'static str, u128); 8] {
        let totals = &self.totals;
        [
            ("gross", totals.gross),
            ("bilateral_net", totals.bilateral_net),
            ("multilateral_net", totals.multilateral_net),
            ("settled_gross", totals.settled_gross),
            ("settled_in_asset", totals.settled_in_asset),
            ("liquidity_saved", totals.settled_gross.saturating_sub(totals.settled_in_asset)),
            ("credit_extended", totals.credit_extended),
            ("largest_credit_extended", totals.largest_credit_extended),
        ]
    }
}

/// Millionths as percent with one decimal, rounded half up.
pub(crate) fn percent(millionths: u64) -> String {
    let tenths = (millionths + 500) / 1_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

impl Serialize for Exposure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Exposure", 3)?;
        map.serialize_field("member", &self.member)?;
        map.serialize_field("amount", &self.amount)?;
        map.serialize_field("day", &(self.amount > 0).then_some(self.day))?;
        map.end()
    }
}

impl Serialize for MemberOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("standing", self.standing)?;
        map.serialize_entry("position", &self.position)?;
        map.serialize_entry("cumulative_position", &self.cumulative_position)?;
        map.serialize_entry("quota", &(self.quota > 0).then_some(self.quota))?;
        map.serialize_entry("quota_use", &self.quota_use.map(Millionths))?;
        map.serialize_entry("quota_use_as_creditor", &self.quota_use_as_creditor.map(Millionths))?;
        for (name, amount) in [
            ("largest_debit", self.largest_debit),
            ("largest_credit", self.largest_credit),
            ("asset_paid", self.asset_paid),
            ("asset_received", self.asset_received),
            ("charges", self.charges),
            ("interest_paid", self.interest_paid),
            ("interest_received", self.interest_received),
            ("losses", self.losses),
            ("defaulted", self.defaulted),
        ] {
            map.serialize_entry(name, &amount)?;
        }
        map.serialize_entry("deposit", &self.deposit)?;
        map.end()
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("charter", &self.charter)?;
        map.serialize_entry("years", &self.years)?;
        map.serialize_entry("seed", &self.seed)?;
        map.serialize_entry("shocks", &self.shocks)?;
        map.serialize_entry("unit_of_account", &self.unit_of_account)?;
        map.serialize_entry("decimals", &self.unit_of_account.minor_digits())?;
        map.serialize_entry("orders", &self.orders)?;
        map.serialize_entry("settled_orders", &self.settled_orders)?;
        map.serialize_entry("refused_orders", &self.refused_orders)?;
        for (name, amount) in self.named_totals() {
            map.serialize_entry(name, &amount)?;
            map.serialize_entry(&format!("{name}_major"), &self.major(amount.cast_signed()))?;
        }
        map.serialize_entry("bilateral_net_ratio", &Millionths(self.bilateral_ratio()))?;
        map.serialize_entry("multilateral_net_ratio", &Millionths(self.multilateral_ratio()))?;
        map.serialize_entry("settled_in_asset_ratio", &Millionths(self.asset_ratio()))?;
        map.serialize_entry("largest_exposure", &self.largest_exposure)?;
        map.serialize_entry("queue_delay", &self.queue_delay)?;
        map.serialize_entry("members", &self.members)?;
        map.serialize_entry("cycles", &self.cycles)?;
        map.serialize_entry("state_hash", &self.state_hash)?;
        map.end()
    }
}
