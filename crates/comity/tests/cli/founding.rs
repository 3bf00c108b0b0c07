//! `init`, `keys`, `completions`.

use crate::scene::{PASSPHRASE, Scene, command, file_names, finish, run};
use keys::key_file;
use union::{Charter, CycleLength};

#[test]
fn a_union_is_founded_and_proves() {
    let scene = Scene::new();
    let union = scene.path("union");
    assert_eq!(file_names(&union), ["charter.signatures.toml", "charter.toml", "data", "keys", "node.toml"]);
    assert_eq!(file_names(&union.join("keys")), ["ARG.key", "BRA.key", "CHL.key"]);

    let charter = scene.charter();
    assert_eq!((charter.name.as_str(), charter.cycle_length), ("Three", CycleLength::Months(1)));
    assert_eq!(charter.first_day.to_string(), "2026-11-01");
    for member in &charter.members {
        let public = scene.key(&member.code).public();
        assert_eq!((member.signing_key, member.sealing_key), (public.signing, public.sealing), "{}", member.code);
    }

    let verified = run(&["verify", &scene.arg("union"), "--output", "json"]).expect(0).json();
    assert_eq!(verified["charter_hash"], hex(&charter.hash()));
    assert_eq!(verified["blocks"], 1);
    assert_eq!(verified["founders"], serde_json::json!(["ARG", "BRA", "CHL"]));
}

/// Each with its own key, in any order; nothing begins before the last one has, nor on a text that was changed afterwards.
#[test]
fn a_union_begins_when_all_founders_have_signed() {
    let scene = Scene::new();
    let (agreed, begun) = (scene.arg("agreed.toml"), scene.arg("begun"));
    let text = std::fs::read_to_string(scene.path("union/charter.toml")).unwrap();
    std::fs::write(&agreed, &text).unwrap();
    let init = || run(&["init", &begun, "--charter", &agreed]);
    let check = || run(&["charter", "check", &agreed, "--output=json"]);
    let sign = |file: &str| run(&["charter", "sign", &agreed, "--key", &scene.arg(file), "--output=json"]);

    assert_eq!(check().expect(7).json()["missing"], serde_json::json!(["ARG", "BRA", "CHL"]));
    init().expect(1).says(&["agreed.signatures.toml", "of ARG, BRA, CHL on the charter are missing", "charter sign"]);
    sign("union/keys/CHL.key").expect(0);
    run(&["keys", "generate", &scene.arg("stranger.key"), "--work-factor=4"]).expect(0);
    sign("stranger.key").expect(2).says(&["agreed.toml does not name the keys of", "stranger.key"]);
    let signed = sign("union/keys/ARG.key").expect(0).json();
    assert_eq!(
        (&signed["signed"], &signed["missing"]),
        (&serde_json::json!(["ARG", "CHL"]), &serde_json::json!(["BRA"]))
    );
    init().expect(1).says(&["of BRA on the charter are missing"]);
    assert!(!scene.path("begun").exists(), "nothing was left behind");
    assert_eq!(sign("union/keys/BRA.key").expect(0).json()["complete"], true);
    assert_eq!(check().expect(0).json()["complete"], true);
    assert!(run(&["charter", "check", &agreed]).expect(0).out.contains("the union can begin"));

    // A signature of one founder does not stand for another, and none stands for another text.
    let file = scene.path("agreed.signatures.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    let line = |code: &str| good.lines().find(|line| line.starts_with(code)).unwrap().to_owned();
    std::fs::write(&file, good.replace(&line("BRA"), &line("ARG").replace("ARG", "BRA"))).unwrap();
    init().expect(1).says(&["the signatures of BRA are not by their keys"]);
    assert_eq!(check().expect(7).json()["wrong"], serde_json::json!(["BRA"]));
    std::fs::write(&file, &good).unwrap();
    std::fs::write(&agreed, format!("{text}# and\n")).unwrap();
    init().expect(1).says(&["the signatures of ARG, BRA, CHL are not by their keys on this very text"]);
    sign("union/keys/ARG.key").expect(4).says(&["not a byte of a charter may change"]);

    std::fs::write(&agreed, &text).unwrap();
    init().expect(0);
    let verified = run(&["verify", &begun]).expect(0).out;
    assert!(verified.contains("founders    ARG, BRA, CHL: every signature on the charter good"), "{verified}");
}

/// A journal that somebody began by other means is not served, and proves nothing.
#[test]
fn a_journal_without_its_founders_signatures_is_refused() {
    let scene = Scene::new();
    let genesis = journal::Reader::open(scene.path("union/data")).unwrap().block(0).unwrap().payload;
    let text = String::from_utf8(genesis).unwrap();
    let line = text.lines().find(|line| line.starts_with("BRA = ")).unwrap();
    std::fs::remove_dir_all(scene.path("union/data")).unwrap();
    let forged = text.replace(&format!("{line}\n"), "");
    journal::Journal::create(scene.path("union/data"), forged.as_bytes()).unwrap().close().unwrap();
    run(&["serve", "--config", &scene.arg("union/node.toml"), "--listen=127.0.0.1:0"])
        .expect(1)
        .says(&["the founders' signatures of BRA on the charter are missing"]);
    let fault = run(&["verify", &scene.arg("union"), "--output=json"]).expect(7).json();
    assert!(fault["reason"].as_str().unwrap().contains("of BRA on the charter are missing"), "{fault}");
}

#[test]
fn what_is_there_is_never_overwritten() {
    let scene = Scene::new();
    let before = std::fs::read(scene.path("union/charter.toml")).unwrap();
    let again = ["init", &scene.arg("union"), "--name=Other", "--member=AA:A:USD", "--member=BB:B:EUR"];
    run(&again).expect(1).says(&["union is not empty and is left as it was"]);
    assert_eq!(std::fs::read(scene.path("union/charter.toml")).unwrap(), before);

    let key = scene.arg("union/keys/ARG.key");
    let before = std::fs::read(&key).unwrap();
    run(&["keys", "generate", &key, "--work-factor=4"]).expect(1).says(&["ARG.key exists and is left as it was"]);
    assert_eq!(std::fs::read(&key).unwrap(), before);
}

#[test]
fn members_found_a_union_on_the_charter_that_they_agreed_on() {
    let scene = Scene::new();
    let agreed = scene.arg("union/charter.toml");
    let joined = run(&["init", &scene.arg("joined"), "--charter", &agreed, "--output=json"]).expect(0).json();
    assert_eq!(joined["charter_hash"], hex(&scene.charter().hash()));
    assert_eq!(joined["members"].as_array().unwrap().len(), 0, "nobody makes keys for those who have theirs");
    assert_eq!(file_names(&scene.path("joined")), ["charter.signatures.toml", "charter.toml", "data", "node.toml"]);
}

#[test]
fn defaults_are_written_where_they_are_seen() {
    let directory = tempfile::tempdir().unwrap();
    let union = directory.path().join("u");
    run(&[
        "init",
        union.to_str().unwrap(),
        "--name=\"Q\" \\ é",
        "--member=AA:A: B:USD",
        "--member=BB:B:EUR",
        "--work-factor=4",
    ])
    .expect(0)
    .says(&["warning", "no debit_cap for AA, BB"]);
    let text = std::fs::read_to_string(union.join("charter.toml")).unwrap();
    let charter = Charter::parse(&text).unwrap();
    assert_eq!((charter.name.as_str(), charter.members[0].name.as_str()), ("\"Q\" \\ é", "A: B"));
    for line in
        ["unit_of_account = \"USD\"", "months = 4", "customer_cut_off = \"17:00\"", "discipline = \"bypass-fifo\""]
    {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn keys_are_made_and_shown_without_their_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.key");
    let path = file.to_str().unwrap();
    let made = run(&["keys", "generate", path, "--work-factor=4", "--output=json"]).expect(0).json();
    let shown = run(&["keys", "show", path, "--output=json"]).expect(0).json();
    assert_eq!(made, shown);
    let public = key_file::read(&file, PASSPHRASE).unwrap().public();
    assert_eq!(shown["signing_key"], hex(&public.signing));
    assert_eq!(shown["sealing_key"], hex(&public.sealing));
    assert_eq!(shown["fingerprint"], public.fingerprint());

    let passphrase = directory.path().join("passphrase");
    std::fs::write(&passphrase, format!("{PASSPHRASE}\nsecond line\n")).unwrap();
    let from_file = ["keys", "show", path, "--passphrase-file", passphrase.to_str().unwrap()];
    finish(command(&from_file).env_remove("COMITY_PASSPHRASE")).expect(0);
    finish(command(&["keys", "show", path]).env("COMITY_PASSPHRASE", "wrong"))
        .expect(1)
        .says(&["a.key", "wrong passphrase"]);
    finish(command(&["keys", "show", path]).env_remove("COMITY_PASSPHRASE")).expect(2).says(&["--passphrase-file"]);

    let operator = directory.path().join("ana.key");
    let made = run(&[
        "keys",
        "operator",
        "Ana",
        "--member=BRA",
        "--role=maker",
        "--file",
        operator.to_str().unwrap(),
        "--work-factor=4",
    ])
    .expect(0);
    let public = key_file::read(&operator, PASSPHRASE).unwrap().public();
    assert!(made.out.contains("[[operators]]\nname = \"Ana\"\nmember = \"BRA\"\nrole = \"maker\""), "{}", made.out);
    assert!(made.out.contains(&hex(&public.signing)), "{}", made.out);
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell]).expect(0).out;
        for name in ["init", "verify", "export"] {
            assert!(script.contains(name), "{shell} does not complete {name}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
