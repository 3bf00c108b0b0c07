//! Sealed customer detail and its plain form: no panic; nothing that was not sealed opens; what decodes encodes to the same bytes.
#![no_main]

use keys::seal::{Context, Side, check_form, open};
use keys::{Detail, MemberKey};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static KEY: LazyLock<MemberKey> = LazyLock::new(|| MemberKey::from_seed([7; 32]));

fuzz_target!(|bytes: &[u8]| {
    let context = Context { union_id: [1; 32], order_id: 2, debtor: 0, creditor: 1 };
    if check_form(bytes).is_ok() {
        assert!(open(bytes, &context, &KEY, Side::Debtor).is_err(), "nobody sealed this");
    }
    if let Ok(detail) = Detail::decode(bytes) {
        assert_eq!(detail.encode().expect("what was read can be written"), bytes);
    }
});
