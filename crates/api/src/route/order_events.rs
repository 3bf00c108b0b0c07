//! What happened to an order, from its presentation on.

use crate::problem::Problem;
use crate::service::Api;
use crate::text::{id_text, time_text};
use crate::view::EventView;
use axum::Json;
use axum::extract::{Path, State};
use network::{NodeError, Replay};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Events shown at most. A member may hold an order and let it go as often as it likes.
const EVENTS_MAX: usize = 500;

/// What happened to an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct OrderEventsView {
    /// UUID of the order.
    order: String,
    /// In the order in which it happened; the first 500.
    events: Vec<HappenedView>,
    /// Whether there are more.
    more: bool,
}

/// An event, and when it happened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct HappenedView {
    /// The block.
    height: u64,
    /// Its time.
    time: String,
    /// The event.
    #[serde(flatten)]
    event: EventView,
}

/// Everything that happened to an order: each status that it came to with its reason, the entries in the books, requests for its return, and the
/// return. Made by replaying the journal.
#[utoipa::path(get, path = "/v1/orders/{id}/events", tag = "orders", params(("id" = String, Path, description = "UUID of the order")),
    responses((status = 200, body = OrderEventsView), (status = 404, body = Problem)))]
pub(super) async fn order_events(
    State(api): State<Arc<Api>>,
    Path(text): Path<String>,
) -> Result<Json<OrderEventsView>, Problem> {
    let (id, order) = super::orders::known(&api, text).await?;
    super::orders::ensure_held(&api, order.place.height)?;
    let found = api.walk_journal(move |api| find(api, id, order.place.height));
    let mut events = found.await?.map_err(|error| Problem::internal("finding what happened", &error))?;
    let more = events.len() > EVENTS_MAX;
    events.truncate(EVENTS_MAX);
    Ok(Json(OrderEventsView { order: id_text(id), events, more }))
}

/// The events of an order from the block that it was presented in on: those of its identifier before are of one that is forgotten.
fn find(api: &Api, id: u128, from_height: u64) -> Result<Vec<HappenedView>, NodeError> {
    let mut replay = Replay::open(api.node.directory(), api.node.durable_height())?;
    let mut found = Vec::new();
    while let Some(step) = replay.step()? {
        if step.applied.height < from_height {
            continue;
        }
        let mut ended = false;
        for event in step.applied.events.iter().filter(|event| event.order() == Some(id)) {
            ended = event.is_last();
            found.push(HappenedView {
                height: step.applied.height,
                time: time_text(step.union.time_ms()),
                event: EventView::new(step.union, event),
            });
        }
        if ended || found.len() > EVENTS_MAX {
            break;
        }
    }
    Ok(found)
}
