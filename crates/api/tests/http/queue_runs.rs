//! Orders that wait for one another settle together, and everybody sees how.

use crate::harness::{Server, charter, id, order, people, problem};
use api::Bounds;
use serde_json::{Value, json};
use union::{Charter, Command, Day};

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

/// Nothing is settled by looking, and what the next run then settles is what was said.
#[test]
fn a_forecast_is_what_the_next_run_settles() {
    let text = charter()
        .text()
        .replace("discipline = \"optimiser\"", "discipline = \"optimiser\"\nrun_on_events = false\nruns = [\"15:00\"]");
    let server = Server::under(Charter::parse(&text).unwrap(), people(), Bounds::default());
    let client = server.client();
    let next = || client.get::<Value>("/v1/queue-runs/next").unwrap()["next_run"].clone();
    let empty = next();
    assert_eq!([&empty["considered"], &empty["settled"], &empty["currencies"]], [&json!(0), &json!(0), &json!([])]);
    assert_eq!((&empty["at"], &empty["on_events"]), (&json!("2006-01-02T18:00:00Z"), &json!(false)), "15:00 at UTC-3");

    // A ring of 10, 10 and 7, and 50 that nobody can pay.
    let nothing_owed = [Command::SetCaps { debit_cap: 0, credit_cap: u64::MAX }];
    for member in 0..3 {
        client.submit_batch(&server.commands(member, 1, &nothing_owed)).unwrap();
    }
    for (member, creditor, amount, number) in
        [(0, "BRA", "10.00", 1), (1, "CHL", "10.00", 2), (2, "ARG", "10.00", 3), (0, "CHL", "50.00", 4)]
    {
        let sequence = if number == 4 { 3 } else { 2 };
        let orders = [order(creditor, "USD", amount, json!({"id": id(number)}))];
        let receipt = client.submit_batch(&server.batch(member, sequence, &orders)).unwrap();
        assert_eq!(receipt.outcomes[0].outcome, "queued");
    }
    // What is told may be of a block ago, for some times as long as it took to find.
    let height = server.node.peek(union::Union::height);
    let found = loop {
        let found = next();
        if found["height"] == json!(height) {
            break found;
        }
    };
    assert_eq!((&found["considered"], &found["settled"]), (&json!(4), &json!(3)));
    let usd = |amount: &str| json!({"amount": amount, "minor": amount.replace('.', ""), "currency": "USD"});
    assert_eq!([&found["considered_value"], &found["value"]], [&usd("80.00"), &usd("30.00")]);
    let mut currency = usd("30.00");
    currency["orders"] = json!(3);
    assert_eq!(found["currencies"], json!([currency]));
    assert_eq!(client.get::<Value>("/v1/queue-runs").unwrap(), json!({"queue_runs": []}), "nothing has run");
    assert_eq!(client.order(&id(1)).unwrap().status, "queued", "nor settled");

    server.clock.set(charter().calendar.time_ms(Day::parse("2006-01-02").unwrap(), 15 * 3_600));
    server.pass_until(|union| !union.queue_runs().is_empty());
    let run = client.get::<Value>("/v1/queue-runs").unwrap()["queue_runs"][0].clone();
    for field in ["algorithm", "considered", "considered_value", "settled", "value", "bound", "gap"] {
        assert_eq!(run[field], found[field], "{field}");
    }
    assert_eq!([1, 2, 3].map(|number| client.order(&id(number)).unwrap().status), ["settled"; 3]);
}

#[test]
fn where_orders_settle_one_by_one_there_is_no_next_run() {
    let text = charter().text().replace("\"optimiser\"", "\"bypass-fifo\"");
    let server = Server::under(Charter::parse(&text).unwrap(), people(), Bounds::default());
    assert_eq!(server.client().get::<Value>("/v1/queue-runs/next").unwrap(), json!({"next_run": null}));
}
