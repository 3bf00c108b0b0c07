//! Blocks and signed batches, as the journal keeps them.

use crate::problem::Problem;
use crate::service::Api;
use crate::view::BlockView;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use network::Record;
use std::sync::Arc;

/// Reads a final block as the journal keeps it.
pub(super) fn read(api: &Api, height: u64) -> Result<Record, Problem> {
    if height == 0 || height > api.node.durable_height() {
        let text = format!(
            "there is no block {height}: blocks are 1 to {}, and /v1/charter is before them",
            api.node.durable_height()
        );
        return Err(Problem::not_found(text).at("height"));
    }
    if height <= api.node.begins() {
        let text = format!("this node begins after block {}: ask another one for block {height}", api.node.begins());
        return Err(Problem::not_found(text).at("height"));
    }
    Record::read(api.node.directory(), height).map_err(|error| Problem::internal("reading the journal", &error))
}

/// A block: its header, and the batches in it.
#[utoipa::path(get, path = "/v1/blocks/{height}", tag = "blocks", params(("height" = u64, Path, description = "1 for the first")),
    responses((status = 200, body = BlockView), (status = 404, body = Problem)))]
pub(super) async fn block(State(api): State<Arc<Api>>, Path(height): Path<u64>) -> Result<Json<BlockView>, Problem> {
    let record = api.look_up(move |api| read(api, height)).await??;
    Ok(Json(BlockView::new(&api.charter(), &record)))
}

/// A batch as its member signed it: anyone can check the signature.
#[utoipa::path(get, path = "/v1/blocks/{height}/batches/{batch}", tag = "blocks",
    params(("height" = u64, Path, description = "The block"), ("batch" = usize, Path, description = "Place in the block, from 0")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
pub(super) async fn batch(
    State(api): State<Arc<Api>>,
    Path((height, batch)): Path<(u64, usize)>,
) -> Result<impl IntoResponse, Problem> {
    let Record { block, .. } = api.look_up(move |api| read(api, height)).await??;
    let batch = block.batches().get(batch);
    let batch = batch.ok_or_else(|| Problem::not_found("the block has no such batch").at("batch"))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], batch.bytes().to_vec()))
}
