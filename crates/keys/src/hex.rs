//! Lower-case hexadecimal: how keys, hashes and revealed content keys are written as text.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Two lower-case digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// The bytes of exactly `2 * N` lower-case digits; `None` for anything else.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = base16ct::lower::decode(text, &mut bytes).ok()?.len();
    (length == N).then_some(bytes)
}

/// For `#[serde(with = "hex")]` on 32-byte fields.
pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

/// For `#[serde(with = "hex")]` on 32-byte fields.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    decode(&text).ok_or_else(|| D::Error::custom("expected 64 lower-case hexadecimal digits"))
}
