//! The union as a whole, and its members' own settings.

use super::{AccountView, AmountView, CycleView, code, day_text, hex, payment_currencies};
use crate::text::{SetRule, time_text};
use ledger::AccountKey;
use money::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use union::{Participant, Rates, Union, padded_text};
use utoipa::ToSchema;

/// The union: who it is, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnionView {
    /// Its name.
    pub name: String,
    /// Its identity: hash of the charter, hexadecimal.
    pub hash: String,
    /// Height of the last block.
    pub height: u64,
    /// Hash of the last block (of the charter before the first), hexadecimal.
    pub block: String,
    /// State hash after it, hexadecimal.
    pub state: String,
    /// Time of the last block.
    pub time: String,
    /// The day on the union's clock.
    pub today: String,
    /// ISO 4217 code of the currency that positions are kept in.
    pub unit_of_account: String,
    /// ISO 4217 code of the currency that settlement legs are paid in.
    pub settlement_asset: String,
    /// The open cycle.
    pub cycle: CycleView,
    /// Orders that are held or queued.
    pub open_orders: u64,
    /// Orders that have ended.
    pub ended_orders: u64,
    /// The members, in the order of their numbers.
    pub members: Vec<MemberSummary>,
}

/// A member in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberSummary {
    /// Its number.
    pub number: u16,
    /// Its code.
    pub code: String,
    /// Its full name.
    pub name: String,
    /// ISO 4217 code of its own currency.
    pub currency: String,
}

/// A member with its limits, rules and rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// Number, code, name, currency.
    #[serde(flatten)]
    pub member: MemberSummary,
    /// Ed25519 key that its batches are signed with, hexadecimal.
    pub signing_key: String,
    /// X25519 key that customer detail is encrypted to, hexadecimal.
    pub sealing_key: String,
    /// The sequence that its next batch may have; a higher one may be used as well.
    pub next_sequence: u64,
    /// Caps and reservations of its position.
    pub limits: LimitsView,
    /// Its acceptance rules, in the order in which they are asked.
    pub rules: Vec<SetRule>,
    /// Rates of its currency that are in force.
    pub rates: Option<RatesView>,
    /// Rates that will be.
    pub next_rates: Option<RatesView>,
    /// Its own accounts, which payments without a participant go through: one for each currency in which it has paid, was
    /// paid, or has a cap.
    pub accounts: Vec<AccountView>,
    /// How many participants it has registered.
    pub participants: u64,
}

/// Caps and reservations of a position, in the unit of account. No cap is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitsView {
    /// The most the charter lets it owe.
    pub charter_debit_cap: Option<AmountView>,
    /// The most the charter lets it own.
    pub charter_credit_cap: Option<AmountView>,
    /// The most it may owe now.
    pub debit_cap: Option<AmountView>,
    /// The most it may own now.
    pub credit_cap: Option<AmountView>,
    /// The part of the debit cap that is kept for urgent orders.
    pub reserved_urgent: AmountView,
    /// The part that is kept for urgent and high orders, beyond that.
    pub reserved_high: AmountView,
}

/// Two published rates, units of account per unit of the currency, as exact fractions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RatesView {
    /// First day on which they apply.
    pub from_day: String,
    /// What a creditor gets.
    pub buying: String,
    /// What a debtor gives.
    pub selling: String,
}

/// An institution that a member sponsors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParticipantView {
    /// The member, by code.
    pub member: String,
    /// Its number at the member.
    pub number: u32,
    /// BIC or LEI.
    pub identifier: String,
    /// Name.
    pub name: String,
    /// Its accounts: one for each currency in which it has paid, was paid, or has a cap.
    pub accounts: Vec<AccountView>,
}

impl UnionView {
    /// The union now.
    pub fn new(union: &Union) -> Self {
        let charter = union.charter();
        UnionView {
            name: charter.name.clone(),
            hash: hex(&charter.hash()),
            height: union.height(),
            block: hex(&union.parent()),
            state: hex(&union.state()),
            time: time_text(union.time_ms()),
            today: union.today().to_string(),
            unit_of_account: charter.unit_of_account.code().to_owned(),
            settlement_asset: charter.settlement_asset.code().to_owned(),
            cycle: CycleView::new(union, union.open_cycle_row()),
            open_orders: union.orders().open_count().into(),
            ended_orders: union.orders().all_closed().len() as u64,
            members: (0..charter.members.len() as u16).map(|member| MemberSummary::new(union, member)).collect(),
        }
    }
}

impl MemberSummary {
    fn new(union: &Union, number: u16) -> Self {
        let member = &union.charter().members[usize::from(number)];
        MemberSummary {
            number,
            code: member.code.clone(),
            name: member.name.clone(),
            currency: member.currency.code().to_owned(),
        }
    }
}

impl MemberView {
    /// The member with this number, which must be one.
    pub fn new(union: &Union, number: u16) -> Self {
        let charter = union.charter();
        let member = &charter.members[usize::from(number)];
        let position = union.ledger().position(number);
        let unit = charter.unit_of_account;
        let [rates, next_rates] = union.rates(number).map(RatesView::new);
        MemberView {
            member: MemberSummary::new(union, number),
            signing_key: hex(&member.signing_key),
            sealing_key: hex(&member.sealing_key),
            next_sequence: union.sequence(number).saturating_add(1),
            limits: LimitsView {
                charter_debit_cap: AmountView::of_cap(member.debit_cap, unit),
                charter_credit_cap: AmountView::of_cap(member.credit_cap, unit),
                debit_cap: AmountView::of_cap(position.debit_cap, unit),
                credit_cap: AmountView::of_cap(position.credit_cap, unit),
                reserved_urgent: AmountView::new(position.reserved_urgent.into(), unit),
                reserved_high: AmountView::new(position.reserved_high.into(), unit),
            },
            rules: union.rules(number).map(|rule| SetRule::write(charter, rule)).collect(),
            rates,
            next_rates,
            accounts: AccountView::all(union, number, 0, &payment_currencies(charter)),
            participants: union.participants().iter().filter(|row| row.member == number).count() as u64,
        }
    }
}

impl RatesView {
    fn new(rates: &Rates) -> Option<Self> {
        let (buying, selling) = rates.rates()?;
        let text = |rate: money::Rate| rate.to_string();
        Some(RatesView { from_day: day_text(rates.from_day), buying: text(buying), selling: text(selling) })
    }
}

impl ParticipantView {
    /// A participant, with its accounts in those of these currencies that it has any in.
    pub(crate) fn new(union: &Union, row: &Participant, currencies: &BTreeSet<Currency>) -> Self {
        debug_assert_ne!(row.member, AccountKey::UNION, "the union sponsors nobody");
        ParticipantView {
            member: code(union.charter(), row.member),
            number: row.number,
            identifier: padded_text(&row.identifier).to_owned(),
            name: padded_text(&row.name).to_owned(),
            accounts: AccountView::all(union, row.member, row.number, currencies),
        }
    }
}
