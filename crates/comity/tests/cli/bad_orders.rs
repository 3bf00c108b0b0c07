//! Bad input to a node: the order and the field are named, the exit code says what happened, and neighbours are unaffected.

use crate::scene::{Scene, command, finish, run};
use crate::serving::{NOON, Serving};
use serde_json::{Value, json};

/// An order that is good, with some keys changed; `null` takes a key away.
fn order(changes: Value) -> String {
    let mut order = json!({"creditor": "BRA", "currency": "USD", "amount": "1.00", "value_date": "2026-11-23"});
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
        if value.is_null() {
            order.as_object_mut().unwrap().remove(key);
        }
    }
    order.to_string()
}

const USED: &str = "44444444-4444-4444-8444-444444444444";

/// Lines, the field at fault and the ISO 20022 reason.
fn table() -> Vec<(String, &'static str, &'static str)> {
    vec![
        ("{".into(), "line", "FF01"),
        ("[]".into(), "line", "FF01"),
        (order(json!({"colour": "red"})), "colour", "FF01"),
        (order(json!({"amount": null})), "amount", "FF01"),
        (order(json!({"amount": 1.5})), "amount", "FF01"),
        (order(json!({"amount": "1.005"})), "amount", "AM12"),
        (order(json!({"currency": "CLP", "amount": "1.5"})), "amount", "AM12"),
        (order(json!({"currency": "PYG", "amount": "7.00"})), "amount", "AM12"),
        (order(json!({"amount": "184467440737095516.16"})), "amount", "AM12"),
        (order(json!({"amount": "-1"})), "amount", "AM12"),
        (order(json!({"amount": "1e3"})), "amount", "AM12"),
        (order(json!({"amount": "0"})), "amount", "AM01"),
        (order(json!({"currency": "XAU"})), "currency", "AM03"),
        (order(json!({"currency": "usd"})), "currency", "AM03"),
        (order(json!({"creditor": "PER"})), "creditor", "RC04"),
        (order(json!({"creditor": "ARG"})), "creditor", "RC04"),
        (order(json!({"creditor_participant": 9})), "creditor_participant", "AC03"),
        (order(json!({"debtor_participant": 9})), "debtor_participant", "AC02"),
        (order(json!({"value_date": "2026-11-20"})), "value_date", "DT01"),
        (order(json!({"value_date": "2026-11-28"})), "value_date", "DT01"),
        (order(json!({"value_date": "2027-11-23"})), "value_date", "CH03"),
        (order(json!({"value_date": "23.11.2026"})), "value_date", "DT01"),
        (order(json!({"expires_at": "2026-11-22T00:00:00Z"})), "expires_at", "DT01"),
        (order(json!({"priority": "asap"})), "priority", "FF01"),
        (order(json!({"purpose": "goods"})), "purpose", "FF01"),
        (order(json!({"reference": "longer than sixteen"})), "reference", "FF01"),
        (order(json!({"id": "not a uuid"})), "id", "FF01"),
        (order(json!({"id": USED, "amount": "2.00"})), "id", "DUPL"),
        (order(json!({"return": USED, "reason": "AC04"})), "original", "NOOR"),
        (order(json!({"return": USED})), "reason", "FF01"),
        (order(json!({"detail": {"debtor_name": "x".repeat(141)}})), "detail", "FF01"),
        (format!("{{\"creditor\": \"{}\"}}", "x".repeat(70_000)), "line", "FF01"),
    ]
}

#[test]
fn a_table_of_bad_orders_between_good_ones() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    std::fs::write(scene.path("used.jsonl"), order(json!({"id": USED}))).unwrap();
    node.run_as(&scene, "ARG", &["submit", &scene.arg("used.jsonl")]).expect(0);

    // A good order before and after every bad one.
    let mut lines = Vec::new();
    for (number, (bad, _, _)) in table().into_iter().enumerate() {
        lines.push(order(json!({"reference": format!("GOOD-{number}")})));
        lines.push(bad);
    }
    lines.push(order(json!({"reference": "GOOD-LAST"})));
    std::fs::write(scene.path("mixed.jsonl"), lines.join("\n")).unwrap();
    let file = scene.arg("mixed.jsonl");
    let sent = node.run_as(&scene, "ARG", &["submit", &file, "--output=json"]).expect(3).json();

    let bad = table();
    let good = bad.len() as u64 + 1;
    assert_eq!(sent["outcomes"], json!({"settled": good, "rejected": bad.len()}), "{sent:#}");
    let listed = sent["listed"].as_array().unwrap();
    for (number, ((line, field, reason), outcome)) in bad.iter().zip(listed).enumerate() {
        let found = (outcome["line"].as_u64(), outcome["field"].as_str(), outcome["reason"].as_str());
        let line: String = line.chars().take(160).collect();
        assert_eq!(found, (Some(2 * number as u64 + 2), Some(*field), Some(*reason)), "{line}: {outcome}");
        assert!(!outcome["text"].as_str().unwrap().is_empty(), "{line}: {outcome}");
    }

    // The same for people: one line a rejected order, with its place, its id and the field.
    let text = node.run_as(&scene, "ARG", &["submit", &file]).expect(3).out;
    let lines: Vec<u64> =
        text.lines().filter_map(|line| line.strip_prefix("line ")?.split([',', ':']).next()?.parse().ok()).collect();
    assert_eq!(lines, (1..=bad.len() as u64).map(|number| 2 * number).collect::<Vec<_>>(), "{text}");
    assert!(text.contains(&format!("order {USED}: rejected: DUPL: id: ")), "{text}");
    assert!(text.contains("USD has 2 decimals"), "{text}");
}

#[test]
fn bad_files_and_bad_csv() {
    let scene = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let table: [(&str, &str, i32, &[&str]); 8] = [
        ("empty.jsonl", "", 0, &["no orders"]),
        ("header.csv", "creditor,currency,amount,value_date\n", 0, &["no orders"]),
        (
            "twice.csv",
            "creditor,creditor,currency,amount,value_date\nBRA,BRA,USD,1,2026-11-23\n",
            4,
            &["line 1", "creditor"],
        ),
        (
            "column.csv",
            "creditor,currency,amount,value_date,colour\nBRA,USD,1,2026-11-23,red\n",
            4,
            &["line 1", "colour"],
        ),
        ("short.csv", "creditor,currency,amount,value_date\nBRA,USD\nBRA,USD,1,2026-11-23\n", 3, &["line 2"]),
        (
            "scale.csv",
            "creditor,currency,amount,value_date\nBRA,CLP,1.5,2026-11-23\n",
            4,
            &["line 2", "amount", "CLP has 0"],
        ),
        ("latin1.jsonl", "", 4, &["line 1", "UTF-8"]),
        ("none.txt", "", 2, &["--format"]),
    ];
    for (name, content, code, words) in table {
        std::fs::write(scene.path(name), content).unwrap();
        if name == "latin1.jsonl" {
            std::fs::write(scene.path(name), b"{\"creditor\": \"\xe9\"}\n").unwrap();
        }
        let result = node.run_as(&scene, "ARG", &["submit", &scene.arg(name)]);
        assert_eq!(result.code, code, "{name}: {} {}", result.out, result.err);
        let said = format!("{}{}", result.out, result.err);
        assert!(words.iter().all(|word| said.contains(word)), "{name}: {said}");
    }
    node.run_as(&scene, "ARG", &["submit", "/nowhere.csv"]).expect(1).says(&["/nowhere.csv"]);
    // Standard input, only checked.
    let arguments = ["submit", "-", "--format=json", "--dry-run", "--member=ARG", "--node", &node.url];
    let input = std::fs::File::open({
        std::fs::write(scene.path("in"), order(json!({}))).unwrap();
        scene.path("in")
    });
    let checked = finish(command(&arguments).stdin(input.unwrap())).expect(0);
    assert!(checked.out.contains("1 checked; nothing was signed or sent"), "{}", checked.out);
}

#[test]
fn wrong_signatures_keys_charters_and_addresses() {
    let scene = Scene::new();
    let other = Scene::new();
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    std::fs::write(scene.path("one.jsonl"), order(json!({}))).unwrap();
    let (file, own) = (scene.arg("one.jsonl"), scene.arg("union/keys/ARG.key"));
    let (foreign, stranger) = (scene.arg("union/keys/BRA.key"), other.arg("union/keys/ARG.key"));
    let submit = ["submit", &file];

    node.run(&[&submit[..], &["--member=ARG", "--key", &foreign]].concat()).expect(1).says(&["ARG", "charter"]);
    node.run(&[&submit[..], &["--member=ARG", "--key", &stranger]].concat()).expect(1).says(&["ARG", "charter"]);
    node.run(&[&submit[..], &["--member=PER", "--key", &own]].concat()).expect(2).says(&[
        "--member",
        "PER",
        "ARG, BRA, CHL",
    ]);
    node.run(&[&submit[..], &["--member=ARG"]].concat()).expect(2).says(&["--key"]);
    // Signed for the union that the member knows, which this node is no part of.
    let charter = other.arg("union/charter.toml");
    let signed = [&submit[..], &["--member=ARG", "--key", &stranger, "--charter", &charter]].concat();
    node.run(&signed).expect(4).says(&["another union"]);
    // Nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("http://{nobody}");
    run(&["positions", "--node", &nowhere]).expect(6).says(&[&nobody.to_string()]);
    run(&["positions", "--node", "ftp://x"]).expect(2).says(&["--node"]);
    node.run(&["orders", "show", USED]).expect(4);
    node.run(&["orders", "show", "17"]).expect(2);
    node.run(&["statement", "--member=ARG"]).expect(2).says(&["--day", "--cycle"]);
    node.run(&["statement", "--member=ARG", "--day=2026-02-30"]).expect(2).says(&["--day"]);
    node.run_as(&scene, "ARG", &["set", "caps", "--debit-cap=1.005", "--credit-cap=none"])
        .expect(2)
        .says(&["debit_cap"]);
    node.run_as(&scene, "ARG", &["set", "rule", "16", "hold"]).expect(2).says(&["slot"]);
    node.run_as(&scene, "ARG", &["cycle", "close", "7"]).expect(4).says(&["cycle"]);
}

#[test]
fn a_node_that_cannot_start_says_why() {
    let scene = Scene::new();
    let config = scene.arg("union/node.toml");
    let serve = ["serve", "--config", &config];
    run(&[&serve[..], &["--listen=0.0.0.0:0"]].concat()).expect(2).says(&["not encrypted", "--expose-unencrypted"]);
    finish(command(&[&serve[..], &["--listen=127.0.0.1:0"]].concat()).env("COMITY_PASSPHRASE", "wrong"))
        .expect(1)
        .says(&["ARG.key", "wrong passphrase"]);
    run(&["serve", "--config=/nowhere.toml"]).expect(1).says(&["/nowhere.toml"]);
    let good = std::fs::read_to_string(&config).unwrap();
    let ed25519 = "MCowBQYDK2VwAyEAAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let with_passkeys = |origin: &str, passkeys: &str| {
        let place = if origin.is_empty() { String::new() } else { format!("[passkeys]\norigin = \"{origin}\"\n") };
        format!(
            "{good}\n{place}[[operators]]\nname = \"A\"\nmember = \"BRA\"\nrole = \"maker\"\npasskeys = [{passkeys}]\n"
        )
    };
    let passkey = format!("{{ id = \"AQID\", key = \"{ed25519}\" }}");
    let here = "https://comity.example.org";
    let table = [
        (with_passkeys("http://127.0.0.1:7400", &passkey), "passkeys.origin"),
        (with_passkeys("", &passkey), "[passkeys] is missing"),
        (with_passkeys(here, ""), "operators[0]: has neither a key nor passkeys"),
        (with_passkeys(here, "{ id = \"AQID\", key = \"AQID\" }"), "operators[0].passkeys[0]: key is not"),
        (with_passkeys(here, &format!("{{ id = \"+\", key = \"{ed25519}\" }}")), "operators[0].passkeys[0]: id is not"),
        (with_passkeys(here, &[passkey.as_str(); 9].join(", ")), "more than 8"),
        (with_passkeys(here, "{ id = \"AQID\" }"), "key"),
        (good.replace("127.0.0.1", "localhost"), "listen"),
        (format!("{good}\nsecret = 1\n"), "secret"),
        (good.replace("code = \"BRA\"", "code = \"PER\""), "PER"),
        (good.replace("keys/BRA.key", "keys/ARG.key"), "BRA"),
        (good.replacen("four_eyes_from = \"1000\"", "four_eyes_from = \"10.005\"", 1), "four_eyes_from"),
        (format!("{good}\n[[operators]]\nname = \"A\"\nmember = \"BRA\"\nrole = \"boss\"\nkey = \"00\"\n"), "boss"),
        (
            format!("{good}\n[[operators]]\nname = \"A\"\nmember = \"BRA\"\nrole = \"maker\"\nkey = \"00\"\n"),
            "operators[0].key",
        ),
        (good.replace("data = \"data\"", "data = \"keys\""), "holds no journal"),
    ];
    for (text, word) in table {
        std::fs::write(&config, &text).unwrap();
        run(&[&serve[..], &["--listen=127.0.0.1:0"]].concat()).expect(1).says(&[word]);
    }
    std::fs::write(&config, &good).unwrap();
    let node = Serving::start(&scene, &[]);
    run(&[&serve[..], &["--listen=127.0.0.1:0"]].concat()).expect(1).says(&["in use by another writer"]);
    let taken = node.url.trim_start_matches("http://").to_owned();
    run(&[&serve[..], &["--listen", &taken]].concat()).expect(1).says(&[&taken, "--listen"]);
}
