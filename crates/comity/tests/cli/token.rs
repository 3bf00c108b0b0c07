//! A member whose signing key is in a token: founded, served, paying, deciding, verified. Skipped where SoftHSM is not installed,
//! unless `COMITY_SOFTHSM_REQUIRED` is set.

use crate::scene::{PASSPHRASE, Run, Scene, command, finish, run};
use crate::serving::{NOON, Serving};
use api::client::{Client, ClientError};
use keys::key_file;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A directory with one token, named Bank, and a union of which Brazil's signing key is to be there.
struct Vault {
    scene: Scene,
}

impl Vault {
    /// `None`, and a line that says so, where there is no SoftHSM.
    fn new() -> Option<Vault> {
        if !PathBuf::from(MODULE).exists() {
            assert!(std::env::var_os("COMITY_SOFTHSM_REQUIRED").is_none(), "SoftHSM is not installed");
            eprintln!("SKIPPED: SoftHSM is not installed, so no token was tried (Debian: softhsm2)");
            return None;
        }
        let vault = Vault { scene: Scene::new() };
        std::fs::create_dir(vault.scene.path("tokens")).unwrap();
        std::fs::write(vault.scene.path("pin"), "1234\n").unwrap();
        let tokens = vault.scene.arg("tokens");
        let settings = format!("directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
        std::fs::write(vault.scene.path("softhsm2.conf"), settings).unwrap();
        let mut tool = Command::new("softhsm2-util");
        tool.args(["--init-token", "--free", "--label=Bank", "--so-pin=0000", "--pin=1234"]);
        let made = vault.with_tokens(&mut tool).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(vault)
    }

    fn with_tokens<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SOFTHSM2_CONF", self.scene.path("softhsm2.conf"))
    }

    fn run(&self, arguments: &[&str]) -> Run {
        finish(self.with_tokens(&mut command(arguments)))
    }

    /// The address of a key whose other half is Brazil's key file.
    fn address(&self, of_key: &str, more: &str) -> String {
        format!("pkcs11:{of_key}?module-path={MODULE}&sealing-key={}{more}", self.scene.arg("union/keys/BRA.key"))
    }

    /// The address of a key in the token, with its PIN in a file.
    fn key(&self, name: &str) -> String {
        self.address(&format!("token=Bank;object={name}"), &format!("&pin-source=file:{}", self.scene.arg("pin")))
    }

    fn generate(&self, name: &str) -> Value {
        self.run(&["keys", "generate", &self.key(name), "--output=json"]).expect(0).json()
    }

    /// Founds the union with a key in the token as Brazil's, at whose node two people act for it.
    fn found(&self) {
        let public = self.generate("BRA");
        let old = run(&["keys", "show", &self.scene.arg("union/keys/BRA.key"), "--output=json"]).expect(0).json();
        assert_eq!(public["sealing_key"], old["sealing_key"]);
        let key = |shown: &Value| shown["signing_key"].as_str().unwrap().to_owned();
        let charter = self.scene.charter().text().replace(&key(&old), &key(&public));
        std::fs::write(self.scene.path("agreed.toml"), charter).unwrap();
        let file = |code: &str| self.scene.arg(&format!("union/keys/{code}.key"));
        for key in [file("ARG"), self.key("BRA"), file("CHL")] {
            self.run(&["charter", "sign", &self.scene.arg("agreed.toml"), "--key", &key]).expect(0);
        }
        self.run(&["init", &self.scene.arg("agreed"), "--charter", &self.scene.arg("agreed.toml")]).expect(0);
        let config = self.scene.path("agreed/node.toml");
        let mut text = std::fs::read_to_string(&config).unwrap();
        let key = toml::Value::String(self.key("BRA"));
        text.push_str(&format!("\n[[members]]\ncode = \"BRA\"\nkey = {key}\nfour_eyes_from = \"1000\"\n"));
        for (name, role) in [("mia", "maker"), ("carl", "checker")] {
            let file = format!("--file={}", self.scene.arg(&format!("{name}.key")));
            let made = ["keys", "operator", name, "--member=BRA", "--role", role, &file, "--work-factor=4"];
            text.push_str(&format!("\n{}", run(&made).expect(0).out));
        }
        std::fs::write(config, text).unwrap();
    }

    fn serve(&self) -> Serving {
        let mut serve = command(&Serving::arguments(&self.scene.arg("agreed/node.toml")));
        serve.args(["--rehearse-from", NOON]);
        Serving::spawn(self.with_tokens(&mut serve))
    }

    fn session(&self, node: &Serving, operator: &str) -> Client {
        let key = key_file::read(&self.scene.path(&format!("{operator}.key")), PASSPHRASE).unwrap();
        let mut client = Client::new(&node.url);
        client.log_in(operator, &key).unwrap();
        client
    }

    fn go(&self) {
        std::fs::rename(self.scene.path("tokens"), self.scene.path("away")).unwrap();
        std::fs::create_dir(self.scene.path("tokens")).unwrap();
    }

    fn come_back(&self) {
        std::fs::remove_dir(self.scene.path("tokens")).unwrap();
        std::fs::rename(self.scene.path("away"), self.scene.path("tokens")).unwrap();
    }
}

fn order(amount: &str) -> Value {
    let detail = json!({"creditor_name": "Viña Sur"});
    json!([{"creditor": "CHL", "currency": "USD", "amount": amount, "value_date": "2026-11-23", "detail": detail}])
}

#[track_caller]
fn status<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> u16 {
    match answer {
        Err(ClientError::Problem(problem)) => problem.status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_member_with_its_key_in_a_token_founds_pays_decides_and_is_verified() {
    let Some(vault) = Vault::new() else { return };
    vault.found();
    let doctor = ["doctor", "--config", &vault.scene.arg("agreed/node.toml"), "--output=json"];
    let found = vault.run(&doctor).json();
    let of_key = found["checks"].as_array().unwrap().iter().find(|check| check["check"] == "key of BRA").unwrap();
    assert_eq!(of_key["status"], "ok", "{found}");
    let node = vault.serve();
    let as_brazil = |arguments: &[&str]| {
        let own = ["--member=BRA", "--key", &vault.key("BRA"), "--node", &node.url];
        vault.run(&[arguments, &own].concat())
    };

    // The command line: an order with detail, which is the same order when it is sent again, and a vote.
    std::fs::write(vault.scene.path("orders.json"), order("7.00")[0].to_string()).unwrap();
    let orders = vault.scene.arg("orders.json");
    for already in [0, 1] {
        let sent = as_brazil(&["submit", &orders, "--output=json"]).expect(0).json();
        assert_eq!((&sent["outcomes"], &sent["already_done"]), (&json!({"settled": 1}), &json!(already)), "{sent}");
    }
    node.run_as(&vault.scene, "ARG", &["propose", "suspend", "CHL", "--days=14"]).expect(0);
    as_brazil(&["vote", "1", "oppose"]).expect(0);

    // The node signs what operators order: a small one at once, a large one when a second person has approved it.
    let (mia, carl) = (vault.session(&node, "mia"), vault.session(&node, "carl"));
    assert_eq!(mia.submit_orders(&order("8.00"), "small").unwrap().orders[0].outcome, "settled");
    let large = mia.submit_orders(&order("5000.00"), "large").unwrap();
    let approve = format!("/v1/approvals/{}/approve", large.orders[0].approval.as_deref().unwrap());

    // Without the token nothing is signed and nothing is lost.
    vault.go();
    assert_eq!(status(mia.submit_orders(&order("9.00"), "gone")), 503);
    assert_eq!(status(carl.post::<Value>(&approve, &json!({}))), 503);
    assert!(node.get("/metrics").1.contains("comity_batches_unsigned_total{member=\"BRA\"} 2\n"));
    vault.come_back();
    assert_eq!(carl.post::<Value>(&approve, &json!({})).unwrap()["outcome"], "settled");
    assert_eq!(mia.submit_orders(&order("9.00"), "gone").unwrap().orders[0].outcome, "settled");

    // Another key in the token takes the first one's place.
    vault.generate("BRA2");
    as_brazil(&["keys", "replace", "node", &vault.key("BRA2")]).expect(2).says(&["a node's key is in a file"]);
    as_brazil(&["keys", "replace", "signing", &vault.key("BRA2")]).expect(0);
    let log = node.stop(Signal::SIGTERM);
    assert!(log.contains("did not sign"), "{log}");

    run(&["verify", &vault.scene.arg("agreed")]).expect(0);
}

#[test]
fn what_is_wrong_with_an_address_or_a_token_is_said() {
    let Some(vault) = Vault::new() else { return };
    let show = |address: &str| vault.run(&["keys", "show", address]);
    let with_pin = |address: &str, pin: &str| {
        finish(vault.with_tokens(command(&["keys", "show", address]).env("COMITY_PIN", pin)))
    };
    show("pkcs11:object=BRA?module-path=softhsm.so").expect(2).says(&["module-path", "absolute"]);
    show(&vault.address("object=BRA", "&pin-value=1234")).expect(2).says(&["pin-value", "COMITY_PIN"]);
    show(&vault.address("object=BRA", "")).expect(2).says(&["no PIN", "pin-source", "COMITY_PIN"]);
    let elsewhere = vault.address("token=Bonk;object=BRA", "");
    with_pin(&elsewhere, "1234").expect(1).says(&["no token is there", "\"Bank\""]);
    with_pin(&vault.address("object=BRA", ""), "1234").expect(1).says(&["no private key", "keys generate"]);
    with_pin(&vault.address("object=BRA", ""), "4321").expect(1).says(&["refuses the PIN", "fewer tries"]);
    let no_module = vault.address("object=BRA", "").replace(MODULE, "/nowhere/module.so");
    with_pin(&no_module, "1234").expect(1).says(&["cannot load", "/nowhere/module.so"]);
    let public = vault.generate("BRA");
    vault.run(&["keys", "generate", &vault.key("BRA")]).expect(1).says(&["has a key", "left as it was"]);
    let shown = show(&vault.key("BRA")).expect(0).out;
    assert!(shown.contains(public["signing_key"].as_str().unwrap()), "{shown}");
}
