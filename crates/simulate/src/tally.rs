//! Counting what a union did, block by block, for the report.

use crate::report::{CycleReport, Figures, MemberPosition, Report};
use crate::scenario::Scenario;
use clearing::Flows;
use money::Currency;
use std::collections::BTreeMap;
use std::time::Duration;
use union::{Applied, Cycle, Event, OrderStatus};

/// What settled, by member and cycle, from the events of blocks.
#[derive(Clone, Debug)]
pub struct Tally {
    year: Flows,
    cycles: BTreeMap<u32, CycleTally>,
    presented: u64,
}

#[derive(Clone, Debug)]
struct CycleTally {
    flows: Flows,
    presented: u64,
    settled: u64,
    closed: Option<Cycle>,
}

impl Tally {
    /// Nothing yet, for a union of so many members.
    #[must_use]
    pub fn new(members: usize) -> Self {
        Tally { year: Flows::new(members), cycles: BTreeMap::new(), presented: 0 }
    }

    fn cycle(&mut self, number: u32) -> &mut CycleTally {
        let members = self.year.parties();
        self.cycles.entry(number).or_insert_with(|| CycleTally {
            flows: Flows::new(members),
            presented: 0,
            settled: 0,
            closed: None,
        })
    }

    /// Counts orders that were presented in a cycle.
    pub fn presented(&mut self, cycle: u32, orders: u64) {
        self.presented += orders;
        self.cycle(cycle).presented += orders;
    }

    /// Counts what a block did.
    ///
    /// # Panics
    ///
    /// If a cycle closed with other figures than those that the settled orders add up to.
    pub fn block(&mut self, applied: &Applied) {
        for event in &applied.events {
            match event {
                Event::Order(order) if order.status == OrderStatus::Settled => {
                    let (debtor, creditor) = (usize::from(order.payment.debtor), usize::from(order.payment.creditor));
                    let amount = u128::from(order.unit_credit);
                    let bounded = "the books bound what settles";
                    self.year.record(debtor, creditor, amount).expect(bounded);
                    let cycle = self.cycle(order.cycle);
                    cycle.settled += 1;
                    cycle.flows.record(debtor, creditor, amount).expect(bounded);
                }
                Event::CycleClosed(closed) => {
                    let cycle = self.cycle(closed.number);
                    let figures = Figures::of(&cycle.flows);
                    assert_eq!(
                        (closed.gross, closed.bilateral_net, closed.multilateral_net, closed.settled_orders),
                        (figures.gross, figures.bilateral_net, figures.multilateral_net, cycle.settled),
                        "cycle {} closed with the figures of its orders",
                        closed.number,
                    );
                    cycle.closed = Some(*closed);
                }
                _ => {}
            }
        }
    }

    /// The report of a scenario that was run.
    #[must_use]
    pub fn report(&self, scenario: &Scenario, unit: Currency, state: [u8; 32], elapsed: Duration) -> Report {
        let cycles = scenario.cycles().into_iter().map(|period| {
            let cycle = self.cycles.get(&period.number);
            CycleReport {
                number: period.number,
                from: period.from,
                to: period.to,
                figures: cycle.map_or_else(|| Figures::of(&Flows::new(0)), |cycle| Figures::of(&cycle.flows)),
                orders: cycle.map_or(0, |cycle| cycle.presented),
                settled: cycle.map_or(0, |cycle| cycle.settled),
                legs: cycle.and_then(|cycle| cycle.closed).map_or(0, |closed| closed.legs.into()),
            }
        });
        let positions = self.year.positions();
        let members = scenario.members.iter().zip(positions).map(|(member, position)| MemberPosition {
            code: member.code.clone(),
            name: member.name.clone(),
            position,
        });
        Report {
            scenario: scenario.name.clone(),
            year: scenario.year,
            currency: unit,
            figures: Figures::of(&self.year),
            orders: self.presented,
            settled: self.cycles.values().map(|cycle| cycle.settled).sum(),
            cycles: cycles.collect(),
            members: members.collect(),
            state_hash: state.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
            elapsed,
        }
    }
}
