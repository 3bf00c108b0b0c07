//! What the charter says about decisions: `[votes]`. One member, one vote.

use crate::charter::{CharterError, rule};
use serde::Deserialize;

/// What a proposal is about; each kind has its own majority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Decision {
    /// Another text of the charter.
    Amend = 1,
    /// A text of the charter that has one member more.
    Admit = 2,
    /// A member pays and is paid no more until it is readmitted.
    Suspend = 3,
    /// The end of a suspension.
    Readmit = 4,
    /// A member goes: its balance runs off, then its books are closed.
    Expel = 5,
    /// Another version of the rules of the software.
    Upgrade = 6,
}

impl Decision {
    /// All kinds.
    pub const ALL: [Decision; 6] =
        [Decision::Amend, Decision::Admit, Decision::Suspend, Decision::Readmit, Decision::Expel, Decision::Upgrade];

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Decision> {
        Decision::ALL.into_iter().find(|&kind| kind as u8 == number)
    }

    /// Its name in the charter, the API and the command line.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Amend => "amend",
            Decision::Admit => "admit",
            Decision::Suspend => "suspend",
            Decision::Readmit => "readmit",
            Decision::Expel => "expel",
            Decision::Upgrade => "upgrade",
        }
    }

    /// Whether it is about one member, which then has no vote on it.
    pub fn has_subject(self) -> bool {
        matches!(self, Decision::Suspend | Decision::Readmit | Decision::Expel)
    }

    /// Whether it comes with a text of the charter.
    pub fn has_text(self) -> bool {
        matches!(self, Decision::Amend | Decision::Admit)
    }
}

/// How many of those who may vote must agree. Not of those who did vote: who stays away does not help a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Majority {
    /// More than half.
    Majority,
    /// Two thirds or more.
    TwoThirds,
    /// All.
    Unanimity,
}

impl Majority {
    /// Whether so many of `electorate` are enough.
    pub fn is_reached(self, agreed: usize, electorate: usize) -> bool {
        let is_enough = match self {
            Majority::Majority => agreed * 2 > electorate,
            Majority::TwoThirds => agreed * 3 >= electorate * 2,
            Majority::Unanimity => agreed == electorate,
        };
        electorate > 0 && is_enough
    }

    /// Its name in the charter.
    pub fn name(self) -> &'static str {
        match self {
            Majority::Majority => "majority",
            Majority::TwoThirds => "two-thirds",
            Majority::Unanimity => "unanimity",
        }
    }
}

/// What a decision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VotingRules {
    majorities: [Majority; 6],
    /// So many of those who may vote must do so (abstaining counts), in percent, for the decision to be one.
    pub quorum_percent: u32,
    /// A proposal is open for so many days at least.
    pub days_open: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VotesFile {
    amend: Majority,
    admit: Majority,
    suspend: Majority,
    readmit: Majority,
    expel: Majority,
    upgrade: Majority,
    quorum_percent: u32,
    days_open: u32,
}

impl Default for VotesFile {
    fn default() -> Self {
        let two_thirds = Majority::TwoThirds;
        VotesFile {
            amend: two_thirds,
            admit: two_thirds,
            suspend: two_thirds,
            readmit: Majority::Majority,
            expel: two_thirds,
            upgrade: two_thirds,
            quorum_percent: 0,
            days_open: 0,
        }
    }
}

impl VotingRules {
    pub(crate) fn check(file: VotesFile) -> Result<VotingRules, CharterError> {
        if file.quorum_percent > 100 {
            return Err(rule("votes.quorum_percent", "is more than 100"));
        }
        if file.days_open > 366 {
            return Err(rule("votes.days_open", "is more than 366"));
        }
        let VotesFile { amend, admit, suspend, readmit, expel, upgrade, quorum_percent, days_open } = file;
        let majorities = [amend, admit, suspend, readmit, expel, upgrade];
        Ok(VotingRules { majorities, quorum_percent, days_open })
    }

    /// The majority that a kind of decision needs.
    pub fn majority(&self, kind: Decision) -> Majority {
        self.majorities[kind as usize - 1]
    }

    /// Whether a proposal is carried: so many agreed, so many voted at all, of so many who may.
    pub fn is_carried(&self, kind: Decision, agreed: usize, voted: usize, electorate: usize) -> bool {
        let is_quorate = voted * 100 >= self.quorum_percent as usize * electorate;
        is_quorate && self.majority(kind).is_reached(agreed, electorate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majorities_count_all_who_may_vote() {
        for (electorate, majority, two_thirds) in [(1, 1, 1), (2, 2, 2), (3, 2, 2), (4, 3, 3), (6, 4, 4), (7, 4, 5)] {
            assert!(!Majority::Majority.is_reached(majority - 1, electorate));
            assert!(Majority::Majority.is_reached(majority, electorate));
            assert!(!Majority::TwoThirds.is_reached(two_thirds - 1, electorate));
            assert!(Majority::TwoThirds.is_reached(two_thirds, electorate));
            assert!(!Majority::Unanimity.is_reached(electorate - 1, electorate));
            assert!(Majority::Unanimity.is_reached(electorate, electorate));
        }
        assert!(!Majority::Unanimity.is_reached(0, 0), "nobody decides nothing");
    }
}
