//! Where a key in a token is: a `pkcs11:` URI of RFC 7512.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const SCHEME: &str = "pkcs11:";
/// Most bytes of an address.
const ADDRESS_BYTES_MAX: usize = 4096;

/// A `pkcs11:` URI (RFC 7512) of a signing key:
///
/// ```text
/// pkcs11:token=Bank;object=BRA?module-path=/usr/lib/softhsm/libsofthsm2.so&sealing-key=BRA-sealing.key
/// ```
///
/// Before the question mark: `token`, `serial`, `manufacturer`, `model` and `slot-id` say which token, `object` and `id`
/// which key. After it: `module-path`, `pin-source`, and `sealing-key`, which is no attribute of the standard: the key file of
/// the other half of a member's key. A PIN in the address (`pin-value`) is refused: it would be seen by whoever lists processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAddress {
    /// The file of the module that knows the token; absolute.
    pub module_path: PathBuf,
    /// The token's name.
    pub token: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// What it is.
    pub model: Option<String>,
    /// The number of the slot that it is in.
    pub slot_id: Option<u64>,
    /// The key's name.
    pub object: Option<String>,
    /// The key's id.
    pub id: Option<Vec<u8>>,
    /// A file with the PIN in its first line.
    pub pin_source: Option<PathBuf>,
    /// The key file that customer detail is sealed to; see [`crate::MemberKey::in_token`].
    pub sealing_key: PathBuf,
    text: String,
}

/// What is wrong with an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: {problem}")]
pub struct AddressError {
    /// The attribute at fault, or the scheme.
    pub attribute: String,
    /// What is wrong with it, and what to do.
    pub problem: &'static str,
}

impl TokenAddress {
    /// Whether a text is meant to be an address, and not the name of a file.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The same address where its relative paths start from a directory.
    pub fn beside(mut self, directory: &Path) -> TokenAddress {
        self.sealing_key = directory.join(self.sealing_key);
        self.pin_source = self.pin_source.map(|path| directory.join(path));
        self
    }
}

impl fmt::Display for TokenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for TokenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let of_scheme = |problem| AddressError { attribute: SCHEME.to_owned(), problem };
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(of_scheme("an address has at most 4,096 bytes"));
        }
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| of_scheme("the address of a key in a token begins so"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut parts = Parts::default();
        for pair in path.split(';').filter(|pair| !pair.is_empty()) {
            parts.add(pair, &PATH_ATTRIBUTES)?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            parts.add(pair, &QUERY_ATTRIBUTES)?;
        }
        parts.address(text)
    }
}

const PATH_ATTRIBUTES: [&str; 8] = ["token", "serial", "manufacturer", "model", "slot-id", "object", "id", "type"];
const QUERY_ATTRIBUTES: [&str; 5] = ["module-path", "module-name", "pin-source", "pin-value", "sealing-key"];

/// Attributes with their bytes.
#[derive(Default)]
struct Parts(Vec<(&'static str, Vec<u8>)>);

impl Parts {
    fn add(&mut self, pair: &str, known: &[&'static str]) -> Result<(), AddressError> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let at = |problem| AddressError { attribute: name.to_owned(), problem };
        let name = *known.iter().find(|known| **known == name).ok_or_else(|| {
            at("no such attribute in this place: those of the token and key come before `?`, module-path, pin-source and sealing-key after it")
        })?;
        if self.0.iter().any(|(other, _)| *other == name) {
            return Err(at("is there twice"));
        }
        let value = percent_decoded(value).ok_or_else(|| at("a `%` is followed by two hexadecimal digits"))?;
        if value.is_empty() {
            return Err(at("is empty; leave it out instead"));
        }
        self.0.push((name, value));
        Ok(())
    }

    fn bytes(&self, name: &str) -> Option<&Vec<u8>> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    fn text(&self, name: &'static str) -> Result<Option<String>, AddressError> {
        let not_text = |_| AddressError { attribute: name.to_owned(), problem: "is not UTF-8" };
        self.bytes(name).map(|bytes| String::from_utf8(bytes.clone()).map_err(not_text)).transpose()
    }

    fn address(&self, text: &str) -> Result<TokenAddress, AddressError> {
        let at = |attribute: &str, problem| AddressError { attribute: attribute.to_owned(), problem };
        if self.bytes("pin-value").is_some() {
            let problem = "a PIN in an address is seen by others; use pin-source, COMITY_PIN, or be asked";
            return Err(at("pin-value", problem));
        }
        if self.bytes("module-name").is_some() {
            return Err(at("module-name", "is not looked up; give module-path"));
        }
        if self.text("type")?.is_some_and(|kind| kind != "private") {
            return Err(at("type", "a signing key is private"));
        }
        let module_path = self.text("module-path")?.map(PathBuf::from);
        let module_path = module_path.ok_or_else(|| at("module-path", "is missing: the file of the PKCS#11 module"))?;
        if !module_path.is_absolute() {
            return Err(at("module-path", "is not absolute; a module is not searched for"));
        }
        let slot_id = self.text("slot-id")?.map(|text| text.parse().map_err(|_| at("slot-id", "is not a number")));
        let (object, id) = (self.text("object")?, self.bytes("id").cloned());
        if object.is_none() && id.is_none() {
            return Err(at("object", "is missing, and so is id: say which key"));
        }
        let sealing_key = self.text("sealing-key")?.map(PathBuf::from);
        let sealing_key = sealing_key
            .ok_or_else(|| at("sealing-key", "is missing: the key file that customer detail is sealed to"))?;
        let pin_source = self.text("pin-source")?.map(|source| match source.strip_prefix("file:") {
            Some(path) => PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
            None => PathBuf::from(source),
        });
        Ok(TokenAddress {
            module_path,
            token: self.text("token")?,
            serial: self.text("serial")?,
            manufacturer: self.text("manufacturer")?,
            model: self.text("model")?,
            slot_id: slot_id.transpose()?,
            object,
            id,
            pin_source,
            sealing_key,
            text: text.to_owned(),
        })
    }
}

/// RFC 3986; `None` where a `%` is not followed by two hexadecimal digits.
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let mut value = [0];
        base16ct::mixed::decode(digits, &mut value).ok()?;
        decoded.push(value[0]);
        rest = after;
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

    fn read(text: &str) -> Result<TokenAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn every_attribute_is_read() {
        let text = format!(
            "pkcs11:token=The%20bank%3b;serial=0a;manufacturer=M;model=X;slot-id=17;object=BRA;id=%01%fF;type=private\
             ?module-path={MODULE}&pin-source=file:/run/pin&sealing-key=keys/a%26b.key"
        );
        let address = read(&text).unwrap();
        let expected = TokenAddress {
            module_path: MODULE.into(),
            token: Some("The bank;".into()),
            serial: Some("0a".into()),
            manufacturer: Some("M".into()),
            model: Some("X".into()),
            slot_id: Some(17),
            object: Some("BRA".into()),
            id: Some(vec![1, 255]),
            pin_source: Some("/run/pin".into()),
            sealing_key: "keys/a&b.key".into(),
            text: text.clone(),
        };
        assert_eq!(address, expected);
        assert_eq!(address.to_string(), text);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |path: &str, query: &str| format!("pkcs11:{path}?module-path={MODULE}&sealing-key=k{query}");
        for (text, attribute) in [
            ("BRA.key".to_owned(), SCHEME),
            (format!("pkcs11:object={}", "x".repeat(ADDRESS_BYTES_MAX)), SCHEME),
            ("pkcs11:object=BRA".to_owned(), "module-path"),
            (format!("pkcs11:object=BRA?module-path={MODULE}"), "sealing-key"),
            (with("object=BRA", "&sealing-key=l"), "sealing-key"),
            ("pkcs11:object=BRA?module-path=libsofthsm2.so".to_owned(), "module-path"),
            (with("", ""), "object"),
            (with("object=", ""), "object"),
            (with("object=%ff", ""), "object"),
            (with("object=%4", ""), "object"),
            (with("object=%zz", ""), "object"),
            (with("object=A;object=B", ""), "object"),
            (with("object=A;slot-id=one", ""), "slot-id"),
            (with("object=A;type=public", ""), "type"),
            (with("object=A;colour=red", ""), "colour"),
            (with("object=A;sealing-key=x", ""), "sealing-key"),
            (with("object=A", "&token=x"), "token"),
            (with("object=A", "&pin-value=1234"), "pin-value"),
            (with("object=A", "&module-name=softhsm2"), "module-name"),
        ] {
            assert_eq!(read(&text).unwrap_err().attribute, attribute, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_does_harm(text in ".*") {
            let _ = read(&format!("pkcs11:{text}"));
        }
    }
}
