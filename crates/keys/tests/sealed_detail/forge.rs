//! Builds sealed details byte by byte from `docs/sealed-detail.md`, so that a part can be made false while
//! everything around it is right.

use chacha20poly1305::{AeadInOut, KeyInit};
use hpke::{Deserializable, Kem, OpModeS, Serializable, kdf::HkdfSha256, kem::X25519HkdfSha256};
use keys::{Detail, PublicKeys};
use sha2::{Digest, Sha256};

use crate::{context, creditor, debtor, rng};

pub struct Forgery {
    pub content_key: [u8; 32],
    pub commitment: [u8; 32],
    /// To the debtor, to the creditor.
    pub wrapped_keys: [[u8; 32]; 2],
    pub plaintext: Vec<u8>,
}

impl Forgery {
    pub fn honest(detail: &Detail) -> Self {
        let content_key = [0x44; 32];
        Self {
            content_key,
            commitment: Sha256::new()
                .chain_update(b"comity sealed detail commitment v1\0")
                .chain_update(context_bytes())
                .chain_update(content_key)
                .finalize()
                .into(),
            wrapped_keys: [content_key; 2],
            plaintext: pad(&detail.encode().unwrap()),
        }
    }

    pub fn build(&self) -> Vec<u8> {
        let mut sealed = vec![1];
        sealed.extend(self.commitment);
        for (side, member) in [debtor().public(), creditor().public()].into_iter().enumerate() {
            sealed.extend(self.wrap(u8::try_from(side).unwrap(), &member));
        }
        let aad = [&context_bytes(), sealed.as_slice()].concat();
        let mut ciphertext = self.plaintext.clone();
        chacha20poly1305::ChaCha20Poly1305::new((&self.content_key).into())
            .encrypt_in_place(&[0; 12].into(), &aad, &mut ciphertext)
            .unwrap();
        sealed.extend(ciphertext);
        sealed
    }

    fn wrap(&self, side: u8, member: &PublicKeys) -> Vec<u8> {
        let info = [b"comity sealed detail wrap v1\0".as_slice(), &context_bytes(), &[side]].concat();
        let recipient = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&member.sealing).unwrap();
        let (encapsulated, ciphertext) =
            hpke::single_shot_seal_with_rng::<hpke::aead::ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &recipient,
                &info,
                &self.wrapped_keys[usize::from(side)],
                &self.commitment,
                &mut rng(),
            )
            .unwrap();
        [&encapsulated.to_bytes(), ciphertext.as_slice()].concat()
    }
}

pub fn pad(encoded: &[u8]) -> Vec<u8> {
    let mut padded = u16::try_from(encoded.len()).unwrap().to_le_bytes().to_vec();
    padded.extend(encoded);
    padded.resize(padded.len().div_ceil(64) * 64, 0);
    padded
}

fn context_bytes() -> Vec<u8> {
    let context = context();
    let mut bytes = context.union_id.to_vec();
    bytes.extend(context.order_id.to_le_bytes());
    bytes.extend(context.debtor.to_le_bytes());
    bytes.extend(context.creditor.to_le_bytes());
    bytes
}
