//! A unit of account that is a basket of currencies.

use super::RatesView;
use money::format_amount;
use serde::{Deserialize, Serialize};
use union::{Basket, BasketCurrency, Union};
use utoipa::ToSchema;

/// A unit of account that is a basket of currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BasketView {
    /// ISO 4217 code of the currency that rates are published in.
    pub reference: String,
    /// What a unit is worth in it by the rates in force, with twelve decimals; null while one is not published.
    pub value: Option<String>,
    /// What is in it.
    pub currencies: Vec<BasketCurrencyView>,
}

/// A currency of a basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BasketCurrencyView {
    /// ISO 4217 code.
    pub currency: String,
    /// Its share on the base day, in percent.
    pub weight_percent: String,
    /// How much of it is in a unit, with twelve decimals.
    pub amount: String,
    /// Its rates in the reference currency that are in force.
    pub rates: Option<RatesView>,
    /// Those that will be.
    pub next_rates: Option<RatesView>,
}

impl BasketView {
    /// The basket, and what it is worth now; `None` where the unit of account is not one.
    pub fn new(union: &Union) -> Option<Self> {
        let basket = union.charter().basket.as_ref()?;
        let decimal = |amount: u64| format_amount(amount.into(), Basket::PRICE_DECIMALS);
        let currency = |(place, currency): (usize, &BasketCurrency)| {
            let [rates, next_rates] = union.basket_rates(place).map(RatesView::new);
            BasketCurrencyView {
                currency: currency.currency.code().to_owned(),
                weight_percent: format_amount(currency.weight.into(), Basket::WEIGHT_DECIMALS),
                amount: decimal(currency.amount),
                rates,
                next_rates,
            }
        };
        Some(BasketView {
            reference: basket.reference.code().to_owned(),
            value: union.basket_value().map(decimal),
            currencies: basket.currencies.iter().enumerate().map(currency).collect(),
        })
    }
}
