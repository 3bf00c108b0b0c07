//! Where the passphrase of key files and the PIN of a token come from: a file, the environment, or whoever sits at the
//! terminal.

use crate::exit::{Failure, Result};
use clap::Args;
use keys::TokenAddress;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const VARIABLE: &str = "COMITY_PASSPHRASE";
const PIN_VARIABLE: &str = "COMITY_PIN";
const FILE_BYTES_MAX: u64 = 4_096;

/// How to learn the passphrase of key files.
#[derive(Args, Clone, Debug)]
pub struct PassphraseArguments {
    /// File with the passphrase of key files in its first line [default: the variable COMITY_PASSPHRASE, else asked for]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArguments {
    /// The passphrase that a key file was written with.
    pub fn known(&self, of_what: &str) -> Result<Zeroizing<String>> {
        match self.without_asking()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of {of_what}: ")),
        }
    }

    /// A passphrase for new key files; asked for twice, so that a slip of the finger does not lock the key away.
    pub fn chosen(&self, for_what: &str) -> Result<Zeroizing<String>> {
        let passphrase = match self.without_asking()? {
            Some(passphrase) => passphrase,
            None => {
                let passphrase = ask(&format!("New passphrase for {for_what}: "))?;
                if passphrase != ask("The same once more: ")? {
                    return Err(Failure::failed("the two passphrases differ; nothing was done"));
                }
                passphrase
            }
        };
        if passphrase.is_empty() {
            return Err(Failure::failed(
                "the passphrase is empty; give one: it is all that protects a stolen key file",
            ));
        }
        Ok(passphrase)
    }

    /// What was given by file or environment, if anything.
    pub fn without_asking(&self) -> Result<Option<Zeroizing<String>>> {
        match &self.passphrase_file {
            Some(path) => first_line(path, "read the passphrase in").map(Some),
            None => variable(VARIABLE),
        }
    }
}

/// The PIN of a token: out of the address's `pin-source`, the variable `COMITY_PIN`, or asked for.
pub fn pin(address: &TokenAddress) -> Result<Zeroizing<String>> {
    match pin_without_asking(address)? {
        Some(pin) => Ok(pin),
        None => ask_at_terminal(
            &format!("PIN of {address}: "),
            &format!("no PIN: name a file by pin-source in the address, or set {PIN_VARIABLE}"),
        ),
    }
}

/// The PIN of a token that was given by file or environment, if any.
pub fn pin_without_asking(address: &TokenAddress) -> Result<Option<Zeroizing<String>>> {
    match &address.pin_source {
        Some(path) => first_line(path, "read the PIN in").map(Some),
        None => variable(PIN_VARIABLE),
    }
}

fn first_line(path: &Path, action: &'static str) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
        .map_err(Failure::io(action, path))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn variable(name: &str) -> Result<Option<Zeroizing<String>>> {
    match std::env::var(name) {
        Ok(secret) => Ok(Some(Zeroizing::new(secret))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(Failure::failed(format!("{name}: {error}"))),
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    ask_at_terminal(prompt, &format!("no passphrase: give --passphrase-file FILE or set {VARIABLE}"))
}

fn ask_at_terminal(prompt: &str, otherwise: &str) -> Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{otherwise} (there is no terminal to ask at)")));
    }
    let secret = rpassword::prompt_password(prompt);
    secret.map(Zeroizing::new).map_err(|error| Failure::failed(format!("cannot read what was typed: {error}")))
}
