//! Exact ratios of two amounts.

/// An exact ratio of two amounts of the same currency, in lowest terms: a share of gross flows, never an amount itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: u128,
    denominator: u128,
}

impl Ratio {
    /// `part / whole` in lowest terms, or `None` where `whole` is zero and there is no share to speak of.
    #[must_use]
    pub fn new(part: u128, whole: u128) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let divisor = greatest_common_divisor(part, whole);
        Some(Self { numerator: part / divisor, denominator: whole / divisor })
    }

    /// The numerator in lowest terms.
    #[must_use]
    pub const fn numerator(self) -> u128 {
        self.numerator
    }

    /// The denominator in lowest terms; never zero.
    #[must_use]
    pub const fn denominator(self) -> u128 {
        self.denominator
    }
}

/// Euclid's algorithm. Zero only where both are.
pub(crate) fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::Ratio;

    #[test]
    fn lowest_terms() {
        for (part, whole, expected) in
            [(6, 8, (3, 4)), (0, 7, (0, 1)), (7, 7, (1, 1)), (u128::MAX, 1, (u128::MAX, 1)), (9, 6, (3, 2))]
        {
            let ratio = Ratio::new(part, whole).expect("whole is not zero");
            assert_eq!((ratio.numerator(), ratio.denominator()), expected, "{part}/{whole}");
        }
        assert_eq!(Ratio::new(0, 0), None);
        assert_eq!(Ratio::new(5, 0), None);
    }
}
