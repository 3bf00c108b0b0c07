//! Splits yearly figures into dated payments.
//!
//! Nobody publishes single payments between countries, so they are made up, with the figures as the only truth: the
//! payments of a pair add up to its figure, to the cent. Everything is integer arithmetic on one seed, so the payments
//! are the same on every machine.

mod size;
mod zipf;

use jiff::civil::Date;

use crate::payment::{Kind, Payment, Priority};
use crate::scenario::{Scenario, TradeFigure};
use crate::splitmix::SplitMix64;
use size::heavy_tailed_weight;
use zipf::Zipf;

/// Most payments a scenario is split into: 40 bytes each, two gigabytes in all.
pub const PAYMENTS_MAX: u32 = 50_000_000;

/// Least payments of a pair, however small its figure.
pub const PAYMENTS_PER_PAIR_MIN: u32 = 5;

/// Of a hundred payments, how many are between the members themselves.
const INTERBANK_PERCENT: u64 = 5;
/// Of a hundred payments, how many are urgent.
const URGENT_PERCENT: u64 = 2;
/// Of a hundred payments, how many are of high priority.
const HIGH_PERCENT: u64 = 8;

/// ISO 20022 external purpose codes of customers' payments and how many of a hundred bear them.
const CUSTOMER_PURPOSES: [([u8; 4], u64); 6] = [
    (*b"GDDS", 42), // purchase or sale of goods
    (*b"SUPP", 24), // supplier payment
    (*b"IVPT", 14), // invoice payment
    (*b"TRAD", 8),  // trade services
    (*b"COMC", 6),  // commercial payment
    (*b"GDSV", 6),  // purchase or sale of goods and services
];
/// The same for payments between members.
const INTERBANK_PURPOSES: [([u8; 4], u64); 2] = [
    (*b"CORT", 70), // trade settlement payment
    (*b"TREA", 30), // treasury payment
];

/// Why figures cannot be split into so many payments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// More payments than are ever held.
    #[error("{asked} payments asked for (at least {PAYMENTS_PER_PAIR_MIN} a pair); at most {PAYMENTS_MAX} are made")]
    TooMany {
        /// How many it would be.
        asked: u64,
    },
    /// A figure that is too small for its payments to be a cent each.
    #[error("{importer} owes {exporter} {amount} cents, too little for {payments} payments: ask for fewer")]
    FigureTooSmall {
        /// Code of the member that owes.
        importer: String,
        /// Code of the member that is owed.
        exporter: String,
        /// The figure, in US cents.
        amount: u64,
        /// Its payments.
        payments: u32,
    },
    /// Two members that are never open on the same day.
    #[error("{importer} and {exporter} have no business day in common: check their holidays")]
    NoBusinessDay {
        /// Code of the member that owes.
        importer: String,
        /// Code of the member that is owed.
        exporter: String,
    },
}

/// Splits every figure of the scenario into payments from the importer to the exporter, `at_least` in all, sorted by
/// date and time of day.
///
/// A pair gets payments in proportion to its figure (rounded up), and at least [`PAYMENTS_PER_PAIR_MIN`]. Sizes are
/// heavy-tailed; each is at least one cent and together they are the figure exactly. Dates are business days of both
/// members, times lie within business hours, participants are drawn by Zipf's law.
///
/// ```
/// let scenario = simulate::Scenario::latin_america_2006();
/// let payments = simulate::split(&scenario, 10_000)?;
/// assert!(payments.len() >= 10_000);
/// assert_eq!(payments.iter().map(|payment| u128::from(payment.amount)).sum::<u128>(), scenario.gross());
/// # Ok::<(), simulate::SplitError>(())
/// ```
///
/// # Errors
///
/// More payments than [`PAYMENTS_MAX`], a figure too small for its payments, or members that are never open together.
pub fn split(scenario: &Scenario, at_least: u32) -> Result<Vec<Payment>, SplitError> {
    let counts = payments_per_figure(scenario, at_least)?;
    let total = counts.iter().map(|&count| count as usize).sum();
    let mut payments = Vec::with_capacity(total);
    let participants = Zipf::new(scenario.payments.participants_per_member);
    // Every figure has a stream of its own: what is drawn for one does not shift the others.
    let mut seeds = SplitMix64::new(scenario.payments.seed);
    for (figure, &count) in scenario.trade.iter().zip(&counts) {
        let mut stream = SplitMix64::new(seeds.next());
        let days = scenario.joint_business_days(figure.importer.into(), figure.exporter.into());
        if days.is_empty() {
            let (importer, exporter) = codes(scenario, figure);
            return Err(SplitError::NoBusinessDay { importer, exporter });
        }
        let first = payments.len();
        for _ in 0..count {
            let sequence = u32::try_from(payments.len()).expect("at most PAYMENTS_MAX");
            payments.push(draw(&mut stream, scenario, figure, &days, &participants, sequence));
        }
        share_out(figure.amount, &mut payments[first..]);
    }
    // Ties of the clock go by the order in which they were drawn, so the sort need not be stable.
    payments.sort_unstable_by_key(|payment| (payment.date, payment.second_of_day, payment.sequence));
    for (sequence, payment) in (0..).zip(&mut payments) {
        payment.sequence = sequence;
    }
    Ok(payments)
}

/// How many payments each figure is split into.
fn payments_per_figure(scenario: &Scenario, at_least: u32) -> Result<Vec<u32>, SplitError> {
    let gross = scenario.gross();
    let counts: Vec<u64> = scenario
        .trade
        .iter()
        .map(|figure| {
            let in_proportion = (u128::from(at_least) * u128::from(figure.amount)).div_ceil(gross);
            u64::try_from(in_proportion).expect("no more than at_least").max(PAYMENTS_PER_PAIR_MIN.into())
        })
        .collect();
    let asked = counts.iter().sum();
    if asked > u64::from(PAYMENTS_MAX) {
        return Err(SplitError::TooMany { asked });
    }
    let mut fitting = Vec::with_capacity(counts.len());
    for (figure, count) in scenario.trade.iter().zip(counts) {
        let payments = u32::try_from(count).expect("at most PAYMENTS_MAX");
        if figure.amount < count {
            let (importer, exporter) = codes(scenario, figure);
            return Err(SplitError::FigureTooSmall { importer, exporter, amount: figure.amount, payments });
        }
        fitting.push(payments);
    }
    Ok(fitting)
}

/// Codes of importer and exporter.
fn codes(scenario: &Scenario, figure: &TradeFigure) -> (String, String) {
    let code = |member: u16| scenario.members[usize::from(member)].code.clone();
    (code(figure.importer), code(figure.exporter))
}

/// One payment, with a weight in place of its amount.
fn draw(
    stream: &mut SplitMix64,
    scenario: &Scenario,
    figure: &TradeFigure,
    days: &[Date],
    participants: &Zipf,
    sequence: u32,
) -> Payment {
    let hours = &scenario.payments;
    let kind = if stream.below(100) < INTERBANK_PERCENT { Kind::Interbank } else { Kind::Customer };
    let (debtor_participant, creditor_participant, purpose) = match kind {
        Kind::Interbank => (0, 0, purpose(stream, &INTERBANK_PURPOSES)),
        Kind::Customer => (participants.draw(stream), participants.draw(stream), purpose(stream, &CUSTOMER_PURPOSES)),
    };
    Payment {
        sequence,
        date: *stream.pick(days),
        second_of_day: hours.opens + stream.below((hours.closes - hours.opens).into()) as u32,
        debtor: figure.importer,
        creditor: figure.exporter,
        debtor_participant,
        creditor_participant,
        amount: heavy_tailed_weight(stream),
        priority: match stream.below(100) {
            percent if percent < URGENT_PERCENT => Priority::Urgent,
            percent if percent < URGENT_PERCENT + HIGH_PERCENT => Priority::High,
            _ => Priority::Normal,
        },
        kind,
        purpose,
    }
}

/// One of the codes, as often as its share of a hundred says.
fn purpose(stream: &mut SplitMix64, shares: &[([u8; 4], u64)]) -> [u8; 4] {
    let mut percent = stream.below(100);
    for &(code, share) in shares {
        if percent < share {
            return code;
        }
        percent -= share;
    }
    unreachable!("the shares add up to a hundred")
}

/// Turns weights into amounts that add up to `figure` exactly: a cent each, and the rest in proportion to the weights.
///
/// Rounding: the running total of amounts is rounded down, so that no payment is off by a cent or more and nothing is
/// left over at the end.
fn share_out(figure: u64, payments: &mut [Payment]) {
    // Weights stay below 2^37 and payments below 2^26, figures below 2^57: the products fit in 128 bits.
    let weights: u128 = payments.iter().map(|payment| u128::from(payment.amount)).sum();
    let rest = u128::from(figure - payments.len() as u64);
    let (mut weight_so_far, mut shared_so_far) = (0_u128, 0_u128);
    for payment in payments {
        weight_so_far += u128::from(payment.amount);
        let shared = rest * weight_so_far / weights;
        payment.amount = 1 + u64::try_from(shared - shared_so_far).expect("no more than the figure");
        shared_so_far = shared;
    }
}

#[cfg(test)]
mod tests {
    use super::{CUSTOMER_PURPOSES, INTERBANK_PURPOSES, SplitError, split};
    use crate::scenario::{Holiday, Scenario};

    #[test]
    fn shares_add_up() {
        assert_eq!(CUSTOMER_PURPOSES.iter().map(|purpose| purpose.1).sum::<u64>(), 100);
        assert_eq!(INTERBANK_PURPOSES.iter().map(|purpose| purpose.1).sum::<u64>(), 100);
    }

    #[test]
    fn refusals() {
        let scenario = Scenario::latin_america_2006();
        let error = split(&scenario, u32::MAX).expect_err("too many").to_string();
        assert!(error.ends_with("at most 50000000 are made"), "{error}");

        let mut small = scenario.clone();
        small.trade[1].amount = 4;
        assert_eq!(
            split(&small, 1_000),
            Err(SplitError::FigureTooSmall { importer: "BRA".into(), exporter: "ARG".into(), amount: 4, payments: 5 })
        );
        small.trade[1].amount = 5;
        let payments = split(&small, 1_000).expect("a cent each");
        assert_eq!(
            payments
                .iter()
                .filter(|payment| payment.debtor == 2 && payment.creditor == 0 && payment.amount == 1)
                .count(),
            5
        );

        let mut closed = scenario.clone();
        let year = closed.joint_business_days(0, 0);
        closed.members[0].holidays = year.into_iter().map(|date| Holiday { date, name: "closed".into() }).collect();
        // The year's own holidays are no longer in the list, so only the days that were open before are closed now.
        closed.members[0].holidays.extend(scenario.members[0].holidays.iter().cloned());
        closed.members[0].holidays.sort_by_key(|holiday| holiday.date);
        assert_eq!(
            split(&closed, 1_000),
            Err(SplitError::NoBusinessDay { importer: "BOL".into(), exporter: "ARG".into() })
        );
    }
}
