//! Customer detail, readable by the two members concerned and nobody else.
//!
//! The detail is encrypted once under a fresh content key; the content key is wrapped to each of the two members. A
//! commitment to the content key makes sure that both unwrap the same one, and so read the same text. Every byte of
//! the format is in `docs/sealed-detail.md`.

use std::{fmt, str::FromStr};

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305 as ContentCipher, KeyInit};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Detail, DetailError, MemberKey, PublicKeys, hex, member_key::SealingKem};

const VERSION: u8 = 1;
const COMMITMENT_LABEL: &[u8] = b"comity sealed detail commitment v1\0";
const WRAP_LABEL: &[u8] = b"comity sealed detail wrap v1\0";
const HASH_LABEL: &[u8] = b"comity sealed detail hash v1\0";

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const ENCAPSULATED_BYTES: usize = 32;
const WRAPPED_BYTES: usize = ENCAPSULATED_BYTES + KEY_BYTES + TAG_BYTES;
const COMMITMENT_BYTES: usize = 32;
const CONTEXT_BYTES: usize = 32 + 16 + 2 + 2;

// Offsets in a sealed detail.
const COMMITMENT_AT: usize = 1;
const DEBTOR_AT: usize = COMMITMENT_AT + COMMITMENT_BYTES;
const CREDITOR_AT: usize = DEBTOR_AT + WRAPPED_BYTES;
const CIPHERTEXT_AT: usize = CREDITOR_AT + WRAPPED_BYTES;

/// The plaintext is padded to a multiple of this, so that its length tells little.
const PADDING_BYTES: usize = 64;
const LENGTH_BYTES: usize = 2;
const PLAINTEXT_BYTES: usize = (crate::detail::ENCODED_BYTES + LENGTH_BYTES).next_multiple_of(PADDING_BYTES);

/// Most bytes of a sealed detail: 4,049, within 4 KiB.
pub const SEALED_BYTES: usize = CIPHERTEXT_AT + PLAINTEXT_BYTES + TAG_BYTES;
const _: () = assert!(SEALED_BYTES <= 4096);

/// Each content key encrypts one plaintext.
const CONTENT_NONCE: [u8; 12] = [0; 12];

/// The payment a detail belongs to. A sealed detail opens in its own context only, so it cannot be moved to another
/// order, member or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Identifier of the union.
    pub union_id: [u8; 32],
    /// Identifier of the payment order.
    pub order_id: u128,
    /// Number of the member that pays.
    pub debtor: u16,
    /// Number of the member that is paid.
    pub creditor: u16,
}

impl Context {
    /// Union, order, debtor, creditor; integers little-endian.
    fn encode(&self) -> [u8; CONTEXT_BYTES] {
        let mut bytes = [0; CONTEXT_BYTES];
        bytes[..32].copy_from_slice(&self.union_id);
        bytes[32..48].copy_from_slice(&self.order_id.to_le_bytes());
        bytes[48..50].copy_from_slice(&self.debtor.to_le_bytes());
        bytes[50..].copy_from_slice(&self.creditor.to_le_bytes());
        bytes
    }
}

/// Which of the two members concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The member that pays.
    Debtor,
    /// The member that is paid.
    Creditor,
}

impl Side {
    const fn offset(self) -> usize {
        match self {
            Self::Debtor => DEBTOR_AT,
            Self::Creditor => CREDITOR_AT,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Debtor => 0,
            Self::Creditor => 1,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debtor => "debtor",
            Self::Creditor => "creditor",
        })
    }
}

/// The key of one payment's detail, and of no other. Whoever is given it can read that detail; wiped when dropped.
///
/// As text: 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; KEY_BYTES]);

impl ContentKey {
    /// The text to hand to an auditor.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&self.0))
    }

    /// Binds the key and the context: whoever sealed cannot name another key or another payment for these bytes.
    fn commitment(&self, context: &[u8; CONTEXT_BYTES]) -> [u8; COMMITMENT_BYTES] {
        Sha256::new().chain_update(COMMITMENT_LABEL).chain_update(context).chain_update(self.0).finalize().into()
    }

    fn cipher(&self) -> ContentCipher {
        ContentCipher::new((&self.0).into())
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// The text is not a content key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a content key is 64 lower-case hexadecimal digits")]
pub struct NotAContentKey;

impl FromStr for ContentKey {
    type Err = NotAContentKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self).ok_or(NotAContentKey)
    }
}

/// Why a detail could not be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The detail is out of bounds.
    #[error("cannot seal: {0}")]
    Detail(DetailError),
    /// Nothing can be encrypted to this member's sealing key.
    #[error("the {side} member's sealing key is not usable; it has to publish a new one")]
    SealingKey {
        /// Whose key.
        side: Side,
    },
}

/// Why a sealed detail could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No sealed detail has this length.
    #[error("{bytes} bytes cannot be a sealed detail; fetch it again from the member that sent it")]
    Length {
        /// Bytes found.
        bytes: usize,
    },
    /// Sealed by a version of the format that is not known here.
    #[error("this detail is sealed in version {version} of the format, and only version {VERSION} is known; update")]
    Version {
        /// Version found.
        version: u8,
    },
    /// The content key does not unwrap.
    #[error(
        "the {side}'s content key does not unwrap: sealed to another key, for another payment, or altered; \
         ask the sender to seal again"
    )]
    WrappedKey {
        /// Whose wrapped key.
        side: Side,
    },
    /// The content key is not the one that the sealed detail commits to: the two members may have been given different
    /// keys, or the key belongs to another payment.
    #[error(
        "the content key is not the one this detail commits to for this payment; \
         do not act on it and ask the sender to seal again"
    )]
    Commitment,
    /// The content does not authenticate.
    #[error("the sealed detail was altered after it was sealed, or sealed wrongly; ask the sender to seal again")]
    Content,
    /// The plaintext is not padded as it has to be.
    #[error("the sealed detail is not padded as the format says; ask the sender to seal again")]
    Padding,
    /// The plaintext is not a valid detail.
    #[error("the sealed detail does not hold a valid detail: {0}")]
    Detail(DetailError),
}

/// Encrypts `detail` to the two members concerned. The sender may be either of them, or a third for both.
///
/// # Errors
///
/// [`SealError`] when the detail is out of bounds or a sealing key is unusable.
pub fn seal(
    detail: &Detail,
    context: &Context,
    debtor: &PublicKeys,
    creditor: &PublicKeys,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SealError> {
    let mut content = pad(&detail.encode().map_err(SealError::Detail)?);
    let context = context.encode();
    let mut key = ContentKey([0; KEY_BYTES]);
    rng.fill_bytes(&mut key.0);

    let mut sealed = Vec::with_capacity(CIPHERTEXT_AT + content.len() + TAG_BYTES);
    sealed.push(VERSION);
    sealed.extend_from_slice(&key.commitment(&context));
    wrap(&key, Side::Debtor, debtor, &context, rng, &mut sealed)?;
    wrap(&key, Side::Creditor, creditor, &context, rng, &mut sealed)?;
    assert_eq!(sealed.len(), CIPHERTEXT_AT);
    let tag = key
        .cipher()
        .encrypt_inout_detached(&CONTENT_NONCE.into(), &content_aad(&context, &sealed), content.as_mut_slice().into())
        .expect("a padded detail is short enough to encrypt");
    sealed.extend_from_slice(&content);
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// What stands for a sealed detail in the public order: SHA-256("comity sealed detail hash v1" 0x00 sealed).
pub fn hash(sealed: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(HASH_LABEL).chain_update(sealed).finalize().into()
}

/// Decrypts a detail as one of the two members concerned. The caller has compared [`hash`] with the public order.
///
/// # Errors
///
/// [`OpenError`]; a third member gets [`OpenError::WrappedKey`].
pub fn open(sealed: &[u8], context: &Context, key: &MemberKey, side: Side) -> Result<Detail, OpenError> {
    open_with_content_key(sealed, context, &unwrap(sealed, context, key, side)?)
}

/// The content key of one payment's detail, to be shown to an auditor; the member's own key stays secret. Checked to
/// open the detail before it is given out.
///
/// # Errors
///
/// As [`open`].
pub fn reveal(sealed: &[u8], context: &Context, key: &MemberKey, side: Side) -> Result<ContentKey, OpenError> {
    let content_key = unwrap(sealed, context, key, side)?;
    open_with_content_key(sealed, context, &content_key)?;
    Ok(content_key)
}

/// Decrypts a detail with the content key that one of the two members revealed. The caller has compared [`hash`] with
/// the public order; then no other key and no other text can be passed off as this payment's.
///
/// # Errors
///
/// [`OpenError`]; a wrong key or context gives [`OpenError::Commitment`].
pub fn open_with_content_key(sealed: &[u8], context: &Context, key: &ContentKey) -> Result<Detail, OpenError> {
    check_form(sealed)?;
    let context = context.encode();
    if key.commitment(&context) != sealed[COMMITMENT_AT..DEBTOR_AT] {
        return Err(OpenError::Commitment);
    }
    let (head, ciphertext) = sealed.split_at(CIPHERTEXT_AT);
    let mut content = ciphertext.to_vec();
    key.cipher()
        .decrypt_in_place(&CONTENT_NONCE.into(), &content_aad(&context, head), &mut content)
        .map_err(|_| OpenError::Content)?;
    Detail::decode(unpad(&content)?).map_err(OpenError::Detail)
}

/// Checks what anyone can see: the length and the version.
///
/// # Errors
///
/// [`OpenError::Length`] or [`OpenError::Version`].
pub fn check_form(sealed: &[u8]) -> Result<(), OpenError> {
    let content = sealed.len().checked_sub(CIPHERTEXT_AT + TAG_BYTES);
    if !content.is_some_and(|bytes| (1..=PLAINTEXT_BYTES).contains(&bytes) && bytes.is_multiple_of(PADDING_BYTES)) {
        return Err(OpenError::Length { bytes: sealed.len() });
    }
    if sealed[0] != VERSION {
        return Err(OpenError::Version { version: sealed[0] });
    }
    Ok(())
}

/// Appends the content key, wrapped to one member by HPKE in base mode: encapsulated key, then ciphertext and tag.
fn wrap(
    key: &ContentKey,
    side: Side,
    recipient: &PublicKeys,
    context: &[u8; CONTEXT_BYTES],
    rng: &mut impl CryptoRng,
    sealed: &mut Vec<u8>,
) -> Result<(), SealError> {
    let unusable = |_| SealError::SealingKey { side };
    let recipient = <SealingKem as Kem>::PublicKey::from_bytes(&recipient.sealing).map_err(unusable)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, SealingKem>(
        &OpModeS::Base,
        &recipient,
        &wrap_info(context, side),
        &key.0,
        &sealed[COMMITMENT_AT..DEBTOR_AT],
        rng,
    )
    .map_err(unusable)?;
    sealed.extend_from_slice(&encapsulated.to_bytes());
    sealed.extend_from_slice(&ciphertext);
    Ok(())
}

fn unwrap(sealed: &[u8], context: &Context, key: &MemberKey, side: Side) -> Result<ContentKey, OpenError> {
    check_form(sealed)?;
    let failed = |_| OpenError::WrappedKey { side };
    let (encapsulated, ciphertext) = sealed[side.offset()..][..WRAPPED_BYTES].split_at(ENCAPSULATED_BYTES);
    let encapsulated = <SealingKem as Kem>::EncappedKey::from_bytes(encapsulated).map_err(failed)?;
    let unwrapped = Zeroizing::new(
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, SealingKem>(
            &OpModeR::Base,
            key.sealing(),
            &encapsulated,
            &wrap_info(&context.encode(), side),
            ciphertext,
            &sealed[COMMITMENT_AT..DEBTOR_AT],
        )
        .map_err(failed)?,
    );
    let mut content_key = ContentKey([0; KEY_BYTES]);
    content_key.0.copy_from_slice(&unwrapped);
    Ok(content_key)
}

fn wrap_info(context: &[u8; CONTEXT_BYTES], side: Side) -> Vec<u8> {
    [WRAP_LABEL, context, &[side.code()]].concat()
}

/// Everything before the ciphertext is authenticated with it, so that neither member's wrapped key can be swapped
/// without the other noticing.
fn content_aad(context: &[u8; CONTEXT_BYTES], head: &[u8]) -> Vec<u8> {
    [context, head].concat()
}

/// Length (two bytes, little-endian), the encoding, zeros up to the next multiple of [`PADDING_BYTES`].
fn pad(encoded: &[u8]) -> Vec<u8> {
    let length = u16::try_from(encoded.len()).expect("an encoded detail is shorter than 64 KiB");
    let mut padded = Vec::with_capacity((LENGTH_BYTES + encoded.len()).next_multiple_of(PADDING_BYTES));
    padded.extend_from_slice(&length.to_le_bytes());
    padded.extend_from_slice(encoded);
    padded.resize(padded.len().next_multiple_of(PADDING_BYTES), 0);
    padded
}

/// Undoes [`pad`] and nothing else: the least padding, and all zeros.
fn unpad(padded: &[u8]) -> Result<&[u8], OpenError> {
    let (length, rest) = padded.split_first_chunk().ok_or(OpenError::Padding)?;
    let (encoded, zeros) = rest.split_at_checked(u16::from_le_bytes(*length).into()).ok_or(OpenError::Padding)?;
    if zeros.len() >= PADDING_BYTES || zeros.iter().any(|byte| *byte != 0) {
        return Err(OpenError::Padding);
    }
    Ok(encoded)
}
