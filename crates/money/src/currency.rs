//! Currencies of ISO 4217 that have minor units.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A currency of ISO 4217 in which amounts can be counted in minor units.
///
/// Ordered by its numeric code. Fund codes (`CLF`) and superseded codes (`BGN`) are currencies here:
/// historical books use them. The three units of account that the standard lists without minor units (the special drawing
/// right `XDR`, the sucre `XSU`, the African Development Bank's `XUA`) are counted with two decimals, a convention of these books.
/// Other codes without minor units (gold `XAU`, the test code `XTS`, ...) are no currencies here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u16);

/// Why a code names no currency that amounts can be counted in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// The text does not have the form of an alphabetic code.
    #[error("a currency is written as three capital letters such as USD, this is {length} bytes of something else")]
    NotACode {
        /// Length of the text, in bytes.
        length: usize,
    },
    /// Three capital letters that ISO 4217 does not list.
    #[error("ISO 4217 lists no currency {code}")]
    UnknownCode {
        /// The code as given.
        code: String,
    },
    /// A number that ISO 4217 does not list.
    #[error("ISO 4217 lists no currency number {numeric:03}")]
    UnknownNumeric {
        /// The number as given.
        numeric: u16,
    },
    /// The standard gives the code no minor unit, so an integer amount of it has no meaning.
    #[error("ISO 4217 lists {code} without minor units, so no amount can be counted in it")]
    NoMinorUnits {
        /// The alphabetic code.
        code: &'static str,
    },
}

impl Currency {
    /// The currency of an alphabetic code: three capital letters, such as `USD`.
    ///
    /// # Errors
    /// When the text is not such a code, the code is not listed, or it has no minor units.
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(CurrencyError::NotACode { length: code.len() });
        }
        let listed = iso_currency::Currency::from_code(code)
            .ok_or_else(|| CurrencyError::UnknownCode { code: code.to_owned() })?;
        Self::from_listed(listed)
    }

    /// The currency of a numeric code, such as 840 for the US dollar.
    ///
    /// # Errors
    /// When the number is not listed or its currency has no minor units.
    pub fn from_numeric(numeric: u16) -> Result<Self, CurrencyError> {
        let listed = iso_currency::Currency::from_numeric(numeric).ok_or(CurrencyError::UnknownNumeric { numeric })?;
        Self::from_listed(listed)
    }

    fn from_listed(listed: iso_currency::Currency) -> Result<Self, CurrencyError> {
        match digits(listed) {
            Some(_) => Ok(Currency(listed.numeric())),
            None => Err(CurrencyError::NoMinorUnits { code: listed.code() }),
        }
    }

    fn listed(self) -> iso_currency::Currency {
        iso_currency::Currency::from_numeric(self.0).expect("only listed numbers are constructed")
    }

    /// The alphabetic code, such as `USD`.
    pub fn code(self) -> &'static str {
        self.listed().code()
    }

    /// The numeric code, such as 840.
    pub fn numeric(self) -> u16 {
        self.0
    }

    /// Decimals of an amount: the number of decimal digits between the major and the minor unit
    /// (2 for USD, 0 for CLP and PYG, 3 for KWD).
    pub fn minor_digits(self) -> u8 {
        let digits = digits(self.listed()).expect("only currencies with minor units are constructed");
        u8::try_from(digits).expect("ISO 4217 has at most four decimals")
    }
}

/// Decimals of the standard, or of these books for units of account.
fn digits(listed: iso_currency::Currency) -> Option<u16> {
    listed.exponent().or_else(|| ["XDR", "XSU", "XUA"].contains(&listed.code()).then_some(2))
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Currency({})", self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        Self::from_code(text)
    }
}

/// As the alphabetic code.
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// From the alphabetic code.
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AlphabeticCode;

        impl de::Visitor<'_> for AlphabeticCode {
            type Value = Currency;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an ISO 4217 currency code such as USD")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                Currency::from_code(code).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(AlphabeticCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Currency> {
        (0..=999).filter_map(|numeric| Currency::from_numeric(numeric).ok()).collect()
    }

    fn codes_with_digits(digits: u8) -> String {
        let mut codes: Vec<_> =
            all().into_iter().filter(|currency| currency.minor_digits() == digits).map(Currency::code).collect();
        codes.sort_unstable();
        codes.join(" ")
    }

    /// The standard's exceptions to two decimals, written out: a change of the data must be seen.
    #[test]
    fn decimals_are_those_of_the_standard() {
        assert_eq!(codes_with_digits(0), "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF");
        assert_eq!(codes_with_digits(1), "");
        assert_eq!(codes_with_digits(3), "BHD IQD JOD KWD LYD OMR TND");
        assert_eq!(codes_with_digits(4), "CLF UYW");
        assert!(all().into_iter().all(|currency| currency.minor_digits() <= 4));
    }

    #[test]
    fn currencies_of_the_reciprocal_credit_agreement() {
        let table = [
            ("ARS", 32, 2),
            ("BOB", 68, 2),
            ("BRL", 986, 2),
            ("CLP", 152, 0),
            ("COP", 170, 2),
            ("MXN", 484, 2),
            ("PYG", 600, 0),
            ("USD", 840, 2),
            ("UYU", 858, 2),
        ];
        for (code, numeric, digits) in table {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!((currency.code(), currency.numeric(), currency.minor_digits()), (code, numeric, digits));
        }
    }

    #[test]
    fn every_currency_comes_back_from_its_number_its_code_and_its_text() {
        let currencies = all();
        assert!(currencies.len() > 150, "{} currencies", currencies.len());
        for currency in currencies {
            assert_eq!(Currency::from_numeric(currency.numeric()), Ok(currency));
            assert_eq!(Currency::from_code(currency.code()), Ok(currency));
            assert_eq!(currency.to_string().parse(), Ok(currency));
            let json = serde_json::to_string(&currency).unwrap();
            assert_eq!(json, format!("\"{}\"", currency.code()));
            assert_eq!(serde_json::from_str::<Currency>(&json).unwrap(), currency);
        }
    }

    #[test]
    fn codes_without_minor_units_are_refused() {
        for (code, numeric) in [("XAU", 959), ("XBA", 955), ("XTS", 963), ("XXX", 999)] {
            let refused = Err(CurrencyError::NoMinorUnits { code });
            assert_eq!(Currency::from_code(code), refused);
            assert_eq!(Currency::from_numeric(numeric), refused);
        }
    }

    #[test]
    fn units_of_account_have_two_decimals() {
        for (code, numeric) in [("XDR", 960), ("XSU", 994), ("XUA", 965)] {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!((currency.numeric(), currency.minor_digits()), (numeric, 2));
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "US", "USDX", "usd", "U D", "U\u{d8}", "840"] {
            assert_eq!(Currency::from_code(text), Err(CurrencyError::NotACode { length: text.len() }), "{text:?}");
        }
        assert_eq!(Currency::from_code("QQQ"), Err(CurrencyError::UnknownCode { code: "QQQ".to_owned() }));
        for numeric in [0, 1, 1000, u16::MAX] {
            assert_eq!(Currency::from_numeric(numeric), Err(CurrencyError::UnknownNumeric { numeric }));
        }
        let error = serde_json::from_str::<Currency>("\"XAU\"").unwrap_err().to_string();
        assert!(error.starts_with("ISO 4217 lists XAU without minor units"), "{error}");
    }
}
