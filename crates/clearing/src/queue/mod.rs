//! Settlement of queued payments.
