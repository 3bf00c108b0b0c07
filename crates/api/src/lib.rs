//! The node's HTTP API, and the textual forms that it shares with the command line.
//!
//! | to find | look in |
//! | --- | --- |
//! | orders and commands as JSON and CSV | [`text`] |
//! | what the union holds, as JSON | [`view`] |
//! | signed batches out of orders | [`sign`] |
//! | ISO 20022 messages to orders and back | [`iso`] |
//! | calling a node from Rust | [`client`] |
//! | the routes, each with its documentation | `route/`, set up by [`Api`] and [`serve()`] |
//! | a proposal with the charter's text, signed | `proposing.rs` |
//! | sessions, passkeys, four eyes, the audit log | `session.rs`, `passkey.rs`, `approval.rs`, `audit.rs` |
//! | the pages of the web console, and what tells browsers to be careful | `console.rs`, embedded by `build.rs` |
//! | TLS, of the node and of the client | `tls.rs` |
//! | bounds on connections and requests | `connections.rs`, `limit.rs`, [`Bounds`] |
//!
//! No rule of the union lives here: what an order may do is decided by [`union::Union::apply`] alone.

#![allow(clippy::result_large_err, reason = "a problem is the answer to a request: it is made once, where that ends")]

mod approval;
mod audit;
pub mod client;
mod connections;
mod console;
mod day_flow;
mod extract;
pub mod iso;
mod limit;
mod metrics;
mod operator;
mod passkey;
mod problem;
mod proposing;
mod receipts;
mod recent;
mod record;
mod route;
mod serve;
mod service;
mod session;
pub mod sign;
mod signatory;
pub mod text;
mod tls;
pub mod view;

pub use approval::ApprovalView;
pub use console::is_built as has_console;
pub use operator::{HeldMember, Operator, Role};
pub use passkey::{Origin, OriginError, Passkey, PasskeyChallenge, PasskeyError, PasskeyLoginRequest, user_handle};
pub use problem::Problem;
pub use route::{OrdersView, PaymentsView, ProposalsView, ProposeRequest, openapi, router};
pub use serve::serve;
pub use service::{Api, Bounds, Settings, SettingsError};
pub use session::{Challenge, ChallengeRequest, LoginRequest, SessionView, login_message};
pub use tls::{Tls, TlsError, Trusted};
