//! A member's keys: one seed, from which a signing and a sealing key pair are derived; the signing pair may be in a token
//! instead.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::{
    Hkdf,
    hmac::{Hmac, KeyInit, Mac},
};
use hpke::{Kem, Serializable, kem::X25519HkdfSha256};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    hex,
    token::{TokenError, TokenKey},
};

const SEED_SALT: &[u8] = b"comity member key v1";
const SIGNING_INFO: &[u8] = b"signing";
const SEALING_INFO: &[u8] = b"sealing";
const RANDOMNESS_INFO: &[u8] = b"sealing randomness";
const FINGERPRINT_LABEL: &[u8] = b"comity public keys v1\0";
/// 160 bits: too many for anyone to make other keys with the same fingerprint.
const FINGERPRINT_BYTES: usize = 20;

/// The key type of the sealing pair, in the words of RFC 9180.
pub(crate) type SealingKem = X25519HkdfSha256;

/// A member's secret keys. Wiped from memory when dropped; `Debug` prints the public fingerprint only.
///
/// Both pairs come from one 32-byte seed, so that one secret is kept, backed up and replaced:
///
/// ```text
/// prk          = HKDF-Extract(SHA-256, salt = "comity member key v1", seed)
/// signing key  = HKDF-Expand(prk, "signing", 32)        the Ed25519 secret key of RFC 8032
/// sealing pair = DeriveKeyPair(HKDF-Expand(prk, "sealing", 32))        RFC 9180, section 7.1.3
/// randomness   = HKDF-Expand(prk, "sealing randomness", 32)            see [`MemberKey::randomness`]
/// ```
///
/// Where the signing key is in a token, the sealing pair still comes from a seed ([why](../../../docs/decisions/0008-tokens.md)).
pub struct MemberKey {
    seed: Zeroizing<[u8; 32]>,
    signing: Signing,
    sealing: <SealingKem as Kem>::PrivateKey,
    randomness: Zeroizing<[u8; 32]>,
    public: PublicKeys,
}

enum Signing {
    InMemory(SigningKey),
    InToken(TokenKey),
}

/// The operating system could not give randomness, so no key was made.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness, so no key was made: {0}; try again on a healthy system")]
pub struct NoRandomness(pub(crate) getrandom::Error);

impl MemberKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(NoRandomness)?;
        Ok(Self::from_seed(*seed))
    }

    /// The key of a seed: always the same one. Whoever knows the seed has the key, so a seed that was not drawn
    /// at random belongs in tests and demonstrations only.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let prk = Hkdf::<Sha256>::new(Some(SEED_SALT), seed.as_slice());
        let derive = |info| {
            let mut secret = Zeroizing::new([0; 32]);
            prk.expand(info, secret.as_mut_slice()).expect("32 bytes are within what HKDF can expand to");
            secret
        };
        let signing = SigningKey::from_bytes(&derive(SIGNING_INFO));
        let (sealing, sealing_public) = SealingKem::derive_keypair(derive(SEALING_INFO).as_slice());
        let public =
            PublicKeys { signing: signing.verifying_key().to_bytes(), sealing: sealing_public.to_bytes().into() };
        let randomness = derive(RANDOMNESS_INFO);
        Self { seed, signing: Signing::InMemory(signing), sealing, randomness, public }
    }

    /// The key whose signing half is in a token, and whose sealing half is that of another key.
    pub fn in_token(token: TokenKey, sealing: MemberKey) -> Self {
        let public = PublicKeys { signing: token.public(), ..sealing.public };
        Self { signing: Signing::InToken(token), public, ..sealing }
    }

    /// What the other members know this member by.
    pub fn public(&self) -> PublicKeys {
        self.public
    }

    /// The Ed25519 signature of `message` (RFC 8032, not pre-hashed). The caller puts a label of its own in
    /// front of what it signs, so that a signature made for one purpose is worth nothing for another.
    ///
    /// # Errors
    ///
    /// [`TokenError`] where the key is in a token that is gone or refuses; a key in memory always signs.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], TokenError> {
        match &self.signing {
            Signing::InMemory(key) => Ok(key.sign(message).to_bytes()),
            Signing::InToken(token) => token.sign(message),
        }
    }

    /// 32 bytes that nobody without the sealing half of the key can foresee, always the same for the same context: HMAC-SHA256.
    pub fn randomness(&self, context: &[u8]) -> Zeroizing<[u8; 32]> {
        let mac = Hmac::<Sha256>::new_from_slice(self.randomness.as_slice()).expect("HMAC takes any key");
        Zeroizing::new(mac.chain_update(context).finalize().into_bytes().into())
    }

    /// The seed that both halves come from; `None` where one of them is in a token.
    pub(crate) fn seed(&self) -> Option<&[u8; 32]> {
        matches!(self.signing, Signing::InMemory(_)).then_some(&self.seed)
    }

    pub(crate) fn sealing(&self) -> &<SealingKem as Kem>::PrivateKey {
        &self.sealing
    }
}

impl fmt::Debug for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemberKey").field(&format_args!("{}", self.public.fingerprint())).finish()
    }
}

/// A member's public keys. In JSON: an object of two strings of 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKeys {
    /// Ed25519: what the member's signatures are checked with.
    #[serde(with = "hex")]
    pub signing: [u8; 32],
    /// X25519: what customer detail is sealed to.
    #[serde(with = "hex")]
    pub sealing: [u8; 32],
}

impl PublicKeys {
    /// A short text over both keys for people to compare: the first 160 bits of
    /// SHA-256("comity public keys v1" 0x00 signing sealing) in ten groups of four hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        grouped(Sha256::new().chain_update(FINGERPRINT_LABEL).chain_update(self.signing).chain_update(self.sealing))
    }
}

/// The first 160 bits of a digest in ten groups of four hexadecimal digits.
pub(crate) fn grouped(digest: Sha256) -> String {
    let groups: Vec<String> = digest.finalize()[..FINGERPRINT_BYTES].chunks(2).map(hex::encode).collect();
    groups.join("-")
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The signing key is not a point of the curve, or a point of small order.
    #[error("the signing key is not a usable Ed25519 key; take it from the member's entry in the charter")]
    Key,
    /// The signature is not this key's signature of this message.
    #[error("the signature was not made by this key for this message; sign exactly these bytes with the member's key")]
    Signature,
}

/// Checks an Ed25519 signature by the strict rules (canonical encodings, no keys or commitments of small order), so
/// that all nodes agree on which signatures are valid.
///
/// # Errors
///
/// [`VerifyError`] says whether the key or the signature is at fault.
pub fn verify(signing: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), VerifyError> {
    let key = VerifyingKey::from_bytes(signing).map_err(|_| VerifyError::Key)?;
    if key.is_weak() {
        return Err(VerifyError::Key);
    }
    key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| VerifyError::Signature)
}
