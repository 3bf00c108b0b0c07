//! One payment of a scenario.

use jiff::civil::Date;

/// A payment between two members of a scenario, on behalf of participants or of the members themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Place in the year's payments by date and time, from zero.
    pub sequence: u32,
    /// A business day of both members.
    pub date: Date,
    /// Seconds since midnight on the union's clock, within business hours.
    pub second_of_day: u32,
    /// Index of the member that owes.
    pub debtor: u16,
    /// Index of the member that is owed.
    pub creditor: u16,
    /// Participant that the debtor pays for, from 1; 0 is the member itself.
    pub debtor_participant: u32,
    /// Participant that the creditor is paid for, from 1; 0 is the member itself.
    pub creditor_participant: u32,
    /// US cents; at least one.
    pub amount: u64,
    /// How urgent it is.
    pub priority: Priority,
    /// On whose behalf it is made.
    pub kind: Kind,
    /// ISO 20022 external purpose code (`ExternalPurpose1Code`), in ASCII.
    pub purpose: [u8; 4],
}

impl Payment {
    /// The purpose code as text, such as `GDDS`.
    #[must_use]
    pub fn purpose_code(&self) -> &str {
        str::from_utf8(&self.purpose).expect("purpose codes are ASCII")
    }
}

/// How urgent a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Priority {
    /// Can wait for its turn.
    Normal,
    /// Goes before normal ones.
    High,
    /// Goes before all others.
    Urgent,
}

/// On whose behalf a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// For customers of participants on both sides.
    Customer,
    /// Between the two members for themselves.
    Interbank,
}
