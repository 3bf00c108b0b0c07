//! Handovers: how nodes that vote on blocks certify those that come after them.
//!
//! The nodes of an epoch are fixed when the epoch before it begins, and the state hash binds them; the last block of that epoch
//! names such a state, and its nodes certify it. So whoever knows the charter that a union was founded on follows the nodes
//! from change to change, without any other block.

use crate::consensus::{CertificateError, Nodes};
use crate::error::ReceiptError;
use crate::record::CERTIFICATE_BYTES_MAX;
use std::collections::BTreeMap;
use union::{BLOCK_HEADER_BYTES, BlockHeader, Charter, Hash, MEMBERS_MAX, STATE_BEHIND_MAX, StateParts, nodes_hash};

/// The most handovers in a receipt.
pub(crate) const HANDOVERS_MAX: usize = 4_096;

/// The nodes of an epoch certify the nodes of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handover {
    /// The last block of the epoch.
    header: BlockHeader,
    /// What the state that it names is made of.
    parts: StateParts,
    /// The nodes that come after.
    keys: Vec<[u8; 32]>,
    /// Over the block, by the nodes of its epoch.
    certificate: Vec<u8>,
}

/// The nodes at the end of some handovers.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    union: Hash,
    epoch_blocks: u64,
    nodes: Nodes,
    /// First height that they vote on.
    from_height: u64,
}

impl Followed {
    /// The nodes of the charter that a union was founded on.
    pub fn founders(charter: &Charter) -> Result<Followed, CertificateError> {
        let nodes = Nodes::of(charter).ok_or(CertificateError::NoNodes)?;
        Ok(Followed { union: charter.hash(), epoch_blocks: charter.epoch_blocks, nodes, from_height: 0 })
    }

    /// Goes on to the nodes that come after.
    pub fn follow(&mut self, handover: &Handover) -> Result<(), ReceiptError> {
        let Handover { header, parts, keys, certificate } = handover;
        let epoch = |height: u64| height / self.epoch_blocks;
        let is_last = (header.height + 1).is_multiple_of(self.epoch_blocks);
        if !is_last || header.height < self.from_height || epoch(parts.height) != epoch(header.height) {
            return Err(ReceiptError::Format("a handover is not by the last block of an epoch"));
        }
        if header.state != parts.hash() || parts.nodes != nodes_hash(keys) {
            return Err(ReceiptError::Format("a handover is to other nodes than the block names"));
        }
        self.nodes.check(certificate, &header.hash())?;
        let nodes = Nodes::new(&self.union, keys).ok_or(CertificateError::NoNodes)?;
        (self.nodes, self.from_height) = (nodes, header.height + 1);
        Ok(())
    }

    /// Checks that these nodes have certified a block.
    pub fn check(&self, certificate: &[u8], height: u64, block: &Hash) -> Result<(), ReceiptError> {
        if height < self.from_height {
            return Err(ReceiptError::Format("the block is before the last handover"));
        }
        Ok(self.nodes.check(certificate, block)?)
    }
}

impl Handover {
    /// The height of the epoch's last block.
    pub fn height(&self) -> u64 {
        self.header.height
    }

    /// Its bytes: header, parts, number of keys (2 bytes, little-endian), keys, length of the certificate (4 bytes), certificate.
    pub fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(bytemuck::bytes_of(&self.header));
        to.extend_from_slice(bytemuck::bytes_of(&self.parts));
        to.extend_from_slice(&(self.keys.len() as u16).to_le_bytes());
        to.extend_from_slice(self.keys.as_flattened());
        to.extend_from_slice(&(self.certificate.len() as u32).to_le_bytes());
        to.extend_from_slice(&self.certificate);
    }

    /// Reads one off the front of bytes; `None` if they are cut off, or not a handover.
    pub fn split_first(bytes: &[u8]) -> Option<(Handover, &[u8])> {
        let (header, rest) = bytes.split_first_chunk::<BLOCK_HEADER_BYTES>()?;
        let (parts, rest) = rest.split_at_checked(size_of::<StateParts>())?;
        let (count, rest) = rest.split_first_chunk::<2>()?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (keys, rest) = rest.split_at_checked(32 * count).filter(|_| count <= MEMBERS_MAX)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (certificate, rest) = rest.split_at_checked(length).filter(|_| length <= CERTIFICATE_BYTES_MAX)?;
        let handover = Handover {
            header: BlockHeader::decode(header).ok()?,
            parts: bytemuck::pod_read_unaligned(parts),
            keys: keys.as_chunks().0.to_vec(),
            certificate: certificate.to_vec(),
        };
        Some((handover, rest))
    }
}

/// Collects the handovers of a chain while its blocks are gone through.
#[derive(Debug, Default)]
pub(crate) struct Handovers {
    /// Parts of the latest states.
    parts: BTreeMap<u64, StateParts>,
    found: Vec<Handover>,
}

impl Handovers {
    /// Goes on from those that are known.
    pub fn after(found: Vec<Handover>) -> Handovers {
        Handovers { parts: BTreeMap::new(), found }
    }

    /// Those up to here.
    pub fn found(&self) -> &[Handover] {
        &self.found
    }

    /// Takes in a block: the union after it, what its state is made of, its header and its certificate.
    pub fn see(&mut self, union: &union::Union, parts: StateParts, header: &BlockHeader, certificate: &[u8]) {
        self.parts.insert(header.height, parts);
        self.parts.retain(|height, _| height + STATE_BEHIND_MAX + 2 > header.height);
        let is_last = (header.height + 1).is_multiple_of(union.charter().epoch_blocks);
        if !is_last || certificate.is_empty() {
            return;
        }
        let rosters = union.rosters();
        let (now, next) = (rosters.current().nodes(), rosters.next().nodes());
        if now != next {
            let named = header.state_height().and_then(|height| self.parts.get(&height));
            let parts = *named.expect("a block names one of the latest states");
            self.found.push(Handover { header: *header, parts, keys: next, certificate: certificate.to_vec() });
        }
    }
}
