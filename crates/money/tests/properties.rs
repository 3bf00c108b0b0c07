//! Laws that hold for every amount and every rate.

use std::cmp::Ordering;

use money::{MAX_TEXT_BYTES, Rate, Rounding, format_amount, parse_amount};
use proptest::prelude::*;

fn any_rate() -> impl Strategy<Value = Rate> {
    // Published rates are short numbers; whole 64-bit ones reach the edges.
    let short = (1..=10_000_000_u64, 1..=10_000_000_u64);
    let wide = (1..=u64::MAX, 1..=u64::MAX);
    prop_oneof![short, wide].prop_map(|(numerator, denominator)| Rate::new(numerator, denominator).unwrap())
}

fn any_amount() -> impl Strategy<Value = u64> {
    prop_oneof![0..=100_000_u64, 0..=10_u64.pow(15), any::<u64>()]
}

/// `result` compared with `amount * rate * 10^(to - from)`, by cross multiplication in 256 bits.
fn compared_with_exact(result: u64, amount: u64, rate: Rate, from: u8, to: u8) -> Ordering {
    // result * denominator * 10^from against amount * numerator * 10^to
    wide_product(result, rate.denominator(), from).cmp(&wide_product(amount, rate.numerator(), to))
}

fn is_at_most_exact(result: u64, amount: u64, rate: Rate, from: u8, to: u8) -> bool {
    compared_with_exact(result, amount, rate, from, to).is_le()
}

/// `a * b * 10^digits` as limbs, most significant first: (high, low) in base 2^128.
fn wide_product(a: u64, b: u64, digits: u8) -> (u128, u128) {
    let product = u128::from(a) * u128::from(b);
    let scale = 10_u128.pow(digits.into());
    let low_half = u128::from(u64::MAX);
    // Scales of up to five digits: each partial product stays below 2^128.
    let low = (product & low_half) * scale;
    let high = (product >> 64) * scale + (low >> 64);
    (high >> 64, (high << 64) | (low & low_half))
}

proptest! {
    #[test]
    fn what_is_written_reads_back(minor in any::<u64>(), digits in 0..=18_u8) {
        let text = format_amount(minor.into(), digits);
        prop_assert_eq!(parse_amount(&text, digits), Ok(minor));
        let negative = format_amount(-i128::from(minor), digits);
        prop_assert_eq!(negative, if minor == 0 { text } else { format!("-{text}") });
    }

    #[test]
    fn what_reads_writes_back_with_all_decimals(whole in 0..=10_u64.pow(15), cents in 0..100_u64) {
        let text = format!("{whole}.{cents:02}");
        let minor = parse_amount(&text, 2).unwrap();
        prop_assert_eq!(minor, whole * 100 + cents);
        prop_assert_eq!(format_amount(minor.into(), 2), text);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}|[0-9.,eE+ -]{0,80}", digits in any::<u8>()) {
        if let Ok(minor) = parse_amount(&text, digits) {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            let written = format_amount(minor.into(), digits);
            if written.len() <= MAX_TEXT_BYTES {
                prop_assert_eq!(parse_amount(&written, digits), Ok(minor));
            }
        }
        if let Ok(rate) = Rate::parse(&text) {
            prop_assert_eq!(Rate::parse_inverse(&text), Ok(rate.reciprocal()));
        }
    }

    #[test]
    fn down_is_the_largest_integer_not_above_the_exact_value(
        rate in any_rate(), amount in any_amount(), from in 0..=4_u8, to in 0..=4_u8,
    ) {
        if let Ok(down) = rate.convert(amount, from, to, Rounding::Down) {
            prop_assert!(is_at_most_exact(down, amount, rate, from, to));
            if let Some(next) = down.checked_add(1) {
                prop_assert!(!is_at_most_exact(next, amount, rate, from, to));
            }
        } else {
            // Refused only where even the largest amount is still below the exact value.
            prop_assert!(is_at_most_exact(u64::MAX, amount, rate, from, to));
        }
    }

    #[test]
    fn roundings_differ_by_at_most_one_and_the_middle_one_lies_between(
        rate in any_rate(), amount in any_amount(), from in 0..=4_u8, to in 0..=4_u8,
    ) {
        let converted = |rounding| rate.convert(amount, from, to, rounding);
        if let (Ok(up), Ok(down)) = (converted(Rounding::Up), converted(Rounding::Down)) {
            prop_assert!(down <= up && up - down <= 1);
            let half_even = converted(Rounding::HalfEven).unwrap();
            prop_assert!((down..=up).contains(&half_even));
        }
    }

    /// Small fractions make exact halves frequent.
    #[test]
    fn half_even_is_the_nearest_and_the_even_of_two(
        numerator in 1..=50_u64, denominator in 1..=50_u64, amount in 0..=10_u64.pow(12), from in 0..=4_u8, to in 0..=4_u8,
    ) {
        let rate = Rate::new(numerator, denominator).unwrap();
        let down = rate.convert(amount, from, to, Rounding::Down).unwrap();
        // The point halfway to the next unit, compared with the exact value, both doubled.
        let expected = match compared_with_exact(2 * down + 1, 2 * amount, rate, from, to) {
            Ordering::Greater => down,
            Ordering::Less => down + 1,
            Ordering::Equal => down + down % 2,
        };
        prop_assert_eq!(rate.convert(amount, from, to, Rounding::HalfEven), Ok(expected));
    }

    #[test]
    fn more_of_a_currency_never_converts_to_less(
        rate in any_rate(), a in any_amount(), b in any_amount(), from in 0..=4_u8, to in 0..=4_u8,
        rounding in prop_oneof![Just(Rounding::Up), Just(Rounding::Down), Just(Rounding::HalfEven)],
    ) {
        let converted = |amount| rate.convert(amount, from, to, rounding);
        if let Ok(larger) = converted(a.max(b)) {
            let smaller = converted(a.min(b));
            prop_assert!(smaller.clone().is_ok_and(|smaller| smaller <= larger), "{smaller:?} {larger}");
        }
    }

    #[test]
    fn the_larger_of_two_rates_never_converts_to_less(
        a in any_rate(), b in any_rate(), amount in any_amount(),
    ) {
        let converted = |rate: Rate| rate.convert(amount, 2, 2, Rounding::Down);
        if let Ok(larger) = converted(a.max(b)) {
            prop_assert!(converted(a.min(b)).is_ok_and(|smaller| smaller <= larger));
        }
    }
}
