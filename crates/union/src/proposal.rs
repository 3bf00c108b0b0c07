//! Proposals: what the members are to decide. A change of rules is proposed as a whole new text of the charter, and the text
//! says which one it is to follow: two changes that were made side by side are never mixed unread.

use crate::amendment;
use crate::event::{Event, Field, Rejection};
use crate::reason::Reason;
use crate::state::Union;
use crate::voting_rules::Decision;
use bytemuck::{Pod, Zeroable};
use ledger::Hash;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes of the charter's text that one [`crate::Command::ProposalText`] brings, at most: what fits beside a record.
pub const TEXT_PART_BYTES: usize = crate::DETAIL_BYTES_MAX;

/// A proposal is open for so many days at most.
const DAYS_OPEN_MAX: u64 = 366;

/// So many proposals a member makes in a day, at most.
const PROPOSALS_A_DAY: usize = 8;

/// Stands where no member is meant.
pub const NO_MEMBER: u16 = u16::MAX;

/// How far a proposal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ProposalStatus {
    /// Its text is not complete yet.
    Draft = 1,
    /// The members vote.
    Open = 2,
    /// Carried; comes into force at a height that is stated as soon as its day has come.
    Carried = 3,
    /// Not carried.
    Rejected = 4,
    /// Taken back by who made it.
    Withdrawn = 5,
    /// In force.
    InForce = 6,
    /// Carried, but what it builds on had changed when it was to come into force.
    Lapsed = 7,
}

impl ProposalStatus {
    /// Its name in the API and the command line.
    pub fn name(self) -> &'static str {
        match self {
            ProposalStatus::Draft => "draft",
            ProposalStatus::Open => "open",
            ProposalStatus::Carried => "carried",
            ProposalStatus::Rejected => "rejected",
            ProposalStatus::Withdrawn => "withdrawn",
            ProposalStatus::InForce => "in force",
            ProposalStatus::Lapsed => "lapsed",
        }
    }
}

/// What a member proposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Motion {
    /// What it is about.
    pub kind: Decision,
    /// The member that it is about, or [`NO_MEMBER`].
    pub subject: u16,
    /// Votes count up to this time, Unix milliseconds.
    pub deadline_ms: u64,
    /// Not in force before this day, in days from 1970; 0 for as soon as it is carried.
    pub from_day: u32,
    /// The version of the rules, for an upgrade; otherwise 0.
    pub protocol: u32,
    /// Length of the charter's text, in bytes; 0 where there is none.
    pub text_bytes: u32,
    /// Its hash, see [`crate::Charter::text_hash`]; zero where there is none.
    pub text_hash: Hash,
    /// Signature of the member to be admitted over [`accession_message`], with its signing key; otherwise zero.
    pub accession: [u8; 64],
}

/// What an institution signs to accede to a union: 16 bytes of label, the union and the hash of the charter's text that names it.
pub fn accession_message(union: &Hash, text_hash: &Hash) -> Vec<u8> {
    let mut message = b"comity accession".to_vec();
    message.extend_from_slice(union);
    message.extend_from_slice(text_hash);
    message
}

/// A proposal, and the votes on it so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Proposal {
    /// When it was made, Unix milliseconds.
    pub made_at_ms: u64,
    /// Votes count up to this time, Unix milliseconds.
    pub deadline_ms: u64,
    /// Height of the first block under it; 0 as long as that is not known.
    pub in_force_height: u64,
    /// 1 for the first one.
    pub number: u32,
    /// Not in force before this day, in days from 1970.
    pub from_day: u32,
    /// The version of the rules, for an upgrade.
    pub protocol: u32,
    /// Length of the charter's text, in bytes.
    pub text_bytes: u32,
    /// The member that made it.
    pub proposer: u16,
    /// The member that it is about, or [`NO_MEMBER`].
    pub subject: u16,
    kind: u8,
    pub(crate) status: u8,
    reserved: [u8; 2],
    /// Hash of the charter's text.
    pub text_hash: Hash,
    /// Hash of the text that it is to follow.
    pub base: Hash,
    /// Signature of the member to be admitted.
    pub accession: [[u8; 32]; 2],
    /// A bit for each member that agrees, by number.
    pub(crate) agreed: [u8; 32],
    /// A bit for each member that voted, whatever it voted.
    pub(crate) voted: [u8; 32],
    /// A bit for each member that voted against.
    pub(crate) opposed: [u8; 32],
}

impl Proposal {
    /// What it is about.
    pub fn kind(&self) -> Decision {
        Decision::from_number(self.kind).expect("a proposal was checked")
    }

    /// How far it has come.
    pub fn status(&self) -> ProposalStatus {
        match self.status {
            1 => ProposalStatus::Draft,
            2 => ProposalStatus::Open,
            3 => ProposalStatus::Carried,
            4 => ProposalStatus::Rejected,
            5 => ProposalStatus::Withdrawn,
            6 => ProposalStatus::InForce,
            _ => ProposalStatus::Lapsed,
        }
    }

    /// Whether it may still come into force.
    pub fn is_pending(&self) -> bool {
        matches!(self.status(), ProposalStatus::Draft | ProposalStatus::Open | ProposalStatus::Carried)
    }

    pub(crate) fn is_plausible(&self) -> bool {
        Decision::from_number(self.kind).is_some() && (1..=7).contains(&self.status) && self.reserved == [0; 2]
    }
}

impl Union {
    /// All proposals, in the order in which they were made.
    pub fn proposals(&self) -> &[Proposal] {
        self.proposals.rows()
    }

    /// The charter's text that came with a proposal, as far as it has come. What was not carried is forgotten.
    pub fn proposal_text(&self, number: u32) -> Option<&[u8]> {
        self.proposal_texts.get(&number).map(Vec::as_slice)
    }

    pub(crate) fn proposal_at(&self, number: u32) -> Result<u32, Rejection> {
        let at = number.checked_sub(1).filter(|&at| at < self.proposals.len());
        at.ok_or(Rejection::new(Reason::NOOR, Field::Proposal, "no proposal has this number"))
    }

    /// A member proposes something. It has one proposal at a time.
    pub(crate) fn propose(&mut self, sender: u16, motion: Motion) -> Result<(), Rejection> {
        let refused = |field, text| Err(Rejection::new(Reason::AG01, field, text));
        if !self.is_active(sender) {
            return refused(Field::Record, "only active members propose");
        }
        if self.proposals.rows().iter().any(|other| other.proposer == sender && other.is_pending()) {
            return refused(Field::Proposal, "the member has a proposal that is not decided, or not in force yet");
        }
        let a_day_ago = self.time_ms().saturating_sub(crate::DAY_MS);
        let is_recent = |other: &&Proposal| other.proposer == sender && other.made_at_ms > a_day_ago;
        if self.proposals.rows().iter().filter(is_recent).count() >= PROPOSALS_A_DAY {
            return refused(Field::Proposal, "the member has made as many proposals as are allowed in a day");
        }
        let (now, shortest) = (self.time_ms(), u64::from(self.charter.votes.days_open) * crate::DAY_MS);
        let is_timely = motion.deadline_ms > now
            && motion.deadline_ms - now >= shortest
            && motion.deadline_ms - now <= DAYS_OPEN_MAX * crate::DAY_MS;
        if !is_timely {
            return refused(Field::Deadline, "votes.days_open of the charter to 366 days must be left to vote");
        }
        if motion.from_day != 0 && (motion.from_day < self.today().0 || motion.from_day > crate::Day::LAST.0) {
            return refused(Field::FromDay, "the day is past, or cannot be named");
        }
        self.check_subject(&motion)?;
        let number = self.proposals.len() + 1;
        let has_text = motion.kind.has_text();
        self.proposals.push(Proposal {
            made_at_ms: now,
            deadline_ms: motion.deadline_ms,
            in_force_height: 0,
            number,
            from_day: motion.from_day,
            protocol: motion.protocol,
            text_bytes: motion.text_bytes,
            proposer: sender,
            subject: motion.subject,
            kind: motion.kind as u8,
            status: if has_text { ProposalStatus::Draft } else { ProposalStatus::Open } as u8,
            reserved: [0; 2],
            text_hash: motion.text_hash,
            base: self.charter.text_hash(),
            accession: bytemuck::cast(motion.accession),
            agreed: [0; 32],
            voted: [0; 32],
            opposed: [0; 32],
        });
        if has_text {
            self.proposal_texts.insert(number, Vec::new());
        }
        self.tell_proposal(number - 1);
        Ok(())
    }

    fn check_subject(&self, motion: &Motion) -> Result<(), Rejection> {
        use crate::Standing::{Active, Leaving, Suspended};
        let refused = |field, text| Err(Rejection::new(Reason::AG01, field, text));
        let has_text = motion.text_bytes > 0 && motion.text_hash != [0; 32];
        let has_no_text = motion.text_bytes == 0 && motion.text_hash == [0; 32];
        if (motion.kind.has_text() && !has_text) || (!motion.kind.has_text() && !has_no_text) {
            return refused(Field::Text, "amend and admit come with a text of the charter, the others do not");
        }
        if motion.text_bytes as usize > crate::charter::CHARTER_BYTES_MAX {
            return refused(Field::Text, "the text is longer than a charter may be");
        }
        if (motion.kind == Decision::Admit) != (motion.accession != [0; 64]) {
            return refused(Field::Text, "a signature of accession comes with admit, and only with it");
        }
        if motion.kind.has_subject() != (motion.subject != NO_MEMBER) {
            return refused(Field::Subject, "suspend, readmit and expel are about a member, the others are not");
        }
        if motion.kind.has_subject() {
            if usize::from(motion.subject) >= self.charter.members.len() {
                return refused(Field::Subject, "it is not a member");
            }
            let standing = self.standing(motion.subject);
            let fits = match motion.kind {
                Decision::Suspend => standing == Active,
                Decision::Readmit => standing == Suspended,
                _ => matches!(standing, Active | Suspended | Leaving),
            };
            if !fits {
                return refused(Field::Subject, "as the member stands, this cannot be proposed about it");
            }
        }
        let is_upgrade = motion.kind == Decision::Upgrade;
        if is_upgrade != (motion.protocol != 0) || (is_upgrade && motion.protocol <= self.protocol) {
            return refused(Field::Protocol, "an upgrade, and only that, names a later version of the rules");
        }
        Ok(())
    }

    /// A part of the text of a proposal comes, in order. With the last one the text is checked, and the vote opens.
    pub(crate) fn take_proposal_text(
        &mut self,
        sender: u16,
        number: u32,
        at_byte: u32,
        part: Option<&[u8]>,
    ) -> Result<(), Rejection> {
        let at = self.proposal_at(number)?;
        let proposal = *self.proposals.get(at);
        let refused = |field, text| Err(Rejection::new(Reason::AG01, field, text));
        let Some(part) = part else { return refused(Field::Text, "the record brings no text") };
        if proposal.proposer != sender || proposal.status() != ProposalStatus::Draft {
            return refused(Field::Proposal, "it is not a draft of this member");
        }
        let text = self.proposal_texts.get_mut(&number).expect("a draft has a text");
        if text.len() != at_byte as usize || part.len() > proposal.text_bytes as usize - text.len() {
            return refused(
                Field::Text,
                "the part does not go on where the text ends, or is longer than what is missing",
            );
        }
        text.extend_from_slice(part);
        if text.len() < proposal.text_bytes as usize {
            return Ok(());
        }
        if let Err(text) = self.check_proposal_text(&proposal) {
            self.end_proposal(at, ProposalStatus::Withdrawn);
            return refused(Field::Text, text);
        }
        self.proposals.get_mut(at).status = ProposalStatus::Open as u8;
        self.tell_proposal(at);
        Ok(())
    }

    fn check_proposal_text(&self, proposal: &Proposal) -> Result<(), &'static str> {
        let text = std::str::from_utf8(&self.proposal_texts[&proposal.number]).map_err(|_| "the text is not UTF-8")?;
        let accession: [u8; 64] = bytemuck::cast(proposal.accession);
        amendment::check(&self.charter, proposal.kind(), text, &proposal.text_hash, &accession).map(drop)
    }

    /// Who made a proposal takes it back.
    pub(crate) fn withdraw_proposal(&mut self, sender: u16, number: u32) -> Result<(), Rejection> {
        let at = self.proposal_at(number)?;
        let proposal = self.proposals.get(at);
        if proposal.proposer != sender || !matches!(proposal.status(), ProposalStatus::Draft | ProposalStatus::Open) {
            return Err(Rejection::new(Reason::AG01, Field::Proposal, "it is not an open proposal of this member"));
        }
        self.end_proposal(at, ProposalStatus::Withdrawn);
        Ok(())
    }

    /// A proposal comes to an end. Only the texts that are or were in force are kept.
    pub(crate) fn end_proposal(&mut self, at: u32, status: ProposalStatus) {
        let proposal = self.proposals.get_mut(at);
        proposal.status = status as u8;
        let number = proposal.number;
        if status != ProposalStatus::InForce {
            self.proposal_texts.remove(&number);
        }
        self.tell_proposal(at);
    }

    pub(crate) fn tell_proposal(&mut self, at: u32) {
        let proposal = *self.proposals.get(at);
        self.events.push(Event::ProposalChanged(proposal));
    }
}

/// Hash of the texts of proposals.
pub(crate) fn texts_hash(texts: &BTreeMap<u32, Vec<u8>>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"comity texts v1\0");
    for (number, text) in texts {
        hasher.update(number.to_le_bytes());
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    hasher.finalize().into()
}

const _: () = assert!(size_of::<Proposal>() == 272);
