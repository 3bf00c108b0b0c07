//! Four eyes: who prepares, who approves, and that it happens once.

use crate::harness::{Server, id, noon, order, problem};
use api::client::Client;
use api::view::OutcomeView;
use api::{PaymentsView, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use union::Day;

fn approve(client: &Client, id: &str) -> Result<OutcomeView, api::client::ClientError> {
    client.post(&format!("/v1/approvals/{id}/approve"), &json!({}))
}

fn waiting(client: &Client) -> Vec<Value> {
    client.get::<Value>("/v1/approvals").unwrap()["approvals"].as_array().unwrap().clone()
}

fn single(view: PaymentsView) -> OutcomeView {
    assert_eq!(view.orders.len(), 1);
    view.orders.into_iter().next().unwrap()
}

#[test]
fn the_threshold_decides_and_another_person_approves() {
    let server = Server::start();
    let (mia, carl, cora) = (server.session("mia"), server.session("carl"), server.session("cora"));
    let below = single(mia.submit_orders(&order("ARG", "USD", "999.99", json!({"id": id(1)})), "a").unwrap());
    assert_eq!(below.outcome, "settled");
    let at = order("ARG", "USD", "1000.00", json!({"id": id(2), "detail": {"creditor_name": "Bea"}}));
    let held = single(mia.submit_orders(&at, "b").unwrap());
    assert_eq!((held.outcome.as_str(), held.approval.as_deref()), ("awaiting_approval", Some(id(2).as_str())));
    assert_eq!(problem(server.client().order(&id(2))).status, 404, "nothing was signed");
    // Sent again, it is the same one that waits.
    assert_eq!(single(mia.submit_orders(&at, "b").unwrap()), held);
    let list = waiting(&carl);
    assert_eq!((list.len(), &list[0]["prepared_by"]), (1, &json!("mia")));
    assert_eq!((&list[0]["what"]["amount"], &list[0]["detail"]["creditor_name"]), (&json!("1000.00"), &json!("Bea")));
    assert!(waiting(&cora).is_empty(), "other members' approvals are not shown");

    assert_eq!(problem(approve(&mia, &id(2))).status, 403, "a maker approves nothing");
    assert_eq!(problem(approve(&cora, &id(2))).status, 404, "nor does another member's checker");
    assert_eq!(approve(&carl, &id(2)).unwrap().outcome, "settled");
    assert_eq!(server.client().order(&id(2)).unwrap().status, "settled");
    assert_eq!(problem(approve(&carl, &id(2))).status, 404, "it waits no more");
    assert!(waiting(&carl).is_empty());
    // The very same order again is not held again: the union knows it.
    let again = single(mia.submit_orders(&at, "b").unwrap());
    assert_eq!((again.outcome.as_str(), again.already_done), ("settled", true));

    // A checker may prepare too, but then another one has to agree.
    assert_eq!(
        single(carl.submit_orders(&order("ARG", "USD", "2000", json!({"id": id(3)})), "c").unwrap()).outcome,
        "awaiting_approval"
    );
    let refused = problem(approve(&carl, &id(3)));
    assert_eq!(refused.status, 403);
    assert!(refused.detail.contains("four eyes"), "{refused}");
    let chad = server.session("chad");
    chad.post_bytes(&format!("/v1/approvals/{}/reject", id(3)), "application/json", None, b"").unwrap();
    assert!(waiting(&carl).is_empty());
    assert_eq!(problem(server.client().order(&id(3))).status, 404);

    let audit = server.audit();
    let acts: Vec<_> =
        audit.iter().filter_map(|line| Some((line["operator"].as_str()?, line["what"].as_str()?))).collect();
    let approved = audit.iter().find(|line| line["what"] == "approve").unwrap();
    assert!(
        acts.contains(&("mia", "orders")) && acts.contains(&("carl", "approve")) && acts.contains(&("chad", "reject"))
    );
    assert_eq!(approved["of"]["prepared_by"], "mia");
    let end = audit.iter().find(|line| line["act"] == approved["act"] && !line["outcome"].is_null()).unwrap();
    assert_eq!(end["outcome"][1], "settled");
    assert_eq!(end["time"], "2006-01-02T15:00:00Z", "by the node's clock");
}

#[test]
fn the_value_counts_in_the_unit_of_account() {
    let server = Server::start();
    let (mia, carl) = (server.session("mia"), server.session("carl"));
    let reais = |amount: &str, number| order("ARG", "BRL", amount, json!({"id": id(number)}));
    // No rate is published: nobody can say that it is little.
    assert_eq!(single(mia.submit_orders(&reais("0.01", 1), "a").unwrap()).outcome, "awaiting_approval");

    let rates = json!({"command": "publish_rates", "from_day": "2006-01-02", "buying": "0.4", "selling": "0.5"});
    let prepared = mia.submit_command(&rates).unwrap();
    assert_eq!(prepared.outcome, "awaiting_approval");
    assert_eq!(
        waiting(&carl).iter().find(|a| a["id"] == prepared.approval.as_deref().unwrap()).unwrap()["what"]["selling"],
        "1/2"
    );
    assert_eq!(approve(&carl, &prepared.approval.unwrap()).unwrap().outcome, "done");

    assert_eq!(single(mia.submit_orders(&reais("1999.98", 2), "b").unwrap()).outcome, "settled");
    // 1,999.99 reais at 0.5 are 999.995 dollars, and a debtor's side is rounded up.
    assert_eq!(single(mia.submit_orders(&reais("1999.99", 3), "c").unwrap()).outcome, "awaiting_approval");
}

#[test]
fn an_approval_outlives_a_restart_and_pays_once() {
    let mut server = Server::start();
    let large = order("ARG", "USD", "5000.00", json!({}));
    let held = single(server.session("mia").submit_orders(&large, "once").unwrap());
    let approval = held.approval.unwrap();
    // Meanwhile, who prepared it has become a checker.
    let file = server.directory.path().join(format!("api/approvals/{approval}.json"));
    let copy = std::fs::read(&file).unwrap();
    server.restart(|people| people.iter_mut().find(|person| person.name == "mia").unwrap().role = Role::Checker);
    assert_eq!(problem(approve(&server.session("mia"), &approval)).status, 403, "the same person, in another role");
    assert_eq!(approve(&server.session("carl"), &approval).unwrap().outcome, "settled");

    // As after a crash between the payment and the note that it was made: the approval is there again.
    server.stop();
    std::fs::write(&file, copy).unwrap();
    std::fs::write(file.with_extension("new"), b"{\"half").unwrap();
    server.restart(|_| {});
    let again = approve(&server.session("carl"), &approval).unwrap();
    assert_eq!((again.outcome.as_str(), again.already_done), ("settled", true));
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["amount"], "-5000.00", "paid once");
}

#[test]
fn two_checkers_at_once_pay_once() {
    let server = Server::start();
    let held = single(server.session("mia").submit_orders(&order("ARG", "USD", "5000", json!({})), "k").unwrap());
    let approval = held.approval.unwrap();
    let (carl, chad) = (server.session("carl"), server.session("chad"));
    let results = std::thread::scope(|scope| {
        let both = [&carl, &chad].map(|client| {
            let approval = &approval;
            scope.spawn(move || approve(client, approval))
        });
        both.map(|thread| thread.join().unwrap())
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["amount"], "-5000.00");
}

#[test]
fn an_approval_expires_with_its_value_date() {
    let server = Server::start();
    let held = single(server.session("mia").submit_orders(&order("ARG", "USD", "5000", json!({})), "k").unwrap());
    // At eleven in the evening it is too late to settle, and the union says so.
    server.clock.set(noon() + 11 * 3_600_000);
    let late = problem(approve(&server.session("carl"), held.approval.as_deref().unwrap()));
    assert_eq!((late.status, late.reason.as_deref(), late.field.as_deref()), (422, Some("TM01"), Some("value_date")));

    server.clock.set(noon());
    let held = single(server.session("mia").submit_orders(&order("ARG", "USD", "5000", json!({})), "k2").unwrap());
    server.clock.set(server.node.charter().calendar.time_ms(Day::parse("2006-01-03").unwrap(), 60));
    server.node.pass_time().unwrap();
    let client = server.client();
    // The block that moves the day has to be there first.
    let mut events = server.events(None);
    client.submit_batch(&server.commands(0, 1, &[union::Command::SetReservations { urgent: 0, high: 0 }])).unwrap();
    assert_eq!(events.next().1, "settings_changed");
    assert_eq!(problem(approve(&server.session("carl"), held.approval.as_deref().unwrap())).status, 410);
    assert!(waiting(&server.session("carl")).is_empty());
}

#[test]
fn settings_take_two_people_and_decisions_one() {
    let server = Server::start();
    let (mia, carl) = (server.session("mia"), server.session("carl"));
    let commands = [
        json!({"command": "set_rule", "slot": 0, "action": "hold", "above": "10.00"}),
        json!({"command": "register_participant", "participant": 1, "identifier": "BANKBRRJ", "name": "Banco"}),
        json!({"command": "set_participant_caps", "participant": 1, "currency": "BRL", "debit_cap": "500.00", "credit_cap": "none"}),
        json!({"command": "set_caps", "debit_cap": "100000.00", "credit_cap": "none"}),
        json!({"command": "set_bilateral_limits", "counterparty": "ARG", "debit_limit": "50.00", "credit_limit": "none"}),
    ];
    for command in &commands {
        let prepared = mia.submit_command(command).unwrap();
        assert_eq!(prepared.outcome, "awaiting_approval", "{command}");
        assert_eq!(approve(&carl, &prepared.approval.unwrap()).unwrap().outcome, "done");
    }
    let member = server.client().member("BRA").unwrap();
    assert_eq!((member.rules[0].action.as_str(), member.rules[0].above.as_deref()), ("hold", Some("10.00")));
    assert_eq!((member.participants, member.limits.debit_cap.unwrap().minor.as_str()), (1, "10000000"));
    let participants: Value = server.client().get("/v1/members/BRA/participants").unwrap();
    assert_eq!(
        (&participants["participants"][0]["identifier"], &participants["next"]),
        (&json!("BANKBRRJ"), &Value::Null)
    );
    let accounts = &participants["participants"][0]["accounts"];
    assert_eq!(accounts.as_array().map(Vec::len), Some(1), "{accounts}");
    assert_eq!((&accounts[0]["debit_cap"]["amount"], &accounts[0]["credit_cap"]), (&json!("500.00"), &Value::Null));
    assert_eq!(
        (&accounts[0]["balance"]["amount"], &accounts[0]["balance"]["currency"]),
        (&json!("0.00"), &json!("BRL"))
    );
    assert_eq!(member.accounts, [], "the member itself has paid nothing and has no cap of this kind");
    let closing: OutcomeView = mia.post("/v1/cycles/1/close", &json!({})).unwrap();
    assert_eq!(approve(&carl, &closing.approval.unwrap()).unwrap().outcome, "done");
    let cycle: Value = server.client().get("/v1/cycles/1").unwrap();
    assert_eq!((&cycle["status"], &cycle["agreed"]), (&json!("open"), &json!(["BRA"])), "one of four is not enough");
    let confirming: OutcomeView = mia.post("/v1/cycles/1/legs/0/confirm", &json!({})).unwrap();
    let refused = problem(approve(&carl, &confirming.approval.unwrap()));
    assert_eq!(
        (refused.status, refused.field.as_deref(), refused.reason.as_deref()),
        (422, Some("cycle"), Some("NOOR"))
    );
    // The same command with the same key waits once.
    let body = commands[3].to_string();
    let twice =
        [(); 2].map(|()| mia.post_bytes("/v1/commands", "application/json", Some("k"), body.as_bytes()).unwrap());
    assert_eq!(twice[0], twice[1]);
    assert_eq!(waiting(&carl).len(), 1);

    // Argentina pays; the rule holds; one operator decides.
    let orders: Vec<_> = (1..=3).map(|n| order("BRA", "USD", "20.00", json!({"id": id(n)}))).collect();
    let receipt = server.client().submit_batch(&server.batch(0, 1, &orders)).unwrap();
    assert!(receipt.outcomes.iter().all(|outcome| outcome.outcome == "held"));
    let decide = |what: &str, n, body: &[u8]| {
        mia.post_bytes(&format!("/v1/orders/{}/{what}", id(n)), "application/json", None, body)
    };
    decide("accept", 1, b"").unwrap();
    decide("refuse", 2, br#"{"reason":"RR04"}"#).unwrap();
    let not_ours = problem(decide("cancel", 3, b""));
    assert_eq!(
        (not_ours.status, not_ours.order.as_deref(), not_ours.reason.as_deref()),
        (422, Some(id(3).as_str()), Some("AG01"))
    );
    assert_eq!(problem(decide("refuse", 3, br#"{"reason":"no"}"#)).field.as_deref(), Some("reason"));
    let status = |n| server.client().order(&id(n)).unwrap();
    assert_eq!(
        (status(1).status.as_str(), status(2).reason.as_deref(), status(3).status.as_str()),
        ("settled", Some("RR04"), "held")
    );
    assert_eq!(status(3).rule, Some(0));
}

/// The cap or the amount that a command is about.
fn amount_of(what: &Value) -> String {
    what["debit_cap"].as_str().or(what["amount"].as_str()).unwrap().to_owned()
}

/// Why something is prepared, approved or rejected is shown to the second person and written down; nonsense is refused.
#[test]
fn the_second_person_sees_why() {
    let server = Server::start();
    let (mia, carl) = (server.session("mia"), server.session("carl"));
    let why = "factura n.º 7 <b>urgente</b> — \u{6025}";
    let caps = |cap: &str| json!({"command": "set_caps", "debit_cap": cap, "credit_cap": "none"});
    let prepared = mia.saying_why(why).submit_command(&caps("100.00")).unwrap();
    mia.submit_command(&caps("200.00")).unwrap();
    let large = order("ARG", "USD", "5000.00", json!({}));
    mia.saying_why("  the yearly fee ").submit_orders(&large, "k").unwrap();
    let said: BTreeMap<String, Value> =
        waiting(&carl).iter().map(|waits| (amount_of(&waits["what"]), waits["why"].clone())).collect();
    let fee = json!("the yearly fee");
    assert_eq!(
        said,
        BTreeMap::from([("100.00".into(), json!(why)), ("200.00".into(), Value::Null), ("5000.00".into(), fee)])
    );
    assert_eq!(approve(&carl.saying_why("seen"), &prepared.approval.unwrap()).unwrap().outcome, "done");
    let written: Vec<Value> =
        server.audit().iter().filter(|line| line["of"].is_array() || line["of"].is_object()).cloned().collect();
    let of = |what: &str| -> Vec<Value> {
        written.iter().filter(|line| line["what"] == what).map(|line| line["why"].clone()).collect()
    };
    assert_eq!(of("prepare"), [json!(why), Value::Null]);
    assert_eq!((of("orders"), of("approve")), (vec![json!("the yearly fee")], vec![json!("seen")]));

    for wrong in ["x".repeat(501), "two\nlines".to_owned(), "\u{7}".to_owned()] {
        let refused = problem(mia.saying_why(&wrong).submit_command(&caps("300.00")));
        assert_eq!((refused.status, refused.field.as_deref()), (400, Some("comity-why")));
    }
    mia.saying_why(&"\u{6025}".repeat(166)).submit_command(&caps("300.00")).unwrap();
    assert_eq!(waiting(&carl).len(), 3);
}

/// Anybody who may send orders holds one back; it takes two to let it go.
#[test]
fn what_is_held_back_takes_two_to_release() {
    let server = Server::start();
    let (mia, carl, cora) = (server.session("mia"), server.session("carl"), server.session("cora"));
    let tomorrow = order("ARG", "USD", "20.00", json!({"id": id(1), "value_date": "2006-01-03"}));
    assert_eq!(single(mia.submit_orders(&tomorrow, "a").unwrap()).outcome, "queued");
    let command = |name: &str| json!({"command": name, "order": id(1)});
    assert_eq!(problem(cora.submit_command(&command("hold"))).status, 422, "it is not her member's");
    let held = mia.submit_command(&command("hold")).unwrap();
    assert_eq!((held.outcome.as_str(), held.reason.as_deref(), held.text.as_deref()), ("held", None, None));
    let shown = server.client().order(&id(1)).unwrap();
    assert_eq!(
        (shown.status.as_str(), shown.held_by.as_slice(), shown.meaning.as_deref()),
        ("held", &["BRA".to_owned()][..], union::HeldBy::Debtor.meaning())
    );

    let prepared = mia.submit_command(&command("release")).unwrap();
    assert_eq!(prepared.outcome, "awaiting_approval");
    assert_eq!(server.client().order(&id(1)).unwrap().status, "held");
    let waits = waiting(&carl);
    assert_eq!((&waits[0]["what"]["command"], &waits[0]["order"]["amount"]), (&json!("release"), &json!("20.00")));
    let released = approve(&carl, &prepared.approval.unwrap()).unwrap();
    assert_eq!((released.outcome.as_str(), released.reason.as_deref()), ("queued", Some("DT01")));
    let moved = json!({"command": "reprioritise", "order": id(1), "priority": "normal", "first": true});
    assert_eq!(mia.submit_command(&moved).unwrap().outcome, "queued");
    assert_eq!(server.client().order(&id(1)).unwrap().held_by, Vec::<String>::new());
}
