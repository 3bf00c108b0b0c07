//! A proposal that comes with the charter's text: the number that it gets is known only once it is made, and the text names it.

use crate::sign::{Record, text_parts};
use crate::signatory::{Became, Done, Signatory};
use network::Node;
use std::sync::Arc;
use union::{Field, Motion, Outcome, Proposal, ProposalStatus, Union};

/// What became of a proposal.
pub(crate) struct Proposed {
    /// The record of the proposal, and what it came to; where a part of its text failed, why.
    pub done: Done,
    /// Its number, if it was made.
    pub number: Option<u32>,
    /// Whether the very same proposal was there before, and nothing was done again.
    pub already_done: bool,
}

/// Makes a proposal, and brings the text that it comes with.
///
/// The text is signed together with the proposal, for the number that it is likely to get. Where another member was faster, these
/// parts are rejected, because the number is another's; the proposal stands as a draft, and the text follows under its own number.
/// So it does after an interruption: a proposal that is a draft is completed, one that is open is not made twice.
pub(crate) async fn propose(
    signatory: &Arc<Signatory>,
    node: &Arc<Node>,
    record: Record,
    motion: &Motion,
    text: &[u8],
) -> Proposed {
    let member = signatory.member;
    let before = node.peek(|union| own_pending(union, member, motion).map(Proposal::status));
    let mut became = Ok((Outcome::Done, node.durable_height()));
    if before.is_none() {
        let next = node.peek(|union| union.proposals().len() as u32 + 1);
        let records = std::iter::once(record.clone()).chain(text_parts(next, text, 0)).collect();
        let made = signatory.act(node, records).await;
        became = made[0].1.clone();
        if !is_done(&became) {
            return Proposed { done: (record, became), number: None, already_done: false };
        }
        became = first_failure(&made).unwrap_or(became);
    }
    let own = node.peek(|union| own_latest(union, member, motion).copied());
    let number = own.map(|proposal| proposal.number);
    let is_incomplete = before.is_some() || is_of_another_number(&became);
    if let Some(number) = number.filter(|_| is_incomplete && own.map(|own| own.status()) == Some(ProposalStatus::Draft))
    {
        let received = node.peek(|union| union.proposal_text(number).map_or(0, <[u8]>::len));
        let sent = signatory.act(node, text_parts(number, text, received)).await;
        became = first_failure(&sent).unwrap_or_else(|| Ok((Outcome::Done, node.durable_height())));
    }
    let already_done = matches!(before, Some(status) if status != ProposalStatus::Draft);
    Proposed { done: (record, became), number, already_done }
}

fn is_done(became: &Became) -> bool {
    matches!(became, Ok((Outcome::Done, _)))
}

/// What the first record that was not taken came to.
fn first_failure(done: &[Done]) -> Option<Became> {
    done.iter().map(|(_, became)| became).find(|became| !is_done(became)).cloned()
}

/// Whether a part was rejected because the number that it names is that of another proposal.
fn is_of_another_number(why: &Became) -> bool {
    matches!(why, Ok((Outcome::Rejected(rejection), _)) if rejection.field == Field::Proposal)
}

fn is_same(proposal: &Proposal, motion: &Motion) -> bool {
    (proposal.kind(), proposal.subject, proposal.deadline_ms, proposal.from_day, proposal.protocol)
        == (motion.kind, motion.subject, motion.deadline_ms, motion.from_day, motion.protocol)
        && proposal.text_hash == motion.text_hash
        && proposal.accession.as_flattened() == motion.accession
}

/// The member's very same proposal, if it is not decided yet.
fn own_pending<'a>(union: &'a Union, member: u16, motion: &Motion) -> Option<&'a Proposal> {
    own_latest(union, member, motion).filter(|proposal| proposal.is_pending())
}

/// The member's very same proposal, the latest one.
fn own_latest<'a>(union: &'a Union, member: u16, motion: &Motion) -> Option<&'a Proposal> {
    union.proposals().iter().rev().find(|proposal| proposal.proposer == member && is_same(proposal, motion))
}
