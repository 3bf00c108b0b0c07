//! The crate against the official schemas, messages of other people, and hostile input.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests read files and clocks, the crate does not"
)]

mod arbitrary;
mod conformance;
mod hostile;
mod messages;
mod official;
mod orders;
mod samples;
mod schemas;
mod union_of_three;
mod written;
