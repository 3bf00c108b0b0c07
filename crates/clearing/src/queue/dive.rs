//! From payments settled in part to payments settled or not.

use super::problem::Problem;
use super::random::Sequence;
use super::relaxation::Relaxation;
use super::selection::Selection;

/// Rounds what is settled in part, the largest payments first, each to the nearer side if the rest can be led another way;
/// `random` varies order and sides, and a `guide` makes its own sides likelier. The set may end beyond limits, if not far.
///
/// Stops rounding with care once it has looked at `arcs` arcs.
pub(super) fn dive<'a>(
    problem: &'a Problem,
    relaxation: &mut Relaxation,
    payments: &[u32],
    arcs: u64,
    mut random: Option<&mut Sequence>,
    guide: Option<&Selection>,
) -> Selection<'a> {
    let mut order: Vec<usize> = (0..payments.len()).collect();
    order.sort_by_cached_key(|&arc| {
        let value = u128::from(problem.payments[payments[arc] as usize].value);
        let factor = random.as_mut().map_or(64, |random| 32 + random.next() % 64);
        std::cmp::Reverse(value * u128::from(factor))
    });
    while relaxation.scanned < arcs {
        let undecided = |arc: &usize| !relaxation.is_fixed(*arc) && relaxation.is_partial(*arc);
        // A payment settled in full still has to lose what its payee does not get.
        let unpaid =
            |arc: &usize| !relaxation.is_fixed(*arc) && relaxation.flow(*arc) > 0 && problem.loss(payments[*arc]) > 0;
        let next = order.iter().copied().find(undecided).or_else(|| order.iter().copied().find(unpaid));
        let Some(arc) = next else { break };
        // Eighths of its value from which it is settled.
        let even = random.as_mut().map_or(4, |random| 2 + random.next() % 5);
        let threshold = match guide.map(|guide| guide.has(payments[arc])) {
            None => even,
            Some(true) => even.saturating_sub(3),
            Some(false) => even + 3,
        };
        let (flow, capacity) = (u128::from(relaxation.flow(arc)), u128::from(relaxation.capacity(arc)));
        let settle = flow * 8 >= capacity * u128::from(threshold);
        let loss = problem.loss(payments[arc]);
        let payee = problem.payments[payments[arc] as usize].payee;
        if !relaxation.try_fix(arc, settle, loss, payee) && !relaxation.try_fix(arc, !settle, loss, payee) {
            relaxation.leave(arc);
        }
    }
    let mut selection = Selection::empty(problem);
    for (arc, &payment) in payments.iter().enumerate() {
        if u128::from(relaxation.flow(arc)) * 2 >= u128::from(relaxation.capacity(arc)) {
            selection.add(payment);
        }
    }
    selection
}
