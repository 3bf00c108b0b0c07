//! What routes take from a request, each with a problem that says what is wrong.

use crate::problem::{Kind, Problem};
use crate::service::Api;
use crate::session::Session;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio_stream::StreamExt;
use utoipa::IntoParams;

/// A body of at most so many bytes.
pub(crate) struct Received<const BYTES_MAX: usize>(pub Bytes);

/// What is read of a body beyond its bound, and thrown away. A client that is still sending when the connection is
/// closed may never see why.
const DISCARDED_BYTES_MAX: usize = 16 << 20;

impl<const BYTES_MAX: usize> FromRequest<Arc<Api>> for Received<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        let body_timeout = api.bounds.body_timeout;
        let received = tokio::time::timeout(body_timeout, Self::receive(request)).await;
        received.unwrap_or_else(|_| {
            let text = format!("the body did not arrive within {} s; send less at once", body_timeout.as_secs());
            Err(Problem::new(Kind::TooSlow, text).at("body"))
        })
    }
}

impl<const BYTES_MAX: usize> Received<BYTES_MAX> {
    async fn receive(request: Request) -> Result<Self, Problem> {
        let mut body = Vec::new();
        let mut length = 0;
        let mut stream = request.into_body().into_data_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| Problem::malformed("body", format!("the body was cut off: {error}")))?;
            length += chunk.len();
            if length <= BYTES_MAX {
                body.extend_from_slice(&chunk);
            } else if length > BYTES_MAX + DISCARDED_BYTES_MAX {
                break;
            }
        }
        if length > BYTES_MAX {
            let text =
                format!("the body is longer than the {BYTES_MAX} bytes that this address takes; send less at once");
            return Err(Problem::new(Kind::TooLarge, text).at("body"));
        }
        Ok(Received(body.into()))
    }
}

/// The parameters behind the question mark.
pub(crate) struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(parameters) =
            Query::<T>::try_from_uri(&parts.uri).map_err(|error| Problem::malformed("query", error.body_text()))?;
        Ok(Parameters(parameters))
    }
}

/// The bearer token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

impl FromRequestParts<Arc<Api>> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(|| {
            Problem::new(Kind::Unauthenticated, "log in, and send the token as Authorization: Bearer")
        })?;
        let mut session = api.sessions.find(token, api.now_ms())?;
        session.why = why(&parts.headers)?;
        Ok(session)
    }
}

/// A session where there is one.
pub(crate) struct MaybeSession(pub Option<Session>);

impl FromRequestParts<Arc<Api>> for MaybeSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let found = bearer(&parts.headers).map(|token| api.sessions.find(token, api.now_ms())).transpose()?;
        Ok(MaybeSession(found))
    }
}

/// The media type of a body, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// Refuses a body of another type. A page of another origin cannot send these types without being asked first, and it
/// is never allowed.
pub(crate) fn expect_media_type(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Problem> {
    let found = media_type(headers);
    if wanted.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)) {
        return Ok(());
    }
    let text = format!("send it with Content-Type: {}", wanted.join(" or "));
    Err(Problem::new(Kind::MediaType, text).at("content-type"))
}

/// Whether JSON is an object, if it is JSON.
pub(crate) fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

/// Reads a small JSON body.
pub(crate) fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    expect_media_type(headers, &["application/json"])?;
    // A list would be taken for the fields in their order.
    if !is_object(body) {
        return Err(Problem::malformed("body", "the body is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| Problem::malformed("body", error.to_string()))
}

/// What an operator says for the second person, and for the audit log.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it is for the OpenAPI document")]
pub(crate) struct SaidWhy {
    /// Why it is done, at most 500 bytes: UTF-8, percent-encoded. The second person sees it, and it is in the audit log.
    #[param(rename = "Comity-Why")]
    comity_why: Option<String>,
}

/// How long it may be, in bytes.
const WHY_BYTES_MAX: usize = 500;

/// Why a request is made, where its operator says so.
fn why(headers: &HeaderMap) -> Result<Option<Arc<str>>, Problem> {
    let Some(value) = headers.get("comity-why") else { return Ok(None) };
    let text = percent_encoding::percent_decode(value.as_bytes()).decode_utf8().ok();
    let is_good = |text: &str| text.len() <= WHY_BYTES_MAX && !text.chars().any(char::is_control);
    let text = text.filter(|text| is_good(text)).ok_or_else(|| {
        let text = format!(
            "Comity-Why is UTF-8, percent-encoded, of at most {WHY_BYTES_MAX} bytes and without control characters"
        );
        Problem::malformed("comity-why", text)
    })?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(Arc::from))
}

/// The key under which a request may be sent again.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let is_good =
        |text: &&str| !text.is_empty() && text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let text = value.to_str().ok().filter(is_good);
    let wrong = || Problem::malformed("idempotency-key", "an Idempotency-Key is 1 to 255 visible ASCII characters");
    text.map(Some).ok_or_else(wrong)
}
