//! Runs over the queue.

use crate::extract::Parameters;
use crate::problem::Problem;
use crate::service::Api;
use crate::view::{QueueForecastView, QueueRunView};
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

/// The next run.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct NextRunView {
    /// Null where the charter has orders settled one by one only: there are no runs.
    next_run: Option<QueueForecastView>,
}

/// What the next run over the queue would settle if nothing changed until then, and what could settle at most: found as the run
/// itself will, on a copy. Under constant change it may be of some blocks ago, see `height`.
#[utoipa::path(get, path = "/v1/queue-runs/next", tag = "cycles",
    responses((status = 200, body = NextRunView), (status = "5XX", body = Problem)))]
pub(super) async fn next_run(State(api): State<Arc<Api>>) -> Result<Json<NextRunView>, Problem> {
    Ok(Json(NextRunView { next_run: api.forecast().await? }))
}
