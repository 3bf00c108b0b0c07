//! A whole run: a union is founded and loaded, faults are injected, and what is left is proved.

use crate::faults::Faults;
use crate::group::Group;
use crate::load::Load;
use crate::proof::Proved;
use crate::stop::Stop;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal {
    /// Nodes, 4 or more: with fewer none may be down.
    pub nodes: usize,
    /// How long faults are injected from the seed; none for each kind once.
    pub time: Option<Duration>,
    /// What the faults follow from.
    pub seed: u64,
    /// Orders in a batch.
    pub orders: usize,
    /// For `[node.timing]`: after so many milliseconds a leader from whom nothing comes is passed over, and a block that is not agreed
    /// on. None for the usual.
    pub timing_ms: Option<(u32, u32)>,
}

/// What it came to.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Nodes, and members.
    pub nodes: usize,
    /// What the faults followed from.
    pub seed: u64,
    /// From the first batch to the last acknowledgement.
    pub seconds: f64,
    /// Processes ended with SIGKILL and started again.
    pub kills: usize,
    /// How often nodes were cut off from each other.
    pub partitions: usize,
    /// How often neither side, or not enough processes, were a quorum.
    pub without_quorum: usize,
    /// What all nodes had come to.
    #[serde(flatten)]
    pub proved: Proved,
    /// Acknowledged orders over the whole time, outages included.
    pub orders_per_second: f64,
    /// Batches whose receipt was lost with a node; all of them were found to be taken, once.
    pub receipts_lost: usize,
    /// See [`crate::Recovery::quorum_left`].
    pub quorum_left: Option<Times>,
    /// See [`crate::Recovery::mended`].
    pub mended: Option<Times>,
    /// See [`crate::Recovery::restarted`].
    pub restarted: Option<Times>,
    /// See [`crate::Recovery::ready_again`].
    pub ready_again: Option<Times>,
}

/// Durations in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// How many there are.
    pub count: usize,
    /// Half of them are no longer; of an even number the lower.
    pub median: f64,
    /// The longest.
    pub max: f64,
}

impl Times {
    fn of(mut seconds: Vec<f64>) -> Option<Times> {
        seconds.sort_by(f64::total_cmp);
        let max = *seconds.last()?;
        Some(Times { count: seconds.len(), median: seconds[(seconds.len() - 1) / 2], max })
    }
}

impl Report {
    /// The longest time from a quorum to the next acknowledgement, in seconds; none if no fault was injected.
    pub fn back_within(&self) -> Option<f64> {
        let times = [self.quorum_left, self.mended, self.restarted];
        times.into_iter().flatten().map(|times| times.max).max_by(f64::total_cmp)
    }
}

impl Rehearsal {
    /// Runs it with a binary. Fails if anything that was acknowledged is lost, if nodes differ, or if no service comes back; the
    /// nodes' files then stay.
    pub fn run(self, binary: &Path) -> Result<Report> {
        ensure!(self.nodes >= 4, "with {} nodes none may be down", self.nodes);
        let timing = match self.timing_ms {
            None => vec![],
            Some((leader, agreement)) => {
                vec![("idle_ms", leader / 2), ("leader_ms", leader), ("agreement_ms", agreement)]
            }
        };
        let mut group = Group::found(binary, self.nodes, &timing, &[])?;
        self.run_on(&group).map_err(|error| {
            error.context(format!("seed {}; files are left in {}", self.seed, group.keep_files().display()))
        })
    }

    fn run_on(&self, group: &Group) -> Result<Report> {
        group.start_all()?;
        let (load, stop, begun) = (Load::default(), Stop::default(), Instant::now());
        let mut faults = Faults::new(group, &load, self.seed);
        std::thread::scope(|scope| {
            let members: Vec<_> = (0..self.nodes)
                .map(|member| {
                    scope.spawn({
                        let (load, stop) = (&load, &stop);
                        move || load.drive(group, member, self.orders, stop)
                    })
                })
                .collect();
            load.next_after(begun, Duration::from_secs(60)).context("nothing is acknowledged")?;
            let injected = match self.time {
                Some(time) => faults.run_for(time),
                None => faults.each_once(),
            };
            stop.now();
            if injected.is_err() {
                load.give_up();
            }
            let driven = members.into_iter().map(|member| member.join().expect("no thread panics"));
            let driven = driven.collect::<Result<Vec<()>>>();
            // What a member's thread says may be why there was no more.
            match (driven, injected) {
                (Err(said), Err(error)) => Err(error.context(format!("{said:#}"))),
                (driven, injected) => driven.map(drop).and(injected),
            }
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        let proved = group.prove(&load)?;
        let recovery = faults.recovery;
        Ok(Report {
            nodes: self.nodes,
            seed: self.seed,
            seconds,
            kills: faults.kills,
            partitions: faults.partitions,
            without_quorum: faults.without_quorum,
            orders_per_second: proved.orders as f64 / seconds,
            proved,
            receipts_lost: load.receipts_lost(),
            quorum_left: Times::of(recovery.quorum_left),
            mended: Times::of(recovery.mended),
            restarted: Times::of(recovery.restarted),
            ready_again: Times::of(recovery.ready_again),
        })
    }
}
