//! What members paid each other in a cycle, before netting. A fold over events, from any state in which the cycle has not closed.

use crate::charter::MEMBERS_MAX;
use crate::event::{Applied, Event};
use crate::order::OrderStatus;
use crate::rows::Cycle;
use crate::state::Union;
use clearing::Flows;

/// What settled between members in one cycle, in minor units of the unit of account, at what creditors got: as the books count it.
#[derive(Clone, Debug)]
pub struct CycleFlows {
    cycle: u32,
    /// Between as many as a union can have: members are admitted while a cycle is open.
    flows: Flows,
}

impl CycleFlows {
    /// Of a cycle that is open in `union`, with what settled in it so far, or that opens later. `None` for one that has closed: no state
    /// has its flows any more.
    pub fn new(union: &Union, cycle: u32) -> Option<Self> {
        let open = union.open_cycle_row().number;
        let mut found = CycleFlows { cycle, flows: Flows::new(MEMBERS_MAX) };
        if cycle == open {
            for pair in union.open_flows().bilateral_positions() {
                found.record(pair.first, pair.second, pair.owed_by_first);
                found.record(pair.second, pair.first, pair.owed_by_second);
            }
        }
        (cycle >= open).then_some(found)
    }

    /// Takes in the next block. The cycle as it closed, once it did: it may close, and the next one open, within a block.
    pub fn block(&mut self, applied: &Applied) -> Option<Cycle> {
        for event in &applied.events {
            match event {
                Event::Order(order) if order.status == OrderStatus::Settled && order.cycle == self.cycle => {
                    let (debtor, creditor) = (order.payment.debtor, order.payment.creditor);
                    self.record(debtor.into(), creditor.into(), order.unit_credit.into());
                }
                Event::CycleClosed(closed) if closed.number == self.cycle => return Some(*closed),
                _ => {}
            }
        }
        None
    }

    fn record(&mut self, debtor: usize, creditor: usize, amount: u128) {
        self.flows.record(debtor, creditor, amount).expect("the ledger bounds what a line carries");
    }

    /// Whether they sum and net to the figures with which the cycle closed.
    pub fn add_up_to(&self, closed: &Cycle) -> bool {
        let figures = [self.flows.gross(), self.flows.bilateral_net_total(), self.flows.multilateral_net_total()];
        figures == [closed.gross, closed.bilateral_net, closed.multilateral_net]
    }

    /// The flows.
    pub fn finish(self) -> Flows {
        self.flows
    }
}
