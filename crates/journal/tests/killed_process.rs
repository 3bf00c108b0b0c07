//! A real process on real files, killed with SIGKILL while it appends.

use bytes::Bytes;
use journal::{Journal, Reader, Writer, WriterOptions, verify};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

const DIRECTORY: &str = "JOURNAL_TEST_DIRECTORY";

fn payload(height: u64) -> Vec<u8> {
    let mut state = height.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut payload = Vec::new();
    for _ in 0..(height * 7919) % 60_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        payload.push((state >> 56) as u8);
    }
    payload
}

/// Not a test of its own: the process that is killed. It says every acknowledged height and hash on standard output.
#[test]
#[ignore = "run by the test below, as a child"]
fn child_that_writes_until_it_is_killed() {
    let directory = std::env::var(DIRECTORY).expect("run by the test below");
    let (journal, recovery) = Journal::open(directory).unwrap();
    let writer = Writer::spawn(journal, WriterOptions::default()).unwrap();
    for height in recovery.head.height + 1.. {
        let done = |head: Result<journal::Head, _>| {
            let head = head.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "acknowledged {} {}", head.height, head.hash).unwrap();
        };
        writer.submit(height, vec![Bytes::from(payload(height))], done).unwrap();
    }
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let directory = tempfile::tempdir().unwrap();
    drop(Journal::create(directory.path(), b"charter").unwrap());
    let mut torn = 0;
    for round in 1..=6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("acknowledged ").map(str::to_owned));
        let enough = acknowledged.by_ref().nth(37 * round as usize).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it died counts too. A last line without its end was cut off by the kill.
        let last = acknowledged.filter(|line| line.len() >= 66).last().unwrap_or(enough);
        let (height, hash) = last.split_once(' ').unwrap();
        let height: u64 = height.parse().unwrap();

        let reader = Reader::open(directory.path()).unwrap();
        assert_eq!(reader.block(height).unwrap().hash.to_string(), hash);
        let (journal, recovery) = Journal::open(directory.path()).unwrap();
        assert!(recovery.head.height >= height);
        torn += u64::from(recovery.torn_bytes > 0);
        let check = |height, found: &[u8]| {
            let expected = if height == 0 { b"charter".to_vec() } else { payload(height) };
            if found == expected { Ok(()) } else { Err("another payload".to_owned()) }
        };
        let verified = verify(&reader, check, |_| {}).unwrap();
        assert_eq!((verified.head, verified.torn_bytes), (recovery.head, 0));
        drop(journal);
    }
    println!("{torn} of 6 kills left a torn tail");
}
