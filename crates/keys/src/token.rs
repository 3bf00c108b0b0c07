//! A signing key in a PKCS#11 token: a hardware security module, a card, or SoftHSM. The private key never leaves it.
//!
//! Signed is by `CKM_EDDSA` without parameters, which is Ed25519 (RFC 8032); every signature is checked before it is handed
//! out, so that a token that fails cannot make its member's batches refused by the union.

mod address;
mod error;
mod module;

pub use address::{AddressError, TokenAddress};
pub use error::{PinTries, TokenError};

use crate::member_key::verify;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use error::refused;
use module::Opened;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// `id-Ed25519`, 1.3.101.112, in DER: what PKCS#11 3.1 and later name the curve by.
const CURVE_BY_IDENTIFIER: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// `edwards25519` as a printable string in DER: what PKCS#11 3.0 named it by.
const CURVE_BY_NAME: &[u8] = b"\x13\x0cedwards25519";
/// What comes before the 32 bytes of a point where it is an octet string in DER; some tokens give the bytes alone.
const OCTETS: [u8; 2] = [0x04, 0x20];
const NEW_ID_BYTES: usize = 16;

/// A signing key in a token, and a session in which it may be used.
///
/// Where the token is gone, signing fails until it is back; then a session is opened again with the PIN that is kept. A PIN that
/// the token refuses is never given to it twice. `Debug` prints the address, which has no secrets.
pub struct TokenKey {
    address: TokenAddress,
    pin: Zeroizing<String>,
    public: [u8; 32],
    session: Mutex<State>,
}

/// How a key and its token stand.
enum State {
    Open(Handle),
    Lost,
    /// The token refused the PIN when a session was to be opened again.
    PinRefused,
}

/// A private key in a session.
struct Handle {
    session: Opened,
    key: ObjectHandle,
}

impl TokenKey {
    /// Opens the key that an address names.
    ///
    /// # Errors
    ///
    /// [`TokenError`] says what is missing or does not fit.
    pub fn open(address: &TokenAddress, pin: Zeroizing<String>) -> Result<TokenKey, TokenError> {
        let (handle, public) = find(log_in(address, &pin, false)?, address)?;
        Ok(TokenKey { address: address.clone(), pin, public, session: Mutex::new(State::Open(handle)) })
    }

    /// Makes a new key in the token that an address names, which stays there: it is sensitive and not extractable.
    ///
    /// # Errors
    ///
    /// [`TokenError::Exists`] where the token has a key of this name or id; otherwise as [`TokenKey::open`].
    pub fn generate(address: &TokenAddress, pin: Zeroizing<String>) -> Result<TokenKey, TokenError> {
        let Some(label) = &address.object else { return Err(TokenError::Nameless) };
        let opened = log_in(address, &pin, true)?;
        let session = opened.session();
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            // By name and by id, each for itself: either would make the new key hard to tell from the old one.
            let named = [Some(Attribute::Label(label.clone().into())), address.id.clone().map(Attribute::Id)];
            for attribute in named.into_iter().flatten() {
                let found = session.find_objects(&[Attribute::Class(class), attribute]);
                if !found.map_err(refused("look for keys"))?.is_empty() {
                    return Err(TokenError::Exists { address: address.to_string() });
                }
            }
        }
        let id = match &address.id {
            Some(id) => id.clone(),
            None => {
                let mut id = vec![0; NEW_ID_BYTES];
                getrandom::fill(&mut id)
                    .map_err(|error| TokenError::Refused { action: "draw an id", reason: error.to_string() })?;
                id
            }
        };
        make(session, label, &id).map_err(refused("make an Ed25519 key"))?;
        drop(opened);
        TokenKey::open(address, pin)
    }

    /// The public key, Ed25519.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// The Ed25519 signature of `message` (RFC 8032), made in the token. Where the session is not good any more, one more is
    /// tried.
    ///
    /// # Errors
    ///
    /// [`TokenError`] where the token is gone or refuses; later attempts find it when it is back.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], TokenError> {
        let mut state = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(handle) = &*state {
            match self.sign_in(handle, message) {
                Ok(signature) => return Ok(signature),
                // What the token says of a session that it lost differs; so the session goes whatever it says.
                Err(_) => *state = State::Lost,
            }
        }
        if matches!(*state, State::PinRefused) {
            return Err(TokenError::PinChanged { address: self.address.to_string() });
        }
        let handle = self.find_again().inspect_err(|error| {
            if matches!(error, TokenError::Pin { .. }) {
                *state = State::PinRefused;
            }
        })?;
        let signature = self.sign_in(&handle, message)?;
        *state = State::Open(handle);
        Ok(signature)
    }

    fn sign_in(&self, handle: &Handle, message: &[u8]) -> Result<[u8; 64], TokenError> {
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let signature = handle.session.session().sign(&mechanism, handle.key, message).map_err(refused("sign"))?;
        let signature = signature.try_into().map_err(|_| TokenError::Signature)?;
        verify(&self.public, message, &signature).map_err(|_| TokenError::Signature)?;
        Ok(signature)
    }

    fn find_again(&self) -> Result<Handle, TokenError> {
        let (handle, public) = find(log_in(&self.address, &self.pin, false)?, &self.address)?;
        if public == self.public { Ok(handle) } else { Err(TokenError::OtherKey { address: self.address.to_string() }) }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenKey").field(&format_args!("{}", self.address)).finish()
    }
}

fn log_in(address: &TokenAddress, pin: &str, to_write: bool) -> Result<Opened, TokenError> {
    let opened = module::open(address, to_write)?;
    match opened.session().login(UserType::User, Some(&pin.to_owned().into())) {
        // A login holds for all sessions of a process with a token.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(opened),
        Err(Error::Pkcs11(
            RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinLocked
            | RvError::PinExpired,
            _,
        )) => {
            let (token, tries) = opened.pin_tries()?;
            Err(TokenError::Pin { token, tries })
        }
        Err(error) => Err(refused("log in")(error)),
    }
}

/// The private key that an address names, and its public key.
fn find(opened: Opened, address: &TokenAddress) -> Result<(Handle, [u8; 32]), TokenError> {
    let session = opened.session();
    let at = || address.to_string();
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(address.object.iter().map(|label| Attribute::Label(label.clone().into())));
    template.extend(address.id.iter().cloned().map(Attribute::Id));
    let found = session.find_objects(&template).map_err(refused("look for the key"))?;
    let key = match found[..] {
        [] => return Err(TokenError::NoKey { address: at() }),
        [key] => key,
        _ => return Err(TokenError::ManyKeys { address: at(), found: found.len() }),
    };
    let attributes = session.get_attributes(key, &[AttributeType::KeyType, AttributeType::Id]);
    let (mut is_edwards, mut id) = (false, Vec::new());
    for attribute in attributes.map_err(refused("read what kind of key it is"))? {
        match attribute {
            Attribute::KeyType(KeyType::EC_EDWARDS) => is_edwards = true,
            Attribute::KeyType(other) => return Err(TokenError::OtherType { address: at(), found: other.to_string() }),
            Attribute::Id(found) => id = found,
            _ => {}
        }
    }
    if !is_edwards {
        return Err(TokenError::OtherType { address: at(), found: "of a type that is not told".to_owned() });
    }
    let public = public_key(session, &id, address)?;
    Ok((Handle { session: opened, key }, public))
}

/// The public key beside a private key: that with its id or, where it has none, with its name.
fn public_key(session: &Session, id: &[u8], address: &TokenAddress) -> Result<[u8; 32], TokenError> {
    let missing = || TokenError::NoPublicKey { address: address.to_string() };
    let mut template = vec![Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)];
    match &address.object {
        _ if !id.is_empty() => template.push(Attribute::Id(id.to_vec())),
        Some(label) => template.push(Attribute::Label(label.clone().into())),
        None => return Err(missing()),
    }
    let found = session.find_objects(&template).map_err(refused("look for the public key"))?;
    let [public] = found[..] else { return Err(missing()) };
    let attributes =
        session.get_attributes(public, &[AttributeType::EcPoint]).map_err(refused("read the public key"))?;
    let Some(Attribute::EcPoint(point)) = attributes.into_iter().next() else { return Err(missing()) };
    let bytes = point.strip_prefix(&OCTETS).filter(|_| point.len() != 32).unwrap_or(&point);
    bytes.try_into().map_err(|_| TokenError::OtherType {
        address: address.to_string(),
        found: format!("an Edwards key whose public part takes {} bytes", bytes.len()),
    })
}

/// Tokens know the curve by one of its two names, and say of the other one whatever they like.
fn make(session: &Session, label: &str, id: &[u8]) -> Result<(), Error> {
    let make_on = |curve: &[u8]| {
        let common = [
            Attribute::Token(true),
            Attribute::KeyType(KeyType::EC_EDWARDS),
            Attribute::Label(label.into()),
            Attribute::Id(id.to_vec()),
        ];
        let public = [Attribute::Private(false), Attribute::Verify(true), Attribute::EcParams(curve.to_vec())];
        let private = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let (public, private) = ([&common[..], &public].concat(), [&common[..], &private].concat());
        session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).map(drop)
    };
    make_on(CURVE_BY_IDENTIFIER).or_else(|_| make_on(CURVE_BY_NAME))
}
