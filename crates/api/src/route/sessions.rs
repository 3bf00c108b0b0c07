//! Logging in and out.

use crate::extract::{Received, bearer, json};
use crate::problem::Problem;
use crate::route::JSON_BYTES_MAX;
use crate::service::Api;
use crate::session::{Challenge, ChallengeRequest, LoginRequest, Session, SessionView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;

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
    responses((status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub(super) async fn begin(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<SessionView>, Problem> {
    let request: LoginRequest = json(&headers, &body)?;
    let view = api.sessions.begin(&request, api.now_ms())?;
    tracing::info!(operator = view.operator, member = view.member, "a session began");
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
