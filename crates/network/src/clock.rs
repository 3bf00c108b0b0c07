//! Where block times come from.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of block times, in Unix milliseconds. Everything else in the product takes its time from blocks.
#[derive(Debug)]
pub struct Clock(Mutex<Source>);

#[derive(Clone)]
enum Source {
    System,
    Other(Arc<dyn Fn() -> u64 + Send + Sync>),
    Set { time_ms: u64, running_since: Option<Instant> },
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::System => f.write_str("System"),
            Source::Other(_) => f.write_str("Other"),
            Source::Set { time_ms, running_since } => write!(f, "Set({time_ms}, {running_since:?})"),
        }
    }
}

impl Clock {
    /// A clock that shows what a function returns, in Unix milliseconds: for simulations.
    pub fn of(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Clock {
        Clock(Mutex::new(Source::Other(Arc::new(now_ms))))
    }

    /// The system's clock.
    pub fn system() -> Clock {
        Clock(Mutex::new(Source::System))
    }

    /// A clock that shows `time_ms` until it is [`set`](Self::set) again or begins to [`run`](Self::run):
    /// for scenarios.
    pub fn standing_at(time_ms: u64) -> Clock {
        Clock(Mutex::new(Source::Set { time_ms, running_since: None }))
    }

    fn source(&self) -> std::sync::MutexGuard<'_, Source> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Stops the clock at a time.
    pub fn set(&self, time_ms: u64) {
        *self.source() = Source::Set { time_ms, running_since: None };
    }

    /// Lets the clock run from the time that it shows.
    pub fn run(&self) {
        if let Source::Set { running_since, .. } = &mut *self.source() {
            running_since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether it stands still: then blocks are made only when they are asked for, and a scenario has the
    /// same blocks every time.
    pub fn is_standing(&self) -> bool {
        matches!(*self.source(), Source::Set { running_since: None, .. })
    }

    /// What it shows, in Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        let since = |elapsed: Duration| elapsed.as_millis() as u64;
        match self.source().clone() {
            Source::System => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, since),
            Source::Other(now_ms) => now_ms(),
            Source::Set { time_ms, running_since } => time_ms + running_since.map_or(0, |from| since(from.elapsed())),
        }
    }
}
