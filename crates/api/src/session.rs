//! Sessions of operators: a challenge, a signature, a token.
//!
//! Times are those of the node's clock, like everything in the product: a clock that is set forward ends sessions early.

use crate::operator::Operator;
use crate::problem::{Kind, Problem};
use hmac::{Hmac, KeyInit, Mac};
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
/// Logins of one operator that are remembered for as long as their challenges could be answered again.
const LOGINS_PER_OPERATOR_MAX: usize = 64;
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
    /// Challenges that were answered, by nonce, until they expire: the operator's name, and when that is.
    answered: BTreeMap<[u8; 32], (String, u64)>,
    /// By SHA-256 of the token: tokens themselves are not kept.
    sessions: BTreeMap<[u8; 32], Session>,
}

/// All sessions. They end with the process.
#[derive(Debug)]
pub(crate) struct Sessions {
    union: [u8; 32],
    /// By name, with the number of the member.
    operators: BTreeMap<String, (Arc<Operator>, u16)>,
    /// Drawn at the start: makes a nonce recognisable, so that nothing is kept for those who only ask.
    secret: [u8; 32],
    open: Mutex<Open>,
}

/// A nonce: when it expires in Unix milliseconds (8 bytes, big-endian), 8 random bytes, and half of an HMAC-SHA-256
/// over these and the operator's name.
const NONCE_TAGGED: usize = 16;

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
    /// No sessions yet.
    ///
    /// # Errors
    ///
    /// The system gives no randomness.
    pub fn new(union: [u8; 32], operators: BTreeMap<String, (Arc<Operator>, u16)>) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Sessions { union, operators, secret, open: Mutex::default() })
    }

    fn tag(&self, tagged: &[u8], operator: &str) -> Hmac<Sha256> {
        let mut tag = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key may have any length");
        tag.update(tagged);
        tag.update(operator.as_bytes());
        tag
    }

    /// When the challenge with this nonce expires, if it was made here for this operator.
    fn expiry_ms(&self, nonce: &[u8; 32], operator: &str) -> Option<u64> {
        let (tagged, tag) = nonce.split_at(NONCE_TAGGED);
        self.tag(tagged, operator).verify_truncated_left(tag).ok()?;
        tagged.first_chunk().map(|expiry| u64::from_be_bytes(*expiry))
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A challenge for an operator; for a name that is none as well, so that nobody learns who is one.
    pub fn challenge(&self, operator: &str, now_ms: u64) -> Result<Challenge, Problem> {
        let mut nonce = random()?;
        let expires_ms = now_ms + CHALLENGE_MS;
        nonce[..8].copy_from_slice(&expires_ms.to_be_bytes());
        let (tagged, tag) = nonce.split_at_mut(NONCE_TAGGED);
        let whole = self.tag(tagged, operator).finalize().into_bytes();
        tag.copy_from_slice(&whole[..32 - NONCE_TAGGED]);
        Ok(Challenge {
            union: crate::view::hex(&self.union),
            nonce: crate::view::hex(&nonce),
            expires_at: crate::text::time_text(expires_ms),
        })
    }

    /// Begins a session if the challenge was signed with the operator's key, once for a challenge.
    pub fn begin(&self, request: &LoginRequest, now_ms: u64) -> Result<SessionView, Problem> {
        let refused =
            || Problem::new(Kind::Unauthenticated, "the login is not valid; ask for a new challenge and sign it");
        let nonce: [u8; 32] = unhex("nonce", &request.nonce)?;
        let signature: [u8; 64] = unhex("signature", &request.signature)?;
        let expires_ms = self.expiry_ms(&nonce, &request.operator).ok_or_else(refused)?;
        let (operator, member) = self.operators.get(&request.operator).ok_or_else(refused)?;
        if now_ms >= expires_ms {
            return Err(refused());
        }
        let message = login_message(&self.union, &nonce, &operator.name);
        keys::verify(&operator.key, &message, &signature).map_err(|_| refused())?;

        // Only an operator's own signature comes this far, and so takes room.
        let mut open = self.open();
        open.answered.retain(|_, (_, until)| now_ms < *until);
        if open.answered.contains_key(&nonce) {
            return Err(refused());
        }
        if open.answered.values().filter(|(name, _)| *name == operator.name).count() >= LOGINS_PER_OPERATOR_MAX {
            let text = format!("{} has logged in too often; try again in two minutes", operator.name);
            return Err(Problem::busy(text));
        }
        let token = random()?;
        open.answered.insert(nonce, (operator.name.clone(), expires_ms));
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
