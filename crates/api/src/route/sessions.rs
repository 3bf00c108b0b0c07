//! Logging in and out.

use crate::extract::{Received, bearer, json};
use crate::operator::{Operator, Role};
use crate::passkey::{PasskeyChallenge, PasskeyLoginRequest};
use crate::problem::Problem;
use crate::route::JSON_BYTES_MAX;
use crate::service::Api;
use crate::session::{Begun, Challenge, ChallengeRequest, LoginRequest, Session, SessionView};
use crate::view::AmountView;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};
use std::sync::Arc;
use utoipa::ToSchema;

/// Asks for a challenge: a nonce to be signed once, within two minutes.
#[utoipa::path(post, path = "/v1/sessions/challenge", tag = "sessions", request_body = ChallengeRequest,
    responses((status = 200, body = Challenge), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn challenge(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<Challenge>, Problem> {
    let request: ChallengeRequest = json(&headers, &body)?;
    Ok(Json(api.sessions.challenge(&request.operator, api.now_ms())?))
}

/// Begins a session with a signed challenge. It ends after 15 minutes without use, and after 8 hours at the latest.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = LoginRequest,
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn begin(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<SessionView>, Problem> {
    let request: LoginRequest = json(&headers, &body)?;
    let begun = api.sessions.begin(&request, api.now_ms())?;
    hand_out(&api, &begun, value!({"with": "key"})).await
}

/// Asks for a challenge for a passkey, to be signed once, within two minutes.
#[utoipa::path(post, path = "/v1/sessions/passkey/challenge", tag = "sessions",
    responses((status = 200, body = PasskeyChallenge), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn passkey_challenge(
    State(api): State<Arc<Api>>,
    // Whatever is sent is read, or the connection could not be used again.
    Received(_): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<PasskeyChallenge>, Problem> {
    Ok(Json(api.sessions.passkey_challenge(api.now_ms())?))
}

/// Begins a session with a challenge that a passkey signed (Web Authentication). It is a session like any other.
#[utoipa::path(post, path = "/v1/sessions/passkey", tag = "sessions", request_body = PasskeyLoginRequest,
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn begin_with_passkey(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<SessionView>, Problem> {
    let request: PasskeyLoginRequest = json(&headers, &body)?;
    let begun = api.sessions.begin_with_passkey(&request, api.now_ms())?;
    hand_out(&api, &begun, value!({"with": "passkey", "credential": request.credential})).await
}

/// Hands a session's token out once the audit log says who began it and how; a session that cannot be written down is none.
async fn hand_out(api: &Arc<Api>, begun: &Begun, how: Value) -> Result<Json<SessionView>, Problem> {
    let act = match api.begin(&begun.session, "sign_in", how).await {
        Ok(act) => act,
        Err(problem) => {
            api.sessions.end(&begun.token());
            return Err(problem);
        }
    };
    let view = begun.view();
    tracing::info!(operator = view.operator, member = view.member, "a session began");
    api.end(act, "begun".into()).await;
    Ok(Json(view))
}

/// The session that the token belongs to.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", security(("session" = [])),
    responses((status = 200, body = SessionView), (status = 401, body = Problem)))]
pub(super) async fn show(session: Session) -> Json<SessionView> {
    Json(session.view(None))
}

/// Ends the session that the token belongs to.
#[utoipa::path(delete, path = "/v1/sessions", tag = "sessions", security(("session" = [])),
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn end(State(api): State<Arc<Api>>, _session: Session, headers: HeaderMap) -> StatusCode {
    if let Some(token) = bearer(&headers) {
        api.sessions.end(token);
    }
    StatusCode::NO_CONTENT
}

/// Somebody who may act for a member.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct OperatorView {
    /// The name, unique at the node.
    name: String,
    /// What the operator may do.
    role: Role,
    /// Whether a key signs the operator in.
    has_key: bool,
    /// How many passkeys do.
    passkeys: usize,
}

/// Who may act for a member at this node, and what needs two of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct OperatorsView {
    /// By name.
    operators: Vec<OperatorView>,
    /// Orders of this and more need a second person, as do settings, confirmations of legs, proposals, votes and keys.
    four_eyes_from: AmountView,
}

/// The operators of the session's own member, as the node's configuration names them.
#[utoipa::path(get, path = "/v1/operators", tag = "sessions", security(("session" = [])),
    responses((status = 200, body = OperatorsView), (status = 401, body = Problem)))]
pub(super) async fn operators(State(api): State<Arc<Api>>, session: Session) -> Result<Json<OperatorsView>, Problem> {
    let view = |operator: &Operator| OperatorView {
        name: operator.name.clone(),
        role: operator.role,
        has_key: operator.key.is_some(),
        passkeys: operator.passkeys.len(),
    };
    let threshold = api.signatory(&session, Role::Viewer)?.four_eyes_from();
    Ok(Json(OperatorsView {
        operators: api.sessions.operators(session.member).map(view).collect(),
        four_eyes_from: AmountView::new(threshold.into(), api.charter().unit_of_account),
    }))
}
