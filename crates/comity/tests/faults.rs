//! Nothing that was acknowledged is lost, and service comes back. By itself, so that no other test takes the machine away.

use processes::Rehearsal;
use std::path::Path;

/// Service is back within this time of a quorum, in seconds, on a machine that does something else, too: a leader that is gone is passed
/// over after 1 s, and what it proposed in its last moment after 2 s, of which a few may come one after another. How long it takes
/// on a quiet machine, `cargo run --release -p bench --bin processes` measures.
const BACK_WITHIN: f64 = 15.0;

#[test]
fn killed_and_cut_off_nodes_lose_nothing_and_come_back() {
    let rehearsal = Rehearsal { nodes: 4, time: None, seed: 1, orders: 20, timing_ms: None };
    let report = rehearsal.run(Path::new(env!("CARGO_BIN_EXE_comity"))).unwrap_or_else(|error| panic!("{error:?}"));
    println!("{report:#?}");
    assert!(report.proved.orders > 0 && report.kills == 3 && report.partitions == 2 && report.without_quorum == 2);
    let kinds = [(report.quorum_left, 2), (report.mended, 1), (report.restarted, 1)];
    assert!(kinds.iter().all(|(times, count)| times.is_some_and(|times| times.count == *count)), "{report:#?}");
    assert!(report.back_within().unwrap() < BACK_WITHIN, "{report:#?}");
}
