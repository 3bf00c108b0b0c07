//! Sizes of payments: a few large ones and many small ones.

use crate::splitmix::SplitMix64;

/// A random weight from 1 to 2^36, close to log-normal with a standard deviation of 3 in log2 (2.08 in ln): the largest
/// hundredth of the payments carry about 40 % of the value.
///
/// The exponent is three times the sum of twelve uniform numbers, which is nearly normal with a standard deviation of 1
/// (Irwin-Hall); between powers of two the weight grows linearly. Integers only, so it is the same on every machine.
pub(super) fn heavy_tailed_weight(stream: &mut SplitMix64) -> u64 {
    const FRACTION_BITS: u32 = 16;
    const ONE: u64 = 1 << FRACTION_BITS;
    // Twelve uniform 16-bit fractions, four from each draw.
    let sum: u64 = (0..3).map(|_| stream.next()).map(|bits| lanes(bits).into_iter().sum::<u64>()).sum();
    let exponent = 3 * sum; // below 36, with 16 bits of fraction
    let mantissa = ONE + exponent % ONE;
    (mantissa << (exponent / ONE)) / ONE
}

/// The four 16-bit lanes of a draw.
fn lanes(bits: u64) -> [u64; 4] {
    [0, 16, 32, 48].map(|shift| (bits >> shift) & 0xFFFF)
}

#[cfg(test)]
mod tests {
    use super::heavy_tailed_weight;
    use crate::splitmix::SplitMix64;

    #[test]
    fn close_to_log_normal() {
        let mut stream = SplitMix64::new(1);
        let mut weights: Vec<u64> = (0..100_000).map(|_| heavy_tailed_weight(&mut stream)).collect();
        weights.sort_unstable();
        assert!(weights[0] >= 1 && weights[99_999] <= 1 << 36);
        // Quantiles of a log-normal: median 2^18, one standard deviation away 2^15 and 2^21, within a quarter of an octave.
        for (quantile, expected) in [(15_866, 1 << 15), (50_000, 1 << 18), (84_134, 1_u64 << 21)] {
            let weight = weights[quantile];
            assert!(weight * 100 > expected * 84 && weight * 100 < expected * 119, "{quantile}: {weight} {expected}");
        }
    }
}
