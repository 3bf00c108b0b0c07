//! Sessions of operators: a challenge, a signature, a token.
//!
//! Times are those of the node's clock, like everything in the product: a clock that is set forward ends sessions early.

use crate::operator::Operator;
use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// How long a challenge can be answered, in milliseconds.
const CHALLENGE_MS: u64 = 2 * 60_000;
/// How long a session lives without being used, in milliseconds.
const IDLE_MS: u64 = 15 * 60_000;
/// How long a session lives at most, in milliseconds.
const SESSION_MS: u64 = 8 * 3_600_000;
/// Challenges that wait for an answer at once, in all.
const CHALLENGES_MAX: usize = 1_024;
/// Sessions of one operator at once; the oldest makes room.
const SESSIONS_PER_OPERATOR_MAX: usize = 8;

const LABEL: &[u8] = b"comity operator login v1\0";

/// What an operator signs to log in: a label, the union's hash, the nonce of the challenge, the operator's name.
pub fn login_message(union: &[u8; 32], nonce: &[u8; 32], operator: &str) -> Vec<u8> {
    [LABEL, union, nonce, operator.as_bytes()].concat()
}

/// Who asks for a challenge.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// The operator's name.
    pub operator: String,
}

/// A challenge to be signed once, within two minutes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Challenge {
    /// Hash of the union, hexadecimal.
    pub union: String,
    /// The nonce, hexadecimal.
    pub nonce: String,
    /// Until when it can be answered.
    pub expires_at: String,
}

/// The answer to a challenge.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The operator's name.
    pub operator: String,
    /// The nonce of the challenge, hexadecimal.
    pub nonce: String,
    /// Ed25519 signature over `"comity operator login v1" 00`, the union's hash, the nonce and the operator's name,
    /// hexadecimal.
    pub signature: String,
}

/// A session that was begun. The token is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// To be sent as `Authorization: Bearer`; absent where a session is only looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The operator's name.
    pub operator: String,
    /// Code of the member that the operator acts for.
    pub member: String,
    /// What the operator may do.
    pub role: crate::operator::Role,
    /// When the session ends at the latest; it ends after 15 minutes without use as well.
    pub expires_at: String,
}

/// An operator's session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub operator: Arc<Operator>,
    /// Number of the operator's member.
    pub member: u16,
    started_ms: u64,
    used_ms: u64,
}

impl Session {
    fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.started_ms + SESSION_MS || now_ms >= self.used_ms + IDLE_MS
    }

    pub fn view(&self, token: Option<String>) -> SessionView {
        SessionView {
            token,
            operator: self.operator.name.clone(),
            member: self.operator.member.clone(),
            role: self.operator.role,
            expires_at: crate::text::time_text(self.started_ms + SESSION_MS),
        }
    }
}

#[derive(Debug, Default)]
struct Open {
    /// By nonce: who asked, and until when it can be answered.
    challenges: BTreeMap<[u8; 32], (String, u64)>,
    /// By SHA-256 of the token: tokens themselves are not kept.
    sessions: BTreeMap<[u8; 32], Session>,
}

/// All sessions. They end with the process.
#[derive(Debug)]
pub(crate) struct Sessions {
    union: [u8; 32],
    /// By name, with the number of the member.
    operators: BTreeMap<String, (Arc<Operator>, u16)>,
    open: Mutex<Open>,
}

fn random() -> Result<[u8; 32], Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal("drawing randomness", &error))?;
    Ok(bytes)
}

fn unhex<const N: usize>(field: &str, text: &str) -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    let decoded = base16ct::lower::decode(text, &mut bytes).is_ok_and(|decoded| decoded.len() == N);
    let error = || Problem::malformed(field, format!("{field} is not {} lower-case hexadecimal digits", N * 2));
    decoded.then_some(bytes).ok_or_else(error)
}

impl Sessions {
    pub fn new(union: [u8; 32], operators: BTreeMap<String, (Arc<Operator>, u16)>) -> Self {
        Sessions { union, operators, open: Mutex::default() }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A challenge for an operator; for a name that is none as well, so that nobody learns who is one.
    pub fn challenge(&self, operator: &str, now_ms: u64) -> Result<Challenge, Problem> {
        let nonce = random()?;
        let expires_ms = now_ms + CHALLENGE_MS;
        let mut open = self.open();
        open.challenges.retain(|_, (_, until)| now_ms < *until);
        if open.challenges.len() >= CHALLENGES_MAX {
            return Err(Problem::busy("too many logins have been begun; try again in two minutes"));
        }
        open.challenges.insert(nonce, (operator.chars().take(100).collect(), expires_ms));
        Ok(Challenge {
            union: crate::view::hex(&self.union),
            nonce: crate::view::hex(&nonce),
            expires_at: crate::text::time_text(expires_ms),
        })
    }

    /// Begins a session if the challenge was signed with the operator's key. The challenge is used up in any case.
    pub fn begin(&self, request: &LoginRequest, now_ms: u64) -> Result<SessionView, Problem> {
        let refused =
            || Problem::new(Kind::Unauthenticated, "the login is not valid; ask for a new challenge and sign it");
        let nonce: [u8; 32] = unhex("nonce", &request.nonce)?;
        let signature: [u8; 64] = unhex("signature", &request.signature)?;
        let mut open = self.open();
        let (asked, until) = open.challenges.remove(&nonce).ok_or_else(refused)?;
        let (operator, member) = self.operators.get(&request.operator).ok_or_else(refused)?;
        if asked != request.operator || now_ms >= until {
            return Err(refused());
        }
        let message = login_message(&self.union, &nonce, &operator.name);
        keys::verify(&operator.key, &message, &signature).map_err(|_| refused())?;

        let token = random()?;
        let session = Session { operator: operator.clone(), member: *member, started_ms: now_ms, used_ms: now_ms };
        let view = session.view(Some(crate::view::hex(&token)));
        open.sessions.retain(|_, session| !session.is_over(now_ms));
        let own = open.sessions.iter().filter(|(_, other)| other.operator.name == operator.name);
        let oldest = own.clone().min_by_key(|(_, other)| other.started_ms).map(|(hash, _)| *hash);
        if own.count() >= SESSIONS_PER_OPERATOR_MAX
            && let Some(oldest) = oldest
        {
            open.sessions.remove(&oldest);
        }
        open.sessions.insert(Sha256::digest(token).into(), session);
        Ok(view)
    }

    /// The session of a token, which is used by this.
    pub fn find(&self, token: &str, now_ms: u64) -> Result<Session, Problem> {
        let over = || Problem::new(Kind::Unauthenticated, "there is no such session, or it has ended; log in again");
        let token: [u8; 32] = unhex("token", token).map_err(|_| over())?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        let mut open = self.open();
        let session = open.sessions.get_mut(&hash).ok_or_else(over)?;
        if session.is_over(now_ms) {
            open.sessions.remove(&hash);
            return Err(over());
        }
        session.used_ms = now_ms;
        Ok(session.clone())
    }

    /// Ends the session of a token.
    pub fn end(&self, token: &str) {
        if let Ok(token) = unhex::<32>("token", token) {
            let hash: [u8; 32] = Sha256::digest(token).into();
            self.open().sessions.remove(&hash);
        }
    }
}
