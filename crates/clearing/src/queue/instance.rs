//! The problem: who could pay what, and within which limits.

/// Priority of a payment, and of the part of its payer's means that it may use. `Urgent` comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// May use all of its payer's means.
    Urgent = 0,
    /// May not use what is kept for urgent payments.
    High = 1,
    /// May not use what is kept for urgent or high payments.
    Normal = 2,
}

impl Class {
    /// All classes, the most urgent first.
    pub const ALL: [Class; 3] = [Class::Urgent, Class::High, Class::Normal];
}

/// A party that pays and is paid. Amounts in minor units of the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// What it has now; negative for what it owes.
    pub balance: i128,
    /// By [`Class`]: the least that it may have afterwards if the settled set has a payment of this class from it.
    ///
    /// A set with payments of several classes from one party obeys the floor of each. So that means can be kept for
    /// higher classes, `floors[0] <= floors[1] <= floors[2]`. `i128::MIN` for no floor; `i128::MAX` lets nothing of this
    /// class go. A party that only receives has no floor.
    pub floors: [i128; 3],
    /// The most that it may have afterwards; `i128::MAX` for no ceiling. Where it has more already, it may not end with more
    /// than that.
    pub ceiling: i128,
}

impl Party {
    /// A party that may not end below zero and has no ceiling.
    #[must_use]
    pub const fn with_balance(balance: i128) -> Self {
        Self { balance, floors: [0; 3], ceiling: i128::MAX }
    }
}

/// A further account that some payments go from or to, in whatever currency it is kept, with limits of its own: that of a
/// participant sponsored by a party. Amounts in minor units of that currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideAccount {
    /// What it has now; negative for what it owes.
    pub balance: i128,
    /// The least that it may have afterwards; `i128::MIN` for no floor. Where it has less already, it may not end with less
    /// than that.
    pub floor: i128,
    /// The most that it may have afterwards; `i128::MAX` for no ceiling. Where it has more already, it may not end with more
    /// than that.
    pub ceiling: i128,
}

/// The most that `debtor` may owe `creditor`, net of what it is owed by it. Each pair of parties has at most one such limit
/// in each direction; those in both directions of a pair have opposite `net`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BilateralLimit {
    /// Index of the party that may not owe more.
    pub debtor: u32,
    /// Index of the party to which it may not owe more.
    pub creditor: u32,
    /// What `debtor` owes `creditor` now, less what it is owed by it: what counts is [`Payment::credit`]. Minor units of the
    /// unit of account.
    pub net: i128,
    /// The most that this may be afterwards. Where it is more already, it may not end higher than that.
    pub most: u64,
}

/// A queued payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Index of the party that pays.
    pub payer: u32,
    /// Index of the party that is paid, another one.
    pub payee: u32,
    /// What the payer gives, minor units of the unit of account; this is the payment's value.
    pub debit: u64,
    /// What the payee gets, at most `debit`; the rest (differences of rates, rounding) leaves the parties.
    pub credit: u64,
    /// Its priority.
    pub class: Class,
    /// Index of the side account that it goes from, if that has limits.
    pub payer_side: Option<u32>,
    /// Index of the side account that it goes to, if that has limits.
    pub payee_side: Option<u32>,
    /// What it takes from `payer_side` and gives to `payee_side`, minor units of their currency.
    pub side_amount: u64,
}

impl Payment {
    /// A normal payment in the unit of account, without side accounts.
    #[must_use]
    pub const fn new(payer: u32, payee: u32, amount: u64) -> Self {
        let class = Class::Normal;
        Self { payer, payee, debit: amount, credit: amount, class, payer_side: None, payee_side: None, side_amount: 0 }
    }
}

/// Queued payments and what limits them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The parties, numbered from zero.
    pub parties: Vec<Party>,
    /// Side accounts with limits, numbered from zero.
    pub side_accounts: Vec<SideAccount>,
    /// Limits between two parties.
    pub limits: Vec<BilateralLimit>,
    /// The payments in the order in which they were entered.
    pub payments: Vec<Payment>,
}

impl Instance {
    /// The largest number of payments.
    pub const PAYMENTS_MAX: usize = 1 << 28;
    /// The largest number of parties, of side accounts, and of limits.
    pub const ACCOUNTS_MAX: usize = 1 << 28;
    /// No balance and no bilateral net position may be farther from zero than this: far beyond any real amount, and no sum
    /// of an instance can leave the range of `i128`.
    pub const BALANCE_MAX: i128 = 1 << 124;
}

/// Why an instance is not one. Nothing was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// More than can be numbered.
    #[error("there are {count} {what}; at most 2^28 can be resolved at once")]
    Size {
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A party that does not exist.
    #[error("{what} {index} names party {party}, but there are {parties}: parties are numbered from 0")]
    Party {
        /// Payment or bilateral limit.
        what: &'static str,
        /// Its index.
        index: usize,
        /// The party it names.
        party: u32,
        /// How many there are.
        parties: usize,
    },
    /// A side account that does not exist.
    #[error("payment {payment} names side account {account}, but there are {accounts}: they are numbered from 0")]
    SideAccount {
        /// The payment's index.
        payment: usize,
        /// The side account it names.
        account: u32,
        /// How many there are.
        accounts: usize,
    },
    /// Payer and payee, or debtor and creditor, are the same.
    #[error("{what} {index} is from party {party} to itself; it needs two parties")]
    Itself {
        /// Payment or bilateral limit.
        what: &'static str,
        /// Its index.
        index: usize,
        /// The party.
        party: u32,
    },
    /// A payment from a side account to itself.
    #[error("payment {payment} is from side account {account} to itself; give it two, or none")]
    SideItself {
        /// The payment's index.
        payment: usize,
        /// The side account.
        account: u32,
    },
    /// A payee that would get more than the payer gives.
    #[error("payment {payment} credits {credit} but debits only {debit}")]
    Credit {
        /// The payment's index.
        payment: usize,
        /// What the payee gets.
        credit: u64,
        /// What the payer gives.
        debit: u64,
    },
    /// A payment of nothing.
    #[error("payment {payment} has no value; leave it out")]
    Zero {
        /// The payment's index.
        payment: usize,
    },
    /// A balance or net position beyond [`Instance::BALANCE_MAX`].
    #[error("the balance of {what} {index} is {balance}; at most 2^124 either way can be resolved")]
    Balance {
        /// Party, side account or bilateral limit.
        what: &'static str,
        /// Its index.
        index: usize,
        /// Its balance.
        balance: i128,
    },
    /// Floors that keep more for a lower class than for a higher one.
    #[error("the floors of party {party} fall from a higher class to a lower one; they must not")]
    Floors {
        /// The party's index.
        party: usize,
    },
    /// Two limits in one direction, or limits in both directions that contradict each other.
    #[error(
        "bilateral limit {limit} is a second one from its debtor to its creditor, or contradicts the net position of another"
    )]
    Limit {
        /// The later one's index.
        limit: usize,
    },
}
