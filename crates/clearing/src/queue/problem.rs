//! An instance checked and brought into the form that the algorithms work on: rows with bounds, and payments that move them.

use super::{Instance, InstanceError};
use std::collections::BTreeMap;

/// What a payment does to a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub row: u32,
    /// Negative for what is taken; zero only for a payee that gets nothing.
    pub change: i128,
}

/// Everything that has a limit is a row with a level: parties first, then pairs with a bilateral limit (the level is what
/// the first owes the second, net), then side accounts.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// Rows that are parties come first; they alone have floors by class.
    pub parties: usize,
    pub levels: Vec<i128>,
    /// By row that is not a party (offset by `parties`): the lowest level allowed.
    lowest: Vec<i128>,
    /// By party and class.
    floors: Vec<[i128; 3]>,
    pub highest: Vec<i128>,
    pub payments: Vec<Move>,
    legs: Vec<Leg>,
    /// By payment: the one before it and the one after it of the same payer and class.
    neighbours: Vec<(Option<u32>, Option<u32>)>,
    /// By row: payments that lower it, those of the highest class first, each class in order of entry.
    lowering: Vec<Vec<u32>>,
    /// By row: payments that raise it, in the same order.
    raising: Vec<Vec<u32>>,
}

/// A payment as a move of rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub payer: u32,
    pub payee: u32,
    pub class: u8,
    pub value: u64,
    first_leg: u32,
    last_leg: u32,
}

impl Problem {
    pub fn new(instance: &Instance) -> Result<Self, InstanceError> {
        super::check::check(instance)?;
        let parties = instance.parties.len();
        let mut levels: Vec<i128> = instance.parties.iter().map(|party| party.balance).collect();
        let mut highest: Vec<i128> = instance.parties.iter().map(|party| party.ceiling.max(party.balance)).collect();
        let mut lowest = Vec::new();

        let mut pairs: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for limit in &instance.limits {
            let forward = limit.debtor < limit.creditor;
            let pair = (limit.debtor.min(limit.creditor), limit.debtor.max(limit.creditor));
            let net = if forward { limit.net } else { -limit.net };
            let row = *pairs.entry(pair).or_insert_with(|| {
                levels.push(net);
                lowest.push(i128::MIN);
                highest.push(i128::MAX);
                levels.len() as u32 - 1
            });
            let most = i128::from(limit.most).max(limit.net);
            if forward {
                highest[row as usize] = most;
            } else {
                lowest[row as usize - parties] = -most;
            }
        }
        let sides = levels.len() as u32;
        for side in &instance.side_accounts {
            levels.push(side.balance);
            lowest.push(side.floor.min(side.balance));
            highest.push(side.ceiling.max(side.balance));
        }

        let mut legs = Vec::with_capacity(instance.payments.len() * 2);
        let mut payments = Vec::with_capacity(instance.payments.len());
        for payment in &instance.payments {
            let first_leg = legs.len() as u32;
            let (debit, credit) = (i128::from(payment.debit), i128::from(payment.credit));
            let side_amount = i128::from(payment.side_amount);
            legs.push(Leg { row: payment.payer, change: -debit });
            legs.push(Leg { row: payment.payee, change: credit });
            let pair = (payment.payer.min(payment.payee), payment.payer.max(payment.payee));
            if let Some(&row) = pairs.get(&pair).filter(|_| credit > 0) {
                legs.push(Leg { row, change: if payment.payer < payment.payee { credit } else { -credit } });
            }
            if let Some(side) = payment.payer_side.filter(|_| side_amount > 0) {
                legs.push(Leg { row: sides + side, change: -side_amount });
            }
            if let Some(side) = payment.payee_side.filter(|_| side_amount > 0) {
                legs.push(Leg { row: sides + side, change: side_amount });
            }
            payments.push(Move {
                payer: payment.payer,
                payee: payment.payee,
                class: payment.class as u8,
                value: payment.debit,
                first_leg,
                last_leg: legs.len() as u32,
            });
        }
        let floors = instance.parties.iter().map(|party| party.floors).collect();
        let none = vec![Vec::new(); levels.len()];
        let (lowering, raising) = (none.clone(), none);
        let neighbours = neighbours(&payments);
        let mut problem =
            Problem { parties, levels, lowest, floors, highest, payments, legs, neighbours, lowering, raising };
        for payment in problem.in_order() {
            let entry = problem.payments[payment as usize];
            for leg in &problem.legs[entry.first_leg as usize..entry.last_leg as usize] {
                match leg.change.signum() {
                    -1 => problem.lowering[leg.row as usize].push(payment),
                    1 => problem.raising[leg.row as usize].push(payment),
                    _ => {}
                }
            }
        }
        Ok(problem)
    }

    /// What a payment does: its payer's row first, its payee's second.
    pub fn legs(&self, payment: u32) -> &[Leg] {
        let payment = &self.payments[payment as usize];
        &self.legs[payment.first_leg as usize..payment.last_leg as usize]
    }

    /// Payments that lower a row, for a party its queue: the highest class first, each class in order of entry.
    pub fn lowering(&self, row: usize) -> &[u32] {
        &self.lowering[row]
    }

    /// Payments that raise a row, in the same order.
    pub fn raising(&self, row: usize) -> &[u32] {
        &self.raising[row]
    }

    /// The payments before and after this one in the queue of its payer and class.
    pub fn neighbours(&self, payment: u32) -> (Option<u32>, Option<u32>) {
        self.neighbours[payment as usize]
    }

    /// What the payer gives and the payee does not get.
    pub fn loss(&self, payment: u32) -> u64 {
        let legs = self.legs(payment);
        (-legs[0].change - legs[1].change) as u64
    }

    /// All payments in the order in which queues are worked off: the highest class first, each in order of entry.
    pub fn in_order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.payments.len() as u32).collect();
        order.sort_by_key(|&at| self.payments[at as usize].class);
        order
    }

    /// The lowest level allowed of a row from which payments of classes up to `lowest_class` go (`None`: none does).
    pub fn floor(&self, row: usize, lowest_class: Option<usize>) -> i128 {
        match (row.checked_sub(self.parties), lowest_class) {
            (Some(at), _) => self.lowest[at],
            (None, Some(class)) => self.floors[row][class],
            (None, None) => i128::MIN,
        }
    }
}

fn neighbours(payments: &[Move]) -> Vec<(Option<u32>, Option<u32>)> {
    let mut neighbours = vec![(None, None); payments.len()];
    let mut last: BTreeMap<(u32, u8), u32> = BTreeMap::new();
    for (at, payment) in payments.iter().enumerate() {
        if let Some(earlier) = last.insert((payment.payer, payment.class), at as u32) {
            neighbours[at].0 = Some(earlier);
            neighbours[earlier as usize].1 = Some(at as u32);
        }
    }
    neighbours
}
