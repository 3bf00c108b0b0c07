//! What members paid and were paid today: sums that are kept up as orders end, since the union's state has them by cycle only.

use std::collections::BTreeMap;
use union::{OrderStatus, Union};

/// Orders of one currency that settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// How many.
    pub orders: u64,
    /// Their sum, in minor units of the currency.
    pub sum: u128,
}

/// By ISO 4217 number of the currency.
pub(crate) type Currencies = BTreeMap<u16, Settled>;

/// What settled on one day of the union's clock.
#[derive(Debug, Default)]
pub(crate) struct DayFlow {
    /// Days from 1 January 1970.
    day: u32,
    /// So many of all orders that ever ended were looked at.
    looked_at: u64,
    /// By member that pays, and by member that is paid.
    sides: BTreeMap<(u16, Side), Currencies>,
}

/// A side of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// It pays.
    Debtor,
    /// It is paid.
    Creditor,
}

impl DayFlow {
    /// Takes in the orders that ended since it was last told, and forgets those of an earlier day. The first time on a day it
    /// looks at all that ended on it.
    pub fn follow(&mut self, union: &Union) {
        let (today, ended) = (union.today().0, union.orders().all_closed());
        let forgotten = union.orders().forgotten();
        if self.day != today {
            let before = ended.partition_point(|order| order.ended_on < today) as u64;
            *self = DayFlow { day: today, looked_at: forgotten + before, sides: BTreeMap::new() };
        }
        let new = &ended[(self.looked_at - forgotten) as usize..];
        for order in new.iter().filter(|order| matches!(order.status(), OrderStatus::Settled | OrderStatus::Returned)) {
            for side in [(order.debtor, Side::Debtor), (order.creditor, Side::Creditor)] {
                let settled = self.sides.entry(side).or_default().entry(order.currency).or_default();
                settled.orders += 1;
                settled.sum += u128::from(order.amount);
            }
        }
        self.looked_at += new.len() as u64;
    }

    /// What settled on a side of a member.
    pub fn of(&self, member: u16, side: Side) -> Currencies {
        self.sides.get(&(member, side)).cloned().unwrap_or_default()
    }
}
