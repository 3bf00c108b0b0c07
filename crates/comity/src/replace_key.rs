//! `comity keys replace`: a member replaces a key of its own. Nobody's consent is needed.

use crate::exit::{Failure, Result};
use crate::key_place::KeyPlace;
use crate::output::{Output, hex};
use crate::passphrase::PassphraseArguments;
use crate::remote::{SignerArguments, receipt_text, taken};
use api::text::ReplaceKey;
use api::view::{KeyToComeView, ReceiptView};
use clap::{Args, ValueEnum};
use keys::key_file;
use serde::Serialize;
use std::path::PathBuf;
use union::{KeyKind, key_proof_message};

/// Replace a key of your member, from a height on that is stated; until then the old one counts
#[derive(Args, Debug)]
pub struct Arguments {
    /// Which key.
    #[arg(value_enum)]
    kind: Kind,
    /// File of the new key: a member's key file for signing and sealing, a node's for node and standby. For signing also the
    /// pkcs11: address of a key in a token.
    #[arg(required_unless_present = "remove", conflicts_with = "remove")]
    new_key: Option<KeyPlace>,
    /// Have no standby node any more, instead of another one
    #[arg(long)]
    remove: bool,
    /// File with the passphrase of the new key file, if it has one of its own
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    signer: SignerArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Signs the member's batches.
    Signing,
    /// Customer detail is encrypted to it.
    Sealing,
    /// Its node's, which votes on blocks.
    Node,
    /// That of the node which stands by.
    Standby,
}

impl Kind {
    fn of_union(self) -> KeyKind {
        match self {
            Kind::Signing => KeyKind::Signing,
            Kind::Sealing => KeyKind::Sealing,
            Kind::Node => KeyKind::Node,
            Kind::Standby => KeyKind::Standby,
        }
    }
}

/// What became of it.
#[derive(Serialize)]
struct Replaced {
    #[serde(flatten)]
    receipt: ReceiptView,
    /// The public key, hexadecimal; null where the standby node was taken away.
    key: Option<String>,
    /// The first height at which it counts; null for a sealing key, which takes its place at once.
    from_height: Option<u64>,
}

/// A new key, and its signature that it is to be the member's.
struct NewKey {
    public: [u8; 32],
    proof: Option<[u8; 64]>,
}

/// Replaces a key.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    if arguments.remove && arguments.kind != Kind::Standby {
        return Err(Failure::usage("--remove: only a standby node can be done without; name the new key's file"));
    }
    let signer = arguments.signer.open()?;
    let kind = arguments.kind.of_union();
    let message = |public: &[u8; 32]| key_proof_message(&signer.charter.hash(), signer.member, kind, public);
    let new = match &arguments.new_key {
        None => NewKey { public: [0; 32], proof: None },
        Some(place) => arguments.new_key(place, message)?,
    };
    let command =
        ReplaceKey { kind: kind.name().to_owned(), key: hex(&new.public), proof: new.proof.map(|proof| hex(&proof)) };
    let receipt = signer.order(&command.into())?;
    let result = taken(&receipt);
    let key = (!arguments.remove).then(|| hex(&new.public));
    let to_come = result.as_ref().ok().and_then(|()| signer.remote().member(signer.code()).ok());
    let is_it = |to_come: &&KeyToComeView| to_come.kind == kind.name() && to_come.key == key;
    let to_come =
        to_come.and_then(|member| member.member.keys_to_come.iter().find(is_it).map(|found| found.from_height));
    output.show(&Replaced { receipt, key, from_height: to_come }, |replaced| {
        let when = match replaced.from_height {
            Some(height) => format!("it counts from block {height} on; until then the old one does\n"),
            None if taken(&replaced.receipt).is_ok() => "it has taken its place\n".to_owned(),
            None => String::new(),
        };
        format!("{}{when}", receipt_text(&replaced.receipt))
    })?;
    result
}

impl Arguments {
    fn new_key(&self, place: &KeyPlace, message: impl Fn(&[u8; 32]) -> Vec<u8>) -> Result<NewKey> {
        let path = place.file();
        let passphrase = match &self.new_passphrase_file {
            None => self.signer.passphrase()?,
            Some(file) => {
                PassphraseArguments { passphrase_file: Some(file.clone()) }.known(&path.display().to_string())?
            }
        };
        Ok(match self.kind {
            Kind::Signing => {
                let key = place.open(&passphrase)?;
                let public = key.public().signing;
                NewKey { public, proof: Some(key.sign(&message(&public))?) }
            }
            // It cannot sign; a wrong one harms nobody but its member.
            Kind::Sealing => NewKey { public: key_file::read(path, &passphrase)?.public().sealing, proof: None },
            Kind::Node | Kind::Standby if matches!(place, KeyPlace::Token(_)) => {
                return Err(Failure::usage("a node's key is in a file: it signs every vote; name that file"));
            }
            Kind::Node | Kind::Standby => {
                let key = key_file::read_node(path, &passphrase)?;
                let public = key.public();
                NewKey { public, proof: Some(key.sign(&message(&public))) }
            }
        })
    }
}
