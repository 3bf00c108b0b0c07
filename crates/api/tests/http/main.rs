//! The API over real HTTP: a server on a port of its own, a journal in a temporary directory, a clock that stands.

mod approvals;
mod bad_input;
mod connections;
mod console;
mod cycles;
mod document;
mod events;
mod harness;
mod iso;
mod order_messages;
mod orders;
mod passkeys;
mod path;
mod proposals;
mod queue_runs;
mod sessions;
mod simulations;
mod tls;
