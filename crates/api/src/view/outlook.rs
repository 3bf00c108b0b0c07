//! What comes: the next epoch, votes that are wanted, an upgrade that this software does not know.

use serde::{Deserialize, Serialize};
use union::{Decision, PROTOCOL, ProposalStatus, Union};
use utoipa::ToSchema;

/// What a node and its member have to expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutlookView {
    /// The epoch of the last block.
    pub epoch: u64,
    /// Height of its last block.
    pub epoch_ends: u64,
    /// Whether this node votes on the blocks of this epoch; null where one node orders alone.
    pub votes: Option<bool>,
    /// Whether it votes on those of the next one.
    pub votes_next: Option<bool>,
    /// Numbers of the open proposals on which a member of this node has still to vote.
    pub proposals_to_vote_on: Vec<u32>,
    /// The version of the rules in force.
    pub protocol: u32,
    /// The latest version of the rules that this software knows.
    pub protocol_known: u32,
    /// A later version than that, if the members have agreed on one.
    pub protocol_unknown: Option<u32>,
    /// Height from which on it is needed, once that is stated.
    pub protocol_unknown_from: Option<u64>,
    /// What somebody has to do something about, in words.
    pub alerts: Vec<String>,
}

impl OutlookView {
    /// What comes, for a node of these members that votes in this epoch and the next, or not.
    pub fn new(union: &Union, members: &[u16], votes: Option<[bool; 2]>) -> Self {
        let charter = union.charter();
        let epoch = charter.epoch(union.height());
        let waits = |proposal: &&union::Proposal| {
            let is_wanted = |&member: &u16| union.may_vote(proposal, member) && proposal.ballot(member).is_none();
            let is_open = proposal.status() == ProposalStatus::Open && proposal.deadline_ms > union.time_ms();
            is_open && members.iter().any(is_wanted)
        };
        let is_unknown = |proposal: &&union::Proposal| {
            let is_upgrade = proposal.kind() == Decision::Upgrade && proposal.protocol > PROTOCOL;
            is_upgrade && matches!(proposal.status(), ProposalStatus::Carried | ProposalStatus::InForce)
        };
        let unknown =
            union.proposals().iter().filter(is_unknown).min_by_key(|proposal| match proposal.in_force_height {
                0 => u64::MAX,
                height => height,
            });
        let from = unknown.map(|proposal| proposal.in_force_height).filter(|height| *height != 0);
        let mut view = OutlookView {
            epoch,
            epoch_ends: (epoch + 1) * charter.epoch_blocks - 1,
            votes: votes.map(|[now, _]| now),
            votes_next: votes.map(|[_, next]| next),
            proposals_to_vote_on: union.proposals().iter().filter(waits).map(|proposal| proposal.number).collect(),
            protocol: union.protocol(),
            protocol_known: PROTOCOL,
            protocol_unknown: unknown.map(|proposal| proposal.protocol),
            protocol_unknown_from: from,
            alerts: Vec::new(),
        };
        if let Some(proposal) = unknown {
            let when = match (from, proposal.from_day) {
                (Some(height), _) => format!("from block {height} on"),
                (None, day) => format!("from the first epoch that begins after {}", super::day_text(day)),
            };
            view.alerts.push(format!(
                "{when} the members apply version {} of the rules (proposal {}), and this software knows them up to version {PROTOCOL}: \
                 install a later release before, or this node stops there",
                proposal.protocol, proposal.number
            ));
        }
        if view.votes == Some(true) && view.votes_next == Some(false) {
            view.alerts.push(format!("this node votes up to block {} and no longer", view.epoch_ends));
        }
        view
    }
}
