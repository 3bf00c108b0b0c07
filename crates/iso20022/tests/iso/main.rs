//! The crate against the official schemas, messages of other people, and hostile input.

mod hostile;
mod official;
mod samples;
mod schemas;
