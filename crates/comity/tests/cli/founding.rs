//! `init`, `keys`, `completions`.

use crate::scene::{PASSPHRASE, Scene, command, file_names, finish, run};
use keys::key_file;
use union::{Charter, CycleLength};

#[test]
fn a_union_is_founded_and_proves() {
    let scene = Scene::new();
    let union = scene.path("union");
    assert_eq!(file_names(&union), ["charter.toml", "data", "keys", "node.toml"]);
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
    assert_eq!(file_names(&scene.path("joined")), ["charter.toml", "data", "node.toml"]);
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
