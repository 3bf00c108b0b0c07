//! What is wrong with a message, and where.

use std::fmt;
use union::Reason;

/// What kind of rule a message breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// It is no XML that is read here, or not the message that it says it is: the message as a whole is rejected.
    Structure,
    /// It is a good message, but asks for what cannot be done, or contradicts itself.
    Rule,
}

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the input, from 1: where the element ends, or where reading ended.
    pub line: u64,
    /// The element, by names from `Document` on: `Document/FICdtTrf/GrpHdr/MsgId`.
    pub path: String,
    /// Structure or rule.
    pub breach: Breach,
    /// The ISO 20022 code.
    pub reason: Reason,
    /// What is wrong, and where it can be said what would be right.
    pub problem: String,
}

impl Fault {
    pub(crate) fn structure(line: u64, path: impl Into<String>, problem: impl Into<String>) -> Fault {
        Fault { line, path: path.into(), breach: Breach::Structure, reason: Reason::FF01, problem: problem.into() }
    }

    pub(crate) fn rule(line: u64, path: impl Into<String>, reason: Reason, problem: impl Into<String>) -> Fault {
        Fault { line, path: path.into(), breach: Breach::Rule, reason, problem: problem.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {} ({})", self.line, self.path, self.problem, self.reason)
    }
}

impl std::error::Error for Fault {}

/// Text for an error message: cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}
