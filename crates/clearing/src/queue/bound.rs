//! What no set can exceed.

use super::problem::Problem;
use super::relaxation::Relaxation;
use crate::flow::{Arc, Network, minimum_cost};

/// What no set of payments within all limits can settle, minor units of the unit of account.
///
/// Payments that fit in no set are left out ([`possible`]). For the others, payments may be settled in part, and only
/// parties' floors and ceilings count: a circulation of largest value through a network of the parties and one more node
/// that stands for balances. An arc for each payment carries up to its debit and is worth one a unit. From the node for
/// balances, each party draws at most what it may end with less; to it, each gives at most what it may end with more.
///
/// *Proof.* Take a set within all limits. Let each of its payments carry its debit and all others nothing. A party then has
/// `balance + debits in - debits out`, which is at least what it ends with, as no credit exceeds its debit. If it pays
/// in the set, it ends at or above the floor of a class that it has queued; if not, at or above its balance. So what leaves
/// it beyond what enters it is at most `balance - min(balance, floor)` with the lowest such floor. And what enters it
/// beyond what leaves it exceeds what it ends with, less its balance, by debits less credits of the payments to it, so it is at most
/// `ceiling - balance` plus the sum of these over all payments to it. Hence this is a circulation of the network, and the
/// largest has at least its value. Amounts too large for the flow's range are divided by a power of two and rounded up,
/// capacities all of them, so that every circulation divided by it is still one.
pub(super) fn bound(problem: &Problem, possible: &[bool]) -> (u128, Option<Relaxation>) {
    let mut drawn = vec![0i128; problem.parties];
    let mut given = vec![0i128; problem.parties];
    let mut lost = vec![0i128; problem.parties];
    let mut lowest: Vec<i128> = problem.levels[..problem.parties].to_vec();
    let mut total = 0u128;
    for (at, payment) in problem.payments.iter().enumerate().filter(|&(at, _)| possible[at]) {
        let (payer, payee) = (payment.payer as usize, payment.payee as usize);
        drawn[payer] += i128::from(payment.value);
        given[payee] += i128::from(payment.value);
        lost[payee] += i128::from(payment.value) - problem.legs(at as u32)[1].change;
        lowest[payer] = lowest[payer].min(problem.floor(payer, Some(usize::from(payment.class))));
        total += u128::from(payment.value);
    }
    // Everything that a capacity can be is at most the total.
    let shift = (u128::BITS - total.leading_zeros()).saturating_sub(62);
    let scaled = |amount: i128| (amount.max(0).unsigned_abs().div_ceil(1 << shift)) as u64;
    let hub = problem.parties as u32;
    let mut arcs = Vec::with_capacity(problem.payments.len() + 2 * problem.parties);
    for (_, payment) in problem.payments.iter().enumerate().filter(|&(at, _)| possible[at]) {
        let capacity = scaled(i128::from(payment.value));
        arcs.push(Arc { tail: payment.payer, head: payment.payee, capacity, cost: -1 });
    }
    let payments = arcs.len();
    for party in 0..problem.parties {
        let level = problem.levels[party];
        let capacity = scaled(level.saturating_sub(lowest[party]).min(drawn[party]));
        arcs.push(Arc { tail: hub, head: party as u32, capacity, cost: 0 });
        let room = problem.highest[party].saturating_sub(level).saturating_add(lost[party]);
        let capacity = scaled(room.min(given[party]));
        arcs.push(Arc { tail: party as u32, head: hub, capacity, cost: 0 });
    }
    let network = Network { nodes: hub + 1, supplies: Vec::new(), arcs };
    match minimum_cost(&network) {
        Ok(solution) => {
            let flows = network.arcs.iter().zip(&solution.flows).filter(|(arc, _)| arc.cost < 0);
            let value: u128 = flows.map(|(_, &flow)| u128::from(flow)).sum();
            let relaxation = (shift == 0).then(|| Relaxation::new(&network, &solution, payments));
            ((value << shift).min(total), relaxation)
        }
        // Beyond what the flow kernel takes: then all that is possible at all.
        Err(_) => (total, None),
    }
}

/// Which payments can be in any set at all: those for which their rows have enough if everything that raises them goes and
/// they alone lower them, and likewise for ceilings. In strict order, what comes before them goes with them.
///
/// What is found impossible is left out in the next round; after [`ROUNDS`] it is good enough. With floors alone, one class
/// and strict order, what is possible at the end can all go together, and the bound is exact.
pub(super) fn possible(problem: &Problem, strict_order: bool) -> Vec<bool> {
    let mut possible = vec![true; problem.payments.len()];
    for _ in 0..ROUNDS {
        let (mut most, mut least) = (problem.levels.clone(), problem.levels.clone());
        for payment in (0..problem.payments.len()).filter(|&payment| possible[payment]) {
            for leg in problem.legs(payment as u32) {
                let side = if leg.change >= 0 { &mut most } else { &mut least };
                side[leg.row as usize] += leg.change;
            }
        }
        let mut changed = false;
        // By party and class: debits of what comes before, in strict order.
        let mut before = vec![[0i128; 3]; problem.parties];
        for (at, payment) in problem.payments.iter().enumerate() {
            let (payer, class) = (payment.payer as usize, usize::from(payment.class));
            let fits = problem.legs(at as u32).iter().all(|leg| {
                let row = leg.row as usize;
                if leg.change >= 0 {
                    return least[row] + leg.change <= problem.highest[row];
                }
                let ahead = if row == payer { before[payer][class] } else { 0 };
                most[row] + leg.change - ahead >= problem.floor(row, Some(class))
            });
            let (earlier, _) = problem.neighbours(at as u32);
            let fits = fits && !(strict_order && earlier.is_some_and(|earlier| !possible[earlier as usize]));
            if strict_order {
                before[payer][class] += i128::from(payment.value);
            }
            changed |= possible[at] && !fits;
            possible[at] &= fits;
        }
        if !changed {
            break;
        }
    }
    possible
}

/// How often [`possible`] goes over all payments.
const ROUNDS: usize = 256;
