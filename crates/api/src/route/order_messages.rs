//! What a member was told of an order by ISO 20022 messages.

use crate::extract::{MaybeSession, Parameters};
use crate::iso::{OrderOf, order_messages as find};
use crate::problem::Problem;
use crate::service::Api;
use crate::view::{self, OrderMessagesView};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Messages shown at most. A member may hold an order and let it go as often as it likes.
const MESSAGES_MAX: usize = 100;

/// Whose messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// Code of one of the two members concerned; the one that pays, if not given.
    member: Option<String>,
}

/// The ISO 20022 messages that told a member of an order, in the order of what happened: the very same that its watched folder gets. Made by
/// replaying the journal. Customer detail is in them for operators of the member alone.
#[utoipa::path(get, path = "/v1/orders/{id}/messages", tag = "orders",
    params(("id" = String, Path, description = "UUID of the order"), Whose), security((), ("session" = [])),
    responses((status = 200, body = OrderMessagesView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn order_messages(
    State(api): State<Arc<Api>>,
    MaybeSession(session): MaybeSession,
    Path(text): Path<String>,
    Parameters(whose): Parameters<Whose>,
) -> Result<Json<OrderMessagesView>, Problem> {
    let (id, order) = super::orders::known(&api, text).await?;
    let member = api.member("member", whose.member.as_ref().unwrap_or(&order.debtor))?;
    let code = view::code(&api.charter(), member);
    if code != order.debtor && code != order.creditor {
        let text =
            format!("{code} was told nothing of this order: it is between {} and {}", order.debtor, order.creditor);
        return Err(Problem::not_found(text).at("member"));
    }
    let from_height = order.place.height;
    super::orders::ensure_held(&api, from_height)?;
    let key = api.key_of(session.as_ref(), member);
    let made = api.walk_journal(move |api| {
        let of = OrderOf { member, order: id, from_height };
        find(api.node.directory(), of, api.iso.clone(), key, api.node.durable_height(), MESSAGES_MAX)
    });
    let (messages, more) = made.await?.map_err(|error| Problem::internal("making the messages", &error))?;
    Ok(Json(OrderMessagesView::new(&api.charter(), id, member, messages, more)))
}
