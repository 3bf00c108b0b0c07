//! Proposals, votes, keys and leaving on the command line.

use crate::admission::{DEADLINE, wait_until};
use crate::scene::{Scene, run};
use crate::serving::{NOON, Serving};
use nix::sys::signal::Signal;
use serde_json::json;

#[test]
fn a_rule_changes_and_the_change_is_seen() {
    let scene = Scene::with(&["--epoch-blocks=16"]);
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let in_force = std::fs::read_to_string(scene.path("union/charter.toml")).unwrap();
    let text = scene.arg("amended.toml");
    std::fs::write(&text, in_force.replace("days_waiting = 5", "days_waiting = 9")).unwrap();
    let amend = ["propose", "amend", "--text", &text, DEADLINE];
    node.run_as(&scene, "BRA", &amend).expect(0);
    for (arguments, code, words) in [
        (vec!["propose", "amend", "--text", "/nowhere", DEADLINE], 1, vec!["/nowhere"]),
        (vec!["propose", "amend", "--text", &text], 2, vec!["--days", "--deadline"]),
        (vec!["propose", "expel", "URY", DEADLINE], 2, vec!["subject", "URY"]),
        (vec!["propose", "upgrade", "1", DEADLINE], 4, vec!["protocol"]),
        (vec!["vote", "7", "agree"], 4, vec!["proposal"]),
        (vec!["vote", "1", "perhaps"], 2, vec!["agree"]),
        (vec!["withdraw", "1"], 4, vec!["proposal"]),
    ] {
        node.run_as(&scene, "ARG", &arguments).expect(code).says(&words);
    }
    for (member, ballot) in [("ARG", "oppose"), ("ARG", "agree"), ("CHL", "abstain"), ("BRA", "agree")] {
        node.run_as(&scene, member, &["vote", "1", ballot]).expect(0);
    }
    let list = node.run(&["proposals", "--status=open"]).expect(0).out;
    assert!(list.contains("amend") && list.contains("BRA"), "{list}");
    let days =
        node.run_as(&scene, "CHL", &["propose", "suspend", "ARG", "--days=30", "--output=json"]).expect(0).json();
    assert_eq!((&days["subject"], &days["electorate"]), (&json!("ARG"), &json!(2)));
    let withdrawn = node.run_as(&scene, "CHL", &["withdraw", "2", "--output=json"]).expect(0).json();
    assert_eq!(withdrawn["proposal"]["status"], "withdrawn");
    node.stop(Signal::SIGTERM);

    let node = Serving::start(&scene, &["--rehearse-from", "2026-11-23T14:00:00Z"]);
    wait_until(&node, &["proposals", "1"], |proposal| proposal["status"] == "in force");
    let diff = node.run(&["charter", "diff"]).expect(0).out;
    assert!(diff.contains("-days_waiting = 5") && diff.contains("+days_waiting = 9"), "{diff}");
    assert!(node.run(&["charter", "diff", "--against=2"]).expect(0).out.contains("are the same"));
    node.run(&["charter", "show", "3"]).expect(4).says(&["1 to 2"]);
    assert_eq!(node.run(&["charter", "show", "1"]).expect(0).out, in_force);
    // Who knows the union by the charter that it was founded on signs for it still.
    let charter = scene.arg("union/charter.toml");
    node.run_as(&scene, "ARG", &["set", "reservations", "--urgent=1", "--high=1", "--charter", &charter]).expect(0);
    node.stop(Signal::SIGTERM);
    run(&["verify", &scene.arg("union")]).expect(0);
}

#[test]
fn a_member_replaces_its_key_and_leaves() {
    let scene = Scene::with(&["--epoch-blocks=16"]);
    let node = Serving::start(&scene, &["--rehearse-from", NOON]);
    let new = scene.arg("new.key");
    run(&["keys", "generate", &new, "--work-factor=4"]).expect(0);
    let replaced = node.run_as(&scene, "ARG", &["keys", "replace", "signing", &new, "--output=json"]).expect(0).json();
    assert_eq!(replaced["outcomes"][0]["outcome"], "done", "{replaced}");
    let of_bra = scene.arg("union/keys/BRA.key");
    node.run_as(&scene, "CHL", &["keys", "replace", "signing", &of_bra]).expect(4).says(&["key", "in use"]);
    node.run_as(&scene, "CHL", &["keys", "replace", "node", &of_bra]).expect(1).says(&["key file of a member"]);
    node.run_as(&scene, "CHL", &["keys", "replace", "node", "--remove"]).expect(2).says(&["standby"]);
    let key = run(&["keys", "show", &new, "--output=json"]).expect(0).json()["signing_key"].clone();
    wait_until(&node, &["members", "ARG"], |member| member["signing_key"] == key);
    let rule = ["set", "rule", "0", "hold"];
    node.run_as(&scene, "ARG", &rule).expect(1).says(&["ARG", "charter"]);
    node.run(&[&rule[..], &["--member=ARG", "--key", &new]].concat()).expect(0);

    let leave = ["leave", "--member=ARG", "--key", &new];
    node.run(&leave).expect(2).says(&["--yes", "every open order", "cannot be taken back"]);
    let left = node.run(&[&leave[..], &["--yes", "--output=json"]].concat()).expect(0).json();
    assert_eq!(left["standing"], "left", "nothing was to settle");
    // Once the roster has followed, its key is not known any more.
    let again = node.run(&[&leave[..], &["--yes"]].concat());
    assert!([1, 4].contains(&again.code), "{}", again.err);
    let members = node.run(&["members"]).expect(0).out;
    assert!(members.lines().any(|line| line.starts_with("ARG") && line.contains("left")), "{members}");
    node.stop(Signal::SIGTERM);
    run(&["verify", &scene.arg("union")]).expect(0);
}
