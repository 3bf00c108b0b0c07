//! The orders that every system is given: the same ones, in the same order, from nothing but a seed.

use anyhow::{Result, ensure};
use clap::ValueEnum;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution as _, weighted::WeightedAliasIndex};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;

/// Accounts in the books.
pub const ACCOUNTS: u32 = 10_000;

/// Skew of the Zipf distribution, as in YCSB: the account of rank r is drawn in proportion to `1 / r^0.99`.
pub const ZIPF_EXPONENT: f64 = 0.99;

/// The default seed; any other gives another, equally valid workload.
pub const SEED: u64 = 2006;

/// Spreads Zipf ranks over account numbers, so that busy accounts are not neighbours in memory or on a
/// page. Odd and without a common factor with [`ACCOUNTS`]: a permutation that keeps parity, so every second rank has a limit.
const RANK_STRIDE: u64 = 7919;

/// One in this many payments from an account without a limit to one with a limit is turned round. Accounts with limits
/// thereby want to pay more than they receive, stay near their limits, and go on having payments refused, however long the run is.
const TURN_ROUND_ONE_IN: u32 = 10;

/// How accounts are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Every account as often as any other.
    Uniform,
    /// A few accounts in most orders, with exponent [`ZIPF_EXPONENT`].
    Zipf,
}

/// One order: `amount` out of `debtor` and into `creditor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Unique; rises with the order of presentation in its upper 64 bits (as a UUID of version 7 does) and is random in its lower.
    pub id: u128,
    /// The account that pays, below [`ACCOUNTS`].
    pub debtor: u32,
    /// The account that receives, another one.
    pub creditor: u32,
    /// Minor units of the one currency of the books; at least 1.
    pub amount: u64,
}

/// The most that an account may owe (debits less credits), in minor units, or none if it has no limit.
pub fn debit_limit(account: u32) -> Option<u64> {
    // A spread of limits, the same in every run: between about one and ten average payments.
    account.is_multiple_of(2).then(|| 250_000 + u64::from(account) * 7919 % 2_250_000)
}

/// A source of transfers: `transfer(i)` depends on the seed, the distribution and `i` alone.
pub struct Workload {
    /// How accounts are drawn.
    pub distribution: Distribution,
    seed: u64,
    ranks: Option<WeightedAliasIndex<f64>>,
}

impl Workload {
    /// The workload of this seed.
    pub fn new(distribution: Distribution, seed: u64) -> Result<Self> {
        let ranks = match distribution {
            Distribution::Uniform => None,
            Distribution::Zipf => Some(WeightedAliasIndex::new(
                (1..=ACCOUNTS).map(|rank| f64::from(rank).powf(-ZIPF_EXPONENT)).collect(),
            )?),
        };
        Ok(Workload { distribution, seed, ranks })
    }

    fn account(&self, random: &mut impl Rng) -> u32 {
        match &self.ranks {
            None => random.random_range(0..ACCOUNTS),
            Some(ranks) => (ranks.sample(random) as u64 * RANK_STRIDE % u64::from(ACCOUNTS)) as u32,
        }
    }

    /// The transfer in place `index`, from 0.
    pub fn transfer(&self, index: u64) -> Transfer {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed.rotate_left(32) ^ index);
        let mut debtor = self.account(&mut random);
        let mut creditor = loop {
            let other = self.account(&mut random);
            if other != debtor {
                break other;
            }
        };
        let unlimited_pays_limited = debit_limit(debtor).is_none() && debit_limit(creditor).is_some();
        if unlimited_pays_limited && random.random_range(0..TURN_ROUND_ONE_IN) == 0 {
            (debtor, creditor) = (creditor, debtor);
        }
        // Heavy-tailed: every doubling of the amount, from 1.00 to 32,768.00, is equally frequent.
        let amount = random.random_range(100..200_u64) << random.random_range(0..15_u32);
        let id = (u128::from(index) + 1) << 64 | u128::from(random.next_u64());
        Transfer { id, debtor, creditor, amount }
    }

    /// The first `orders` transfers in batches of `batch_size`; the last may be shorter.
    pub fn batches(&self, orders: u64, batch_size: usize) -> Result<impl Iterator<Item = Vec<Transfer>>> {
        ensure!(batch_size > 0, "a batch holds at least one order");
        let size = batch_size as u64;
        Ok((0..orders.div_ceil(size)).map(move |batch| {
            let first = batch * size;
            (first..orders.min(first + size)).map(|index| self.transfer(index)).collect()
        }))
    }
}

/// What must become of the transfers when they are applied one after another: the least code that says it.
#[cfg(test)]
pub struct Reference {
    owed: Vec<i64>,
}

#[cfg(test)]
impl Reference {
    pub fn new() -> Self {
        Reference { owed: vec![0; ACCOUNTS as usize] }
    }

    /// Whether the transfer settles; if not, nothing changes.
    pub fn settles(&mut self, transfer: &Transfer) -> bool {
        let amount = i64::try_from(transfer.amount).unwrap();
        let owed = self.owed[transfer.debtor as usize] + amount;
        if debit_limit(transfer.debtor).is_some_and(|limit| owed > i64::try_from(limit).unwrap()) {
            return false;
        }
        self.owed[transfer.debtor as usize] = owed;
        self.owed[transfer.creditor as usize] -= amount;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(distribution: Distribution) -> Workload {
        Workload::new(distribution, SEED).unwrap()
    }

    #[test]
    fn same_seed_same_transfers_and_another_seed_others() {
        for distribution in [Distribution::Uniform, Distribution::Zipf] {
            let first: Vec<_> = (0..100).map(|i| workload(distribution).transfer(i)).collect();
            let again: Vec<_> = (0..100).map(|i| workload(distribution).transfer(i)).collect();
            assert_eq!(first, again);
            let other = Workload::new(distribution, SEED + 1).unwrap();
            assert!((0..100).all(|i| other.transfer(i) != first[i as usize]));
        }
    }

    #[test]
    fn ids_rise_and_accounts_differ() {
        let transfers: Vec<_> = workload(Distribution::Zipf).batches(10_001, 100).unwrap().flatten().collect();
        assert_eq!(transfers.len(), 10_001);
        assert!(transfers.is_sorted_by(|a, b| a.id < b.id));
        assert!(transfers.iter().all(|t| t.debtor != t.creditor && t.debtor < ACCOUNTS && t.creditor < ACCOUNTS));
        assert!(transfers.iter().all(|t| t.amount > 0));
    }

    #[test]
    fn half_the_accounts_have_limits() {
        let limited = (0..ACCOUNTS).filter(|account| debit_limit(*account).is_some()).count();
        assert_eq!(limited, ACCOUNTS as usize / 2);
    }

    #[test]
    fn zipf_draws_accounts_by_rank() {
        let mut seen = vec![0_u32; ACCOUNTS as usize];
        let orders = 200_000;
        for index in 0..orders {
            let transfer = workload_zipf().transfer(index);
            seen[transfer.debtor as usize] += 1;
            seen[transfer.creditor as usize] += 1;
        }
        // The share of rank 1 is 1 / sum of r^-0.99, 9.75 %; of rank 2 it is that over 2^0.99. Drawing the two accounts of
        // an order without replacement lowers the share of the first a little.
        let share = |account: usize| f64::from(seen[account]) / (2 * orders) as f64;
        assert!((0.085..0.098).contains(&share(0)), "{}", share(0));
        assert!((1.8..2.1).contains(&(share(0) / share(RANK_STRIDE as usize))));
        let drawn = seen.iter().filter(|count| **count > 0).count();
        assert!(drawn > 9_000, "only {drawn} accounts were drawn at all");
    }

    fn workload_zipf() -> &'static Workload {
        static ZIPF: std::sync::LazyLock<Workload> = std::sync::LazyLock::new(|| workload(Distribution::Zipf));
        &ZIPF
    }

    #[test]
    fn some_orders_are_refused_early_and_late() {
        for distribution in [Distribution::Uniform, Distribution::Zipf] {
            let workload = workload(distribution);
            let mut books = Reference::new();
            let mut refused_among = |range: std::ops::Range<u64>| {
                let orders = range.end - range.start;
                let refused = range.filter(|index| !books.settles(&workload.transfer(*index))).count();
                refused as f64 / orders as f64
            };
            let (early, _, late) =
                (refused_among(0..5_000), refused_among(5_000..900_000), refused_among(900_000..1_000_000));
            assert!((0.01..0.25).contains(&early), "{distribution:?} early {early}");
            assert!((0.01..0.25).contains(&late), "{distribution:?} late {late}");
        }
    }
}
