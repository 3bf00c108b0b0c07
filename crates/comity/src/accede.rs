//! `comity accede`: a newcomer signs the text of the charter that has it as a member.

use crate::exit::{Failure, Result};
use crate::key_place::KeyPlace;
use crate::output::{Output, hex};
use crate::passphrase::PassphraseArguments;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use union::{Charter, accession_message};

/// Accede to a union: sign, with your own key, the text of its charter that has you as a new member
///
/// No node is asked. A member that proposes you needs the file that this writes, and the same text.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The text of the charter that is to be proposed, with your institution as its last member.
    #[arg(long, value_name = "FILE")]
    charter_text: PathBuf,
    /// The charter that the union was founded on: its identity.
    #[arg(long = "union", value_name = "FILE")]
    founding: PathBuf,
    /// Your code in the text.
    #[arg(long, value_name = "CODE")]
    member: String,
    /// Your institution's key file, or the pkcs11: address of its key in a token; it is used here and not sent.
    #[arg(long, value_name = "KEY")]
    key: KeyPlace,
    /// The file to write; it must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

/// What an institution has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accession {
    /// The union's identity, hexadecimal.
    pub union: String,
    /// Hash of the charter's text, hexadecimal.
    pub charter: String,
    /// Code of the new member.
    pub member: String,
    /// Ed25519 signature by its signing key, hexadecimal.
    pub signature: String,
}

impl Accession {
    /// Reads what `comity accede` wrote.
    pub fn read(path: &Path) -> Result<Accession> {
        let text = std::fs::read_to_string(path).map_err(Failure::io("read", path))?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::failed(format!("{}: this is not what `comity accede` writes: {error}", path.display()))
        })
    }

    /// Whether it is about this text, in the union of this charter.
    pub fn check(&self, charter: &Charter, text: &Charter) -> Result<()> {
        if self.union != hex(&charter.hash()) {
            return Err(Failure::usage(format!(
                "--accession: {} acceded to another union, {}",
                self.member, self.union
            )));
        }
        if self.charter != hex(&text.text_hash()) {
            let problem = "signed another text: not a byte of it may change after that";
            return Err(Failure::usage(format!("--accession: {} {problem}", self.member)));
        }
        Ok(())
    }
}

/// Signs.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(Failure::io("read", path));
    let at = |path: &Path, error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let founding = Charter::parse(&read(&arguments.founding)?).map_err(|error| at(&arguments.founding, &error))?;
    let text = founding.followed_by(&read(&arguments.charter_text)?);
    let text = text.map_err(|error| at(&arguments.charter_text, &error))?;
    let newcomer = text.members.last().filter(|member| member.code == arguments.member);
    let newcomer = newcomer.ok_or_else(|| {
        at(
            &arguments.charter_text,
            &format!("{} is not its last member; a new member comes after all others", arguments.member),
        )
    })?;
    let file = arguments.key.file().display().to_string();
    let key = arguments.key.open(&arguments.passphrase.known(&file)?)?;
    let public = key.public();
    if (newcomer.signing_key, newcomer.sealing_key) != (public.signing, public.sealing) {
        let problem = format!("does not name the keys of {} as those of {}", arguments.key, arguments.member);
        return Err(at(&arguments.charter_text, &problem));
    }
    let accession = Accession {
        union: hex(&founding.hash()),
        charter: hex(&text.text_hash()),
        member: arguments.member.clone(),
        signature: hex(&key.sign(&accession_message(&founding.hash(), &text.text_hash()))?),
    };
    let json = serde_json::to_string_pretty(&accession).map_err(Failure::failed)?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&arguments.out);
    file.and_then(|mut file| file.write_all(format!("{json}\n").as_bytes()).and_then(|()| file.sync_all()))
        .map_err(Failure::io("write", &arguments.out))?;
    output.show(&accession, |accession| {
        format!(
            "{} accedes to {}\nunion    {}\ntext     {}\nwritten  {}\n",
            accession.member,
            founding.name,
            accession.union,
            accession.charter,
            arguments.out.display()
        )
    })
}
