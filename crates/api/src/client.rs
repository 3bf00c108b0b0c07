//! Calling a node from Rust: blocking, over HTTP with or without TLS, for the command line and for tests.

use crate::problem::Problem;
use crate::route::{OrdersView, PaymentsView};
use crate::session::{Challenge, ChallengeRequest, LoginRequest, SessionView, login_message};
use crate::tls::{Trusted, provider};
use crate::view::{MemberView, OrderView, OutcomeView, ReceiptView, UnionView};
use keys::MemberKey;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsConfigBuilder};
use ureq::{Agent, Body};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A call's whole time. Longer than a node takes to answer "unknown".
const TIMEOUT: Duration = Duration::from_secs(150);

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The node was not reached, so nothing was done.
    #[error("cannot reach the node at {url}: {error}")]
    Connect {
        /// Its address.
        url: String,
        /// Why.
        error: String,
    },
    /// The connection broke after the request was sent: what became of it is not known.
    #[error(
        "the connection to {url} broke: {error}; ask for the orders to see what became of them, or send the very same again"
    )]
    Broken {
        /// The node's address.
        url: String,
        /// Why.
        error: String,
    },
    /// The node said why not.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// The answer is not one of this API.
    #[error("the answer of {url} is not one of this API: {error}")]
    Answer {
        /// What was called.
        url: String,
        /// What is wrong with it.
        error: String,
    },
    /// The operator's key is in a token that does not sign.
    #[error(transparent)]
    Key(#[from] keys::TokenError),
}

impl ClientError {
    /// Whether it is not known what became of the request.
    pub fn is_unknown_outcome(&self) -> bool {
        match self {
            ClientError::Broken { .. } => true,
            ClientError::Problem(problem) => problem.is_unknown_outcome(),
            ClientError::Connect { .. } | ClientError::Answer { .. } | ClientError::Key(_) => false,
        }
    }

    /// Whether nothing was done and the same may be sent again after a moment.
    pub fn is_busy(&self) -> bool {
        matches!(self, ClientError::Problem(problem) if problem.is_busy())
    }
}

/// A node's API.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
    why: Option<String>,
}

impl Client {
    /// The API at an address such as `http://127.0.0.1:7400`. Nothing is called yet. A node that is reached by `https://` is trusted
    /// as this machine trusts.
    pub fn new(url: &str) -> Client {
        Client::over(url, TlsConfig::builder().root_certs(RootCerts::PlatformVerifier))
    }

    /// The API at an `https://` address, whose certificate is one of these, or is vouched for by one of these alone.
    pub fn trusting(url: &str, trusted: &Trusted) -> Client {
        let certificates = trusted.0.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        Client::over(url, TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(certificates))))
    }

    /// The API at an `https://` address, whoever answers there: for questions whose answers are compared with what is known.
    /// Nothing that matters may be sent.
    pub fn unverified(url: &str) -> Client {
        Client::over(url, TlsConfig::builder().disable_verification(true))
    }

    fn over(url: &str, tls: TlsConfigBuilder) -> Client {
        let config = Agent::config_builder()
            .tls_config(tls.unversioned_rustls_crypto_provider(provider()).build())
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .timeout_connect(Some(Duration::from_secs(10)))
            .build();
        Client { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token: None, why: None }
    }

    /// The node's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn failed(&self, error: ureq::Error) -> ClientError {
        let (url, text) = (self.url.clone(), error.to_string());
        match &error {
            ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::BadUri(_)
            | ureq::Error::Http(_) => ClientError::Connect { url, error: text },
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                ClientError::Connect { url, error: text }
            }
            ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
                ClientError::Connect { url, error: text }
            }
            // That is found out before anything is sent.
            ureq::Error::Io(io) if is_untrusted(io.get_ref()) => {
                ClientError::Connect { url, error: format!("its certificate is not trusted: {text}") }
            }
            _ => ClientError::Broken { url, error: text },
        }
    }

    fn answer(&self, response: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, ClientError> {
        let response = response.map_err(|error| self.failed(error))?;
        let status = response.status();
        let mut bytes = Vec::new();
        let mut body = response.into_body().into_reader().take(ANSWER_BYTES_MAX);
        body.read_to_end(&mut bytes)
            .map_err(|error| ClientError::Broken { url: self.url.clone(), error: error.to_string() })?;
        if status.is_success() { Ok(bytes) } else { Err(self.problem(status, &bytes)) }
    }

    fn problem(&self, status: StatusCode, bytes: &[u8]) -> ClientError {
        match serde_json::from_slice(bytes) {
            Ok(problem) => ClientError::Problem(Box::new(problem)),
            Err(_) => ClientError::Answer { url: self.url.clone(), error: format!("status {status}") },
        }
    }

    fn read<T: DeserializeOwned>(&self, path: &str, bytes: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ClientError::Answer { url: format!("{}{path}", self.url), error: error.to_string() })
    }

    /// Gets bytes; `path` begins with a slash and is encoded already, see [`query`].
    ///
    /// # Errors
    ///
    /// [`ClientError`], as all calls.
    pub fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.answer(request.call())
    }

    /// Gets JSON.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.read(path, &self.get_bytes(path)?)
    }

    /// Posts bytes of a media type, with an idempotency key if one is given, and gets bytes.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn post_bytes(
        &self,
        path: &str,
        media_type: &str,
        idempotency_key: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<u8>, ClientError> {
        let mut request = self.agent.post(format!("{}{path}", self.url)).header("Content-Type", media_type);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(why) = &self.why {
            request = request.header("Comity-Why", utf8_percent_encode(why, NON_ALPHANUMERIC).to_string());
        }
        self.answer(request.send(body))
    }

    /// The same, which says of each request that it posts why that is made: the second person sees it, and it is in the audit log.
    #[must_use]
    pub fn saying_why(&self, why: &str) -> Client {
        Client { why: Some(why.to_owned()), ..self.clone() }
    }

    /// Posts JSON and gets JSON.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).expect("a request has a JSON form");
        self.read(path, &self.post_bytes(path, "application/json", None, &body)?)
    }

    /// Logs an operator in; later calls are made in its session.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn log_in(&mut self, operator: &str, key: &MemberKey) -> Result<SessionView, ClientError> {
        let request = ChallengeRequest { operator: operator.to_owned() };
        let challenge: Challenge = self.post("/v1/sessions/challenge", &request)?;
        let unhex = |text: &str| {
            let mut bytes = [0; 32];
            let decoded = base16ct::lower::decode(text, &mut bytes).is_ok_and(|decoded| decoded.len() == 32);
            let error = || ClientError::Answer { url: self.url.clone(), error: "a challenge of another form".into() };
            decoded.then_some(bytes).ok_or_else(error)
        };
        let message = login_message(&unhex(&challenge.union)?, &unhex(&challenge.nonce)?, operator);
        let signature = crate::view::hex(&key.sign(&message)?);
        let login = LoginRequest { operator: operator.to_owned(), nonce: challenge.nonce, signature };
        let session: SessionView = self.post("/v1/sessions", &login)?;
        self.token.clone_from(&session.token);
        Ok(session)
    }

    /// Ends the session, if there is one.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn log_out(&mut self) -> Result<(), ClientError> {
        let Some(token) = self.token.take() else { return Ok(()) };
        let request = self.agent.delete(format!("{}/v1/sessions", self.url));
        self.answer(request.header("Authorization", format!("Bearer {token}")).call()).map(drop)
    }

    /// The `Date` that whoever answers says, if it says one within this time.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn date(&self, within: Duration) -> Result<Option<String>, ClientError> {
        let request = self.agent.get(format!("{}/health", self.url)).config().timeout_global(Some(within)).build();
        let response = request.call().map_err(|error| self.failed(error))?;
        Ok(response.headers().get("date").and_then(|date| date.to_str().ok()).map(str::to_owned))
    }

    /// The union.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn union(&self) -> Result<UnionView, ClientError> {
        self.get("/v1/union")
    }

    /// The text of the charter in force, for [`union::Charter::followed_by`].
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn charter(&self) -> Result<String, ClientError> {
        self.text("/v1/charter")
    }

    fn text(&self, path: &str) -> Result<String, ClientError> {
        let broken = |error: std::string::FromUtf8Error| ClientError::Answer {
            url: format!("{}{path}", self.url),
            error: error.to_string(),
        };
        String::from_utf8(self.get_bytes(path)?).map_err(broken)
    }

    /// The text of the charter that the union was founded on: its hash is the union's identity.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn founding_charter(&self) -> Result<String, ClientError> {
        self.text("/v1/charter/founding")
    }

    /// The text of the charter that came with a proposal.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn proposal_text(&self, number: u32) -> Result<String, ClientError> {
        self.text(&format!("/v1/proposals/{number}/text"))
    }

    /// A member.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn member(&self, code: &str) -> Result<MemberView, ClientError> {
        self.get(&format!("/v1/members/{}", encoded(code)))
    }

    /// An order.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn order(&self, id: &str) -> Result<OrderView, ClientError> {
        self.get(&format!("/v1/orders/{}", encoded(id)))
    }

    /// A page of orders; parameters as in the API.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn orders(&self, parameters: &[(&str, &str)]) -> Result<OrdersView, ClientError> {
        self.get(&query("/v1/orders", parameters))
    }

    /// Submits a signed batch.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; where the outcome is unknown, the same batch may be submitted again.
    pub fn submit_batch(&self, batch: &[u8]) -> Result<ReceiptView, ClientError> {
        let path = "/v1/batches";
        self.read(path, &self.post_bytes(path, "application/octet-stream", None, batch)?)
    }

    /// Gives orders in a session: one order or a list of them, as JSON.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn submit_orders(&self, orders: &impl Serialize, idempotency_key: &str) -> Result<PaymentsView, ClientError> {
        let body = serde_json::to_vec(orders).expect("orders have a JSON form");
        let path = "/v1/orders";
        self.read(path, &self.post_bytes(path, "application/json", Some(idempotency_key), &body)?)
    }

    /// Gives a command in a session.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn submit_command(&self, command: &impl Serialize) -> Result<OutcomeView, ClientError> {
        self.post("/v1/commands", command)
    }
}

/// Whether a connection failed because of the other side's certificate.
fn is_untrusted(error: Option<&(dyn std::error::Error + Send + Sync + 'static)>) -> bool {
    let error = error.and_then(|error| error.downcast_ref());
    matches!(error, Some(rustls::Error::InvalidCertificate(_)))
}

/// A path with parameters, encoded.
pub fn query(path: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if parameters.is_empty() { path.to_owned() } else { format!("{path}?{}", parameters.join("&")) }
}

/// Text as a part of an address.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
