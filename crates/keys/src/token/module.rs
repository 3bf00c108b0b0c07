//! The modules that are loaded, and sessions with tokens in them.
//!
//! A module is started once for a process, and stopped when the last session in it is closed: one that has lost its token,
//! or its connection with a device, often finds it again only when it is started anew.

use super::TokenAddress;
use super::error::{PinTries, TokenError, refused};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static STARTED: Mutex<BTreeMap<PathBuf, Started>> = Mutex::new(BTreeMap::new());

/// A module, and how many use it.
struct Started {
    module: Pkcs11,
    users: usize,
}

fn started() -> MutexGuard<'static, BTreeMap<PathBuf, Started>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The use of a module; it is stopped after the last one.
struct Use {
    path: PathBuf,
    module: Pkcs11,
}

impl Use {
    fn start(path: &Path) -> Result<Use, TokenError> {
        let failed = |reason: String| TokenError::Module { path: path.to_owned(), reason };
        let mut started = started();
        if !started.contains_key(path) {
            let module = Pkcs11::new(path).map_err(|error| {
                failed(match error {
                    Error::LibraryLoading(error) => error.to_string(),
                    error => error.to_string(),
                })
            })?;
            match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
                Err(error) => return Err(failed(error.to_string())),
            }
            started.insert(path.to_owned(), Started { module, users: 0 });
        }
        let entry = started.get_mut(path).expect("it is there, or was put there just now");
        entry.users += 1;
        Ok(Use { path: path.to_owned(), module: entry.module.clone() })
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut started = started();
        let Some(entry) = started.get_mut(&self.path) else { return };
        entry.users -= 1;
        if entry.users == 0
            && let Some(last) = started.remove(&self.path)
        {
            // It is not used any more, whatever it says to that.
            let _ = last.module.finalize();
        }
    }
}

/// A session with a token. It is closed before the module is let go of: fields are dropped in their order.
pub(super) struct Opened {
    session: Session,
    slot: Slot,
    module: Use,
}

/// Opens a session with the token that an address names.
pub(super) fn open(address: &TokenAddress, to_write: bool) -> Result<Opened, TokenError> {
    let module = Use::start(&address.module_path)?;
    let slot = find(&module.module, address)?;
    let session = match to_write {
        true => module.module.open_rw_session(slot),
        false => module.module.open_ro_session(slot),
    };
    Ok(Opened { session: session.map_err(refused("open a session"))?, slot, module })
}

fn find(module: &Pkcs11, address: &TokenAddress) -> Result<Slot, TokenError> {
    let (mut found, mut present) = (Vec::new(), Vec::new());
    for slot in module.get_slots_with_token().map_err(refused("list its slots"))? {
        // A token that goes at this moment is not there.
        let Ok(info) = module.get_token_info(slot) else { continue };
        if !info.token_initialized() {
            continue;
        }
        present.push(format!("{:?}, serial {}", info.label(), info.serial_number()));
        let fits = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        if fits(&address.token, info.label())
            && fits(&address.serial, info.serial_number())
            && fits(&address.manufacturer, info.manufacturer_id())
            && fits(&address.model, info.model())
            && address.slot_id.is_none_or(|id| id == slot.id())
        {
            found.push(slot);
        }
    }
    match found[..] {
        [slot] => Ok(slot),
        [] => {
            let present = if present.is_empty() { "none".to_owned() } else { present.join("; ") };
            Err(TokenError::NoToken { address: address.to_string(), present })
        }
        _ => Err(TokenError::ManyTokens { address: address.to_string(), found: found.len() }),
    }
}

impl Opened {
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The token's name, and how many tries of its PIN are left.
    pub fn pin_tries(&self) -> Result<(String, PinTries), TokenError> {
        let info = self.module.module.get_token_info(self.slot).map_err(refused("say how many tries are left"))?;
        let tries = match () {
            () if info.user_pin_locked() => PinTries::None,
            () if info.user_pin_final_try() => PinTries::One,
            () if info.user_pin_count_low() => PinTries::Fewer,
            () => PinTries::NotTold,
        };
        Ok((info.label().to_owned(), tries))
    }
}
