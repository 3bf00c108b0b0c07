//! Receipts of finality.

use crate::problem::{Kind, Problem};
use crate::service::Api;
use crate::text::order_id;
use crate::view::FinalityView;
use axum::Json;
use axum::extract::{Path, State};
use network::{FinalityReceipt, NodeError};
use std::sync::Arc;

/// Proof that an order came to its latest status in a block that a quorum of the members' nodes has made final. Anybody
/// can check it with the charter, offline. Made by replaying the journal from genesis.
#[utoipa::path(get, path = "/v1/orders/{id}/receipt", tag = "orders", params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = FinalityView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn receipt(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
) -> Result<Json<FinalityView>, Problem> {
    let order = order_id("id", &id).map_err(|error| Problem::malformed(&error.field, error.problem))?;
    let found =
        api.walk_journal(move |api| FinalityReceipt::find(api.node.directory(), api.node.durable_height(), order));
    let receipt = found.await?.map_err(|error| match error {
        NodeError::Membership(text) => Problem::new(Kind::Conflict, text),
        error => Problem::internal("making the receipt", &error),
    })?;
    let missing = || {
        Problem::not_found("there is no such order, or no certified block has followed it yet: ask again in a second")
    };
    let receipt = receipt.ok_or_else(missing)?;
    let proved =
        receipt.check(api.founding.charter()).map_err(|error| Problem::internal("checking the receipt", &error))?;
    Ok(Json(FinalityView::new(&api.charter(), &receipt, &proved)))
}
