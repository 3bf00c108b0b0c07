//! The key file: what is written is read back, and everything else is refused with its reason.

use std::fs;

use keys::{
    MemberKey, NodeKey, WorkFactor,
    key_file::{self, KeyFileError, KeyTextError},
};
use proptest::prelude::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const PASSPHRASE: &str = "correct horse battery staple";
/// The key of seed 0x07 times 32, encrypted by another implementation of the age format (the `age` crate 0.12.1).
const BY_ANOTHER_TOOL: &str = include_str!("fixtures/written_by_age.key");
/// The same, written by this crate: a reader that cannot open it has lost the key files that exist.
const WRITTEN_EARLIER: &str = include_str!("fixtures/written_by_this_crate.key");

fn key() -> MemberKey {
    MemberKey::from_seed([7; 32])
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([1; 32])
}

fn text() -> String {
    key_file::encode(&key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap()
}

#[track_caller]
fn assert_opens(text: &str) {
    assert_eq!(key_file::decode(text, PASSPHRASE).unwrap().public(), key().public());
}

#[track_caller]
fn assert_refused(text: &str, expected: KeyTextError) {
    assert_eq!(key_file::decode(text, PASSPHRASE).unwrap_err(), expected);
}

#[test]
fn a_key_survives_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("member.key");
    key_file::create(&path, &key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap();
    let read = key_file::read(&path, PASSPHRASE).unwrap();
    assert_eq!(read.public(), key().public());
    assert_eq!(read.sign(b"x").unwrap(), key().sign(b"x").unwrap());
    assert!(fs::metadata(&path).unwrap().len() < 600);
}

#[test]
fn the_format_is_the_one_of_other_tools_and_does_not_drift() {
    assert_opens(BY_ANOTHER_TOOL);
    assert_opens(WRITTEN_EARLIER);
    assert_eq!(text(), WRITTEN_EARLIER);
}

#[test]
fn the_seed_is_not_in_the_file_in_the_clear() {
    assert!(!text().contains(&"07".repeat(32)));
}

#[test]
fn two_files_of_one_key_have_nothing_in_common() {
    let mut rng = rng();
    let mut file = || key_file::encode(&key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng).unwrap();
    assert_ne!(file(), file());
}

#[test]
fn passphrases_are_needed_and_compared() {
    assert_eq!(key_file::decode(&text(), "correct horse").unwrap_err(), KeyTextError::WrongPassphrase);
    assert_eq!(key_file::decode(&text(), "").unwrap_err(), KeyTextError::EmptyPassphrase);
    let empty = key_file::encode(&key(), "", WorkFactor::MINIMUM, &mut rng());
    assert_eq!(empty.unwrap_err(), KeyTextError::EmptyPassphrase);
}

#[test]
fn what_is_not_a_key_file_is_called_so() {
    let other_label = text().replace("AGE ENCRYPTED FILE", "PRIVATE KEY");
    let (before, after) = (format!("a letter\n{}", text()), format!("{}a letter\n", text()));
    for text in ["", "hello", &other_label, &text()[..200], &before, &after] {
        assert_refused(text, KeyTextError::NotAKeyFile);
    }
}

/// Armours `file` as it stands, to build files that no honest writer makes.
fn armour(file: &[u8]) -> String {
    pem_rfc7468::encode_string("AGE ENCRYPTED FILE", pem_rfc7468::LineEnding::LF, file).unwrap()
}

fn with_header(edit: impl Fn(&str) -> String) -> String {
    let file = pem_rfc7468::decode_vec(text().as_bytes()).unwrap().1;
    let end = file.windows(5).position(|window| window == b"\n--- ").unwrap();
    let header = edit(str::from_utf8(&file[..end]).unwrap());
    armour(&[header.as_bytes(), &file[end..]].concat())
}

#[test]
fn a_file_cannot_ask_for_unbounded_memory() {
    assert_opens(&with_header(str::to_owned));
    assert_refused(&with_header(|header| header.replace(" 1\n", " 21\n")), KeyTextError::TooMuchWork);
    assert_refused(&with_header(|header| header.replace(" 1\n", " 255\n")), KeyTextError::TooMuchWork);
    for other in [" 0\n", " 01\n", " +1\n", " 256\n", " -1\n", " \n", "\n", " 1 1\n"] {
        assert_refused(&with_header(|header| header.replace(" 1\n", other)), KeyTextError::NotAKeyFile);
    }
    assert_refused(&with_header(|header| header.replace("/v1", "/v2")), KeyTextError::NotAKeyFile);
    assert_refused(&with_header(|header| header.replace("scrypt", "X25519")), KeyTextError::NotAKeyFile);
    // A salt and a wrapped key of other lengths than the format's.
    assert_refused(&with_header(|header| header.replacen(" 1\n", "AAAA 1\n", 1)), KeyTextError::NotAKeyFile);
    let shorter = |line: usize, at: usize| {
        with_header(|header| {
            let mut lines: Vec<_> = header.split('\n').map(str::to_owned).collect();
            lines[line].replace_range(at..at + 4, "");
            lines.join("\n")
        })
    };
    assert_refused(&shorter(1, "-> scrypt ".len()), KeyTextError::NotAKeyFile);
    assert_refused(&shorter(2, 0), KeyTextError::NotAKeyFile);
    // A second recipient stanza would put one more way in beside the passphrase.
    assert_refused(&with_header(|header| format!("{header}\n-> x\nYQ")), KeyTextError::NotAKeyFile);
    assert_eq!((WorkFactor::new(0), WorkFactor::new(21)), (None, None));
    assert_eq!(WorkFactor::new(17), Some(WorkFactor::DEFAULT));
}

#[test]
fn every_altered_byte_is_noticed() {
    let file = pem_rfc7468::decode_vec(text().as_bytes()).unwrap().1;
    for at in 0..file.len() {
        for bit in [1, 128] {
            let mut altered = file.clone();
            altered[at] ^= bit;
            // A work factor that still parses but costs real memory would only make this slow: 1 becomes 0 here.
            assert!(key_file::decode(&armour(&altered), PASSPHRASE).is_err(), "byte {at} bit {bit}");
        }
    }
    let (last, payload_start) = (file.len() - 1, file.len() - 120);
    for (at, expected) in [(last, KeyTextError::Damaged), (payload_start, KeyTextError::Damaged)] {
        let mut altered = file.clone();
        altered[at] ^= 1;
        assert_refused(&armour(&altered), expected);
    }
}

#[test]
fn every_truncation_is_noticed() {
    let file = pem_rfc7468::decode_vec(text().as_bytes()).unwrap().1;
    for length in 0..file.len() {
        assert!(key_file::decode(&armour(&file[..length]), PASSPHRASE).is_err(), "{length} bytes");
    }
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("member.key");
    fs::write(&path, "precious").unwrap();
    let error = key_file::create(&path, &key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap_err();
    assert!(matches!(error, KeyFileError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn errors_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nowhere").join("member.key");
    let create = key_file::create(&path, &key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap_err();
    let read = key_file::read(&path, PASSPHRASE).unwrap_err();
    let not_a_file = key_file::read(directory.path(), PASSPHRASE).unwrap_err();
    assert!(create.to_string().starts_with(&format!("cannot create {}: ", path.display())), "{create}");
    assert!(read.to_string().starts_with(&format!("cannot read {}: ", path.display())), "{read}");
    assert!(not_a_file.to_string().contains("not a key file"), "{not_a_file}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("member.key");
    key_file::create(&path, &key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = key_file::read(&path, PASSPHRASE).unwrap_err();
        assert!(matches!(error, KeyFileError::TooOpen { mode: found, .. } if found == mode), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(key_file::read(&path, PASSPHRASE).is_ok());
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        prop_assert_eq!(key_file::decode(&text, PASSPHRASE).unwrap_err(), KeyTextError::NotAKeyFile);
    }

    #[test]
    fn arbitrary_armoured_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(key_file::decode(&armour(&bytes), PASSPHRASE).unwrap_err(), KeyTextError::NotAKeyFile);
    }
}

#[test]
fn the_key_of_a_node_is_not_that_of_a_member() {
    let directory = tempfile::tempdir().unwrap();
    let (member, node) = (directory.path().join("member.key"), directory.path().join("node.key"));
    key_file::create(&member, &key(), PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap();
    let key = NodeKey::generate().unwrap();
    key_file::create_node(&node, &key, PASSPHRASE, WorkFactor::MINIMUM, &mut rng()).unwrap();

    let read = key_file::read_node(&node, PASSPHRASE).unwrap();
    assert_eq!((read.public(), read.secret()), (key.public(), key.secret()));
    assert!(matches!(key_file::read_any(&node, PASSPHRASE), Ok(key_file::Key::Node(_))));
    assert!(matches!(key_file::read_any(&member, PASSPHRASE), Ok(key_file::Key::Member(_))));
    let as_member = key_file::read(&node, PASSPHRASE).unwrap_err().to_string();
    assert!(as_member.contains("node.key") && as_member.contains("key file of a node"), "{as_member}");
    let as_node = key_file::read_node(&member, PASSPHRASE).unwrap_err().to_string();
    assert!(as_node.contains("key file of a member"), "{as_node}");
    assert!(!format!("{key:?}").contains(&key.secret().iter().map(|byte| format!("{byte:02x}")).collect::<String>()));
}
