//! Examples that can be checked with a pencil.

use crate::checker::wrong_with;
use clearing::queue::{Algorithm, BilateralLimit, Class, Instance, Party, Payment, Rung, SideAccount, resolve};

const OPTIMISER: Algorithm = Algorithm::Optimiser { budget: 10_000, strict_order: false };
const STRICT: Algorithm = Algorithm::Optimiser { budget: 10_000, strict_order: true };
const RUNGS: [Algorithm; 4] =
    [Algorithm::Fifo, Algorithm::BypassFifo, Algorithm::BilateralOffset, Algorithm::Multilateral];

/// Parties with these balances, and payments (payer, payee, amount).
fn instance<const N: usize, const M: usize>(balances: [i128; N], payments: [(u32, u32, u64); M]) -> Instance {
    Instance {
        parties: balances.map(Party::with_balance).to_vec(),
        payments: payments.map(|(payer, payee, amount)| Payment::new(payer, payee, amount)).to_vec(),
        ..Instance::default()
    }
}

#[track_caller]
fn settles(instance: &Instance, algorithm: Algorithm, expected: &[u32]) {
    let resolution = resolve(instance, algorithm).expect("an instance");
    assert_eq!(resolution.settled, expected, "{algorithm:?}");
    assert_eq!(wrong_with(instance, &resolution.settled), None, "{algorithm:?}");
}

/// Two parties without means and opposite payments: the smallest gridlock.
#[test]
fn two_in_gridlock() {
    let gridlock = instance([0, 0], [(0, 1, 10), (1, 0, 10)]);
    settles(&gridlock, Algorithm::Fifo, &[]);
    settles(&gridlock, Algorithm::BypassFifo, &[]);
    for algorithm in [Algorithm::BilateralOffset, Algorithm::Multilateral, OPTIMISER, STRICT] {
        settles(&gridlock, algorithm, &[0, 1]);
    }
}

/// A ring of three has no pair to offset.
#[test]
fn a_ring_of_three() {
    let ring = instance([0, 0, 0], [(0, 1, 10), (1, 2, 10), (2, 0, 10)]);
    settles(&ring, Algorithm::BilateralOffset, &[]);
    for algorithm in [Algorithm::Multilateral, OPTIMISER, STRICT] {
        settles(&ring, algorithm, &[0, 1, 2]);
    }
}

/// With one unit less than the largest difference, the ring does not close; with it, it does.
#[test]
fn a_ring_that_needs_a_little() {
    let ring = |means| instance([means, 0, 0], [(0, 1, 12), (1, 2, 11), (2, 0, 10)]);
    settles(&ring(1), Algorithm::Multilateral, &[]);
    settles(&ring(1), OPTIMISER, &[]);
    settles(&ring(2), Algorithm::Multilateral, &[0, 1, 2]);
    settles(&ring(2), OPTIMISER, &[0, 1, 2]);
}

/// Removal takes the latest payment out, which is the largest here; the optimiser takes out the smaller one.
#[test]
fn the_optimiser_settles_more_than_removal() {
    let queue = instance([5, 0], [(0, 1, 20), (0, 1, 40), (1, 0, 40)]);
    settles(&queue, Algorithm::Multilateral, &[]);
    settles(&queue, OPTIMISER, &[1, 2]);
    // In strict order the 40 may not overtake the 20.
    settles(&queue, STRICT, &[]);
    let resolution = resolve(&queue, OPTIMISER).expect("an instance");
    assert_eq!((resolution.value, resolution.gap(), resolution.count()), (80, 5, 2));
    assert_eq!(resolution.tried.last().map(|step| (step.rung, step.value)), Some((Rung::Search, 80)));
}

/// First in, first out waits behind the first; bypass does not.
#[test]
fn bypass() {
    let queue = instance([10, 0], [(0, 1, 20), (0, 1, 10)]);
    settles(&queue, Algorithm::Fifo, &[]);
    settles(&queue, Algorithm::BypassFifo, &[1]);
    settles(&queue, STRICT, &[]);
}

/// An urgent payment that waits holds up normal ones under first-in-first-out, but not in the optimiser's strict order.
#[test]
fn classes_in_strict_order() {
    let mut queue = instance([10, 0], [(0, 1, 10), (0, 1, 20)]);
    queue.payments[1].class = Class::Urgent;
    settles(&queue, Algorithm::Fifo, &[]);
    settles(&queue, STRICT, &[0]);
}

/// What is kept for urgent payments cannot be used by normal ones, nor with them.
#[test]
fn floors_by_class() {
    let mut queue = instance([10, 0], [(0, 1, 4), (0, 1, 8)]);
    queue.parties[0].floors = [0, 0, 5];
    queue.payments[1].class = Class::Urgent;
    for algorithm in RUNGS.into_iter().chain([OPTIMISER, STRICT]) {
        settles(&queue, algorithm, &[1]);
    }
    queue.payments[1].debit = 1;
    queue.payments[1].credit = 1;
    settles(&queue, OPTIMISER, &[0, 1]);
}

#[test]
fn a_ceiling_keeps_payments_out() {
    let mut queue = instance([30, 0], [(0, 1, 10), (0, 1, 15)]);
    queue.parties[1].ceiling = 15;
    settles(&queue, Algorithm::Fifo, &[0]);
    settles(&queue, Algorithm::Multilateral, &[0]);
    settles(&queue, OPTIMISER, &[1]);
}

/// The limit is on the net: 10 more are possible for each 10 that come back.
#[test]
fn a_bilateral_limit_is_on_the_net() {
    let mut queue = instance([100, 100], [(0, 1, 10), (0, 1, 10), (1, 0, 10)]);
    queue.limits.push(BilateralLimit { debtor: 0, creditor: 1, net: 3, most: 12 });
    settles(&queue, OPTIMISER, &[0, 2]);
    queue.limits[0].most = 13;
    settles(&queue, OPTIMISER, &[0, 1, 2]);
}

/// The sponsored participant's own account has no means, though the party has.
#[test]
fn a_side_account_has_limits_of_its_own() {
    let mut queue = instance([100, 0], [(0, 1, 10), (0, 1, 20)]);
    queue.side_accounts.push(SideAccount { balance: 7, floor: 0, ceiling: i128::MAX });
    for (payment, side_amount) in queue.payments.iter_mut().zip([8, 7]) {
        (payment.payer_side, payment.side_amount) = (Some(0), side_amount);
    }
    for algorithm in RUNGS.into_iter().skip(1).chain([OPTIMISER]) {
        settles(&queue, algorithm, &[1]);
    }
}

/// What the payee does not get is not there for its own payments.
#[test]
fn a_difference_of_rates_is_lost() {
    let mut queue = instance([10, 0], [(0, 1, 10), (1, 0, 10)]);
    queue.payments[0].credit = 9;
    settles(&queue, OPTIMISER, &[0]);
    queue.payments[1] = Payment::new(1, 0, 9);
    settles(&queue, OPTIMISER, &[0, 1]);
}

/// Everybody pays one party and is paid by nobody: nothing can be settled, and the bound says so.
#[test]
fn one_sided_flows_settle_nothing() {
    let queue = instance([0, 0, 0, 0], [(1, 0, 10), (2, 0, 20), (3, 0, 30), (3, 2, 5)]);
    for algorithm in RUNGS.into_iter().chain([OPTIMISER, STRICT]) {
        settles(&queue, algorithm, &[]);
        assert_eq!(resolve(&queue, algorithm).expect("an instance").bound, 0);
    }
}

#[test]
fn nothing_queued() {
    let queue = instance([0, 0], []);
    for algorithm in RUNGS.into_iter().chain([OPTIMISER, STRICT]) {
        settles(&queue, algorithm, &[]);
        assert_eq!(resolve(&queue, algorithm).expect("an instance").gap_ratio(), None);
    }
}

/// Of equal values the larger count: one payment of 10, or two of 5.
#[test]
fn then_the_largest_count() {
    let queue = instance([10, 0], [(0, 1, 10), (0, 1, 5), (0, 1, 5)]);
    settles(&queue, OPTIMISER, &[1, 2]);
}

/// Rounding can leave a payee nothing in the unit of account.
#[test]
fn a_payee_that_gets_nothing() {
    let mut queue = instance([1, -1], [(0, 1, 1)]);
    queue.payments[0].credit = 0;
    for algorithm in RUNGS.into_iter().chain([OPTIMISER, STRICT]) {
        settles(&queue, algorithm, &[0]);
    }
}
