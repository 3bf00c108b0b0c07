//! Detached signatures on files of messages: `FILE.sig` beside `FILE`, see [`api::iso::check_signature`].

use crate::exit::{Exit, Failure, Result};
use crate::key_place::KeyPlace;
use crate::output::Output;
use crate::passphrase::PassphraseArguments;
use api::iso::{check_signature, signed_bytes};
use clap::Args;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Sign a file of messages with the key of an operator or a member: writes FILE.sig beside it.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The file.
    file: PathBuf,
    /// The key file, or the pkcs11: address of a key in a token.
    #[arg(long, value_name = "KEY")]
    key: KeyPlace,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

#[derive(Serialize)]
struct Signed {
    signature: PathBuf,
    /// The public key that belongs among `signers` of `[iso20022]`.
    key: String,
}

/// Signs.
pub fn run(arguments: &Arguments, output: Output) -> Result<()> {
    let key_file = arguments.key.file().display().to_string();
    let key = arguments.key.open(&arguments.passphrase.known(&key_file)?)?;
    let signature =
        base16ct::lower::encode_string(&key.sign(&signed_bytes(digest(&arguments.file, std::io::sink())?))?);
    let path = signature_path(&arguments.file);
    std::fs::write(&path, signature + "\n").map_err(Failure::io("write", &path))?;
    let signed = Signed { signature: path, key: base16ct::lower::encode_string(&key.public().signing) };
    output.show(&signed, |signed| format!("{} is written; its key is {}\n", signed.signature.display(), signed.key))
}

/// Where a file's signature is.
pub fn signature_path(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".sig");
    path.into()
}

/// SHA-256 of a file, which is copied meanwhile.
fn digest(file: &Path, mut copy: impl Write) -> Result<[u8; 32]> {
    let mut input = File::open(file).map_err(Failure::io("read", file))?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match input.read(&mut buffer).map_err(Failure::io("read", file))? {
            0 => break,
            length => {
                hasher.update(&buffer[..length]);
                copy.write_all(&buffer[..length]).map_err(Failure::io("copy", file))?;
            }
        }
    }
    Ok(hasher.finalize().into())
}

/// What of a file one of the signers has signed, in a copy without a name: whoever put the file there may be writing to it still. The
/// file itself where there are no signers, and any file is good.
pub fn signed_content(file: &Path, signers: &[[u8; 32]]) -> Result<File> {
    if signers.is_empty() {
        return File::open(file).map_err(Failure::io("read", file));
    }
    let path = signature_path(file);
    let refused = |why: &str| Failure::new(Exit::Refused, format!("{}: {why}", path.display()));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused("is not there, but files have to be signed; `comity iso sign` does so"));
        }
        Err(error) => return Err(Failure::io("read", &path)(error)),
    };
    let beside = file.parent().unwrap_or(Path::new("."));
    let copy = tempfile::tempfile_in(beside).or_else(|_| tempfile::tempfile()).map_err(Failure::io("copy", file))?;
    check_signature(signers, digest(file, &copy)?, &text).map_err(refused)?;
    Ok(copy)
}

/// An open file, to be read from its beginning.
pub fn from_its_beginning(mut file: &File) -> std::io::Result<BufReader<File>> {
    file.seek(SeekFrom::Start(0))?;
    file.try_clone().map(BufReader::new)
}
