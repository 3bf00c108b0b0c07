//! A sequence of numbers without a pattern, the same on every machine.

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(super) struct Sequence(u64);

impl Sequence {
    /// The one sequence that every search uses.
    pub fn new() -> Self {
        Sequence(0)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `most`, which is not zero.
    pub fn below(&mut self, most: usize) -> usize {
        ((u128::from(self.next()) * most as u128) >> 64) as usize
    }

    /// Exponentially distributed with mean `1 / ln 2`, in 1/65,536: the binary logarithm of a uniform number, negated, with
    /// straight lines between powers of two.
    pub fn exponential(&mut self) -> i128 {
        let uniform = self.next() | 1;
        let zeros = uniform.leading_zeros();
        let mantissa = (uniform << zeros) << 1;
        (i128::from(zeros) << 16) + i128::from(0xFFFF - (mantissa >> 48))
    }
}

#[cfg(test)]
mod tests {
    use super::Sequence;

    /// First outputs of the reference implementation for seed 0.
    #[test]
    fn the_known_sequence() {
        let mut sequence = Sequence::new();
        let first: Vec<u64> = (0..3).map(|_| sequence.next()).collect();
        assert_eq!(first, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]);
    }

    #[test]
    fn exponential_has_its_mean() {
        let mut sequence = Sequence::new();
        let sum: i128 = (0..100_000).map(|_| sequence.exponential()).sum();
        // 65,536 / ln 2 = 94,548, and the straight lines lie above the curve, by 0.057 * 65,536 on average.
        let mean = sum / 100_000;
        assert!((93_000..100_000).contains(&mean), "{mean}");
    }
}
