//! What operators order: payments, and decisions about orders.

use super::commands::{command_record, give_command};
use crate::approval::Approval;
use crate::extract::{Received, SaidWhy, expect_media_type, idempotency_key, is_object, media_type};
use crate::operator::Role;
use crate::problem::{Kind, Problem};
use crate::route::{JSON_BYTES_MAX, ORDERS_BYTES_MAX};
use crate::service::Api;
use crate::session::Session;
use crate::sign::Record;
use crate::signatory::{Signatory, describe, none_taken, outcome_view};
use crate::text::{Draft, Format, LineError, NOT_AN_OBJECT, derived_id, id_text, order_id, parse_order, read_orders};
use crate::view::OutcomeView;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use union::{BATCH_COMMANDS_MAX, Command, Payment};
use utoipa::ToSchema;

const JSON: &str = "application/json";
const JSON_LINES: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

/// What became of orders, each by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentsView {
    /// An outcome for each order, by line.
    pub orders: Vec<OutcomeView>,
}

/// Gives payment orders and returns, one or many: the node signs them with the member's key. Each order has an outcome
/// of its own. An order without `id` gets one from the member, the header `Idempotency-Key` and its place, so that the
/// same request again finds the same orders, even after a restart. Orders at or above the member's threshold wait for a
/// second person. A single order that cannot be taken is a problem; one of many is an outcome.
#[utoipa::path(post, path = "/v1/orders", tag = "writes", security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"), SaidWhy),
    request_body(content((crate::text::OrderLine = "application/json"), (Vec<crate::text::OrderLine> = "application/json"),
        (String = "application/x-ndjson"), (String = "text/csv")), description = "One order, a list, JSON lines or CSV: at most 8,190 orders in 8 MiB"),
    responses((status = 200, body = PaymentsView), (status = 202, body = PaymentsView, description = "All wait for a second person"),
        (status = "4XX", body = Problem), (status = 503, body = Problem), (status = 504, body = Problem)))]
pub(super) async fn submit_orders(
    State(api): State<Arc<Api>>,
    session: Session,
    headers: HeaderMap,
    Received(body): Received<{ ORDERS_BYTES_MAX }>,
) -> Result<(StatusCode, Json<PaymentsView>), Problem> {
    let signatory = api.signatory(&session, Role::Maker)?;
    expect_media_type(&headers, &[JSON, JSON_LINES, CSV])?;
    let key = idempotency_key(&headers)?.map(str::to_owned);
    let media_type = media_type(&headers).to_ascii_lowercase();
    let is_single = media_type == JSON && !is_list(&body);

    let (reading, by) = (api.clone(), signatory.clone());
    let read = tokio::task::spawn_blocking(move || read_drafts(&reading, &by, &media_type, &body, key.as_deref()));
    let read = read.await.map_err(|error| Problem::internal("reading the orders", &error))??;
    let work = give_orders(api.clone(), session, signatory, read);
    let mut orders = api.answer_in_time(work).await?;
    if is_single && orders.len() == 1 && !orders[0].is_taken() {
        return Err(problem(orders.remove(0)));
    }
    let waiting = !orders.is_empty() && orders.iter().all(|order| order.outcome == "awaiting_approval");
    let status = if waiting { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(PaymentsView { orders })))
}

fn is_list(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// An order that was not taken, as a problem.
pub(super) fn problem(outcome: OutcomeView) -> Problem {
    let kind = if outcome.outcome == "unknown" { Kind::Unknown } else { Kind::Rejected };
    let text = outcome.text.or_else(|| outcome.reason.clone()).unwrap_or_else(|| outcome.outcome.clone());
    Problem { field: outcome.field, order: outcome.id, reason: outcome.reason, ..Problem::new(kind, text) }
}

pub(super) type Read = Vec<Result<(Payment, Record), LineError>>;

/// Reads orders, gives them identifiers and seals their detail.
fn read_drafts(
    api: &Api,
    signatory: &Signatory,
    media_type: &str,
    body: &[u8],
    key: Option<&str>,
) -> Result<Read, Problem> {
    let (charter, member) = (&api.charter(), signatory.member);
    let drafts: Vec<Result<Draft, LineError>> = match media_type {
        JSON => {
            let malformed = |error: serde_json::Error| {
                let is_close = is_object(body) || is_list(body);
                let text = if is_close { error.to_string() } else { format!("the body {NOT_AN_OBJECT}") };
                Problem::malformed("body", text)
            };
            let texts: Vec<&RawValue> = if is_list(body) {
                serde_json::from_slice(body).map_err(malformed)?
            } else {
                vec![serde_json::from_slice(body).map_err(malformed)?]
            };
            if texts.len() > BATCH_COMMANDS_MAX {
                let text =
                    format!("{} orders, more than the {BATCH_COMMANDS_MAX} of one request; split them", texts.len());
                return Err(Problem::new(Kind::TooLarge, text).at("body"));
            }
            let lines = texts.into_iter().zip(1..);
            lines.map(|(text, line)| parse_order(charter, member, line, text.get())).collect()
        }
        other => {
            let format = if other == CSV { Format::Csv } else { Format::JsonLines };
            read_orders(charter, member, format, body, BATCH_COMMANDS_MAX as u64).collect()
        }
    };
    let signer = signatory.signer(charter);
    let code = crate::view::code(charter, member);
    let seal = |(at, draft): (usize, Result<Draft, LineError>)| {
        let mut draft = draft?;
        match key {
            Some(key) => draft.give_id(|| derived_id(&[code.as_bytes(), key.as_bytes(), &(at as u64).to_le_bytes()])),
            None if !draft.has_id() => {
                let problem = "the order has no id: give it a UUID, or send the header Idempotency-Key, so that sending it \
                    again cannot pay twice";
                let (field, reason) = ("id".to_owned(), "FF01".to_owned());
                return Err(LineError { line: draft.line, id: None, field, problem: problem.to_owned(), reason });
            }
            None => {}
        }
        signer.seal(&draft).map(|record| (draft.payment, record))
    };
    Ok(drafts.into_iter().enumerate().map(seal).collect())
}

/// Lets those orders wait that need a second person, and signs and submits the others.
pub(super) async fn give_orders(
    api: Arc<Api>,
    session: Session,
    signatory: Arc<Signatory>,
    read: Read,
) -> Result<Vec<OutcomeView>, Problem> {
    let mut outcomes = Vec::with_capacity(read.len());
    let (mut to_sign, mut to_wait) = (Vec::new(), Vec::new());
    api.node.peek(|union| {
        for line in read {
            match line {
                Err(error) => outcomes.push(OutcomeView::from(error)),
                Ok((payment, record)) => {
                    // What the union knows already cannot be paid again, whoever sends it.
                    let is_known = union.orders().find(payment.id).is_some();
                    if !is_known && signatory.needs_second_person(union, &payment) {
                        to_wait.push((payment.id, record));
                    } else {
                        to_sign.push(record);
                    }
                }
            }
        }
    });
    if to_sign.is_empty() && to_wait.is_empty() {
        return Ok(outcomes);
    }
    let charter = api.charter();
    let described: Vec<_> = to_sign
        .iter()
        .chain(to_wait.iter().map(|(_, record)| record))
        .map(|record| describe(&charter, record))
        .collect();
    let act = api.begin(&session, "orders", described.into()).await?;

    if !to_wait.is_empty() {
        let (waiting, by) = (api.clone(), session.clone());
        let added = tokio::task::spawn_blocking(move || {
            to_wait.into_iter().map(|(id, record)| wait(&waiting, &by, id, &record, None)).collect::<Vec<_>>()
        });
        outcomes.extend(added.await.map_err(|error| Problem::internal("writing approvals down", &error))?);
    }
    if !to_sign.is_empty() {
        let done = signatory.act(&api.node, to_sign).await;
        if let Some(problem) = none_taken(&done)
            && outcomes.is_empty()
        {
            api.end(act, problem.kind.as_str().into()).await;
            return Err(problem);
        }
        outcomes.extend(done.iter().map(outcome_view));
    }
    outcomes.sort_by_key(|outcome| outcome.line);
    let said: Vec<_> =
        outcomes.iter().map(|outcome| serde_json::json!([outcome.id, outcome.outcome, outcome.reason])).collect();
    api.end(act, said.into()).await;
    Ok(outcomes)
}

/// Lets a record wait for a second person; for a proposal, with the text of the charter that it comes with.
pub(super) fn wait(api: &Api, session: &Session, id: u128, record: &Record, text: Option<String>) -> OutcomeView {
    let today = api.node.peek(union::Union::today);
    let approval = Approval::new(id, session, api.now_ms(), today, record).with_text(text);
    let view = OutcomeView::new(record.line, &record.bytes, &union::Outcome::Done);
    match api.approvals.add(approval) {
        Ok(()) => OutcomeView {
            outcome: "awaiting_approval".to_owned(),
            text: Some("waits until another operator of the member, a checker, approves it".to_owned()),
            approval: Some(id_text(id)),
            ..view
        },
        Err(problem) => OutcomeView {
            outcome: "rejected".to_owned(),
            reason: problem.reason,
            field: problem.field,
            text: Some(problem.detail),
            ..view
        },
    }
}

/// Why an order is refused or taken back.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// ISO 20022 reason code.
    #[serde(default)]
    reason: Option<String>,
}

async fn decide(
    api: Arc<Api>,
    session: Session,
    headers: HeaderMap,
    id: String,
    body: Bytes,
    command: impl FnOnce(u128, union::Reason) -> Command,
) -> Result<Json<OutcomeView>, Problem> {
    let order = order_id("id", &id).map_err(|error| Problem::malformed(&error.field, error.problem))?;
    let Why { reason } = if body.is_empty() { Why::default() } else { crate::extract::json(&headers, &body)? };
    let reason = reason.as_deref().map(|text| crate::text::reason("reason", text)).transpose();
    let reason = reason.map_err(|error| Problem::new(Kind::Rejected, error.problem).at(&error.field))?;
    let command = command(order, reason.unwrap_or(union::Reason::NONE));
    let signatory = api.signatory(&session, Role::Maker)?;
    let outcome = give_command(api, session, signatory, command_record(&command)).await?;
    Ok(Json(outcome))
}

/// Accepts an order that the member's rules hold.
#[utoipa::path(post, path = "/v1/orders/{id}/accept", tag = "writes", security(("session" = [])),
    params(("id" = String, Path, description = "UUID of the order"), SaidWhy),
    responses((status = 200, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn accept_order(
    State(api): State<Arc<Api>>,
    session: Session,
    Path(id): Path<String>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<OutcomeView>, Problem> {
    decide(api, session, headers, id, body, |order, _| Command::Accept { order }).await
}

/// Refuses an order that the member's rules hold.
#[utoipa::path(post, path = "/v1/orders/{id}/refuse", tag = "writes", security(("session" = [])),
    params(("id" = String, Path, description = "UUID of the order"), SaidWhy), request_body = Option<Why>,
    responses((status = 200, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn refuse_order(
    State(api): State<Arc<Api>>,
    session: Session,
    Path(id): Path<String>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<OutcomeView>, Problem> {
    decide(api, session, headers, id, body, |order, reason| Command::Refuse { order, reason }).await
}

/// Takes an order back that is held or queued.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "writes", security(("session" = [])),
    params(("id" = String, Path, description = "UUID of the order"), SaidWhy), request_body = Option<Why>,
    responses((status = 200, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn cancel_order(
    State(api): State<Arc<Api>>,
    session: Session,
    Path(id): Path<String>,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<Json<OutcomeView>, Problem> {
    decide(api, session, headers, id, body, |order, reason| Command::Cancel { order, reason }).await
}
