//! The union and the node itself.

use crate::problem::{Kind, Problem};
use crate::route::DOCUMENT;
use crate::service::Api;
use crate::view::{OutlookView, UnionView};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use network::Standing;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The union: who it is, who its members are, and how far it has come.
#[utoipa::path(get, path = "/v1/union", tag = "union", responses((status = 200, body = UnionView), (status = "5XX", body = Problem)))]
pub(super) async fn union(State(api): State<Arc<Api>>) -> Result<Json<UnionView>, Problem> {
    Ok(Json(api.read(UnionView::new).await?))
}

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct HealthView {
    /// `ok`.
    status: String,
    /// Height up to which blocks are durable.
    height: u64,
}

/// Whether the process answers.
#[utoipa::path(get, path = "/health", tag = "node", responses((status = 200, body = HealthView)))]
pub(super) async fn health(State(api): State<Arc<Api>>) -> Json<HealthView> {
    Json(HealthView { status: "ok".to_owned(), height: api.node.durable_height() })
}

/// So many final blocks a node may be about to apply and still count as ready.
const BEHIND_MAX: u64 = 16;

/// That a node takes batches, and what it and its member have to expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct ReadyView {
    #[serde(flatten)]
    health: HealthView,
    #[serde(flatten)]
    outlook: OutlookView,
}

/// Whether the node takes batches: it has not failed, and among several it is connected to a quorum and has caught up. Also
/// whether it votes on blocks, on which proposals its member has still to vote, and what somebody has to do something about.
#[utoipa::path(get, path = "/ready", tag = "node", responses((status = 200, body = ReadyView), (status = 503, body = Problem)))]
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Result<Json<ReadyView>, Problem> {
    if api.node.has_failed() {
        return Err(Problem::new(Kind::Busy, "the journal failed: this node takes nothing until it is started again"));
    }
    if *api.stopping.borrow() {
        return Err(Problem::new(Kind::Busy, "the node is shutting down"));
    }
    if let Some(Standing { nodes, quorum, connected, behind, .. }) = api.node.standing() {
        if connected < quorum {
            let text = format!(
                "of {nodes} nodes this one is connected with {connected}, itself included; {quorum} agree on a block"
            );
            return Err(Problem::new(Kind::Busy, text));
        }
        if behind > BEHIND_MAX {
            return Err(Problem::new(Kind::Busy, format!("this node is {behind} final blocks behind and catches up")));
        }
    }
    let health = HealthView { status: "ok".to_owned(), height: api.node.durable_height() };
    Ok(Json(ReadyView { health, outlook: api.outlook() }))
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "node", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(api): State<Arc<Api>>) -> Result<impl IntoResponse, Problem> {
    let text = api
        .metrics
        .text(api.approvals.count(), &api.outlook())
        .map_err(|error| Problem::internal("writing metrics", &error))?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "node", responses((status = 200, body = Object)))]
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
