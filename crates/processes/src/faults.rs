//! What is done to the processes, and how long it takes until the next order is acknowledged.

use crate::group::Group;
use crate::load::Load;
use crate::stop::Stop;
use anyhow::{Context, Result, ensure};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Without an acknowledgement for so long, a run has failed: there is no service.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a quorum has agreed on already when the last link is cut is final soon after. When nothing was for so long, that was all.
const ON_THE_WAY: Duration = Duration::from_secs(2);

/// And within this time it is all, even on a machine that is busy.
const ALL_IS_THERE: Duration = Duration::from_secs(30);

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A node is killed and started again; the others are a quorum.
    Kill,
    /// A node is cut off from all others; they are a quorum.
    Isolate,
    /// The nodes are cut into two sides; neither is a quorum.
    Split,
    /// So many nodes are killed that the others are no quorum.
    Outage,
}

/// Seconds until the next acknowledgement, by what was before.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recovery {
    /// After a node was killed or cut off from a quorum: of a batch that was sent after that.
    pub quorum_left: Vec<f64>,
    /// After neither side was a quorum: from the moment when the links are mended.
    pub mended: Vec<f64>,
    /// After too few processes were left: from the moment when the one that makes the quorum whole listens.
    pub restarted: Vec<f64>,
    /// From the moment when a killed node listens until it takes batches.
    pub ready_again: Vec<f64>,
}

/// The faults of a run.
#[derive(Debug)]
pub struct Faults<'a> {
    group: &'a Group,
    load: &'a Load,
    dice: Xoshiro256PlusPlus,
    /// Processes that were killed.
    pub kills: usize,
    /// How often nodes were cut off from each other.
    pub partitions: usize,
    /// How often there was no quorum.
    pub without_quorum: usize,
    /// How long recovery took.
    pub recovery: Recovery,
}

impl<'a> Faults<'a> {
    /// The faults that follow from a seed; what the processes do meanwhile does not.
    pub fn new(group: &'a Group, load: &'a Load, seed: u64) -> Self {
        Faults {
            group,
            load,
            dice: Xoshiro256PlusPlus::seed_from_u64(seed),
            kills: 0,
            partitions: 0,
            without_quorum: 0,
            recovery: Recovery::default(),
        }
    }

    /// Each kind of fault once.
    pub fn each_once(&mut self) -> Result<()> {
        [Fault::Kill, Fault::Isolate, Fault::Split, Fault::Outage].into_iter().try_for_each(|fault| self.inject(fault))
    }

    /// One fault after another, mostly kills, until so much time is over.
    pub fn run_for(&mut self, time: Duration) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < time {
            let fault = match self.dice.random_range(0..10) {
                0..5 => Fault::Kill,
                5..7 => Fault::Isolate,
                7..8 => Fault::Split,
                _ => Fault::Outage,
            };
            self.inject(fault)?;
            self.pass(500..3_000);
        }
        Ok(())
    }

    fn pass(&mut self, milliseconds: std::ops::Range<u64>) {
        Stop::default().within(Duration::from_millis(self.dice.random_range(milliseconds)));
    }

    fn inject(&mut self, fault: Fault) -> Result<()> {
        let mut nodes: Vec<usize> = (0..self.group.nodes()).collect();
        nodes.shuffle(&mut self.dice);
        match fault {
            Fault::Kill => self.kill(nodes[0]),
            Fault::Isolate => self.isolate(nodes[0]),
            Fault::Split => self.split(&nodes[..self.group.nodes() / 2]),
            Fault::Outage => self.outage(&nodes[..=self.group.faulty()]),
        }
        .with_context(|| format!("{fault:?} of {nodes:?}"))
    }

    fn kill(&mut self, node: usize) -> Result<()> {
        self.group.kill(node)?;
        self.kills += 1;
        self.goes_on(Instant::now())?;
        self.pass(200..2_000);
        self.group.start(node)?;
        self.is_ready_again(node)
    }

    fn isolate(&mut self, node: usize) -> Result<()> {
        self.group.cut(&[node]);
        self.partitions += 1;
        self.goes_on(Instant::now())?;
        self.pass(500..4_000);
        self.group.mend();
        self.group.wait_until_ready(node)
    }

    fn split(&mut self, side: &[usize]) -> Result<()> {
        self.group.cut(side);
        self.partitions += 1;
        self.stands_still()?;
        self.group.mend();
        let back = self.is_back(Instant::now())?;
        self.recovery.mended.push(back);
        (0..self.group.nodes()).try_for_each(|node| self.group.wait_until_ready(node))
    }

    fn outage(&mut self, nodes: &[usize]) -> Result<()> {
        for node in nodes {
            self.group.kill(*node)?;
            self.kills += 1;
        }
        self.stands_still()?;
        // With the first of them the others are a quorum again.
        self.group.start(nodes[0])?;
        let back = self.is_back(Instant::now())?;
        self.recovery.restarted.push(back);
        for node in &nodes[1..] {
            self.group.start(*node)?;
        }
        nodes.iter().try_for_each(|node| self.is_ready_again(*node))
    }

    /// The others are a quorum, and go on.
    fn goes_on(&mut self, since: Instant) -> Result<()> {
        let next = self.load.sent_after(since, PATIENCE).context("a quorum is left, and nothing is acknowledged")?;
        self.recovery.quorum_left.push(next.as_secs_f64());
        Ok(())
    }

    /// There is no quorum, so no block may become final. (What was final before may be acknowledged late, by a gateway that is asked again.)
    fn stands_still(&mut self) -> Result<()> {
        self.without_quorum += 1;
        let begun = Instant::now();
        let mut height = self.height();
        loop {
            Stop::default().within(ON_THE_WAY);
            let now = self.height();
            if now == std::mem::replace(&mut height, now) {
                break;
            }
            ensure!(begun.elapsed() < ALL_IS_THERE, "blocks go on being final while there is no quorum");
        }
        self.pass(500..3_000);
        let now = self.height();
        ensure!(now == height, "the last block was {height}, and is {now} while there is no quorum");
        Ok(())
    }

    /// The highest block that any node has, of those that run.
    fn height(&self) -> u64 {
        let heights = (0..self.group.nodes()).filter_map(|node| Some(self.group.client(node).union().ok()?.height));
        heights.max().unwrap_or_default()
    }

    /// There is a quorum again; seconds until the next acknowledgement.
    fn is_back(&self, since: Instant) -> Result<f64> {
        let next = self.load.next_after(since, PATIENCE).context("a quorum is back, and nothing is acknowledged")?;
        Ok(next.as_secs_f64())
    }

    fn is_ready_again(&mut self, node: usize) -> Result<()> {
        let since = Instant::now();
        self.group.wait_until_ready(node)?;
        self.recovery.ready_again.push(since.elapsed().as_secs_f64());
        Ok(())
    }
}
