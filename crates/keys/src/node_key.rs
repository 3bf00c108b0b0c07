//! The key of a member's node.

use crate::hex;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

use crate::member_key::{NoRandomness, grouped};

const FINGERPRINT_LABEL: &[u8] = b"comity node key v1\0";

/// The secret key of a node, which signs its votes on blocks and its connections with other nodes. It is not its member's
/// key: it stands on a machine that runs unattended, and nothing can be paid with it. Wiped from memory when dropped;
/// `Debug` prints the fingerprint only.
pub struct NodeKey {
    secret: Zeroizing<[u8; 32]>,
    public: [u8; 32],
}

impl NodeKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the operating system has none to give.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(NoRandomness)?;
        Ok(Self::from_secret(secret))
    }

    /// The key pair of an Ed25519 secret key (RFC 8032).
    pub fn from_secret(secret: Zeroizing<[u8; 32]>) -> Self {
        let public = SigningKey::from_bytes(&secret).verifying_key().to_bytes();
        NodeKey { secret, public }
    }

    /// The Ed25519 secret key, for whoever signs with it.
    pub fn secret(&self) -> &Zeroizing<[u8; 32]> {
        &self.secret
    }

    /// The Ed25519 signature of `message` (RFC 8032), which begins with a label of its own.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        SigningKey::from_bytes(&self.secret).sign(message).to_bytes()
    }

    /// What the charter names the node by.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// A short text over the public key for people to compare.
    pub fn fingerprint(&self) -> String {
        grouped(Sha256::new().chain_update(FINGERPRINT_LABEL).chain_update(self.public))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeKey").field(&format_args!("{}", hex::encode(&self.public))).finish()
    }
}
