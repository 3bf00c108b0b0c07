//! Amounts as text: what is read writes back to the same number, and a currency's code likewise.
#![no_main]

use libfuzzer_sys::fuzz_target;
use money::{Currency, format_amount, parse_amount};

fuzz_target!(|input: (&str, u8)| {
    let (text, digits) = input;
    if let Ok(minor) = parse_amount(text, digits) {
        if digits <= 18 {
            assert_eq!(parse_amount(&format_amount(i128::from(minor), digits), digits), Ok(minor));
        }
        // What was read is what is written, but for zeros in front and behind.
        let plain = |text: &str| {
            let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
            (whole.trim_start_matches('0').to_owned(), decimals.trim_end_matches('0').to_owned())
        };
        assert_eq!(plain(text), plain(&format_amount(i128::from(minor), digits)));
    }
    if let Ok(currency) = Currency::from_code(text) {
        assert_eq!(currency.code(), text);
        assert_eq!(Currency::from_numeric(currency.numeric()), Ok(currency));
    }
});
