//! Connections that take up room.

use crate::harness::{Server, id, order, people};
use serde_json::json;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn silent_connections_keep_nobody_out() {
    let head_timeout = Duration::from_secs(600);
    let server = Server::with(people(), api::Bounds { connections: 4, head_timeout, ..api::Bounds::default() });
    // In use, and the longest open: it stays.
    let mut events = server.events(None);
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(server.raw("GET /v1/union HTTP/1.1", b"").0, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let batch = server.batch(0, 1, &[order("BRA", "USD", "1.00", json!({"id": id(1)}))]);
    server.client().submit_batch(&batch).unwrap();
    assert_eq!(events.next().2["id"], json!(id(1)), "the stream goes on");
    drop(silent);
}
