//! Errors over HTTP: `application/problem+json` (RFC 9457).

use crate::text::{CommandError, LineError};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use network::SubmitError;
use serde::{Deserialize, Serialize};
use std::fmt;
use union::BatchError;
use utoipa::ToSchema;

/// What went wrong with a request, where, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem, for programs: `urn:comity:problem:busy`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// What went wrong this time, and what to do.
    pub detail: String,
    /// The field at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// UUID of the order at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// ISO 20022 reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    Gone,
    TooLarge,
    TooSlow,
    MediaType,
    Rejected,
    Internal,
    Busy,
    Unknown,
}

impl Kind {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request is not well formed"),
            Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "A session is needed"),
            Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "This operator may not do this"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Kind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method", "This method is not for this address"),
            Kind::Conflict => (StatusCode::CONFLICT, "conflict", "This was done already, or otherwise"),
            Kind::Gone => (StatusCode::GONE, "expired", "This is over"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large"),
            Kind::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow", "The request takes too long"),
            Kind::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The content has the wrong type"),
            Kind::Rejected => (StatusCode::UNPROCESSABLE_ENTITY, "rejected", "Rejected; nothing was changed"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The node failed"),
            Kind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Not now; nothing was done"),
            Kind::Unknown => (StatusCode::GATEWAY_TIMEOUT, "unknown", "The outcome is not known yet"),
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        let (status, name, title) = kind.parts();
        Problem {
            kind: format!("urn:comity:problem:{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            ..Problem::default()
        }
    }

    pub(crate) fn malformed(field: &str, detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Malformed, detail).at(field)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::NotFound, detail)
    }

    /// The node failed in a way that is none of the caller's business; what it was is in the node's log.
    pub(crate) fn internal(what: &str, error: &dyn fmt::Display) -> Problem {
        tracing::error!(%error, "{what}");
        Problem::new(Kind::Internal, format!("{what} failed; the node's log says why"))
    }

    /// What was begun goes on; whoever asks again finds out.
    pub(crate) fn unknown(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Unknown, detail)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Busy, detail)
    }

    pub(crate) fn at(mut self, field: &str) -> Problem {
        self.field = Some(field.to_owned());
        self
    }

    pub(crate) fn because(mut self, reason: &str) -> Problem {
        self.reason = Some(reason.to_owned());
        self
    }

    pub(crate) fn of_order(mut self, order: Option<String>) -> Problem {
        self.order = order;
        self
    }

    /// Whether it is unknown what became of the request, so that the caller has to ask.
    pub fn is_unknown_outcome(&self) -> bool {
        self.kind == "urn:comity:problem:unknown"
    }

    /// Whether nothing was done and the same request may be sent again after a moment.
    pub fn is_busy(&self) -> bool {
        self.kind == "urn:comity:problem:busy"
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        let named = [("field", &self.field), ("order", &self.order), ("reason", &self.reason)];
        let mut named = named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        if let Some((name, value)) = named.next() {
            write!(f, " ({name} {value}")?;
            for (name, value) in named {
                write!(f, ", {name} {value}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("a problem has a JSON form");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let text = error.to_string();
        match error {
            SubmitError::Busy | SubmitError::Stopping => Problem::busy(text),
            SubmitError::Unknown(_) => Problem::unknown(text),
            SubmitError::Batch(batch) => match batch {
                BatchError::TooLong(_) => Problem::new(Kind::TooLarge, text).at("batch"),
                BatchError::Format(_) => Problem::malformed("batch", text).because("FF01"),
                BatchError::Union => Problem::new(Kind::Rejected, text).at("union").because("FF01"),
                BatchError::Member(_) => Problem::new(Kind::Rejected, text).at("member").because("RC03"),
                BatchError::Key(_) => Problem::new(Kind::Rejected, text).at("key").because("RC03"),
                BatchError::Signature(_) => Problem::new(Kind::Rejected, text).at("signature").because("RC03"),
                BatchError::Replay { .. } => {
                    let text = format!("{text}; if it was this batch, ask for its orders to see what became of them");
                    Problem::new(Kind::Conflict, text).at("sequence").because("DUPL")
                }
                BatchError::Gap { .. } => Problem::new(Kind::Conflict, text).at("sequence"),
            },
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        Problem::new(Kind::Rejected, error.problem).at(&error.field).because(error.reason.code())
    }
}

impl From<LineError> for Problem {
    fn from(error: LineError) -> Self {
        let problem = Problem::new(Kind::Rejected, error.problem).at(&error.field).because(&error.reason);
        problem.of_order(error.id)
    }
}
