//! `comity keys`: keys of members, nodes and operators, in files and tokens. Secrets are never printed.

use crate::exit::{Failure, Result};
use crate::key_place::KeyPlace;
use crate::node_file::{OperatorEntry, Role};
use crate::output::{Output, hex};
use crate::passphrase::{self, PassphraseArguments};
use crate::replace_key;
use clap::{Args, Subcommand};
use keys::key_file::Key;
use keys::{MemberKey, NodeKey, PublicKeys, TokenAddress, TokenKey, WorkFactor, key_file};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Make and show keys; secrets are never printed.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a member's key and print its public keys, for the charter
    Generate(NewMember),
    /// Make the key file of a member's node and print its public key, for the charter
    Node(New),
    /// Print the public keys of a key
    Show(Show),
    /// Make an operator's key file and print its entry for node.toml
    Operator(NewOperator),
    Replace(Box<replace_key::Arguments>),
}

/// Where a new key of a member goes.
#[derive(Args, Debug)]
#[command(after_help = IN_TOKEN)]
pub struct NewMember {
    /// The key file to write, which must not exist; or a pkcs11: address of a signing key to make in a token.
    key: KeyPlace,
    #[command(flatten)]
    protection: Protection,
}

const IN_TOKEN: &str = "\
A key in a token (PKCS#11) is named by an address of RFC 7512, here and wherever a member's --key is:
  'pkcs11:token=Bank;object=BRA?module-path=/usr/lib/softhsm/libsofthsm2.so&sealing-key=BRA-sealing.key'
The signing key is made in the token and stays there. The sealing key, which opens customer detail, is a key file; it is
written, or used if it is there. The PIN is in the file that &pin-source=FILE names, in the variable COMITY_PIN, or asked for.";

/// Where a new key goes.
#[derive(Args, Debug)]
pub struct New {
    /// The key file to write; it must not exist.
    file: PathBuf,
    #[command(flatten)]
    protection: Protection,
}

/// Which key to show.
#[derive(Args, Debug)]
pub struct Show {
    /// The key file, or the pkcs11: address of a key in a token.
    key: KeyPlace,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

/// An operator: a person who acts for a member at a node.
#[derive(Args, Debug)]
pub struct NewOperator {
    /// The operator's name.
    name: String,
    /// Code of the member that the operator acts for.
    #[arg(long, value_name = "CODE")]
    member: String,
    /// What the operator may do.
    #[arg(long, value_enum)]
    role: Role,
    /// The key file to write; it must not exist.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    protection: Protection,
}

/// How new key files are protected.
#[derive(Args, Clone, Debug)]
pub struct Protection {
    #[command(flatten)]
    pub passphrase: PassphraseArguments,
    /// Cost of one guess of the passphrase: scrypt with N = 2^LOG2, which takes 2^(LOG2 - 10) MiB of memory
    #[arg(long, value_name = "LOG2", default_value_t = 17, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub work_factor: u8,
}

impl Protection {
    fn work(&self) -> WorkFactor {
        WorkFactor::new(self.work_factor).expect("clap checked the range")
    }

    /// Writes a new key to a new file.
    pub fn new_key(&self, file: &Path, passphrase: &str) -> Result<MemberKey> {
        let key = MemberKey::generate().map_err(Failure::failed)?;
        key_file::create(file, &key, passphrase, self.work(), &mut keys::system_random())?;
        Ok(key)
    }

    /// Makes a new signing key in a token. The sealing half is the key file beside it, which is written unless it is there.
    fn new_key_in_token(&self, address: &TokenAddress) -> Result<PublicKeys> {
        let file = &address.sealing_key;
        let name = file.display().to_string();
        let passphrase = match file.exists() {
            true => self.passphrase.known(&name)?,
            false => {
                let passphrase = self.passphrase.chosen(&name)?;
                self.new_key(file, &passphrase)?;
                passphrase
            }
        };
        let sealing = key_file::read(file, &passphrase)?;
        let signing = TokenKey::generate(address, passphrase::pin(address)?)?;
        Ok(MemberKey::in_token(signing, sealing).public())
    }

    /// Writes a new key of a node to a new file.
    pub fn new_node_key(&self, file: &Path, passphrase: &str) -> Result<NodeKey> {
        let key = NodeKey::generate().map_err(Failure::failed)?;
        key_file::create_node(file, &key, passphrase, self.work(), &mut keys::system_random())?;
        Ok(key)
    }
}

/// The public part of a node's key, as it is shown.
#[derive(Debug, Serialize)]
pub struct PublicNodePart {
    /// The key file.
    pub file: PathBuf,
    /// Ed25519, 64 hexadecimal digits.
    pub node_key: String,
    /// For people to compare, by voice for example.
    pub fingerprint: String,
}

impl PublicNodePart {
    /// The public part of the key in a file.
    pub fn new(file: &Path, key: &NodeKey) -> Self {
        let (node_key, fingerprint) = (hex(&key.public()), key.fingerprint());
        PublicNodePart { file: file.to_owned(), node_key, fingerprint }
    }

    fn text(&self) -> String {
        format!("node_key = \"{}\"\n# fingerprint {}\n", self.node_key, self.fingerprint)
    }
}

/// The public part of a key, as it is shown.
#[derive(Debug, Serialize)]
pub struct PublicPart {
    /// The key file, or the address of a key in a token.
    pub file: PathBuf,
    /// Ed25519, 64 hexadecimal digits.
    pub signing_key: String,
    /// X25519, likewise.
    pub sealing_key: String,
    /// For people to compare, by voice for example.
    pub fingerprint: String,
}

impl PublicPart {
    /// The public part of the key in a file.
    pub fn new(file: &Path, public: PublicKeys) -> Self {
        PublicPart {
            file: file.to_owned(),
            signing_key: hex(&public.signing),
            sealing_key: hex(&public.sealing),
            fingerprint: public.fingerprint(),
        }
    }

    fn text(&self) -> String {
        format!(
            "signing_key = \"{}\"\nsealing_key = \"{}\"\n# fingerprint {}\n",
            self.signing_key, self.sealing_key, self.fingerprint
        )
    }
}

/// Runs one of the commands.
pub fn run(command: &Command, output: Output) -> Result<()> {
    match command {
        Command::Generate(NewMember { key: place, protection }) => {
            let public = match place {
                KeyPlace::File(file) => {
                    protection.new_key(file, &protection.passphrase.chosen("the member's key file")?)?.public()
                }
                KeyPlace::Token(address) => protection.new_key_in_token(address)?,
            };
            let file = place.file().display();
            output.note(&format!("{file} written; keep a copy of it and the passphrase apart from each other"));
            output.show(&PublicPart::new(Path::new(&place.to_string()), public), PublicPart::text)
        }
        Command::Node(New { file, protection }) => {
            let passphrase = protection.passphrase.chosen("the node's key file")?;
            let key = protection.new_node_key(file, &passphrase)?;
            output.note(&format!(
                "{} written; what follows goes to the member's entry in the charter; in a union that is founded, `comity keys replace node` brings it",
                file.display()
            ));
            output.show(&PublicNodePart::new(file, &key), PublicNodePart::text)
        }
        Command::Show(Show { key: place, passphrase }) => {
            let passphrase = passphrase.known(&place.file().display().to_string())?;
            let key = match place {
                KeyPlace::File(file) => key_file::read_any(file, &passphrase)?,
                KeyPlace::Token(_) => Key::Member(Box::new(place.open(&passphrase)?)),
            };
            let shown = place.to_string();
            match key {
                Key::Member(key) => output.show(&PublicPart::new(Path::new(&shown), key.public()), PublicPart::text),
                Key::Node(key) => output.show(&PublicNodePart::new(Path::new(&shown), &key), PublicNodePart::text),
            }
        }
        Command::Replace(arguments) => replace_key::run(arguments, output),
        Command::Operator(NewOperator { name, member, role, file, protection }) => {
            let passphrase = protection.passphrase.chosen("the operator's key file")?;
            let public = protection.new_key(file, &passphrase)?.public();
            let entry = OperatorEntry {
                name: name.clone(),
                member: member.clone(),
                role: *role,
                key: Some(hex(&public.signing)),
                passkeys: vec![],
            };
            output.note(&format!("{} written; add what follows to node.toml and start the node again", file.display()));
            output.show(&entry, OperatorEntry::text)
        }
    }
}
