//! How fast blocks become durable on a directory's disk, and how fast they are read back.
//!
//! `cargo run --release -p journal --example throughput -- DIRECTORY [ROUNDS]` prints one JSON line a case. `mb_per_s` counts payload (1 MB = 10^6 bytes); the
//! latency is from submission to acknowledgement of one block.

use bytes::Bytes;
use journal::{Journal, Reader, Writer, WriterOptions, verify};
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// `blocks` payloads of `payload_bytes`, with at most `in_flight` of them unacknowledged.
#[derive(Clone, Copy)]
struct Case {
    payload_bytes: usize,
    in_flight: usize,
    blocks: usize,
}

const CASES: [Case; 4] = [
    Case { payload_bytes: 1 << 20, in_flight: 1, blocks: 384 },
    Case { payload_bytes: 1 << 20, in_flight: 4, blocks: 768 },
    Case { payload_bytes: 4 << 10, in_flight: 1, blocks: 2000 },
    Case { payload_bytes: 4 << 10, in_flight: 64, blocks: 40_000 },
];

/// Bytes that neither a file system nor a device can shorten.
fn noise(bytes: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(step).take(bytes).collect()
}

fn write(directory: &Path, case: Case) {
    let journal = Journal::create(directory, b"charter").unwrap();
    let writer = Writer::spawn(journal, WriterOptions::default()).unwrap();
    let payload = noise(case.payload_bytes);
    let (sender, acknowledged) = channel();
    let mut latencies: Vec<Duration> = Vec::with_capacity(case.blocks);
    let start = Instant::now();
    for height in 1..=case.blocks {
        if height > case.in_flight {
            latencies.push(acknowledged.recv().unwrap());
        }
        let (sender, submitted) = (sender.clone(), Instant::now());
        let done = move |head: Result<_, _>| {
            head.unwrap();
            sender.send(submitted.elapsed()).unwrap();
        };
        writer.submit(height as u64, vec![payload.clone()], done).unwrap();
    }
    drop(sender);
    latencies.extend(acknowledged);
    let seconds = start.elapsed().as_secs_f64();
    writer.close().unwrap();
    latencies.sort();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        r#"{{"write":true,"payload_bytes":{},"in_flight":{},"blocks":{},"mb_per_s":{:.1},"blocks_per_s":{:.0},"p50_ms":{:.2},"p99_ms":{:.2}}}"#,
        case.payload_bytes,
        case.in_flight,
        case.blocks,
        (case.payload_bytes * case.blocks) as f64 / 1e6 / seconds,
        case.blocks as f64 / seconds,
        at(50),
        at(99),
    );
}

fn read(directory: &Path, case: Case) {
    let start = Instant::now();
    let verified = verify(&Reader::open(directory).unwrap(), |_, _| Ok(()), |_| {}).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let (journal, _) = Journal::open(directory).unwrap();
    let open_ms = start.elapsed().as_secs_f64() * 1e3;
    drop(journal);
    println!(
        r#"{{"verify":true,"payload_bytes":{},"blocks":{},"mb_per_s":{:.1},"blocks_per_s":{:.0},"open_ms":{open_ms:.1}}}"#,
        case.payload_bytes,
        verified.blocks,
        verified.payload_bytes as f64 / 1e6 / seconds,
        verified.blocks as f64 / seconds,
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(directory) = arguments.next() else {
        eprintln!("usage: throughput DIRECTORY [ROUNDS] (the directory must not hold a journal yet)");
        std::process::exit(2);
    };
    let rounds = arguments.next().map_or(3, |rounds| rounds.parse::<usize>().expect("a number of rounds"));
    for round in 0..rounds {
        for (number, case) in CASES.into_iter().enumerate() {
            let directory = Path::new(&directory).join(format!("round-{round}-case-{number}"));
            write(&directory, case);
            read(&directory, case);
            std::fs::remove_dir_all(directory).unwrap();
        }
    }
}
