//! Proposals, and how the votes on them stand.

use super::{code, day_text, hex};
use crate::text::time_text;
use serde::{Deserialize, Serialize};
use union::{Charter, Decision, NO_MEMBER, Proposal, Union};
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
    /// For an admission whose text has come: the member that would come, by code.
    pub newcomer: Option<String>,
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
    /// Length of the charter's text that it comes with, in bytes.
    pub text_bytes: Option<u32>,
    /// How much of it has come; null where it was not carried, and the text is forgotten.
    pub text_received: Option<u32>,
    /// Hash of the text, hexadecimal.
    pub text_hash: Option<String>,
    /// Hash of the text that this one is to follow, hexadecimal.
    pub base: Option<String>,
    /// What the decision needs: `majority`, `two-thirds` or `unanimity` of those who may vote.
    pub majority: String,
    /// So many in percent of those who may vote must do so.
    pub quorum_percent: u32,
    /// Members that may vote, as they stand now.
    pub electorate: u64,
    /// So many of them must be in favour.
    pub needed: u64,
    /// Those in favour, by code.
    pub agreed: Vec<String>,
    /// Those against.
    pub opposed: Vec<String>,
    /// Those that abstain.
    pub abstained: Vec<String>,
    /// Those that may vote and have not.
    pub not_voted: Vec<String>,
}

impl ProposalView {
    /// A proposal of a union, and the votes of the members that may vote now.
    pub fn new(union: &Union, proposal: &Proposal) -> Self {
        let charter = union.charter();
        let voters = |ballot: Option<union::Ballot>| {
            let members = (0..charter.members.len() as u16)
                .filter(|&member| union.may_vote(proposal, member) && proposal.ballot(member) == ballot);
            members.map(|member| code(charter, member)).collect()
        };
        let (electorate, majority) = (union.count(proposal).electorate, charter.votes.majority(proposal.kind()));
        let needed = (0..=electorate).find(|&agreed| majority.is_reached(agreed, electorate)).unwrap_or(1);
        let text = union.proposal_text(proposal.number);
        let received = text.map(|text| text.len() as u32);
        let has_text = proposal.kind().has_text();
        ProposalView {
            number: proposal.number,
            kind: proposal.kind().name().to_owned(),
            status: proposal.status().name().to_owned(),
            proposer: code(charter, proposal.proposer),
            subject: (proposal.subject != NO_MEMBER).then(|| code(charter, proposal.subject)),
            newcomer: text.filter(|_| proposal.kind() == Decision::Admit).and_then(newcomer),
            made_at: time_text(proposal.made_at_ms),
            deadline: time_text(proposal.deadline_ms),
            from_day: (proposal.from_day != 0).then(|| day_text(proposal.from_day)),
            in_force_height: (proposal.in_force_height != 0).then_some(proposal.in_force_height),
            protocol: (proposal.protocol != 0).then_some(proposal.protocol),
            text_bytes: has_text.then_some(proposal.text_bytes),
            text_received: received.filter(|_| has_text),
            text_hash: has_text.then(|| hex(&proposal.text_hash)),
            base: has_text.then(|| hex(&proposal.base)),
            majority: majority.name().to_owned(),
            quorum_percent: charter.votes.quorum_percent,
            electorate: electorate as u64,
            needed: needed as u64,
            agreed: voters(Some(union::Ballot::Agree)),
            opposed: voters(Some(union::Ballot::Oppose)),
            abstained: voters(Some(union::Ballot::Abstain)),
            not_voted: voters(None),
        }
    }
}

/// The member that a text for an admission adds.
fn newcomer(text: &[u8]) -> Option<String> {
    let charter = Charter::parse(std::str::from_utf8(text).ok()?).ok()?;
    charter.members.last().map(|member| member.code.clone())
}
