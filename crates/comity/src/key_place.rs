//! Where a member's key is: in an encrypted file, or its signing half in a PKCS#11 token.

use crate::exit::Result;
use crate::passphrase;
use keys::token::AddressError;
use keys::{MemberKey, TokenAddress, TokenKey, key_file};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A key file, or a `pkcs11:` address (RFC 7512) that names the key file of the sealing half, too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum KeyPlace {
    File(PathBuf),
    Token(Box<TokenAddress>),
}

impl KeyPlace {
    /// Opens the key. `passphrase` is that of the file; the PIN of a token is looked for and asked for as [`passphrase::pin`] says.
    pub fn open(&self, passphrase: &str) -> Result<MemberKey> {
        let file = key_file::read(self.file(), passphrase)?;
        match self {
            KeyPlace::File(_) => Ok(file),
            KeyPlace::Token(address) => {
                let token = TokenKey::open(address, passphrase::pin(address)?)?;
                Ok(MemberKey::in_token(token, file))
            }
        }
    }

    /// The key file: of the whole key, or of the half that is not in the token.
    pub fn file(&self) -> &Path {
        match self {
            KeyPlace::File(path) => path,
            KeyPlace::Token(address) => &address.sealing_key,
        }
    }

    /// The same place, as it can be opened from here: its paths were relative to a directory.
    pub fn beside(self, directory: &Path) -> KeyPlace {
        match self {
            KeyPlace::File(path) => KeyPlace::File(directory.join(path)),
            KeyPlace::Token(address) => KeyPlace::Token(Box::new(address.beside(directory))),
        }
    }
}

impl FromStr for KeyPlace {
    type Err = AddressError;

    fn from_str(text: &str) -> std::result::Result<Self, AddressError> {
        Ok(match TokenAddress::is_one(text) {
            true => KeyPlace::Token(Box::new(text.parse()?)),
            false => KeyPlace::File(text.into()),
        })
    }
}

impl TryFrom<String> for KeyPlace {
    type Error = AddressError;

    fn try_from(text: String) -> std::result::Result<Self, AddressError> {
        text.parse()
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPlace::File(path) => path.display().fmt(f),
            KeyPlace::Token(address) => address.fmt(f),
        }
    }
}
