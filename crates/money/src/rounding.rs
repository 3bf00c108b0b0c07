//! What happens to a fraction of a minor unit.

use serde::{Deserialize, Serialize};

/// The direction in which a fraction of a minor unit goes. Amounts are not negative, so up is away
/// from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Any fraction counts as a whole minor unit (ceiling).
    Up,
    /// Any fraction is dropped (floor).
    Down,
    /// To the nearest minor unit; exactly half goes to the even one, so that halves cancel out over many
    /// conversions.
    HalfEven,
}

impl Rounding {
    /// Whether `quotient + remainder / divisor` goes to the next integer, where `remainder < divisor`.
    pub(crate) fn goes_up(self, quotient: u128, remainder: u128, divisor: u128) -> bool {
        debug_assert!(remainder < divisor, "a remainder is below its divisor");
        match self {
            Rounding::Up => remainder > 0,
            Rounding::Down => false,
            Rounding::HalfEven => {
                // Compared with what is missing to one, since twice the remainder may not fit.
                let missing = divisor - remainder;
                remainder > missing || (remainder == missing && quotient % 2 == 1)
            }
        }
    }
}
