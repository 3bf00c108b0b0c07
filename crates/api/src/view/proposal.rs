//! Proposals, and how the votes on them stand.

use super::{code, day_text, hex};
use crate::text::time_text;
use serde::{Deserialize, Serialize};
use union::{NO_MEMBER, Proposal, Union};
use utoipa::ToSchema;

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalView {
    /// 1 for the first one.
    pub number: u32,
    /// `amend`, `admit`, `suspend`, `readmit`, `expel` or `upgrade`.
    pub kind: String,
    /// `draft`, `open`, `carried`, `rejected`, `withdrawn`, `in force` or `lapsed`.
    pub status: String,
    /// The member that made it, by code.
    pub proposer: String,
    /// The member that it is about, by code.
    pub subject: Option<String>,
    /// When it was made.
    pub made_at: String,
    /// Votes count up to this time.
    pub deadline: String,
    /// Not in force before this day.
    pub from_day: Option<String>,
    /// Height of the first block under it, once it is stated.
    pub in_force_height: Option<u64>,
    /// The version of the rules, for an upgrade.
    pub protocol: Option<u32>,
    /// Hash of the charter's text that it comes with, hexadecimal.
    pub text_hash: Option<String>,
    /// Hash of the text that this one is to follow, hexadecimal.
    pub base: Option<String>,
    /// What the decision needs: `majority`, `two-thirds` or `unanimity` of those who may vote.
    pub majority: String,
    /// Members that may vote, as they stand now.
    pub electorate: u64,
    /// Those in favour, by code.
    pub agreed: Vec<String>,
    /// Those against.
    pub opposed: Vec<String>,
    /// Those that abstain.
    pub abstained: Vec<String>,
}

impl ProposalView {
    /// A proposal of a union, and the votes of the members that may vote now.
    pub fn new(union: &Union, proposal: &Proposal) -> Self {
        let charter = union.charter();
        let voters = |ballot: union::Ballot| {
            let members = (0..charter.members.len() as u16)
                .filter(|&member| union.may_vote(proposal, member) && proposal.ballot(member) == Some(ballot));
            members.map(|member| code(charter, member)).collect()
        };
        let has_text = proposal.kind().has_text();
        ProposalView {
            number: proposal.number,
            kind: proposal.kind().name().to_owned(),
            status: proposal.status().name().to_owned(),
            proposer: code(charter, proposal.proposer),
            subject: (proposal.subject != NO_MEMBER).then(|| code(charter, proposal.subject)),
            made_at: time_text(proposal.made_at_ms),
            deadline: time_text(proposal.deadline_ms),
            from_day: (proposal.from_day != 0).then(|| day_text(proposal.from_day)),
            in_force_height: (proposal.in_force_height != 0).then_some(proposal.in_force_height),
            protocol: (proposal.protocol != 0).then_some(proposal.protocol),
            text_hash: has_text.then(|| hex(&proposal.text_hash)),
            base: has_text.then(|| hex(&proposal.base)),
            majority: charter.votes.majority(proposal.kind()).name().to_owned(),
            electorate: union.count(proposal).electorate as u64,
            agreed: voters(union::Ballot::Agree),
            opposed: voters(union::Ballot::Oppose),
            abstained: voters(union::Ballot::Abstain),
        }
    }
}
