//! Nothing that was acknowledged is lost, and service comes back.

//!
//! With the usual `[node.timing]` it may take 8 s until an order is acknowledged: a leader that is gone is passed over after 2 s, and
//! what it proposed in its last moment after 4 s. Here it is half of that.

use processes::Rehearsal;
use std::path::Path;

/// Service is back within this time of a quorum, in seconds.
const BACK_WITHIN: f64 = 5.0;

#[test]
fn killed_and_cut_off_nodes_lose_nothing_and_come_back() {
    let rehearsal = Rehearsal { nodes: 4, time: None, seed: 1, orders: 20, timing_ms: Some((1_000, 2_000)) };
    let report = rehearsal.run(Path::new(env!("CARGO_BIN_EXE_comity"))).unwrap_or_else(|error| panic!("{error:?}"));
    println!("{report:#?}");
    assert!(report.proved.orders > 0 && report.kills == 3 && report.partitions == 2 && report.without_quorum == 2);
    let kinds = [(report.quorum_left, 2), (report.mended, 1), (report.restarted, 1)];
    assert!(kinds.iter().all(|(times, count)| times.is_some_and(|times| times.count == *count)), "{report:#?}");
    assert!(report.back_within().unwrap() < BACK_WITHIN, "{report:#?}");
}
