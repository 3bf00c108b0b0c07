//! Simple types: what the text of an element has to be.

use crate::fault::quoted;
use std::str::FromStr;
use union::{Day, Reason};

/// What text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// 1 to so many characters, none of them a control character.
    Text(u16),
    /// An identifier: 1 to so many printable ASCII characters, none of them `"` or `\\`, without space at either end.
    Identifier(u16),
    /// A business identifier code, 8 or 11 characters.
    Bic,
    /// A legal entity identifier with its check digits (ISO 17442).
    Lei,
    /// An international bank account number with its check digits (ISO 13616).
    Iban,
    /// A unique end-to-end transaction reference: a UUID of version 4 in lower case.
    Uetr,
    /// A day, `YYYY-MM-DD`, with or without a time zone.
    Date,
    /// A date and time.
    DateTime,
    /// A time of day.
    Time,
    /// An external code: 1 to 4 characters.
    Code,
    /// 1 to 15 digits.
    Count,
    /// A decimal number of at most 18 digits.
    Decimal,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// An identifier of 35 characters.
pub(crate) const ID35: Check = Check::Identifier(35);

pub(crate) type Wrong = (Reason, String);

impl Check {
    /// Whether white space around the text says nothing (XML Schema's `collapse`).
    fn collapses(self) -> bool {
        matches!(self, Check::Date | Check::DateTime | Check::Time | Check::Decimal)
    }

    /// The text as it is meant, where it is good.
    pub(crate) fn read(self, text: &str) -> Result<&str, Wrong> {
        let text = if self.collapses() { text.trim_matches([' ', '\t', '\r', '\n']) } else { text };
        self.check(text).map(|()| text)
    }

    fn check(self, text: &str) -> Result<(), Wrong> {
        let wrong = |reason: Reason, what: &str| Err((reason, format!("{} is not {what}", quoted(text))));
        let is = |good: bool, reason: Reason, what: &str| if good { Ok(()) } else { wrong(reason, what) };
        match self {
            Check::Text(max) => check_text(text, max),
            Check::Identifier(max) => {
                let good = text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\')
                    && text.trim_matches(' ') == text;
                check_text(text, max)?;
                is(
                    good,
                    Reason::FF01,
                    "printable ASCII without \", \\ and space at its ends, as an identifier has to be",
                )
            }
            Check::Bic => is(is_bic(text), RC01, "a BIC: 8 or 11 capital letters and digits such as DEUTDEFF"),
            Check::Lei => {
                is(is_lei(text), RC01, "an LEI: 18 capital letters and digits and two check digits that agree")
            }
            Check::Iban => is(is_iban(text), AC01, "an IBAN with check digits that agree"),
            Check::Uetr => {
                is(is_uetr(text), Reason::FF01, "a UETR: a UUID of version 4 in lower-case hexadecimal digits")
            }
            Check::Date => is(date(text).is_some(), Reason::DT01, "a day from 1970 on, YYYY-MM-DD"),
            Check::DateTime => {
                is(is_date_time(text), Reason::DT01, "a date and time such as 2026-11-23T12:00:00+00:00")
            }
            Check::Time => is(time(text).is_some(), Reason::DT01, "a time of day such as 16:30:00"),
            Check::Code => {
                let good = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
                is(good, Reason::FF01, "a code of 1 to 4 characters")
            }
            Check::Count => {
                let good = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
                is(good, Reason::FF01, "a number of 1 to 15 digits")
            }
            Check::Decimal => is(is_decimal(text), Reason::FF01, "a decimal number of at most 18 digits"),
            Check::OneOf(codes) => is(codes.contains(&text), Reason::FF01, &format!("one of {}", codes.join(", "))),
        }
    }
}

const RC01: Reason = Reason(*b"RC01");
const AC01: Reason = Reason(*b"AC01");

fn check_text(text: &str, max: u16) -> Result<(), Wrong> {
    if text.is_ascii() && (1..=usize::from(max)).contains(&text.len()) && !text.bytes().any(|b| b.is_ascii_control()) {
        return Ok(());
    }
    let characters = text.chars().count();
    let problem = if characters == 0 {
        "is empty".to_owned()
    } else if characters > usize::from(max) {
        format!("has {characters} characters, more than the {max} allowed")
    } else if text.chars().any(char::is_control) {
        "has a control character or a line break in it".to_owned()
    } else {
        return Ok(());
    };
    Err((Reason::FF01, problem))
}

/// `[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?`
pub fn is_bic(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes[4..6].iter().all(u8::is_ascii_uppercase)
}

/// 18 characters and two digits, congruent to 1 modulo 97 with letters as 10 to 35 (ISO 17442, ISO/IEC 7064).
pub fn is_lei(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 20 || !bytes[18..].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let mut rest = 0;
    for byte in bytes {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(byte - b'A') + 10,
            _ => return false,
        } % 97;
    }
    rest == 1
}

/// With check digits that agree and, for the countries of the registry, of the right length.
pub fn is_iban(text: &str) -> bool {
    let compact = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    // An IBAN of a country that is not in the registry yet still has check digits.
    compact && iban::BaseIban::from_str(text).is_ok() && !is_known_and_wrong(text)
}

fn is_known_and_wrong(text: &str) -> bool {
    matches!(iban::Iban::from_str(text), Err(iban::ParseIbanError::InvalidBban(_)))
}

/// A UUID of version 4 and variant 1, in lower case, as the schemas want it.
pub fn is_uetr(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => *byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
        })
}

/// The day of an `xs:date`; a time zone says nothing about a value date.
pub(crate) fn date(text: &str) -> Option<Day> {
    let (day, zone) = text.split_at_checked(10)?;
    if !is_zone(zone) {
        return None;
    }
    let bytes = day.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .try_fold(0u16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u16::from(byte - b'0')))
    };
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let date = jiff::civil::Date::new(number(0..4)? as i16, number(5..7)? as i8, number(8..10)? as i8).ok()?;
    Day::from_date(date)
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [] | [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// Seconds of the day of an `xs:time`, its fraction and its time zone left out.
pub(crate) fn time(text: &str) -> Option<u32> {
    let (clock, rest) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock.as_bytes() else { return None };
    let number = |tens: &u8, ones: &u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    let (hour, minute, second) = (number(h1, h2)?, number(m1, m2)?, number(s1, s2)?);
    let fraction = rest.strip_prefix('.').map_or(0, |f| 1 + f.bytes().take_while(u8::is_ascii_digit).count());
    let good = hour < 24 && minute < 60 && second < 60 && fraction != 1 && is_zone(&rest[fraction..]);
    good.then_some(hour * 3_600 + minute * 60 + second)
}

fn is_date_time(text: &str) -> bool {
    text.split_once('T').is_some_and(|(day, clock)| day.len() == 10 && date(day).is_some() && time(clock).is_some())
}

fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
    let others = unsigned.bytes().filter(|byte| !byte.is_ascii_digit());
    (1..=18).contains(&digits) && others.clone().count() <= 1 && others.clone().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_and_forms() {
        assert!(
            is_bic("DEUTDEFF")
                && is_bic("DEUTDEFF500")
                && !is_bic("DEUTDEF")
                && !is_bic("deutdeff")
                && !is_bic("DEUT9EFF")
        );
        // Deutsche Bank AG and the ECB.
        assert!(is_lei("7LTWFZYICNSX8D621K86") && is_lei("549300DTUYXVMJXZNY75"));
        assert!(!is_lei("7LTWFZYICNSX8D621K87") && !is_lei("7LTWFZYICNSX8D621K8"));
        assert!(is_iban("DE89370400440532013000") && is_iban("BR1800360305000010009795493C1"));
        assert!(!is_iban("DE89370400440532013001") && !is_iban("DE89 3704 0044 0532 0130 00"));
        assert!(is_uetr("174c245f-2682-4291-ad67-2a41e530cd27"));
        assert!(!is_uetr("174C245F-2682-4291-ad67-2a41e530cd27") && !is_uetr("174c245f-2682-1291-ad67-2a41e530cd27"));
        assert_eq!(date("2026-11-23"), Some(Day::parse("2026-11-23").unwrap()));
        assert!(date("2026-11-23Z").is_some() && date("2026-11-31").is_none() && date("2026-11-23T1").is_none());
        assert_eq!(time("16:30:05.250+01:00"), Some(59_405));
        assert!(time("24:00:00").is_none() && time("16:30:00.").is_none());
        assert!(is_date_time("2021-05-11T11:53:41.960+05:00") && !is_date_time("2021-05-11 11:53:41"));
        assert!(is_decimal("-1.5") && !is_decimal("1.5.") && !is_decimal(".") && !is_decimal("1e5"));
        assert!(Check::Identifier(35).read("a b/c").is_ok() && Check::Identifier(35).read("é").is_err());
        assert!(
            Check::Text(3).read("éèê").is_ok()
                && Check::Text(3).read("abcd").is_err()
                && Check::Text(3).read("").is_err()
        );
    }
}
