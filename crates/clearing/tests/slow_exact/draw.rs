//! Random problems, the same in every run.

use clearing::set_off::{BilateralLimit, Maximum, Obligation, Terms};

/// A stream of numbers from a seed (SplitMix64).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Draw(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Zero up to but without `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// `first` to `last`, both included.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// Obligations of 1 to `most`; parallel ones among them.
    pub fn obligations(&mut self, parties: u32, count: u64, most: u64) -> Vec<Obligation> {
        let mut one = || {
            let debtor = self.below(parties.into()) as u32;
            let creditor = (debtor + self.between(1, u64::from(parties) - 1) as u32) % parties;
            Obligation { debtor, creditor, amount: self.between(1, most) }
        };
        (0..count).map(|_| one()).collect()
    }

    /// Any terms that fit together; each kind is there in about a third of all cases.
    pub fn terms(&mut self, parties: u32, obligations: &[Obligation]) -> Terms {
        let mut terms = Terms::default();
        if self.below(3) == 0 {
            terms.untouched = (0..obligations.len() as u32).filter(|_| self.below(4) == 0).collect();
        }
        if self.below(3) == 0 {
            terms.ages = obligations.iter().map(|_| self.below(4) as u32).collect();
        }
        if self.below(3) == 0 {
            terms.liquidity = Some(self.below(4));
        }
        match self.below(3) {
            0 => {
                for party in 0..parties {
                    if self.below(2) == 0 {
                        terms.maxima.push(Maximum { party, amount: self.below(5) });
                    }
                }
            }
            1 => {
                for debtor in 0..parties {
                    for creditor in 0..parties {
                        if debtor != creditor && self.below(3) == 0 {
                            terms.limits.push(BilateralLimit { debtor, creditor, limit: self.below(4) });
                        }
                    }
                }
            }
            _ => {}
        }
        terms
    }
}
