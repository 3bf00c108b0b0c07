//! Accounts that carry payments: those of a member itself and of its participants, by currency.

use super::AmountView;
use ledger::{AccountKey, Book};
use money::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use union::{Charter, Union};
use utoipa::ToSchema;

/// What a member itself, or a participant of it, has paid and been paid in a currency, and its caps there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// What it owns (positive) or owes (negative), since the union was founded.
    pub balance: AmountView,
    /// The most it may owe; null for no cap.
    pub debit_cap: Option<AmountView>,
    /// The most it may own; null for no cap.
    pub credit_cap: Option<AmountView>,
}

/// Currencies in which a union's payments can be made: its members' own and the unit of account, by ISO 4217 number.
pub(crate) fn payment_currencies(charter: &Charter) -> BTreeSet<Currency> {
    charter.members.iter().map(|member| member.currency).chain([charter.unit_of_account]).collect()
}

impl AccountView {
    /// The accounts of a participant, or of the member itself for participant 0, in those of these currencies in which
    /// anything was ever paid or capped.
    pub(crate) fn all(union: &Union, member: u16, participant: u32, currencies: &BTreeSet<Currency>) -> Vec<Self> {
        let view = |&currency: &Currency| {
            let key = AccountKey { book: Book(currency.numeric()), member, participant };
            union.ledger().find(key).map(|_| {
                let account = union.ledger().account(key);
                AccountView {
                    balance: AmountView::new(account.balance(), currency),
                    debit_cap: AmountView::of_cap(account.debit_cap, currency),
                    credit_cap: AmountView::of_cap(account.credit_cap, currency),
                }
            })
        };
        currencies.iter().filter_map(view).collect()
    }
}
