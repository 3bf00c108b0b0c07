//! The whole path: a node is served, orders come in as JSON and CSV, members decide, a cycle is closed and settled, and the
//! files that are left prove it.

use crate::scene::{Scene, command, finish, run};
use crate::serving::{Cutter, NOON, Serving};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;
use union::BATCH_COMMANDS_MAX;

/// Major units with two decimals as cents.
fn cents(amount: &Value) -> i128 {
    amount["minor"].as_str().unwrap().parse().unwrap()
}

/// Asserts that every account adds up, and returns the closing balance of the position.
#[track_caller]
fn reconcile(statement: &Value) -> i128 {
    let accounts = statement["accounts"].as_array().unwrap();
    for account in accounts {
        let entries = account["entries"].as_array().unwrap();
        let mut balance = cents(&account["opening"]);
        for entry in entries {
            balance += cents(entry);
            assert_eq!(cents(&entry["balance"]), balance, "{account}");
        }
        assert_eq!(cents(&account["closing"]), balance, "{account}");
    }
    assert_eq!(accounts[0]["account"], "position");
    cents(&accounts[0]["closing"])
}

fn position(node: &Serving, member: &str) -> i128 {
    let positions = node.run(&["positions", "--member", member, "--output=json"]).expect(0).json();
    cents(&positions["positions"][0]["balance"])
}

const HELD: &str = "11111111-1111-4111-8111-111111111111";
const UNWANTED: &str = "22222222-2222-4222-8222-222222222222";
const WAITING: &str = "33333333-3333-4333-8333-333333333333";

#[test]
fn from_a_file_of_orders_to_a_proved_statement() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);

    // Chile looks at what is above 500 dollars first; Argentina owes 1,000 at most.
    node.run_as(&scene, "CHL", &["set", "rule", "0", "hold", "--above=500"]).expect(0);
    node.run_as(&scene, "ARG", &["set", "caps", "--debit-cap=1000", "--credit-cap=none"]).expect(0);
    node.run_as(&scene, "BRA", &["set", "participant", "7", "--identifier=FICTBRAS", "--name=Banco Fictício"])
        .expect(0);
    let brazil = node.run(&["members", "BRA", "--output=json"]).expect(0).json();
    assert_eq!(brazil["registered"][0]["name"], "Banco Fictício", "{brazil}");
    let caps = ["set", "participant-caps", "7", "--currency=USD", "--debit-cap=25.00", "--credit-cap=none"];
    node.run_as(&scene, "BRA", &caps).expect(0);

    let orders = [
        json!({"creditor": "BRA", "creditor_participant": 7, "currency": "USD", "amount": "100.50", "value_date": "2026-11-23",
            "purpose": "GDDS", "reference": "INV-1", "customer": true,
            "detail": {"debtor_name": "Ana", "creditor_name": "Bia", "remittance": ["invoice 1"]}}),
        json!({"creditor": "BRA", "currency": "USD", "amount": "10.00", "value_date": "2026-11-23"}),
        json!({"creditor": "BRA", "currency": "USD", "amount": "10.00", "value_date": "2026-11-23"}),
        json!({"id": HELD, "creditor": "CHL", "currency": "USD", "amount": "600", "value_date": "2026-11-23"}),
        json!({"id": UNWANTED, "creditor": "CHL", "currency": "USD", "amount": "500.01", "value_date": "2026-11-23"}),
        json!({"id": WAITING, "creditor": "BRA", "currency": "USD", "amount": "2000", "value_date": "2026-11-23"}),
    ];
    let lines: Vec<String> = orders.iter().map(Value::to_string).collect();
    std::fs::write(scene.path("argentina.jsonl"), lines.join("\n")).unwrap();
    let file = scene.arg("argentina.jsonl");
    let sent = node.run_as(&scene, "ARG", &["submit", &file, "--list", "--output=json"]).expect(0).json();
    assert_eq!(sent["outcomes"], json!({"settled": 3, "held": 2, "queued": 1}), "{sent}");
    assert_eq!((&sent["ids_derived"], &sent["already_done"]), (&json!(3), &json!(0)));

    let csv = "creditor,currency,amount,value_date,reference\n\
               CHL,USD,250.25,2026-11-23,B-1\n\
               CHL,CLP,1000,2026-11-24,\n\
               ARG,USD,40.5,2026-11-23,B-2\n";
    std::fs::write(scene.path("brazil.csv"), csv).unwrap();
    let sent = node.run_as(&scene, "BRA", &["submit", &scene.arg("brazil.csv")]).expect(3);
    assert!(sent.out.contains("line 3") && sent.out.contains("no rate"), "Chile has not published rates: {}", sent.out);
    node.run_as(&scene, "CHL", &["set", "rates", "--from-day=2026-11-23", "--buying=0.0010", "--selling=0.0011"])
        .expect(0);
    // The same file again: what was rejected is taken now, and the rest is not done twice.
    let sent = node.run_as(&scene, "BRA", &["submit", &scene.arg("brazil.csv"), "--output=json"]).expect(0).json();
    assert_eq!((&sent["outcomes"], &sent["already_done"]), (&json!({"settled": 2, "queued": 1}), &json!(2)), "{sent}");

    // What waits, in its order; nothing settles together under this charter.
    let queue = node.run(&["queue", "show", "ARG", "--output=json"]).expect(0).json();
    assert_eq!((&queue["length"], &queue["orders"][0]["id"]), (&json!(1), &json!(WAITING)), "{queue}");
    assert!(node.run(&["queue", "show", "ARG"]).expect(0).out.contains("AM04"));
    assert_eq!(node.run(&["queue", "runs"]).expect(0).out, "No runs.\n");

    // Decisions, each by the member that it belongs to.
    let held = node.run(&["orders", "--status=held", "--output=json"]).expect(0).json();
    assert_eq!(held["orders"].as_array().unwrap().len(), 2, "{held}");
    node.run_as(&scene, "BRA", &["accept", HELD]).expect(4).says(&["rejected", "AG01"]);
    let accepted = node.run_as(&scene, "CHL", &["accept", HELD]).expect(0);
    assert!(accepted.out.starts_with("settled"), "{}", accepted.out);
    node.run_as(&scene, "CHL", &["refuse", UNWANTED, "--reason=RR04"]).expect(0);
    node.run_as(&scene, "CHL", &["cancel", WAITING]).expect(4);
    node.run_as(&scene, "ARG", &["reprioritise", WAITING, "urgent", "--first"]).expect(0);
    node.run_as(&scene, "CHL", &["hold", WAITING]).expect(4).says(&["rejected", "AG01"]);
    node.run_as(&scene, "ARG", &["hold", WAITING]).expect(0);
    let on_hold = node.run(&["orders", "show", WAITING, "--output=json"]).expect(0).json();
    assert_eq!((&on_hold["status"], &on_hold["held_by"]), (&json!("held"), &json!(["ARG"])), "{on_hold}");
    assert_eq!(node.run(&["queue", "show", "ARG", "--output=json"]).expect(0).json()["length"], json!(0));
    let released = node.run_as(&scene, "ARG", &["release", WAITING]).expect(0).out;
    assert!(released.starts_with("queued") && released.contains("AM04"), "{released}");
    node.run_as(&scene, "ARG", &["cancel", WAITING]).expect(0);
    node.run_as(&scene, "ARG", &["cancel", WAITING]).expect(4).says(&["ended already"]);
    let refused = node.run(&["orders", "show", UNWANTED, "--output=json"]).expect(0).json();
    assert_eq!((refused["status"].as_str(), refused["reason"].as_str()), (Some("refused"), Some("RR04")), "{refused}");
    assert!(node.run(&["orders", "show", WAITING]).expect(0).out.contains("cancelled"));

    // The participant's account, with the cap that its sponsor set, and the member's own.
    let brazil = node.run(&["members", "BRA"]).expect(0).out;
    let accounts: Vec<Vec<&str>> = brazil.lines().map(|line| line.split_whitespace().collect()).collect();
    for row in [["7", "100.50", "USD", "25.00", "none"], ["itself", "-270.75", "USD", "none", "none"]] {
        assert!(accounts.iter().any(|cells| *cells == row), "{row:?} is not in\n{brazil}");
    }

    // What the statements say is what the positions are, and they sum to zero.
    let mut sum = 0;
    for (member, expected) in [("ARG", 4_050 - 72_050), ("BRA", 12_050 - 25_025 - 4_050), ("CHL", 60_000 + 25_025)] {
        let of_day = ["statement", "--member", member, "--day=2026-11-23", "--output=json"];
        let statement = node.run(&of_day).expect(0).json();
        assert_eq!(reconcile(&statement), expected, "{member}: {statement}");
        assert_eq!(position(&node, member), expected, "{member}");
        sum += expected;
    }
    assert_eq!(sum, 0);

    // Two of three members close the cycle, and what was paid is confirmed by whom it was paid to.
    for said in [
        "1 of 3 members have agreed; 1 more closes it\n",
        "agreed already: 1 of 3 members have agreed; 1 more closes it\n",
    ] {
        assert_eq!(node.run_as(&scene, "ARG", &["cycle", "close", "1"]).expect(0).out, said);
    }
    assert_eq!(node.run_as(&scene, "BRA", &["cycle", "close", "1"]).expect(0).out, "cycle 1 is closed, 2 legs\n");
    let late = node.run_as(&scene, "CHL", &["cycle", "close", "1", "--output=json"]).expect(4);
    assert_eq!(late.says(&["not the open cycle"]).json()["outcomes"][0]["outcome"], "rejected");
    let cycle = node.run(&["cycle", "show", "1", "--output=json"]).expect(0).json();
    let legs = cycle["settlement_legs"].as_array().unwrap();
    assert_eq!((cycle["status"].as_str(), legs.len()), (Some("closed"), 2), "{cycle}");
    let flows = node.run(&["cycle", "flows", "1", "--output=json"]).expect(0).json();
    let paid = flows["flows"].as_array().unwrap().iter().map(|flow| cents(&flow["paid"]));
    assert_eq!(paid.sum::<i128>(), cents(&cycle["gross"]), "{flows}");
    let largest = &flows["flows"][0];
    let line = [&largest["debtor"], &largest["creditor"], &largest["paid"]["amount"], &largest["paid"]["currency"]];
    let line = line.map(|cell| cell.as_str().unwrap());
    let text = node.run(&["cycle", "flows", "1"]).expect(0).out;
    assert!(text.lines().nth(1).is_some_and(|row| row.split_whitespace().eq(line)), "{text}");
    for leg in legs {
        let number = leg["number"].to_string();
        node.run_as(&scene, leg["debtor"].as_str().unwrap(), &["cycle", "confirm", "1", &number]).expect(4);
        node.run_as(&scene, leg["creditor"].as_str().unwrap(), &["cycle", "confirm", "1", &number]).expect(0);
    }
    assert!(node.run(&["cycle", "list"]).expect(0).out.contains("settled"));
    for member in ["ARG", "BRA", "CHL"] {
        assert_eq!(position(&node, member), 0, "{member} after settlement");
    }

    // Stopped by a signal, started again: the same union.
    let before = node.run(&["members", "--output=json"]).expect(0).json();
    let of_cycle = ["statement", "--member=CHL", "--cycle=1"];
    let served = node.run(&[&of_cycle[..], &["--output=json"]].concat()).expect(0).json();
    let served_text = node.run(&of_cycle).expect(0).out;
    let log = node.stop(Signal::SIGTERM);
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "not a JSON object a line:\n{log}");
    let node = Serving::start(&scene, &["--rehearse-from=2026-11-23T12:30:00Z"]);
    let after = node.run(&["members", "--output=json"]).expect(0).json();
    assert_eq!(before["ended_orders"], after["ended_orders"]);
    let again = node.run_as(&scene, "ARG", &["submit", &file, "--output=json"]).expect(3).json();
    assert_eq!((&again["already_done"], &again["orders"]), (&json!(6), &json!(6)), "{again}");
    node.stop(Signal::SIGINT);

    // Offline, from the files alone.
    let union = scene.arg("union");
    let offline = run(&[&of_cycle[..], &["--data", &union, "--output=json"]].concat()).expect(0).json();
    assert_eq!(offline["accounts"], served["accounts"]);
    assert_eq!(reconcile(&offline), 85_025, "as it was when the cycle closed");
    let text = run(&[&of_cycle[..], &["--data", &union]].concat()).expect(0).out;
    let body =
        |text: &str| text.lines().filter(|line| !line.starts_with("as of")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&text), body(&served_text));
    let csv = run(&[&of_cycle[..], &["--data", &union, "--format=csv"]].concat()).expect(0).out;
    assert!(csv.starts_with("member,account,") && csv.contains(HELD), "{csv}");
    let proved = run(&["verify", &union, "--output=json"]).expect(0).json();
    assert_eq!((&proved["verified"], &proved["settled"]), (&json!(true), &json!(6)), "{proved}");
    let exported = run(&["export", &union, "--out", &scene.arg("out"), "--output=json"]).expect(0).json();
    assert_eq!(exported["rows"][0], json!(["orders", 9]), "{exported}");
    // Held, queued or settled, before it ended or not: an order is presented once.
    let report = run(&["report", &union, "--output=json"]).expect(0).json();
    assert_eq!((&report["orders"], &report["settled"]), (&json!(9), &json!(6)), "{report}");
}

/// What a node says that a message is called is no way out of the directory that was asked for.
#[test]
fn a_node_does_not_choose_where_messages_are_written() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let away = scene.arg("away");
    let name = |id: &str, kind: &str| json!({"id": id, "kind": kind, "height": 1, "time": "", "text": "x"});
    let asked = [name(&away, "pacs.002"), name("../away", "pacs.002"), name("B1", "../away"), name("", "pacs.002")];
    let answers = asked
        .clone()
        .map(|message| json!({"order": WAITING, "member": "ARG", "messages": [message], "more": false}).to_string());
    let node = std::thread::spawn(move || {
        for body in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while !head.next().unwrap().unwrap().is_empty() {}
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        }
    });
    for (number, message) in asked.iter().enumerate() {
        let out = scene.path(&format!("out-{number}"));
        let fetched = run(&["orders", "messages", WAITING, "--node", &url, "--out", out.to_str().unwrap()]).expect(4);
        fetched.says(&["names a message"]);
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "{message}");
    }
    node.join().unwrap();
    assert!(
        std::fs::read_dir(scene.directory.path())
            .unwrap()
            .all(|entry| !entry.unwrap().path().ends_with("away.pacs.002.xml"))
    );
}

/// Variables that are empty say nothing, and those that are wrong say so where a node is asked.
#[test]
fn the_environment_names_the_node() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let members = node.run(&["members"]).expect(0).out;
    let with =
        |variables: &[(&str, &str)], arguments: &[&str]| finish(command(arguments).envs(variables.iter().copied()));
    assert_eq!(with(&[("COMITY_NODE", &node.url), ("COMITY_CA", "")], &["members"]).expect(0).out, members);
    let by_argument = ["members", "--node", &node.url];
    assert_eq!(with(&[("COMITY_NODE", "nowhere")], &by_argument).expect(0).out, members);
    with(&[("COMITY_NODE", "nowhere")], &["members"]).expect(2).says(&["COMITY_NODE: a node is reached by http"]);
    let wrong = [("COMITY_CA", "/nonexistent")];
    with(&wrong, &by_argument).expect(2).says(&["COMITY_CA: "]);
    node.stop(Signal::SIGTERM);
    let union = scene.arg("union/data");
    with(&wrong, &["statement", "--data", &union, "--member=ARG", "--cycle=1"]).expect(0);
}

#[test]
fn an_answer_that_is_lost_is_not_an_order_that_is_lost() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let cutter = Cutter::before(&node);
    let order = json!({"creditor": "BRA", "currency": "USD", "amount": "5", "value_date": "2026-11-23"});
    std::fs::write(scene.path("one.jsonl"), order.to_string()).unwrap();
    let key = scene.arg("union/keys/ARG.key");
    let file = scene.arg("one.jsonl");
    let submit = ["submit", &file, "--member=ARG", "--key", &key, "--output=json"];
    let broken = run(&[&submit[..], &["--node", &cutter.url]].concat()).expect(5);
    let broken = broken.says(&["broke", "0 taken, 1 not known, 0 not sent; run the same command again"]).json();
    assert_eq!((&broken["not_known"], &broken["outcomes"]), (&json!(1), &json!({})), "{broken}");
    // It had been done, and is not done again.
    let sent = node.run(&submit).expect(0).json();
    assert_eq!((&sent["outcomes"], &sent["already_done"]), (&json!({"settled": 1}), &json!(1)));
    assert_eq!(position(&node, "BRA"), 500);
}

/// Exit code 6 would say that nothing was done.
#[test]
fn a_node_that_dies_on_the_way_leaves_an_account_of_what_was_taken() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let order = |n: u32| {
        let order = json!({"creditor": "BRA", "currency": "USD", "amount": "0.01", "value_date": "2026-11-23", "reference": n.to_string()});
        format!("{order}\n")
    };
    // The file is a pipe: the node dies after the first batch, and before the rest.
    let batch = u32::try_from(BATCH_COMMANDS_MAX).unwrap();
    let key = scene.arg("union/keys/ARG.key");
    let arguments =
        ["submit", "-", "--format=json", "--member=ARG", "--key", &key, "--output=json", "--node", &node.url];
    let url = node.url.clone();
    let mut submit =
        command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = submit.stdin.take().unwrap();
    input.write_all((0..batch).map(order).collect::<String>().as_bytes()).unwrap();
    while position(&node, "BRA") != i128::from(batch) {
        assert_eq!(submit.try_wait().unwrap(), None, "it waits for the rest of its input");
    }
    node.stop(Signal::SIGTERM);
    input.write_all((batch..2 * batch + 3).map(order).collect::<String>().as_bytes()).unwrap();
    drop(input);
    let ended = submit.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(5), "{said}");
    assert!(said.contains(&format!("{batch} taken, 0 not known, {} not sent", batch + 3)), "{said}");
    let summary: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(
        (&summary["orders"], &summary["outcomes"], &summary["not_sent"]),
        (&json!(2 * batch + 3), &json!({"settled": batch}), &json!(batch + 3))
    );
    // Where nothing was ever handed over, the code says so.
    std::fs::write(scene.path("one.jsonl"), order(0)).unwrap();
    let (file, charter) = (scene.arg("one.jsonl"), scene.arg("union/charter.toml"));
    let one = ["submit", &file, "--member=ARG", "--key", &key, "--charter", &charter, "--node", &url];
    run(&[&one[..], &["--output=json"]].concat()).expect(6);
}

#[test]
fn a_rehearsal_does_not_move_a_journal_ahead_unasked() {
    let scene = Scene::new();
    scene.trade(1);
    let union = scene.arg("union");
    let state = || run(&["verify", &union, "--output=json"]).expect(0).json()["state_hash"].clone();
    let before = state();
    let config = scene.arg("union/node.toml");
    let later = "--rehearse-from=2026-11-24T12:00:01Z";
    run(&["serve", "--config", &config, "--listen=127.0.0.1:0", later]).expect(4).says(&[
        "2026-11-23T12:00:00Z",
        "orders would expire",
        "--rehearse-anyway",
    ]);
    assert_eq!(state(), before);
    Serving::start(&scene, &[later, "--rehearse-anyway"]).stop(Signal::SIGTERM);
    let log = Serving::start(&scene, &["--rehearse-from=2026-11-23T11:58:00Z"]).stop(Signal::SIGTERM);
    assert!(log.contains("ERROR") && log.contains("block time stands still"), "{log}");
}

#[test]
fn two_who_sign_for_one_member_at_once_do_not_disturb_each_other() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let orders = |name: &str| -> String {
        let order = |n: u32| json!({"creditor": "BRA", "currency": "USD", "amount": "1", "value_date": "2026-11-23", "reference": format!("{name}{n}")});
        let lines: Vec<String> = (0..50).map(|n| order(n).to_string()).collect();
        std::fs::write(scene.path(name), lines.join("\n")).unwrap();
        scene.arg(name)
    };
    let files: Vec<String> = (0..4).map(|n| orders(&format!("{n}.jsonl"))).collect();
    std::thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| node.run_as(&scene, "ARG", &["submit", file]).expect(0));
        }
    });
    assert_eq!(position(&node, "BRA"), 4 * 50 * 100);
}
