//! Customer detail: bounds and the one encoding.

use keys::{Detail, DetailError, detail};
use proptest::prelude::*;

fn name(name: impl Into<String>) -> Detail {
    Detail { debtor_name: Some(name.into()), ..Detail::default() }
}

#[test]
fn the_encoding_is_plain() {
    let detail = Detail {
        debtor_name: Some("Ñandú S.A.".into()),
        creditor_account: Some("UY12 \"3\"".into()),
        remittance: vec!["Factura 17".into(), "Lana".into()],
        ..Detail::default()
    };
    let encoded = detail.encode().unwrap();
    assert_eq!(
        str::from_utf8(&encoded).unwrap(),
        r#"{"debtor_name":"Ñandú S.A.","creditor_account":"UY12 \"3\"","remittance":["Factura 17","Lana"]}"#
    );
    assert_eq!(Detail::decode(&encoded).unwrap(), detail);
    assert_eq!(Detail::default().encode().unwrap(), b"{}");
}

#[test]
fn every_bound_is_exact() {
    let field = |set: fn(&mut Detail, String), limit: usize, field: &'static str| {
        let with = |text: String| {
            let mut detail = Detail::default();
            set(&mut detail, text);
            detail.encode()
        };
        assert!(with("ñ".repeat(limit)).is_ok(), "{field}");
        assert_eq!(with("ñ".repeat(limit + 1)), Err(DetailError::TooLong { field, characters: limit + 1, limit }));
        assert_eq!(with(String::new()), Err(DetailError::Empty { field }));
        for control in ["\n", "a\u{0}", "\u{85}"] {
            assert_eq!(with(control.into()), Err(DetailError::ControlCharacter { field }));
        }
    };
    field(|detail, text| detail.debtor_name = Some(text), 140, "debtor_name");
    field(|detail, text| detail.debtor_account = Some(text), 34, "debtor_account");
    field(|detail, text| detail.creditor_name = Some(text), 140, "creditor_name");
    field(|detail, text| detail.creditor_account = Some(text), 34, "creditor_account");
    field(|detail, text| detail.end_to_end_id = Some(text), 35, "end_to_end_id");
    field(|detail, text| detail.remittance = vec!["x".into(), text], 140, "remittance");
    let lines = |lines| Detail { remittance: vec!["x".into(); lines], ..Detail::default() }.encode();
    assert!(lines(10).is_ok());
    assert_eq!(lines(11), Err(DetailError::TooManyLines { lines: 11 }));
}

#[test]
fn identifications_are_plain() {
    for bad in ["ñ", "a\"b", "a\\b"] {
        let instruction = Detail { instruction_id: Some(bad.into()), ..Detail::default() };
        assert_eq!(instruction.encode(), Err(DetailError::NotPlain { field: "instruction_id" }));
        let message = Detail { message_id: Some(bad.into()), ..Detail::default() };
        assert_eq!(message.encode(), Err(DetailError::NotPlain { field: "message_id" }));
    }
    let long = Detail { message_id: Some("m".repeat(36)), ..Detail::default() };
    assert_eq!(long.encode(), Err(DetailError::TooLong { field: "message_id", characters: 36, limit: 35 }));
}

fn fullest(character: &str) -> Detail {
    let text = |length| Some(character.repeat(length));
    Detail {
        debtor_name: text(140),
        debtor_account: text(34),
        creditor_name: text(140),
        creditor_account: text(34),
        remittance: vec![character.repeat(140); 10],
        end_to_end_id: text(35),
        instruction_id: Some("i".repeat(35)),
        message_id: Some("m".repeat(35)),
    }
}

/// A quotation mark is escaped, so it takes two bytes as well.
#[test]
fn everything_at_full_length_fits_in_two_bytes_a_character() {
    for character in ["a", "\"", "ñ", "Ж"] {
        let encoded = fullest(character).encode().unwrap();
        assert_eq!(Detail::decode(&encoded).unwrap(), fullest(character));
    }
    let error = fullest("中").encode().unwrap_err();
    assert!(matches!(error, DetailError::TooLarge { bytes } if bytes > detail::ENCODED_BYTES), "{error}");
    assert!(Detail { remittance: vec!["中".repeat(140); 7], ..fullest("a") }.encode().is_ok());
}

#[test]
fn other_spellings_of_a_detail_are_refused() {
    for (text, expected) in [
        (r#" {}"#, DetailError::NotCanonical),
        (r#"{"debtor_name":null}"#, DetailError::NotCanonical),
        (r#"{"remittance":[]}"#, DetailError::NotCanonical),
        (r#"{"debtor_name":"\u0041"}"#, DetailError::NotCanonical),
        (r#"{"debtor_name":"a\/b"}"#, DetailError::NotCanonical),
        (r#"{"end_to_end_id":"1","debtor_name":"A"}"#, DetailError::NotCanonical),
        // The form of a sequence: a struct may be read from an array, but is never written as one.
        (r#"[null,null,null,null,[],null,null,null]"#, DetailError::NotCanonical),
        (r#"{"debtor_name":"A","debtor_name":"B"}"#, DetailError::Malformed { column: 32 }),
        (r#"{"secret":"x"}"#, DetailError::Malformed { column: 9 }),
        (r#"{"debtor_name":7}"#, DetailError::Malformed { column: 16 }),
        (r#"{} {}"#, DetailError::Malformed { column: 4 }),
        (r#"{"debtor_name":""}"#, DetailError::Empty { field: "debtor_name" }),
    ] {
        assert_eq!(Detail::decode(text.as_bytes()), Err(expected), "{text}");
    }
    assert_eq!(Detail::decode(&vec![b' '; 3839]), Err(DetailError::TooLarge { bytes: 3839 }));
}

#[test]
fn neither_debug_nor_errors_repeat_customer_data() {
    let detail = fullest("Q");
    assert!(!format!("{detail:?}").contains('Q'));
    let too_long = name("Q".repeat(141)).encode().unwrap_err();
    assert!(!format!("{too_long} {too_long:?}").contains('Q'));
    let malformed = Detail::decode(br#"{"debtor_name":["QQQ"]}"#).unwrap_err();
    assert!(!format!("{malformed} {malformed:?}").contains('Q'));
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        names in proptest::array::uniform2(proptest::option::of("\\PC{1,20}")),
        remittance in proptest::collection::vec("\\PC{1,20}", 0..10),
    ) {
        let [debtor_name, creditor_name] = names;
        let detail = Detail { debtor_name, creditor_name, remittance, ..Detail::default() };
        prop_assert_eq!(Detail::decode(&detail.encode().unwrap()).unwrap(), detail);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_decode_only_to_themselves(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(detail) = Detail::decode(&bytes) {
            prop_assert_eq!(detail.encode().unwrap(), bytes);
        }
    }

    /// Bytes near a valid encoding reach deeper than arbitrary ones.
    #[test]
    fn altered_encodings_never_panic_and_decode_only_to_themselves(at in 0usize..120, byte in any::<u8>()) {
        let mut bytes = Detail { remittance: vec!["abc\"".into(); 9], ..name("José") }.encode().unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(detail) = Detail::decode(&bytes) {
            prop_assert_eq!(detail.encode().unwrap(), bytes);
        }
    }
}
