//! What the HTTP routes share: the node, the keys that it holds, sessions, approvals, the audit log.

use crate::approval::Approvals;
use crate::audit::{Act, Audit};
use crate::day_flow::DayFlow;
use crate::iso::IsoSettings;
use crate::metrics::Metrics;
use crate::operator::{HeldMember, Operator, Role};
use crate::passkey::Origin;
use crate::problem::{Kind, Problem};
use crate::receipts::Receipts;
use crate::recent::Recent;
use crate::session::{Session, Sessions};
use crate::signatory::Signatory;
use crate::tls::Tls;
use crate::view::{OutlookView, QueueForecastView};
use keys::MemberKey;
use network::{Node, NodeError};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Semaphore, watch};
use union::{Charter, Flows, Founding};

/// Bounds of the API.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once, one place always kept free: for a further one the longest open of those on which no request is being
    /// answered is closed.
    pub connections: usize,
    /// Requests without a body that are worked on at once; further ones are refused as busy. Those for the node's
    /// health and figures are always answered.
    pub requests: usize,
    /// Requests with a body that are received and worked on at once; further ones are refused as busy.
    pub bodies: usize,
    /// Event streams at once.
    pub streams: usize,
    /// Recent blocks that are kept for event streams; what is older is read from the journal.
    pub recent_blocks: usize,
    /// Statements and other walks through the journal at once.
    pub journal_walks: usize,
    /// Look-ups of one block or order in the journal at once.
    pub look_ups: usize,
    /// Searches through orders in the journal at once.
    pub searches: usize,
    /// Simulations at once; a further one is refused as busy.
    pub simulations: usize,
    /// A write is answered within this time, if need be with "unknown: ask again".
    pub write_timeout: Duration,
    /// A read is answered within this time.
    pub read_timeout: Duration,
    /// A connection is closed when its TLS handshake takes longer.
    pub handshake_timeout: Duration,
    /// A connection is closed when the head of a request takes longer, or none comes.
    pub head_timeout: Duration,
    /// A body that has not arrived within this time is refused.
    pub body_timeout: Duration,
    /// Requests that are under way get this long when the service stops.
    pub stop_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connections: 1_024,
            requests: 256,
            bodies: 256,
            streams: 64,
            recent_blocks: 1_024,
            journal_walks: 2,
            look_ups: 16,
            searches: 2,
            simulations: 1,
            write_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(120),
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(15),
            stop_timeout: Duration::from_secs(15),
        }
    }
}

/// What the API is told about its node.
#[derive(Debug)]
pub struct Settings {
    /// A directory of the API's own: `approvals/` and `audit.jsonl` are kept in it.
    pub directory: PathBuf,
    /// Code of the member whose node this is, where nodes order together; it may be one that the charter does not name yet.
    pub member: Option<String>,
    /// The members whose keys this node holds.
    pub members: Vec<HeldMember>,
    /// The people who act for them.
    pub operators: Vec<Operator>,
    /// Where operators see the console, if they may sign in with passkeys.
    pub passkey_origin: Option<Origin>,
    /// How institutions are named in ISO 20022 messages.
    pub iso: IsoSettings,
    /// The certificate to serve with; without one HTTP is not encrypted.
    pub tls: Option<Tls>,
    /// Bounds.
    pub bounds: Bounds,
}

/// Why the API cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A code that no member has.
    #[error("{what}: the charter has no member {code}")]
    Member {
        /// The entry at fault.
        what: String,
        /// The code.
        code: String,
    },
    /// A key that is not the member's.
    #[error(transparent)]
    Key(#[from] crate::sign::SignError),
    /// A member or an operator is named twice, or an operator's member is not held.
    #[error("{what}: {problem}")]
    Entry {
        /// The entry at fault.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] network::NodeError),
    /// A file or thread that cannot be had.
    #[error("{what}: {error}")]
    Io {
        /// What it is for.
        what: String,
        /// The system's reason.
        error: std::io::Error,
    },
}

/// The API of one node.
#[derive(Debug)]
pub struct Api {
    pub(crate) node: Arc<Node>,
    /// The charter that the union was founded on, with its founders' signatures.
    pub(crate) founding: Founding,
    /// Code of the member whose node this is.
    member: Option<String>,
    pub(crate) signatories: BTreeMap<u16, Arc<Signatory>>,
    pub(crate) sessions: Sessions,
    pub(crate) approvals: Approvals,
    pub(crate) audit: Audit,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) metrics: Metrics,
    /// How institutions are named in ISO 20022 messages.
    pub(crate) iso: IsoSettings,
    pub(crate) tls: Option<Tls>,
    pub(crate) bounds: Bounds,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) bodies: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) journal_walks: Arc<Semaphore>,
    pub(crate) look_ups: Arc<Semaphore>,
    pub(crate) searches: Arc<Semaphore>,
    pub(crate) simulations: Arc<Semaphore>,
    /// What settled today, as far as anybody asked.
    pub(crate) day_flow: std::sync::Mutex<DayFlow>,
    /// What members paid each other in closed cycles, as far as it was asked for: made once, since it never changes.
    closed_flows: Arc<Mutex<BTreeMap<u32, Arc<Flows>>>>,
    /// What the next run over the queue would settle, as last found.
    forecast: Arc<Mutex<Option<Found>>>,
    /// True once the service is stopping: streams end.
    pub(crate) stopping: watch::Sender<bool>,
}

/// Closed cycles whose flows are kept, the latest of those that were asked for: 8 MB where a hundred members all pay each other.
const CLOSED_FLOWS_KEPT: usize = 16;

/// A forecast of the next run over the queue; `None` where there are no runs.
#[derive(Debug)]
struct Found {
    height: u64,
    /// Until when it is told for later blocks, too.
    until: Instant,
    view: Option<QueueForecastView>,
}

/// A forecast is told for so many times as long as it took: so no more than a tenth of a core is spent on forecasts.
const FORECAST_SHARE: u32 = 9;

impl Api {
    /// Sets the API of a node up.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the entry or file at fault.
    pub fn new(node: Arc<Node>, settings: Settings) -> Result<Arc<Api>, SettingsError> {
        let Settings { directory, member: own_member, members, operators, passkey_origin, iso, tls, bounds } = settings;
        let charter = node.charter();
        let io = |what: PathBuf| move |error| SettingsError::Io { what: what.display().to_string(), error };

        let metrics = Metrics::new(&node);
        let mut signatories = BTreeMap::new();
        for HeldMember { code, key, four_eyes_from } in members {
            let what = format!("members: {code}");
            let Some(member) = charter.member(&code) else { return Err(SettingsError::Member { what, code }) };
            let known = node.peek(|union| crate::sign::signing_keys(union, member));
            crate::sign::BatchSigner::with_one_of(&charter, member, &key, &known)?;
            let unit = charter.unit_of_account;
            let four_eyes_from = crate::text::amount("four_eyes_from", unit, &four_eyes_from).map_err(|error| {
                SettingsError::Entry { what: format!("{what}, four_eyes_from"), problem: error.problem }
            })?;
            let signatory = Arc::new(Signatory::new(member, key, four_eyes_from, metrics.unsigned(&code)));
            if signatories.insert(member, signatory).is_some() {
                return Err(SettingsError::Entry { what, problem: "is there twice".into() });
            }
        }
        let mut by_name = BTreeMap::new();
        for operator in operators {
            let what = format!("operators: {}", operator.name);
            let member = charter.member(&operator.member);
            let Some(member) = member else { return Err(SettingsError::Member { what, code: operator.member }) };
            if !signatories.contains_key(&member) {
                let problem = format!("this node does not hold the key of {}", operator.member);
                return Err(SettingsError::Entry { what, problem });
            }
            if operator.key.is_none() && operator.passkeys.is_empty() {
                let problem = "has neither a key nor a passkey to log in with".into();
                return Err(SettingsError::Entry { what, problem });
            }
            if !operator.passkeys.is_empty() && passkey_origin.is_none() {
                let problem = "has a passkey, and nothing says where passkeys sign in".into();
                return Err(SettingsError::Entry { what, problem });
            }
            let is_taken = |(other, _): &(Arc<Operator>, u16)| other.shares_a_key_with(&operator);
            let is_member_key = charter.members.iter().any(|member| operator.has_key(&member.signing_key));
            if is_member_key || by_name.values().any(is_taken) {
                let problem = "has the key of another operator or of a member: two keys are two people".into();
                return Err(SettingsError::Entry { what, problem });
            }
            if by_name.insert(operator.name.clone(), (Arc::new(operator), member)).is_some() {
                return Err(SettingsError::Entry { what, problem: "is there twice".into() });
            }
        }
        iso.directory(&charter).map_err(|error| SettingsError::Entry {
            what: "iso20022.members".to_owned(),
            problem: error.to_string(),
        })?;
        std::fs::create_dir_all(&directory).map_err(io(directory.clone()))?;
        let (approvals, audit) = (directory.join("approvals"), directory.join("audit.jsonl"));
        let founding = network::founding(node.directory())?;
        Ok(Arc::new(Api {
            founding,
            member: own_member,
            sessions: Sessions::new(charter.hash(), by_name, passkey_origin)
                .map_err(|error| io("drawing randomness".into())(std::io::Error::other(error.to_string())))?,
            signatories,
            approvals: Approvals::open(approvals.clone()).map_err(io(approvals))?,
            audit: Audit::open(&audit).map_err(io(audit))?,
            receipts: Arc::default(),
            recent: Recent::follow(&node, bounds.recent_blocks).map_err(io("following blocks".into()))?,
            metrics,
            requests: Arc::new(Semaphore::new(bounds.requests)),
            bodies: Arc::new(Semaphore::new(bounds.bodies)),
            streams: Arc::new(Semaphore::new(bounds.streams)),
            journal_walks: Arc::new(Semaphore::new(bounds.journal_walks)),
            look_ups: Arc::new(Semaphore::new(bounds.look_ups)),
            searches: Arc::new(Semaphore::new(bounds.searches)),
            simulations: Arc::new(Semaphore::new(bounds.simulations)),
            day_flow: std::sync::Mutex::default(),
            closed_flows: Arc::default(),
            forecast: Arc::default(),
            stopping: watch::channel(false).0,
            iso,
            tls,
            bounds,
            node,
        }))
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Code of the member whose node this is, where nodes order together.
    pub(crate) fn own_member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// The charter that is in force.
    pub(crate) fn charter(&self) -> Arc<Charter> {
        self.node.charter()
    }

    /// What this node and its members have to expect.
    pub fn outlook(&self) -> OutlookView {
        let charter = self.charter();
        let own = self.member.as_deref().and_then(|code| charter.member(code));
        let members: BTreeSet<u16> = self.signatories.keys().copied().chain(own).collect();
        let votes = self.node.standing().map(|standing| [standing.votes, standing.votes_next]);
        self.node.peek(|union| OutlookView::new(union, &members.into_iter().collect::<Vec<_>>(), votes))
    }

    /// What members paid each other in a cycle that is closed. Whoever asks while somebody else's walk through the journal is under way
    /// waits for that, and finds it made.
    pub(crate) async fn closed_flows(self: &Arc<Self>, cycle: u32) -> Result<Arc<Flows>, Problem> {
        let mut kept = self.closed_flows.clone().lock_owned().await;
        if let Some(flows) = kept.get(&cycle) {
            return Ok(flows.clone());
        }
        let made = self.walk_journal(move |api| {
            let flows = network::cycle_flows(api.node.directory(), cycle, api.node.durable_height()).map(Arc::new)?;
            kept.insert(cycle, flows.clone());
            if kept.len() > CLOSED_FLOWS_KEPT {
                kept.pop_first();
            }
            Ok(flows)
        });
        made.await?.map_err(|error| match error {
            NodeError::Period(text) => Problem::not_found(text).at("number"),
            error => Problem::internal("making the flows", &error),
        })
    }

    /// What the next run over the queue would settle. It is found once a block at most, one at a time.
    pub(crate) async fn forecast(&self) -> Result<Option<QueueForecastView>, Problem> {
        let mut last = self.forecast.clone().lock_owned().await;
        let seen = self.read(|union| {
            let height = union.height();
            let is_told = |found: &Found| found.height == height || Instant::now() < found.until;
            if last.as_ref().is_some_and(is_told) { None } else { Some((height, Instant::now(), union.next_run())) }
        });
        let Some((height, begun, next)) = seen.await? else {
            return Ok(last.as_ref().and_then(|found| found.view.clone()));
        };
        let charter = self.charter();
        let found = tokio::task::spawn_blocking(move || {
            let view = next.map(|next| {
                let (at_ms, on_events) = (next.at_ms, next.on_events);
                QueueForecastView::new(&charter, height, at_ms, on_events, &next.forecast())
            });
            *last =
                Some(Found { height, until: Instant::now() + begun.elapsed() * FORECAST_SHARE, view: view.clone() });
            view
        });
        found.await.map_err(|error| Problem::internal("the forecast", &error))
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.node.clock().now_ms()
    }

    /// Looks at the state; what is shown is durable.
    pub(crate) async fn read<T>(&self, look: impl FnOnce(&union::Union) -> T) -> Result<T, Problem> {
        self.node.read(look).await.map_err(|_| Problem::busy("the node is shutting down"))
    }

    /// The number of the member with a code.
    pub(crate) fn member(&self, field: &str, code: &str) -> Result<u16, Problem> {
        crate::text::member(&self.charter(), field, code)
            .map_err(|error| Problem::not_found(error.problem).at(field).because(error.reason.code()))
    }

    /// The key that opens a member's customer detail: for its own operators alone.
    pub(crate) fn key_of(&self, session: Option<&Session>, member: u16) -> Option<Arc<MemberKey>> {
        let own = session.filter(|session| session.member == member)?;
        self.signatories.get(&own.member).map(|signatory| signatory.key().clone())
    }

    /// The signatory of a session's member, if its operator has at least this role.
    pub(crate) fn signatory(&self, session: &Session, role: Role) -> Result<Arc<Signatory>, Problem> {
        if session.operator.role < role {
            let text = format!("{} is a {:?}, and this takes a {role:?}", session.operator.name, session.operator.role);
            return Err(Problem::new(Kind::Forbidden, text.to_lowercase()));
        }
        let signatory = self.signatories.get(&session.member);
        Ok(signatory.expect("operators of held members only are taken in").clone())
    }

    /// Writes down what an operator is about to do; without that, nothing is done.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        session: &Session,
        what: &'static str,
        of: Value,
    ) -> Result<Act, Problem> {
        let (api, session, now_ms) = (self.clone(), session.clone(), self.now_ms());
        let written = tokio::task::spawn_blocking(move || api.audit.begin(now_ms, &session, what, &of));
        written.await.expect("writing does not panic").map_err(|error| {
            tracing::error!(%error, "the audit log cannot be written");
            Problem::busy("the audit log cannot be written, so nothing is done; the node's log says why")
        })
    }

    /// Writes down what it came to.
    pub(crate) async fn end(self: &Arc<Self>, act: Act, outcome: Value) {
        let (api, now_ms) = (self.clone(), self.now_ms());
        let written = tokio::task::spawn_blocking(move || api.audit.end(now_ms, &act, &outcome));
        if let Err(error) = written.await.expect("writing does not panic") {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    /// Runs something that goes through the journal on a thread of its own, few at a time.
    pub(crate) async fn walk_journal<T: Send + 'static>(
        self: &Arc<Self>,
        walk: impl FnOnce(&Api) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_journal(&self.journal_walks, walk).await
    }

    /// Looks one block or order up in the journal; walks through it do not hold this up.
    pub(crate) async fn look_up<T: Send + 'static>(
        self: &Arc<Self>,
        look: impl FnOnce(&Api) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_journal(&self.look_ups, look).await
    }

    /// Looks orders up, many at once; look-ups of one are not held up by this.
    pub(crate) async fn search<T: Send + 'static>(
        self: &Arc<Self>,
        search: impl FnOnce(&Api) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_journal(&self.searches, search).await
    }

    async fn read_journal<T: Send + 'static>(
        self: &Arc<Self>,
        permits: &Arc<Semaphore>,
        walk: impl FnOnce(&Api) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        let api = self.clone();
        let walked = tokio::task::spawn_blocking(move || {
            let walked = walk(&api);
            drop(permit);
            walked
        });
        walked.await.map_err(|error| Problem::internal("reading the journal", &error))
    }

    /// Waits for something that goes on even if the caller does not wait any longer.
    pub(crate) async fn answer_in_time<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        match tokio::time::timeout(self.bounds.write_timeout, tokio::spawn(work)).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(Problem::internal("the request", &error)),
            Err(_) => {
                let text = "it takes longer than usual; ask for the orders to see what became of them, or send the very same again";
                Err(Problem::unknown(text))
            }
        }
    }
}
