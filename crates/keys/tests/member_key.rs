//! A member's keys: derivation, signatures, and that nothing secret is printed.

use keys::{MemberKey, PublicKeys, member_key::VerifyError, verify};

/// Computed from the derivation documented on `MemberKey` by an independent implementation (Python, `cryptography`).
const SEED: [u8; 32] = [7; 32];
const SIGNING: &str = "83c9c00f60020ad36debdf8c30c2337d7efba1ab1446b5f436a3213c80408123";
const SEALING: &str = "290fd140d96605cb0683008a69d005d0562bea7c8edbed8054a61cb14ef00114";
const FINGERPRINT: &str = "88b2-e23f-7a13-f367-0166-592f-a6f7-cb91-edb3-2b02";

#[test]
fn the_derivation_from_the_seed_does_not_drift() {
    let public = MemberKey::from_seed(SEED).public();
    assert_eq!(serde_json::to_string(&public).unwrap(), format!(r#"{{"signing":"{SIGNING}","sealing":"{SEALING}"}}"#));
    assert_eq!(public.fingerprint(), FINGERPRINT);
}

#[test]
fn generated_keys_differ() {
    let (one, two) = (MemberKey::generate().unwrap().public(), MemberKey::generate().unwrap().public());
    assert_ne!(one.signing, two.signing);
    assert_ne!(one.sealing, two.sealing);
    assert_ne!(one.fingerprint(), two.fingerprint());
}

#[test]
fn a_signature_is_good_for_its_key_and_message_only() {
    let (key, other) = (MemberKey::from_seed(SEED), MemberKey::from_seed([8; 32]));
    let signature = key.sign(b"block 1").unwrap();
    assert_eq!(verify(&key.public().signing, b"block 1", &signature), Ok(()));
    assert_eq!(verify(&key.public().signing, b"block 2", &signature), Err(VerifyError::Signature));
    assert_eq!(verify(&other.public().signing, b"block 1", &signature), Err(VerifyError::Signature));
    for at in 0..64 {
        let mut altered = signature;
        altered[at] ^= 1;
        assert_eq!(verify(&key.public().signing, b"block 1", &altered), Err(VerifyError::Signature), "byte {at}");
    }
}

/// With the neutral point as key, R = neutral and s = 0 verify every message under the lax rules.
#[test]
fn a_key_of_small_order_verifies_nothing() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert_eq!(verify(&neutral, b"anything", &signature), Err(VerifyError::Key));
}

#[test]
fn a_signing_key_that_is_no_point_is_refused() {
    // y = 2 is not on the curve.
    let mut key = [0; 32];
    key[0] = 2;
    assert_eq!(verify(&key, b"", &[0; 64]), Err(VerifyError::Key));
}

#[test]
fn debug_shows_the_fingerprint_and_no_secret() {
    let shown = format!("{:?}", MemberKey::from_seed(SEED));
    assert_eq!(shown, format!("MemberKey({FINGERPRINT})"));
}

#[test]
fn public_keys_in_json_are_strict() {
    let good = format!(r#"{{"signing":"{SIGNING}","sealing":"{SEALING}"}}"#);
    let public: PublicKeys = serde_json::from_str(&good).unwrap();
    assert_eq!(public, MemberKey::from_seed(SEED).public());
    for bad in [
        good.replace(SIGNING, &SIGNING.to_uppercase()),
        good.replace(SIGNING, &SIGNING[2..]),
        good.replace(SIGNING, &format!("{SIGNING}00")),
        good.replace(SIGNING, &"zz".repeat(32)),
        good.replace(r#","sealing""#, r#","extra":1,"sealing""#),
        format!(r#"{{"signing":"{SIGNING}"}}"#),
    ] {
        assert!(serde_json::from_str::<PublicKeys>(&bad).is_err(), "{bad}");
    }
}
