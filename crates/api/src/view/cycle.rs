//! Clearing cycles and their settlement legs.

use super::{AmountView, code, day_text, signed};
use crate::text::time_text;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use union::{Charter, Cycle, CycleStatus, Flows, Leg, Union};
use utoipa::ToSchema;

/// A clearing cycle. Amounts in the unit of account; while it is open, as they are so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CycleView {
    /// 1 for the first.
    pub number: u32,
    /// `open`, `closed` (legs wait for confirmation) or `settled`.
    pub status: String,
    /// First day of its period.
    pub first_day: String,
    /// When it opened.
    pub opened_at: String,
    /// When it is to close; once it is closed, when it did.
    pub closes_at: String,
    /// Orders and returns that settled in it.
    pub settled_orders: u64,
    /// Sum of all that settled between members.
    pub gross: AmountView,
    /// What would be paid after netting between each two.
    pub bilateral_net: AmountView,
    /// What is paid after netting among all.
    pub multilateral_net: AmountView,
    /// Number of its legs.
    pub legs: u32,
    /// Legs that are not confirmed yet.
    pub legs_open: u32,
    /// Members that agreed to close it early, by code.
    pub agreed: Vec<String>,
}

impl CycleView {
    /// A cycle; while it is open, with its figures so far.
    pub fn new(union: &Union, cycle: &Cycle) -> Self {
        if cycle.status() != CycleStatus::Open {
            return Self::of_row(union.charter(), cycle);
        }
        let flows = union.open_flows();
        let mut so_far = *cycle;
        so_far.gross = flows.gross();
        so_far.bilateral_net = flows.bilateral_net_total();
        so_far.multilateral_net = flows.multilateral_net_total();
        Self::of_row(union.charter(), &so_far)
    }

    pub(super) fn of_row(charter: &Charter, cycle: &Cycle) -> Self {
        let amount = |minor: u128| AmountView::new(signed(minor), charter.unit_of_account);
        let members = 0..charter.members.len() as u16;
        CycleView {
            number: cycle.number,
            status: status(cycle).to_owned(),
            first_day: day_text(cycle.first_day),
            opened_at: time_text(cycle.opened_at_ms),
            closes_at: time_text(cycle.closes_at_ms),
            settled_orders: cycle.settled_orders,
            gross: amount(cycle.gross),
            bilateral_net: amount(cycle.bilateral_net),
            multilateral_net: amount(cycle.multilateral_net),
            legs: cycle.legs,
            legs_open: cycle.legs_open,
            agreed: members.filter(|&member| cycle.has_agreed(member)).map(|member| code(charter, member)).collect(),
        }
    }
}

fn status(cycle: &Cycle) -> &'static str {
    match cycle.status() {
        CycleStatus::Open => "open",
        CycleStatus::Closed => "closed",
        CycleStatus::Settled => "settled",
    }
}

/// What members paid each other in a cycle, before netting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CycleFlowsView {
    /// The cycle.
    pub number: u32,
    /// `open`, `closed` or `settled`.
    pub status: String,
    /// The largest first. They sum to the cycle's `gross`.
    pub flows: Vec<FlowView>,
}

/// What one member paid another in a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowView {
    /// The member that paid, by code.
    pub debtor: String,
    /// The member that was paid, by code.
    pub creditor: String,
    /// All that settled from the one to the other, in the unit of account: more than nought.
    pub paid: AmountView,
}

impl CycleFlowsView {
    /// The flows of a cycle.
    pub fn new(charter: &Charter, cycle: &Cycle, flows: &Flows) -> Self {
        let pairs = flows.bilateral_positions();
        let both = pairs.flat_map(|pair| {
            [(pair.first, pair.second, pair.owed_by_first), (pair.second, pair.first, pair.owed_by_second)]
        });
        let mut paid: Vec<_> = both
            .filter(|&(.., paid)| paid > 0)
            .map(|(debtor, creditor, paid)| {
                (Reverse(paid), code(charter, debtor as u16), code(charter, creditor as u16))
            })
            .collect();
        paid.sort_unstable();
        let flows = paid.into_iter().map(|(Reverse(paid), debtor, creditor)| FlowView {
            debtor,
            creditor,
            paid: AmountView::new(signed(paid), charter.unit_of_account),
        });
        CycleFlowsView { number: cycle.number, status: status(cycle).to_owned(), flows: flows.collect() }
    }
}

/// A settlement leg: what one member is to pay another outside the union.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LegView {
    /// The cycle.
    pub cycle: u32,
    /// Its number in the cycle, from 0.
    pub number: u32,
    /// The member that pays, by code.
    pub debtor: String,
    /// The member that is paid, and that confirms, by code.
    pub creditor: String,
    /// What is to be paid, in the settlement asset.
    #[serde(flatten)]
    pub amount: AmountView,
    /// What it discharges, in the unit of account.
    pub discharges: AmountView,
    /// When its creditor confirmed it; null while it is open.
    pub confirmed_at: Option<String>,
    /// `open`, `confirmed`, or `closed_out`: the rest of it is not called for any more, since a side of it defaulted.
    pub status: String,
    /// The day by which it, or its next instalment, is due; null where the charter has no deadline, and once it is not open.
    pub due_on: Option<String>,
    /// In so many instalments it is paid; 0 for at once.
    pub instalments: u8,
    /// So many of them are paid.
    pub instalments_paid: u8,
    /// What is to be paid next, in the settlement asset: all of it, or the next instalment. Nought once it is not open.
    pub next: AmountView,
}

impl LegView {
    /// A leg.
    pub fn new(charter: &Charter, leg: &Leg) -> Self {
        let paid = leg.instalments_paid;
        let next = if leg.is_open() { leg.paid(paid + 1).1 - leg.paid(paid).1 } else { 0 };
        LegView {
            cycle: leg.cycle,
            number: leg.number,
            debtor: code(charter, leg.debtor),
            creditor: code(charter, leg.creditor),
            amount: AmountView::new(signed(leg.asset_amount), charter.settlement_asset),
            discharges: AmountView::new(signed(leg.unit_amount), charter.unit_of_account),
            confirmed_at: leg.is_confirmed().then(|| time_text(leg.confirmed_at_ms)),
            status: match (leg.is_confirmed(), leg.is_closed_out()) {
                (true, _) => "confirmed",
                (_, true) => "closed_out",
                _ => "open",
            }
            .to_owned(),
            due_on: (leg.is_open() && leg.due_day != 0).then(|| day_text(leg.due_day)),
            instalments: leg.instalments,
            instalments_paid: leg.instalments_paid,
            next: AmountView::new(signed(next), charter.settlement_asset),
        }
    }
}
