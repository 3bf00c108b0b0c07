//! Sealed details: the two members concerned read them, nobody else does, and nobody can alter them unnoticed.

mod forge;

use forge::Forgery;
use keys::{
    Context, Detail, DetailError, MemberKey, Side,
    seal::{self, OpenError, SealError},
};
use proptest::prelude::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde::Deserialize;

const SIDES: [Side; 2] = [Side::Debtor, Side::Creditor];

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([3; 32])
}

fn context() -> Context {
    Context { union_id: [9; 32], order_id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, debtor: 258, creditor: 5 }
}

fn debtor() -> MemberKey {
    MemberKey::from_seed([1; 32])
}

fn creditor() -> MemberKey {
    MemberKey::from_seed([2; 32])
}

fn key_of(side: Side) -> MemberKey {
    match side {
        Side::Debtor => debtor(),
        Side::Creditor => creditor(),
    }
}

fn detail() -> Detail {
    Detail {
        debtor_name: Some("Lanera del Plata S.A.".into()),
        debtor_account: Some("UY930001".into()),
        creditor_name: Some("Comercial Andina Ltda.".into()),
        creditor_account: Some("CL420002".into()),
        remittance: vec!["Factura 1001".into(), "Lana peinada, segundo envío".into()],
        end_to_end_id: Some("E2E-2006-0001".into()),
        ..Detail::default()
    }
}

fn seal_detail(detail: &Detail) -> Vec<u8> {
    seal::seal(detail, &context(), &debtor().public(), &creditor().public(), &mut rng()).unwrap()
}

fn sealed() -> Vec<u8> {
    seal_detail(&detail())
}

fn open_as(sealed: &[u8], side: Side) -> Result<Detail, OpenError> {
    seal::open(sealed, &context(), &key_of(side), side)
}

#[test]
fn both_members_read_the_same_text() {
    for side in SIDES {
        assert_eq!(open_as(&sealed(), side).unwrap(), detail());
    }
}

#[test]
fn an_empty_and_the_largest_detail_round_trip() {
    let largest = Detail {
        debtor_name: Some("ñ".repeat(140)),
        debtor_account: Some("ñ".repeat(34)),
        creditor_name: Some("ñ".repeat(140)),
        creditor_account: Some("ñ".repeat(34)),
        remittance: vec!["ñ".repeat(140); 10],
        end_to_end_id: Some("ñ".repeat(35)),
        instruction_id: Some("i".repeat(35)),
        message_id: Some("m".repeat(35)),
    };
    for detail in [Detail::default(), largest] {
        let sealed = seal_detail(&detail);
        assert!(sealed.len() <= seal::SEALED_BYTES);
        for side in SIDES {
            assert_eq!(open_as(&sealed, side).unwrap(), detail);
        }
    }
}

#[test]
fn a_third_member_cannot_open_from_either_side() {
    let third = MemberKey::from_seed([4; 32]);
    for side in SIDES {
        assert_eq!(seal::open(&sealed(), &context(), &third, side), Err(OpenError::WrappedKey { side }));
        assert_eq!(seal::reveal(&sealed(), &context(), &third, side), Err(OpenError::WrappedKey { side }));
    }
}

#[test]
fn the_two_sides_are_not_interchangeable() {
    assert_eq!(
        seal::open(&sealed(), &context(), &debtor(), Side::Creditor),
        Err(OpenError::WrappedKey { side: Side::Creditor })
    );
    // Even a member that is on both sides has two wrapped keys, and neither stands for the other.
    let key = debtor();
    let own = seal::seal(&detail(), &context(), &key.public(), &key.public(), &mut rng()).unwrap();
    for side in SIDES {
        assert_eq!(seal::open(&own, &context(), &key, side).unwrap(), detail());
    }
    let mut swapped = own.clone();
    swapped[33..113].copy_from_slice(&own[113..193]);
    swapped[113..193].copy_from_slice(&own[33..113]);
    for side in SIDES {
        assert_eq!(seal::open(&swapped, &context(), &key, side), Err(OpenError::WrappedKey { side }));
    }
}

#[test]
fn a_detail_opens_for_its_own_payment_only() {
    let content_key = seal::reveal(&sealed(), &context(), &debtor(), Side::Debtor).unwrap();
    let mut other_union = context();
    other_union.union_id[31] ^= 1;
    for other in [
        other_union,
        Context { order_id: context().order_id + 1, ..context() },
        Context { debtor: context().debtor + 1, ..context() },
        Context { creditor: context().creditor + 1, ..context() },
        Context { debtor: context().creditor, creditor: context().debtor, ..context() },
    ] {
        for side in SIDES {
            assert_eq!(seal::open(&sealed(), &other, &key_of(side), side), Err(OpenError::WrappedKey { side }));
        }
        assert_eq!(seal::open_with_content_key(&sealed(), &other, &content_key), Err(OpenError::Commitment));
    }
}

#[test]
fn every_altered_byte_is_noticed_by_both_members_and_by_the_auditor() {
    let sealed = sealed();
    let content_key = seal::reveal(&sealed, &context(), &debtor(), Side::Debtor).unwrap();
    for at in 0..sealed.len() {
        for bit in [1, 128] {
            let mut altered = sealed.clone();
            altered[at] ^= bit;
            for side in SIDES {
                assert!(open_as(&altered, side).is_err(), "byte {at} bit {bit} as {side}");
            }
            let audited = seal::open_with_content_key(&altered, &context(), &content_key);
            assert!(audited.is_err(), "byte {at} bit {bit} as auditor");
            assert_ne!(seal::hash(&altered), seal::hash(&sealed), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn other_lengths_and_versions_are_refused_by_form() {
    let sealed = sealed();
    for length in 0..sealed.len() {
        assert!(open_as(&sealed[..length], Side::Debtor).is_err(), "{length} bytes");
    }
    for length in [0, 208, 209, 272, 274, sealed.len() - 1, sealed.len() + 1, 4049 + 64] {
        let mut resized = sealed.clone();
        resized.resize(length, 0);
        assert_eq!(open_as(&resized, Side::Debtor), Err(OpenError::Length { bytes: length }));
        assert_eq!(seal::check_form(&resized), Err(OpenError::Length { bytes: length }));
    }
    let mut newer = sealed.clone();
    newer[0] = 2;
    assert_eq!(open_as(&newer, Side::Creditor), Err(OpenError::Version { version: 2 }));
    assert_eq!(seal::check_form(&sealed), Ok(()));
}

/// The forger builds what the format says byte by byte; when it forges nothing, the result has to open, or the other
/// forgeries would be refused for the wrong reason.
#[test]
fn an_honest_forgery_opens() {
    let forged = Forgery::honest(&detail()).build();
    for side in SIDES {
        assert_eq!(open_as(&forged, side).unwrap(), detail());
    }
}

/// A sender that hands the two members different keys wants them to read different texts.
#[test]
fn two_different_content_keys_are_detected() {
    let mut forgery = Forgery::honest(&detail());
    forgery.wrapped_keys[1] = [0x55; 32];
    let forged = forgery.build();
    assert_eq!(open_as(&forged, Side::Debtor).unwrap(), detail());
    assert_eq!(open_as(&forged, Side::Creditor), Err(OpenError::Commitment));
    assert_eq!(seal::reveal(&forged, &context(), &creditor(), Side::Creditor), Err(OpenError::Commitment));
}

#[test]
fn a_false_commitment_is_detected_by_both() {
    let mut forgery = Forgery::honest(&detail());
    forgery.commitment[0] ^= 1;
    let forged = forgery.build();
    for side in SIDES {
        assert_eq!(open_as(&forged, side), Err(OpenError::Commitment));
    }
}

#[test]
fn a_plaintext_that_is_not_padded_as_specified_is_refused() {
    let honest = Forgery::honest(&detail()).plaintext;
    let with = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut forgery = Forgery::honest(&detail());
        edit(&mut forgery.plaintext);
        open_as(&forgery.build(), Side::Creditor)
    };
    let last = honest.len() - 1;
    assert_eq!(honest[last], 0, "this detail needs padding, or the next line tests nothing");
    assert_eq!(with(&|plaintext| plaintext[last] = 1), Err(OpenError::Padding));
    assert_eq!(with(&|plaintext| plaintext.extend([0; 64])), Err(OpenError::Padding));
    assert_eq!(with(&|plaintext| plaintext[..2].copy_from_slice(&[0xff; 2])), Err(OpenError::Padding));
    let past_the_end = u16::try_from(last).unwrap().to_le_bytes();
    assert_eq!(with(&|plaintext| plaintext[..2].copy_from_slice(&past_the_end)), Err(OpenError::Padding));
}

#[test]
fn a_plaintext_that_is_not_a_canonical_detail_is_refused() {
    let mut forgery = Forgery::honest(&detail());
    forgery.plaintext = forge::pad(br#"{ "debtor_name":"A"}"#);
    assert_eq!(open_as(&forgery.build(), Side::Debtor), Err(OpenError::Detail(DetailError::NotCanonical)));
}

#[test]
fn an_auditor_reads_one_payment_with_the_revealed_key() {
    let sealed = sealed();
    for side in SIDES {
        let revealed = seal::reveal(&sealed, &context(), &key_of(side), side).unwrap();
        let handed_over = revealed.to_text().parse().unwrap();
        assert_eq!(seal::open_with_content_key(&sealed, &context(), &handed_over).unwrap(), detail());
        assert_eq!(format!("{revealed:?}"), "ContentKey(..)");
    }
    // The key of one payment opens no other, even between the same members and with the same text.
    let mut rng = rng();
    let mut next = || seal::seal(&detail(), &context(), &debtor().public(), &creditor().public(), &mut rng).unwrap();
    let (one, two) = (next(), next());
    let revealed = seal::reveal(&one, &context(), &debtor(), Side::Debtor).unwrap();
    assert_eq!(seal::open_with_content_key(&two, &context(), &revealed), Err(OpenError::Commitment));
}

#[test]
fn a_content_key_is_64_lower_case_hexadecimal_digits() {
    for text in ["", "00", &"0".repeat(63), &"0".repeat(66), &"A".repeat(64), &"g".repeat(64)] {
        assert!(text.parse::<keys::ContentKey>().is_err(), "{text}");
    }
}

#[test]
fn nothing_is_sealed_to_a_key_of_small_order() {
    let mut unusable = creditor().public();
    unusable.sealing = [0; 32];
    let sealed_to = |debtor_key, creditor_key| seal::seal(&detail(), &context(), debtor_key, creditor_key, &mut rng());
    let good = debtor().public();
    assert_eq!(sealed_to(&good, &unusable), Err(SealError::SealingKey { side: Side::Creditor }));
    assert_eq!(sealed_to(&unusable, &good), Err(SealError::SealingKey { side: Side::Debtor }));
}

#[test]
fn a_detail_out_of_bounds_is_not_sealed() {
    let detail = Detail { debtor_name: Some(String::new()), ..Detail::default() };
    let result = seal::seal(&detail, &context(), &debtor().public(), &creditor().public(), &mut rng());
    assert_eq!(result, Err(SealError::Detail(DetailError::Empty { field: "debtor_name" })));
}

/// What an observer of lengths learns: steps of 64 bytes.
#[test]
fn lengths_tell_little() {
    let length =
        |characters| seal_detail(&Detail { remittance: vec!["x".repeat(characters)], ..Detail::default() }).len();
    // {"remittance":[""]} and the length take 21 bytes of the first 64.
    assert_eq!((1..=43).map(length).collect::<Vec<_>>(), [193 + 64 + 16; 43]);
    assert_eq!(length(44), 193 + 128 + 16);
}

#[derive(Deserialize)]
struct KnownAnswer {
    detail: Detail,
    sealed: String,
    hash: String,
    content_key: String,
}

/// The fixture also opens with an independent implementation of `docs/sealed-detail.md` (Python, `cryptography`).
#[test]
fn the_format_does_not_drift() {
    let known: KnownAnswer = serde_json::from_str(include_str!("../fixtures/sealed_detail_v1.json")).unwrap();
    assert_eq!(known.detail, detail());
    assert_eq!(base16ct::lower::encode_string(&sealed()), known.sealed);
    assert_eq!(base16ct::lower::encode_string(&seal::hash(&sealed())), known.hash);
    let revealed = seal::reveal(&sealed(), &context(), &creditor(), Side::Creditor).unwrap();
    assert_eq!(*revealed.to_text(), known.content_key);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
        for side in SIDES {
            prop_assert!(open_as(&bytes, side).is_err());
        }
    }

    /// Of a valid form, so that the cryptography is reached.
    #[test]
    fn arbitrary_bytes_of_valid_form_never_open_and_never_panic(
        mut bytes in (1usize..=60).prop_flat_map(|blocks| proptest::collection::vec(any::<u8>(), 209 + 64 * blocks)),
    ) {
        bytes[0] = 1;
        prop_assert_eq!(seal::check_form(&bytes), Ok(()));
        for side in SIDES {
            prop_assert_eq!(open_as(&bytes, side), Err(OpenError::WrappedKey { side }));
        }
    }

    /// Authenticated arbitrary plaintext: the parsers behind the cryptography.
    #[test]
    fn arbitrary_plaintext_never_panics(
        mut plaintext in (1usize..=8).prop_flat_map(|blocks| proptest::collection::vec(any::<u8>(), 64 * blocks)),
        length in 0u16..600,
    ) {
        plaintext[..2].copy_from_slice(&length.to_le_bytes());
        let mut forgery = Forgery::honest(&detail());
        forgery.plaintext = plaintext;
        let result = open_as(&forgery.build(), Side::Debtor);
        prop_assert!(matches!(result, Err(OpenError::Padding | OpenError::Detail(_))), "{:?}", result);
    }
}
