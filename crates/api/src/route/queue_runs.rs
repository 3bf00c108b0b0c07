//! Runs over the queue.

use crate::extract::Parameters;
use crate::problem::Problem;
use crate::service::Api;
use crate::view::QueueRunView;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Runs over the queue.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct QueueRunsView {
    /// The latest first.
    queue_runs: Vec<QueueRunView>,
}

/// How many runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfRuns {
    /// Runs at most; 100 if not given, and no more than 1,000.
    limit: Option<usize>,
}

/// Runs shown unless a number is asked for, and at most.
const RUNS: (usize, usize) = (100, 1_000);

/// The latest runs over the queue, where the charter has orders settled together: what each considered, tried and
/// settled, and what could have settled at most. All runs ever are events, see `/v1/events`.
#[utoipa::path(get, path = "/v1/queue-runs", tag = "cycles", params(OfRuns),
    responses((status = 200, body = QueueRunsView), (status = "4XX", body = Problem)))]
pub(super) async fn queue_runs(
    State(api): State<Arc<Api>>,
    Parameters(of): Parameters<OfRuns>,
) -> Result<Json<QueueRunsView>, Problem> {
    let limit = of.limit.unwrap_or(RUNS.0).min(RUNS.1);
    let view = api.read(|union| QueueRunsView {
        queue_runs: union
            .queue_runs()
            .iter()
            .rev()
            .take(limit)
            .map(|run| QueueRunView::new(union.charter(), run))
            .collect(),
    });
    Ok(Json(view.await?))
}
