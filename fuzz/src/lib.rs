//! What the fuzz targets share: a small union, unsigned batches for it, and a good proof of an order.

pub mod iso;

use ed25519_dalek::{Signer, SigningKey};
use std::sync::{Arc, LazyLock};
use union::{
    Applied, Batch, Block, Charter, Command, Founding, Hash, OrderProof, Payment, RECORD_BYTES, StateParts, Union,
};

/// How many members the small union has.
pub const MEMBERS: u16 = 3;

const EPOCH_BLOCKS: u64 = 16;

/// The charter of the small union.
pub fn charter() -> Charter {
    static CHARTER: LazyLock<Charter> =
        LazyLock::new(|| Charter::parse(include_str!("../small-union.toml")).expect("a good charter"));
    CHARTER.clone()
}

/// The same with a node of each member, in epochs as short as they can be.
pub fn charter_with_nodes() -> Charter {
    static CHARTER: LazyLock<Charter> = LazyLock::new(|| {
        let line = |line: &str| match line.split_once("sealing_key = ") {
            Some((_, key)) => format!("{line}\nnode_key = {key}\n"),
            None if line.starts_with("protocol") => format!("{line}\nepoch_blocks = {EPOCH_BLOCKS}\n"),
            None => format!("{line}\n"),
        };
        let text: String = include_str!("../small-union.toml").lines().map(line).collect();
        Charter::parse(&text).expect("a good charter")
    });
    CHARTER.clone()
}

/// A charter of the small union, signed by its members: their keys are those of RFC 8032, section 7.1, secrets included.
pub fn founding(charter: Charter) -> Founding {
    const SECRETS: [&str; 3] = [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    ];
    let secret = |number: u16| -> [u8; 32] {
        let digits = SECRETS[usize::from(number)];
        std::array::from_fn(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hexadecimal"))
    };
    let sign = |number: u16, message: &[u8]| SigningKey::from_bytes(&secret(number)).sign(message).to_bytes();
    Founding::signed_by(charter, sign).expect("the charter names these keys")
}

/// A proof of the 18th of 20 orders, two links below the header that it is under.
pub struct GoodProof {
    /// The proof.
    pub bytes: Vec<u8>,
    /// What the block with the orders came to.
    pub applied: Applied,
    /// Hash of the header.
    pub header: Hash,
}

/// A good proof of an order.
pub fn good_proof() -> &'static GoodProof {
    static GOOD: LazyLock<GoodProof> = LazyLock::new(|| {
        let (mut union, time_ms) = founded();
        let record = |id| Command::Pay(Payment::new(id, 0, 1, 840, 5, union.today().0)).encode();
        let records: Vec<_> = (1..=20).map(record).collect();
        let batches = batch(&union, 0, 1, &records, &[]).into_iter().collect();
        let mut parts: Vec<StateParts> = vec![union.state_parts()];
        let applied = union.apply(&block(&union, time_ms, batches)).expect("the first block");
        parts.push(applied.parts);
        for _ in 0..2 {
            parts.push(union.apply(&block(&union, time_ms, Vec::new())).expect("the next block").parts);
        }
        // The header names the state after block 3, two links above block 1.
        let header = *block(&union, time_ms, Vec::new()).header();
        let proof = OrderProof::new(&applied, 17, header, |height| parts.get(height as usize).copied());
        GoodProof { bytes: proof.expect("a proof").encode(), applied, header: header.hash() }
    });
    &GOOD
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
    let charter = union.charter();
    let (hash, key) = (charter.hash(), charter.members[usize::from(member)].signing_key);
    let bytes = Batch::build(hash, member, key, sequence, records, details, |_| [0; 64]).ok()?;
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
