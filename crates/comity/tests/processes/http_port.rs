//! The port for HTTP: what is not in order gets an answer that says so, and nobody else waits for it.

use crate::honest::{Honest, metric, started};
use api::Problem;
use api::client::ClientError;
use api::sign::BatchSigner;
use processes::{Group, Signing};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use union::{BATCH_BYTES_MAX, Charter, Command};

const ALL: [usize; 4] = [0, 1, 2, 3];

/// Posts with a head and a body of one's own; the status of the answer, and the problem in it.
fn post(address: SocketAddr, head: &str, body: &[u8]) -> (u16, Problem) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "POST {head}\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    // The node may have answered, and closed, before it has read all.
    let _ = stream.write_all(body);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let (answer_head, text) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{head}: {answer:?}"));
    let status = answer_head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(text).unwrap_or_else(|error| panic!("{head}: {error}: {answer}")))
}

/// Batches that are not in order, each with the status of its refusal.
fn invalid_batches(group: &Group, member: usize) -> Vec<(Vec<u8>, u16)> {
    let good = Signing::new(group, member).next(3).unwrap().1;
    let changed = |at: usize| {
        let mut batch = good.clone();
        batch[at] ^= 1;
        batch
    };
    let other = group.charter.text().replace("Processes", "Others");
    let other = Charter::parse(&other).unwrap();
    let signer = BatchSigner::new(&other, member as u16, group.key(member)).unwrap();
    let records = vec![BatchSigner::command(1, &Command::Accept { order: 1 })];
    let of_another_union = signer.sign(records, 1).unwrap().remove(0).bytes;
    // Offsets: magic 0, union 8, member 40, key 96, signature 128, records 256.
    vec![
        (changed(0), 400),
        (changed(8), 422),
        (changed(41), 422),
        (changed(96), 422),
        (changed(128), 422),
        (changed(256 + 48), 422),
        (of_another_union, 422),
        (good[..good.len() - 1].to_vec(), 400),
        (Vec::new(), 400),
        (vec![0xff; 10_000], 400),
    ]
}

#[test]
fn a_flood_of_invalid_batches_is_refused_and_counted() {
    let group = started(&ALL);
    let mut honest = Honest::begin(&group, &ALL, 1);
    let batches = invalid_batches(&group, 0);
    honest.while_attacked(|| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let client = group.client(1);
                    for round in 0..500 {
                        let (batch, status) = &batches[round % batches.len()];
                        match client.submit_batch(batch) {
                            Err(ClientError::Problem(problem)) => assert_eq!(problem.status, *status, "{problem}"),
                            other => panic!("{other:?}"),
                        }
                    }
                });
            }
        });
    });
    let route = |status: u16| metric(&group, 1, "comity_http_requests_total", &format!("status=\"{status}\""));
    assert_eq!((route(400), route(422)), (4 * 500 * 4 / 10, 4 * 500 * 6 / 10));
    // Those whose form was good, as far as their length and header say.
    assert_eq!(metric(&group, 1, "comity_batches_refused_total", ""), route(422));
}

#[test]
fn bodies_that_are_too_long_or_too_deep_get_an_answer() {
    let group = started(&ALL);
    let mut honest = Honest::begin(&group, &ALL, 1);
    let address = group.http(1);
    honest.while_attacked(|| {
        let octets = "Content-Type: application/octet-stream";
        let json = "Content-Type: application/json";
        for _ in 0..8 {
            let long = vec![0; BATCH_BYTES_MAX + 1];
            let head = format!("/v1/batches HTTP/1.1\r\n{octets}\r\nContent-Length: {}", long.len());
            assert_eq!(post(address, &head, &long).0, 413);
            // More than is ever read, without a length.
            let chunk = [&b"400000\r\n"[..], &vec![0; 4 << 20], b"\r\n"].concat();
            let head = format!("/v1/batches HTTP/1.1\r\n{octets}\r\nTransfer-Encoding: chunked");
            assert_eq!(post(address, &head, &[&chunk.repeat(3)[..], b"0\r\n\r\n"].concat()).0, 413);
            let deep = format!("{{\"operator\":{}", "[".repeat(1 << 19));
            let head = format!("/v1/sessions/challenge HTTP/1.1\r\n{json}\r\nContent-Length: {}", deep.len());
            let (status, problem) = post(address, &head, deep.as_bytes());
            assert_eq!((status, problem.field.as_deref()), (400, Some("body")), "{problem}");
            // Whoever is nobody is told so, whatever is sent.
            let head = format!("/v1/orders HTTP/1.1\r\n{json}\r\nIdempotency-Key: k\r\nContent-Length: {}", deep.len());
            assert_eq!(post(address, &head, deep.as_bytes()).0, 401);
        }
        // A length that nobody sends.
        let head = format!("/v1/batches HTTP/1.1\r\n{octets}\r\nContent-Length: 1000000000000");
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "POST {head}\r\nHost: test\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    });
}

#[test]
fn who_sends_slowly_holds_nobody_up() {
    let group = started(&ALL);
    let mut honest = Honest::begin(&group, &ALL, 1);
    let address = group.http(1);
    honest.while_attacked(|| {
        // More than a node has connections at once (1,024). Each says the least it can, and never comes to an end.
        let slow: Vec<TcpStream> = (0..1_100)
            .map(|number| {
                let mut stream = TcpStream::connect(address).unwrap();
                let begin = if number % 2 == 0 { "GET /v1/union HTTP/1.1\r\nX-Slow: " } else { "P" };
                // It may be closed in favour of others.
                let _ = stream.write_all(begin.as_bytes());
                stream
            })
            .collect();
        // They stay for longer than an order may take.
        let mut last = slow.last().unwrap();
        last.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        let _ = last.read(&mut [0]);
    });
    assert_eq!(group.client(1).union().unwrap().members.len(), 4);
}
