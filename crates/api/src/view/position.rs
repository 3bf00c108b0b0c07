//! Members' positions.

use super::{AmountView, code, day_text, signed};
use crate::day_flow::{Currencies, DayFlow, Side};
use ledger::{Account, AccountKey, NO_CAP};
use serde::{Deserialize, Serialize};
use union::Union;
use utoipa::ToSchema;

/// A member's position, in the unit of account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PositionView {
    /// The member, by code.
    pub member: String,
    /// What it owns (positive) or owes (negative).
    pub balance: AmountView,
    /// What legs of closed cycles call on it to pay.
    pub to_pay: AmountView,
    /// What such legs are to bring it.
    pub to_receive: AmountView,
    /// The part of the balance that no closed cycle has called for.
    pub open_balance: AmountView,
    /// The most it may owe; null for no cap.
    pub debit_cap: Option<AmountView>,
    /// The most it may own; null for no cap.
    pub credit_cap: Option<AmountView>,
    /// How much more it may pay within its debit cap, reservations not deducted; null for no cap.
    pub can_pay: Option<AmountView>,
    /// How much more it may be paid within its credit cap; null for no cap.
    pub can_receive: Option<AmountView>,
    /// Its quota; null for none.
    pub quota: Option<AmountView>,
    /// What it would own or owe had nothing ever been settled: what the tranche schedule is of.
    pub cumulative: AmountView,
    /// Charges, interest and shares in losses that its caps had no room for yet: negative for what it is still to pay.
    pub dues: AmountView,
    /// What it defaulted on and has not paid off.
    pub claim: AmountView,
    /// Its lines with other members in the open cycle, where anything settled or a limit is set.
    pub bilateral: Vec<BilateralView>,
}

/// What a member has paid and was paid on a day, by currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayFlowView {
    /// The day on the union's clock.
    pub day: String,
    /// Orders of the member that settled on it, returns among them.
    pub paid: Vec<SettledView>,
    /// The same of orders to it.
    pub received: Vec<SettledView>,
}

/// Orders of one currency that settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettledView {
    /// How many.
    pub orders: u64,
    /// Their sum.
    #[serde(flatten)]
    pub amount: AmountView,
}

impl DayFlowView {
    /// What settled today, as far as the union has come.
    pub(crate) fn new(union: &Union, flow: &mut DayFlow, member: u16) -> Self {
        flow.follow(union);
        let view = |currencies: Currencies| {
            let settled = currencies.into_iter().map(|(currency, settled)| SettledView {
                orders: settled.orders,
                amount: AmountView::of_number(signed(settled.sum), currency),
            });
            settled.collect()
        };
        let [paid, received] = [Side::Debtor, Side::Creditor].map(|side| view(flow.of(member, side)));
        DayFlowView { day: day_text(union.today().0), paid, received }
    }
}

/// The union's own accounts in the book of positions, in the unit of account. They belong to all members together;
/// with the members' balances, dues and claims they sum to zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnionAccountsView {
    /// Rate differences: what the buying and selling rates of converted orders left between their two sides.
    pub exchange: AmountView,
    /// Roundings: the fractions of minor units that conversions left.
    pub rounding: AmountView,
    /// Charges on balances.
    pub charges: AmountView,
    /// Interest of debtors that was not paid to creditors.
    pub interest: AmountView,
    /// What members and these accounts bore of defaults and has not come back.
    pub losses: AmountView,
}

impl UnionAccountsView {
    /// The union's own accounts.
    pub fn new(union: &Union) -> Self {
        let unit = union.charter().unit_of_account;
        let balance = |key| AmountView::new(union.ledger().account(key).balance(), unit);
        UnionAccountsView {
            exchange: balance(AccountKey::exchange()),
            rounding: balance(AccountKey::rounding()),
            charges: balance(AccountKey::charges()),
            interest: balance(AccountKey::interest()),
            losses: balance(AccountKey::losses()),
        }
    }
}

/// A member's line with another, in the unit of account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BilateralView {
    /// The other member, by code.
    pub counterparty: String,
    /// Paid to it in the open cycle.
    pub paid: AmountView,
    /// Received from it in the open cycle.
    pub received: AmountView,
    /// `received - paid`: positive for what the other owes, net.
    pub net: AmountView,
    /// The member's own limit on what it may owe the other, net; null for none.
    pub debit_limit: Option<AmountView>,
    /// Its limit on what the other may owe it, net; null for none.
    pub credit_limit: Option<AmountView>,
}

impl PositionView {
    /// The position of the member with this number, which must be one.
    pub fn new(union: &Union, member: u16) -> Self {
        let charter = union.charter();
        let unit = charter.unit_of_account;
        let position: &Account = union.ledger().position(member);
        let quota = charter.members[usize::from(member)].quota;
        let rest = |cap: u64, used: u128| {
            (cap != NO_CAP).then(|| AmountView::new(signed(u128::from(cap).saturating_sub(used)), unit))
        };
        let bilateral = (0..charter.members.len() as u16).filter_map(|other| {
            let (out, back) = (union.ledger().line(member, other), union.ledger().line(other, member));
            let limits = (out.debit_limit, back.credit_limit);
            let is_idle = out.gross == 0 && back.gross == 0 && limits == (NO_CAP, NO_CAP);
            (other != member && !is_idle).then(|| BilateralView {
                counterparty: code(charter, other),
                paid: AmountView::new(signed(out.gross), unit),
                received: AmountView::new(signed(back.gross), unit),
                net: AmountView::new(signed(back.gross) - signed(out.gross), unit),
                debit_limit: AmountView::of_cap(limits.0, unit),
                credit_limit: AmountView::of_cap(limits.1, unit),
            })
        });
        PositionView {
            member: code(charter, member),
            balance: AmountView::new(position.balance(), unit),
            to_pay: AmountView::new(signed(position.to_pay), unit),
            to_receive: AmountView::new(signed(position.to_receive), unit),
            open_balance: AmountView::new(position.open_balance(), unit),
            debit_cap: AmountView::of_cap(position.debit_cap, unit),
            credit_cap: AmountView::of_cap(position.credit_cap, unit),
            can_pay: rest(position.debit_cap, position.owes_at_most()),
            can_receive: rest(position.credit_cap, position.owns_at_most()),
            quota: (quota > 0).then(|| AmountView::new(quota.into(), unit)),
            cumulative: AmountView::new(union.cumulative_position(member), unit),
            dues: AmountView::new(union.ledger().account(AccountKey::dues(member)).balance(), unit),
            claim: AmountView::new(signed(union.claim(member)), unit),
            bilateral: bilateral.collect(),
        }
    }
}
