//! Orders, one and many.

use crate::extract::{MaybeSession, Parameters};
use crate::problem::Problem;
use crate::service::Api;
use crate::session::Session;
use crate::text::order_id;
use crate::view::OrderView;
use axum::Json;
use axum::extract::{Path, State};
use keys::seal::{Context, Side, open};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use union::{Batch, Block, Command, Found, OpenOrder, OrderStatus, Payment, Place, RequestStatus, Union};
use utoipa::{IntoParams, ToSchema};

const PAGE_MAX: usize = 1_000;
/// Rows looked at for one page at most, so that nobody holds the books up; the page may then be short.
const ROWS_MAX: usize = 200_000;

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Code of a member that pays or is paid.
    member: Option<String>,
    /// `held`, `queued`, `settled`, `refused`, `cancelled`, `expired` or `returned`.
    status: Option<String>,
    /// Only settled orders whose return was asked for, by how that stands: `asked`, `refused` or `granted`.
    request: Option<String>,
    /// What the page before named as `next`.
    cursor: Option<String>,
    /// Orders at most; 100 if not given, 1,000 at most.
    limit: Option<usize>,
}

/// A page of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrdersView {
    /// The orders. A page may be short, or even empty, and still not the last.
    pub orders: Vec<OrderView>,
    /// Cursor of the next page; null after the last.
    pub next: Option<String>,
}

/// How far a list has come: first the open orders in the order of entry, then those that ended, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    /// Open orders from this entry on.
    Open(u64),
    /// Ended orders before this place.
    Ended(usize),
}

impl Cursor {
    fn parse(text: &str) -> Option<Cursor> {
        let (kind, number) = text.split_once('-')?;
        match kind {
            "open" => Some(Cursor::Open(number.parse().ok()?)),
            "ended" => Some(Cursor::Ended(number.parse().ok()?)),
            _ => None,
        }
    }

    fn text(self) -> String {
        match self {
            Cursor::Open(entry) => format!("open-{entry}"),
            Cursor::Ended(at) => format!("ended-{at}"),
        }
    }
}

/// Orders: first those that are open, in the order of entry, then those that have ended, the latest first.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(Which),
    responses((status = 200, body = OrdersView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn orders(
    State(api): State<Arc<Api>>,
    Parameters(which): Parameters<Which>,
) -> Result<Json<OrdersView>, Problem> {
    let member = which.member.map(|code| api.member("member", &code)).transpose()?;
    let status = which.status.as_deref().map(status).transpose()?;
    let request = which.request.as_deref().map(request).transpose()?;
    let wrong = || Problem::malformed("cursor", "the cursor is not one that a page named as next");
    let cursor = which.cursor.as_deref().map(|text| Cursor::parse(text).ok_or_else(wrong)).transpose()?;
    let limit = which.limit.unwrap_or(100).clamp(1, PAGE_MAX);
    Ok(Json(api.read(|union| page(union, &Filter { member, status, request }, cursor, limit)).await?))
}

fn status(name: &str) -> Result<OrderStatus, Problem> {
    (1..=7).filter_map(OrderStatus::from_number).find(|status| status.name() == name).ok_or_else(|| {
        let text = "status is held, queued, settled, refused, cancelled, expired or returned";
        Problem::malformed("status", text)
    })
}

fn request(name: &str) -> Result<RequestStatus, Problem> {
    let wrong = || Problem::malformed("request", "request is asked, refused or granted");
    RequestStatus::from_name(name).ok_or_else(wrong)
}

/// Which orders, read.
struct Filter {
    member: Option<u16>,
    status: Option<OrderStatus>,
    request: Option<RequestStatus>,
}

fn page(union: &Union, filter: &Filter, cursor: Option<Cursor>, limit: usize) -> OrdersView {
    let &Filter { member, status, request } = filter;
    let charter = union.charter();
    let is_open = |status: OrderStatus| matches!(status, OrderStatus::Held | OrderStatus::Queued);
    let concerns = |debtor: u16, creditor: u16| member.is_none_or(|member| member == debtor || member == creditor);
    let only_ended = request.is_some() || status.is_some_and(|status| !is_open(status));
    let start = if only_ended { Cursor::Ended(usize::MAX) } else { Cursor::Open(0) };
    let mut orders = Vec::new();
    let mut cursor = cursor.unwrap_or(start);

    if let Cursor::Open(from) = cursor {
        let mut open: Vec<&OpenOrder> = union
            .orders()
            .all_open()
            .filter(|order| order.entry >= from && status.is_none_or(|status| status == order.status()))
            .filter(|order| concerns(order.payment.debtor, order.payment.creditor))
            .collect();
        if open.len() > limit {
            open.select_nth_unstable_by_key(limit, |order| order.entry);
            cursor = Cursor::Open(open[limit].entry);
            open.truncate(limit);
        } else {
            cursor = Cursor::Ended(usize::MAX);
        }
        open.sort_unstable_by_key(|order| order.entry);
        orders.extend(open.into_iter().map(|order| OrderView::open(charter, order)));
    }
    let Cursor::Ended(before) = cursor else { return OrdersView { orders, next: Some(cursor.text()) } };
    if status.is_some_and(is_open) {
        return OrdersView { orders, next: None };
    }
    let ended = union.orders().all_closed();
    let mut at = before.min(ended.len());
    let last = at.saturating_sub(ROWS_MAX);
    while at > last && orders.len() < limit {
        at -= 1;
        let order = &ended[at];
        let is_asked = |request| order.return_request().is_some_and(|found| found.status == request);
        if concerns(order.debtor, order.creditor)
            && status.is_none_or(|status| status == order.status())
            && request.is_none_or(is_asked)
        {
            orders.push(OrderView::ended(charter, order));
        }
    }
    OrdersView { orders, next: (at > 0).then(|| Cursor::Ended(at).text()) }
}

/// An order with everything that is known of it. A session of one of the two members concerned sees the customer detail
/// too.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", params(("id" = String, Path, description = "UUID of the order")),
    responses((status = 200, body = OrderView), (status = 404, body = Problem)), security((), ("session" = [])))]
pub(super) async fn order(
    State(api): State<Arc<Api>>,
    MaybeSession(session): MaybeSession,
    Path(text): Path<String>,
) -> Result<Json<OrderView>, Problem> {
    let id = order_id("id", &text).map_err(|error| Problem::malformed(&error.field, error.problem))?;
    let found = api.read(|union| {
        let charter = union.charter();
        Some(match union.orders().find(id)? {
            Found::Open(at) => {
                let order = union.orders().open(at);
                (order.place, OrderView::open(charter, order))
            }
            Found::Closed(at) => {
                let order = union.orders().closed(at);
                (order.place(), OrderView::ended(charter, order))
            }
        })
    });
    let (place, mut view) = found.await?.ok_or_else(|| {
        let problem = Problem::not_found("no order has this identifier; if it was sent just now, it was not taken");
        problem.of_order(Some(text)).because("NOOR")
    })?;
    // What its record says beside is with nodes that hold its block.
    if place.height <= api.node.begins() {
        return Ok(Json(view));
    }
    let (payment, sealed) = api.look_up(move |api| record(api, place)).await??;
    // A priority that was changed since is in the open order only.
    let priority = view.priority.take();
    view.complete(&payment);
    view.priority = priority.or(view.priority);
    if let (Some(session), Some(sealed)) = (session, sealed) {
        view.detail = detail(&api, &session, &payment, &sealed);
    }
    Ok(Json(view))
}

/// The record of an order in the journal, with its sealed detail.
fn record(api: &Api, place: Place) -> Result<(Payment, Option<Vec<u8>>), Problem> {
    let block = super::blocks::read(api, place.height)?.block;
    record_in(&block, place)
        .ok_or_else(|| Problem::internal("reading an order", &"its place in the journal holds no order"))
}

fn record_in(block: &Block, place: Place) -> Option<(Payment, Option<Vec<u8>>)> {
    let batch: &Batch = block.batches().get(usize::from(place.batch))?;
    let Ok(Command::Pay(payment)) = Command::decode(batch.records().get(usize::from(place.record))?) else {
        return None;
    };
    let sealed = batch.details().find(|(at, _)| *at == place.record).map(|(_, sealed)| sealed.to_vec());
    Some((payment, sealed))
}

/// Customer detail, if the session's member is one of the two concerned.
pub(super) fn detail(api: &Api, session: &Session, payment: &Payment, sealed: &[u8]) -> Option<keys::Detail> {
    let side = match session.member {
        member if member == payment.debtor => Side::Debtor,
        member if member == payment.creditor => Side::Creditor,
        _ => return None,
    };
    let context = Context {
        union_id: api.charter().hash(),
        order_id: payment.id,
        debtor: payment.debtor,
        creditor: payment.creditor,
    };
    let key = api.signatories.get(&session.member)?.key();
    open(sealed, &context, key, side)
        .inspect_err(|error| tracing::warn!(%error, "customer detail cannot be opened"))
        .ok()
}
