//! What a union begins with: nothing but a charter that every founder has signed.

use crate::scene::{Terms, signing_key};
use ed25519_dalek::Signer;
use proptest::prelude::*;
use union::{Charter, Founding, FoundingError, Signatures, accession_message};

fn sign(member: u16, message: &[u8]) -> [u8; 64] {
    signing_key(member).sign(message).to_bytes()
}

fn founding() -> Founding {
    Founding::signed_by(Terms::of(4).charter(), sign).unwrap()
}

fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|&code| code.to_owned()).collect()
}

#[test]
fn what_was_founded_is_read_again() {
    let founding = founding();
    assert_eq!(Founding::from_genesis(&founding.genesis()), Ok(founding.clone()));
    let file = founding.signatures().text();
    assert_eq!(Signatures::parse(&file).as_ref(), Ok(founding.signatures()));
    assert_eq!(Founding::new(founding.charter().clone(), Signatures::parse(&file).unwrap()), Ok(founding));
}

#[test]
fn who_is_missing_is_named() {
    let charter = Terms::of(4).charter();
    let mut signatures = founding().signatures().clone();
    signatures.by_code.remove("M001");
    let other = signatures.by_code["M000"];
    signatures.by_code.insert("M003".into(), other);
    signatures.by_code.insert("M009".into(), other);
    let error = signatures.unsigned(&charter).unwrap();
    let expected =
        FoundingError::Unsigned { missing: codes(&["M001"]), wrong: codes(&["M003"]), strangers: codes(&["M009"]) };
    assert_eq!(error, expected);
    for words in
        ["M001 on the charter are missing", "M003 are not by their keys", "M009 whom the charter does not name"]
    {
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    assert_eq!(Founding::new(charter, signatures), Err(expected));
}

/// A founder's signature is on one text, byte for byte, and none on the text that admits somebody else to that union.
#[test]
fn a_signature_counts_for_one_text() {
    let founding = founding();
    let other = Charter::parse(&founding.charter().text().replace("of the tests", "of the testS")).unwrap();
    let all = codes(&["M000", "M001", "M002", "M003"]);
    let as_said = FoundingError::Unsigned { missing: vec![], wrong: all.clone(), strangers: vec![] };
    assert_eq!(founding.signatures().unsigned(&other), Some(as_said.clone()));
    let relabelled = Signatures { charter: other.hash(), ..founding.signatures().clone() };
    assert_eq!(relabelled.unsigned(&other), Some(as_said.clone()));
    let accession = Founding::signed_by(other.clone(), |member, _| {
        sign(member, &accession_message(&founding.charter().hash(), &other.text_hash()))
    });
    assert_eq!(accession, Err(as_said), "to accede to another union is not to found this one");
}

#[test]
fn what_is_no_founding_is_refused_with_the_reason() {
    let founding = founding();
    let text = founding.charter().text();
    let file = founding.signatures().text();
    let long = format!("{file}{}", "#".repeat(1 << 16));
    for (signatures, words) in [
        (file.replace("M000 = \"", "M000 = \"0"), "signatures.M000: not 128 hexadecimal digits"),
        (file.replace("charter = \"", "charter = \"0"), "charter: not 64 hexadecimal digits"),
        (format!("rogue = 1\n{file}"), "unknown field `rogue`"),
        (file.replace("M001", "M000"), "duplicate key"),
        (long, "longer than 65536 bytes"),
        (String::new(), "missing field `charter`"),
    ] {
        let error = Founding::from_genesis(format!("{text}\0{signatures}").as_bytes()).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let unsigned = Founding::from_genesis(text.as_bytes()).unwrap_err();
    assert!(unsigned.to_string().contains("there are none behind the charter"), "{unsigned}");
    assert!(matches!(Founding::from_genesis(b"\xff\0"), Err(FoundingError::Format(_))));
    assert!(matches!(Founding::from_genesis(b"name = 1\0"), Err(FoundingError::Charter(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever byte of it changes, it founds nothing.
    #[test]
    fn no_changed_byte_founds_another_union(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let founding = founding();
        let mut bytes = founding.genesis();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Founding::from_genesis(&bytes).is_err(), "byte {} counts for nothing", at);
    }
}
