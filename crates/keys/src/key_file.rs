//! A key on disk: that of a member or of a node, encrypted under a passphrase.
//!
//! The file is an armoured `age` file, readable with `age --decrypt` and the passphrase. Inside are three lines:
//!
//! ```text
//! comity member key v1
//! <seed: 64 lower-case hexadecimal digits>
//! <fingerprint of the public keys>
//! ```
//!
//! The fingerprint proves that the reader derives the same keys from the seed as the writer did. In the file of a node's
//! key the first line is `comity node key v1`, and the seed is its Ed25519 secret key.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    MemberKey, NodeKey, WorkFactor,
    age_passphrase::{self, DecryptError},
    hex,
};

/// Most bytes of a key file; what [`encode`] writes is under 600.
pub const KEY_FILE_BYTES: usize = 4096;
const TITLE: &str = "comity member key v1";
const NODE_TITLE: &str = "comity node key v1";
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;
#[cfg(unix)]
const GROUP_AND_OTHERS: u32 = 0o077;

/// What is wrong with the text of a key file or with the passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// No passphrase was given.
    #[error("the passphrase is empty; give one, since it is all that protects a stolen key file")]
    EmptyPassphrase,
    /// Not an armoured, passphrase-encrypted `age` file, or one without a key in it.
    #[error("this is not a key file; it should start with -----BEGIN AGE ENCRYPTED FILE-----")]
    NotAKeyFile,
    /// Reading would take more memory than any key file that is written here.
    #[error(
        "this key file asks for more than 1 GiB of memory to open, so it was not written by this software; use a backup"
    )]
    TooMuchWork,
    /// The passphrase does not open the file.
    #[error("wrong passphrase (or the first lines of the key file were altered); try again")]
    WrongPassphrase,
    /// The passphrase is right and the contents are not what was written.
    #[error("the key file is damaged, though the passphrase is right; use a backup")]
    Damaged,
    /// The file of a key of the other kind.
    #[error("this is the key file of {0}; a key of the other kind is needed here")]
    OtherKind(&'static str),
    /// Half of the key is not known here.
    #[error("the signing half of this key is in a token and stays there; no key file can hold it")]
    InToken,
    /// The seed gives other public keys than when it was written.
    #[error("the key file holds a seed that gives other public keys than the file names; use a backup and report this")]
    OtherKeys,
}

/// What is wrong with a key file, and with which.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// A key file is never overwritten: it may hold the only copy of a key.
    #[error("{path} exists and is left as it was; move it away or choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may read or write the file.
    #[error("{path} has permissions {mode:03o}, so others can reach it; run: chmod 600 {path}")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The text or the passphrase is not right.
    #[error("{path}: {reason}")]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: KeyTextError,
    },
    /// The operating system refused.
    #[error("cannot {action} {path}: {reason}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        reason: io::Error,
    },
}

/// The text of a key file for `key`.
///
/// # Errors
///
/// [`KeyTextError::EmptyPassphrase`], [`KeyTextError::InToken`].
pub fn encode(
    key: &MemberKey,
    passphrase: &str,
    work: WorkFactor,
    rng: &mut impl CryptoRng,
) -> Result<String, KeyTextError> {
    let seed = key.seed().ok_or(KeyTextError::InToken)?;
    encode_parts((TITLE, seed, key.public().fingerprint()), passphrase, work, rng)
}

/// Title, seed and fingerprint.
type Parts<'a> = (&'static str, &'a [u8; 32], String);

fn encode_parts(
    (title, seed, fingerprint): Parts<'_>,
    passphrase: &str,
    work: WorkFactor,
    rng: &mut impl CryptoRng,
) -> Result<String, KeyTextError> {
    if passphrase.is_empty() {
        return Err(KeyTextError::EmptyPassphrase);
    }
    let seed = Zeroizing::new(hex::encode(seed));
    let secret = Zeroizing::new(format!("{title}\n{}\n{fingerprint}\n", *seed));
    Ok(age_passphrase::encrypt(secret.as_bytes(), passphrase, work, rng))
}

/// A key of either kind.
#[derive(Debug)]
pub enum Key {
    /// A member's.
    Member(Box<MemberKey>),
    /// A node's.
    Node(NodeKey),
}

impl Key {
    fn member(self) -> Result<MemberKey, KeyTextError> {
        match self {
            Key::Member(key) => Ok(*key),
            Key::Node(_) => Err(KeyTextError::OtherKind("a node")),
        }
    }

    fn node(self) -> Result<NodeKey, KeyTextError> {
        match self {
            Key::Node(key) => Ok(key),
            Key::Member(_) => Err(KeyTextError::OtherKind("a member or an operator")),
        }
    }
}

/// The member's key in the text of a key file. Takes the time and memory of the work factor the file was written with.
///
/// # Errors
///
/// Any [`KeyTextError`].
pub fn decode(text: &str, passphrase: &str) -> Result<MemberKey, KeyTextError> {
    decode_any(text, passphrase)?.member()
}

fn decode_any(text: &str, passphrase: &str) -> Result<Key, KeyTextError> {
    if passphrase.is_empty() {
        return Err(KeyTextError::EmptyPassphrase);
    }
    if text.len() > KEY_FILE_BYTES {
        return Err(KeyTextError::NotAKeyFile);
    }
    let secret = age_passphrase::decrypt(text, passphrase).map_err(|error| match error {
        DecryptError::Form => KeyTextError::NotAKeyFile,
        DecryptError::Work => KeyTextError::TooMuchWork,
        DecryptError::Passphrase => KeyTextError::WrongPassphrase,
        DecryptError::Damaged => KeyTextError::Damaged,
    })?;
    let (title, seed, fingerprint) = parse_secret(&secret).ok_or(KeyTextError::NotAKeyFile)?;
    let (key, derived) = match title {
        TITLE => {
            let key = MemberKey::from_seed(*seed);
            let derived = key.public().fingerprint();
            (Key::Member(Box::new(key)), derived)
        }
        NODE_TITLE => {
            let key = NodeKey::from_secret(seed);
            let derived = key.fingerprint();
            (Key::Node(key), derived)
        }
        _ => return Err(KeyTextError::NotAKeyFile),
    };
    if derived == fingerprint { Ok(key) } else { Err(KeyTextError::OtherKeys) }
}

fn parse_secret(secret: &[u8]) -> Option<(&str, Zeroizing<[u8; 32]>, &str)> {
    let (title, rest) = str::from_utf8(secret).ok()?.strip_suffix('\n')?.split_once('\n')?;
    let (seed, fingerprint) = rest.split_once('\n')?;
    Some((title, Zeroizing::new(hex::decode(seed)?), fingerprint))
}

/// Writes `key` to a new file that only its owner may read, and returns when it is on the disk.
///
/// # Errors
///
/// [`KeyFileError::Exists`] when there is something at `path` already, [`KeyFileError::Text`] for an empty
/// passphrase, [`KeyFileError::Io`].
pub fn create(
    path: &Path,
    key: &MemberKey,
    passphrase: &str,
    work: WorkFactor,
    rng: &mut impl CryptoRng,
) -> Result<(), KeyFileError> {
    write_new(path, encode(key, passphrase, work, rng))
}

/// Writes the key of a node to a new file, likewise.
///
/// # Errors
///
/// As [`create`].
pub fn create_node(
    path: &Path,
    key: &NodeKey,
    passphrase: &str,
    work: WorkFactor,
    rng: &mut impl CryptoRng,
) -> Result<(), KeyFileError> {
    write_new(path, encode_parts((NODE_TITLE, key.secret(), key.fingerprint()), passphrase, work, rng))
}

fn write_new(path: &Path, text: Result<String, KeyTextError>) -> Result<(), KeyFileError> {
    let text = text.map_err(|reason| KeyFileError::Text { path: path.into(), reason })?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
    let mut file = options.open(path).map_err(|reason| match reason.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.into() },
        _ => io_error("create", path)(reason),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| sync_directory_of(path)).map_err(
        |reason| {
            // Half a key file would only stand in the way of the next attempt. That error is the one to report.
            let _ = fs::remove_file(path);
            io_error("write", path)(reason)
        },
    )
}

/// Reads the key file of a member at `path`.
///
/// # Errors
///
/// [`KeyFileError::TooOpen`] before anything is read, when others than the owner may read or write the file;
/// [`KeyFileError::Text`]; [`KeyFileError::Io`].
pub fn read(path: &Path, passphrase: &str) -> Result<MemberKey, KeyFileError> {
    of_kind(path, read_any(path, passphrase)?.member())
}

/// Reads the key file of a node at `path`.
///
/// # Errors
///
/// As [`read`].
pub fn read_node(path: &Path, passphrase: &str) -> Result<NodeKey, KeyFileError> {
    of_kind(path, read_any(path, passphrase)?.node())
}

fn of_kind<K>(path: &Path, key: Result<K, KeyTextError>) -> Result<K, KeyFileError> {
    key.map_err(|reason| KeyFileError::Text { path: path.into(), reason })
}

/// Reads a key file at `path`, whosever it is.
///
/// # Errors
///
/// As [`read`].
pub fn read_any(path: &Path, passphrase: &str) -> Result<Key, KeyFileError> {
    let text_error = |reason| KeyFileError::Text { path: path.into(), reason };
    // Asked by name first: opening a pipe would wait for a writer.
    if !fs::metadata(path).map_err(io_error("read", path))?.is_file() {
        return Err(text_error(KeyTextError::NotAKeyFile));
    }
    let bytes = read_private(path, KEY_FILE_BYTES + 1)?;
    let text = str::from_utf8(&bytes).map_err(|_| text_error(KeyTextError::NotAKeyFile))?;
    decode_any(text, passphrase).map_err(text_error)
}

/// Reads a file with a secret that nobody but its owner can reach; at most `bytes_max` bytes of it.
///
/// # Errors
///
/// [`KeyFileError::TooOpen`] where others can reach it, [`KeyFileError::Io`] where it cannot be read or is no file.
pub fn read_private(path: &Path, bytes_max: usize) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    if !fs::metadata(path).map_err(io_error("read", path))?.is_file() {
        return Err(io_error("read", path)(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")));
    }
    let file = File::open(path).map_err(io_error("read", path))?;
    refuse_open_permissions(&file, path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(bytes_max as u64).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    Ok(bytes)
}

fn refuse_open_permissions(file: &File, path: &Path) -> Result<(), KeyFileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(io_error("read", path))?.permissions().mode() & 0o777;
        if mode & GROUP_AND_OTHERS != 0 {
            return Err(KeyFileError::TooOpen { path: path.into(), mode });
        }
    }
    Ok(())
}

/// A new name is on the disk once its directory is.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

fn io_error(action: &'static str, path: &Path) -> impl Fn(io::Error) -> KeyFileError {
    move |reason| KeyFileError::Io { path: path.into(), action, reason }
}

/// Contents that only someone with the passphrase could have written.
#[cfg(test)]
mod tests {
    use super::*;

    fn decode_contents(contents: &str) -> Result<MemberKey, KeyTextError> {
        let mut rng = crate::system_random();
        decode(&age_passphrase::encrypt(contents.as_bytes(), "passphrase", WorkFactor::MINIMUM, &mut rng), "passphrase")
    }

    #[test]
    fn a_seed_that_gives_other_keys_than_the_file_names_is_refused() {
        let (seed, key) = ("07".repeat(32), MemberKey::from_seed([7; 32]));
        let named = |fingerprint: &str| decode_contents(&format!("{TITLE}\n{seed}\n{fingerprint}\n"));
        assert_eq!(named(&key.public().fingerprint()).unwrap().public(), key.public());
        let other = MemberKey::from_seed([8; 32]).public().fingerprint();
        assert_eq!(named(&other).unwrap_err(), KeyTextError::OtherKeys);
    }

    #[test]
    fn an_encrypted_file_without_a_key_is_not_a_key_file() {
        let seed = "07".repeat(32);
        for contents in [
            "",
            "a letter",
            &format!("{TITLE}\n"),
            &format!("{TITLE}\n{seed}\n"),
            &format!("{TITLE}\n{}\nx\n", &seed[1..]),
            &format!("{TITLE}\n{seed}\nx"),
            &format!("comity member key v2\n{seed}\nx\n"),
        ] {
            assert_eq!(decode_contents(contents).unwrap_err(), KeyTextError::NotAKeyFile, "{contents:?}");
        }
    }

    /// By its length alone: the wrong passphrase is not even tried.
    #[test]
    fn an_oversized_file_is_not_a_key_file() {
        let mut rng = crate::system_random();
        let mut encrypted = |bytes| age_passphrase::encrypt(&vec![b'x'; bytes], "right", WorkFactor::MINIMUM, &mut rng);
        assert_eq!(decode(&encrypted(2048), "wrong").unwrap_err(), KeyTextError::WrongPassphrase);
        assert_eq!(decode(&encrypted(4096), "wrong").unwrap_err(), KeyTextError::NotAKeyFile);
    }
}
