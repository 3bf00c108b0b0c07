//! Detached signatures on messages: on files `FILE.sig` beside `FILE`, over HTTP the header `Comity-Signature`.
//!
//! Signed is `"comity iso 20022 file v1" 0x00` and the SHA-256 of the bytes, by Ed25519 (RFC 8032); the signature is written as 128
//! hexadecimal digits.

use super::IsoSettings;
use union::Charter;

const LABEL: &[u8] = b"comity iso 20022 file v1\0";

/// What is signed of messages whose bytes have this SHA-256.
#[must_use]
pub fn signed_bytes(digest: [u8; 32]) -> Vec<u8> {
    [LABEL, &digest].concat()
}

impl IsoSettings {
    /// Whose signatures on a member's messages count: those that the settings name, or else the member itself where the charter asks for
    /// signatures. None where messages need no signature.
    #[must_use]
    pub fn signers(&self, charter: &Charter, member: u16) -> Vec<[u8; 32]> {
        if self.signers.is_empty() && charter.signed_messages {
            vec![charter.members[usize::from(member)].signing_key]
        } else {
            self.signers.clone()
        }
    }
}

/// Checks that one of the signers has signed messages with this SHA-256.
///
/// # Errors
///
/// What is wrong with the signature.
pub fn check_signature(signers: &[[u8; 32]], digest: [u8; 32], signature: &str) -> Result<(), &'static str> {
    let mut bytes = [0; 64];
    if !base16ct::lower::decode(signature.trim(), &mut bytes).is_ok_and(|bytes| bytes.len() == 64) {
        return Err("is not a signature of 128 hexadecimal digits");
    }
    let message = signed_bytes(digest);
    let is_signed = signers.iter().any(|signer| keys::verify(signer, &message, &bytes).is_ok());
    if is_signed { Ok(()) } else { Err("is not a signature of one of the signers on these bytes") }
}
