//! Orders, one and many.

use crate::extract::{MaybeSession, Parameters};
use crate::problem::Problem;
use crate::record::{self, Presented, record_in};
use crate::service::Api;
use crate::session::Session;
use crate::text::order_id;
use crate::view::OrderView;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Weak};
use union::{Block, ClosedOrder, Found, OpenOrder, OrderStatus, Payment, Place, RequestStatus, Union};
use utoipa::{IntoParams, ToSchema};

const PAGE_MAX: usize = 1_000;
/// Orders that are looked through for one page of a search at most: each may cost reading a block.
const SEARCHED_MAX: usize = 200;
/// Rows looked at for one page at most, so that nobody holds the books up; the page may then be short.
const ROWS_MAX: usize = 200_000;

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Code of a member that pays or is paid.
    member: Option<String>,
    /// Code of another one: with `member`, orders between the two.
    counterparty: Option<String>,
    /// Only the order with this identifier (UUID, UETR, or the union's reference of it), or orders with this reference; for an operator
    /// of one of the two members concerned also those with this end-to-end, instruction or message identification. As it is
    /// written, whole.
    identifier: Option<String>,
    /// `held`, `queued`, `settled`, `refused`, `cancelled`, `expired` or `returned`.
    status: Option<String>,
    /// Only settled orders whose return was asked for, by how that stands: `asked`, `refused` or `granted`.
    request: Option<String>,
    /// What the page before named as `next`.
    cursor: Option<String>,
    /// Orders at most; 100 if not given, 1,000 at most. With `identifier` so many are looked through, 200 if not given and at most.
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
    Open(i64),
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
    responses((status = 200, body = OrdersView), (status = 400, body = Problem), (status = 404, body = Problem)),
    security((), ("session" = [])))]
pub(super) async fn orders(
    State(api): State<Arc<Api>>,
    MaybeSession(session): MaybeSession,
    Parameters(which): Parameters<Which>,
) -> Result<Json<OrdersView>, Problem> {
    let member = which.member.map(|code| api.member("member", &code)).transpose()?;
    let counterparty = which.counterparty.map(|code| api.member("counterparty", &code)).transpose()?;
    let status = which.status.as_deref().map(status).transpose()?;
    let request = which.request.as_deref().map(request).transpose()?;
    let wrong = || Problem::malformed("cursor", "the cursor is not one that a page named as next");
    let cursor = which.cursor.as_deref().map(|text| Cursor::parse(text).ok_or_else(wrong)).transpose()?;
    let filter = Filter { members: [member, counterparty], status, request };
    let Some(identifier) = which.identifier else {
        let limit = which.limit.unwrap_or(100).clamp(1, PAGE_MAX);
        return Ok(Json(api.read(|union| page(union, &filter, cursor, limit)).await?));
    };
    if identifier.is_empty() || identifier.len() > IDENTIFIER_BYTES_MAX {
        let text = format!("an identifier is 1 to {IDENTIFIER_BYTES_MAX} bytes long");
        return Err(Problem::malformed("identifier", text));
    }
    let limit = which.limit.unwrap_or(SEARCHED_MAX).clamp(1, SEARCHED_MAX);
    let by_id = uuid::Uuid::try_parse(&identifier).ok().map(|id| id.as_u128());
    let looked_through = api.read(|union| match by_id.and_then(|id| one(union, &filter, id)) {
        Some(order) => (OrdersView { orders: vec![order], next: None }, true),
        None => (page(union, &filter, cursor, limit), false),
    });
    let (mut view, is_found) = looked_through.await?;
    if !is_found {
        // Gone when nobody waits for the answer any more.
        let waiting = Arc::new(());
        let is_waited_for = Arc::downgrade(&waiting);
        let search = move |api: &Api| with_identifier(api, view, session.as_ref(), &identifier, &is_waited_for);
        view = api.search(search).await??;
        drop(waiting);
    }
    Ok(Json(view))
}

/// The longest identifier that orders can have, in bytes: 36 characters, were each one of four.
const IDENTIFIER_BYTES_MAX: usize = 144;

/// The order with an identifier, if the filter lets it through.
fn one(union: &Union, filter: &Filter, id: u128) -> Option<OrderView> {
    let orders = union.orders();
    let is_let = match orders.find(id)? {
        Found::Open(at) => filter.lets_open(orders.open(at)),
        Found::Closed(at) => filter.lets_ended(orders.closed(at)),
    };
    OrderView::of(union, id).filter(|_| is_let)
}

/// The orders of a page whose record, or customer detail as far as the session may see it, has an identifier.
fn with_identifier(
    api: &Api,
    mut view: OrdersView,
    session: Option<&Session>,
    identifier: &str,
    is_waited_for: &Weak<()>,
) -> Result<OrdersView, Problem> {
    // By the blocks that they were presented in, each of which is read once.
    let mut orders: Vec<(usize, OrderView)> = view.orders.into_iter().enumerate().collect();
    orders.sort_by_key(|(_, order)| order.place.height);
    let mut last: Option<(u64, Block)> = None;
    let mut found = Vec::new();
    for (at, order) in orders {
        let place = order.place.place();
        let height = place.height;
        // What its record says is with nodes that hold its block.
        if height <= api.node.begins() {
            continue;
        }
        if is_waited_for.strong_count() == 0 {
            return Err(Problem::unknown("the search was stopped"));
        }
        if last.as_ref().is_none_or(|(at, _)| *at != height) {
            last = Some((height, super::blocks::read(api, height)?.block));
        }
        let Some((payment, sealed)) = last.as_ref().and_then(|(_, block)| record_in(block, place)) else { continue };
        let in_detail = || {
            let detail = detail(api, session?, &payment, &sealed?)?;
            let known = [detail.end_to_end_id, detail.instruction_id, detail.message_id];
            known.into_iter().flatten().any(|known| known == identifier).then_some(())
        };
        if payment.reference() == identifier || in_detail().is_some() {
            found.push((at, order));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    view.orders = found.into_iter().map(|(_, order)| order).collect();
    Ok(view)
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
    /// Each of them pays or is paid.
    members: [Option<u16>; 2],
    status: Option<OrderStatus>,
    request: Option<RequestStatus>,
}

fn is_open(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Held | OrderStatus::Queued)
}

impl Filter {
    fn concerns(&self, debtor: u16, creditor: u16) -> bool {
        self.members.into_iter().flatten().all(|member| member == debtor || member == creditor)
    }

    fn lets_open(&self, order: &OpenOrder) -> bool {
        self.request.is_none()
            && self.status.is_none_or(|status| status == order.status())
            && self.concerns(order.payment.debtor, order.payment.creditor)
    }

    fn lets_ended(&self, order: &ClosedOrder) -> bool {
        let is_asked = |request| order.return_request().is_some_and(|found| found.status == request);
        self.concerns(order.debtor, order.creditor)
            && self.status.is_none_or(|status| status == order.status())
            && self.request.is_none_or(is_asked)
    }
}

fn page(union: &Union, filter: &Filter, cursor: Option<Cursor>, limit: usize) -> OrdersView {
    let &Filter { status, request, .. } = filter;
    let charter = union.charter();
    let only_ended = request.is_some() || status.is_some_and(|status| !is_open(status));
    let start = if only_ended { Cursor::Ended(usize::MAX) } else { Cursor::Open(i64::MIN) };
    let mut orders = Vec::new();
    let mut cursor = cursor.unwrap_or(start);

    if let Cursor::Open(from) = cursor {
        let mut open: Vec<&OpenOrder> =
            union.orders().all_open().filter(|order| order.entry >= from && filter.lets_open(order)).collect();
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
        if filter.lets_ended(order) {
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
    let (_, mut view) = known(&api, text).await?;
    let place = view.place.place();
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

/// The order with a UUID, as far as the state knows it.
pub(super) async fn known(api: &Api, text: String) -> Result<(u128, OrderView), Problem> {
    let id = order_id("id", &text).map_err(|error| Problem::malformed(&error.field, error.problem))?;
    let found = api.read(|union| OrderView::of(union, id));
    let view = found.await?.ok_or_else(|| {
        let problem = Problem::not_found("no order has this identifier; if it was sent just now, it was not taken");
        problem.of_order(Some(text)).because("NOOR")
    })?;
    Ok((id, view))
}

/// Refuses an order that was presented in a block that this node does not hold.
pub(super) fn ensure_held(api: &Api, height: u64) -> Result<(), Problem> {
    let begins = api.node.begins();
    if height > begins {
        return Ok(());
    }
    let text = format!("this journal begins after block {begins}: ask a node that holds block {height}");
    Err(Problem::not_found(text).at("id"))
}

/// The record of an order in the journal, with its sealed detail.
fn record(api: &Api, place: Place) -> Result<Presented, Problem> {
    let block = super::blocks::read(api, place.height)?.block;
    record_in(&block, place)
        .ok_or_else(|| Problem::internal("reading an order", &"its place in the journal holds no order"))
}

/// Customer detail, if the session's member is one of the two concerned.
pub(super) fn detail(api: &Api, session: &Session, payment: &Payment, sealed: &[u8]) -> Option<keys::Detail> {
    let key = api.signatories.get(&session.member)?.key();
    record::detail(api.charter().hash(), session.member, key, payment, sealed)
}
