//! Why obligations or terms make no sense.

use super::obligation::AMOUNT_MAX;
use crate::flow::FlowError;

/// Why there is no set-off of these obligations on these terms. Obligations and parties are named by index from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetOffError {
    /// An obligation between parties that there are not.
    #[error("obligation {obligation} names party {party}, but the parties are numbered below {parties}")]
    Party {
        /// The obligation's index.
        obligation: usize,
        /// The party that it names.
        party: u32,
        /// How many parties there are.
        parties: u32,
    },
    /// A party that owes itself.
    #[error("in obligation {obligation}, party {party} owes itself; leave it out")]
    OwedToItself {
        /// The obligation's index.
        obligation: usize,
        /// The party.
        party: u32,
    },
    /// An amount beyond [`AMOUNT_MAX`].
    #[error("obligation {obligation} is over {amount}; at most {AMOUNT_MAX} is allowed: split it")]
    Amount {
        /// The obligation's index.
        obligation: usize,
        /// Its amount.
        amount: u64,
    },
    /// An obligation that there is not.
    #[error("there is no obligation {obligation}; there are {obligations}")]
    Obligation {
        /// The index that was named.
        obligation: u32,
        /// How many obligations there are.
        obligations: usize,
    },
    /// More obligations or parties than can be told apart.
    #[error("there are {parties} parties and {obligations} obligations; at most 2^28 of each can be set off at once")]
    TooMany {
        /// How many parties there are.
        parties: u32,
        /// How many obligations there are.
        obligations: usize,
    },
    /// An untouched obligation that there is not.
    #[error("obligation {obligation} is not to be touched, but there are only {obligations}")]
    Untouched {
        /// The index that was named.
        obligation: u32,
        /// How many obligations there are.
        obligations: usize,
    },
    /// Ages for other than all obligations.
    #[error("there are {ages} ages for {obligations} obligations: give one for each, or none")]
    Ages {
        /// Ages given.
        ages: usize,
        /// How many obligations there are.
        obligations: usize,
    },
    /// Ages too great for exact weights.
    #[error(
        "an age of {age} among {parties} parties cannot be weighed exactly against the total; give ages in a coarser unit"
    )]
    AgeRange {
        /// The greatest age.
        age: u32,
        /// How many parties there are.
        parties: u32,
    },
    /// Liquidity beyond [`AMOUNT_MAX`].
    #[error("liquidity of {liquidity} is more than the {AMOUNT_MAX} that can be lent in all")]
    Liquidity {
        /// What was to be lent.
        liquidity: u64,
    },
    /// A maximum or limit for a party that there is not.
    #[error("a maximum or limit names party {party}, but the parties are numbered below {parties}")]
    TermsParty {
        /// The party that it names.
        party: u32,
        /// How many parties there are.
        parties: u32,
    },
    /// Two maxima for one party.
    #[error("party {party} has two maxima; give one")]
    MaximumTwice {
        /// The party.
        party: u32,
    },
    /// Two limits for one pair, or a limit of a party to itself.
    #[error(
        "the limit from party {debtor} to party {creditor} is given twice, or is one to itself; give one for a pair"
    )]
    LimitTwice {
        /// Who owes.
        debtor: u32,
        /// Who is owed.
        creditor: u32,
    },
    /// Maxima and limits at once.
    #[error("maxima by party and bilateral limits cannot be kept together: leave one of them out")]
    MaximaWithLimits,
    /// Something that the solver cannot take.
    #[error(transparent)]
    Flow(#[from] FlowError),
}
