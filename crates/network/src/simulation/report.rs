//! What many seeds came to.

use super::run::Ran;
use std::fmt;
use std::time::{Duration, Instant};

pub(crate) struct Report {
    begun: Instant,
    pub seeds: u64,
    of_seven: u64,
    hostile: u64,
    blocks: u64,
    epochs: u64,
    decisions: u64,
    receipts: u64,
    stops: u64,
    kills: u64,
    power_failures: u64,
    torn_writes: u64,
    disk_errors: u64,
    full_disks: u64,
    splits: u64,
    changes: u64,
    checkpoints: u64,
    copies: u64,
    messages: u64,
    lost: u64,
    doubled: u64,
    reordered: u64,
    virtual_time: Duration,
    longest_settling: Duration,
    longest_wait: [u64; 2],
    pub failed: Vec<(u64, String)>,
}

impl Default for Report {
    fn default() -> Report {
        Report {
            begun: Instant::now(),
            seeds: 0,
            of_seven: 0,
            hostile: 0,
            blocks: 0,
            epochs: 0,
            decisions: 0,
            receipts: 0,
            stops: 0,
            kills: 0,
            power_failures: 0,
            torn_writes: 0,
            disk_errors: 0,
            full_disks: 0,
            splits: 0,
            changes: 0,
            checkpoints: 0,
            copies: 0,
            messages: 0,
            lost: 0,
            doubled: 0,
            reordered: 0,
            virtual_time: Duration::ZERO,
            longest_settling: Duration::ZERO,
            longest_wait: [0; 2],
            failed: Vec::new(),
        }
    }
}

impl Report {
    pub fn add(&mut self, ran: &Ran) {
        let Ran { plan, outcome, happened, traffic, .. } = ran;
        self.seeds += 1;
        self.of_seven += u64::from(plan.nodes == 7);
        self.hostile += (plan.nodes - plan.honest().count()) as u64;
        self.blocks += outcome.height;
        self.epochs += outcome.epochs;
        self.decisions += outcome.decisions;
        self.receipts += outcome.receipts;
        self.stops += happened.stops;
        self.kills += happened.kills;
        self.power_failures += happened.power_failures;
        self.torn_writes += happened.torn_writes;
        self.disk_errors += happened.disk_errors;
        self.full_disks += happened.full_disks;
        self.splits += happened.splits;
        self.changes += happened.changes;
        self.checkpoints += happened.checkpoints;
        self.copies += happened.copies;
        self.messages += traffic.sent;
        self.lost += traffic.lost;
        self.doubled += traffic.doubled;
        self.reordered += traffic.reordered;
        self.virtual_time += ran.virtual_time;
        self.longest_settling = self.longest_settling.max(ran.settled_after);
        let longest = &mut self.longest_wait[usize::from(plan.nodes == 7)];
        *longest = outcome.longest_wait.max(*longest);
        if let Some(text) = outcome.violations.first() {
            println!("seed {}: {text}", plan.seed);
            self.failed.push((plan.seed, text.clone()));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seeds               {} ({} with 7 nodes, the others with 4)", self.seeds, self.of_seven)?;
        writeln!(f, "hostile nodes       {}", self.hostile)?;
        writeln!(f, "blocks              {}", self.blocks)?;
        writeln!(f, "epochs              {} ({} suspensions and readmissions)", self.epochs, self.decisions)?;
        writeln!(f, "receipts            {}", self.receipts)?;
        writeln!(f, "stops               {}", self.stops)?;
        writeln!(f, "kills               {}", self.kills)?;
        writeln!(f, "power failures      {}", self.power_failures)?;
        writeln!(f, "torn writes         {}", self.torn_writes)?;
        writeln!(f, "disk errors         {}", self.disk_errors)?;
        writeln!(f, "full disks          {}", self.full_disks)?;
        writeln!(f, "splits              {}", self.splits)?;
        writeln!(f, "network changes     {}", self.changes)?;
        writeln!(f, "late nodes          {} began with a checkpoint, {} with a copy", self.checkpoints, self.copies)?;
        writeln!(
            f,
            "messages            {} ({} lost, {} doubled, {} overtaken)",
            self.messages, self.lost, self.doubled, self.reordered
        )?;
        writeln!(f, "virtual time        {:?}", self.virtual_time)?;
        writeln!(f, "settled within      {:?} after the faults at most", self.longest_settling)?;
        writeln!(f, "longest wait        {} views of 4 nodes, {} of 7", self.longest_wait[0], self.longest_wait[1])?;
        writeln!(f, "wall time           {:?}", self.begun.elapsed())?;
        write!(f, "failed              {}", self.failed.len())
    }
}
