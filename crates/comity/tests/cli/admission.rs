//! A member is admitted: it makes keys and accedes, a member proposes it, the members vote, and it pays.

use crate::scene::{Scene, TODAY, run};
use crate::serving::{NOON, Serving};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// Two hours later: after the deadline.
const LATER: &str = "2026-11-23T14:00:00Z";

pub const DEADLINE: &str = "--deadline=2026-11-23T13:00:00Z";

/// Waits for blocks that bring something about; the node makes them by itself.
pub fn wait_until(node: &Serving, arguments: &[&str], is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let shown = node.run(&[arguments, &["--output=json"]].concat()).expect(0).json();
        if is_so(&shown) {
            return shown;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
}

fn entry(code: &str, keys: &Value) -> String {
    let (signing, sealing) = (keys["signing_key"].as_str().unwrap(), keys["sealing_key"].as_str().unwrap());
    format!(
        "\n[[members]]\ncode = \"{code}\"\nname = \"Banco Central del Uruguay\"\ncurrency = \"UYU\"\n\
         signing_key = \"{signing}\"\nsealing_key = \"{sealing}\"\nweekend = [\"saturday\", \"sunday\"]\n"
    )
}

#[test]
fn a_newcomer_accedes_is_voted_in_and_pays() {
    let scene = Scene::with(&["--epoch-blocks=16"]);
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let founding = scene.arg("union/charter.toml");

    // The newcomer makes its keys, puts itself into the text in force, and signs that.
    let key = scene.arg("URY.key");
    let keys = run(&["keys", "generate", &key, "--work-factor=4", "--output=json"]).expect(0).json();
    let in_force = node.run(&["charter", "show"]).expect(0).out;
    assert_eq!(in_force, std::fs::read_to_string(&founding).unwrap());
    let (text, accession) = (scene.arg("with-URY.toml"), scene.arg("URY.accession"));
    std::fs::write(&text, format!("{in_force}{}", entry("URY", &keys))).unwrap();
    let accede =
        ["accede", "--charter-text", &text, "--union", &founding, "--member=URY", "--out", &accession, "--key"];
    let foreign = scene.arg("union/keys/ARG.key");
    run(&[&accede[..], &[&foreign]].concat()).expect(2).says(&["with-URY.toml", "does not name the keys"]);
    let acceded = run(&[&accede[..], &[&key, "--output=json"]].concat()).expect(0).json();
    assert_eq!(acceded["member"], "URY");
    run(&[&accede[..], &[&key]].concat()).expect(1).says(&["URY.accession"]);

    // Argentina proposes it; not with another text than it signed.
    let changed = scene.arg("changed.toml");
    std::fs::write(&changed, format!("{in_force}{}# and\n", entry("URY", &keys))).unwrap();
    let admit =
        |text: &str| ["propose", "admit", "--text", text, "--accession", &accession, DEADLINE].map(str::to_owned);
    let run_as = |member: &str, arguments: &[String], more: &[&str]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        node.run_as(&scene, member, &arguments)
    };
    run_as("ARG", &admit(&changed), &[]).expect(2).says(&["signed another text"]);
    let made = run_as("ARG", &admit(&text), &["--output=json"]).expect(0).json();
    assert_eq!((&made["number"], &made["status"], &made["already_done"]), (&json!(1), &json!("open"), &json!(false)));
    let again = run_as("ARG", &admit(&text), &["--output=json"]).expect(0).json();
    assert_eq!((&again["number"], &again["already_done"]), (&json!(1), &json!(true)));
    assert_eq!(node.run(&["proposals", "1", "--output=json"]).expect(0).json()["newcomer"], "URY");
    let diff = node.run(&["charter", "diff", "--proposal=1"]).expect(0).out;
    assert!(diff.contains("+code = \"URY\"") && !diff.contains("\n-"), "{diff}");
    assert_eq!(node.run(&["proposals", "1", "--text"]).expect(0).out, std::fs::read_to_string(&text).unwrap());
    let pay = format!(r#"{{"creditor": "ARG", "currency": "USD", "amount": "12.50", "value_date": "{TODAY}"}}"#);
    std::fs::write(scene.path("pay.jsonl"), pay).unwrap();
    let submit = ["submit", &scene.arg("pay.jsonl"), "--member=URY", "--key", &key].map(str::to_owned);
    let submit: Vec<&str> = submit.iter().map(String::as_str).collect();
    node.run(&submit).expect(2).says(&["no member \"URY\""]);

    // Two of three agree; the deadline passes; it comes into force by itself.
    let voted = node.run_as(&scene, "ARG", &["vote", "1", "agree"]).expect(0).out;
    assert!(voted.contains("2 of 3 (two-thirds)") && voted.contains("not voted  BRA, CHL"), "{voted}");
    node.run_as(&scene, "BRA", &["vote", "1", "agree"]).expect(0);
    node.stop(Signal::SIGTERM);
    let node = Serving::start(&scene, &["--rehearse-from", LATER]);
    let enacted = wait_until(&node, &["proposals", "1"], |proposal| proposal["status"] == "in force");
    assert_eq!(enacted["in_force_height"].as_u64().map(|height| height % 16), Some(0));
    let history = node.run(&["charter", "history", "--output=json"]).expect(0).json();
    assert_eq!((&history["charters"][1]["proposal"], &history["charters"][1]["proposer"]), (&json!(1), &json!("ARG")));
    let members = node.run(&["members"]).expect(0).out;
    assert!(members.contains("URY") && members.contains("active"), "{members}");

    // Its batches count from the next roster on.
    wait_until(&node, &["members", "URY"], |member| !member["signing_key"].is_null());
    let paid = node.run(&[&submit[..], &["--charter", &founding, "--output=json"]].concat()).expect(0).json();
    assert_eq!(paid["outcomes"], json!({"settled": 1}), "{paid}");
    let positions = node.run(&["positions", "--member=URY", "--output=json"]).expect(0).json();
    assert_eq!(positions["positions"][0]["balance"]["amount"], "-12.50", "{positions}");
    node.stop(Signal::SIGTERM);
    run(&["verify", &scene.arg("union")]).expect(0);
    let statement = ["statement", "--data", &scene.arg("union/data"), "--member=URY", "--cycle=1", "--output=json"];
    assert_eq!(run(&statement).expect(0).json()["accounts"][0]["closing"]["amount"], "-12.50");
}
