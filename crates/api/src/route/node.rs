//! The union and the node itself.

use crate::problem::Problem;
use crate::route::DOCUMENT;
use crate::service::Api;
use crate::view::{OutlookView, UnionView};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
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

/// How a node stands among the members' nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct NetworkView {
    /// Nodes that there are, this one included.
    nodes: usize,
    /// So many of them agree on a block.
    quorum: usize,
    /// So many this one is connected with, itself included.
    connected: usize,
    /// Final blocks that it has still to apply.
    behind: u64,
}

/// That a node takes batches, and what it and its member have to expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct ReadyView {
    #[serde(flatten)]
    health: HealthView,
    #[serde(flatten)]
    outlook: OutlookView,
    /// Code of the member whose node this is; null where one node orders alone.
    member: Option<String>,
    /// Null where one node orders alone.
    network: Option<NetworkView>,
}

/// Why a node takes no batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum NotReady {
    /// Its journal failed: it takes nothing until it is started again.
    Failed,
    /// It is shutting down.
    Stopping,
    /// It is connected with fewer nodes than agree on a block.
    NoQuorum,
    /// It has many final blocks still to apply.
    Behind,
}

/// That a node takes no batches, and why: in words, as a code for programs, and how it stands among the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct NotReadyView {
    #[serde(flatten)]
    problem: Problem,
    code: NotReady,
    /// Code of the member whose node this is; null where one node orders alone.
    member: Option<String>,
    /// Null where one node orders alone.
    network: Option<NetworkView>,
}

impl NotReady {
    /// What keeps a node from taking batches, if anything does.
    fn of(api: &Api, network: Option<NetworkView>) -> Option<NotReady> {
        match network {
            _ if api.node.has_failed() => Some(NotReady::Failed),
            _ if *api.stopping.borrow() => Some(NotReady::Stopping),
            Some(found) if found.connected < found.quorum => Some(NotReady::NoQuorum),
            Some(found) if found.behind > BEHIND_MAX => Some(NotReady::Behind),
            _ => None,
        }
    }

    fn text(self, network: Option<NetworkView>) -> String {
        match (self, network) {
            (NotReady::NoQuorum, Some(NetworkView { nodes, quorum, connected, .. })) => {
                format!(
                    "of {nodes} nodes this one is connected with {connected}, itself included; {quorum} agree on a block"
                )
            }
            (NotReady::Behind, Some(NetworkView { behind, .. })) => {
                format!("this node is {behind} final blocks behind and catches up")
            }
            (NotReady::Stopping, _) => "the node is shutting down".to_owned(),
            _ => "the journal failed: this node takes nothing until it is started again".to_owned(),
        }
    }
}

/// Whether the node takes batches: it has not failed, and among several it is connected to a quorum and has caught up. Also
/// whether it votes on blocks, on which proposals its member has still to vote, and what somebody has to do something about.
#[utoipa::path(get, path = "/ready", tag = "node", responses((status = 200, body = ReadyView), (status = 503, body = NotReadyView)))]
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Response {
    let standing = api.node.standing();
    let network = standing.map(|Standing { nodes, quorum, connected, behind, .. }| NetworkView {
        nodes,
        quorum,
        connected,
        behind,
    });
    let member = api.own_member().map(str::to_owned);
    if let Some(code) = NotReady::of(&api, network) {
        let problem = Problem::busy(code.text(network));
        let mut response = problem.clone().into_response();
        let body = serde_json::to_vec(&NotReadyView { problem, code, member, network }).expect("it has a JSON form");
        *response.body_mut() = body.into();
        return response;
    }
    let health = HealthView { status: "ok".to_owned(), height: api.node.durable_height() };
    Json(ReadyView { health, outlook: api.outlook(), member, network }).into_response()
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
