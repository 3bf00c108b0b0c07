//! The web console: pages that were built into the program, and the headers that keep a browser safe.

use crate::service::Api;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/console.rs"));
}

/// What a browser may do with whatever a node answers: run the console's own scripts and styles, and call this node. Nothing is
/// taken from elsewhere, nothing is sent elsewhere, and no other page may show this one inside itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Over TLS: browsers come back over TLS for a year, whatever a link says.
const TRANSPORT: &str = "max-age=31536000";

/// Adds to an answer what a browser has to know.
pub(crate) async fn secure(State(api): State<Arc<Api>>, mut response: Response) -> Response {
    if api.tls.is_some() {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT));
    }
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// Whether the pages are in this program, and not one that says how to get them.
pub const fn is_built() -> bool {
    embedded::IS_BUILT
}

/// An address for each page.
pub(crate) fn routes() -> Router<Arc<Api>> {
    embedded::FILES.iter().fold(Router::new(), |router, &(address, media_type, content)| {
        // A file below /assets has the hash of its content in its name.
        let caching = if address.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, caching)];
        router.route(address, get(async move || (headers, Bytes::from_static(content)).into_response()))
    })
}
