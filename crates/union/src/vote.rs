//! Votes: one a member, changeable until the deadline, counted then. The order in which they come does not matter.

use crate::amendment;
use crate::event::{Event, Field, Rejection};
use crate::membership::{KeyKind, Standing};
use crate::proposal::{NO_MEMBER, Proposal, ProposalStatus};
use crate::reason::Reason;
use crate::roster::NO_KEY;
use crate::state::Union;
use crate::voting_rules::Decision;

/// What a member votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ballot {
    /// In favour.
    Agree = 1,
    /// Against.
    Oppose = 2,
    /// Neither, but it counts for the quorum.
    Abstain = 3,
}

impl Ballot {
    /// The ballot with this number.
    pub fn from_number(number: u8) -> Option<Ballot> {
        [Ballot::Agree, Ballot::Oppose, Ballot::Abstain].into_iter().find(|&ballot| ballot as u8 == number)
    }

    /// Its name in the API and the command line.
    pub fn name(self) -> &'static str {
        match self {
            Ballot::Agree => "agree",
            Ballot::Oppose => "oppose",
            Ballot::Abstain => "abstain",
        }
    }
}

/// How a vote stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Members in favour.
    pub agreed: usize,
    /// Members against.
    pub opposed: usize,
    /// Members that voted, whatever they voted.
    pub voted: usize,
    /// Members that may vote: all active ones, but for the one that it is about.
    pub electorate: usize,
}

fn has(bits: &[u8; 32], member: u16) -> bool {
    bits[usize::from(member / 8)] & (1 << (member % 8)) != 0
}

fn put(bits: &mut [u8; 32], member: u16, is_set: bool) {
    let bit = 1 << (member % 8);
    let byte = &mut bits[usize::from(member / 8)];
    *byte = if is_set { *byte | bit } else { *byte & !bit };
}

impl Proposal {
    /// What a member voted.
    pub fn ballot(&self, member: u16) -> Option<Ballot> {
        match (has(&self.voted, member), has(&self.agreed, member), has(&self.opposed, member)) {
            (false, ..) => None,
            (true, true, _) => Some(Ballot::Agree),
            (true, false, true) => Some(Ballot::Oppose),
            (true, false, false) => Some(Ballot::Abstain),
        }
    }
}

impl Union {
    /// Whether a member may vote on a proposal.
    pub fn may_vote(&self, proposal: &Proposal, member: u16) -> bool {
        self.is_active(member) && proposal.subject != member
    }

    /// How the vote on a proposal stands, by the members that may vote now.
    pub fn count(&self, proposal: &Proposal) -> Count {
        let mut count = Count { agreed: 0, opposed: 0, voted: 0, electorate: 0 };
        for member in (0..self.charter.members.len() as u16).filter(|&member| self.may_vote(proposal, member)) {
            let ballot = proposal.ballot(member);
            count.electorate += 1;
            count.voted += usize::from(ballot.is_some());
            count.agreed += usize::from(ballot == Some(Ballot::Agree));
            count.opposed += usize::from(ballot == Some(Ballot::Oppose));
        }
        count
    }

    /// A member votes, or votes anew.
    pub(crate) fn vote(&mut self, sender: u16, number: u32, ballot: Ballot) -> Result<(), Rejection> {
        let at = self.proposal_at(number)?;
        let proposal = self.proposals.get(at);
        if proposal.status() != ProposalStatus::Open || proposal.deadline_ms <= self.time_ms() {
            return Err(Rejection::new(Reason::TM01, Field::Proposal, "there is no vote on it now"));
        }
        if !self.may_vote(proposal, sender) {
            let text = "only active members vote, and none on a proposal about itself";
            return Err(Rejection::new(Reason::AG01, Field::Record, text));
        }
        let proposal = self.proposals.get_mut(at);
        put(&mut proposal.voted, sender, true);
        put(&mut proposal.agreed, sender, ballot == Ballot::Agree);
        put(&mut proposal.opposed, sender, ballot == Ballot::Oppose);
        self.events.push(Event::Voted { proposal: number, member: sender, ballot });
        Ok(())
    }

    /// Counts the votes on proposals whose deadline has passed, and states the height for those whose day has come.
    pub(crate) fn decide_proposals(&mut self) {
        for at in 0..self.proposals.len() {
            let proposal = *self.proposals.get(at);
            match proposal.status() {
                ProposalStatus::Draft if proposal.deadline_ms <= self.time_ms() => {
                    self.end_proposal(at, ProposalStatus::Withdrawn);
                }
                ProposalStatus::Open if proposal.deadline_ms <= self.time_ms() => {
                    let count = self.count(&proposal);
                    let votes = &self.charter.votes;
                    if votes.is_carried(proposal.kind(), count.agreed, count.voted, count.electorate) {
                        self.proposals.get_mut(at).status = ProposalStatus::Carried as u8;
                        self.tell_proposal(at);
                        self.state_height_of(at);
                    } else {
                        self.end_proposal(at, ProposalStatus::Rejected);
                    }
                }
                ProposalStatus::Carried => self.state_height_of(at),
                _ => {}
            }
        }
    }

    /// The first block of the next epoch is the first one under a proposal that was carried, once its day has come.
    fn state_height_of(&mut self, at: u32) {
        let proposal = *self.proposals.get(at);
        if proposal.in_force_height == 0 && proposal.from_day <= self.today().0 {
            let next_epoch = self.charter.epoch(self.height()) + 1;
            self.proposals.get_mut(at).in_force_height = next_epoch * self.charter.epoch_blocks;
            self.tell_proposal(at);
        }
    }

    /// Whether a change waits for its height: then blocks are made without pause until it is in force.
    pub(crate) fn change_is_near(&self) -> bool {
        let is_near =
            |proposal: &Proposal| proposal.status() == ProposalStatus::Carried && proposal.in_force_height != 0;
        let (current, next) = (self.rosters.current(), self.rosters.next());
        self.proposals.rows().iter().any(is_near)
            || current.seats != next.seats
            || next.seats != self.draw_up_roster(0).seats
    }

    /// The version of the rules that the block at a height is made under, where that is the next one.
    pub(crate) fn protocol_at(&self, height: u64) -> u32 {
        let comes = |proposal: &&Proposal| {
            let is_due = proposal.status() == ProposalStatus::Carried && proposal.in_force_height == height;
            is_due && proposal.kind() == Decision::Upgrade
        };
        let upgrades = self.proposals.rows().iter().filter(comes).map(|proposal| proposal.protocol);
        upgrades.fold(self.protocol, u32::max)
    }

    /// An epoch begins: what was to come into force does, and the roster of the next epoch is drawn up.
    pub(crate) fn begin_epoch(&mut self) {
        let height = self.height();
        for at in 0..self.proposals.len() {
            let proposal = *self.proposals.get(at);
            if proposal.status() == ProposalStatus::Carried && proposal.in_force_height == height {
                let is_done = self.enact(&proposal);
                self.end_proposal(at, if is_done { ProposalStatus::InForce } else { ProposalStatus::Lapsed });
            }
        }
        let next = self.draw_up_roster(self.charter.epoch(height) + 1);
        self.rosters.advance(next);
    }

    /// Brings a proposal into force, unless what it builds on has changed.
    fn enact(&mut self, proposal: &Proposal) -> bool {
        let subject = proposal.subject;
        let standing = (subject != NO_MEMBER).then(|| self.standing(subject));
        match (proposal.kind(), standing) {
            (Decision::Suspend, Some(Standing::Active)) => self.set_standing(subject, Standing::Suspended),
            (Decision::Readmit, Some(Standing::Suspended)) => self.set_standing(subject, Standing::Active),
            (Decision::Expel, Some(Standing::Active | Standing::Suspended | Standing::Leaving)) => {
                self.set_standing(subject, Standing::Expelled);
            }
            (Decision::Upgrade, _) if proposal.protocol > self.protocol => self.protocol = proposal.protocol,
            (Decision::Amend | Decision::Admit, _) => return self.enact_text(proposal),
            _ => return false,
        }
        true
    }

    fn enact_text(&mut self, proposal: &Proposal) -> bool {
        if proposal.base != self.charter.text_hash() {
            return false;
        }
        let text = self.proposal_texts.get(&proposal.number).map(|text| String::from_utf8_lossy(text).into_owned());
        let text = text.expect("a proposal with a text that was carried has it");
        let accession: [u8; 64] = bytemuck::cast(proposal.accession);
        let amended = amendment::check(&self.charter, proposal.kind(), &text, &proposal.text_hash, &accession);
        amended.is_ok_and(|amended| self.follow_charter(amended))
    }

    /// Puts an amended charter in the place of the one in force, unless a key that it gives is in use. Keys that the text gives
    /// anew replace those of the member: so the members give a new key to one that has lost its own. Other keys stay as their
    /// members have set them.
    fn follow_charter(&mut self, mut amended: crate::Charter) -> bool {
        let written = self.charter.as_written();
        let mut given = Vec::new();
        for (number, to) in (0..).zip(&amended.members) {
            let was = written.members.get(usize::from(number));
            let mut give = |kind, key: Option<[u8; 32]>, was: Option<Option<[u8; 32]>>| {
                if was != Some(key) {
                    given.push((number, kind, key.unwrap_or(NO_KEY)));
                }
            };
            give(KeyKind::Signing, Some(to.signing_key), was.map(|was| Some(was.signing_key)));
            give(KeyKind::Sealing, Some(to.sealing_key), was.map(|was| Some(was.sealing_key)));
            give(KeyKind::Node, to.node_key, was.map(|was| was.node_key));
        }
        if given.iter().any(|&(member, kind, key)| self.check_key_is_free(member, kind, &key).is_err()) {
            return false;
        }
        for (to, now) in amended.members.iter_mut().zip(&self.charter.members) {
            (to.signing_key, to.sealing_key, to.node_key) = (now.signing_key, now.sealing_key, now.node_key);
        }
        self.take_charges();
        let before = std::mem::replace(&mut self.charter, amended);
        self.follow_granted_caps(&before.members);
        self.admit_members();
        self.follow_lines(&before.credit);
        for (member, kind, key) in given.into_iter().filter(|&(member, ..)| usize::from(member) < before.members.len())
        {
            self.put_key(member, kind, key);
        }
        self.wake_all();
        true
    }
}
