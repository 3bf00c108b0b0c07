//! The end of a run, for threads that keep a pace until then.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Told once that it is over.
#[derive(Debug, Default)]
pub struct Stop {
    is_over: Mutex<bool>,
    told: Condvar,
}

impl Stop {
    /// Ends all waits.
    pub fn now(&self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    /// Lets so much time pass, less if it is over before; whether it is.
    pub fn within(&self, time: Duration) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        *self.told.wait_timeout_while(is_over, time, |is_over| !*is_over).unwrap_or_else(PoisonError::into_inner).0
    }
}
