//! Amounts as text and as integers in minor units.

use crate::decimal::{Decimal, DecimalError};

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is not an unsigned decimal number.
    #[error(transparent)]
    Text(#[from] DecimalError),
    /// More decimals than the currency has, zeros included: a wrong scale is more likely than a long zero.
    #[error("the amount has {found} decimals, the currency allows {allowed}")]
    TooManyDecimals {
        /// Decimals written.
        found: u8,
        /// Decimals of the currency.
        allowed: u8,
    },
    /// More minor units than 64 bits hold.
    #[error("the amount is above the largest possible, {} minor units", u64::MAX)]
    Overflow,
}

/// Reads an amount of major units, such as `12.34`, exactly as minor units (1234) of a currency that
/// has `digits` decimals. Fewer decimals may be written: `12.3` and `12` are good dollars.
///
/// # Errors
/// When the text is empty, signed, grouped, in scientific notation or otherwise no plain decimal
/// number, has more decimals than `digits`, or is too large.
pub fn parse_amount(text: &str, digits: u8) -> Result<u64, AmountError> {
    let written = Decimal::parse(text)?;
    let missing = digits
        .checked_sub(written.decimals)
        .ok_or(AmountError::TooManyDecimals { found: written.decimals, allowed: digits })?;
    if written.mantissa == 0 {
        return Ok(0);
    }
    10_u128
        .checked_pow(u32::from(missing))
        .and_then(|scale| written.mantissa.checked_mul(scale))
        .and_then(|minor| u64::try_from(minor).ok())
        .ok_or(AmountError::Overflow)
}

/// Writes an amount or balance in minor units as major units with exactly `digits` decimals:
/// `-1234` is `-12.34` with two, `5` is `5` with none. [`parse_amount`] reads back what is not negative,
/// fits 64 bits and is at most [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES) long (so up to 62 decimals).
pub fn format_amount(minor: i128, digits: u8) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let digits = usize::from(digits);
    // One whole digit at least, so that cents alone are written 0.05.
    let padded = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, decimals) = padded.split_at(padded.len() - digits);
    let point = if digits == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{decimals}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn reads_by_the_currency_s_decimals() {
        let table = [
            ("USD", "12.34", Ok(1_234)),
            ("USD", "12.3", Ok(1_230)),
            ("USD", "12", Ok(1_200)),
            ("USD", "0", Ok(0)),
            ("USD", "0.01", Ok(1)),
            ("USD", "12.340", Err(AmountError::TooManyDecimals { found: 3, allowed: 2 })),
            ("USD", "184467440737095516.15", Ok(u64::MAX)),
            ("USD", "184467440737095516.16", Err(AmountError::Overflow)),
            ("USD", "184467440737095517", Err(AmountError::Overflow)),
            ("CLP", "500", Ok(500)),
            ("CLP", "500.00", Err(AmountError::TooManyDecimals { found: 2, allowed: 0 })),
            ("CLP", "18446744073709551615", Ok(u64::MAX)),
            ("CLP", "18446744073709551616", Err(AmountError::Overflow)),
            ("PYG", "7000", Ok(7_000)),
            ("PYG", "7000.5", Err(AmountError::TooManyDecimals { found: 1, allowed: 0 })),
            ("KWD", "1.234", Ok(1_234)),
            ("KWD", "1.2345", Err(AmountError::TooManyDecimals { found: 4, allowed: 3 })),
            ("BHD", "0.001", Ok(1)),
            ("CLF", "1.0001", Ok(10_001)),
            ("USD", "-1", Err(AmountError::Text(DecimalError::Sign))),
            ("USD", "", Err(AmountError::Text(DecimalError::Empty))),
        ];
        for (code, text, expected) in table {
            let digits = Currency::from_code(code).unwrap().minor_digits();
            assert_eq!(parse_amount(text, digits), expected, "{text} {code}");
        }
    }

    #[test]
    fn writes_with_the_currency_s_decimals() {
        let table = [
            ("USD", 1_234, "12.34"),
            ("USD", -1_234, "-12.34"),
            ("USD", -5, "-0.05"),
            ("USD", 0, "0.00"),
            ("USD", 100, "1.00"),
            ("CLP", 5, "5"),
            ("CLP", -5, "-5"),
            ("PYG", 0, "0"),
            ("KWD", 1_234, "1.234"),
            ("BHD", -1, "-0.001"),
            ("USD", i128::MIN, "-1701411834604692317316873037158841057.28"),
            ("USD", i128::MAX, "1701411834604692317316873037158841057.27"),
        ];
        for (code, minor, expected) in table {
            let digits = Currency::from_code(code).unwrap().minor_digits();
            assert_eq!(format_amount(minor, digits), expected, "{minor} {code}");
        }
    }

    /// A scale that no currency has is still answered, not wrapped.
    #[test]
    fn any_scale_is_answered() {
        assert_eq!(parse_amount("0", u8::MAX), Ok(0));
        assert_eq!(parse_amount("1", 19), Ok(10_000_000_000_000_000_000));
        assert_eq!(parse_amount("1", 20), Err(AmountError::Overflow));
        assert_eq!(parse_amount("1", u8::MAX), Err(AmountError::Overflow));
        assert_eq!(parse_amount(&format_amount(1, 62), 62), Ok(1));
        let too_long = Err(AmountError::Text(DecimalError::TooLong { length: 65 }));
        assert_eq!(parse_amount(&format_amount(1, 63), 63), too_long);
        assert_eq!(format_amount(1, u8::MAX).len(), 2 + usize::from(u8::MAX));
    }
}
