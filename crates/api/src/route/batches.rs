//! Signed batches: the way in that needs nothing but a member's signature.

use crate::extract::{Received, expect_media_type};
use crate::problem::Problem;
use crate::service::Api;
use crate::view::ReceiptView;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use network::SubmitError;
use std::sync::Arc;
use union::{Batch, BatchError};

/// Submits a batch that a member has signed. The answer is the receipt: durable and final, with an outcome for each
/// command. The very same batch again gets its first receipt for as long as that is kept; later it is refused as
/// replayed, and its orders say what became of them.
///
/// A member's sequences are 1, 2, 3, ...: among several nodes a batch waits for those before it, and a node that orders alone refuses
/// it (409, `sequence`) until they were taken. `GET /v1/members/{code}` says which is next.
#[utoipa::path(post, path = "/v1/batches", tag = "writes",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The batch, at most 2 MiB"),
    responses((status = 200, body = ReceiptView), (status = 400, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem), (status = 504, body = Problem)))]
pub(super) async fn submit_batch(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Received(body): Received<{ union::BATCH_BYTES_MAX }>,
) -> Result<Response, Problem> {
    expect_media_type(&headers, &["application/octet-stream"])?;
    let bytes: Arc<[u8]> = Arc::from(body.as_ref());
    let work = submit(api.clone(), bytes);
    let receipt = api.answer_in_time(work).await?;
    Ok(Json(receipt.as_ref()).into_response())
}

async fn submit(api: Arc<Api>, bytes: Arc<[u8]>) -> Result<Arc<ReceiptView>, Problem> {
    // Reads the form only; the node verifies the batch.
    let batch = Batch::from_journal(bytes.clone()).map_err(SubmitError::from)?;
    let header = *batch.header();
    let key = (header.member, header.sequence, header.digest);
    let under_way = api.receipts.announce(key);
    let node = api.node.clone();
    // Checking a signature and hashing two megabytes takes milliseconds.
    let submitted = tokio::task::spawn_blocking(move || node.submit(bytes)).await;
    let receipt = match submitted.map_err(|error| Problem::internal("checking the batch", &error))? {
        Ok(ticket) => ticket.durable().await,
        Err(error) => Err(error),
    };
    match receipt {
        Ok(receipt) => {
            let view = Arc::new(ReceiptView::new(&api.charter(), &header, batch.records(), &receipt));
            under_way.keep(view.clone());
            Ok(view)
        }
        // A receipt is common knowledge: it does not matter whether this copy's signature was looked at.
        Err(error @ SubmitError::Batch(BatchError::Replay { .. })) => {
            drop(under_way);
            api.receipts.find(&key).await.ok_or_else(|| error.into())
        }
        Err(error) => Err(error.into()),
    }
}
