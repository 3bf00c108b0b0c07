//! A node for every member: `init --nodes`, `keys node`, `serve` with peers, `demo --nodes`.

use crate::scene::{PASSPHRASE, Run, command, file_names, finish, run};
use crate::serving::Serving;
use keys::key_file;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;
use tempfile::TempDir;
use union::Charter;

const CODES: [&str; 4] = ["ARG", "BRA", "CHL", "PER"];

/// Four members, each with a node, on ports that are free.
pub struct Network {
    directory: TempDir,
}

impl Network {
    pub fn found() -> Network {
        let network = Network { directory: tempfile::tempdir().unwrap() };
        let founded = run(&[
            "init",
            &network.arg("union"),
            "--nodes",
            "--name=Four",
            "--member=ARG:Banco de Argentina:ARS",
            "--member=BRA:Banco do Brasil:BRL",
            "--member=CHL:Banco de Chile:CLP",
            "--member=PER:Banco del Perú:PEN",
            "--first-day=2026-11-01",
            "--work-factor=4",
            "--output=json",
        ]);
        let founded = founded.expect(0).json();
        // What is free now others may take, other tests for one: each gets ports of the system's own choice.
        let sockets = CODES.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        for code in CODES {
            let mut text = network.config_text(code);
            for (node, socket) in founded["nodes"].as_array().unwrap().iter().zip(&sockets) {
                text = text.replace(node["listen"].as_str().unwrap(), &socket.local_addr().unwrap().to_string());
            }
            std::fs::write(network.config(code), text).unwrap();
        }
        network
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn config(&self, code: &str) -> String {
        self.arg(&format!("union/{code}/node.toml"))
    }

    pub fn config_text(&self, code: &str) -> String {
        std::fs::read_to_string(self.config(code)).unwrap()
    }

    /// Serves with a configuration that was changed; it must not start.
    fn serve_changed(&self, from: &str, to: &str) -> Run {
        let text = self.config_text("ARG");
        assert!(text.contains(from), "{from} is not in\n{text}");
        let changed = self.arg("union/ARG/changed.toml");
        std::fs::write(&changed, text.replace(from, to)).unwrap();
        run(&["serve", "--config", &changed, "--listen=127.0.0.1:0"])
    }

    fn charter(&self) -> Charter {
        Charter::parse(&std::fs::read_to_string(self.path("union/charter.toml")).unwrap()).unwrap()
    }
}

/// Waits until a node takes batches.
pub fn wait_until_ready(node: &Serving) {
    while node.get("/ready").0 != 200 {
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
}

#[test]
fn every_member_gets_a_node_of_the_same_union() {
    let network = Network::found();
    assert_eq!(
        file_names(&network.path("union")),
        ["ARG", "BRA", "CHL", "PER", "charter.signatures.toml", "charter.toml"]
    );
    let charter = network.charter();
    let mut addresses = BTreeSet::new();
    for (code, member) in CODES.into_iter().zip(&charter.members) {
        let home = network.path(&format!("union/{code}"));
        assert_eq!(file_names(&home), ["charter.signatures.toml", "charter.toml", "data", "keys", "node.toml"]);
        assert_eq!(file_names(&home.join("keys")), [&format!("{code}.key"), "node.key"]);
        assert_eq!(std::fs::read_to_string(home.join("charter.toml")).unwrap(), charter.text());

        let node_key = key_file::read_node(&home.join("keys/node.key"), PASSPHRASE).unwrap();
        assert_eq!(Some(node_key.public()), member.node_key);
        let shown = run(&["keys", "show", home.join("keys/node.key").to_str().unwrap()]).expect(0).out;
        assert!(charter.text().contains(shown.lines().next().unwrap()), "{shown}");
        let as_member = ["accept", "11111111-1111-4111-8111-111111111111", "--member", code, "--key"];
        let key = home.join("keys/node.key");
        let charter_file = network.arg("union/charter.toml");
        run(&[&as_member[..], &[key.to_str().unwrap(), "--charter", &charter_file]].concat())
            .expect(1)
            .says(&["node.key", "key file of a node"]);

        let verified = run(&["verify", home.to_str().unwrap(), "--output=json"]).expect(0).json();
        let charter_hash: String = charter.hash().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((verified["charter_hash"].as_str(), verified["blocks"].as_u64()), (Some(&*charter_hash), Some(1)));
        for line in network.config_text(code).lines().filter(|line| line.starts_with("listen = ")) {
            assert!(addresses.insert(line.to_owned()), "{line} is there twice");
        }
    }
    assert_eq!(addresses.len(), 8);
}

#[test]
fn a_member_founds_its_node_on_an_agreed_charter() {
    let network = Network::found();
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let made = run(&["keys", "node", &place("node.key"), "--work-factor=4", "--output=json"]).expect(0).json();
    run(&["keys", "node", &place("node.key"), "--work-factor=4"]).expect(1).says(&["exists and is left as it was"]);

    // The members put what they were told into the charter.
    let node_key =
        |code: &str| network.charter().members[usize::from(network.charter().member(code).unwrap())].node_key;
    let hex = |key: Option<[u8; 32]>| key.unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = network.charter().text().replace(&hex(node_key("ARG")), made["node_key"].as_str().unwrap());
    let agreed = place("charter.toml");
    std::fs::write(&agreed, &text).unwrap();
    for code in CODES {
        let key_of_member = network.arg(&format!("union/{code}/keys/{code}.key"));
        run(&["charter", "sign", &agreed, "--key", &key_of_member]).expect(0);
    }

    let key = place("node.key");
    let argentina = ["--member=ARG", "--node-key", &key, "--listen=0.0.0.0:7500"];
    let peers = ["--peer=BRA=bra.example.net:7500", "--peer=CHL=10.0.0.3:7500", "--peer=PER=[2001:db8::4]:7500"];
    let union = place("union");
    let init = |more: &[&str]| run(&[&["init", &union, "--charter", &agreed, "--output=json"], more].concat());
    let other_key = network.arg("union/BRA/keys/node.key");
    let member_key = network.arg("union/ARG/keys/ARG.key");
    let table: Vec<(Vec<&str>, i32, &[&str])> = vec![
        (vec![], 2, &["[node] is missing", "ARG, BRA, CHL, PER", "--node-key"]),
        (vec!["--member=ARG"], 2, &["--node-key"]),
        (vec!["--member=ARG:Argentina:ARS"], 2, &["--charter is agreed"]),
        (vec!["--peer=BRA=bra.example.net:7500"], 2, &["--node-key"]),
        ([&argentina[..], &peers[1..], &["--peer=BRA=bra.example.net"]].concat(), 2, &["--peer BRA", "host:port"]),
        ([&argentina[..], &["--peer=BRA"]].concat(), 2, &["CODE=HOST:PORT"]),
        ([&argentina[..], &peers[..], &["--introduced=abc=10.0.0.9:7500"]].concat(), 2, &["node.introduced", "abc"]),
        (
            [&["--member=ARG", "--node-key", &other_key], &peers[..]].concat(),
            2,
            &["not the key of the node of ARG", "that of BRA"],
        ),
        ([&["--member=ARG", "--node-key", &member_key], &peers[..]].concat(), 1, &["ARG.key", "key file of a member"]),
    ];
    for (arguments, code, words) in table {
        init(&arguments).expect(code).says(words);
        assert!(!directory.path().join("union").exists(), "{arguments:?} left something behind");
    }

    let founded = init(&[&argentina[..], &peers[..]].concat()).expect(0).json();
    assert_eq!(
        (&founded["nodes"][0]["member"], &founded["nodes"][0]["listen"]),
        (&"ARG".into(), &"0.0.0.0:7500".into())
    );
    let config = std::fs::read_to_string(directory.path().join("union/node.toml")).unwrap();
    for line in ["member = \"ARG\"", "listen = \"0.0.0.0:7500\"", "BRA = \"bra.example.net:7500\""] {
        assert!(config.contains(line), "{line} is not in\n{config}");
    }
    assert_eq!(
        file_names(&directory.path().join("union")),
        ["charter.signatures.toml", "charter.toml", "data", "node.toml"]
    );

    // A newcomer that no founder knew, and who is introduced to a node that came later, too. It is warned, not refused.
    let newcomer = place("newcomer");
    let introduced = format!("--introduced={}=192.0.2.9:7500", "0a".repeat(32));
    let init = ["init", &newcomer, "--charter", &agreed, "--output=json", "--member=URY", "--node-key", &key];
    let (key_of_ury, peer_of_bol) = (place("ury.key"), "--peer=BOL=192.0.2.8:7500");
    run(&[&init[..], &[peers[0], peer_of_bol]].concat())
        .expect(2)
        .says(&["not the key of the node of URY", "that of ARG"]);
    run(&["keys", "node", &key_of_ury, "--work-factor=4"]).expect(0);
    let init = ["init", &newcomer, "--charter", &agreed, "--output=json", "--member=URY", "--node-key", &key_of_ury];
    run(&[&init[..], &[peers[0], peer_of_bol, &introduced]].concat()).expect(0).says(&[
        "names no node of URY",
        "node.peers.BOL",
        "node.peers.CHL is missing",
        "does not name",
    ]);
    let config = std::fs::read_to_string(directory.path().join("newcomer/node.toml")).unwrap();
    for line in ["[[node.introduced]]", "BOL = \"192.0.2.8:7500\"", "address = \"192.0.2.9:7500\""] {
        assert!(config.contains(line), "{line} is not in\n{config}");
    }
}

#[test]
fn what_one_node_takes_all_come_to() {
    let network = Network::found();
    let ready = |node: &Serving| -> Value { serde_json::from_str(&node.get("/ready").1).unwrap() };
    let mut nodes = vec![Serving::of(&network.config("ARG"), &[])];
    let alone = ready(&nodes[0]);
    assert_eq!((&alone["code"], &alone["status"]), (&json!("no_quorum"), &json!(503)), "{alone}");
    assert_eq!(alone["network"], json!({"nodes": 4, "quorum": 3, "connected": 1, "behind": 0}));
    nodes.extend(CODES[1..3].iter().map(|code| Serving::of(&network.config(code), &[])));
    nodes.iter().for_each(wait_until_ready);
    assert_eq!(ready(&nodes[0])["network"]["connected"], 3);

    // Three of four agree; the fourth comes later and catches up.
    let key = network.arg("union/BRA/keys/BRA.key");
    let rule = ["set", "rule", "0", "hold", "--above=500", "--member=BRA", "--key", &key];
    nodes[1].run(&rule).expect(0);
    nodes.push(Serving::of(&network.config("PER"), &[]));
    wait_until_ready(&nodes[3]);
    for node in &nodes {
        while node.run(&["members", "BRA", "--output=json"]).expect(0).json()["rules"].as_array().unwrap().is_empty() {
            std::thread::park_timeout(std::time::Duration::from_millis(10));
        }
        let metrics = node.get("/metrics").1;
        for metric in ["comity_nodes 4", "comity_peer_messages_refused_total 0", "comity_waiting_batches 0"] {
            assert!(metrics.contains(metric), "{metric} is not in\n{metrics}");
        }
    }
    let log = nodes.pop().unwrap().stop(Signal::SIGTERM);
    assert!(!log.contains(PASSPHRASE), "{log}");
    for node in nodes {
        node.stop(Signal::SIGTERM);
    }
    for code in CODES {
        let verified = run(&["verify", &network.arg(&format!("union/{code}")), "--output=json"]).expect(0).json();
        assert_eq!((&verified["verified"], &verified["batches"]), (&true.into(), &1.into()), "{code}: {verified}");
    }
}

#[test]
fn a_node_that_does_not_fit_is_not_started() {
    let network = Network::found();
    let text = network.config_text("ARG");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let peer = line("BRA = ");
    network.serve_changed(&peer, "BRA = \"nowhere\"").expect(1).says(&["node.peers.BRA", "host:port"]);
    network.serve_changed("member = \"ARG\"", "member = \"BRA\"").expect(1).says(&["not the key of the node of BRA"]);
    network
        .serve_changed("# idle_ms = 500", "idle_ms = 2000")
        .expect(1)
        .says(&["node.timing", "leader_ms above idle_ms"]);
    network.serve_changed("# idle_ms = 500", "patience = 1").expect(1).says(&["changed.toml", "patience"]);
    network
        .serve_changed("keys/node.key", "../BRA/keys/node.key")
        .expect(1)
        .says(&["not the key of the node of ARG", "that of BRA"]);
    network.serve_changed("keys/node.key", "keys/ARG.key").expect(1).says(&["key file of a member"]);
    let config = network.config("ARG");
    let serve = ["serve", "--config", &config, "--listen=127.0.0.1:0"];
    finish(command(&serve).env("COMITY_PASSPHRASE", "wrong")).expect(1).says(&["node.key", "wrong passphrase"]);

    let listen = text.lines().filter(|line| line.starts_with("listen = ")).nth(1).unwrap();
    let taken = TcpListener::bind(listen.trim_start_matches("listen = ").trim_matches('"')).unwrap();
    run(&serve).expect(1).says(&["cannot listen for other nodes", &taken.local_addr().unwrap().to_string()]);

    // Without its table, and the table where the charter names no nodes.
    let table = text.find("[node]").unwrap();
    let end = text.find("# The members whose").unwrap();
    network.serve_changed(&text[table..end], "").expect(1).says(&["[node] is missing", "ARG, BRA, CHL, PER"]);
}

/// A small year through four nodes, and what each of them wrote is proved.
#[test]
fn the_demo_goes_through_four_nodes() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("demo");
    let demo = ["demo", "--exit", "--nodes=4", "--orders=2000", "--output=json", "--data", data.to_str().unwrap()];
    let told = run(&demo).expect(0).json();
    assert_eq!(told["orders"], told["settled"], "{told}");
    let nodes = told["nodes"].as_array().unwrap();
    assert_eq!(
        nodes.iter().map(|node| node["member"].as_str().unwrap()).collect::<Vec<_>>(),
        ["ARG", "BOL", "BRA", "CHL"]
    );
    for node in nodes {
        let verified = run(&["verify", node["directory"].as_str().unwrap(), "--output=json"]).expect(0).json();
        assert_eq!(verified["state_hash"], told["state_hash"], "{node}");
        assert_eq!(node["state_hash"], told["state_hash"]);
        assert_eq!(verified["blocks"].as_u64(), told["blocks"].as_u64().map(|blocks| blocks + 1));
    }
    assert!(told["finality_ms"]["p50"].as_f64() <= told["finality_ms"]["p99"].as_f64(), "{told}");

    // What is left of one demo makes room for another; anything else stays.
    let alone = ["demo", "--exit", "--orders=1", "--output=json", "--data", data.to_str().unwrap()];
    let told = run(&alone).expect(0).json();
    assert_eq!(told.get("nodes"), None);
    std::fs::write(data.join("mine"), "").unwrap();
    let other = directory.path().join("other");
    std::fs::create_dir_all(other.join("ARG")).unwrap();
    let other = ["demo", "--exit", "--nodes=1", "--data", other.to_str().unwrap()];
    run(&other).expect(1).says(&["no block is agreed on", "something other than a demo"]);
    run(&["demo", "--exit", "--nodes=9"]).expect(2).says(&["--nodes", "1..=8"]);
}
