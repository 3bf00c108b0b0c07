//! Currencies, integer amounts, exact rates and named roundings.
//!
//! An amount is an integer in minor units of its currency (cents of USD, fils of KWD, whole pesos of
//! CLP); how many decimals that makes is the currency's [`Currency::minor_digits`]. A [`Rate`] is an
//! exact fraction. Nothing here is a float, nothing wraps, and nothing is rounded unless the caller
//! names a [`Rounding`].
//!
//! ```
//! use money::{Currency, Rate, Rounding, format_amount, parse_amount};
//!
//! let ars = Currency::from_code("ARS")?;
//! let brl = Currency::from_code("BRL")?;
//! let amount = parse_amount("1000.00", ars.minor_digits())?;
//! // 0.04615 reais for one peso, the real being the unit of account.
//! let rate = Rate::parse("0.04615")?;
//! let converted = rate.convert(amount, ars.minor_digits(), brl.minor_digits(), Rounding::Down)?;
//! assert_eq!(format_amount(converted.into(), brl.minor_digits()), "46.15");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

mod amount;
mod currency;
mod decimal;
mod rate;
mod rounding;

pub use amount::{AmountError, format_amount, parse_amount};
pub use currency::{Currency, CurrencyError};
pub use decimal::{DecimalError, MAX_TEXT_BYTES};
pub use rate::{ConvertError, MAX_SCALE_DIGITS, Rate, RateError};
pub use rounding::Rounding;
