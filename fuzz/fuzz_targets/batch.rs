//! Batches: any bytes are a batch or not; without the member's signature none is believed.
#![no_main]

use comity_fuzz::charter;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use union::{Batch, Charter, detail_hash};

static CHARTER: LazyLock<Charter> = LazyLock::new(charter);

// The bytes as they are, and once more as what follows a good header, since no fuzzer finds the union's hash.
fuzz_target!(|bytes: &[u8]| {
    look_at(bytes);
    let (records, rest) = bytes.as_chunks::<128>();
    let count = rest.first().map_or(0, |&first| usize::from(first) % 4);
    let (records, details) = records.split_at(records.len().min(count));
    let details: Vec<_> = details.iter().enumerate().map(|(at, detail)| (at as u16, detail.to_vec())).collect();
    let sign = |_: &[u8]| [bytes.len() as u8; 64];
    let key = CHARTER.members[0].signing_key;
    if let Ok(built) = Batch::build(CHARTER.hash(), 0, key, 1, records, &details, sign) {
        look_at(&built);
    }
});

fn look_at(bytes: &[u8]) {
    assert!(Batch::signed(Arc::from(bytes), &CHARTER.hash()).is_err(), "nobody has signed this");
    let Ok(batch) = Batch::from_journal(Arc::from(bytes)) else { return };
    assert_eq!(batch.bytes().as_ref(), bytes);
    assert_eq!(batch.records().len(), batch.len());
    assert_eq!(batch.header().count as usize, batch.len());
    let mut end = 256 + 128 * batch.len();
    for (record, detail) in batch.details() {
        assert!(usize::from(record) < batch.len());
        detail_hash(detail);
        end += 4 + detail.len();
    }
    assert_eq!(end, bytes.len(), "every byte belongs to a record or a detail");
}
