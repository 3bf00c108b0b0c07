//! The ladder below the optimiser.

use super::problem::Problem;
use super::selection::Selection;
use std::collections::{BTreeMap, BTreeSet};

/// What a payment that does not go holds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Nothing: others bypass it.
    Nothing,
    /// Later payments of its payer and class.
    Class,
    /// Later payments of its payer and class, and those of lower classes.
    Queue,
}

/// How often [`fill`] goes over all payments, and [`bilateral_offset`] over all pairs, at most: two parties who pay each
/// other in turn could make them go over a long queue as often as it is long. What is left waits for the next run.
const PASSES: u32 = 64;

/// First in, first out.
pub(super) fn fifo(problem: &Problem) -> Selection<'_> {
    let mut selection = Selection::empty(problem);
    fill(&mut selection, &problem.in_order(), Holds::Queue);
    selection
}

/// First in, first out, but what cannot go now holds up nothing.
pub(super) fn bypass_fifo(problem: &Problem) -> Selection<'_> {
    let mut selection = Selection::empty(problem);
    fill(&mut selection, &problem.in_order(), Holds::Nothing);
    selection
}

/// Adds payments one at a time in this order, again and again until none can be added.
pub(super) fn fill(selection: &mut Selection, order: &[u32], holds: Holds) {
    let problem = selection.problem;
    // A payment that did not fit is tried again only after one of its rows has moved.
    let mut moved_in_pass = vec![1u32; problem.levels.len()];
    let mut pass = 1;
    while pass <= PASSES {
        let before = selection.score();
        let mut held = vec![[false; 3]; problem.parties];
        for &payment in order {
            let entry = &problem.payments[payment as usize];
            let (payer, class) = (entry.payer as usize, usize::from(entry.class));
            if selection.has(payment) || held[payer][class] {
                continue;
            }
            let may_fit = problem.legs(payment).iter().any(|leg| moved_in_pass[leg.row as usize] + 1 >= pass);
            if may_fit && selection.try_add(payment) {
                for leg in problem.legs(payment) {
                    moved_in_pass[leg.row as usize] = pass;
                }
            } else {
                match holds {
                    Holds::Nothing => {}
                    Holds::Class => held[payer][class] = true,
                    Holds::Queue => held[payer][class..].fill(true),
                }
            }
        }
        if selection.score() == before {
            return;
        }
        pass += 1;
    }
}

/// [`bypass_fifo`], then for each pair of parties what both have queued to each other, less what has to be taken out;
/// until nothing more can go, or for as many passes as there may be.
pub(super) fn bilateral_offset(problem: &Problem) -> Selection<'_> {
    let mut selection = bypass_fifo(problem);
    let order = problem.in_order();
    let mut pairs: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for &payment in &order {
        let entry = &problem.payments[payment as usize];
        pairs.entry((entry.payer.min(entry.payee), entry.payer.max(entry.payee))).or_default().push(payment);
    }
    for _ in 0..PASSES {
        let before = selection.score();
        for payments in pairs.values() {
            let waiting: Vec<u32> = payments.iter().copied().filter(|&payment| !selection.has(payment)).collect();
            let payers: BTreeSet<u32> = waiting.iter().map(|&at| problem.payments[at as usize].payer).collect();
            if payers.len() == 2 {
                waiting.iter().for_each(|&payment| selection.add(payment));
                take_out(&mut selection, &waiting, Holds::Nothing);
            }
        }
        if selection.score() == before {
            break;
        }
        fill(&mut selection, &order, Holds::Nothing);
    }
    selection
}

/// All payments less what has to be taken out, then what fits of that.
pub(super) fn multilateral(problem: &Problem, holds: Holds) -> Selection<'_> {
    let order = problem.in_order();
    let mut selection = Selection::empty(problem);
    order.iter().for_each(|&payment| selection.add(payment));
    take_out(&mut selection, &order, holds);
    fill(&mut selection, &order, holds);
    selection
}

/// Takes payments out of a set that is beyond limits until it is within all of them.
///
/// While a row is beyond a limit (the first such row, if several are), the last of these payments that moves it that way is
/// taken out; they are given in the order in which queues are worked off, so that is the latest of the lowest class.
/// The set without any of these payments must be within all limits; then so is the result. With floors alone the result
/// does not depend on which row comes first, and no larger set keeps the order of every queue: whatever has been taken out
/// is not in any such set, so with what is left the next one is not either.
pub(super) fn take_out(selection: &mut Selection, payments: &[u32], holds: Holds) {
    let problem = selection.problem;
    let (mut lowering, mut raising) = (BTreeMap::<u32, Vec<u32>>::new(), BTreeMap::<u32, Vec<u32>>::new());
    for &payment in payments {
        for leg in problem.legs(payment) {
            match leg.change.signum() {
                -1 => lowering.entry(leg.row).or_default().push(payment),
                1 => raising.entry(leg.row).or_default().push(payment),
                _ => {}
            }
        }
    }
    let mut to_check: BTreeSet<u32> = lowering.keys().chain(raising.keys()).copied().collect();
    while let Some(row) = to_check.pop_first() {
        selection.steps += 1;
        let side = match (selection.is_short(row as usize), selection.is_over(row as usize)) {
            (true, _) => lowering.get_mut(&row),
            (_, true) => raising.get_mut(&row),
            _ => continue,
        };
        let Some(last) = side.and_then(Vec::pop) else {
            debug_assert!(false, "without the payments that lower it, a row is not short; likewise for the others");
            continue;
        };
        to_check.insert(row);
        for payment in with_later_ones(selection, last, holds) {
            selection.remove(payment);
            to_check.extend(problem.legs(payment).iter().map(|leg| leg.row));
        }
    }
}

/// The payments that have to leave a set with this one, itself included: none if it has left already.
fn with_later_ones(selection: &Selection, payment: u32, holds: Holds) -> Vec<u32> {
    if !selection.has(payment) {
        return Vec::new();
    }
    let problem = selection.problem;
    match holds {
        Holds::Nothing => vec![payment],
        // What came after the first that is not in the set has left already.
        Holds::Class => {
            let next = |&at: &u32| problem.neighbours(at).1.filter(|&later| selection.has(later));
            std::iter::successors(Some(payment), next).collect()
        }
        Holds::Queue => unreachable!("nothing is taken out of a first-in-first-out set"),
    }
}
