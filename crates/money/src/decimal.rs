//! Unsigned decimal text, read exactly: what amounts and rates are written in.

/// Longest decimal text that is looked at, in bytes.
pub const MAX_TEXT_BYTES: usize = 64;

/// `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub mantissa: u128,
    /// Digits written after the point, trailing zeros included.
    pub decimals: u8,
}

/// Why a text is no unsigned decimal number. Positions count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing was written.
    #[error("the number is empty")]
    Empty,
    /// More text than any number needs.
    #[error("the number is {length} bytes long, at most {MAX_TEXT_BYTES} are read")]
    TooLong {
        /// Length of the text, in bytes.
        length: usize,
    },
    /// A sign: direction is said by who pays whom, never by a sign.
    #[error("the number has a sign, write it without + or -")]
    Sign,
    /// Scientific notation.
    #[error("the number has an exponent at character {position}, write it out in digits")]
    Exponent {
        /// Place of the `e` or `E`.
        position: usize,
    },
    /// Something between digits that groups them, or a decimal comma.
    #[error("the number has {found:?} at character {position}, write digits without grouping and a decimal point")]
    Grouping {
        /// The character found.
        found: char,
        /// Its place.
        position: usize,
    },
    /// Any other character, a second point included.
    #[error("the number has {found:?} at character {position}, only digits and one decimal point may stand there")]
    Character {
        /// The character found.
        found: char,
        /// Its place.
        position: usize,
    },
    /// A decimal point without a digit on both sides.
    #[error("the decimal point needs a digit on both sides")]
    BarePoint,
    /// More than fits 128 bits.
    #[error("the number has too many digits to be read exactly")]
    TooManyDigits,
}

impl Decimal {
    pub(crate) fn parse(text: &str) -> Result<Self, DecimalError> {
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(DecimalError::TooLong { length: text.len() });
        }
        let mut mantissa: u128 = 0;
        let mut whole_digits = 0_u8;
        let mut decimals: Option<u8> = None;
        for (position, found) in (1..).zip(text.chars()) {
            match found {
                '0'..='9' => {
                    mantissa = mantissa
                        .checked_mul(10)
                        .and_then(|shifted| shifted.checked_add(u128::from(found) - u128::from('0')))
                        .ok_or(DecimalError::TooManyDigits)?;
                    // Neither count can pass MAX_TEXT_BYTES.
                    *decimals.as_mut().unwrap_or(&mut whole_digits) += 1;
                }
                '.' if decimals.is_none() => decimals = Some(0),
                '+' | '-' if position == 1 => return Err(DecimalError::Sign),
                'e' | 'E' if position > 1 => return Err(DecimalError::Exponent { position }),
                ',' | '\'' | '_' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2019}' => {
                    return Err(DecimalError::Grouping { found, position });
                }
                _ => return Err(DecimalError::Character { found, position }),
            }
        }
        if whole_digits == 0 || decimals == Some(0) {
            return Err(DecimalError::BarePoint);
        }
        Ok(Decimal { mantissa, decimals: decimals.unwrap_or(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_digits_as_written() {
        let table = [
            ("0", 0, 0),
            ("7", 7, 0),
            ("0.04615", 4_615, 5),
            ("21.66815", 2_166_815, 5),
            ("100.00", 10_000, 2),
            ("007.50", 750, 2),
            ("340282366920938463463374607431768211455", u128::MAX, 0),
        ];
        for (text, mantissa, decimals) in table {
            assert_eq!(Decimal::parse(text), Ok(Decimal { mantissa, decimals }), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else_and_says_where() {
        let table = [
            ("", DecimalError::Empty),
            ("-1", DecimalError::Sign),
            ("+1", DecimalError::Sign),
            ("1e3", DecimalError::Exponent { position: 2 }),
            ("1.5E3", DecimalError::Exponent { position: 4 }),
            ("1,000", DecimalError::Grouping { found: ',', position: 2 }),
            ("1 000", DecimalError::Grouping { found: ' ', position: 2 }),
            ("1'000", DecimalError::Grouping { found: '\'', position: 2 }),
            ("1_000", DecimalError::Grouping { found: '_', position: 2 }),
            (" 1", DecimalError::Grouping { found: ' ', position: 1 }),
            ("1.2.3", DecimalError::Character { found: '.', position: 4 }),
            ("0x1F", DecimalError::Character { found: 'x', position: 2 }),
            ("1-2", DecimalError::Character { found: '-', position: 2 }),
            ("e5", DecimalError::Character { found: 'e', position: 1 }),
            ("NaN", DecimalError::Character { found: 'N', position: 1 }),
            ("\u{661}\u{662}", DecimalError::Character { found: '\u{661}', position: 1 }),
            ("1\0", DecimalError::Character { found: '\0', position: 2 }),
            (".5", DecimalError::BarePoint),
            ("5.", DecimalError::BarePoint),
            (".", DecimalError::BarePoint),
            ("340282366920938463463374607431768211456", DecimalError::TooManyDigits),
        ];
        for (text, error) in table {
            assert_eq!(Decimal::parse(text), Err(error), "{text:?}");
        }
        let longest = "0".repeat(MAX_TEXT_BYTES);
        assert_eq!(Decimal::parse(&longest), Ok(Decimal { mantissa: 0, decimals: 0 }));
        let length = MAX_TEXT_BYTES + 1;
        assert_eq!(Decimal::parse(&"0".repeat(length)), Err(DecimalError::TooLong { length }));
    }
}
