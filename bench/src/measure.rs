//! How a system is timed: closed loop, a warm-up, a window, and what was seen in it.

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::ProcessorTime;
use crate::workload::{Distribution, Workload};

/// What is asked of a system: one point of the comparison.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Orders in a batch.
    pub batch_size: usize,
    /// Load before the window, not counted.
    pub warm_up: Duration,
    /// Length of the window.
    pub measured: Duration,
    /// Length of the windows of trials in which a system finds its best configuration.
    pub trial: Duration,
}

/// A system that keeps books: opens [`crate::workload::ACCOUNTS`] accounts with their limits, takes batches of orders, and acknowledges a
/// batch when the outcome of every order in it is durable.
pub trait System {
    /// Name on the command line and in the report.
    fn name(&self) -> &'static str;

    /// Version of the software under test.
    fn version(&self) -> String;

    /// Starts from empty books, in the best configuration it can find for this plan, and checks its books afterwards.
    fn run(&mut self, workload: &Workload, plan: &Plan) -> Result<Measurement>;
}

/// A connection to a system, used by one thread.
pub trait Session: Send {
    /// A batch as its sender hands it over: encoded (and signed, where that is asked for) before the clock starts.
    type Request: Send;

    /// Returns when the outcome of every order of the batch is durable; `None` if this session has nothing left to send.
    fn submit(&mut self, request: Self::Request) -> Result<Option<Tally>>;
}

/// Outcomes counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Orders that moved money.
    pub settled: u64,
    /// Orders refused for exceeding their debtor's limit.
    pub refused: u64,
}

impl Tally {
    /// Orders in all.
    pub fn orders(&self) -> u64 {
        self.settled + self.refused
    }

    fn add(&mut self, other: Tally) {
        self.settled += other.settled;
        self.refused += other.refused;
    }
}

/// Time from handing a batch over to its durable acknowledgement, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// A configuration that a system tried before the measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    pub method: String,
    pub connections: usize,
    pub orders_per_second: f64,
}

/// How a system was used.
#[derive(Clone, Debug, Serialize)]
pub struct Setup {
    pub method: String,
    /// Connections that submit at once, each waiting for its batch.
    pub connections: usize,
    /// What was tried to find this.
    pub trials: Vec<Trial>,
}

/// A row of the report.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    pub system: &'static str,
    pub batch: usize,
    pub distribution: Distribution,
    pub orders_per_second: f64,
    /// Length of the window; the counts are of what was acknowledged in it.
    pub seconds: f64,
    pub batches: u64,
    pub orders: u64,
    pub settled: u64,
    pub refused: u64,
    pub batch_latency_ms: Latency,
    /// Whether the prepared orders ran out before the window ended; the window is then as long as they lasted.
    pub ran_out: bool,
    /// Resident memory of this process (of PostgreSQL this is only the client): before the run, with the orders prepared, and
    /// its peak in the run.
    pub memory_before_bytes: u64,
    pub memory_peak_bytes: u64,
    /// Cores' worth of work that the machine did for others from the start of the warm-up to the end of the window: well above 0, and the
    /// row says as much about them as about the system.
    pub cores_used_by_others: f64,
    #[serde(flatten)]
    pub setup: Setup,
}

/// What was seen while driving a system.
pub struct Observed {
    /// Acknowledged in the window.
    pub tally: Tally,
    /// Acknowledged at all, warm-up and last batches included: what the books must show.
    pub total: Tally,
    /// Length of the window.
    pub window: Duration,
    ran_out: bool,
    latency_ns: Histogram<u64>,
    memory_before_bytes: u64,
    memory_peak_bytes: u64,
    cores_used_by_others: f64,
}

impl Observed {
    /// Orders acknowledged in the window over its length.
    pub fn orders_per_second(&self) -> f64 {
        self.tally.orders() as f64 / self.window.as_secs_f64()
    }

    /// The row of the report for this run.
    pub fn into_measurement(self, system: &'static str, workload: &Workload, plan: &Plan, setup: Setup) -> Measurement {
        let milliseconds = |nanoseconds: u64| nanoseconds as f64 / 1e6;
        Measurement {
            system,
            batch: plan.batch_size,
            distribution: workload.distribution,
            orders_per_second: self.orders_per_second(),
            seconds: self.window.as_secs_f64(),
            batches: self.latency_ns.len(),
            orders: self.tally.orders(),
            settled: self.tally.settled,
            refused: self.tally.refused,
            batch_latency_ms: Latency {
                p50: milliseconds(self.latency_ns.value_at_quantile(0.50)),
                p99: milliseconds(self.latency_ns.value_at_quantile(0.99)),
                max: milliseconds(self.latency_ns.max()),
            },
            ran_out: self.ran_out,
            memory_before_bytes: self.memory_before_bytes,
            memory_peak_bytes: self.memory_peak_bytes,
            cores_used_by_others: self.cores_used_by_others,
            setup,
        }
    }
}

/// What one thread saw.
struct Share {
    tally: Tally,
    total: Tally,
    latency_ns: Histogram<u64>,
    last_acknowledged: Option<Instant>,
    ran_out: bool,
}

/// Lets every session take the next request, wait for its acknowledgement and take another, through `warm_up` and `measured`.
///
/// # Errors
/// The first error of a session, `interrupted` having been set, or no request acknowledged in the window.
pub fn drive<S: Session>(
    sessions: Vec<S>,
    requests: Vec<S::Request>,
    warm_up: Duration,
    measured: Duration,
    interrupted: &AtomicBool,
) -> Result<Observed> {
    let memory_before_bytes = resident_bytes("VmRSS")?;
    reset_peak_memory()?;
    let processor_before = ProcessorTime::now()?;
    let loaded_from = Instant::now();
    let queue = Mutex::new(requests.into_iter());
    let barrier = Barrier::new(sessions.len());
    let start = OnceLock::new();
    let failed = AtomicBool::new(false);

    let work = |mut session: S| -> Result<Share> {
        barrier.wait();
        let opens = *start.get_or_init(Instant::now) + warm_up;
        let closes = opens + measured;
        let mut share = Share {
            tally: Tally::default(),
            total: Tally::default(),
            latency_ns: Histogram::new(3).expect("3 significant digits are within the range"),
            last_acknowledged: None,
            ran_out: false,
        };
        loop {
            if interrupted.load(Ordering::Relaxed) {
                bail!("interrupted");
            }
            if failed.load(Ordering::Relaxed) || Instant::now() >= closes {
                return Ok(share);
            }
            let Some(request) = queue.lock().expect("no thread panics while taking a request").next() else {
                share.ran_out = true;
                return Ok(share);
            };
            let handed_over = Instant::now();
            let tally = session.submit(request).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
            let Some(tally) = tally else {
                share.ran_out = true;
                return Ok(share);
            };
            let acknowledged = Instant::now();
            share.total.add(tally);
            if (opens..=closes).contains(&acknowledged) {
                share.tally.add(tally);
                share.last_acknowledged = Some(acknowledged);
                share
                    .latency_ns
                    .record((acknowledged - handed_over).as_nanos() as u64)
                    .context("latency out of range")?;
            }
        }
    };

    let shares = thread::scope(|scope| {
        let threads: Vec<_> = sessions.into_iter().map(|session| scope.spawn(|| work(session))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a session does not panic")).collect::<Result<Vec<_>>>()
    })?;

    let loaded_seconds = loaded_from.elapsed().as_secs_f64();
    let cores_used_by_others = ProcessorTime::now()?.cores_used_by_others_since(&processor_before, loaded_seconds)?;
    let memory_peak_bytes = resident_bytes("VmHWM")?;
    let ran_out = shares.iter().any(|share| share.ran_out);
    let last_acknowledged = shares.iter().filter_map(|share| share.last_acknowledged).max();
    let last_acknowledged =
        last_acknowledged.context("no batch was acknowledged in the window: it is too short for this batch size")?;
    let opened = *start.get().expect("set by the first thread") + warm_up;
    let window = if ran_out { last_acknowledged - opened } else { measured };
    ensure!(!window.is_zero(), "the window is empty");
    let mut seen = Observed {
        tally: Tally::default(),
        total: Tally::default(),
        window,
        ran_out,
        latency_ns: Histogram::new(3)?,
        memory_before_bytes,
        memory_peak_bytes,
        cores_used_by_others,
    };
    for share in shares {
        seen.tally.add(share.tally);
        seen.total.add(share.total);
        seen.latency_ns.add(&share.latency_ns)?;
    }
    Ok(seen)
}

/// Makes the kernel count the peak of resident memory anew from here.
fn reset_peak_memory() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5")
        .context("cannot reset the peak of resident memory (Linux: /proc/self/clear_refs)")
}

fn resident_bytes(field: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib =
        line.and_then(|value| value.trim().strip_suffix(" kB")).context("no such memory field in /proc/self/status")?;
    Ok(kib.parse::<u64>()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    /// Acknowledges every batch when it is asked, settles all but the last order of each.
    struct Immediate;

    impl Session for Immediate {
        type Request = u64;

        fn submit(&mut self, orders: u64) -> Result<Option<Tally>> {
            Ok(Some(Tally { settled: orders - 1, refused: 1 }))
        }
    }

    struct Failing;

    impl Session for Failing {
        type Request = ();

        fn submit(&mut self, (): ()) -> Result<Option<Tally>> {
            Err(anyhow!("disk on fire"))
        }
    }

    #[test]
    fn every_acknowledged_order_is_counted_once() {
        let never = AtomicBool::new(false);
        let seen = drive(
            vec![Immediate, Immediate, Immediate],
            vec![10; 1_000],
            Duration::ZERO,
            Duration::from_secs(60),
            &never,
        );
        let seen = seen.unwrap();
        assert_eq!(seen.tally, Tally { settled: 9_000, refused: 1_000 });
        assert_eq!(seen.total, seen.tally);
        assert_eq!(seen.latency_ns.len(), 1_000);
        assert!(seen.ran_out && seen.window < Duration::from_secs(60));
        assert!(seen.memory_peak_bytes > 0);
    }

    #[test]
    fn the_window_ends_the_run() {
        let never = AtomicBool::new(false);
        let window = Duration::from_millis(20);
        let seen = drive(vec![Immediate], vec![10; 50_000_000], window, window, &never).unwrap();
        assert!(!seen.ran_out);
        assert_eq!(seen.window, window);
        assert!(seen.tally.orders() < seen.total.orders(), "the warm-up must not count");
    }

    #[test]
    fn an_error_ends_the_run_and_is_reported() {
        let never = AtomicBool::new(false);
        let error =
            drive(vec![Failing, Failing], vec![(); 10], Duration::ZERO, Duration::from_secs(60), &never).err().unwrap();
        assert_eq!(error.to_string(), "disk on fire");
    }

    #[test]
    fn an_interruption_ends_the_run() {
        let interrupted = AtomicBool::new(true);
        assert!(drive(vec![Immediate], vec![1; 10], Duration::ZERO, Duration::from_secs(60), &interrupted).is_err());
    }
}
