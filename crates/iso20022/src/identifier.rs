//! The identifier of an order, out of the identifiers of its message.

use sha2::{Digest, Sha256};

/// What identifies a payment in the messages about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// The message that it came with.
    pub message_id: Option<String>,
    /// Which message that was, such as `pacs.009.001.08`.
    pub message_name: Option<String>,
    /// What the sending institution calls the instruction.
    pub instruction_id: Option<String>,
    /// What the debtor calls the payment.
    pub end_to_end_id: Option<String>,
    /// What the first institution calls the transaction.
    pub transaction_id: Option<String>,
    /// The unique end-to-end transaction reference, as it is written.
    pub uetr: Option<String>,
    /// What the union calls the order: its identifier in 32 hexadecimal digits.
    pub system_reference: Option<String>,
}

impl Original {
    /// The order that it stands for, as `member` (by code) sent it: its UETR; else the union's reference; else what is
    /// derived from the sender's identifiers. `None` where none of these is there.
    pub fn order(&self, member: &str) -> Option<u128> {
        let hexadecimal = |text: &str| u128::from_str_radix(text, 16).ok().filter(|id| *id != 0);
        if let Some(uetr) = &self.uetr {
            return uuid::Uuid::try_parse(uetr).ok().map(|id| id.as_u128());
        }
        let reference = self.system_reference.as_deref().filter(|text| text.len() == 32);
        if let Some(id) = reference.and_then(hexadecimal) {
            return Some(id);
        }
        let (message, end_to_end) = (self.message_id.as_deref()?, self.end_to_end_id.as_deref()?);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (instruction, transaction) = (text(&self.instruction_id), text(&self.transaction_id));
        Some(derived(&["payment", member, message, &instruction, end_to_end, &transaction]))
    }
}

/// An identifier for what comes without one: the same for the same parts, in the form of a UUID of version 8 (made by the
/// application's own rule), from SHA-256 over a label and the parts with their lengths.
pub(crate) fn derived(parts: &[&str]) -> u128 {
    let id = u128::from_be_bytes(*digest("comity iso 20022 order id v1\0", parts).first_chunk().expect("it is longer"));
    (id & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62)
}

/// What an order says of the message that it came with: 16 hexadecimal digits that differ for every transaction of every
/// message. So the same transaction again is the same order, and the same UETR in another place is another one, which
/// the union refuses as a duplicate.
pub(crate) fn reference(message_id: &str, place: u64) -> [u8; 16] {
    let digest = digest("comity iso 20022 reference v1\0", &[message_id, &place.to_string()]);
    let mut reference = [0; 16];
    base16ct::lower::encode(&digest[..8], &mut reference).expect("two digits a byte");
    reference
}

fn digest(label: &str, parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(label);
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The union's reference of an order.
pub(crate) fn system_reference(order: u128) -> String {
    format!("{order:032x}")
}

/// The order's identifier as a UETR, if it can be one.
pub(crate) fn uetr(order: u128) -> Option<String> {
    let text = uuid::Uuid::from_u128(order).to_string();
    crate::check::is_uetr(&text).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_found_by_any_of_its_identifiers() {
        let uetr = "174c245f-2682-4291-ad67-2a41e530cd27";
        let id = 0x174c245f_2682_4291_ad67_2a41e530cd27;
        let by_uetr = Original { uetr: Some(uetr.into()), ..Original::default() };
        assert_eq!(by_uetr.order("BRA"), Some(id));
        assert_eq!(super::uetr(id).as_deref(), Some(uetr));
        let by_reference = Original { system_reference: Some(system_reference(id)), ..Original::default() };
        assert_eq!(by_reference.order("BRA"), Some(id));
        let own = Original { message_id: Some("M".into()), end_to_end_id: Some("E".into()), ..Original::default() };
        let derived = own.order("BRA").unwrap();
        assert_ne!(Some(derived), own.order("ARG"), "another member's payments are others");
        assert_eq!(super::uetr(derived), None, "a derived identifier is no UETR");
        let by_reference = Original { system_reference: Some(system_reference(derived)), ..Original::default() };
        assert_eq!(by_reference.order("BRA"), Some(derived));
        assert_eq!(Original::default().order("BRA"), None);
        assert_ne!(reference("M", 1), reference("M", 2));
        assert_ne!(reference("M1", 1), reference("M", 11));
    }
}
