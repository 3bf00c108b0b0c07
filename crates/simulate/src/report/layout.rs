//! Amounts, shares and columns on a screen of text.

use std::array;
use std::fmt::{self, Write as _};

use clearing::Ratio;

use super::decimal::per_cent;

/// Characters on each side of zero in the drawing of positions.
pub(super) const HALF_BAR: usize = 24;

/// How amounts are shown on the screen. What is smaller than the last digit shown is cut off (rounding towards zero); the
/// JSON report has it all.
pub(super) struct Unit {
    /// Before the currency code, such as `million `.
    pub(super) prefix: &'static str,
    /// Minor units to one of the last digit shown.
    divisor: i128,
    /// Decimals shown.
    decimals: u8,
}

impl Unit {
    /// Whole major units of a currency with so many decimals.
    pub(super) const fn whole(digits: u8) -> Self {
        Self { prefix: "", divisor: 10_i128.pow(digits as u32), decimals: 0 }
    }

    /// Millions with two decimals for figures of a hundred million and more, else whole major units.
    pub(super) const fn fitting(minor: u128, digits: u8) -> Self {
        if minor < 10_u128.pow(digits as u32 + 8) {
            return Self::whole(digits);
        }
        Self { prefix: "million ", divisor: 10_i128.pow(digits as u32 + 4), decimals: 2 }
    }

    /// Millions with two decimals for figures of a hundred million and more, else every minor unit.
    pub(super) const fn precise(minor: u128, digits: u8) -> Self {
        if minor < 10_u128.pow(digits as u32 + 8) {
            return Self { prefix: "", divisor: 1, decimals: digits };
        }
        Self::fitting(minor, digits)
    }

    /// An amount in minor units.
    pub(super) fn show(&self, minor: i128) -> String {
        grouped(&money::format_amount(minor / self.divisor, self.decimals))
    }
}

pub(super) fn line(text: &mut String, arguments: fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes everything");
}

/// Half characters that `part` of `largest` is drawn with: in proportion, rounded half up, and at least one where there
/// is anything to show.
pub(super) fn bar_halves(part: u128, largest: u128) -> usize {
    if part == 0 {
        return 0;
    }
    let halves = 2 * HALF_BAR as u128;
    let length = (part * halves * 2 + largest) / (largest * 2);
    usize::try_from(length.max(1)).expect("no more than the largest, which is as long as the bar")
}

/// Columns under each other: the first two to the left, the numbers to the right.
pub(super) fn align<const COLUMNS: usize>(text: &mut String, rows: &[[String; COLUMNS]]) {
    let widths: [usize; COLUMNS] =
        array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in rows {
        let cells: [String; COLUMNS] = array::from_fn(|column| {
            let (cell, width) = (&row[column], widths[column]);
            if column < 2 { format!("  {cell:width$}") } else { format!("  {cell:>width$}") }
        });
        line(text, format_args!("{}", cells.concat()));
    }
}

/// A share in per cent, such as `42.53%`; a dash where there is nothing to have a share of.
pub(super) fn share(ratio: Option<Ratio>) -> String {
    ratio.map_or("-".to_owned(), |ratio| format!("{}%", per_cent(ratio)))
}

/// An amount that is not above twice [`clearing::Flows::GROSS_MAX`] as a signed number.
pub(super) fn signed(minor: u128) -> i128 {
    i128::try_from(minor).expect("at most GROSS_MAX")
}

/// A count with its thousands apart.
pub(super) fn grouped_count(count: u64) -> String {
    grouped(&count.to_string())
}

/// `-1234567.89` as `-1,234,567.89`.
pub(super) fn grouped(number: &str) -> String {
    let (sign, magnitude) = number.strip_prefix('-').map_or(("", number), |magnitude| ("-", magnitude));
    let whole = magnitude.find('.').unwrap_or(magnitude.len());
    let mut text = sign.to_owned();
    for (place, digit) in magnitude[..whole].char_indices() {
        if place > 0 && (whole - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &magnitude[whole..]
}

#[cfg(test)]
mod tests {
    use super::{Unit, bar_halves, grouped};

    #[test]
    fn thousands() {
        for (number, expected) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-100", "-100"),
            ("-1234567", "-1,234,567"),
            ("-1234567.8912", "-1,234,567.8912"),
            ("0.05", "0.05"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn units() {
        assert_eq!(Unit::whole(2).show(-123_456_789), "-1,234,567");
        assert_eq!(Unit::whole(2).show(-99), "0");
        assert_eq!(Unit::whole(0).show(1_234), "1,234");
        assert_eq!(Unit::fitting(9_999_999_999, 2).show(9_999_999_999), "99,999,999");
        assert_eq!(Unit::fitting(10_000_000_000, 2).show(10_000_000_000), "100.00");
        assert_eq!(Unit::precise(9_999_999_999, 2).show(9_999_999_999), "99,999,999.99");
        assert_eq!(Unit::precise(10_000_000_000, 2).show(9_999_999_999), "99.99");
        assert_eq!(Unit::precise(5, 0).show(5), "5");
        assert_eq!(Unit::fitting(123_456_789_000, 0).show(-123_456_789_000), "-123,456.78");
    }

    #[test]
    fn bars() {
        assert_eq!(bar_halves(0, 0), 0);
        assert_eq!(bar_halves(100, 100), 48);
        assert_eq!(bar_halves(50, 100), 24);
        assert_eq!(bar_halves(1, 1_000_000), 1);
        assert_eq!(bar_halves(clearing::Flows::GROSS_MAX, clearing::Flows::GROSS_MAX), 48);
    }
}
