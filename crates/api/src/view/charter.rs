//! The texts of the charter that are or were in force.

use super::{code, hex};
use serde::{Deserialize, Serialize};
use union::{Charter, ProposalStatus, Union};
use utoipa::ToSchema;

/// A text of the charter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CharterView {
    /// 1 for the one that the union was founded on.
    pub number: u32,
    /// Height of the first block under it; 0 for the foundation.
    pub from_height: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The proposal that brought it, whose text it is; null for the foundation.
    pub proposal: Option<u32>,
    /// The member that proposed it, by code.
    pub proposer: Option<String>,
}

impl CharterView {
    /// All of them, the oldest first; `founding` is the one that the union was founded on.
    pub fn all(union: &Union, founding: &Charter) -> Vec<CharterView> {
        let first = CharterView {
            number: 1,
            from_height: 0,
            hash: hex(&founding.text_hash()),
            bytes: founding.text().len() as u64,
            proposal: None,
            proposer: None,
        };
        let is_text =
            |proposal: &&union::Proposal| proposal.kind().has_text() && proposal.status() == ProposalStatus::InForce;
        let mut later: Vec<_> = union.proposals().iter().filter(is_text).collect();
        later.sort_by_key(|proposal| (proposal.in_force_height, proposal.number));
        let later = later.into_iter().zip(2..).map(|(proposal, number)| CharterView {
            number,
            from_height: proposal.in_force_height,
            hash: hex(&proposal.text_hash),
            bytes: proposal.text_bytes.into(),
            proposal: Some(proposal.number),
            proposer: Some(code(union.charter(), proposal.proposer)),
        });
        std::iter::once(first).chain(later).collect()
    }
}
