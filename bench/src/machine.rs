//! What the figures were measured on: without it they mean nothing.

use anyhow::{Context, Result};
use nix::unistd::{SysconfVar, sysconf};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

const MIB: usize = 1 << 20;

/// The machine and its disk.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Cores this process may use.
    pub cores: usize,
    pub cpu: String,
    pub memory_bytes: u64,
    pub kernel: String,
    /// Writing 64 MiB into an existing file on the disk under test, with a sync (`fdatasync`) each MiB, per second.
    pub disk_synced_mib_per_second: f64,
    /// Median of 200 writes of 4 KiB, each synced, in milliseconds.
    pub disk_synced_4kib_ms: f64,
}

/// Looks at the machine, and measures the disk that holds `dir`.
pub fn inspect(dir: &Path) -> Result<Machine> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
    let meminfo = fs::read_to_string("/proc/meminfo").context("cannot read /proc/meminfo")?;
    let memory_kib: u64 =
        value(&meminfo, "MemTotal").context("no MemTotal in /proc/meminfo")?.trim_end_matches(" kB").parse()?;
    let (disk_synced_mib_per_second, disk_synced_4kib_ms) = probe_disk(dir)?;
    Ok(Machine {
        cores: std::thread::available_parallelism()?.get(),
        cpu: value(&cpuinfo, "model name").unwrap_or("unknown").to_owned(),
        memory_bytes: memory_kib * 1024,
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .context("cannot read the kernel's version")?
            .trim()
            .to_owned(),
        disk_synced_mib_per_second,
        disk_synced_4kib_ms,
    })
}

/// Processor time used so far, in clock ticks: by the whole machine, and by this process with all it started.
#[derive(Clone, Copy, Debug)]
pub struct ProcessorTime {
    machine: u64,
    own: u64,
}

impl ProcessorTime {
    /// As of now. What a process used before it ended counts with its parent, so nothing is lost or counted twice.
    pub fn now() -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        let machine = stat.lines().next().and_then(machine_ticks).context("unexpected first line in /proc/stat")?;
        let mut processes = BTreeMap::new();
        for entry in fs::read_dir("/proc")? {
            let path = entry?.path();
            // Processes end while we look, and the rest of /proc has no such file.
            let Ok(stat) = fs::read_to_string(path.join("stat")) else { continue };
            if let Some((id, process)) = Process::parse(&stat) {
                processes.insert(id, process);
            }
        }
        Ok(ProcessorTime { machine, own: ticks_of_family(&processes, std::process::id()) })
    }

    /// Cores' worth of work that was done for others since `earlier`, over `seconds`: near 0 on a quiet machine.
    pub fn cores_used_by_others_since(&self, earlier: &Self, seconds: f64) -> Result<f64> {
        let ticks_per_second = sysconf(SysconfVar::CLK_TCK)?.context("the system has no clock tick")? as f64;
        let machine = self.machine.saturating_sub(earlier.machine);
        let own = self.own.saturating_sub(earlier.own);
        Ok(machine.saturating_sub(own) as f64 / ticks_per_second / seconds)
    }
}

struct Process {
    parent: u32,
    ticks: u64,
}

impl Process {
    /// From `/proc/<id>/stat`, proc(5): the name, in parentheses, may hold anything; state and parent follow it, and the times in
    /// user and kernel mode, of the process and of its ended children, are fields 14 to 17.
    fn parse(stat: &str) -> Option<(u32, Process)> {
        let (id, rest) = stat.split_once(' ')?;
        let fields: Vec<&str> = rest.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>()).sum::<Result<u64, _>>().ok()?;
        Some((id.parse().ok()?, Process { parent: fields.get(1)?.parse().ok()?, ticks }))
    }
}

/// Time in user, nice, system, irq and softirq, and stolen by the host, which is others' as well; not idle or waiting.
fn machine_ticks(line: &str) -> Option<u64> {
    let fields: Vec<u64> =
        line.strip_prefix("cpu ")?.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    [0, 1, 2, 5, 6, 7].iter().map(|field| fields.get(*field)).sum()
}

fn ticks_of_family(processes: &BTreeMap<u32, Process>, ancestor: u32) -> u64 {
    let descends = |mut id: u32| {
        // A chain of parents is no longer than there are processes.
        for _ in 0..=processes.len() {
            if id == ancestor {
                return true;
            }
            let Some(process) = processes.get(&id) else { return false };
            id = process.parent;
        }
        false
    };
    processes.iter().filter(|(id, _)| descends(**id)).map(|(_, process)| process.ticks).sum()
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.split_once(':').filter(|(name, _)| name.trim() == key))
        .map(|(_, value)| value.trim())
}

fn probe_disk(dir: &Path) -> Result<(f64, f64)> {
    let mut file: File = tempfile::tempfile_in(dir).with_context(|| format!("cannot write in {}", dir.display()))?;
    // Not zeros, which some disks do not store.
    let data: Vec<u8> = (0..MIB).map(|i| (i * 31 + i / 251) as u8).collect();
    for _ in 0..64 {
        file.write_all(&data)?;
    }
    file.sync_all()?;

    file.seek(SeekFrom::Start(0))?;
    let start = Instant::now();
    for _ in 0..64 {
        file.write_all(&data)?;
        file.sync_data()?;
    }
    let mib_per_second = 64.0 / start.elapsed().as_secs_f64();

    file.seek(SeekFrom::Start(0))?;
    let mut times_ms = Vec::with_capacity(200);
    for _ in 0..200 {
        let start = Instant::now();
        file.write_all(&data[..4096])?;
        file.sync_data()?;
        times_ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times_ms.sort_by(f64::total_cmp);
    Ok((mib_per_second, times_ms[times_ms.len() / 2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let machine = inspect(dir.path()).unwrap();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20 && !machine.kernel.is_empty());
        assert!(machine.disk_synced_mib_per_second > 0.0 && machine.disk_synced_4kib_ms > 0.0);
    }

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let (id, process) = Process::parse("42 (a b) c) S 7 1 1 0 -1 4 0 0 0 0 100 20 3 4 20 0 1 0 99").unwrap();
        assert_eq!((id, process.parent, process.ticks), (42, 7, 127));
        assert!(Process::parse("42 (short) S 7").is_none());
    }

    #[test]
    fn the_machine_is_busy_but_not_when_idle_or_waiting() {
        assert_eq!(machine_ticks("cpu  1 2 4 1000 1000 8 16 32 0 0"), Some(63));
        assert_eq!(machine_ticks("cpu0 1 2 4 1000 1000 8 16 32 0 0"), None);
    }

    #[test]
    fn only_descendants_are_own() {
        let process = |parent, ticks| Process { parent, ticks };
        let processes = BTreeMap::from([
            (1, process(0, 1)),
            (10, process(1, 10)),
            (11, process(10, 100)),
            (12, process(11, 1_000)),
            (20, process(1, 10_000)),
        ]);
        assert_eq!(ticks_of_family(&processes, 10), 1_110);
    }

    #[test]
    fn own_work_is_not_that_of_others() {
        let before = ProcessorTime::now().unwrap();
        let start = Instant::now();
        let mut x = 1_u64;
        while start.elapsed().as_millis() < 200 {
            x = std::hint::black_box(x.wrapping_mul(31));
        }
        let after = ProcessorTime::now().unwrap();
        // At most what the wall clock allows, so even on a crowded machine; and this thread's ticks are in it.
        assert!(after.own > before.own && after.machine > before.machine);
    }
}
