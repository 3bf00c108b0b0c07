//! Participants: the first makes most payments, the second half as many, and so on.

use crate::splitmix::SplitMix64;

/// Zipf's law with exponent 1 over `1..=count`.
pub(super) struct Zipf {
    /// Sums of the weights 2^32 / 1, 2^32 / 2, ... (rounded down) up to each number.
    cumulative: Vec<u64>,
}

impl Zipf {
    /// `count` must not be zero.
    pub(super) fn new(count: u32) -> Self {
        let cumulative = (1..=u64::from(count))
            .scan(0, |sum, number| {
                *sum += (1 << 32) / number;
                Some(*sum)
            })
            .collect();
        Self { cumulative }
    }

    /// A number from 1 to the count.
    pub(super) fn draw(&self, stream: &mut SplitMix64) -> u32 {
        let total = self.cumulative[self.cumulative.len() - 1];
        let point = stream.below(total);
        1 + self.cumulative.partition_point(|&sum| sum <= point) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::Zipf;
    use crate::splitmix::SplitMix64;

    #[test]
    fn shares_follow_the_law() {
        let zipf = Zipf::new(3);
        let mut stream = SplitMix64::new(3);
        let mut counts = [0_u32; 3];
        for _ in 0..110_000 {
            counts[zipf.draw(&mut stream) as usize - 1] += 1;
        }
        // 6/11, 3/11 and 2/11; five standard deviations are 830 at most.
        for (count, expected) in counts.into_iter().zip([60_000, 30_000, 20_000]) {
            assert!(count.abs_diff(expected) < 830, "{counts:?}");
        }
    }

    #[test]
    fn only_one() {
        let mut stream = SplitMix64::new(3);
        assert_eq!(Zipf::new(1).draw(&mut stream), 1);
    }
}
