//! What the charter says about what a unit of account is worth: `[basket]`, `[rates]` and `asset_per_unit`.
//!
//! A basket holds a fixed amount of each of its currencies, found once from the weights and the rates of a base day, as for the special
//! drawing right (IMF, Decision No. 12281-(00/98) and "SDR Valuation": currency amounts are fixed so that on the base day each
//! currency's share is its weight):
//!
//! ```text
//! amount of a currency  a = value x weight / 100 / base rate
//! value of a unit       V = sum of  a x rate of the day
//! ```
//!
//! `value`, rates and V are in units of the reference currency. Amounts and values are counted in millionths of a millionth.

use crate::charter::{CharterError, rule};
use money::{Currency, Rate, Rounding};
use serde::Deserialize;

/// What prices are counted in: so many make one unit of the reference currency.
pub(crate) const PRICE_ONE: u64 = 1_000_000_000_000;

/// A hundred percent.
const WEIGHTS_ALL: u64 = 1_000_000;

/// The most currencies of a basket.
const CURRENCIES_MAX: usize = 16;

/// One currency of a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasketCurrency {
    /// The currency.
    pub currency: Currency,
    /// Its share on the base day, in ten-thousandths of a percent.
    pub weight: u64,
    /// What one of it was worth on the base day, in the reference currency.
    pub base_rate: Rate,
    /// How much of it is in a unit of account, in millionths of a millionth of its major unit. Rounded half to even, once.
    pub amount: u64,
}

/// A unit of account that is a basket of currencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The currency that rates are published in.
    pub reference: Currency,
    /// In the order of the charter.
    pub currencies: Vec<BasketCurrency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasketFile {
    reference: Currency,
    value: String,
    currencies: Vec<BasketCurrencyFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BasketCurrencyFile {
    currency: Currency,
    weight_percent: String,
    base_rate: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RatesFile {
    publisher: Option<String>,
}

/// Reads a rate that the charter names.
pub(crate) fn rate(key: String, text: &str) -> Result<Rate, CharterError> {
    Rate::parse(text).map_err(|error| rule(key, error.to_string()))
}

impl RatesFile {
    /// The number of the member that alone publishes rates.
    pub(crate) fn check(&self, codes: &[&str]) -> Result<Option<u16>, CharterError> {
        let Some(publisher) = &self.publisher else { return Ok(None) };
        let number = codes.iter().position(|code| code == publisher);
        number.map(|number| Some(number as u16)).ok_or_else(|| rule("rates.publisher", "is not the code of a member"))
    }
}

impl Basket {
    /// Decimals of a price, and of a currency's amount in a basket.
    pub const PRICE_DECIMALS: u8 = 12;

    /// Decimals of a weight in percent.
    pub const WEIGHT_DECIMALS: u8 = 4;

    pub(crate) fn check(file: BasketFile, unit: Currency, has_publisher: bool) -> Result<Basket, CharterError> {
        if !has_publisher {
            return Err(rule("basket", "needs rates.publisher: nobody's own currency says what the others are worth"));
        }
        if file.currencies.is_empty() || file.currencies.len() > CURRENCIES_MAX {
            return Err(rule("basket.currencies", format!("are not 1 to {CURRENCIES_MAX}")));
        }
        let value =
            money::parse_amount(&file.value, Self::PRICE_DECIMALS).map_err(|e| rule("basket.value", e.to_string()))?;
        let mut currencies: Vec<BasketCurrency> = Vec::with_capacity(file.currencies.len());
        for (at, from) in file.currencies.iter().enumerate() {
            let key = |name: &str| format!("basket.currencies[{at}].{name}");
            let currency = from.currency;
            if currency == unit || currencies.iter().any(|other| other.currency == currency) {
                return Err(rule(key("currency"), "is the unit of account itself, or is there twice"));
            }
            let weight = money::parse_amount(&from.weight_percent, Self::WEIGHT_DECIMALS);
            let weight = weight.map_err(|error| rule(key("weight_percent"), error.to_string()))?;
            let base_rate = rate(key("base_rate"), &from.base_rate)?;
            if currency == file.reference && base_rate.numerator() != base_rate.denominator() {
                return Err(rule(key("base_rate"), "is not 1, but the currency is the reference"));
            }
            // Both factors have 64 bits; what is not above nought after this is too small to count.
            let share = u128::from(value) * u128::from(weight) / u128::from(WEIGHTS_ALL);
            let amount = u64::try_from(share).ok().and_then(|share| {
                let per_unit = base_rate.reciprocal();
                per_unit.convert(share, Self::PRICE_DECIMALS, Self::PRICE_DECIMALS, Rounding::HalfEven).ok()
            });
            let amount = amount.filter(|&amount| amount > 0).ok_or_else(|| {
                rule(
                    key("weight_percent"),
                    "gives an amount of the currency that is nought, or beyond the range of amounts",
                )
            })?;
            currencies.push(BasketCurrency { currency, weight, base_rate, amount });
        }
        let sum: u64 = currencies.iter().map(|currency| currency.weight).fold(0, u64::saturating_add);
        if sum != WEIGHTS_ALL {
            let sum = money::format_amount(sum.into(), Self::WEIGHT_DECIMALS);
            return Err(rule("basket.currencies", format!("have weights that sum to {sum} percent, not to 100")));
        }
        Ok(Basket { reference: file.reference, currencies })
    }

    /// What a unit of account is worth, in prices; `price` gives that of each currency ([`price_of`]). `None` where one is
    /// missing, or beyond the range of amounts.
    pub(crate) fn value(&self, price: impl Fn(Currency) -> Option<Rate>) -> Option<u64> {
        self.currencies.iter().try_fold(0_u64, |sum, currency| {
            let worth = price(currency.currency)?.convert(currency.amount, 0, 0, Rounding::HalfEven).ok()?;
            sum.checked_add(worth)
        })
    }
}

/// The mean of a buying and a selling rate, as a price: each rounded half to even, their mean down.
pub(crate) fn price_of(buying: Rate, selling: Rate) -> Option<Rate> {
    let price = |rate: Rate| rate.convert(PRICE_ONE, 0, 0, Rounding::HalfEven).ok();
    Rate::new(price(buying)?.midpoint(price(selling)?), PRICE_ONE).ok()
}

/// What a currency with this rate in the reference currency is worth in units of account of this value.
pub(crate) fn in_units(rate: Rate, value: u64, rounding: Rounding) -> Option<Rate> {
    let price = rate.convert(PRICE_ONE, 0, 0, rounding).ok()?;
    let in_units = Rate::new(PRICE_ONE, value).ok()?.convert(price, 0, 0, rounding).ok()?;
    Rate::new(in_units, PRICE_ONE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str, weight: &str, base: &str) -> BasketCurrencyFile {
        BasketCurrencyFile { currency: code.parse().unwrap(), weight_percent: weight.into(), base_rate: base.into() }
    }

    fn half_and_half() -> Basket {
        let currencies = vec![currency("USD", "50", "1"), currency("EUR", "50", "1.25")];
        let file = BasketFile { reference: "USD".parse().unwrap(), value: "2".into(), currencies };
        Basket::check(file, "GBP".parse().unwrap(), true).unwrap()
    }

    /// Two dollars a unit, by halves, when a euro is 1.25: one dollar and 0.8 euros. When the euro falls to a dollar, 1.80.
    #[test]
    fn amounts_are_fixed_and_values_follow_rates() {
        let basket = half_and_half();
        let amounts: Vec<_> = basket.currencies.iter().map(|currency| currency.amount).collect();
        assert_eq!(amounts, [PRICE_ONE, PRICE_ONE / 10 * 8]);
        let value = |euro: &str| {
            let price = |currency: Currency| Rate::parse(if currency.code() == "EUR" { euro } else { "1" }).ok();
            basket.value(price).unwrap()
        };
        assert_eq!((value("1.25"), value("1"), value("2")), (2 * PRICE_ONE, PRICE_ONE / 10 * 18, PRICE_ONE / 10 * 26));
        assert_eq!(basket.value(|currency| (currency.code() == "USD").then(|| Rate::parse("1").unwrap())), None);
        let euro = in_units(Rate::parse("1.25").unwrap(), value("1.25"), Rounding::Down).unwrap();
        assert_eq!(euro, Rate::parse("0.625").unwrap());
        let mean = price_of(Rate::parse("1.2").unwrap(), Rate::parse("1.3").unwrap()).unwrap();
        assert_eq!(mean, Rate::parse("1.25").unwrap());
    }
}
