//! The charter: the text in force, the one that the union was founded on, and those between.

use crate::problem::Problem;
use crate::service::Api;
use crate::view::CharterView;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A text of a charter, byte for byte as its hash was taken.
pub(super) fn as_toml(text: Vec<u8>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/toml")], text)
}

/// The charter in force, byte for byte as it was voted. Members may have replaced keys that it names since, see `/v1/union`.
#[utoipa::path(get, path = "/v1/charter", tag = "union",
    responses((status = 200, body = String, content_type = "application/toml"), (status = "5XX", body = Problem)))]
pub(super) async fn charter(State(api): State<Arc<Api>>) -> Result<impl IntoResponse, Problem> {
    Ok(as_toml(api.read(|union| union.charter().text().as_bytes().to_vec()).await?))
}

/// The charter that the union was founded on, byte for byte: its hash is the union's identity, for good.
#[utoipa::path(get, path = "/v1/charter/founding", tag = "union",
    responses((status = 200, body = String, content_type = "application/toml")))]
pub(super) async fn founding(State(api): State<Arc<Api>>) -> impl IntoResponse {
    as_toml(api.founding.charter().text().as_bytes().to_vec())
}

/// The founders' signatures on that charter, by member code, as a file that `comity charter check` and `comity init` read.
#[utoipa::path(get, path = "/v1/charter/founding/signatures", tag = "union",
    responses((status = 200, body = String, content_type = "application/toml")))]
pub(super) async fn signatures(State(api): State<Arc<Api>>) -> impl IntoResponse {
    as_toml(api.founding.signatures().text().into_bytes())
}

/// Texts of the charter.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct HistoryView {
    /// The oldest first; the last one is in force.
    charters: Vec<CharterView>,
}

/// Every text of the charter that is or was in force, and since when. The texts themselves are those of the proposals that
/// brought them, see `/v1/proposals/{number}/text`.
#[utoipa::path(get, path = "/v1/charter/history", tag = "union",
    responses((status = 200, body = HistoryView), (status = "5XX", body = Problem)))]
pub(super) async fn history(State(api): State<Arc<Api>>) -> Result<Json<HistoryView>, Problem> {
    let charters = api.read(|union| CharterView::all(union, api.founding.charter())).await?;
    Ok(Json(HistoryView { charters }))
}
