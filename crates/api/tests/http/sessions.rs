//! Logging in: what is signed, how often, and how long it holds.

use crate::harness::{Server, hex, key as member_key, noon, operator_key, people, problem};
use api::client::Client;
use api::{
    Api, Bounds, Challenge, ChallengeRequest, HeldMember, LoginRequest, Operator, Role, SessionView, Settings,
    SettingsError, login_message,
};
use serde_json::Value;

fn unhex(text: &str) -> [u8; 32] {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..64).step_by(2).map(digits).collect::<Vec<_>>().try_into().unwrap()
}

fn challenge(client: &Client, operator: &str) -> Challenge {
    client.post("/v1/sessions/challenge", &ChallengeRequest { operator: operator.to_owned() }).unwrap()
}

/// The answer to a challenge, signed by `signer`.
fn answer(challenge: &Challenge, operator: &str, signer: &str) -> LoginRequest {
    let message = login_message(&unhex(&challenge.union), &unhex(&challenge.nonce), operator);
    let signature = hex(&operator_key(signer).sign(&message).unwrap());
    LoginRequest { operator: operator.to_owned(), nonce: challenge.nonce.clone(), signature }
}

fn begin(client: &Client, request: &LoginRequest) -> Result<SessionView, api::client::ClientError> {
    client.post("/v1/sessions", request)
}

#[test]
fn a_login_takes_the_operators_signature_over_a_fresh_challenge() {
    let server = Server::start();
    let client = server.client();
    let good = answer(&challenge(&client, "mia"), "mia", "mia");
    let session = begin(&client, &good).unwrap();
    assert_eq!((session.member.as_str(), session.role), ("BRA", Role::Maker));
    assert_eq!(session.token.as_ref().unwrap().len(), 64);
    assert_eq!(problem(begin(&client, &good)).status, 401, "a challenge is answered once");

    let wrong = answer(&challenge(&client, "mia"), "mia", "max");
    assert_eq!(problem(begin(&client, &wrong)).status, 401, "somebody else's signature");
    let failed = challenge(&client, "mia");
    assert_eq!(problem(begin(&client, &answer(&failed, "mia", "max"))).status, 401);
    begin(&client, &answer(&failed, "mia", "mia")).expect("nobody else can use it up");
    let mut made_up = challenge(&client, "mia");
    made_up.nonce.replace_range(..16, "7fffffffffffffff");
    assert_eq!(problem(begin(&client, &answer(&made_up, "mia", "mia"))).status, 401, "another expiry than was given");
    let other = challenge(&client, "mia");
    assert_eq!(problem(begin(&client, &answer(&other, "max", "max"))).status, 401, "asked for by another");
    let nobody = challenge(&client, "nobody");
    assert_eq!(problem(begin(&client, &answer(&nobody, "nobody", "nobody"))).status, 401);
    let mut malformed = good.clone();
    malformed.signature.pop();
    assert_eq!(problem(begin(&client, &malformed)).field.as_deref(), Some("signature"));

    let late = challenge(&client, "mia");
    server.clock.set(noon() + 120_000);
    assert_eq!(problem(begin(&client, &answer(&late, "mia", "mia"))).status, 401, "two minutes are over");
}

#[test]
fn who_only_asks_for_challenges_locks_nobody_out() {
    let server = Server::start();
    let client = server.client();
    let first = challenge(&client, "mia");
    for n in 0..1_100 {
        challenge(&client, if n % 2 == 0 { "mia" } else { "nobody" });
    }
    begin(&client, &answer(&first, "mia", "mia")).unwrap();
    server.session("mia");

    // An operator's own logins are bounded, for that operator alone, until their challenges are over.
    let refused = (0..100).find_map(|_| begin(&client, &answer(&challenge(&client, "mia"), "mia", "mia")).err());
    assert!(refused.is_some_and(|error| error.is_busy()));
    server.session("max");
    server.clock.set(noon() + 120_000);
    server.session("mia");
}

#[test]
fn two_keys_are_two_people() {
    let server = Server::start();
    let set_up = |name: &str, key| {
        let own = operator_key("eva").public().signing;
        let person = |name: &str, key| {
            let (key, passkeys) = (Some(key), vec![]);
            Operator { name: name.into(), member: "BRA".into(), role: Role::Maker, key, passkeys }
        };
        let settings = Settings {
            directory: server.directory.path().join("other"),
            member: None,
            members: vec![HeldMember { code: "BRA".into(), key: member_key(1), four_eyes_from: "1.00".into() }],
            operators: vec![person("eva", own), person(name, key)],
            passkey_origin: None,
            iso: api::iso::IsoSettings::default(),
            tls: None,
            bounds: Bounds::default(),
        };
        Api::new(server.node.clone(), settings).map(drop)
    };
    let keys = [operator_key("eva").public().signing, member_key(1).public().signing, member_key(3).public().signing];
    for key in keys {
        match set_up("ida", key) {
            Err(SettingsError::Entry { what, problem }) => {
                assert!(what == "operators: ida" && problem.contains("two keys"), "{what}: {problem}");
            }
            other => panic!("{other:?}"),
        }
    }
    set_up("ida", operator_key("ida").public().signing).unwrap();
}

#[test]
fn a_session_ends_when_idle_when_old_and_when_told() {
    let server = Server::start();
    let mut minutes = 0;
    let mut pass = |more: u64| {
        minutes += more;
        server.clock.set(noon() + minutes * 60_000);
    };
    let client = server.session("mia");
    let show = |client: &Client| client.get::<SessionView>("/v1/sessions");
    pass(14);
    assert_eq!(show(&client).unwrap().operator, "mia");
    pass(14);
    assert!(show(&client).is_ok(), "being used keeps it alive");
    pass(15);
    assert_eq!(problem(show(&client)).status, 401, "idle for 15 minutes");

    let client = server.session("mia");
    for _ in 0..47 {
        pass(10);
        show(&client).unwrap();
    }
    pass(10);
    assert_eq!(problem(show(&client)).status, 401, "eight hours old");

    let mut client = server.session("mia");
    let left = client.clone();
    client.log_out().unwrap();
    assert_eq!(problem(show(&left)).status, 401, "ended");
    assert_eq!(problem(show(&server.client())).status, 401, "none at all");

    // The ninth session of one operator ends the first.
    let mut sessions = Vec::new();
    for _ in 0..9 {
        pass(1);
        sessions.push(server.session("mia"));
    }
    assert_eq!(problem(show(&sessions[0])).status, 401);
    assert!(sessions[1..].iter().all(|client| show(client).is_ok()));
}

#[test]
fn tokens_are_in_no_file() {
    let mut server = Server::start();
    let client = server.client();
    let session = begin(&client, &answer(&challenge(&client, "mia"), "mia", "mia")).unwrap();
    let mia = server.session("mia");
    let order = crate::harness::order("ARG", "USD", "1", serde_json::json!({"detail": {"debtor_name": "Secretaria"}}));
    mia.submit_orders(&order, "k").unwrap();
    let large =
        crate::harness::order("ARG", "USD", "5000", serde_json::json!({"detail": {"debtor_name": "Secretaria"}}));
    mia.submit_orders(&large, "l").unwrap();
    server.stop();
    let mut files = 0;
    let mut directories = vec![server.directory.path().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            files += 1;
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(session.token.as_ref().unwrap()), "{}", path.display());
            assert!(!text.contains("Secretaria"), "customer detail in {}", path.display());
        }
    }
    assert!(files > 3);
}

#[test]
fn a_viewer_only_looks() {
    let server = Server::start();
    let vera = server.session("vera");
    let order = crate::harness::order("ARG", "USD", "1", Value::Null);
    assert_eq!(problem(vera.submit_orders(&order, "k")).status, 403);
    let command = serde_json::json!({"command": "close_cycle", "cycle": 1});
    assert_eq!(problem(vera.submit_command(&command)).status, 403);
    let path = format!("/v1/orders/{}/accept", crate::harness::id(1));
    assert_eq!(problem(vera.post_bytes(&path, "application/json", None, b"")).status, 403);
    assert!(vera.get::<Value>("/v1/approvals").is_ok());
}

#[test]
fn operators_see_who_acts_for_their_own_member() {
    let server = Server::start();
    assert_eq!(problem(server.client().get::<Value>("/v1/operators")).status, 401);
    let (people, found): (_, Value) = (people(), server.session("vera").get("/v1/operators").unwrap());
    let own: Vec<_> = people.iter().filter(|person| person.member == "BRA").collect();
    assert!(own.len() < people.len(), "there are others, too");
    let mut expected: Vec<_> = own.iter().map(|person| person.name.as_str()).collect();
    expected.sort_unstable();
    let shown = found["operators"].as_array().unwrap();
    assert_eq!(shown.iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    let mia = shown.iter().find(|one| one["name"] == "mia").unwrap();
    assert_eq!(*mia, serde_json::json!({"name": "mia", "role": "maker", "has_key": true, "passkeys": 0}));
    assert_eq!(found["four_eyes_from"]["currency"], server.node.charter().unit_of_account.code());
}
