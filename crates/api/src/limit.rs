//! Around every request: how many at once, how long, and what is counted and logged.

use crate::problem::{Kind, Problem};
use crate::service::Api;
use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// Routes that tell how the node is, above all when it is busy.
const PROBES: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Lets a request through if there is room, and answers in time.
pub(crate) async fn limit(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    // Bodies come as slowly as their senders like: they hold each other up, but not those who only look.
    let permits = if request.body().is_end_stream() { &api.requests } else { &api.bodies };
    let permit = (!PROBES.contains(&route.as_str())).then(|| permits.clone().try_acquire_owned()).transpose();
    let response = match permit {
        Err(_) => Problem::busy("the node is answering as many requests as it takes; send it again in a second")
            .into_response(),
        Ok(_permit) => match tokio::time::timeout(api.bounds.read_timeout, next.run(request)).await {
            Ok(response) => as_problem(response),
            Err(_) => Problem::unknown("the answer takes too long; ask again, for less").into_response(),
        },
    };
    api.metrics.count(&method, &route, response.status(), begun.elapsed());
    tracing::debug!(%method, route, status = response.status().as_u16(), elapsed = ?begun.elapsed(), "answered");
    response
}

/// What the framework refuses in plain text (an address with a part that is not a number), as a problem.
fn as_problem(response: Response) -> Response {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_plain = content_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if !status.is_client_error() || !is_plain {
        return response;
    }
    let text = "the address is not well formed; /openapi.json says what its parts are";
    let mut problem = Problem::new(Kind::Malformed, text);
    problem.status = status.as_u16();
    problem.into_response()
}
