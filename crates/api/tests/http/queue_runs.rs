//! Orders that wait for one another settle together, and everybody sees how.

use crate::harness::{Server, id, order, problem};
use serde_json::{Value, json};
use union::Command;

#[test]
fn a_run_says_what_it_settled_and_what_could_have_settled_at_most() {
    let server = Server::start();
    let client = server.client();
    let none: Value = client.get("/v1/queue-runs").unwrap();
    assert_eq!(none, json!({"queue_runs": []}));

    let nothing_owed = [Command::SetCaps { debit_cap: 0, credit_cap: u64::MAX }];
    for member in [0, 1] {
        let done = client.submit_batch(&server.commands(member, 1, &nothing_owed)).unwrap();
        assert_eq!(done.outcomes[0].outcome, "done");
    }
    for (member, creditor) in [(0, "BRA"), (1, "ARG")] {
        let orders = [order(creditor, "USD", "12.34", json!({"id": id(u32::from(member) + 1)}))];
        let receipt = client.submit_batch(&server.batch(member, 2, &orders)).unwrap();
        assert_eq!(receipt.outcomes[0].outcome, "queued");
    }
    assert_eq!([1, 2].map(|number| client.order(&id(number)).unwrap().status), ["settled", "settled"]);

    let runs: Value = client.get("/v1/queue-runs").unwrap();
    let run = &runs["queue_runs"][0];
    let total = json!({"amount": "24.68", "minor": "2468", "currency": "USD"});
    let zero = json!({"amount": "0.00", "minor": "0", "currency": "USD"});
    assert_eq!((&run["number"], &run["cause"], &run["algorithm"]), (&json!(1), &json!("event"), &json!("optimiser")));
    assert_eq!((&run["considered"], &run["settled"], &run["refused"]), (&json!(2), &json!(2), &json!(false)));
    assert_eq!([&run["value"], &run["bound"], &run["considered_value"], &run["gap"]], [&total, &total, &total, &zero]);
    let tried = run["tried"].as_array().unwrap();
    assert!(tried.iter().any(|tried| tried["name"] == "bilateral-offset" && tried["value"] == total), "{run}");

    // The same as an event of the block, after the orders that it settled.
    let mut events = server.events(Some("0-0"));
    let mut seen = Vec::new();
    while seen.last().is_none_or(|name| name != "queue_run") {
        let (_, name, event) = events.next();
        if name == "queue_run" {
            assert_eq!((&event["number"], &event["bound"]), (&run["number"], &run["bound"]));
        }
        seen.push(name);
    }
    assert_eq!(seen.iter().filter(|name| *name == "order").count(), 4, "two queued, two settled: {seen:?}");

    let limited: Value = client.get("/v1/queue-runs?limit=0").unwrap();
    assert_eq!(limited, json!({"queue_runs": []}));
    assert_eq!(problem(client.get::<Value>("/v1/queue-runs?limit=x")).field.as_deref(), Some("query"));
}
