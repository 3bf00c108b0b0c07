//! Members, their participants, positions and queues.

use crate::extract::Parameters;
use crate::problem::Problem;
use crate::service::Api;
use crate::view::{
    DayFlowView, MemberView, OrderView, ParticipantView, PositionView, UnionAccountsView, payment_currencies,
};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError};
use utoipa::{IntoParams, ToSchema};

/// Rows of a page, unless fewer are asked for.
const PAGE_MAX: usize = 1_000;

/// A member with its limits, rules, rates and next sequence.
#[utoipa::path(get, path = "/v1/members/{code}", tag = "members", params(("code" = String, Path, description = "Code of the member")),
    responses((status = 200, body = MemberView), (status = 404, body = Problem)))]
pub(super) async fn member(State(api): State<Arc<Api>>, Path(code): Path<String>) -> Result<Json<MemberView>, Problem> {
    let member = api.member("code", &code)?;
    let next_sequence = api.node.next_sequence(member);
    Ok(Json(api.read(|union| MemberView::new(union, member, next_sequence)).await?))
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// What the page before named as `next`.
    cursor: Option<usize>,
    /// Rows at most; 1,000 if not given, and no more.
    limit: Option<usize>,
}

/// Participants of a member.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ParticipantsView {
    participants: Vec<ParticipantView>,
    /// Cursor of the next page; null after the last.
    next: Option<usize>,
}

/// A member's participants, in the order in which they were registered, with their balances and caps.
#[utoipa::path(get, path = "/v1/members/{code}/participants", tag = "members",
    params(("code" = String, Path, description = "Code of the member"), Page),
    responses((status = 200, body = ParticipantsView), (status = 404, body = Problem)))]
pub(super) async fn participants(
    State(api): State<Arc<Api>>,
    Path(code): Path<String>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<ParticipantsView>, Problem> {
    let member = api.member("code", &code)?;
    let (from, limit) = (page.cursor.unwrap_or(0), page.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX));
    let view = api.read(|union| {
        let rows = union.participants().iter().enumerate().skip(from).filter(|(_, row)| row.member == member);
        let mut page: Vec<_> = rows.take(limit + 1).collect();
        let next = (page.len() > limit).then(|| page.pop().map(|(at, _)| at)).flatten();
        let currencies = payment_currencies(union.charter());
        let participants = page.iter().map(|(_, row)| ParticipantView::new(union, row, &currencies)).collect();
        ParticipantsView { participants, next }
    });
    Ok(Json(view.await?))
}

/// What a member has paid and was paid today, by currency: every order that settled on this day of the union's clock.
#[utoipa::path(get, path = "/v1/members/{code}/today", tag = "members", params(("code" = String, Path, description = "Code of the member")),
    responses((status = 200, body = DayFlowView), (status = 404, body = Problem)))]
pub(super) async fn today(State(api): State<Arc<Api>>, Path(code): Path<String>) -> Result<Json<DayFlowView>, Problem> {
    let member = api.member("code", &code)?;
    let view = api.read(|union| {
        let mut flow = api.day_flow.lock().unwrap_or_else(PoisonError::into_inner);
        DayFlowView::new(union, &mut flow, member)
    });
    Ok(Json(view.await?))
}

/// Which member.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfMember {
    /// Code of the member.
    member: Option<String>,
}

/// Positions of members.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct PositionsView {
    /// By member.
    positions: Vec<PositionView>,
    /// The union's own accounts, for rate differences and roundings: with them, the balances of all members sum to zero.
    union_accounts: UnionAccountsView,
}

/// Every member's position in the unit of account, with caps, headroom and bilateral lines.
#[utoipa::path(get, path = "/v1/positions", tag = "members", params(OfMember),
    responses((status = 200, body = PositionsView), (status = 404, body = Problem)))]
pub(super) async fn positions(
    State(api): State<Arc<Api>>,
    Parameters(of): Parameters<OfMember>,
) -> Result<Json<PositionsView>, Problem> {
    let only = of.member.map(|code| api.member("member", &code)).transpose()?;
    let members = 0..api.charter().members.len() as u16;
    let view = api.read(|union| {
        let members = members.filter(|member| only.is_none_or(|only| only == *member));
        PositionsView {
            positions: members.map(|member| PositionView::new(union, member)).collect(),
            union_accounts: UnionAccountsView::new(union),
        }
    });
    Ok(Json(view.await?))
}

/// A member's queue.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct QueueView {
    /// The first of the orders, in the order in which they are tried.
    orders: Vec<OrderView>,
    /// How many orders are in the queue.
    length: usize,
}

/// Which queue.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfQueue {
    /// Code of the member that pays.
    member: String,
    /// Orders at most; 1,000 if not given, and no more.
    limit: Option<usize>,
}

/// A member's queue, in the order in which it is worked through. Orders that wait for their value date or for a
/// decision are not in it, see `/v1/orders`.
#[utoipa::path(get, path = "/v1/queue", tag = "members", params(OfQueue),
    responses((status = 200, body = QueueView), (status = 404, body = Problem)))]
pub(super) async fn queue(
    State(api): State<Arc<Api>>,
    Parameters(of): Parameters<OfQueue>,
) -> Result<Json<QueueView>, Problem> {
    let member = api.member("member", &of.member)?;
    let limit = of.limit.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    let view = api.read(|union| QueueView {
        orders: union.orders().queue(member).take(limit).map(|order| OrderView::open(union.charter(), order)).collect(),
        length: union.orders().queue(member).count(),
    });
    Ok(Json(view.await?))
}
