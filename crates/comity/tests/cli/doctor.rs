//! `doctor`: what is wrong is found before it does harm.

use crate::members_nodes::{Network, wait_until_ready};
use crate::scene::{Run, Scene, command, finish, run};
use crate::serving::Serving;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

/// The checks of a run that came to something, by name.
fn with_status(run: &Run, status: &str) -> Vec<(String, String)> {
    let json = run.json();
    let of_status = json["checks"].as_array().unwrap().iter().filter(|check| check["status"] == status);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_status.map(|check| (text(&check["check"]), text(&check["text"]))).collect()
}

fn doctor(config: &str, more: &[&str]) -> Run {
    run(&[&["doctor", "--output=json", "--config", config], more].concat())
}

fn names(checks: &[(String, String)]) -> Vec<&str> {
    checks.iter().map(|(check, _)| check.as_str()).collect()
}

/// A scene whose node has a port of the system's choice for HTTP.
fn on_a_free_port(scene: &Scene) -> String {
    let config = scene.arg("union/node.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::fs::write(&config, text.replace("127.0.0.1:7400", &free.to_string())).unwrap();
    config
}

#[test]
fn a_node_alone_is_well_or_not() {
    let scene = Scene::new();
    let config = on_a_free_port(&scene);
    let well = doctor(&config, &[]).expect(0);
    let ok = with_status(&well, "ok");
    for check in ["configuration", "journal", "data directory", "disk space", "key of ARG", "key of CHL"] {
        assert!(names(&ok).contains(&check), "{check} is not in {ok:?}");
    }
    assert!(ok.iter().any(|(_, text)| text.contains("readable up to block 0")), "{ok:?}");
    assert_eq!(names(&with_status(&well, "skipped")), ["clock"]);
    let text = run(&["doctor", "--config", &config]).expect(0).out;
    assert!(text.contains("skipped") && text.contains("-> --clock-from"), "{text}");

    let unknown = finish(command(&["doctor", "--output=json", "--config", &config]).env_remove("COMITY_PASSPHRASE"));
    assert_eq!(names(&with_status(&unknown.expect(0), "skipped")), ["passphrase", "clock"]);

    // One thing after another goes wrong.
    let key = scene.path("union/keys/ARG.key");
    std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let wrong = with_status(&doctor(&config, &[]).expect(1), "wrong");
    assert_eq!(names(&wrong), ["key of ARG"]);
    assert!(wrong[0].1.contains("644"), "{wrong:?}");
    std::fs::remove_file(&key).unwrap();
    std::fs::copy(scene.path("union/keys/BRA.key"), &key).unwrap();
    assert_eq!(names(&with_status(&doctor(&config, &[]).expect(1), "wrong")), ["key of ARG"]);

    let text = std::fs::read_to_string(&config).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = text.lines().find(|line| line.starts_with("listen = ")).unwrap();
    let changed = scene.arg("union/changed.toml");
    std::fs::write(&changed, text.replace(listen, &format!("listen = \"{}\"", taken.local_addr().unwrap()))).unwrap();
    // Nobody answers there: what listens is closed as soon as it is asked.
    let closing = std::thread::spawn(move || drop([taken.accept(), taken.accept()]));
    let wrong = with_status(&doctor(&changed, &[]).expect(1), "wrong");
    closing.join().unwrap();
    assert!(names(&wrong)[1].starts_with("HTTP port"), "{wrong:?}");

    let segment = scene.segments()[0].0.clone();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    assert_eq!(names(&with_status(&doctor(&config, &[]).expect(1), "wrong")), ["journal"]);
    assert_eq!(names(&with_status(&doctor("/nowhere/node.toml", &[]).expect(1), "wrong")), ["configuration"]);
}

#[test]
fn a_node_among_others_sees_whether_they_are_there() {
    let network = Network::found();
    let config = network.config("ARG");
    let alone = doctor(&config, &[]).expect(1);
    assert_eq!(names(&with_status(&alone, "wrong")), ["node of BRA", "node of CHL", "node of PER"]);
    assert!(names(&with_status(&alone, "ok")).contains(&"node key"));

    let nodes: Vec<Serving> = ["BRA", "CHL", "PER"].map(|code| Serving::of(&network.config(code), &[])).into();
    nodes.iter().for_each(wait_until_ready);
    let together = doctor(&config, &["--clock-from", &nodes[0].url]).expect(0);
    let ok = with_status(&together, "ok");
    for check in ["node of BRA", "node of CHL", "node of PER", "clock"] {
        assert!(names(&ok).contains(&check), "{check} is not in {ok:?}");
    }
    let other = network.config_text("ARG").replace("keys/node.key", "../BRA/keys/node.key");
    std::fs::write(network.arg("union/ARG/other.toml"), other).unwrap();
    assert_eq!(
        names(&with_status(&doctor(&network.arg("union/ARG/other.toml"), &[]).expect(1), "wrong")),
        ["node key"]
    );
    for node in nodes {
        node.stop(Signal::SIGTERM);
    }
}
