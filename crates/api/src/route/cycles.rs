//! Clearing cycles and their legs.

use super::commands::prepare_command;
use crate::extract::SaidWhy;
use crate::problem::Problem;
use crate::service::Api;
use crate::session::Session;
use crate::view::{CycleFlowsView, CycleView, LegView, OutcomeView};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use union::{Command, Cycle, CycleStatus, Union};
use utoipa::ToSchema;

/// All cycles.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct CyclesView {
    /// The last one is open.
    cycles: Vec<CycleView>,
}

/// Cycles shown at most: the latest.
const CYCLES_MAX: usize = 1_000;

/// The latest 1,000 cycles; the last one is open.
#[utoipa::path(get, path = "/v1/cycles", tag = "cycles", responses((status = 200, body = CyclesView)))]
pub(super) async fn cycles(State(api): State<Arc<Api>>) -> Result<Json<CyclesView>, Problem> {
    let view = api.read(|union| {
        let rows = union.cycles();
        let latest = &rows[rows.len().saturating_sub(CYCLES_MAX)..];
        CyclesView { cycles: latest.iter().map(|cycle| CycleView::new(union, cycle)).collect() }
    });
    Ok(Json(view.await?))
}

/// A cycle with its legs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct CycleWithLegs {
    /// The cycle.
    #[serde(flatten)]
    cycle: CycleView,
    /// What members are to pay each other to settle it.
    #[serde(rename = "settlement_legs")]
    legs: Vec<LegView>,
}

/// A cycle with its settlement legs.
#[utoipa::path(get, path = "/v1/cycles/{number}", tag = "cycles", params(("number" = u32, Path, description = "1 for the first")),
    responses((status = 200, body = CycleWithLegs), (status = 404, body = Problem)))]
pub(super) async fn cycle(
    State(api): State<Arc<Api>>,
    Path(number): Path<u32>,
) -> Result<Json<CycleWithLegs>, Problem> {
    let view = api.read(|union| {
        let cycle = row(union, number)?;
        let legs = union.legs(cycle).iter().map(|leg| LegView::new(union.charter(), leg)).collect();
        Some(CycleWithLegs { cycle: CycleView::new(union, cycle), legs })
    });
    Ok(Json(view.await?.ok_or_else(|| unknown(number))?))
}

fn row(union: &Union, number: u32) -> Option<&Cycle> {
    union.cycles().get(number.checked_sub(1)? as usize)
}

fn unknown(number: u32) -> Problem {
    Problem::not_found(format!("there is no cycle {number}; /v1/cycles lists them")).at("number")
}

/// What members paid each other in a cycle, before netting. Of a cycle that is closed it never changes, and is made by replaying the
/// journal: by a node that holds the blocks of that cycle.
#[utoipa::path(get, path = "/v1/cycles/{number}/flows", tag = "cycles", params(("number" = u32, Path, description = "1 for the first")),
    responses((status = 200, body = CycleFlowsView), (status = 404, body = Problem)))]
pub(super) async fn flows(
    State(api): State<Arc<Api>>,
    Path(number): Path<u32>,
) -> Result<Json<CycleFlowsView>, Problem> {
    let found = api.read(|union| {
        let cycle = *row(union, number)?;
        Some((cycle, (cycle.status() == CycleStatus::Open).then(|| Arc::new(union.open_flows()))))
    });
    let (cycle, so_far) = found.await?.ok_or_else(|| unknown(number))?;
    let flows = match so_far {
        Some(flows) => flows,
        None => api.closed_flows(number).await?,
    };
    Ok(Json(CycleFlowsView::new(&api.charter(), &cycle, &flows)))
}

/// Prepares the member's agreement that the open cycle closes before its time; it waits for a second person.
#[utoipa::path(post, path = "/v1/cycles/{number}/close", tag = "writes", security(("session" = [])),
    params(("number" = u32, Path, description = "The open cycle"), SaidWhy),
    responses((status = 202, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn close_cycle(
    State(api): State<Arc<Api>>,
    session: Session,
    Path(number): Path<u32>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    prepare_command(api, session, &headers, Command::CloseCycle { cycle: number }).await
}

/// Prepares the confirmation that a leg was paid to the member; it waits for a second person.
#[utoipa::path(post, path = "/v1/cycles/{number}/legs/{leg}/confirm", tag = "writes", security(("session" = [])),
    params(("number" = u32, Path, description = "The closed cycle"), ("leg" = u32, Path, description = "The leg, from 0"), SaidWhy),
    responses((status = 202, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn confirm_leg(
    State(api): State<Arc<Api>>,
    session: Session,
    Path((number, leg)): Path<(u32, u32)>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    prepare_command(api, session, &headers, Command::ConfirmLeg { cycle: number, leg }).await
}
