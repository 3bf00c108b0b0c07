//! Passkeys: what an authenticator signs to begin a session, and how the node checks it.
//!
//! An assertion is checked as [Web Authentication](https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion) says. A passkey is
//! made in the browser and counts once the node's configuration names it, so nothing is registered here and no attestation is asked for: whoever
//! writes the configuration vouches for the passkey, as for a key.

use crate::problem::{Kind, Problem};
use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;
use utoipa::ToSchema;

/// The longest identifier of a credential, in bytes; the specification's own bound.
const CREDENTIAL_BYTES_MAX: usize = 1_023;
/// The longest client data that is read, in bytes.
const CLIENT_DATA_BYTES_MAX: usize = 4 << 10;
/// The longest authenticator data that is read, in bytes.
const AUTHENTICATOR_DATA_BYTES_MAX: usize = 1 << 10;
/// The longest signature that is read, in bytes: an ECDSA one in DER takes 72.
const SIGNATURE_BYTES_MAX: usize = 72;
/// The longest handle of a user, in bytes; the specification's own bound.
const USER_HANDLE_BYTES_MAX: usize = 64;

/// Authenticator data: the hash of the relying party's identifier, a byte of flags, a counter.
const AUTHENTICATOR_DATA_BYTES: usize = 32 + 1 + 4;
const USER_PRESENT: u8 = 1 << 0;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// What comes before the point in the DER form of a P-256 public key (RFC 5480), uncompressed.
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What comes before the key in the DER form of an Ed25519 public key (RFC 8410).
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const USER_LABEL: &[u8] = b"comity operator v1\0";

/// The handle that an operator's passkeys are made with: SHA-256 of `"comity operator v1" 00` and the name. It tells an
/// authenticator whose passkey it is, and says nothing about the person.
pub fn user_handle(operator: &str) -> [u8; 32] {
    Sha256::new().chain_update(USER_LABEL).chain_update(operator).finalize().into()
}

/// Where operators see the console, such as `https://comity.example.org`. Passkeys are made for its host, and sign in there alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    host: String,
}

/// A text that is no origin that passkeys work at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not https://NAME or https://NAME:PORT in lower case (or http://localhost:PORT); browsers take no passkeys at a number or without TLS"
)]
pub struct OriginError;

impl Origin {
    /// The relying party's identifier that passkeys are made for: the host.
    pub fn relying_party(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let is_name = host.len() <= 253 && host.split('.').all(is_label) && host.parse::<Ipv4Addr>().is_err();
        let usual = match scheme {
            "https" => 443,
            "http" if host == "localhost" || host.ends_with(".localhost") => 80,
            _ => return Err(OriginError),
        };
        // As a browser writes it, since it is compared byte by byte: no leading zeros, and not the usual port.
        let is_port = |port: &str| {
            port.parse::<u16>().is_ok_and(|number| number != 0 && number != usual && number.to_string() == port)
        };
        if !is_name || !port.is_none_or(is_port) {
            return Err(OriginError);
        }
        Ok(Origin { text: text.to_owned(), host: host.to_owned() })
    }
}

/// A passkey that an operator may sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's identifier.
    pub(crate) id: Vec<u8>,
    key: PublicKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PublicKey {
    Es256(Box<VerifyingKey>),
    EdDsa([u8; 32]),
}

/// What is wrong with the text of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// The identifier.
    #[error("id is not 1 to {CREDENTIAL_BYTES_MAX} bytes in base64url without padding")]
    Id,
    /// The public key.
    #[error("key is not a P-256 or Ed25519 public key (SubjectPublicKeyInfo, DER) in base64url without padding")]
    Key,
}

impl Passkey {
    /// A passkey out of text: the credential's identifier and its public key as a DER-encoded SubjectPublicKeyInfo, both in base64url
    /// without padding, as the console's page of settings shows them.
    ///
    /// # Errors
    ///
    /// [`PasskeyError`] says which of the two is wrong.
    pub fn parse(id: &str, key: &str) -> Result<Passkey, PasskeyError> {
        let id = unbase64(id, CREDENTIAL_BYTES_MAX).filter(|id| !id.is_empty()).ok_or(PasskeyError::Id)?;
        let der = unbase64(key, P256_PREFIX.len() + 65).ok_or(PasskeyError::Key)?;
        let key = if let Some(point) = der.strip_prefix(&P256_PREFIX) {
            VerifyingKey::from_sec1_bytes(point).ok().filter(|_| point.len() == 65).map(Box::new).map(PublicKey::Es256)
        } else {
            let key = der.strip_prefix(&ED25519_PREFIX).and_then(|key| key.try_into().ok());
            key.map(PublicKey::EdDsa)
        };
        Ok(Passkey { id, key: key.ok_or(PasskeyError::Key)? })
    }

    /// Whether this is the same credential as another, or has its key.
    pub(crate) fn is_that_of(&self, other: &Passkey) -> bool {
        self.id == other.id || self.key == other.key
    }

    /// Whether the passkey signs with this Ed25519 key.
    pub(crate) fn has_key(&self, key: &[u8; 32]) -> bool {
        matches!(&self.key, PublicKey::EdDsa(own) if own == key)
    }
}

impl PublicKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Es256(key) => {
                DerSignature::from_bytes(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            PublicKey::EdDsa(key) => {
                signature.try_into().is_ok_and(|signature| keys::verify(key, message, signature).is_ok())
            }
        }
    }
}

/// A challenge for a passkey, to be signed once, within two minutes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PasskeyChallenge {
    /// The challenge, base64url without padding.
    pub challenge: String,
    /// The relying party's identifier that passkeys of this node are made for.
    pub relying_party: String,
    /// Until when it can be answered.
    pub expires_at: String,
}

/// A passkey's answer to a challenge: an assertion of Web Authentication, each part in base64url without padding.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyLoginRequest {
    /// The credential's identifier (`rawId`).
    pub credential: String,
    /// What the browser says was asked for (`clientDataJSON`).
    pub client_data: String,
    /// What the authenticator says (`authenticatorData`).
    pub authenticator_data: String,
    /// The authenticator's signature.
    pub signature: String,
    /// Whose passkey it is (`userHandle`): SHA-256 of `"comity operator v1" 00` and the operator's name.
    pub user_handle: String,
}

/// An assertion whose parts can be read; nothing about it has been checked.
#[derive(Debug)]
pub(crate) struct Assertion {
    pub credential: Vec<u8>,
    /// The nonce of the challenge that it answers.
    pub nonce: [u8; 32],
    client_data: Vec<u8>,
    claims: ClientData,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Vec<u8>,
}

/// What counts of the client data; browsers may add to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

fn unbase64(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    // Four characters hold three bytes: nothing longer is decoded.
    let is_short = text.len() <= bytes_max.div_ceil(3) * 4;
    let bytes = is_short.then(|| Base64UrlUnpadded::decode_vec(text).ok())??;
    (bytes.len() <= bytes_max).then_some(bytes)
}

/// Bytes in base64url without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn refused(detail: &str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
}

/// The same words for all that a stranger could try, so that nobody learns what is known here.
pub(crate) fn unknown_or_wrong() -> Problem {
    refused("the login is not valid; ask for a new challenge and sign it with a passkey that the node knows")
}

impl Assertion {
    /// Reads the parts of an assertion.
    pub fn read(request: &PasskeyLoginRequest) -> Result<Assertion, Problem> {
        let part = |field: &str, text: &str, bytes_max: usize| {
            let wrong = || {
                let text = format!("{field} is not at most {bytes_max} bytes in base64url without padding");
                Problem::malformed(field, text)
            };
            unbase64(text, bytes_max).ok_or_else(wrong)
        };
        let client_data = part("client_data", &request.client_data, CLIENT_DATA_BYTES_MAX)?;
        let authenticator_data = part("authenticator_data", &request.authenticator_data, AUTHENTICATOR_DATA_BYTES_MAX)?;
        if authenticator_data.len() < AUTHENTICATOR_DATA_BYTES {
            let text = format!("authenticator_data is shorter than {AUTHENTICATOR_DATA_BYTES} bytes");
            return Err(Problem::malformed("authenticator_data", text));
        }
        // A list would be taken for the fields in their order.
        if !crate::extract::is_object(&client_data) {
            return Err(Problem::malformed("client_data", "client_data is not a JSON object"));
        }
        let claims: ClientData = serde_json::from_slice(&client_data)
            .map_err(|error| Problem::malformed("client_data", format!("client_data: {error}")))?;
        let nonce = unbase64(&claims.challenge, 32).and_then(|nonce| nonce.try_into().ok());
        let nonce = nonce.ok_or_else(|| Problem::malformed("client_data", "its challenge is none of this node"))?;
        Ok(Assertion {
            credential: part("credential", &request.credential, CREDENTIAL_BYTES_MAX)?,
            nonce,
            client_data,
            claims,
            authenticator_data,
            signature: part("signature", &request.signature, SIGNATURE_BYTES_MAX)?,
            user_handle: part("user_handle", &request.user_handle, USER_HANDLE_BYTES_MAX)?,
        })
    }

    /// Checks that some passkey was asked to sign in at this origin, with the person there and recognised. Whose it is does not matter
    /// yet, so that nobody learns by the answer which are known here.
    pub fn check_place(&self, origin: &Origin) -> Result<(), Problem> {
        let claims = &self.claims;
        if claims.kind != "webauthn.get" || claims.cross_origin {
            return Err(refused("the passkey was asked for something else than to sign in here"));
        }
        if claims.origin != origin.text {
            return Err(refused(&format!("passkeys sign in at {origin}, as the node's configuration says")));
        }
        let (relying_party, rest) = self.authenticator_data.split_at(32);
        let has = |flag: u8| rest[0] & flag != 0;
        if relying_party != Sha256::digest(&origin.host).as_slice() {
            return Err(refused("the passkey signed for another relying party"));
        }
        if !has(USER_PRESENT) || !has(USER_VERIFIED) {
            return Err(refused(
                "the passkey's device did not recognise whoever used it: a PIN, a finger or a face is needed",
            ));
        }
        Ok(())
    }

    /// Checks that an operator's passkey signed. What is left to the caller: that the nonce is one that was given out and not
    /// answered, and that the counter, which is returned, goes forward.
    pub fn verify(&self, operator: &str, passkey: &Passkey) -> Result<u32, Problem> {
        let &[flags, c0, c1, c2, c3, ref extensions @ ..] = &self.authenticator_data[32..] else {
            unreachable!("its length was checked")
        };
        let has = |flag: u8| flags & flag != 0;
        let is_consistent = (has(BACKUP_ELIGIBLE) || !has(BACKED_UP))
            && !has(HAS_CREDENTIAL)
            && has(HAS_EXTENSIONS) != extensions.is_empty();
        let message = [&self.authenticator_data[..], Sha256::digest(&self.client_data).as_slice()].concat();
        if !is_consistent
            || self.credential != passkey.id
            || self.user_handle != user_handle(operator)
            || !passkey.key.verifies(&message, &self.signature)
        {
            return Err(unknown_or_wrong());
        }
        Ok(u32::from_be_bytes([c0, c1, c2, c3]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for (text, host) in [
            ("https://comity.example.org", "comity.example.org"),
            ("https://comity.example.org:8443", "comity.example.org"),
            ("http://localhost:7400", "localhost"),
            ("http://bank.localhost", "bank.localhost"),
            ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!((origin.to_string().as_str(), origin.relying_party()), (text, host));
        }
        for text in [
            "",
            "comity.example.org",
            "http://comity.example.org",
            "http://127.0.0.1:7400",
            "https://127.0.0.1",
            "https://[::1]:7400",
            "https://Comity.example.org",
            "https://comity.example.org/",
            "https://comity.example.org/console",
            "https://comity.example.org:443",
            "https://comity.example.org:0443",
            "https://comity.example.org:+8443",
            "https://comity.example.org:",
            "https://comity.example.org:65536",
            "https://ana@comity.example.org",
            "https://comity..example.org",
            "https://",
            "http://localhost.example.org",
            "https://comity.example.org ",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn keys_are_p256_or_ed25519() {
        let good = [&ED25519_PREFIX[..], &[7; 32]].concat();
        let id = base64(b"credential");
        let parse = |der: &[u8]| Passkey::parse(&id, &base64(der));
        assert!(parse(&good).unwrap().has_key(&[7; 32]));
        for der in [&good[..43], &[&good[..], &[0]].concat(), &[], &[&P256_PREFIX[..], &[4; 65]].concat()] {
            assert_eq!(parse(der), Err(PasskeyError::Key));
        }
        for id in ["", "a", "a=", "+/+/", &"A".repeat(2_000)] {
            assert_eq!(Passkey::parse(id, &base64(&good)), Err(PasskeyError::Id), "{id}");
        }
    }

    #[test]
    fn no_bit_of_an_assertion_may_be_another() {
        use p256::ecdsa::SigningKey;
        use p256::ecdsa::signature::Signer;
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let der = [&P256_PREFIX[..], key.verifying_key().to_sec1_point(false).as_bytes()].concat();
        let passkey = Passkey::parse(&base64(b"credential"), &base64(&der)).unwrap();
        let origin: Origin = "https://comity.example.org".parse().unwrap();
        let client_data =
            format!("{{\"type\":\"webauthn.get\",\"challenge\":\"{}\",\"origin\":\"{origin}\"}}", base64(&[9; 32]));
        let authenticator_data =
            [Sha256::digest("comity.example.org").as_slice(), &[USER_PRESENT | USER_VERIFIED], &[0, 0, 1, 2]].concat();
        let signature: DerSignature = key.sign(&[&authenticator_data[..], &Sha256::digest(&client_data)].concat());
        let good = [
            b"credential".to_vec(),
            client_data.into_bytes(),
            authenticator_data,
            signature.as_bytes().to_vec(),
            user_handle("ana").to_vec(),
        ];
        let verified = |parts: &[Vec<u8>; 5]| {
            let [credential, client_data, authenticator_data, signature, user_handle] =
                parts.each_ref().map(|part| base64(part));
            let request = PasskeyLoginRequest { credential, client_data, authenticator_data, signature, user_handle };
            let assertion = Assertion::read(&request)?;
            assertion.check_place(&origin)?;
            assertion.verify("ana", &passkey)
        };
        assert_eq!(verified(&good), Ok(0x102));
        for part in 0..good.len() {
            for at in 0..good[part].len() {
                let mut cut = good.clone();
                cut[part].truncate(at);
                assert!(verified(&cut).is_err(), "part {part} ends at {at}");
                for bit in 0..8 {
                    let mut twisted = good.clone();
                    twisted[part][at] ^= 1 << bit;
                    assert!(verified(&twisted).is_err(), "part {part}, byte {at}, bit {bit}");
                }
            }
        }
    }
}
