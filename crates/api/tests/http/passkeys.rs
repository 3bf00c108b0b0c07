//! Signing in with passkeys: what an authenticator signs, and everything that is not that.

use crate::harness::{ORIGIN, Server, id, key as member_key, noon, operator_key, order, people, problem};
use api::client::{Client, ClientError};
use api::{
    Api, Bounds, HeldMember, Operator, Origin, Passkey, PasskeyChallenge, PasskeyLoginRequest, Problem, Role,
    SessionView, Settings, SettingsError, user_handle,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use keys::MemberKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn unbase64(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

enum Key {
    Es256(Box<SigningKey>),
    EdDsa(Box<MemberKey>),
}

/// A passkey in software.
struct Authenticator {
    credential: Vec<u8>,
    key: Key,
}

impl Authenticator {
    fn es256(number: u8) -> Authenticator {
        let key = Key::Es256(Box::new(SigningKey::from_slice(&[number; 32]).unwrap()));
        Authenticator { credential: vec![number; 32], key }
    }

    fn ed25519(number: u8) -> Authenticator {
        Authenticator {
            credential: vec![number; 64],
            key: Key::EdDsa(Box::new(MemberKey::from_seed([0x80 + number; 32]))),
        }
    }

    /// As a browser's `getPublicKey()` gives it.
    fn public(&self) -> Vec<u8> {
        let prefix = |digits: &str| {
            let digit = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            (0..digits.len()).step_by(2).map(digit).collect::<Vec<_>>()
        };
        match &self.key {
            Key::Es256(key) => [
                prefix("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            ]
            .concat(),
            Key::EdDsa(key) => [prefix("302a300506032b6570032100"), key.public().signing.to_vec()].concat(),
        }
    }

    fn passkey(&self) -> Passkey {
        Passkey::parse(&base64(&self.credential), &base64(&self.public())).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Es256(key) => {
                let signature: DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Key::EdDsa(key) => key.sign(message).unwrap().to_vec(),
        }
    }

    fn answer(&self, said: &Said) -> PasskeyLoginRequest {
        let client_data = said.client_data.to_string().into_bytes();
        let relying_party = Sha256::digest(&said.relying_party).to_vec();
        let authenticator_data =
            [&relying_party[..], &[said.flags], &said.counter.to_be_bytes(), &said.extensions].concat();
        let message = [&authenticator_data[..], &Sha256::digest(&client_data)].concat();
        PasskeyLoginRequest {
            credential: base64(&self.credential),
            client_data: base64(&client_data),
            authenticator_data: base64(&authenticator_data),
            signature: base64(&self.sign(&message)),
            user_handle: base64(&user_handle(&said.user)),
        }
    }
}

/// What an authenticator and a browser say.
struct Said {
    client_data: Value,
    relying_party: String,
    /// Of the authenticator data: bit 0 present, 2 verified, 3 and 4 backup, 6 credential, 7 extensions.
    flags: u8,
    counter: u32,
    extensions: Vec<u8>,
    user: String,
}

/// What is right for a challenge and a user.
fn said(challenge: &str, user: &str) -> Said {
    Said {
        client_data: json!({"type": "webauthn.get", "challenge": challenge, "origin": ORIGIN, "crossOrigin": false}),
        relying_party: "comity.example.org".to_owned(),
        flags: 0b101,
        counter: 0,
        extensions: vec![],
        user: user.to_owned(),
    }
}

fn challenge(client: &Client) -> String {
    let challenge: PasskeyChallenge = client.post("/v1/sessions/passkey/challenge", &json!({})).unwrap();
    assert_eq!(challenge.relying_party, "comity.example.org");
    challenge.challenge
}

fn begin(client: &Client, request: &PasskeyLoginRequest) -> Result<SessionView, ClientError> {
    client.post("/v1/sessions/passkey", request)
}

/// A node at which mia has a passkey beside her key, carl nothing but two of them, and the others their keys.
fn server() -> Server {
    let mut people = people();
    for person in &mut people {
        if person.name == "mia" {
            person.passkeys = vec![Authenticator::es256(1).passkey()];
        } else if person.name == "carl" {
            (person.key, person.passkeys) =
                (None, vec![Authenticator::es256(2).passkey(), Authenticator::ed25519(3).passkey()]);
        }
    }
    Server::with(people, Bounds::default())
}

fn get(server: &Server, token: &str, path: &str) -> (u16, String) {
    server.raw(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}"), b"")
}

fn post(server: &Server, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json");
    let (status, body) = server.raw(&head, body.to_string().as_bytes());
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn a_passkey_begins_a_session_that_can_do_what_any_session_can() {
    let server = server();
    let client = server.client();
    let mia = begin(&client, &Authenticator::es256(1).answer(&said(&challenge(&client), "mia"))).unwrap();
    assert_eq!((mia.operator.as_str(), mia.member.as_str(), mia.role), ("mia", "BRA", Role::Maker));
    let mia = mia.token.unwrap();
    let large = order("ARG", "USD", "5000", json!({"id": id(1)}));
    let (status, sent) = post(&server, &mia, "/v1/orders", &large);
    assert_eq!(status, 202, "{sent}");
    let approval = sent["orders"][0]["approval"].as_str().unwrap();

    // The other passkey of the second person, of the other algorithm; synced ones say that they are backed up.
    let mut with_extensions = said(&challenge(&client), "carl");
    (with_extensions.flags, with_extensions.extensions) = (0b1001_1101, b"\xa1\x61a\x01".to_vec());
    let carl = begin(&client, &Authenticator::ed25519(3).answer(&with_extensions)).unwrap().token.unwrap();
    let approve = format!("/v1/approvals/{approval}/approve");
    assert_eq!(post(&server, &mia, &approve, &json!({})).0, 403, "four eyes");
    let (status, approved) = post(&server, &carl, &approve, &json!({}));
    assert_eq!((status, approved["outcome"].as_str()), (200, Some("settled")), "{approved}");
    begin(&client, &Authenticator::es256(2).answer(&said(&challenge(&client), "carl"))).unwrap();

    // Who signed in, and how, is in the audit log; a key is still a key.
    server.session("mia");
    let ways: Vec<_> = server
        .audit()
        .into_iter()
        .filter(|line| line["what"] == "sign_in")
        .map(|line| (line["operator"].clone(), line["of"]["with"].clone(), line["of"]["credential"].clone()))
        .collect();
    let way = |name: &str, with: &str, credential: Option<&[u8]>| {
        (json!(name), json!(with), credential.map_or(Value::Null, |bytes| base64(bytes).into()))
    };
    let wanted = [
        way("mia", "passkey", Some(&[1; 32])),
        way("carl", "passkey", Some(&[3; 64])),
        way("carl", "passkey", Some(&[2; 32])),
        way("mia", "key", None),
    ];
    assert_eq!(ways, wanted);
}

/// Whether an answer is refused as no login, and what it says.
fn is_refused(client: &Client, request: &PasskeyLoginRequest) -> Problem {
    let refused = problem(begin(client, request));
    assert_eq!(refused.status, 401, "{refused}");
    refused
}

#[test]
fn an_assertion_that_is_not_quite_right_is_refused() {
    let server = server();
    let client = server.client();
    let (mine, other) = (Authenticator::es256(1), Authenticator::es256(2));
    type Change = fn(&mut Said);
    let changes: [(&str, Change); 17] = [
        ("another page", |said| said.client_data["origin"] = json!("https://comity.example.net:7443")),
        ("another port", |said| said.client_data["origin"] = json!("https://comity.example.org")),
        ("without TLS", |said| said.client_data["origin"] = json!("http://comity.example.org:7443")),
        ("a page below", |said| said.client_data["origin"] = json!("https://x.comity.example.org:7443")),
        ("inside another page", |said| said.client_data["crossOrigin"] = json!(true)),
        ("a registration", |said| said.client_data["type"] = json!("webauthn.create")),
        ("another relying party", |said| said.relying_party = "example.org".into()),
        ("nobody there", |said| said.flags = 0b100),
        ("nobody recognised", |said| said.flags = 0b001),
        ("backed up without being able to", |said| said.flags = 0b1_0101),
        ("a credential that is not there", |said| said.flags = 0b100_0101),
        ("extensions that are not there", |said| said.flags = 0b1000_0101),
        ("more than it says", |said| said.extensions = vec![0xa0]),
        ("another user", |said| said.user = "carl".into()),
        ("nobody", |said| said.user = String::new()),
        ("a challenge that the node never gave", |said| said.client_data["challenge"] = json!(base64(&[7; 32]))),
        ("a challenge for a key", |said| said.client_data["challenge"] = json!("")),
    ];
    for (name, change) in changes {
        let mut said = said(&challenge(&client), "mia");
        change(&mut said);
        if name == "a challenge for a key" {
            let of_key: api::Challenge = client.post("/v1/sessions/challenge", &json!({"operator": "mia"})).unwrap();
            let nonce: Vec<u8> =
                (0..64).step_by(2).map(|at| u8::from_str_radix(&of_key.nonce[at..at + 2], 16).unwrap()).collect();
            said.client_data["challenge"] = json!(base64(&nonce));
        }
        let refused = is_refused(&client, &mine.answer(&said));
        assert!(!refused.detail.is_empty(), "{name}");
    }

    // Signed by another, under another's name, or changed on the way.
    let good = mine.answer(&said(&challenge(&client), "mia"));
    let unknown = Authenticator::es256(9).answer(&said(&challenge(&client), "mia"));
    let others = other.answer(&said(&challenge(&client), "carl"));
    type Twist = fn(&mut PasskeyLoginRequest, &PasskeyLoginRequest, &PasskeyLoginRequest);
    let twists: [(&str, Twist); 7] = [
        ("a credential that nobody has", |good, unknown, _| *good = unknown.clone()),
        ("another's key", |good, unknown, _| good.signature.clone_from(&unknown.signature)),
        ("another's credential", |good, _, others| good.credential.clone_from(&others.credential)),
        ("another's handle", |good, _, others| good.user_handle.clone_from(&others.user_handle)),
        ("without a handle", |good, _, _| good.user_handle.clear()),
        ("a counter that was not signed", |good, _, _| {
            let mut data = unbase64(&good.authenticator_data);
            data[36] ^= 1;
            good.authenticator_data = base64(&data);
        }),
        ("a signature of another form", |good, _, _| good.signature = base64(&[0; 64])),
    ];
    for (name, twist) in twists {
        let mut twisted = good.clone();
        twist(&mut twisted, &unknown, &others);
        let refused = problem(begin(&client, &twisted));
        assert_eq!(refused.status, 401, "{name}: {refused}");
    }
    begin(&client, &good).expect("nobody else can use a challenge up");

    let late = mine.answer(&said(&challenge(&client), "mia"));
    server.clock.set(noon() + 120_000);
    is_refused(&client, &late);
    assert!(server.audit().iter().filter(|line| line["what"] == "sign_in").count() == 1, "refusals begin nothing");
}

#[test]
fn an_assertion_counts_once_and_its_counter_goes_forward() {
    let mut server = server();
    let client = server.client();
    let mine = Authenticator::es256(1);
    let with_counter = |counter: u32| {
        let mut said = said(&challenge(&client), "mia");
        said.counter = counter;
        mine.answer(&said)
    };
    let first = with_counter(0);
    begin(&client, &first).unwrap();
    let replayed = is_refused(&client, &first);
    assert!(replayed.detail.contains("new challenge"), "{replayed}");
    begin(&client, &with_counter(0)).expect("an authenticator that does not count");
    begin(&client, &with_counter(7)).unwrap();
    begin(&client, &with_counter(9)).unwrap();
    for back in [9, 8, 1, 0] {
        let refused = is_refused(&client, &with_counter(back));
        assert!(refused.detail.contains("counter"), "{back}: {refused}");
    }
    begin(&client, &with_counter(u32::MAX)).unwrap();
    // A counter is of one passkey.
    begin(&client, &Authenticator::es256(2).answer(&said(&challenge(&client), "carl"))).unwrap();

    // A node that was started again knows none of the challenges that it gave before.
    let before = with_counter(0);
    server.restart(|_| {});
    let client = server.client();
    is_refused(&client, &before);
    is_refused(&client, &first);
}

#[test]
fn a_session_is_the_nodes_choice_and_ends_like_any_other() {
    let server = server();
    let client = server.client();
    let fixed = "ab".repeat(32);
    let answer = Authenticator::es256(1).answer(&said(&challenge(&client), "mia"));
    let (status, view) = post(&server, &fixed, "/v1/sessions/passkey", &serde_json::to_value(&answer).unwrap());
    let token = view["token"].as_str().unwrap().to_owned();
    assert!(status == 200 && token != fixed && token.len() == 64);
    assert_eq!(get(&server, &fixed, "/v1/sessions").0, 401, "nobody else's choice of a token counts");
    // Signing in again does not go on with the session before, and does not end it either.
    let again = Authenticator::es256(1).answer(&said(&challenge(&client), "mia"));
    let (_, again) = post(&server, &token, "/v1/sessions/passkey", &serde_json::to_value(&again).unwrap());
    assert_ne!(again["token"], view["token"]);
    assert_eq!(get(&server, &token, "/v1/sessions").0, 200);
    server.clock.set(noon() + 15 * 60_000);
    assert_eq!(get(&server, &token, "/v1/sessions").0, 401, "idle for 15 minutes");
}

#[test]
fn logins_with_passkeys_are_bounded_for_each_operator() {
    let server = server();
    let client = server.client();
    for _ in 0..1_000 {
        challenge(&client);
    }
    let mine = Authenticator::es256(1);
    let refused = (0..100).find_map(|_| begin(&client, &mine.answer(&said(&challenge(&client), "mia"))).err());
    assert!(refused.is_some_and(|error| error.is_busy()));
    begin(&client, &Authenticator::ed25519(3).answer(&said(&challenge(&client), "carl"))).unwrap();
    server.clock.set(noon() + 120_000);
    begin(&client, &mine.answer(&said(&challenge(&client), "mia"))).unwrap();
}

#[test]
fn what_is_malformed_is_named() {
    let server = server();
    let good = Authenticator::es256(1).answer(&said(&challenge(&server.client()), "mia"));
    let send = |body: &[u8], media_type: &str| {
        let (status, text) =
            server.raw(&format!("POST /v1/sessions/passkey HTTP/1.1\r\nContent-Type: {media_type}"), body);
        let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(problem.status, status);
        (status, problem.field.unwrap_or_default())
    };
    let long = |bytes: usize| json!(base64(&vec![0; bytes]));
    let of_text = |text: &str| json!(base64(text.as_bytes()));
    let deep = of_text(&format!("{{\"type\":{}", "[".repeat(3_000)));
    let twice = of_text("{\"type\":\"webauthn.get\",\"challenge\":\"\",\"challenge\":\"\",\"origin\":\"\"}");
    let table: Vec<(&str, Value)> = vec![
        ("credential", json!("a")),
        ("credential", json!("++++")),
        ("credential", json!("AAA=")),
        ("credential", json!("AA AA")),
        ("credential", long(1_024)),
        ("client_data", long(5 << 10)),
        ("client_data", json!("")),
        ("client_data", of_text("[]")),
        ("client_data", of_text("{}")),
        ("client_data", of_text("\"webauthn.get\"")),
        ("client_data", of_text("{\"type\":\"webauthn.get\",\"challenge\":7,\"origin\":\"\"}")),
        ("client_data", of_text("{\"type\":\"webauthn.get\",\"challenge\":\"AAAA\",\"origin\":\"\"}")),
        ("client_data", json!(base64(&[0xff, 0xfe]))),
        ("client_data", deep),
        ("client_data", twice),
        ("authenticator_data", json!("")),
        ("authenticator_data", long(36)),
        ("authenticator_data", long(2 << 10)),
        ("signature", json!("~")),
        ("signature", long(73)),
        ("user_handle", long(65)),
    ];
    for (field, value) in table {
        let mut request = serde_json::to_value(&good).unwrap();
        request[field] = value.clone();
        assert_eq!(send(request.to_string().as_bytes(), "application/json"), (400, field.to_owned()), "{value}");
    }
    let good_text = serde_json::to_string(&good).unwrap();
    let more = good_text.replacen('{', "{\"role\":\"checker\",", 1);
    for body in ["", "{", "[]", "7", "{}", &more, &good_text.replace("credential", "id")] {
        assert_eq!(send(body.as_bytes(), "application/json").0, 400, "{body}");
    }
    assert_eq!(send(good_text.as_bytes(), "text/plain").0, 415);
    assert_eq!(send(&vec![b' '; (1 << 20) + 1], "application/json").0, 413);
    begin(&server.client(), &good).expect("nothing of that used the challenge up");
}

#[test]
fn passkeys_are_two_people_too_and_need_a_place() {
    let server = server();
    let set_up = |operators: Vec<Operator>, origin: Option<Origin>| {
        let settings = Settings {
            directory: server.directory.path().join("other"),
            member: None,
            members: vec![HeldMember { code: "BRA".into(), key: member_key(1), four_eyes_from: "1.00".into() }],
            operators,
            passkey_origin: origin,
            iso: api::iso::IsoSettings::default(),
            tls: None,
            bounds: Bounds::default(),
        };
        match Api::new(server.node.clone(), settings) {
            Ok(_) => String::new(),
            Err(SettingsError::Entry { what, problem }) => format!("{what}: {problem}"),
            Err(other) => panic!("{other}"),
        }
    };
    let person = |name: &str, key, passkeys: Vec<Passkey>| Operator {
        name: name.into(),
        member: "BRA".into(),
        role: Role::Maker,
        key,
        passkeys,
    };
    let origin = || Some(ORIGIN.parse().unwrap());
    let passkey = |number| Authenticator::es256(number).passkey();
    let eva = || person("eva", None, vec![passkey(1), passkey(2)]);
    let same_key = {
        let public = base64(&Authenticator::es256(2).public());
        Passkey::parse(&base64(b"another name for it"), &public).unwrap()
    };
    let same_id = Passkey::parse(&base64(&[2; 32]), &base64(&Authenticator::es256(8).public())).unwrap();
    let of_key = |key: &MemberKey| {
        let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        Passkey::parse(&base64(b"x"), &base64(&[&prefix[..], &key.public().signing].concat())).unwrap()
    };
    for passkey in [passkey(2), same_key, same_id, of_key(&member_key(3))] {
        let said = set_up(vec![eva(), person("ida", None, vec![passkey])], origin());
        assert!(said.contains("operators: ida") && said.contains("two keys"), "{said}");
    }
    let own = operator_key("ida").public().signing;
    let said = set_up(
        vec![person("ida", Some(own), vec![]), person("eva", None, vec![of_key(&operator_key("ida"))])],
        origin(),
    );
    assert!(said.contains("two keys"), "{said}");
    assert_eq!(set_up(vec![eva(), person("ida", Some(own), vec![passkey(3)])], origin()), "");
    assert!(set_up(vec![eva()], None).contains("where passkeys sign in"));
    assert!(set_up(vec![person("ida", None, vec![])], origin()).contains("neither a key nor a passkey"));
}
