//! Status reasons: the ISO 20022 external codes, as data.

use bytemuck::{Pod, Zeroable};
use std::fmt;

/// An ISO 20022 external status or return reason: four capital letters or digits, or none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Reason(pub [u8; 4]);

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $meaning:literal;)*) => {
        impl Reason {
            $(#[doc = $meaning] pub const $name: Reason = Reason(*str4(stringify!($name)));)*

            /// What the code means, for those that this software gives itself.
            pub fn meaning(self) -> Option<&'static str> {
                match self { $(Reason::$name => Some($meaning),)* _ => None }
            }
        }
    };
}

const fn str4(text: &str) -> &[u8; 4] {
    text.as_bytes().first_chunk().expect("a reason has four characters")
}

reasons! {
    AB03 = "settlement aborted: the time allowed for it has passed";
    AC02 = "the debtor participant is not known";
    AC03 = "the creditor participant is not known";
    AG01 = "the transaction is not allowed";
    AG03 = "this kind of transaction is not supported";
    AM01 = "the amount is zero";
    AM02 = "the amount is beyond what a limit of the creditor, or of the account, allows";
    AM03 = "the currency is not one that can be used here";
    AM04 = "the debtor's funds, cap, reservation or own limit are not sufficient";
    AM12 = "the amount is not valid";
    ARDT = "the payment has already been returned";
    CH03 = "the value date is too far in the future";
    CUST = "requested by the customer";
    DT01 = "the date is not valid, or has not come yet";
    DUPL = "the identifier was used for another payment";
    FF01 = "the record is not well formed";
    NARR = "see the text";
    NOAS = "no answer from the receiving member in time";
    NOOR = "the original payment is not known";
    RC03 = "the debtor member is not the sender";
    RC04 = "the creditor member is not known or not another one";
    RR04 = "refused for regulatory reasons";
    TM01 = "received after the cut-off";
}

impl Reason {
    /// No reason given.
    pub const NONE: Reason = Reason([0; 4]);

    /// Reads a code; text is `None` unless it is four capital letters or digits.
    pub fn parse(text: &str) -> Option<Reason> {
        let code: [u8; 4] = text.as_bytes().try_into().ok()?;
        let reason = Reason(code);
        (reason.is_well_formed() && reason != Reason::NONE).then_some(reason)
    }

    /// Whether it is none, or four capital letters or digits.
    pub fn is_well_formed(self) -> bool {
        self == Reason::NONE || self.0.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    }

    /// The code as text; empty for none.
    pub fn code(&self) -> &str {
        if *self == Reason::NONE { "" } else { std::str::from_utf8(&self.0).unwrap_or("????") }
    }

    /// This reason, or `other` where it is none.
    pub fn or(self, other: Reason) -> Reason {
        if self == Reason::NONE { other } else { self }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({})", self.code())
    }
}
