//! Blocks and signed batches, as the journal keeps them.

use crate::problem::Problem;
use crate::service::Api;
use crate::view::BlockView;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use journal::Reader;
use std::sync::Arc;
use union::{Batch, Block};

/// Reads a final block and the state hash after it.
pub(super) fn read(api: &Api, height: u64) -> Result<([u8; 32], Block), Problem> {
    if height == 0 || height > api.node.durable_height() {
        let text = format!(
            "there is no block {height}: blocks are 1 to {}, and /v1/charter is before them",
            api.node.durable_height()
        );
        return Err(Problem::not_found(text).at("height"));
    }
    let failed = |error: &dyn std::fmt::Display| Problem::internal("reading the journal", error);
    let reader = Reader::open(api.node.directory()).map_err(|error| failed(&error))?;
    let payload = reader.block(height).map_err(|error| failed(&error))?.payload;
    // The journal keeps the state hash after a block in front of it.
    let (state, block) = payload.split_first_chunk::<32>().ok_or_else(|| failed(&"a block is too short"))?;
    let block = Block::decode(block, Batch::from_journal).map_err(|error| failed(&error))?;
    Ok((*state, block))
}

/// A block: its header, and the batches in it.
#[utoipa::path(get, path = "/v1/blocks/{height}", tag = "blocks", params(("height" = u64, Path, description = "1 for the first")),
    responses((status = 200, body = BlockView), (status = 404, body = Problem)))]
pub(super) async fn block(State(api): State<Arc<Api>>, Path(height): Path<u64>) -> Result<Json<BlockView>, Problem> {
    let (state, block) = api.look_up(move |api| read(api, height)).await??;
    Ok(Json(BlockView::new(api.charter(), &block, &state)))
}

/// A batch as its member signed it: anyone can check the signature.
#[utoipa::path(get, path = "/v1/blocks/{height}/batches/{batch}", tag = "blocks",
    params(("height" = u64, Path, description = "The block"), ("batch" = usize, Path, description = "Place in the block, from 0")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
pub(super) async fn batch(
    State(api): State<Arc<Api>>,
    Path((height, batch)): Path<(u64, usize)>,
) -> Result<impl IntoResponse, Problem> {
    let (_, block) = api.look_up(move |api| read(api, height)).await??;
    let batch = block.batches().get(batch);
    let batch = batch.ok_or_else(|| Problem::not_found("the block has no such batch").at("batch"))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], batch.bytes().to_vec()))
}
