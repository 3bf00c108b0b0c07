//! Queues as they come up between banks, from a seed.

use clearing::queue::{BilateralLimit, Class, Instance, Party, Payment};
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, LogNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

/// What kind of queue.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub seed: u64,
    pub payments: usize,
    pub parties: usize,
    /// Balances as a share of what each party has to pay, percent; a party's own is between none and twice of it.
    pub balance_percent: u64,
    /// Amounts rounded to two significant digits, as many real ones are, so that exact offsets exist.
    pub round: bool,
    /// Priorities with reservations, ceilings and bilateral limits as well.
    pub all_limits: bool,
}

/// The shapes that make up a sample: 20 to 1,000 payments among 10 to 200 parties, balances at 0 to 30 % of gross, each percentage as often, or this one.
pub fn shapes(count: usize, seed: u64, all_limits: bool, balance_percent: Option<u64>) -> Vec<Shape> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..count)
        .map(|at| {
            // Uniform in the logarithm: as many small queues as large ones.
            let payments = (20.0 * 50f64.powf(random.random::<f64>())).round() as usize;
            let parties = (10.0 * 20f64.powf(random.random::<f64>())).round() as usize;
            Shape {
                seed: seed.wrapping_mul(1_000_003).wrapping_add(at as u64),
                payments,
                parties: parties.min(payments),
                balance_percent: balance_percent.unwrap_or(at as u64 % 31),
                round: at / 31 % 2 == 1,
                all_limits,
            }
        })
        .collect()
}

/// A few core parties with most of the flows and a periphery; amounts log-normal with a heavy tail.
pub fn instance(shape: Shape) -> Instance {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(shape.seed);
    let parties = shape.parties;
    let core = (parties / 8).max(3);
    let amounts = LogNormal::new(50_000f64.ln(), 1.5).expect("a distribution");
    let mut payments = Vec::new();
    let mut gross = vec![0u64; parties];
    while payments.len() < shape.payments {
        let mut end =
            || if random.random_bool(0.7) { random.random_range(0..core) } else { random.random_range(0..parties) };
        let (payer, payee) = (end(), end());
        if payer == payee {
            continue;
        }
        let mut amount = (amounts.sample(&mut random) as u64).clamp(1, 50_000_000);
        if shape.round {
            let unit = 10u64.pow(amount.ilog10().saturating_sub(1));
            amount = amount / unit * unit;
        }
        let mut payment = Payment::new(payer as u32, payee as u32, amount);
        if shape.all_limits {
            payment.class = Class::ALL[[0, 1, 1, 2, 2, 2, 2, 2, 2, 2][random.random_range(0..10)]];
        }
        gross[payer] += amount;
        payments.push(payment);
    }
    let parties: Vec<Party> = gross
        .iter()
        .map(|gross| {
            let balance = i128::from(gross * shape.balance_percent / 100 * random.random_range(0..=200) / 100);
            let mut party = Party::with_balance(balance);
            if shape.all_limits {
                party.floors = [0, balance / 10, balance / 4];
                if random.random_bool(0.3) {
                    party.ceiling = balance + i128::from(gross / 4);
                }
            }
            party
        })
        .collect();
    let mut limits = Vec::new();
    if shape.all_limits {
        for debtor in 0..core as u32 {
            for creditor in 0..core as u32 {
                if debtor != creditor && random.random_bool(0.3) {
                    limits.push(BilateralLimit { debtor, creditor, net: 0, most: gross[debtor as usize] / 10 });
                }
            }
        }
    }
    Instance { parties, side_accounts: Vec::new(), limits, payments }
}
