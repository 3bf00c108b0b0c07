//! Receipts of finality: what a member shows to somebody who has the charter and nothing else.

use crate::error::{NodeError, ReceiptError};
use crate::handover::{Followed, HANDOVERS_MAX, Handover};
use crate::record::CERTIFICATE_BYTES_MAX;
use crate::replay::Replay;
use std::collections::BTreeMap;
use std::path::Path;
use union::{Applied, Charter, Event, Hash, OrderEvent, OrderProof, StateParts};

const MAGIC: [u8; 8] = *b"COMITYR2";

/// The longest receipt, in bytes.
pub const RECEIPT_BYTES_MAX: usize = 16 << 20;

/// Proof that an order came to a status, under a block that a quorum of the members' nodes has made final. It stays valid whatever
/// happens later: history is only appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalityReceipt {
    /// From the founders' nodes to those that have certified the block.
    handovers: Vec<Handover>,
    certificate: Vec<u8>,
    proof: OrderProof,
}

/// What a receipt proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The order, and the status that it came to.
    pub event: OrderEvent,
    /// The block in which it did.
    pub height: u64,
    /// Time of that block, Unix milliseconds.
    pub time_ms: u64,
    /// The block that the certificate makes final, and every block before it.
    pub certified: u64,
    /// Hash of that block.
    pub block: Hash,
}

impl FinalityReceipt {
    /// The receipt of the latest status of an order in a node's journal, up to the block at `until`. `None` if there is no such
    /// order, or no certified block has named the state after it yet: a second later there is one.
    ///
    /// # Errors
    ///
    /// [`NodeError`] if the journal cannot be read, or one node orders alone and nobody certifies its blocks.
    pub fn find(directory: &Path, until: u64, order: u128) -> Result<Option<FinalityReceipt>, NodeError> {
        let mut replay = Replay::open(directory, until)?;
        if !replay.founding().charter().has_nodes() {
            return Err(NodeError::Membership("one node orders alone here: its blocks have no certificates".into()));
        }
        let mut search = Search::default();
        while let Some(step) = replay.step()? {
            let (header, certificate) = (*step.block.header(), step.certificate);
            search.see(order, step.applied);
            // The nodes that certify a block come after the handovers before it.
            let handovers = replay.handovers();
            let before = handovers.partition_point(|handover| handover.height() < header.height);
            search.prove(header, &certificate, &handovers[..before]);
        }
        Ok(search.receipt)
    }

    /// Checks the receipt by the charter that the union was founded on: the handovers from its nodes to later ones, the signatures of a
    /// quorum of these over the block, and the proof under it.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] says what does not hold.
    pub fn check(&self, charter: &Charter) -> Result<Proved, ReceiptError> {
        let (event, block) = self.proof.check()?;
        let (parts, certified) = (self.proof.parts(), self.proof.header().height);
        let mut nodes = Followed::founders(charter)?;
        for handover in &self.handovers {
            nodes.follow(handover)?;
        }
        nodes.check(&self.certificate, certified, &block)?;
        Ok(Proved { event, height: parts.height, time_ms: parts.time_ms, certified, block })
    }

    /// Its bytes: magic, number of handovers (4 bytes, little-endian), handovers, length of the certificate (4 bytes), certificate,
    /// proof.
    pub fn encode(&self) -> Vec<u8> {
        let length =
            u32::try_from(self.certificate.len()).expect("a certificate is at most CERTIFICATE_BYTES_MAX long");
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(self.handovers.len() as u32).to_le_bytes());
        for handover in &self.handovers {
            handover.write(&mut bytes);
        }
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.certificate);
        bytes.extend_from_slice(&self.proof.encode());
        bytes
    }

    /// Reads a receipt strictly. What it says is to be [`check`](Self::check)ed.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] if these are not the bytes of a receipt.
    pub fn decode(bytes: &[u8]) -> Result<FinalityReceipt, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::Format("it is longer than any"));
        }
        let rest = bytes.strip_prefix(&MAGIC).ok_or(ReceiptError::Format("it does not begin with COMITYR2"))?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or(ReceiptError::Format("it is cut off"))?;
        let count = u32::from_le_bytes(*count) as usize;
        if count > HANDOVERS_MAX {
            return Err(ReceiptError::Format("it has more handovers than any"));
        }
        let mut handovers = Vec::new();
        for _ in 0..count {
            let handover;
            (handover, rest) = Handover::split_first(rest).ok_or(ReceiptError::Format("a handover is not one"))?;
            handovers.push(handover);
        }
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(ReceiptError::Format("it is cut off"))?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > CERTIFICATE_BYTES_MAX {
            return Err(ReceiptError::Format("its certificate is longer than any"));
        }
        let (certificate, proof) = rest.split_at_checked(length).ok_or(ReceiptError::Format("it is cut off"))?;
        Ok(FinalityReceipt { handovers, certificate: certificate.to_vec(), proof: OrderProof::decode(proof)? })
    }
}

/// Going through blocks for an order's latest status and the first certified block that names the state after it.
#[derive(Default)]
struct Search {
    found: Option<(Applied, u64)>,
    /// Of the states since then, until there is a receipt.
    parts: BTreeMap<u64, StateParts>,
    receipt: Option<FinalityReceipt>,
}

impl Search {
    fn see(&mut self, order: u128, applied: Applied) {
        let ids = applied.events.iter().filter_map(|event| match event {
            Event::Order(event) => Some(event.payment.id),
            _ => None,
        });
        let last = (0..).zip(ids).filter(|(_, id)| *id == order).last();
        if let Some((index, _)) = last {
            self.receipt = None;
            self.parts = BTreeMap::from([(applied.height, applied.parts)]);
            self.found = Some((applied, index));
        } else if self.found.is_some() && self.receipt.is_none() {
            self.parts.insert(applied.height, applied.parts);
        }
    }

    fn prove(&mut self, header: union::BlockHeader, certificate: &[u8], handovers: &[Handover]) {
        let Some((applied, index)) = self.found.as_ref().filter(|_| self.receipt.is_none()) else { return };
        if certificate.is_empty() || header.state_height().is_none_or(|named| named < applied.height) {
            return;
        }
        let proof = OrderProof::new(applied, *index, header, |height| self.parts.get(&height).copied());
        let (handovers, certificate) = (handovers.to_vec(), certificate.to_vec());
        self.receipt = proof.map(|proof| FinalityReceipt { handovers, certificate, proof });
    }
}
