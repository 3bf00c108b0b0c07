//! Server-sent events: all of them, in order, once, also after an interruption.

use crate::harness::{Server, id, order};
use serde_json::json;
use std::time::{Duration, Instant};

fn pay(server: &Server, numbers: std::ops::Range<u32>) {
    let client = server.client();
    for n in numbers {
        let line = order("BRA", "USD", "1", json!({"id": id(n), "detail": {"debtor_name": "Ana"}}));
        client.submit_batch(&server.batch(0, u64::from(n), &[line])).unwrap();
    }
}

#[test]
fn a_stream_goes_on_where_it_broke_off_live_or_from_the_journal() {
    let mut server = Server::start();
    let mut live = server.events(None);
    pay(&server, 1..6);
    // Every payment is an order event, and a transfer in each of two books.
    let seen: Vec<_> = (0..15).map(|_| live.next()).collect();
    assert_eq!((seen[0].0.as_str(), seen[0].1.as_str(), seen[1].1.as_str()), ("1-0", "order", "transfer"));
    assert_eq!((&seen[0].2["id"], &seen[0].2["status"]), (&json!(id(1)), &json!("settled")));
    assert!(seen.iter().all(|(_, _, data)| data["order"]["detail"].is_null()), "no customer detail");
    drop(live);

    let mut resumed = server.events(Some(&seen[3].0));
    for want in &seen[4..] {
        assert_eq!(resumed.next(), *want);
    }
    pay(&server, 6..7);
    assert_eq!(resumed.next().2["id"], json!(id(6)), "and goes on live");

    // After a restart the window of recent blocks is empty: the journal has them.
    server.restart(|_| {});
    let mut replayed = server.events(Some("0-0"));
    for want in &seen {
        assert_eq!(replayed.next(), *want);
    }
    assert_eq!(replayed.next().2["id"], json!(id(6)));
    replayed.next();
    replayed.next();
    pay(&server, 7..8);
    assert_eq!(replayed.next().2["id"], json!(id(7)));
    let mut middle = server.events(Some(&seen[7].0));
    assert_eq!(middle.next(), seen[8]);
}

#[test]
fn only_places_that_are_there_can_be_resumed() {
    let server = Server::start();
    for (last, want) in [("x", "400"), ("1", "400"), ("5-0", "400")] {
        let (status, body) = server.raw(&format!("GET /v1/events HTTP/1.1\r\nLast-Event-ID: {last}"), b"");
        assert_eq!(status.to_string(), want);
        assert!(body.contains("last-event-id"), "{body}");
    }
}

#[test]
fn streams_are_bounded() {
    let bounds = api::Bounds { streams: 2, ..api::Bounds::default() };
    let server = Server::with(crate::harness::people(), bounds);
    let _two = [server.events(None), server.events(None)];
    let (status, body) = server.raw("GET /v1/events HTTP/1.1", b"");
    assert_eq!(status, 503, "{body}");
}

/// A reader that is too slow does not hold the node up: it is told, and cut off.
#[test]
fn a_slow_reader_is_told_and_comes_back() {
    let bounds = api::Bounds { recent_blocks: 2, ..api::Bounds::default() };
    let server = Server::with(crate::harness::people(), bounds);
    let mut slow = server.events(None);
    let client = server.client();
    // Far more events than fit into the buffers between the two ends.
    let full =
        |first: u32| (0..8_190).map(|n| order("BRA", "USD", "0.01", json!({"id": id(first + n)}))).collect::<Vec<_>>();
    for n in 0..4u32 {
        client.submit_batch(&server.batch(0, u64::from(n) + 1, &full(n * 10_000 + 1))).unwrap();
    }
    let (mut count, mut last) = (0, String::new());
    loop {
        let (id, kind, data) = slow.next();
        if kind == "lagged" {
            assert!(data.as_str().unwrap().contains("last id"));
            break;
        }
        (count, last) = (count + 1, id);
    }
    slow.until_end();
    let mut back = server.events(Some(&last));
    while count < 4 * 8_190 * 3 {
        back.next();
        count += 1;
    }
}

/// Who asks for old events and goes away before they are read takes no place any longer.
#[test]
fn a_reader_that_is_gone_is_not_waited_for() {
    let bounds = api::Bounds { streams: 1, journal_walks: 0, ..api::Bounds::default() };
    let mut server = Server::with(crate::harness::people(), bounds);
    pay(&server, 1..2);
    server.restart(|_| {});
    // Waits for a walk through the journal, which never comes.
    drop(server.events(Some("0-0")));
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.raw_head("GET /v1/events HTTP/1.1") != 200 {
        assert!(Instant::now() < deadline, "the place is still taken");
        std::thread::yield_now();
    }
}
