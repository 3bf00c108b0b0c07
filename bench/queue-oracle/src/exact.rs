//! The exact optimum by mixed-integer programming.

use clearing::queue::Instance;
use highs::{HighsModelStatus, RowProblem, Sense};
use std::collections::BTreeMap;

/// What HiGHS found.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    /// Value of its best set.
    pub value: u128,
    /// No set has more, up to its tolerances: the same as `value` if it has proved it.
    pub bound: u128,
    pub proved: bool,
    pub seconds: f64,
}

/// Solves for the largest value, in this time at most. Side accounts, and credits other than debits, are not modelled.
pub fn solve(instance: &Instance, strict_order: bool, seconds: f64) -> Exact {
    let mut model = RowProblem::new();
    let columns: Vec<_> = instance.payments.iter().map(|p| model.add_integer_column(p.debit as f64, 0..=1)).collect();
    let parties = instance.parties.len();
    let mut rows: Vec<Vec<(highs::Col, f64)>> = vec![Vec::new(); parties];
    let mut pairs: BTreeMap<(u32, u32), Vec<(highs::Col, f64)>> = BTreeMap::new();
    let mut paid: BTreeMap<(usize, usize), Vec<(highs::Col, f64)>> = BTreeMap::new();
    for (payment, &column) in instance.payments.iter().zip(&columns) {
        rows[payment.payer as usize].push((column, -(payment.debit as f64)));
        rows[payment.payee as usize].push((column, payment.credit as f64));
        pairs.entry((payment.payer, payment.payee)).or_default().push((column, payment.credit as f64));
        pairs.entry((payment.payee, payment.payer)).or_default().push((column, -(payment.credit as f64)));
        paid.entry((payment.payer as usize, payment.class as usize)).or_default().push((column, 1.0));
    }
    for ((at, party), row) in instance.parties.iter().enumerate().zip(&rows) {
        let least = (party.floors[0] - party.balance) as f64;
        if party.ceiling == i128::MAX {
            model.add_row(least.., row);
        } else {
            model.add_row(least..=(party.ceiling - party.balance) as f64, row);
        }
        // Classes with a higher floor: a switch that is on if any of them is paid, and raises the floor.
        for class in 1..3 {
            if let Some(terms) = paid.get(&(at, class)).filter(|_| party.floors[class] > party.floors[0]) {
                let switch = model.add_integer_column(0.0, 0..=1);
                for &(column, _) in terms {
                    model.add_row(0.., [(switch, 1.0), (column, -1.0)]);
                }
                let mut raised = row.clone();
                raised.push((switch, -((party.floors[class] - party.floors[0]) as f64)));
                model.add_row(least.., raised);
            }
        }
    }
    if strict_order {
        let mut last = BTreeMap::new();
        for (payment, &column) in instance.payments.iter().zip(&columns) {
            if let Some(earlier) = last.insert((payment.payer, payment.class as usize), column) {
                model.add_row(0.., [(earlier, 1.0), (column, -1.0)]);
            }
        }
    }
    for limit in &instance.limits {
        if let Some(terms) = pairs.get(&(limit.debtor, limit.creditor)) {
            model.add_row(..=(i128::from(limit.most) - limit.net) as f64, terms);
        }
    }

    let started = std::time::Instant::now();
    let mut model = model.optimise(Sense::Maximise);
    model.make_quiet();
    model.set_option("threads", 1);
    model.set_option("time_limit", seconds);
    model.set_option("mip_rel_gap", 0.0);
    model.set_option("mip_feasibility_tolerance", 1e-9);
    model.set_option("primal_feasibility_tolerance", 1e-9);
    let solved = model.solve();
    let proved = solved.status() == HighsModelStatus::Optimal;
    let solution = solved.get_solution();
    let value = instance
        .payments
        .iter()
        .zip(solution.columns())
        .filter(|&(_, &chosen)| chosen > 0.5)
        .map(|(payment, _)| u128::from(payment.debit))
        .sum();
    let dual = solved.double_info_value(c"mip_dual_bound").expect("HiGHS knows its bound");
    let bound = if proved { value } else { dual.clamp(0.0, 1e30).ceil() as u128 };
    Exact { value, bound, proved, seconds: started.elapsed().as_secs_f64() }
}
