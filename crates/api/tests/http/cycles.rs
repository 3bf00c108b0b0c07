//! What members paid each other in a cycle, before netting.

use crate::harness::{Server, id, noon, order};
use api::view::{CycleFlowsView, CycleView};
use serde_json::json;
use union::Command;

/// The flows of a cycle as `ARG > BRA 100.05`, and the cycle; the former sum to what the latter says.
fn flows(server: &Server, number: u32) -> (Vec<String>, CycleView) {
    let view: CycleFlowsView = server.client().get(&format!("/v1/cycles/{number}/flows")).unwrap();
    let cycle: CycleView = server.client().get(&format!("/v1/cycles/{number}")).unwrap();
    assert_eq!((view.number, &view.status), (number, &cycle.status));
    let sum: u128 = view.flows.iter().map(|flow| flow.paid.minor.parse::<u128>().unwrap()).sum();
    assert_eq!(sum.to_string(), cycle.gross.minor);
    assert!(view.flows.iter().all(|flow| flow.paid.currency == "USD"));
    let line = |flow: &api::view::FlowView| format!("{} > {} {}", flow.debtor, flow.creditor, flow.paid.amount);
    (view.flows.iter().map(line).collect(), cycle)
}

#[test]
fn flows_stay_when_their_cycle_closes() {
    let server = Server::start();
    let client = server.client();
    assert_eq!(flows(&server, 1).0, [""; 0]);
    let pay = |member: u16, sequence: u64, orders: &[(u32, &str, &str)]| {
        let orders: Vec<_> =
            orders.iter().map(|&(number, to, amount)| order(to, "USD", amount, json!({"id": id(number)}))).collect();
        client.submit_batch(&server.batch(member, sequence, &orders)).unwrap();
    };
    pay(0, 1, &[(1, "BRA", "100.00"), (2, "BRA", "0.05"), (3, "CHL", "7.00")]);
    pay(2, 1, &[(4, "ARG", "7.00"), (5, "BRA", "250.00")]);
    let paid = ["CHL > BRA 250.00", "ARG > BRA 100.05", "ARG > CHL 7.00", "CHL > ARG 7.00"];
    assert_eq!(flows(&server, 1).0, paid);

    server.clock.set(noon() + 1_000);
    for (member, sequence) in [(0, 2), (2, 2), (3, 1)] {
        client.submit_batch(&server.commands(member, sequence, &[Command::CloseCycle { cycle: 1 }])).unwrap();
    }
    pay(3, 2, &[(6, "CHL", "1.00")]);
    let (closed, cycle) = flows(&server, 1);
    assert_eq!((&closed[..], cycle.status.as_str()), (&paid.map(String::from)[..], "closed"));
    let (open, cycle) = flows(&server, 2);
    assert_eq!((open, cycle.status.as_str()), (vec!["PRY > CHL 1.00".to_owned()], "open"));
}
