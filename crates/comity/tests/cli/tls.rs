//! A node that serves over TLS, and commands that reach it.

use crate::scene::{Scene, command, finish, run};
use crate::serving::{NOON, Serving};
use nix::sys::signal::Signal;
use std::os::unix::fs::PermissionsExt;

/// Gives the scene's node a certificate of its own, for these days.
fn certify(scene: &Scene, days: i64) {
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed();
    let ends = u64::try_from(now + days * 86_400).unwrap();
    parameters.not_after = rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(ends);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::create_dir_all(scene.path("union/tls")).unwrap();
    std::fs::write(scene.path("union/tls/own.pem"), parameters.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(scene.path("union/tls/own.key"), key.serialize_pem()).unwrap();
    std::fs::set_permissions(scene.path("union/tls/own.key"), PermissionsExt::from_mode(0o600)).unwrap();
}

/// A scene whose node serves with a certificate for these days.
fn with_certificate(days: i64) -> Scene {
    let scene = Scene::new();
    certify(&scene, days);
    let config = scene.path("union/node.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = text.replace("127.0.0.1:7400", &free.to_string());
    std::fs::write(&config, format!("{text}\n[tls]\ncertificate = \"tls/own.pem\"\nkey = \"tls/own.key\"\n")).unwrap();
    scene
}

/// Starts the scene's node, which listens there.
fn start_at(scene: &Scene, listen: &str, more: &[&str]) -> Serving {
    let config = scene.arg("union/node.toml");
    let arguments = ["serve", "--config", &config, "--output=json", "--log-format=json", "--listen", listen];
    Serving::spawn(command(&arguments).args(more))
}

fn certificate_check(config: &str, code: i32) -> (String, String) {
    let checks = run(&["doctor", "--output=json", "--config", config]).expect(code).json();
    let checks = checks["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == "certificate").expect("it is looked at");
    let text = |field: &str| check[field].as_str().unwrap().to_owned();
    (text("status"), text("text"))
}

#[test]
fn commands_reach_a_node_over_tls_that_they_trust() {
    let scene = with_certificate(90);
    let config = scene.arg("union/node.toml");
    assert_eq!(certificate_check(&config, 0).0, "ok");
    // Where it may be reached from elsewhere, since it is encrypted.
    let node = start_at(&scene, "0.0.0.0:0", &["--rehearse-from", NOON]);
    assert!(node.url.starts_with("https://0.0.0.0:"), "{}", node.url);
    let url = node.url.replace("0.0.0.0", "localhost");
    let ca = scene.arg("union/tls/own.pem");
    let members = run(&["members", "--node", &url, "--ca", &ca]).expect(0).out;
    assert!(members.contains("BRA"), "{members}");
    // As the health check of a container is told.
    let mut by_environment = command(&["members"]);
    assert_eq!(finish(by_environment.env("COMITY_NODE", &url).env("COMITY_CA", &ca)).expect(0).out, members);
    let key = scene.arg("union/keys/ARG.key");
    let orders = scene.arg("orders.json");
    let order = r#"{"creditor": "BRA", "currency": "USD", "amount": "12.00", "value_date": "2026-11-23"}"#;
    std::fs::write(&orders, order).unwrap();
    let submit = ["submit", &orders, "--member", "ARG", "--key", &key, "--node", &url];
    let sent = run(&[&submit[..], &["--ca", &ca]].concat()).expect(0).out;
    assert!(sent.contains("settled"), "{sent}");

    // Nobody vouches for it on this machine; it has another name; another certificate; it is called without TLS.
    let unreachable = run(&["members", "--node", "http://127.0.0.1:1"]).code;
    run(&["members", "--node", &url]).expect(unreachable).says(&["certificate is not trusted"]);
    let other = url.replace("localhost", "127.0.0.2");
    run(&["members", "--node", &other, "--ca", &ca]).expect(unreachable).says(&["certificate is not trusted"]);
    let another = scene.arg("another.pem");
    std::fs::write(&another, rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap().cert.pem()).unwrap();
    run(&["members", "--node", &url, "--ca", &another]).expect(unreachable).says(&["certificate is not trusted"]);
    run(&["members", "--node", &url.replace("https", "http")]).expect(unreachable);
    run(&["members", "--node", &url, "--ca", &scene.arg("none.pem")]).expect(2).says(&["none.pem"]);
    run(&["members", "--node", "ftp://localhost"]).expect(2).says(&["https://"]);
    let log = node.stop(Signal::SIGTERM);
    assert!(!log.contains("expire"), "{log}");
}

#[test]
fn a_certificate_that_is_of_no_use_is_told_of() {
    let scene = with_certificate(10);
    let config = scene.arg("union/node.toml");
    assert_eq!(certificate_check(&config, 0).0, "warning");
    let node = Serving::start(&scene, &[]);
    let log = node.stop(Signal::SIGTERM);
    assert!(log.contains("the certificate under [tls] expires soon"), "{log}");

    let key = scene.path("union/tls/own.key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let (status, text) = certificate_check(&config, 1);
    assert!(status == "wrong" && text.contains("chmod 600"), "{text}");
    run(&["serve", "--config", &config]).expect(1).says(&["tls", "own.key", "chmod 600"]);
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    run(&["serve", "--config", &config]).expect(1).says(&["own.pem", "own.key", "cannot be used together"]);
    std::fs::remove_file(&key).unwrap();
    run(&["serve", "--config", &config]).expect(1).says(&["own.key"]);

    let over = with_certificate(-1);
    let (status, text) = certificate_check(&over.arg("union/node.toml"), 1);
    assert!(status == "wrong" && text.contains("has expired"), "{text}");
}

#[test]
fn a_renewed_certificate_is_read_while_the_node_runs() {
    let scene = with_certificate(10);
    let mut node = start_at(&scene, "127.0.0.1:0", &["--log-level=info"]);
    let (url, own, before) = (node.url.clone(), scene.arg("union/tls/own.pem"), scene.arg("before.pem"));
    std::fs::copy(&own, &before).unwrap();
    let members = |ca: &str| run(&["members", "--node", &url, "--ca", ca]);
    let unreachable = run(&["members", "--node", "http://127.0.0.1:1"]).code;
    certify(&scene, 90);
    members(&before).expect(0);
    members(&own).expect(unreachable);
    node.signal(Signal::SIGHUP, "the certificate under [tls] was read again");
    members(&own).expect(0);
    members(&before).expect(unreachable);
    // A certificate without its key changes nothing.
    std::fs::write(scene.path("union/tls/own.key"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    node.signal(Signal::SIGHUP, "the certificate under [tls] was not changed");
    members(&own).expect(0);
    node.stop(Signal::SIGTERM);
}

#[test]
fn doctor_sees_a_node_that_runs_over_tls() {
    let scene = with_certificate(90);
    let config = scene.arg("union/node.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let listen =
        text.lines().find_map(|line| line.strip_prefix("listen = \"")).unwrap().trim_end_matches('"').to_owned();
    let _node = start_at(&scene, &listen, &[]);
    let clock = format!("https://{listen}");
    let found = run(&["doctor", "--output=json", "--config", &config, "--clock-from", &clock]).expect(0).json();
    let checks = found["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["check"] == "clock" && check["status"] == "ok"), "{found}");
    assert!(checks.iter().any(|check| check["text"] == "the node is running"), "{found}");
}
