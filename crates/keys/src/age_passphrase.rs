//! A short secret under a passphrase, in the `age` format, version 1 (<https://age-encryption.org/v1>): one scrypt
//! recipient, ASCII armour, a payload of one chunk. `age --decrypt` reads what this writes, so a member can recover its
//! key without this software. Written here because the `age` library brings well over a hundred crates with it, and
//! this much of the format is short.

use base64ct::{Base64Unpadded, Encoding};
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use hkdf::{
    Hkdf,
    hmac::{Hmac, Mac},
};
use pem_rfc7468::LineEnding;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

const ARMOUR_LABEL: &str = "AGE ENCRYPTED FILE";
const VERSION_LINE: &str = "age-encryption.org/v1\n";
const STANZA_START: &str = "-> scrypt ";
const MAC_START: &str = "\n---";
const SCRYPT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const SALT_BYTES: usize = 16;
const FILE_KEY_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 16;
const MAC_BYTES: usize = 32;
/// A payload within one 64 KiB chunk is sealed with counter 0 and the mark of the last chunk.
const ONLY_CHUNK: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// Each file key is wrapped once, under a key from a fresh salt.
const WRAP_NONCE: [u8; 12] = [0; 12];
const CHUNK_BYTES: usize = 64 * 1024;

/// What one guess of the passphrase costs: scrypt with N = 2^`log2`, r = 8, p = 1, which takes 2^(`log2` + 10)
/// bytes of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkFactor(u8);

impl WorkFactor {
    /// 128 MiB, a fraction of a second: N = 2^17, the figure of the OWASP Password Storage Cheat Sheet.
    pub const DEFAULT: Self = Self(17);
    /// 1 GiB: a file that asks for more is refused rather than let exhaust the machine.
    pub const MAXIMUM: Self = Self(20);
    /// 2 KiB, so that tests are quick: no protection for a real passphrase.
    pub const MINIMUM: Self = Self(1);

    /// The work factor N = 2^`log2`; `None` unless `log2` is 1 to 20.
    pub fn new(log2: u8) -> Option<Self> {
        (Self::MINIMUM.0..=Self::MAXIMUM.0).contains(&log2).then_some(Self(log2))
    }
}

impl Default for WorkFactor {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a text could not be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecryptError {
    /// Not an armoured age file with one scrypt recipient.
    Form,
    /// The file asks for more work than [`WorkFactor::MAXIMUM`].
    Work,
    /// The file key does not unwrap.
    Passphrase,
    /// The passphrase is right, and the rest does not authenticate.
    Damaged,
}

/// Encrypts `secret`, at most 64 KiB.
pub(crate) fn encrypt(secret: &[u8], passphrase: &str, work: WorkFactor, rng: &mut impl CryptoRng) -> String {
    assert!(secret.len() <= CHUNK_BYTES, "a payload of one chunk");
    let mut file_key = Zeroizing::new([0; FILE_KEY_BYTES]);
    let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
    rng.fill_bytes(file_key.as_mut_slice());
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut nonce);

    let wrapped = seal(&wrap_key(passphrase, &salt, work), WRAP_NONCE, file_key.as_slice());
    let header = format!(
        "{VERSION_LINE}{STANZA_START}{} {}\n{}{MAC_START}",
        Base64Unpadded::encode_string(&salt),
        work.0,
        Base64Unpadded::encode_string(&wrapped),
    );
    let mac = header_mac(&file_key, &header).finalize().into_bytes();

    let mut file = format!("{header} {}\n", Base64Unpadded::encode_string(&mac)).into_bytes();
    file.extend_from_slice(&nonce);
    file.extend_from_slice(&seal(&payload_key(&file_key, &nonce), ONLY_CHUNK, secret));
    pem_rfc7468::encode_string(ARMOUR_LABEL, LineEnding::LF, &file).expect("the label is valid and the file short")
}

/// Decrypts what [`encrypt`] wrote, or `age --passphrase --armor` of a secret of at most 64 KiB.
pub(crate) fn decrypt(armoured: &str, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    // The decoder skips any text before the armour, which age does not allow.
    if !armoured.starts_with("-----BEGIN ") {
        return Err(DecryptError::Form);
    }
    let (label, file) = pem_rfc7468::decode_vec(armoured.as_bytes()).map_err(|_| DecryptError::Form)?;
    if label != ARMOUR_LABEL {
        return Err(DecryptError::Form);
    }
    let header = Header::parse(&file).ok_or(DecryptError::Form)?;
    if header.work > WorkFactor::MAXIMUM {
        return Err(DecryptError::Work);
    }

    let unwrapped = open(&wrap_key(passphrase, &header.salt, header.work), WRAP_NONCE, &header.wrapped)
        .ok_or(DecryptError::Passphrase)?;
    let mut file_key = Zeroizing::new([0; FILE_KEY_BYTES]);
    file_key.copy_from_slice(&unwrapped);
    header_mac(&file_key, header.authenticated).verify_slice(&header.mac).map_err(|_| DecryptError::Damaged)?;

    let (nonce, ciphertext) = header.payload.split_first_chunk().ok_or(DecryptError::Damaged)?;
    open(&payload_key(&file_key, nonce), ONLY_CHUNK, ciphertext).ok_or(DecryptError::Damaged)
}

struct Header<'a> {
    salt: [u8; SALT_BYTES],
    work: WorkFactor,
    wrapped: [u8; FILE_KEY_BYTES + TAG_BYTES],
    mac: [u8; MAC_BYTES],
    /// From the version line up to and including `---`.
    authenticated: &'a str,
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    /// ```text
    /// age-encryption.org/v1
    /// -> scrypt <salt> <work factor>
    /// <wrapped file key>
    /// --- <mac>
    /// <payload>
    /// ```
    fn parse(file: &'a [u8]) -> Option<Self> {
        let [version, arguments, wrapped, mac, payload] =
            file.splitn(5, |byte| *byte == b'\n').collect::<Vec<_>>().try_into().ok()?;
        let text_length = version.len() + 1 + arguments.len() + 1 + wrapped.len() + MAC_START.len();
        let authenticated = str::from_utf8(file.get(..text_length)?).ok()?;
        let stanza = authenticated.strip_prefix(VERSION_LINE)?.strip_prefix(STANZA_START)?;
        let (salt, work) = stanza.split_once('\n')?.0.split_once(' ')?;
        let log2: u8 = work.parse().ok()?;
        (log2 > 0 && work == log2.to_string()).then_some(())?;
        Some(Self {
            salt: base64(salt.as_bytes())?,
            work: WorkFactor(log2),
            wrapped: base64(wrapped)?,
            mac: base64(mac.strip_prefix(b"--- ")?)?,
            authenticated,
            payload,
        })
    }
}

/// Exactly `N` bytes of canonical base64 without padding.
fn base64<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = Base64Unpadded::decode(text, &mut bytes).ok()?.len();
    (length == N).then_some(bytes)
}

fn wrap_key(passphrase: &str, salt: &[u8; SALT_BYTES], work: WorkFactor) -> Zeroizing<[u8; 32]> {
    let params = scrypt::Params::new(work.0, 8, 1).expect("every work factor up to the maximum is valid");
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase.as_bytes(), &[SCRYPT_LABEL, salt].concat(), &params, key.as_mut_slice())
        .expect("32 bytes are within what scrypt can give");
    key
}

fn header_mac(file_key: &[u8; FILE_KEY_BYTES], authenticated: &str) -> Hmac<Sha256> {
    let key = expand(None, file_key, b"header");
    let mut mac = <Hmac<Sha256> as hkdf::hmac::KeyInit>::new_from_slice(key.as_slice()).expect("HMAC takes any key");
    mac.update(authenticated.as_bytes());
    mac
}

fn payload_key(file_key: &[u8; FILE_KEY_BYTES], nonce: &[u8; NONCE_BYTES]) -> Zeroizing<[u8; 32]> {
    expand(Some(nonce), file_key, b"payload")
}

fn expand(salt: Option<&[u8]>, secret: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(salt, secret)
        .expand(info, key.as_mut_slice())
        .expect("32 bytes are within what HKDF can expand to");
    key
}

fn seal(key: &[u8; 32], nonce: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
    // Room for the tag, so that growing never leaves a copy of the plaintext behind.
    let mut buffer = Vec::with_capacity(plaintext.len() + TAG_BYTES);
    buffer.extend_from_slice(plaintext);
    ChaCha20Poly1305::new(key.into())
        .encrypt_in_place(&nonce.into(), b"", &mut buffer)
        .expect("at most 64 KiB are short enough to encrypt");
    buffer
}

fn open(key: &[u8; 32], nonce: [u8; 12], ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    ChaCha20Poly1305::new(key.into()).decrypt_in_place(&nonce.into(), b"", &mut *buffer).ok()?;
    Some(buffer)
}
