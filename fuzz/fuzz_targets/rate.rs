//! Rates as text, and conversion: the three roundings differ by at most one unit, and by none where it is exact.
#![no_main]

use libfuzzer_sys::fuzz_target;
use money::{Rate, Rounding};

fuzz_target!(|input: (&str, u64, u64, u64, u8, u8)| {
    let (text, numerator, denominator, amount, from, to) = input;
    for rate in [Rate::parse(text).ok(), Rate::parse_inverse(text).ok(), Rate::new(numerator, denominator).ok()]
        .into_iter()
        .flatten()
    {
        assert_eq!(rate.reciprocal().reciprocal(), rate);
        assert_eq!(Rate::new(rate.numerator(), rate.denominator()), Ok(rate));
        let convert = |rounding| rate.convert(amount, from % 24, to % 24, rounding);
        let Ok(down) = convert(Rounding::Down) else {
            assert!(convert(Rounding::Up).is_err() && convert(Rounding::HalfEven).is_err());
            continue;
        };
        if let Ok(up) = convert(Rounding::Up) {
            let half = convert(Rounding::HalfEven).expect("between the two");
            assert!(up - down <= 1 && down <= half && half <= up);
        } else {
            assert_eq!(down, u64::MAX);
        }
    }
});
