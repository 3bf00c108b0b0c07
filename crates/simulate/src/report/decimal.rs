//! Exact ratios as decimals, by integer arithmetic.

use clearing::Ratio;

/// The ratio in units of 10^-`places`, rounded half up.
///
/// Long division, a digit at a time: the remainder stays below the denominator, which is below 2^124 (twice
/// [`clearing::Flows::GROSS_MAX`] in shares, the square of 62 bits in a concentration), so that ten times the remainder
/// fits.
pub(super) fn scaled(ratio: Ratio, places: u32) -> u128 {
    let denominator = ratio.denominator();
    let (mut quotient, mut remainder) = (ratio.numerator() / denominator, ratio.numerator() % denominator);
    for _ in 0..places {
        remainder *= 10;
        quotient = quotient * 10 + remainder / denominator;
        remainder %= denominator;
    }
    quotient + u128::from(remainder * 2 >= denominator)
}

/// The ratio with two decimals, such as `0.43`, rounded half up.
pub(super) fn hundredths(ratio: Ratio) -> String {
    let hundredths = scaled(ratio, 2);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The ratio in per cent with two decimals, such as `42.53`, rounded half up.
pub(super) fn per_cent(ratio: Ratio) -> String {
    let hundredths = scaled(ratio, 4);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use clearing::{Flows, Ratio};

    use super::{hundredths, per_cent, scaled};

    #[test]
    fn rounded_half_up() {
        for (part, whole, millionths, percent) in [
            (0, 5, 0, "0.00"),
            (5, 5, 1_000_000, "100.00"),
            (1, 3, 333_333, "33.33"),
            (2, 3, 666_667, "66.67"),
            (1, 2_000_000, 1, "0.00"),       // half a millionth
            (499, 1_000_000_000, 0, "0.00"), // just less
            (1, 20_000, 50, "0.01"),         // half of a hundredth of a per cent
            (3, 2, 1_500_000, "150.00"),
            (Flows::GROSS_MAX - 1, Flows::GROSS_MAX, 1_000_000, "100.00"),
            ((1 << 124) - 3, (1 << 124) - 1, 1_000_000, "100.00"),
        ] {
            let ratio = Ratio::new(part, whole).expect("not zero");
            assert_eq!(hundredths(ratio), money::format_amount(scaled(ratio, 2).cast_signed(), 2));
            assert_eq!((scaled(ratio, 6), per_cent(ratio).as_str()), (millionths, percent), "{part}/{whole}");
        }
    }
}
