//! A receipt of finality: the proof, and beside it in words what it proves.

use super::{EventView, hex};
use crate::text::time_text;
use network::{FinalityReceipt, Proved};
use serde::{Deserialize, Serialize};
use union::Charter;
use utoipa::ToSchema;

/// Proof that an order came to its status, and what it proves. It can be checked with the charter alone, offline and whatever
/// happens later: `comity verify --receipt FILE --charter FILE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FinalityView {
    /// What the receipt proves.
    pub proves: ProvedView,
    /// The receipt, hexadecimal.
    pub receipt: String,
}

/// What a receipt of finality proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProvedView {
    /// SHA-256 of the charter, hexadecimal: the union's identity.
    pub charter_hash: String,
    /// The block in which the order came to its status.
    pub height: u64,
    /// Time of that block.
    pub time: String,
    /// The block whose certificate makes it final.
    pub certified_height: u64,
    /// Hash of that block's header, which a quorum of the members' nodes has signed; hexadecimal.
    pub certified_block: String,
    /// The order, and the status that it came to.
    pub order: EventView,
}

impl FinalityView {
    /// A receipt that was checked.
    pub fn new(charter: &Charter, receipt: &FinalityReceipt, proved: &Proved) -> Self {
        FinalityView { proves: ProvedView::new(charter, proved), receipt: hex(&receipt.encode()) }
    }

    /// The receipt in it; `None` if it is not hexadecimal.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        base16ct::lower::decode_vec(&self.receipt).ok()
    }
}

impl ProvedView {
    /// What a receipt proves by a charter.
    pub fn new(charter: &Charter, proved: &Proved) -> Self {
        ProvedView {
            charter_hash: hex(&charter.hash()),
            height: proved.height,
            time: time_text(proved.time_ms),
            certified_height: proved.certified,
            certified_block: hex(&proved.block),
            order: EventView::of_order(charter, &proved.event),
        }
    }
}
