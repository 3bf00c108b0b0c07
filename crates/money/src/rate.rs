//! Published rates as exact fractions, and conversion by them.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::Rounding;
use crate::decimal::{Decimal, DecimalError};

/// Largest difference between the decimals of the two sides of a conversion.
pub const MAX_SCALE_DIGITS: u8 = 18;

/// Units of account (major) that one major unit of a currency is worth: an exact, reduced, positive
/// fraction.
///
/// Ordered and compared by value. A currency has two published rates, one for each direction; neither
/// is computed from the other.
///
/// In JSON: `{"numerator": 923, "denominator": 20000}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Fraction")]
pub struct Rate {
    // Reduced by their greatest common divisor, so that equal fields and equal values are the same.
    numerator: NonZeroU64,
    denominator: NonZeroU64,
}

/// A rate as read, before it is checked and reduced.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fraction {
    numerator: u64,
    denominator: u64,
}

/// Why something is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// It is not an unsigned decimal number.
    #[error(transparent)]
    Text(#[from] DecimalError),
    /// Zero above or below the line.
    #[error("a rate and its inverse must be above zero")]
    Zero,
    /// The reduced fraction does not fit two 64-bit numbers.
    #[error("the rate has more digits than can be kept exactly, write at most 19 in all")]
    TooPrecise,
}

/// Why an amount could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The result is more than 64 bits of minor units hold.
    #[error("{amount} minor units at the rate {rate} are more than the largest amount, {} minor units", u64::MAX)]
    Overflow {
        /// The amount to be converted, in minor units of its currency.
        amount: u64,
        /// The rate asked for.
        rate: Rate,
    },
    /// No pair of currencies differs by so many decimals.
    #[error(
        "{from_digits} and {to_digits} decimals are too far apart to convert, at most {MAX_SCALE_DIGITS} are allowed"
    )]
    Scale {
        /// Decimals of the amount given.
        from_digits: u8,
        /// Decimals of the amount wanted.
        to_digits: u8,
    },
}

impl Rate {
    /// One to one.
    pub const ONE: Rate = Rate { numerator: NonZeroU64::MIN, denominator: NonZeroU64::MIN };

    /// `numerator / denominator` units of account for one unit of the currency, reduced.
    ///
    /// # Errors
    /// [`RateError::Zero`] when either is zero.
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, RateError> {
        Self::reduced(numerator.into(), denominator.into())
    }

    /// Reads a rate as published directly: units of account for one unit of the currency, such as
    /// `0.04615` reais for a peso.
    ///
    /// # Errors
    /// When the text is no unsigned decimal number, is zero, or has too many digits to be kept exactly.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let Decimal { mantissa, decimals } = Decimal::parse(text)?;
        let scale = 10_u128.checked_pow(decimals.into()).ok_or(RateError::TooPrecise)?;
        Self::reduced(mantissa, scale)
    }

    /// Reads a rate as published the other way round: units of the currency for one unit of account,
    /// such as `21.66815` pesos for a real. Exact: nothing is divided.
    ///
    /// # Errors
    /// As [`Rate::parse`].
    pub fn parse_inverse(text: &str) -> Result<Self, RateError> {
        Self::parse(text).map(Self::reciprocal)
    }

    /// The exact inverse. For the way back, use the rate published for it instead, where there is one.
    #[must_use]
    pub fn reciprocal(self) -> Self {
        Rate { numerator: self.denominator, denominator: self.numerator }
    }

    /// Units of account, above the line of the reduced fraction.
    pub fn numerator(self) -> u64 {
        self.numerator.get()
    }

    /// Units of the currency, below the line of the reduced fraction.
    pub fn denominator(self) -> u64 {
        self.denominator.get()
    }

    fn reduced(numerator: u128, denominator: u128) -> Result<Self, RateError> {
        if numerator == 0 || denominator == 0 {
            return Err(RateError::Zero);
        }
        let divisor = greatest_common_divisor(numerator, denominator);
        let fit = |part: u128| u64::try_from(part / divisor).ok().and_then(NonZeroU64::new);
        match (fit(numerator), fit(denominator)) {
            (Some(numerator), Some(denominator)) => Ok(Rate { numerator, denominator }),
            _ => Err(RateError::TooPrecise),
        }
    }

    /// Converts `amount`, in minor units with `from_digits` decimals, to minor units with `to_digits`
    /// decimals:
    ///
    /// `amount * 10^(to_digits - from_digits) * numerator / denominator`
    ///
    /// The quotient is exact up to the one rounding that the caller names.
    ///
    /// # Errors
    /// [`ConvertError::Overflow`] only when the rounded result itself exceeds 64 bits, and
    /// [`ConvertError::Scale`] when the decimals differ by more than [`MAX_SCALE_DIGITS`].
    pub fn convert(self, amount: u64, from_digits: u8, to_digits: u8, rounding: Rounding) -> Result<u64, ConvertError> {
        if from_digits.abs_diff(to_digits) > MAX_SCALE_DIGITS {
            return Err(ConvertError::Scale { from_digits, to_digits });
        }
        let overflow = ConvertError::Overflow { amount, rate: self };

        // Both products stay in 128 bits: 2^64 * 2^64, and 2^64 * 10^18.
        let dividend = u128::from(amount) * u128::from(self.numerator());
        let fewer_digits = from_digits.saturating_sub(to_digits);
        let divisor = u128::from(self.denominator()) * 10_u128.pow(fewer_digits.into());
        let (mut quotient, mut remainder) = (dividend / divisor, dividend % divisor);

        // Long division, one decimal digit at a time: the dividend times a power of ten could need 192
        // bits. With digits to add the divisor is the bare denominator, so ten remainders fit.
        for _ in from_digits..to_digits {
            remainder *= 10;
            quotient = quotient
                .checked_mul(10)
                .and_then(|shifted| shifted.checked_add(remainder / divisor))
                .ok_or_else(|| overflow.clone())?;
            remainder %= divisor;
        }
        if rounding.goes_up(quotient, remainder, divisor) {
            quotient = quotient.checked_add(1).ok_or_else(|| overflow.clone())?;
        }
        u64::try_from(quotient).map_err(|_| overflow)
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        // a/b < c/d exactly when a*d < c*b; each product is below 2^128.
        let left = u128::from(self.numerator()) * u128::from(other.denominator());
        let right = u128::from(other.numerator()) * u128::from(self.denominator());
        left.cmp(&right)
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As the reduced fraction, such as `923/20000`: not every rate has a finite decimal form.
impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

impl TryFrom<Fraction> for Rate {
    type Error = RateError;

    fn try_from(fraction: Fraction) -> Result<Self, RateError> {
        Rate::new(fraction.numerator, fraction.denominator)
    }
}

/// Euclid's algorithm; both above zero.
fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::{Down, HalfEven, Up};

    fn rate(text: &str) -> Rate {
        Rate::parse(text).unwrap()
    }

    #[test]
    fn a_rate_is_kept_exact_and_reduced() {
        let table = [
            (rate("0.04615"), 923, 20_000),
            (Rate::parse_inverse("21.66815").unwrap(), 20_000, 433_363),
            (rate("1"), 1, 1),
            (rate("1.000000000000000000000000000000"), 1, 1),
            (rate("18446744073709551615"), u64::MAX, 1),
            (Rate::new(6, 4).unwrap(), 3, 2),
            (Rate::new(u64::MAX, u64::MAX).unwrap(), 1, 1),
        ];
        for (rate, numerator, denominator) in table {
            assert_eq!((rate.numerator(), rate.denominator()), (numerator, denominator));
        }
        assert_eq!(rate("0.04615").to_string(), "923/20000");
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        assert_eq!(Rate::new(0, 1), Err(RateError::Zero));
        assert_eq!(Rate::new(1, 0), Err(RateError::Zero));
        assert_eq!(Rate::parse("0.00"), Err(RateError::Zero));
        assert_eq!(Rate::parse_inverse("0"), Err(RateError::Zero));
        assert_eq!(Rate::parse("18446744073709551616"), Err(RateError::TooPrecise));
        assert_eq!(Rate::parse("0.00000000000000000001"), Err(RateError::TooPrecise));
        // Fifty decimals: the power of ten itself does not fit.
        assert_eq!(Rate::parse(&format!("0.{}1", "0".repeat(49))), Err(RateError::TooPrecise));
        assert_eq!(Rate::parse("-1"), Err(RateError::Text(DecimalError::Sign)));
        assert_eq!(Rate::parse("1/2"), Err(RateError::Text(DecimalError::Character { found: '/', position: 2 })));
    }

    #[test]
    fn order_is_by_value() {
        let ascending = [
            Rate::new(1, u64::MAX).unwrap(),
            rate("0.04615"),
            Rate::new(1, 3).unwrap(),
            rate("0.3333333333333333334"),
            Rate::new(u64::MAX - 1, u64::MAX).unwrap(),
            rate("1"),
            Rate::new(u64::MAX, u64::MAX - 1).unwrap(),
            Rate::new(u64::MAX, 1).unwrap(),
        ];
        assert!(ascending.is_sorted_by(|a, b| a < b));
        assert_eq!(Rate::new(2, 4).unwrap().cmp(&rate("0.5")), Ordering::Equal);
    }

    #[test]
    fn json_is_the_fraction_and_is_checked() {
        let json = serde_json::to_string(&rate("0.04615")).unwrap();
        assert_eq!(json, r#"{"numerator":923,"denominator":20000}"#);
        assert_eq!(serde_json::from_str::<Rate>(&json).unwrap(), rate("0.04615"));
        let unreduced = r#"{"numerator":2,"denominator":4}"#;
        assert_eq!(serde_json::from_str::<Rate>(unreduced).unwrap(), rate("0.5"));
        let zero = serde_json::from_str::<Rate>(r#"{"numerator":0,"denominator":4}"#).unwrap_err();
        assert!(zero.to_string().starts_with("a rate and its inverse must be above zero"), "{zero}");
    }

    /// Figures that a person can check by hand: (rate, amount, decimals from and to, up, down, half even).
    #[test]
    fn converts_exactly_and_rounds_as_named() {
        let table = [
            // 12.34 at 1 is 12.34.
            (rate("1"), 1_234, 2, 2, [1_234, 1_234, 1_234]),
            // 1,000 pesos of CLP at 0.0019 USD are 1.90 USD; 1 peso is 0.19 cents.
            (rate("0.0019"), 1_000, 0, 2, [190, 190, 190]),
            (rate("0.0019"), 1, 0, 2, [1, 0, 0]),
            // 10.000 dinars of KWD at 3.25 USD are 32.50 USD; 0.001 dinar is 0.325 cents.
            (rate("3.25"), 10_000, 3, 2, [3_250, 3_250, 3_250]),
            (rate("3.25"), 1, 3, 2, [1, 0, 0]),
            // 7,300 guaranies of PYG to the dollar: 1,000,000 are 136.986... USD.
            (Rate::parse_inverse("7300").unwrap(), 1_000_000, 0, 2, [13_699, 13_698, 13_699]),
            // Exact halves of a cent: 0.01, 0.03 and 0.05 at one half.
            (rate("0.5"), 1, 2, 2, [1, 0, 0]),
            (rate("0.5"), 3, 2, 2, [2, 1, 2]),
            (rate("0.5"), 5, 2, 2, [3, 2, 2]),
            // One at a third with three decimals: 0.333...
            (Rate::new(1, 3).unwrap(), 100, 2, 3, [334, 333, 333]),
            (rate("1000000"), 0, 2, 2, [0, 0, 0]),
        ];
        for (rate, amount, from, to, [up, down, half_even]) in table {
            let converted = |rounding| rate.convert(amount, from, to, rounding);
            assert_eq!(converted(Up), Ok(up), "{amount} at {rate} up");
            assert_eq!(converted(Down), Ok(down), "{amount} at {rate} down");
            assert_eq!(converted(HalfEven), Ok(half_even), "{amount} at {rate} half even");
        }
    }

    /// Rates of the system in which Brazil and Argentina pay each other in their own currencies.
    #[test]
    fn two_published_rates_are_not_each_other_s_inverse() {
        // 11 March 2022. 1,000.00 pesos: 46.15 reais by one, 46.1506... by the other.
        let direct = rate("0.04615");
        let inverse = Rate::parse_inverse("21.66815").unwrap();
        assert!(direct < inverse);
        assert_eq!(direct.convert(100_000, 2, 2, Up), Ok(4_615));
        assert_eq!(inverse.convert(100_000, 2, 2, Up), Ok(4_616));
        assert_eq!(inverse.convert(100_000, 2, 2, Down), Ok(4_615));
        // 1,000.00 reais: 21,668.15 pesos by one, 1000 / 0.04615 = 21,668.472... by the other.
        assert_eq!(inverse.reciprocal().convert(100_000, 2, 2, HalfEven), Ok(2_166_815));
        assert_eq!(direct.reciprocal().convert(100_000, 2, 2, HalfEven), Ok(2_166_847));

        // 10 March 2022: of the grid of 0.00005 the nearest to the inverse would be 0.04645, not 0.04640.
        let direct = rate("0.04640");
        let inverse = Rate::parse_inverse("21.53700").unwrap();
        assert!(rate("0.046425") < inverse && inverse < rate("0.046475"));
        assert_eq!(direct.convert(100_000, 2, 2, HalfEven), Ok(4_640));
        assert_eq!(inverse.convert(100_000, 2, 2, HalfEven), Ok(4_643));

        // Each cross rate is the quotient of the two dollar rates on that grid:
        // 108.88670 / 5.02520 = 21.66813..., 5.02520 / 108.88670 = 0.046150...
        let pesos = rate("108.88670").convert(1_000_000_000, 5, 5, Down).unwrap();
        let reais = rate("5.02520").convert(1_000_000_000, 5, 5, Down).unwrap();
        let exact = Rate::new(pesos, reais).unwrap();
        assert!(rate("21.668125") < exact && exact < rate("21.668175"));
        assert!(rate("0.046125") < exact.reciprocal() && exact.reciprocal() < rate("0.046175"));
    }

    #[test]
    fn only_a_result_that_does_not_fit_is_an_overflow() {
        let max = u64::MAX;
        let same = rate("1");
        assert_eq!(same.convert(max, 2, 2, Up), Ok(max));
        // The product needs 192 bits, the result fits.
        let tiny = Rate::new(max - 1, max).unwrap();
        assert_eq!(tiny.convert(max / 10_u64.pow(18), 0, 18, Down), Ok(17_999_999_999_999_999_999));
        assert_eq!(tiny.convert(max, 18, 18, Down), Ok(max - 1));
        assert_eq!(Rate::new(max, 1).unwrap().convert(1, 0, 0, Up), Ok(max));
        assert_eq!(Rate::new(max, 1).unwrap().convert(10_u64.pow(18), 18, 0, Up), Ok(max));

        for (rate, amount, from, to, rounding) in [
            (Rate::new(max, 1).unwrap(), 2, 0, 0, Down),
            (Rate::new(max, 1).unwrap(), max, 18, 0, Down),
            (Rate::new(max, 1).unwrap(), max, 0, 18, Down),
            (same, max, 0, 1, Down),
            (Rate::new(max, max - 1).unwrap(), max, 0, 0, Up),
        ] {
            assert_eq!(rate.convert(amount, from, to, rounding), Err(ConvertError::Overflow { amount, rate }));
        }
        for (from_digits, to_digits) in [(19, 0), (0, 19), (u8::MAX, 0)] {
            let refused = Err(ConvertError::Scale { from_digits, to_digits });
            assert_eq!(same.convert(1, from_digits, to_digits, Up), refused);
        }
    }
}
