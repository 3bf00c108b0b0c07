//! Statements of members.

use crate::extract::{MaybeSession, Parameters};
use crate::iso::{TellError, statement_message};
use crate::problem::Problem;
use crate::service::Api;
use crate::session::Session;
use crate::view::StatementView;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use network::NodeError;
use serde::Deserialize;
use std::sync::Arc;
use union::{Day, Period};
use utoipa::IntoParams;

/// Whose statement, and for when: a day or a cycle.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Code of the member.
    member: String,
    /// A day on the union's clock, `YYYY-MM-DD`.
    day: Option<String>,
    /// Number of a cycle.
    cycle: Option<u32>,
    /// `json`, which is the default, `csv`, `text`, or `camt053`: an ISO 20022 message, which is a camt.052 while the period is not over.
    format: Option<String>,
}

/// A member's statement: opening balance, every booking, closing balance, for its position and each account. Made by
/// replaying the journal from genesis, so that every balance is a sum of entries. In a message, payments have their customers' identifiers for
/// operators of the member alone.
#[utoipa::path(get, path = "/v1/statements", tag = "statements", params(Wanted),
    responses((status = 200, content((StatementView = "application/json"), (String = "text/csv"), (String = "text/plain"), (String = "application/xml"))),
        (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn statement(
    State(api): State<Arc<Api>>,
    MaybeSession(session): MaybeSession,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    let member = api.member("member", &wanted.member)?;
    let format = wanted.format.as_deref().unwrap_or("json");
    if !["json", "csv", "text", "camt053"].contains(&format) {
        return Err(Problem::malformed("format", "format is json, csv, text or camt053"));
    }
    let period = match (&wanted.day, wanted.cycle) {
        (Some(day), None) => {
            Period::Day(Day::parse(day).map_err(|error| Problem::malformed("day", error.to_string()))?)
        }
        (None, Some(cycle)) => {
            let cycles = api.read(|union| union.cycles().len()).await?;
            if cycle == 0 || cycle as usize > cycles {
                return Err(
                    Problem::not_found(format!("there is no cycle {cycle}: cycles are 1 to {cycles}")).at("cycle")
                );
            }
            Period::Cycle(cycle)
        }
        _ => return Err(Problem::malformed("day", "a statement is for a day or for a cycle; name one of them")),
    };
    if format == "camt053" {
        return message(&api, session.as_ref(), member, period).await;
    }
    let made = api.walk_journal(move |api| {
        let until = api.node.durable_height();
        network::statement(api.node.directory(), member, period, until)
            .map(|statement| StatementView::new(&api.charter(), &statement))
    });
    let view = made.await?.map_err(unmade)?;
    Ok(match format {
        "csv" => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], view.to_csv()).into_response(),
        "text" => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], view.to_text()).into_response(),
        _ => Json(view).into_response(),
    })
}

/// The statement as an ISO 20022 message.
async fn message(api: &Arc<Api>, session: Option<&Session>, member: u16, period: Period) -> Result<Response, Problem> {
    let key = api.key_of(session, member);
    let made = api.walk_journal(move |api| {
        let (data, until) = (api.node.directory(), api.node.durable_height());
        statement_message(data, member, api.iso.clone(), key, period, until)
    });
    let made = made.await?.map_err(|error| match error {
        TellError::Node(error) => unmade(error),
        error => Problem::internal("making the statement", &error),
    })?;
    Ok(([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], made.text).into_response())
}

fn unmade(error: NodeError) -> Problem {
    match error {
        NodeError::Period(text) => Problem::not_found(text).at("day"),
        error => Problem::internal("making the statement", &error),
    }
}
