//! The table of bad input over HTTP: a clear error with order and field, and nothing else affected.

use crate::harness::{Server, charter, id, key, order, problem};
use api::Problem;
use serde_json::{Value, json};
use std::io::{Read, Write};
use union::{BATCH_BYTES_MAX, Command, Payment};

/// Orders of operators that are wrong: (order, field, reason).
fn bad_orders() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (order("ARG", "USD", "1.000", json!({})), "amount", "AM12"),
        (order("ARG", "CLP", "1.0", json!({})), "amount", "AM12"),
        (order("ARG", "PYG", "1.5", json!({})), "amount", "AM12"),
        (order("ARG", "USD", "-1", json!({})), "amount", "AM12"),
        (order("ARG", "USD", "1e2", json!({})), "amount", "AM12"),
        (order("ARG", "USD", "0.00", json!({})), "amount", "AM01"),
        (order("ARG", "USD", "184467440737095516.15", json!({})), "amount", "AM12"),
        (order("ARG", "USD", "184467440737095516.16", json!({})), "amount", "AM12"),
        (order("URU", "USD", "1", json!({})), "creditor", "RC04"),
        (order("BRA", "USD", "1", json!({})), "creditor", "RC04"),
        (order("ARG", "XAU", "1", json!({})), "currency", "AM03"),
        (order("ARG", "EUR", "1", json!({})), "currency", "AM03"),
        (order("ARG", "USD", "1", json!({"value_date": "2005-12-30"})), "value_date", "DT01"),
        (order("ARG", "USD", "1", json!({"value_date": "2006-01-07"})), "value_date", "DT01"),
        (order("ARG", "USD", "1", json!({"value_date": "2006-03-01"})), "value_date", "CH03"),
        (order("ARG", "USD", "1", json!({"value_date": "tomorrow"})), "value_date", "DT01"),
        (order("ARG", "USD", "1", json!({"expires_at": "2006-01-02T10:00:00Z"})), "expires_at", "DT01"),
        (order("ARG", "USD", "1", json!({"debtor_participant": 7})), "debtor_participant", "AC02"),
        (order("ARG", "USD", "1", json!({"creditor_participant": 7})), "creditor_participant", "AC03"),
        (order("ARG", "USD", "1", json!({"return": id(77), "reason": "AC04"})), "original", "NOOR"),
        (order("ARG", "USD", "1", json!({"priority": "now"})), "priority", "FF01"),
        (order("ARG", "USD", "1", json!({"fee": "1"})), "fee", "FF01"),
        (order("ARG", "USD", "1", json!({"detail": {"debtor_name": "x".repeat(141)}})), "detail", "FF01"),
        (json!({"creditor": "ARG"}), "currency", "FF01"),
        (json!(7), "line", "FF01"),
    ]
}

#[test]
fn every_bad_order_is_named_and_its_neighbours_are_taken() {
    let server = Server::start();
    // Nobody has to approve what is only to be refused by the union.
    let carl = server.session("carl");
    let table = bad_orders();
    let mut orders = vec![order("ARG", "USD", "0.01", json!({"id": id(1)}))];
    for (n, (bad, _, _)) in table.iter().enumerate() {
        let mut bad = bad.clone();
        if bad.is_object() {
            bad["id"] = json!(id(100 + n as u32));
        }
        orders.push(bad);
        orders.push(order("ARG", "USD", "0.01", json!({"id": id(200 + n as u32)})));
    }
    // Used twice in one request, with other content.
    orders.push(order("ARG", "USD", "0.02", json!({"id": id(1)})));
    let view = carl.submit_orders(&orders, "bad").unwrap();
    assert_eq!(view.orders.len(), orders.len());
    let mut waiting = 0;
    for (n, (_, field, reason)) in table.iter().enumerate() {
        let (bad, neighbour) = (&view.orders[1 + 2 * n], &view.orders[2 + 2 * n]);
        assert_eq!(neighbour.outcome, "settled", "{neighbour:?}");
        if bad.outcome == "awaiting_approval" {
            // Without a rate, or beyond the threshold, it waits for a second person, and the union refuses it then.
            waiting += 1;
            let approved = server
                .session("chad")
                .post::<Value>(&format!("/v1/approvals/{}/approve", id(100 + n as u32)), &json!({}));
            let refused = problem(approved);
            assert_eq!(
                (refused.field.as_deref(), refused.reason.as_deref()),
                (Some(*field), Some(*reason)),
                "{refused}"
            );
            assert_eq!(refused.order.as_deref(), Some(id(100 + n as u32).as_str()));
            continue;
        }
        assert_eq!(
            (bad.outcome.as_str(), bad.field.as_deref(), bad.reason.as_deref()),
            ("rejected", Some(*field), Some(*reason)),
            "{bad:?}"
        );
        assert!(bad.text.as_ref().is_some_and(|text| text.len() > 10), "{bad:?}");
        if orders[1 + 2 * n].is_object() {
            assert_eq!(bad.id.as_deref(), Some(id(100 + n as u32).as_str()), "{bad:?}");
        }
    }
    assert_eq!(waiting, 2, "the largest amount, and euros, for which nobody publishes a rate");
    let last = view.orders.last().unwrap();
    assert_eq!((last.outcome.as_str(), last.reason.as_deref()), ("rejected", Some("DUPL")));
    // One by one, it is a problem with the same field.
    for (n, (bad, field, reason)) in table.iter().enumerate() {
        let given = carl.submit_orders(bad, &format!("one-{n}"));
        if let Ok(view) = &given {
            assert_eq!(view.orders[0].outcome, "awaiting_approval");
            continue;
        }
        let refused = problem(given);
        assert_eq!(
            (refused.status, refused.field.as_deref(), refused.reason.as_deref()),
            (422, Some(*field), Some(*reason)),
            "{refused}"
        );
    }
    let settled = 1 + table.len();
    let positions: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(positions["positions"][0]["balance"]["minor"], format!("-{settled}"));
}

#[test]
fn a_signed_batch_is_judged_before_it_is_read_and_record_by_record() {
    let server = Server::start();
    let client = server.client();
    let good = server.batch(0, 10, &[order("BRA", "USD", "1.00", json!({"id": id(1)}))]);
    let changed = |at: usize| {
        let mut batch = good.clone();
        batch[at] ^= 1;
        batch
    };
    let mut oversized = good.clone();
    oversized.resize(BATCH_BYTES_MAX + 1, 0);
    let elsewhere = {
        let text = charter().text().replace("Test union", "Other union");
        let charter = union::Charter::parse(&text).unwrap();
        let key = key(0);
        let signer = api::sign::BatchSigner::new(&charter, 0, &key).unwrap();
        signer.sign(vec![api::sign::BatchSigner::command(1, &Command::Accept { order: 1 })], 1).unwrap().remove(0).bytes
    };
    // Offsets: magic 0, union 8, member 40, count 44, sequence 48, digest 64, key 96, signature 128, records 256.
    let table: Vec<(&str, Vec<u8>, u16, Option<&str>)> = vec![
        ("nothing", Vec::new(), 400, Some("batch")),
        ("text", b"{}".to_vec(), 400, Some("batch")),
        ("cut off", good[..good.len() - 1].to_vec(), 400, Some("batch")),
        ("too long", oversized, 413, Some("body")),
        ("another magic", changed(0), 400, Some("batch")),
        ("another union's number", changed(8), 422, Some("union")),
        ("another union", elsewhere, 422, Some("union")),
        ("another member's number", changed(40), 422, Some("key")),
        ("no member", changed(41), 422, Some("member")),
        ("another sequence than was signed", changed(48), 422, Some("signature")),
        ("another digest", changed(64), 422, Some("signature")),
        ("another key", changed(96), 422, Some("key")),
        ("another signature", changed(128), 422, Some("signature")),
        ("another amount than was signed", changed(256 + 48), 422, Some("signature")),
    ];
    for (name, bytes, status, field) in table {
        let refused = problem(client.submit_batch(&bytes));
        assert_eq!((refused.status, refused.field.as_deref()), (status, field), "{name}: {refused}");
    }
    assert_eq!(client.union().unwrap().height, 0, "nothing reached a block");

    // Well signed, but wrong in some records: the others are taken.
    let pay = |number: u32, change: fn(&mut Payment)| {
        let mut payment = Payment::new(u128::from(number), 0, 1, 840, 100, 13_150);
        change(&mut payment);
        Command::Pay(payment)
    };
    let commands = [
        pay(1, |_| {}),
        pay(1, |_| {}),
        pay(1, |payment| payment.amount = 7),
        pay(2, |payment| payment.debtor = 2),
        pay(3, |payment| payment.creditor = 9),
        pay(4, |payment| payment.currency = 999),
        pay(5, |payment| payment.priority = 9),
        pay(6, |payment| payment.detail = [1; 32]),
        pay(7, |payment| payment.value_date = 13_140),
        pay(8, |payment| payment.amount = u64::MAX),
        pay(0, |_| {}),
        pay(9, |payment| payment.customer = 9),
        pay(10, |_| {}),
    ];
    let receipt = client.submit_batch(&server.commands(0, 1, &commands)).unwrap();
    let said: Vec<_> =
        receipt.outcomes.iter().map(|o| (o.outcome.as_str(), o.field.as_deref(), o.reason.as_deref())).collect();
    let rejected = |field, reason| ("rejected", Some(field), Some(reason));
    assert_eq!(
        said,
        [
            ("settled", None, None),
            ("settled", None, None),
            rejected("id", "DUPL"),
            rejected("debtor", "RC03"),
            rejected("creditor", "RC04"),
            rejected("currency", "AM03"),
            rejected("priority", "FF01"),
            rejected("detail", "FF01"),
            rejected("value_date", "DT01"),
            rejected("amount", "AM12"),
            rejected("id", "FF01"),
            rejected("record", "FF01"),
            ("settled", None, None),
        ]
    );
    assert!(receipt.outcomes[1].already_done);
    let replayed = server.commands(0, 11, &commands[..1]);
    assert_eq!(problem(client.submit_batch(&replayed)).status, 409);
}

#[test]
fn requests_that_are_not_well_formed_get_a_problem() {
    let server = Server::start();
    let table: Vec<(&str, &[u8], u16)> = vec![
        ("GET /nothing HTTP/1.1", b"", 404),
        ("GET /v1/members/XXX HTTP/1.1", b"", 404),
        ("GET /v1/orders/7 HTTP/1.1", b"", 400),
        ("GET /v1/orders/00000001-0000-4000-8000-000000000000 HTTP/1.1", b"", 404),
        ("GET /v1/cycles/9 HTTP/1.1", b"", 404),
        ("GET /v1/cycles/x HTTP/1.1", b"", 400),
        ("GET /v1/cycles/0/flows HTTP/1.1", b"", 404),
        ("GET /v1/cycles/9/flows HTTP/1.1", b"", 404),
        ("GET /v1/blocks/0 HTTP/1.1", b"", 404),
        ("GET /v1/blocks/99 HTTP/1.1", b"", 404),
        ("GET /v1/statements?member=BRA HTTP/1.1", b"", 400),
        ("GET /v1/statements?member=BRA&day=2006-01-02&cycle=1 HTTP/1.1", b"", 400),
        ("GET /v1/statements?member=BRA&day=yesterday HTTP/1.1", b"", 400),
        ("GET /v1/statements?member=BRA&cycle=7 HTTP/1.1", b"", 404),
        ("GET /v1/statements?member=BRA&cycle=1&format=pdf HTTP/1.1", b"", 400),
        ("GET /v1/approvals HTTP/1.1", b"", 401),
        ("GET /v1/approvals HTTP/1.1\r\nAuthorization: Bearer 00", b"", 401),
        ("POST /v1/union HTTP/1.1", b"", 405),
        ("POST /v1/batches HTTP/1.1\r\nContent-Type: text/plain", b"x", 415),
        ("POST /v1/batches HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", b"a=b", 415),
        ("POST /v1/sessions/challenge HTTP/1.1\r\nContent-Type: text/plain", b"{}", 415),
        ("POST /v1/sessions/challenge HTTP/1.1\r\nContent-Type: application/json", b"{", 400),
        (
            "POST /v1/sessions/challenge HTTP/1.1\r\nContent-Type: application/json",
            b"{\"operator\":\"mia\",\"admin\":true}",
            400,
        ),
        ("POST /v1/sessions/challenge HTTP/1.1\r\nContent-Type: application/json", b"[\"mia\"]", 400),
    ];
    for (head, body, want) in table {
        let (status, body) = server.raw(head, body);
        assert_eq!(status, want, "{head}: {body}");
        let problem: Problem = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{head}: {error}: {body}"));
        assert_eq!((problem.status, problem.kind.starts_with("urn:comity:problem:")), (want, true));
        assert!(!problem.detail.is_empty() && !problem.title.is_empty());
    }
    let large = vec![b' '; (1 << 20) + 1];
    let (status, body) = server.raw("POST /v1/sessions/challenge HTTP/1.1\r\nContent-Type: application/json", &large);
    assert_eq!(status, 413, "{body}");
    // A head without end is refused, and the connection closed, perhaps before the refusal can be read.
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let _ = write!(stream, "GET /v1/union HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn a_busy_node_says_so() {
    let bounds = api::Bounds { requests: 0, ..api::Bounds::default() };
    let server = Server::with(crate::harness::people(), bounds);
    let refused = problem(server.client().union());
    assert!(refused.is_busy() && refused.status == 503, "{refused}");
    for probe in ["/health", "/ready", "/metrics"] {
        assert_eq!(server.raw(&format!("GET {probe} HTTP/1.1"), b"").0, 200, "{probe}");
    }
}

/// Bodies that do not come hold neither those up who only look nor, for long, each other.
#[test]
fn a_body_that_does_not_come_is_given_up() {
    let timeout = std::time::Duration::from_millis(500);
    let bounds = api::Bounds { requests: 2, bodies: 2, body_timeout: timeout, ..api::Bounds::default() };
    let server = Server::with(crate::harness::people(), bounds);
    let begin = || {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        let head =
            "POST /v1/sessions/challenge HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 9";
        write!(stream, "{head}\r\nConnection: close\r\n\r\n{{").unwrap();
        stream
    };
    let slow: Vec<_> = (0..2).map(|_| begin()).collect();
    for path in ["/v1/union", "/health"] {
        assert_eq!(server.raw(&format!("GET {path} HTTP/1.1"), b"").0, 200, "{path}");
    }
    for mut stream in slow {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("did not arrive within"), "{answer}");
    }
    assert_eq!(server.session("mia").submit_orders(&order("ARG", "USD", "1", json!({})), "k").unwrap().orders.len(), 1);
}

#[test]
fn what_is_no_order_is_said_in_the_same_words_everywhere() {
    let server = Server::start();
    let carl = server.session("carl");
    let list = json!([id(1), null, 0, "ARG", 0, "USD", "1.00", null, false, false, "2006-01-02"]);
    let words = "is not a JSON object; write one order a line";
    let said = |media_type: &str, body: &str| carl.post_bytes("/v1/orders", media_type, Some("k"), body.as_bytes());
    let garbage = problem(said("application/json", "garbage"));
    assert!(garbage.status == 400 && garbage.detail.ends_with(words), "{garbage}");
    let nested = carl.submit_orders(&json!([list]), "n").unwrap();
    assert_eq!((nested.orders[0].outcome.as_str(), nested.orders[0].text.as_deref()), ("rejected", Some(words)));
    let lines = said("application/x-ndjson", &format!("garbage\n{list}\n")).unwrap();
    let lines: Value = serde_json::from_slice(&lines).unwrap();
    assert!((0..2).all(|n| lines["orders"][n]["text"] == words), "{lines}");
    let short = problem(carl.post_bytes("/v1/orders/4444/accept", "application/json", None, b""));
    assert!(short.detail.contains("\"4444\" is not a UUID such as"), "{short}");
    let none: Value = server.client().get("/v1/positions?member=BRA").unwrap();
    assert_eq!(none["positions"][0]["balance"]["minor"], "0", "nothing was paid");
}

#[test]
fn what_takes_too_long_is_unknown_and_goes_on() {
    let bounds = api::Bounds { write_timeout: std::time::Duration::from_millis(50), ..api::Bounds::default() };
    let server = Server::with(crate::harness::people(), bounds);
    let client = server.client();
    let batch = server.batch(0, 1, &[order("BRA", "USD", "1.00", json!({"id": id(1)}))]);
    // While somebody looks at the state, no block is applied.
    let error = server.node.peek(|_| client.submit_batch(&batch).unwrap_err());
    assert!(error.is_unknown_outcome(), "{error}");
    assert_eq!(problem::<()>(Err(error)).status, 504);
    assert_eq!(server.events(Some("0-0")).next().2["id"], json!(id(1)), "it was taken all the same");
    assert_eq!(client.order(&id(1)).unwrap().status, "settled");
}
