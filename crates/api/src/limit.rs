//! Around every request: how many at once, how long, and what is counted and logged.

use crate::problem::{Kind, Problem};
use crate::service::Api;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// Lets a request through if there is room, and answers in time.
pub(crate) async fn limit(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let response = match api.requests.clone().try_acquire_owned() {
        Err(_) => Problem::busy("the node is answering as many requests as it takes; send it again in a second").into_response(),
        Ok(_permit) => match tokio::time::timeout(api.bounds.read_timeout, next.run(request)).await {
            Ok(response) => as_problem(response),
            Err(_) => Problem::unknown("the answer takes too long; ask again, for less").into_response(),
        },
    };
    api.metrics.count(&method, &route, response.status(), begun.elapsed());
    tracing::debug!(%method, route, status = response.status().as_u16(), elapsed = ?begun.elapsed(), "answered");
    response
}

/// What the framework refuses in plain text (a body that is too long or cut off), as a problem.
fn as_problem(response: Response) -> Response {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_plain = content_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"));
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if is_plain => {
            Problem::new(Kind::TooLarge, "the body is longer than this address takes; send less at once").into_response()
        }
        status if status.is_client_error() && is_plain => {
            let text = "the request was not read: its address or body is not well formed, or was cut off";
            let mut problem = Problem::new(Kind::Malformed, text);
            problem.status = status.as_u16();
            problem.into_response()
        }
        _ => response,
    }
}
