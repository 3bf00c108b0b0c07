//! What a durable block costs: commonware-storage's journals and ours against a plain file, on the directory given.
//!
//! `cargo run --release -- DIR [ROUNDS]` prints one JSON line a case (throughput, and the latency of one durable group), then probes what
//! reopening a commonware journal says after one byte in the middle of it was changed.

use bytes::Bytes;
use commonware_runtime::{Runner as _, Supervisor as _, buffer::paged::CacheRef, buffer::paged::page_size, tokio};
use commonware_storage::journal::contiguous::{self, Contiguous as _, Many};
use commonware_storage::journal::segmented;
use commonware_utils::{NZU64, NZUsize};
use futures::StreamExt as _;
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// One workload: `groups` times `per_group` items of `item_bytes`, made durable after each group.
#[derive(Clone, Copy)]
struct Case {
    item_bytes: usize,
    per_group: usize,
    groups: usize,
}

const CASES: [Case; 4] = [
    Case { item_bytes: 1 << 20, per_group: 1, groups: 384 },
    Case { item_bytes: 1 << 20, per_group: 4, groups: 96 },
    Case { item_bytes: 4 << 10, per_group: 1, groups: 1000 },
    Case { item_bytes: 4 << 10, per_group: 64, groups: 200 },
];

/// Incompressible bytes: no file system or device may shortcut them.
fn noise(bytes: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut out = Vec::with_capacity(bytes + 8);
    while out.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(bytes);
    out.into()
}

fn report(store: &str, case: Case, mut latencies: Vec<Duration>) {
    let total: Duration = latencies.iter().sum();
    latencies.sort();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    let mib = (case.item_bytes * case.per_group * case.groups) as f64 / 1e6;
    println!(
        r#"{{"store":"{store}","item_bytes":{},"per_group":{},"groups":{},"mb_per_s":{:.1},"p50_ms":{:.2},"p99_ms":{:.2}}}"#,
        case.item_bytes,
        case.per_group,
        case.groups,
        mib / total.as_secs_f64(),
        at(50),
        at(99),
    );
}

/// Appends to a file that grows with every write.
fn plain(dir: &Path, case: Case) {
    let path = dir.join("plain");
    let mut file = File::create(&path).unwrap();
    let item = noise(case.item_bytes);
    let mut latencies = Vec::new();
    for _ in 0..case.groups {
        let start = Instant::now();
        for _ in 0..case.per_group {
            file.write_all(&item).unwrap();
        }
        file.sync_data().unwrap();
        latencies.push(start.elapsed());
    }
    report("file append + fdatasync", case, latencies);
    std::fs::remove_file(path).unwrap();
}

/// Appends to a file whose extents were reserved 64 MiB ahead (size kept, so that the end of the data is the end of the file).
fn reserved(dir: &Path, case: Case, flags: rustix::fs::FallocateFlags, name: &str) {
    let path = dir.join("reserved");
    let mut file = File::create(&path).unwrap();
    let item = noise(case.item_bytes);
    let (mut written, mut reserved) = (0_u64, 0_u64);
    let mut latencies = Vec::new();
    for _ in 0..case.groups {
        let start = Instant::now();
        if written + (case.item_bytes * case.per_group) as u64 > reserved {
            rustix::fs::fallocate(&file, flags, reserved, 64 << 20).unwrap();
            reserved += 64 << 20;
        }
        for _ in 0..case.per_group {
            file.write_all(&item).unwrap();
            written += case.item_bytes as u64;
        }
        file.sync_data().unwrap();
        latencies.push(start.elapsed());
    }
    report(name, case, latencies);
    std::fs::remove_file(path).unwrap();
}

/// Our journal: checksums, SHA-256 chain, head file, new segments, and the same sync.
fn ours(dir: &Path, case: Case) {
    let dir = dir.join("ours");
    let mut journal = journal::Journal::create(&dir, b"charter").unwrap();
    let item = noise(case.item_bytes);
    let mut latencies = Vec::new();
    for _ in 0..case.groups {
        let start = Instant::now();
        for _ in 0..case.per_group {
            let height = journal.last().height + 1;
            journal.append(height, &[&item]).unwrap();
        }
        journal.sync().unwrap();
        latencies.push(start.elapsed());
    }
    report("our journal", case, latencies);
    drop(journal);
    std::fs::remove_dir_all(dir).unwrap();
}

fn runner(dir: &Path) -> tokio::Runner {
    tokio::Runner::new(tokio::Config::new().with_worker_threads(2).with_storage_directory(dir))
}

fn variable_config() -> contiguous::variable::Config<commonware_codec::RangeCfg<usize>> {
    contiguous::variable::Config {
        partition: "blocks".into(),
        items_per_section: NZU64!(64),
        compression: None,
        codec_config: (..).into(),
        page_cache: CacheRef::new(page_size(4096), NZUsize!(1024)),
        write_buffer: NZUsize!(1 << 20),
        replay_buffer: NZUsize!(1 << 20),
    }
}

type Contiguous = contiguous::variable::Journal<tokio::Context, Bytes>;

fn commonware_contiguous(dir: &Path, case: Case, full_sync: bool) {
    let dir = dir.join("contiguous");
    let latencies = runner(&dir).start(|context| async move {
        let config = variable_config();
        let mut journal = Contiguous::init(context.child("journal"), config).await.unwrap();
        let items = vec![noise(case.item_bytes); case.per_group];
        let mut latencies = Vec::new();
        for _ in 0..case.groups {
            let start = Instant::now();
            (journal, _) = journal.append_many(Many::Flat(&items)).await.unwrap();
            journal = if full_sync { journal.sync().await } else { journal.commit().await }.unwrap();
            latencies.push(start.elapsed());
        }
        latencies
    });
    report(if full_sync { "commonware contiguous, sync" } else { "commonware contiguous, commit" }, case, latencies);
    std::fs::remove_dir_all(dir).unwrap();
}

fn segmented_config() -> segmented::variable::Config<commonware_codec::RangeCfg<usize>> {
    segmented::variable::Config {
        partition: "blocks".into(),
        compression: None,
        codec_config: (..).into(),
        page_cache: CacheRef::new(page_size(4096), NZUsize!(1024)),
        write_buffer: NZUsize!(1 << 20),
    }
}

type Segmented = segmented::variable::Journal<tokio::Context, Bytes>;

fn commonware_segmented(dir: &Path, case: Case) {
    let dir = dir.join("segmented");
    let latencies = runner(&dir).start(|context| async move {
        let config = segmented_config();
        let mut journal = Segmented::init(context.child("journal"), config).await.unwrap();
        let item = noise(case.item_bytes);
        let mut latencies = Vec::new();
        for group in 0..case.groups {
            let section = (group * case.per_group / 64) as u64;
            let start = Instant::now();
            for _ in 0..case.per_group {
                (journal, _, _) = journal.append(section, &item).await.unwrap();
            }
            journal = journal.sync(section).await.unwrap();
            latencies.push(start.elapsed());
        }
        latencies
    });
    report("commonware segmented, sync", case, latencies);
    std::fs::remove_dir_all(dir).unwrap();
}

/// The oldest file with items under `dir`, and its size.
fn oldest_blob(dir: &Path) -> (PathBuf, u64) {
    let mut blobs = Vec::new();
    for partition in std::fs::read_dir(dir).unwrap() {
        let partition = partition.unwrap();
        if !partition.file_type().unwrap().is_dir() {
            continue;
        }
        for blob in std::fs::read_dir(partition.path()).unwrap() {
            let blob = blob.unwrap();
            let bytes = blob.metadata().unwrap().len();
            if bytes > 1 << 20 {
                blobs.push((blob.path(), bytes));
            }
        }
    }
    blobs.sort();
    blobs.swap_remove(0)
}

/// Changes `bytes` bytes at `per_mille` of the file with the items: returns its size before.
fn damage(dir: &Path, per_mille: u64, bytes: usize) -> (PathBuf, u64) {
    let (path, size) = oldest_blob(dir);
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(size * per_mille / 1000)).unwrap();
    file.write_all(&vec![0x5a; bytes]).unwrap();
    file.sync_all().unwrap();
    (path, size)
}

fn probe_contiguous(dir: &Path, items: usize, full_sync: bool, per_mille: u64, bytes: usize) {
    let dir = dir.join("probe");
    runner(&dir).start(|context| async move {
        let config = variable_config();
        let mut journal = Contiguous::init(context.child("journal"), config).await.unwrap();
        for _ in 0..items {
            (journal, _) = journal.append(&noise(64 << 10)).await.unwrap();
            journal = if full_sync { journal.sync().await } else { journal.commit().await }.unwrap();
        }
    });
    let (path, before) = damage(&dir, per_mille, bytes);
    runner(&dir).start(|context| async move {
        let config = variable_config();
        let said = match Contiguous::init(context.child("journal"), config).await {
            Err(error) => format!("init failed: {error}"),
            Ok(journal) => {
                let bounds = journal.bounds();
                let (_journal, reader) = journal.snapshot().await.unwrap();
                let mut read = 0;
                let mut failure = String::from("no error");
                let stream = reader.replay(0..bounds.end, NZUsize!(1 << 20), Default::default()).await.unwrap();
                futures::pin_mut!(stream);
                while let Some(item) = stream.next().await {
                    match item {
                        Ok(batch) => read += batch.items.len(),
                        Err(error) => {
                            failure = error.to_string();
                            break;
                        }
                    }
                }
                format!("init succeeded with {} of {items} acknowledged items, replay read {read}: {failure}", bounds.end)
            }
        };
        let after = std::fs::metadata(&path).unwrap().len();
        let call = if full_sync { "sync" } else { "commit" };
        println!("contiguous, {items} items each made durable with {call}, {bytes} byte(s) changed at {per_mille}/1000: {said}; file {before} -> {after} bytes");
    });
    std::fs::remove_dir_all(dir).unwrap();
}

fn probe_segmented(dir: &Path, items: usize, per_mille: u64, bytes: usize) {
    let dir = dir.join("probe");
    runner(&dir).start(|context| async move {
        let config = segmented_config();
        let mut journal = Segmented::init(context.child("journal"), config).await.unwrap();
        for _ in 0..items {
            (journal, _, _) = journal.append(0, &noise(64 << 10)).await.unwrap();
            journal = journal.sync(0).await.unwrap();
        }
    });
    let (path, before) = damage(&dir, per_mille, bytes);
    runner(&dir).start(|context| async move {
        let config = segmented_config();
        let said = match Segmented::init(context.child("journal"), config).await {
            Err(error) => format!("init failed: {error}"),
            Ok(journal) => {
                let mut replay = journal.replay(0, 0, NZUsize!(1 << 20), Default::default()).await.unwrap();
                let mut read = 0;
                let mut failure = String::from("no error");
                while let Some(item) = replay.next().await {
                    match item {
                        Ok(_) => read += 1,
                        Err(error) => {
                            failure = error.to_string();
                            break;
                        }
                    }
                }
                format!("init succeeded, replay read {read} of {items} acknowledged items: {failure}")
            }
        };
        let after = std::fs::metadata(&path).unwrap().len();
        println!("segmented, {items} items, {bytes} byte(s) changed at {per_mille}/1000: {said}; file {before} -> {after} bytes");
    });
    std::fs::remove_dir_all(dir).unwrap();
}

fn main() {
    let Some(dir) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: journal-peers DIR [ROUNDS] (an empty directory on the disk to measure)");
        std::process::exit(2);
    };
    let rounds: usize = std::env::args().nth(2).map_or(3, |rounds| rounds.parse().unwrap());
    std::fs::create_dir_all(&dir).unwrap();
    for _round in 0..rounds {
        for case in CASES {
            plain(&dir, case);
            ours(&dir, case);
            reserved(&dir, case, rustix::fs::FallocateFlags::KEEP_SIZE, "file reserved ahead, size kept + fdatasync");
            reserved(&dir, case, rustix::fs::FallocateFlags::empty(), "file reserved ahead, size set + fdatasync");
            commonware_contiguous(&dir, case, true);
            commonware_contiguous(&dir, case, false);
            commonware_segmented(&dir, case);
        }
    }
    for (items, per_mille, bytes) in [(40, 500, 1), (40, 500, 4096), (40, 998, 1), (200, 500, 1)] {
        probe_contiguous(&dir, items, true, per_mille, bytes);
        probe_contiguous(&dir, items, false, per_mille, bytes);
        probe_segmented(&dir, items, per_mille, bytes);
    }
}
