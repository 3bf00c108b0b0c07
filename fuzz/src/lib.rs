//! What the fuzz targets share: a small union and unsigned batches for it.

pub mod iso;

use std::sync::{Arc, LazyLock};
use union::{Batch, Block, Charter, RECORD_BYTES, Union};

/// How many members the small union has.
pub const MEMBERS: u16 = 3;

/// The charter of the small union.
pub fn charter() -> Charter {
    static CHARTER: LazyLock<Charter> =
        LazyLock::new(|| Charter::parse(include_str!("../small-union.toml")).expect("a good charter"));
    CHARTER.clone()
}

/// The small union at ten o'clock on its first day, before any block.
pub fn founded() -> (Union, u64) {
    static FOUNDED: LazyLock<Union> = LazyLock::new(|| Union::new(charter(), 0));
    (FOUNDED.clone(), FOUNDED.time_ms() + 10 * 3_600_000)
}

/// A batch as if it came from the journal; `None` where its form is wrong.
pub fn batch(
    union: &Union,
    member: u16,
    sequence: u64,
    records: &[[u8; RECORD_BYTES]],
    details: &[(u16, Vec<u8>)],
) -> Option<Batch> {
    let hash = union.charter().hash();
    let bytes = Batch::build(hash, member, [0; 32], sequence, records, details, |_| [0; 64]).ok()?;
    Some(Batch::from_journal(Arc::from(bytes)).expect("what was built is a batch"))
}

/// The next block of a union.
pub fn block(union: &Union, time_ms: u64, batches: Vec<Batch>) -> Block {
    Block::new(union.height() + 1, time_ms, union.parent(), 0, union.state(), batches)
}

/// A block's bytes.
pub fn bytes(block: &Block) -> Vec<u8> {
    let batches = block.batches().iter().flat_map(|batch| batch.bytes().iter().copied());
    block.header_bytes().iter().copied().chain(batches).collect()
}

/// A snapshot's bytes.
pub fn snapshot(union: &Union) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written: Result<(), ()> = union.snapshot(|piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    });
    written.expect("memory does not fail");
    bytes
}
