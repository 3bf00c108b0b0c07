//! What can go wrong with a key in a token.

use super::AddressError;
use std::fmt;
use std::path::PathBuf;

/// Why a key in a token cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The address cannot be read.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The module cannot be loaded or started.
    #[error("cannot load the PKCS#11 module {path}: {reason}; install it, or correct module-path")]
    Module {
        /// Its file.
        path: PathBuf,
        /// What the system or the module said.
        reason: String,
    },
    /// The token is not there.
    #[error("no token is there that fits {address} (there are: {present}); put it in, or correct its attributes")]
    NoToken {
        /// What was looked for.
        address: String,
        /// The names of the tokens that are there.
        present: String,
    },
    /// The address does not say which of several tokens.
    #[error("{found} tokens fit {address}; add serial or slot-id to say which")]
    ManyTokens {
        /// What was looked for.
        address: String,
        /// How many there are.
        found: usize,
    },
    /// The token refuses the PIN.
    #[error("the token {token} refuses the PIN; {tries}")]
    Pin {
        /// The token's name.
        token: String,
        /// How many tries are left, as far as the token says.
        tries: PinTries,
    },
    /// The token refused the PIN that it had taken before.
    #[error(
        "the token of {address} refused the PIN that it took before; it is not tried again, so that the token is not locked: \
         start again with the PIN that it has now"
    )]
    PinChanged {
        /// Where the key was looked for.
        address: String,
    },
    /// The token holds no such key.
    #[error("the token holds no private key that fits {address}; `comity keys generate` makes one")]
    NoKey {
        /// What was looked for.
        address: String,
    },
    /// The address does not say which of several keys.
    #[error("{found} private keys in the token fit {address}; add id to say which")]
    ManyKeys {
        /// What was looked for.
        address: String,
        /// How many there are.
        found: usize,
    },
    /// The key cannot make Ed25519 signatures.
    #[error("the key at {address} is {found}; a signing key is an Ed25519 key (CKK_EC_EDWARDS)")]
    OtherType {
        /// Where it is.
        address: String,
        /// What it is.
        found: String,
    },
    /// The token has the private key alone.
    #[error("the token has no public key beside the private one at {address}; import it with the same id")]
    NoPublicKey {
        /// Where it is.
        address: String,
    },
    /// A new key has no name.
    #[error("a new key needs a name; add object=NAME to the address")]
    Nameless,
    /// There is a key already where a new one was to be made.
    #[error("the token has a key at {address} already, which is left as it was; choose another object or id")]
    Exists {
        /// Where.
        address: String,
    },
    /// The token came back with another key.
    #[error("the key at {address} is another one than when it was opened; start again if that is meant so")]
    OtherKey {
        /// Where.
        address: String,
    },
    /// What the token gave does not fit its public key.
    #[error("the token gave something that is not a signature by its public key; it was not used")]
    Signature,
    /// The token or its module refused.
    #[error("the token cannot {action}: {reason}")]
    Refused {
        /// What it was asked for.
        action: &'static str,
        /// What it said.
        reason: String,
    },
}

/// How many tries of its PIN a token has left. PKCS#11 knows no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinTries {
    /// It does not say.
    NotTold,
    /// A wrong PIN was given since the right one was.
    Fewer,
    /// The next wrong one locks it.
    One,
    /// It is locked.
    None,
}

impl fmt::Display for PinTries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTold => "it does not say how many tries are left",
            Self::Fewer => "it says that fewer tries are left than at first, not how many",
            Self::One => "one try is left before it locks itself: make sure of the PIN first",
            Self::None => "it is locked, and has to be unlocked by its security officer with the token's own tool",
        })
    }
}

/// What a module said to something.
pub(super) fn refused(action: &'static str) -> impl Fn(cryptoki::error::Error) -> TokenError {
    move |error| TokenError::Refused { action, reason: error.to_string() }
}
