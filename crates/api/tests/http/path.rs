//! The whole path: a signed batch comes in as bytes and goes out as a statement.

use crate::harness::{Server, id, key, order};
use api::client::query;
use api::view::{CycleView, PositionView, StatementView};
use serde_json::{Value, json};
use union::{Command, Day};

#[test]
fn from_a_signed_batch_to_a_settled_statement() {
    let mut server = Server::start();
    let client = server.client();
    let detail = json!({"id": id(2), "detail": {"debtor_name": "Ana", "remittance": ["invoice 7"]}, "customer": true});
    let orders = [
        order("BRA", "USD", "100.00", json!({"id": id(1), "reference": "first"})),
        order("BRA", "USD", "0.05", detail),
    ];
    let receipt = client.submit_batch(&server.batch(0, 1, &orders)).unwrap();
    assert_eq!((receipt.member.as_str(), receipt.sequence, receipt.height), ("ARG", 1, 1));
    assert!(receipt.outcomes.iter().all(|outcome| outcome.outcome == "settled"), "{receipt:?}");
    assert_eq!(receipt.outcomes[1].id.as_deref(), Some(id(2).as_str()));

    let union = client.union().unwrap();
    let cut_offs = (union.customer_cut_off.as_str(), union.interbank_cut_off.as_str(), union.utc_offset_minutes);
    assert_eq!(cut_offs, ("16:00", "17:30", -180));
    assert_eq!((union.height, &union.state, union.ended_orders), (1, &receipt.state, 2));
    let member = client.member("ARG").unwrap();
    assert_eq!(
        (member.next_sequence, member.member.signing_key),
        (2, Some(crate::harness::hex(&key(0).public().signing)))
    );

    // Everything known of an order, from the state and from its record in the journal.
    let first = client.order(&id(1)).unwrap();
    assert_eq!(
        (first.status.as_str(), first.reference.as_deref(), first.amount.minor.as_str()),
        ("settled", Some("first"), "10000")
    );
    assert_eq!((first.place.height, first.place.batch, first.place.record), (1, 0, 0));
    assert_eq!(client.order(&id(2)).unwrap().detail, None, "customer detail is not for everybody");
    let seen = server.session("vera").order(&id(2)).unwrap().detail.unwrap();
    assert_eq!(seen.debtor_name.as_deref(), Some("Ana"), "the creditor's people see it");
    assert_eq!(server.session("max").order(&id(2)).unwrap().detail, None, "a third member's do not");

    let positions: Value = client.get("/v1/positions").unwrap();
    let positions: Vec<PositionView> = serde_json::from_value(positions["positions"].clone()).unwrap();
    let balances: Vec<_> = positions.iter().map(|position| position.balance.amount.as_str()).collect();
    assert_eq!(balances, ["-100.05", "100.05", "0.00", "0.00"]);
    let [cumulative, dues, claim] =
        [&positions[0].cumulative, &positions[0].dues, &positions[0].claim].map(|a| a.amount.as_str());
    assert_eq!((&positions[0].quota, cumulative, dues, claim), (&None, "-100.05", "0.00", "0.00"));
    assert_eq!(positions[0].bilateral[0].counterparty, "BRA");
    assert_eq!(positions[0].bilateral[0].net.minor, "-10005");

    let of = |member: &str, day: &str, format: &str| {
        query("/v1/statements", &[("member", member), ("day", day), ("format", format)])
    };
    let statement: StatementView = client.get(&of("BRA", "2006-01-02", "json")).unwrap();
    assert!(!statement.is_final, "the day is not over");
    let position = &statement.accounts[0];
    assert_eq!((position.opening.amount.as_str(), position.closing.amount.as_str()), ("0.00", "100.05"));
    assert_eq!(position.entries.len(), 2);

    let block: Value = client.get("/v1/blocks/1").unwrap();
    assert_eq!((&block["state_after"], &block["batches"][0]["member"]), (&json!(union.state), &json!("ARG")));
    let bytes = client.get_bytes("/v1/blocks/1/batches/0").unwrap();
    assert!(
        union::Batch::signed(bytes.into(), &server.node.charter().hash()).is_ok(),
        "anyone can check the signature"
    );

    // Three of four members close the cycle; the creditor confirms its leg.
    server.clock.set(crate::harness::noon() + 1_000);
    for (member, sequence) in [(0, 2), (2, 1), (3, 1)] {
        let receipt =
            client.submit_batch(&server.commands(member, sequence, &[Command::CloseCycle { cycle: 1 }])).unwrap();
        assert_eq!(receipt.outcomes[0].outcome, "done");
    }
    let cycle: Value = client.get("/v1/cycles/1").unwrap();
    assert_eq!((&cycle["status"], &cycle["gross"]["amount"]), (&json!("closed"), &json!("100.05")));
    assert_eq!(cycle["settlement_legs"][0]["debtor"], "ARG");
    client.submit_batch(&server.commands(1, 1, &[Command::ConfirmLeg { cycle: 1, leg: 0 }])).unwrap();
    let cycles: Value = client.get("/v1/cycles").unwrap();
    let cycles: Vec<CycleView> = serde_json::from_value(cycles["cycles"].clone()).unwrap();
    assert_eq!(cycles.iter().map(|cycle| cycle.status.as_str()).collect::<Vec<_>>(), ["settled", "open"]);

    // The next day the statement is final, in every form, and the same after a restart.
    server.clock.set(server.node.charter().calendar.time_ms(Day::parse("2006-01-03").unwrap(), 60));
    server.node.pass_time().unwrap();
    let mut events = server.events(Some("0-0"));
    while events.next().0 != "1-0" {}
    server.restart(|_| {});
    let client = server.client();
    client
        .submit_batch(&server.batch(
            0,
            3,
            &[order("BRA", "USD", "1", json!({"id": id(9), "value_date": "2006-01-03"}))],
        ))
        .unwrap();
    let statement: StatementView = client.get(&of("BRA", "2006-01-02", "json")).unwrap();
    assert!(statement.is_final);
    let position = &statement.accounts[0];
    assert_eq!(position.closing.amount, "0.00", "the leg discharged it");
    assert_eq!(position.entries[2].leg.as_deref(), Some("1/0"));
    let csv = String::from_utf8(client.get_bytes(&of("BRA", "2006-01-02", "csv")).unwrap()).unwrap();
    let amounts: i64 = csv
        .lines()
        .filter(|line| line.starts_with("BRA,position") && line.contains(",entry,"))
        .map(|line| line.split(',').nth(13).unwrap().replace('.', "").parse::<i64>().unwrap())
        .sum();
    assert_eq!(amounts, 0, "{csv}");
    let text = String::from_utf8(client.get_bytes(&of("BRA", "2006-01-02", "text")).unwrap()).unwrap();
    assert!(text.contains("Statement of BRA for day 2006-01-02 (final)") && text.contains("100.05"), "{text}");
    let by_cycle: StatementView = client.get("/v1/statements?member=ARG&cycle=1").unwrap();
    assert_eq!(by_cycle.accounts[0].closing.amount, "-100.05");

    let metrics = String::from_utf8(client.get_bytes("/metrics").unwrap()).unwrap();
    assert!(metrics.contains("comity_batches_total 1\n") && metrics.contains("# EOF"), "{metrics}");
    assert!(metrics.contains(r#"route="/v1/statements",status="200""#), "{metrics}");
    let ready: Value = client.get("/ready").unwrap();
    assert_eq!((&ready["status"], &ready["network"]), (&json!("ok"), &Value::Null));
}

/// Requests that are under way are finished when the service stops, and streams are ended.
#[test]
fn stopping_ends_streams_and_closes_the_node() {
    let mut server = Server::start();
    server.client().submit_batch(&server.batch(0, 1, &[order("BRA", "USD", "1", json!({"id": id(1)}))])).unwrap();
    let events = server.events(None);
    server.stop();
    events.until_end();
    assert!(server.node.submit(server.batch(0, 2, &[order("BRA", "USD", "1", json!({"id": id(2)}))]).into()).is_err());
    assert!(network::verify(&server.directory.path().join("data"), |_| {}).is_ok());
}
