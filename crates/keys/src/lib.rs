//! What a member holds secret, and what it does with it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`member_key`] | one seed, two key pairs: signing (Ed25519) and sealing (X25519 for HPKE) |
//! | [`node_key`] | the key that a member's node votes with |
//! | [`key_file`] | either on disk under a passphrase, as an `age` file |
//! | [`token`] | a signing key in a PKCS#11 token, which it never leaves |
//! | [`detail`] | customer detail of one payment, its bounds and its one encoding |
//! | [`seal`] | customer detail encrypted to the two members concerned and nobody else |
//!
//! No network. Only [`key_file`] touches the file system, only [`token`] loads a PKCS#11 module, and only `generate` and [`system_random`]
//! ask the operating system for randomness. The bytes of a sealed detail are specified in `docs/sealed-detail.md`.

mod age_passphrase;
pub mod detail;
mod hex;
pub mod key_file;
pub mod member_key;
pub mod node_key;
pub mod seal;
pub mod token;

pub use age_passphrase::WorkFactor;
pub use detail::{Detail, DetailError};
pub use member_key::{MemberKey, PublicKeys, verify};
pub use node_key::NodeKey;
pub use seal::{ContentKey, Context, Side};
pub use token::{TokenAddress, TokenError, TokenKey};

/// The operating system's randomness, as the generator that [`seal::seal`] and [`key_file::create`] take.
///
/// # Panics
///
/// Drawing from it panics when the operating system cannot give randomness: nothing safe can be done then.
pub fn system_random() -> impl rand_core::CryptoRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}
