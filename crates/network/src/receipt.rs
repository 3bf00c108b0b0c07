//! Receipts of finality: what a member shows to somebody who has the charter and nothing else.

use crate::error::{NodeError, ReceiptError};
use crate::handover::{Followed, HANDOVERS_MAX, Handover};
use crate::record::CERTIFICATE_BYTES_MAX;
use crate::replay::Replay;
use std::collections::BTreeMap;
use std::path::Path;
use union::{Applied, Charter, Event, Hash, OrderEvent, OrderProof, STATE_BEHIND_MAX, StateParts};

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
        let mut search = Search::new(replay.union().height(), replay.state_parts());
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
struct Search {
    found: Option<(Applied, u64)>,
    /// Of the states that are remembered by those that a block may name: the latest ones before the order's, and all since.
    parts: BTreeMap<u64, StateParts>,
    receipt: Option<FinalityReceipt>,
}

impl Search {
    /// From the state after the block at `height` on.
    fn new(height: u64, parts: StateParts) -> Search {
        Search { found: None, parts: BTreeMap::from([(height, parts)]), receipt: None }
    }

    fn see(&mut self, order: u128, applied: Applied) {
        let ids = applied.events.iter().filter_map(|event| match event {
            Event::Order(event) => Some(event.payment.id),
            _ => None,
        });
        let last = (0..).zip(ids).filter(|(_, id)| *id == order).last();
        let height = applied.height;
        self.parts.insert(height, applied.parts);
        if let Some((index, _)) = last {
            self.receipt = None;
            self.found = Some((applied, index));
        }
        let unproved = self.found.as_ref().filter(|_| self.receipt.is_none());
        let from = unproved.map_or(height, |(applied, _)| applied.height).saturating_sub(STATE_BEHIND_MAX);
        self.parts = self.parts.split_off(&from);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Payer, charter};
    use union::{Batch, Block, Command, Payment, Union};

    /// An order in a block, headers that name states so far behind, and certificates from some block on.
    fn receipt(ordered: u64, behind: u64, certified_from: u64) -> Option<FinalityReceipt> {
        let charter = charter(4);
        let mut union = Union::new(charter.clone(), 0);
        let time_ms = charter.calendar.time_ms(charter.first_day, 10 * 3_600);
        let mut payer = Payer::new(0, 4);
        payer.sequence = 1;
        let order = Payment::new(1, 0, 1, 840, 5, charter.first_day.0);
        let bytes = payer.sign(&charter, &[Command::Pay(order)]);
        let mut search = Search::new(0, union.state_parts());
        for height in 1..=30 {
            let state_behind = behind.min(height - 1);
            let state = union.state_at(height - 1 - state_behind).expect("a state that may be named");
            let batches =
                if height == ordered { vec![Batch::from_journal(bytes.clone()).unwrap()] } else { Vec::new() };
            let block = Block::new(height, time_ms, union.parent(), state_behind as u32, state, batches);
            search.see(1, union.apply(&block).unwrap());
            let certificate: &[u8] = if height < certified_from { &[] } else { &[1] };
            search.prove(*block.header(), certificate, &[]);
        }
        search.receipt
    }

    /// The way from the state that a header names to that after the order may lead by states from before it.
    #[test]
    fn a_receipt_is_found_whichever_blocks_have_certificates() {
        for (ordered, behind) in
            [1, 2, 6, 13].into_iter().flat_map(|ordered| [0, 1, 2, 5, 12].map(|behind| (ordered, behind)))
        {
            for certified_from in 1..=30 {
                let receipt = receipt(ordered, behind, certified_from);
                let what = format!("in block {ordered}, {behind} behind, certified from {certified_from} on");
                let receipt = receipt.unwrap_or_else(|| panic!("{what}"));
                let header = receipt.proof.header();
                assert_eq!(header.height, certified_from.max(ordered + 1 + behind), "{what}");
                let (event, block) = receipt.proof.check().unwrap();
                assert_eq!((event.payment.id, block), (1, header.hash()));
            }
        }
    }
}
