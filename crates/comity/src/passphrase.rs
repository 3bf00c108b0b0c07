//! Where the passphrase of key files comes from: a file, the environment, or whoever sits at the terminal.

use crate::exit::{Failure, Result};
use clap::Args;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use zeroize::Zeroizing;

const VARIABLE: &str = "COMITY_PASSPHRASE";
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
        let Some(path) = &self.passphrase_file else {
            return match std::env::var(VARIABLE) {
                Ok(passphrase) => Ok(Some(Zeroizing::new(passphrase))),
                Err(std::env::VarError::NotPresent) => Ok(None),
                Err(error) => Err(Failure::failed(format!("{VARIABLE}: {error}"))),
            };
        };
        let mut text = Zeroizing::new(String::new());
        std::fs::File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
            .map_err(Failure::io("read the passphrase in", path))?;
        Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        let text =
            format!("no passphrase: give --passphrase-file FILE or set {VARIABLE} (there is no terminal to ask at)");
        return Err(Failure::usage(text));
    }
    let passphrase = rpassword::prompt_password(prompt);
    passphrase.map(Zeroizing::new).map_err(|error| Failure::failed(format!("cannot read the passphrase: {error}")))
}
