//! `comity charter sign` and `comity charter check`: the founders' signatures on a charter, kept in a file beside it.

use crate::exit::{Exit, Failure, Result};
use crate::key_place::KeyPlace;
use crate::output::{Output, hex};
use crate::passphrase::PassphraseArguments;
use clap::Args;
use serde::Serialize;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use union::{Charter, Founding, FoundingError, Signatures};

/// A charter and the file of signatures on it.
#[derive(Args, Debug)]
pub struct Files {
    /// The charter that is to found a union.
    charter: PathBuf,
    /// The founders' signatures [default: beside the charter, charter.signatures.toml for charter.toml]
    #[arg(long, value_name = "FILE")]
    signatures: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct Sign {
    #[command(flatten)]
    files: Files,
    /// Your institution's key file, or the pkcs11: address of its key in a token; it is used here and not sent
    #[arg(long, value_name = "KEY")]
    key: KeyPlace,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

/// How far the founders have come with signing.
#[derive(Debug, Serialize)]
struct Signed {
    /// Whether all have signed: the union can begin.
    complete: bool,
    union: String,
    charter_hash: String,
    /// Where the signatures are.
    file: PathBuf,
    /// Codes of the members whose signature is good.
    signed: Vec<String>,
    missing: Vec<String>,
    /// Whose signature is not by its key on this very text.
    wrong: Vec<String>,
    /// Who signed and is no member.
    strangers: Vec<String>,
}

/// The file of signatures that belongs to a charter's.
pub fn signatures_of(charter: &Path) -> PathBuf {
    charter.with_extension("signatures.toml")
}

/// Reads a charter.
pub fn read_charter(path: &Path) -> Result<Charter> {
    let text = fs::read_to_string(path).map_err(Failure::io("read", path))?;
    Charter::parse(&text).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

/// The founding of a union on an agreed charter, with the signatures in a file.
pub fn read_founding(charter: &Path, signatures: &Path) -> Result<Founding> {
    let agreed = read_charter(charter)?;
    let signed = read_signatures(signatures)?.unwrap_or_else(|| Signatures::none(&agreed));
    Founding::new(agreed, signed).map_err(|error| {
        let advice = "each signs with `comity charter sign CHARTER --key FILE`, and `comity charter check CHARTER` looks at them";
        Failure::failed(format!("{}: {error}; {advice}", signatures.display()))
    })
}

/// The signatures in a file; none where there is no file yet.
fn read_signatures(path: &Path) -> Result<Option<Signatures>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(Failure::io("read", path))?,
    };
    let signatures = Signatures::parse(&text);
    signatures.map(Some).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

impl Files {
    fn signatures(&self) -> PathBuf {
        self.signatures.clone().unwrap_or_else(|| signatures_of(&self.charter))
    }
}

/// Adds a founder's signature to those in the file.
pub fn sign(arguments: &Sign, output: Output) -> Result<()> {
    let (charter, path) = (read_charter(&arguments.files.charter)?, arguments.files.signatures());
    let key = arguments.key.open(&arguments.passphrase.known(&arguments.key.file().display().to_string())?)?;
    let public = key.public();
    let founder = charter.members.iter().find(|member| member.signing_key == public.signing);
    let founder = founder.filter(|member| member.sealing_key == public.sealing).ok_or_else(|| {
        let files = (arguments.files.charter.display(), &arguments.key);
        Failure::usage(format!("{} does not name the keys of {} as those of a member", files.0, files.1))
    })?;
    let mut signatures = read_signatures(&path)?.unwrap_or_else(|| Signatures::none(&charter));
    if signatures.charter != charter.hash() {
        return Err(Failure::new(
            Exit::Refused,
            format!(
                "{} is on the charter {}, and {} is {}: not a byte of a charter may change once somebody has signed it; \
                 remove the signatures if a new text was agreed on",
                path.display(),
                hex(&signatures.charter),
                arguments.files.charter.display(),
                hex(&charter.hash())
            ),
        ));
    }
    let signature = key.sign(&Signatures::message(&charter))?;
    signatures.by_code.insert(founder.code.clone(), signature);
    write_signatures(&path, &signatures)?;
    output.show(&Signed::new(&charter, &signatures, path), Signed::text)
}

/// Replaces the file as a whole, so that nobody's signature is lost if the machine stops.
fn write_signatures(path: &Path, signatures: &Signatures) -> Result<()> {
    let new = path.with_extension("new");
    let write = |file: &mut fs::File| file.write_all(signatures.text().as_bytes()).and_then(|()| file.sync_all());
    fs::File::create(&new)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| fs::rename(&new, path))
        .map_err(Failure::io("write", path))
}

/// Says who has signed, and ends with [`Exit::Fault`] unless all have.
pub fn check(arguments: &Files, output: Output) -> Result<()> {
    let (charter, path) = (read_charter(&arguments.charter)?, arguments.signatures());
    let signatures = read_signatures(&path)?.unwrap_or_else(|| Signatures::none(&charter));
    let signed = Signed::new(&charter, &signatures, path);
    output.show(&signed, Signed::text)?;
    if signed.complete { Ok(()) } else { Err(Failure::told(Exit::Fault)) }
}

impl Signed {
    fn new(charter: &Charter, signatures: &Signatures, file: PathBuf) -> Signed {
        let (missing, wrong, strangers) = match signatures.unsigned(charter) {
            Some(FoundingError::Unsigned { missing, wrong, strangers }) => (missing, wrong, strangers),
            _ => Default::default(),
        };
        let codes = charter.members.iter().map(|member| member.code.clone());
        let signed: Vec<_> = codes.filter(|code| !missing.contains(code) && !wrong.contains(code)).collect();
        Signed {
            complete: signed.len() == charter.members.len() && strangers.is_empty(),
            union: charter.name.clone(),
            charter_hash: hex(&charter.hash()),
            file,
            signed,
            missing,
            wrong,
            strangers,
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "union       {}\ncharter     {}\nsignatures  {}\n",
            self.union,
            self.charter_hash,
            self.file.display()
        );
        for (name, codes) in [
            ("signed", &self.signed),
            ("missing", &self.missing),
            ("WRONG", &self.wrong),
            ("no member", &self.strangers),
        ] {
            if !codes.is_empty() {
                text.push_str(&format!("{name:12}{}\n", codes.join(", ")));
            }
        }
        text.push_str(match self.complete {
            true => "all founders have signed: the union can begin (`comity init DIRECTORY --charter FILE`)\n",
            false => "the union cannot begin yet\n",
        });
        text
    }
}
