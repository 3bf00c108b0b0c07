//! What came of a simulation. [`simulate::simulation::outcome::Outcome`] writes it, here and for `comity simulate`; this is its form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What came of a simulation, as `comity simulate --output json` writes it. Amounts are integers in minor units of the unit of account,
/// of any size, and the totals stand a second time as text in major units. Ratios have six decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationView {
    /// What the rules are called.
    pub charter: String,
    /// The years.
    pub years: Vec<i16>,
    /// The seed of the orders.
    pub seed: u64,
    /// What went wrong, in words.
    pub shocks: Vec<String>,
    /// The currency of all amounts.
    pub unit_of_account: String,
    /// Its decimals.
    pub decimals: u8,
    /// Orders that were presented.
    pub orders: u64,
    /// Orders that settled.
    pub settled_orders: u64,
    /// Orders and commands that were rejected, refused, cancelled, or expired.
    pub refused_orders: u64,
    /// All orders that were presented.
    pub gross: u128,
    /// The same in major units.
    pub gross_major: String,
    /// What would be left of them after netting each pair, over the whole period.
    pub bilateral_net: u128,
    /// The same in major units.
    pub bilateral_net_major: String,
    /// What would be left of them after netting all, over the whole period.
    pub multilateral_net: u128,
    /// The same in major units.
    pub multilateral_net_major: String,
    /// What settled of them in the union.
    pub settled_gross: u128,
    /// The same in major units.
    pub settled_gross_major: String,
    /// What members paid each other in the settlement asset.
    pub settled_in_asset: u128,
    /// The same in major units.
    pub settled_in_asset_major: String,
    /// What settled less what was paid in the asset.
    pub liquidity_saved: u128,
    /// The same in major units.
    pub liquidity_saved_major: String,
    /// What debtors owe the union at the end.
    pub credit_extended: u128,
    /// The same in major units.
    pub credit_extended_major: String,
    /// The most that they were left owing at the close of a cycle.
    pub largest_credit_extended: u128,
    /// The same in major units.
    pub largest_credit_extended_major: String,
    /// Bilateral net by gross.
    pub bilateral_net_ratio: f64,
    /// Multilateral net by gross.
    pub multilateral_net_ratio: f64,
    /// What was settled in the asset by what settled in the union.
    pub settled_in_asset_ratio: f64,
    /// The most that a member owed at the end of a block.
    pub largest_exposure: ExposureView,
    /// How long orders waited.
    pub queue_delay: QueueDelayView,
    /// The members at the end.
    pub members: Vec<SimulatedMemberView>,
    /// The cycles.
    pub cycles: Vec<SimulatedCycleView>,
    /// Hash of the union's state at the end, in hexadecimal.
    pub state_hash: String,
}

/// The most that a member owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExposureView {
    /// Code of the member; empty where nobody ever owed anything.
    pub member: String,
    /// What it owed, in minor units.
    pub amount: u128,
    /// When; null where nobody ever owed anything.
    pub day: Option<String>,
}

/// How long orders waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueDelayView {
    /// Orders that waited and settled.
    pub delayed_orders: u64,
    /// How long they did on average.
    pub mean_seconds: u64,
    /// How long the longest did.
    pub longest_seconds: u64,
    /// Orders that did not settle.
    pub never_settled: u64,
    /// Their value, in minor units.
    pub never_settled_value: u128,
}

/// A member at the end of a simulation. Amounts in minor units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulatedMemberView {
    /// Its code.
    pub code: String,
    /// How it stands.
    pub standing: String,
    /// What it owns (positive) or owes.
    pub position: i128,
    /// The same, had nothing been settled in the asset.
    pub cumulative_position: i128,
    /// Its quota; null for none.
    pub quota: Option<u64>,
    /// The largest debit by the quota.
    pub quota_use: Option<f64>,
    /// The largest credit by the quota.
    pub quota_use_as_creditor: Option<f64>,
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
    /// What it defaulted on.
    pub defaulted: u128,
    /// What it had deposited before the first order (negative for the agent).
    pub deposit: i128,
}

/// A cycle of a simulation. Amounts in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulatedCycleView {
    /// From 1.
    pub number: u32,
    /// First day of its period.
    pub first_day: String,
    /// Day of its close.
    pub last_day: String,
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
    /// By member: cumulative position after the close.
    pub positions: Vec<i128>,
    /// By member: what of it is not called for.
    pub open_balances: Vec<i128>,
}

/// How figures are spread over simulations with several seeds. Amounts in minor units of the unit of account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpreadsView {
    /// What the rules are called.
    pub charter: String,
    /// Seeds, from the one that was asked for on.
    pub runs: u64,
    /// Orders in all of them.
    pub orders: u64,
    /// What members paid each other in the settlement asset.
    pub settled_in_asset: SpreadView,
    /// What debtors owe the union at the end.
    pub credit_extended: SpreadView,
    /// The most that a member owed.
    pub largest_exposure: SpreadView,
    /// Orders that did not settle, by value.
    pub never_settled_value: SpreadView,
    /// Charges on all members.
    pub charges: SpreadView,
    /// What all members defaulted on.
    pub defaulted: SpreadView,
}

/// How a figure is spread, each by nearest rank, so that it came up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpreadView {
    /// The least.
    pub least: u128,
    /// A twentieth is not above this.
    pub p5: u128,
    /// Half is not above this.
    pub median: u128,
    /// All but a twentieth are not above this.
    pub p95: u128,
    /// The most.
    pub most: u128,
}
