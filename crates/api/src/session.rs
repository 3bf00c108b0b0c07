//! Sessions of operators: a challenge, a signature by a key or a passkey, a token.
//!
//! Times are those of the node's clock, like everything in the product: a clock that is set forward ends sessions early.

use crate::operator::Operator;
use crate::passkey::{Assertion, Origin, PasskeyChallenge, PasskeyLoginRequest, base64, unknown_or_wrong};
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
    /// Why the operator makes the request at hand, where it says so.
    pub why: Option<Arc<str>>,
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
    /// The counters that passkeys have shown, by credential; only of those that an operator has.
    counters: BTreeMap<Vec<u8>, u32>,
}

/// What a challenge is to be signed with. One for a key is none for a passkey.
#[derive(Clone, Copy, Debug)]
enum For<'a> {
    /// The key of the operator with this name.
    Key(&'a str),
    /// Any passkey.
    Passkey,
}

/// A session that has just begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub session: Session,
    token: [u8; 32],
}

impl Begun {
    /// What the operator is shown, with the token.
    pub fn view(&self) -> SessionView {
        self.session.view(Some(self.token()))
    }

    pub fn token(&self) -> String {
        crate::view::hex(&self.token)
    }
}

fn refused() -> Problem {
    Problem::new(Kind::Unauthenticated, "the login is not valid; ask for a new challenge and sign it")
}

impl Open {
    /// Begins a session of an operator who has signed a challenge.
    fn begin(
        &mut self,
        operator: &Arc<Operator>,
        member: u16,
        nonce: [u8; 32],
        expires_ms: u64,
        now_ms: u64,
    ) -> Result<Begun, Problem> {
        self.answered.retain(|_, (_, until)| now_ms < *until);
        if self.answered.contains_key(&nonce) {
            return Err(refused());
        }
        if self.answered.values().filter(|(name, _)| *name == operator.name).count() >= LOGINS_PER_OPERATOR_MAX {
            let text = format!("{} has logged in too often; try again in two minutes", operator.name);
            return Err(Problem::busy(text));
        }
        let token = random()?;
        self.answered.insert(nonce, (operator.name.clone(), expires_ms));
        let session = Session { operator: operator.clone(), member, started_ms: now_ms, used_ms: now_ms, why: None };
        self.sessions.retain(|_, session| !session.is_over(now_ms));
        let own = self.sessions.iter().filter(|(_, other)| other.operator.name == operator.name);
        let oldest = own.clone().min_by_key(|(_, other)| other.started_ms).map(|(hash, _)| *hash);
        if own.count() >= SESSIONS_PER_OPERATOR_MAX
            && let Some(oldest) = oldest
        {
            self.sessions.remove(&oldest);
        }
        self.sessions.insert(Sha256::digest(token).into(), session.clone());
        Ok(Begun { session, token })
    }
}

/// All sessions. They end with the process.
#[derive(Debug)]
pub(crate) struct Sessions {
    union: [u8; 32],
    /// By name, with the number of the member.
    operators: BTreeMap<String, (Arc<Operator>, u16)>,
    /// Where passkeys sign in, if anywhere.
    origin: Option<Origin>,
    /// Drawn at the start: makes a nonce recognisable, so that nothing is kept for those who only ask.
    secret: [u8; 32],
    open: Mutex<Open>,
}

/// A nonce: when it expires in Unix milliseconds (8 bytes, big-endian), 8 random bytes, and half of an HMAC-SHA-256
/// over these and what it is to be signed with: 0 and the operator's name, or 1.
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
    pub fn new(
        union: [u8; 32],
        operators: BTreeMap<String, (Arc<Operator>, u16)>,
        origin: Option<Origin>,
    ) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Sessions { union, operators, origin, secret, open: Mutex::default() })
    }

    /// Who may act for a member, by name.
    pub fn operators(&self, member: u16) -> impl Iterator<Item = &Operator> {
        self.operators.values().filter(move |(_, of)| *of == member).map(|(operator, _)| &**operator)
    }

    fn tag(&self, tagged: &[u8], signed_with: For<'_>) -> Hmac<Sha256> {
        let mut tag = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key may have any length");
        tag.update(tagged);
        match signed_with {
            For::Key(operator) => {
                tag.update(&[0]);
                tag.update(operator.as_bytes());
            }
            For::Passkey => tag.update(&[1]),
        }
        tag
    }

    /// A nonce for a challenge, and when it expires.
    fn nonce(&self, signed_with: For<'_>, now_ms: u64) -> Result<([u8; 32], u64), Problem> {
        let mut nonce = random()?;
        let expires_ms = now_ms + CHALLENGE_MS;
        nonce[..8].copy_from_slice(&expires_ms.to_be_bytes());
        let (tagged, tag) = nonce.split_at_mut(NONCE_TAGGED);
        let whole = self.tag(tagged, signed_with).finalize().into_bytes();
        tag.copy_from_slice(&whole[..32 - NONCE_TAGGED]);
        Ok((nonce, expires_ms))
    }

    /// When the challenge with this nonce expires, if it was made here for this and has not expired yet.
    fn expiry_ms(&self, nonce: &[u8; 32], signed_with: For<'_>, now_ms: u64) -> Option<u64> {
        let (tagged, tag) = nonce.split_at(NONCE_TAGGED);
        self.tag(tagged, signed_with).verify_truncated_left(tag).ok()?;
        tagged.first_chunk().map(|expiry| u64::from_be_bytes(*expiry)).filter(|expires_ms| now_ms < *expires_ms)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A challenge for an operator; for a name that is none as well, so that nobody learns who is one.
    pub fn challenge(&self, operator: &str, now_ms: u64) -> Result<Challenge, Problem> {
        let (nonce, expires_ms) = self.nonce(For::Key(operator), now_ms)?;
        Ok(Challenge {
            union: crate::view::hex(&self.union),
            nonce: crate::view::hex(&nonce),
            expires_at: crate::text::time_text(expires_ms),
        })
    }

    /// A challenge for a passkey, whosever it is.
    pub fn passkey_challenge(&self, now_ms: u64) -> Result<PasskeyChallenge, Problem> {
        let origin = self.passkey_origin()?;
        let (nonce, expires_ms) = self.nonce(For::Passkey, now_ms)?;
        Ok(PasskeyChallenge {
            challenge: base64(&nonce),
            relying_party: origin.relying_party().to_owned(),
            expires_at: crate::text::time_text(expires_ms),
        })
    }

    fn passkey_origin(&self) -> Result<&Origin, Problem> {
        let none = || {
            Problem::not_found(
                "this node takes no passkeys; its configuration says under [passkeys] where they sign in",
            )
        };
        self.origin.as_ref().ok_or_else(none)
    }

    /// Begins a session if the challenge was signed with the operator's key, once for a challenge.
    pub fn begin(&self, request: &LoginRequest, now_ms: u64) -> Result<Begun, Problem> {
        let nonce: [u8; 32] = unhex("nonce", &request.nonce)?;
        let signature: [u8; 64] = unhex("signature", &request.signature)?;
        let expires_ms = self.expiry_ms(&nonce, For::Key(&request.operator), now_ms).ok_or_else(refused)?;
        let (operator, member) = self.operators.get(&request.operator).ok_or_else(refused)?;
        let key = operator.key.as_ref().ok_or_else(refused)?;
        let message = login_message(&self.union, &nonce, &operator.name);
        keys::verify(key, &message, &signature).map_err(|_| refused())?;
        // Only an operator's own signature comes this far, and so takes room.
        self.open().begin(operator, *member, nonce, expires_ms, now_ms)
    }

    /// Begins a session if an operator's passkey signed the challenge, once for a challenge.
    pub fn begin_with_passkey(&self, request: &PasskeyLoginRequest, now_ms: u64) -> Result<Begun, Problem> {
        let origin = self.passkey_origin()?;
        let assertion = Assertion::read(request)?;
        let expires_ms = self.expiry_ms(&assertion.nonce, For::Passkey, now_ms).ok_or_else(refused)?;
        assertion.check_place(origin)?;
        let of_operator = |(operator, member): &(Arc<Operator>, u16)| {
            let passkey = operator.passkey(&assertion.credential)?.clone();
            Some((operator.clone(), *member, passkey))
        };
        let found = self.operators.values().find_map(of_operator);
        let (operator, member, passkey) = found.ok_or_else(unknown_or_wrong)?;
        let counter = assertion.verify(&operator.name, &passkey)?;
        let mut open = self.open();
        if open.answered.contains_key(&assertion.nonce) {
            return Err(refused());
        }
        let before = open.counters.get(&passkey.id).copied();
        // An authenticator that counts never shows the same number twice; one that does not count shows 0.
        if before.is_some_and(|before| (before, counter) != (0, 0) && counter <= before) {
            tracing::warn!(
                operator = operator.name,
                "the counter of a passkey did not go forward: there may be a copy of it"
            );
            return Err(Problem::new(
                Kind::Unauthenticated,
                "the passkey's counter did not go forward: there may be a copy of it; tell whoever runs the node",
            ));
        }
        let begun = open.begin(&operator, member, assertion.nonce, expires_ms, now_ms)?;
        open.counters.insert(assertion.credential, counter);
        Ok(begun)
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
