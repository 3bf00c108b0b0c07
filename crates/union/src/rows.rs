//! Smaller rows of the state: participants, rates, cycles, settlement legs, and how far queues were tried.

use bytemuck::{Pod, Zeroable};
use money::Rate;

/// An institution that a member sponsors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Participant {
    /// The sponsoring member.
    pub member: u16,
    pub(crate) reserved: [u8; 2],
    /// Its number at the member, not zero.
    pub number: u32,
    /// BIC or LEI, padded with zeros.
    pub identifier: [u8; 20],
    /// Name, UTF-8, padded with zeros.
    pub name: [u8; 100],
}

/// Two published rates of a member's currency, in units of account per unit of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Rates {
    buying: [u64; 2],
    selling: [u64; 2],
    /// First day on which they apply, in days from 1970.
    pub from_day: u32,
    is_published: u32,
}

impl Rates {
    pub(crate) fn new(buying: Rate, selling: Rate, from_day: u32) -> Self {
        let fraction = |rate: Rate| [rate.numerator(), rate.denominator()];
        Rates { buying: fraction(buying), selling: fraction(selling), from_day, is_published: 1 }
    }

    /// Whether any rate was published here.
    pub fn is_published(&self) -> bool {
        self.is_published != 0
    }

    /// What a creditor gets for a unit of the currency, and what a debtor gives, if published.
    pub fn rates(&self) -> Option<(Rate, Rate)> {
        let rate = |[numerator, denominator]: [u64; 2]| Rate::new(numerator, denominator).ok();
        self.is_published().then_some((rate(self.buying)?, rate(self.selling)?))
    }
}

/// How far a cycle has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CycleStatus {
    /// Orders settle in it.
    Open = 1,
    /// Closed; legs wait for confirmation.
    Closed = 2,
    /// Every leg is confirmed.
    Settled = 3,
}

/// A clearing cycle. Amounts in minor units of the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Cycle {
    /// Sum of all that settled between members; set at the close, like the two below.
    pub gross: u128,
    /// Sum over all pairs of what one owes the other after bilateral netting.
    pub bilateral_net: u128,
    /// Sum of what the net debtors owe after multilateral netting.
    pub multilateral_net: u128,
    /// When it opened, Unix milliseconds.
    pub opened_at_ms: u64,
    /// When it is to close; once it is closed, when it did.
    pub closes_at_ms: u64,
    /// Orders and returns that settled in it.
    pub settled_orders: u64,
    /// 1 for the first.
    pub number: u32,
    /// Place of its first leg among all legs.
    pub legs_from: u32,
    /// Number of its legs.
    pub legs: u32,
    /// Legs not confirmed yet.
    pub legs_open: u32,
    /// A bit for each member that agreed to close it early.
    pub(crate) agreed: [u8; 32],
    pub(crate) status: u8,
    pub(crate) reserved: [u8; 3],
    /// First day of its period, in days from 1970.
    pub first_day: u32,
}

impl Cycle {
    /// How far it has come.
    pub fn status(&self) -> CycleStatus {
        match self.status {
            1 => CycleStatus::Open,
            2 => CycleStatus::Closed,
            _ => CycleStatus::Settled,
        }
    }

    /// Whether a member agreed to close it early.
    pub fn has_agreed(&self, member: u16) -> bool {
        self.agreed[usize::from(member / 8)] & (1 << (member % 8)) != 0
    }

    pub(crate) fn agree(&mut self, member: u16) {
        self.agreed[usize::from(member / 8)] |= 1 << (member % 8);
    }

    pub(crate) fn agreed_count(&self) -> usize {
        self.agreed.iter().map(|byte| byte.count_ones() as usize).sum()
    }
}

/// What one member is to pay another outside the union to settle a closed cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Leg {
    /// What it discharges, in minor units of the unit of account.
    pub unit_amount: u128,
    /// What is to be paid, in minor units of the settlement asset.
    pub asset_amount: u128,
    /// When its creditor confirmed it, Unix milliseconds; 0 while it is open.
    pub confirmed_at_ms: u64,
    /// The cycle.
    pub cycle: u32,
    /// Its number in the cycle, from 0.
    pub number: u32,
    /// The member that pays.
    pub debtor: u16,
    /// The member that is paid, and that confirms.
    pub creditor: u16,
    /// The day by which it, or its next instalment, is due, in days from 1970; 0 for none.
    pub due_day: u32,
    /// In so many instalments it is paid; 0 for at once.
    pub instalments: u8,
    /// So many of them are paid.
    pub instalments_paid: u8,
    pub(crate) is_closed_out: u8,
    pub(crate) reserved: [u8; 5],
}

impl Leg {
    /// Stands for the order's identifier in the transfer that discharges the leg.
    pub fn id(&self) -> u128 {
        (u128::from(self.cycle) << 32) | u128::from(self.number)
    }

    /// Whether the creditor confirmed it.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed_at_ms != 0
    }

    /// Whether the rest of it counts as not called for, since a side of it defaulted.
    pub fn is_closed_out(&self) -> bool {
        self.is_closed_out != 0
    }

    /// Whether something of it is still to be paid.
    pub fn is_open(&self) -> bool {
        !self.is_confirmed() && !self.is_closed_out()
    }
}

/// How far a member's queue has been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Attempts {
    /// Entry of the order to go on with; 0 to begin at the start.
    pub entry: i64,
    /// Its priority.
    pub priority: u32,
    /// 0 when there is nothing to try, 1 to go on from here, 2 to go on and then start anew.
    pub due: u32,
}

const _: () = assert!(size_of::<Participant>() == 128 && size_of::<Rates>() == 40);
const _: () = assert!(size_of::<Cycle>() == 128 && size_of::<Leg>() == 64);
