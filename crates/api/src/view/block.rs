//! Blocks and the signed batches in them.

use super::{code, hex};
use crate::text::time_text;
use network::Record;
use serde::{Deserialize, Serialize};
use union::Charter;
use utoipa::ToSchema;

/// A final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockView {
    /// Its height.
    pub height: u64,
    /// Its time.
    pub time: String,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// Hash of the block before, hexadecimal.
    pub parent: String,
    /// The state hash that it names, hexadecimal.
    pub state_named: String,
    /// The block after which that was the state hash: the one before it, or an earlier one.
    pub state_named_height: u64,
    /// State hash after it, hexadecimal.
    pub state_after: String,
    /// The certificate of the members' nodes that made it final, hexadecimal; null where one node orders alone, and where that of a later
    /// block made it final.
    pub certificate: Option<String>,
    /// The batches, in order.
    pub batches: Vec<BatchView>,
}

/// A signed batch in a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchView {
    /// The member that signed, by code.
    pub member: String,
    /// Its sequence.
    pub sequence: u64,
    /// Number of commands.
    pub commands: u32,
    /// Bytes of sealed customer detail.
    pub details_bytes: u32,
    /// SHA-256 of its content, hexadecimal.
    pub digest: String,
    /// The Ed25519 key that signed, hexadecimal.
    pub key: String,
}

impl BlockView {
    /// A block as the journal keeps it.
    pub fn new(charter: &Charter, Record { block, state, certificate }: &Record) -> Self {
        let header = block.header();
        let batches = block.batches().iter().map(|batch| {
            let header = batch.header();
            BatchView {
                member: code(charter, header.member),
                sequence: header.sequence,
                commands: header.count,
                details_bytes: header.details_bytes,
                digest: hex(&header.digest),
                key: hex(&header.key),
            }
        });
        BlockView {
            height: header.height,
            time: time_text(header.time_ms),
            hash: hex(&header.hash()),
            parent: hex(&header.parent),
            state_named: hex(&header.state),
            state_named_height: header.state_height().expect("a block that was applied names a state"),
            state_after: hex(state),
            certificate: (!certificate.is_empty()).then(|| hex(certificate)),
            batches: batches.collect(),
        }
    }
}
