//! Commands of operators other than payments: decisions at once, settings by two people.

use super::payments::{problem, wait};
use crate::extract::{Received, SaidWhy, expect_media_type, idempotency_key};
use crate::operator::Role;
use crate::problem::{Kind, Problem};
use crate::route::JSON_BYTES_MAX;
use crate::service::Api;
use crate::session::Session;
use crate::sign::{BatchSigner, Record};
use crate::signatory::{Signatory, describe, none_taken, outcome_view};
use crate::text::{derived_id, parse_command};
use crate::view::OutcomeView;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;
use union::Command;

/// Gives a command. What changes a member's settings, closes a cycle, confirms a leg or releases what was held back waits for a
/// second person; other decisions about single orders do not.
#[utoipa::path(post, path = "/v1/commands", tag = "writes", security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"), SaidWhy),
    request_body = crate::text::CommandText,
    responses((status = 200, body = OutcomeView), (status = 202, body = OutcomeView, description = "Waits for a second person"),
        (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn submit_command(
    State(api): State<Arc<Api>>,
    session: Session,
    headers: HeaderMap,
    Received(body): Received<{ JSON_BYTES_MAX }>,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    expect_media_type(&headers, &["application/json"])?;
    let signatory = api.signatory(&session, Role::Maker)?;
    let text = std::str::from_utf8(&body).map_err(|_| Problem::malformed("body", "the body is not UTF-8"))?;
    let command = parse_command(&api.charter(), text)?;
    let brings_text = match &command {
        Command::ProposalText { .. } => true,
        Command::Propose(motion) => motion.text_bytes != 0,
        _ => false,
    };
    if brings_text {
        let text = "a text of the charter is proposed at /v1/proposals: the node brings it with the proposal";
        return Err(Problem::new(Kind::Rejected, text).at("command"));
    }
    if needs_second_person(&command) {
        return prepare_command(api, session, &headers, command).await;
    }
    Ok((StatusCode::OK, Json(give_command(api, session, signatory, command_record(&command)).await?)))
}

/// Whether a command changes more than one order, or lets one go that somebody held back.
fn needs_second_person(command: &Command) -> bool {
    !matches!(
        command,
        Command::Accept { .. }
            | Command::Refuse { .. }
            | Command::Cancel { .. }
            | Command::Reprioritise { .. }
            | Command::Hold { .. }
            | Command::RequestReturn { .. }
            | Command::RefuseReturn { .. }
    )
}

pub(super) fn command_record(command: &Command) -> Record {
    BatchSigner::command(1, command)
}

/// Lets a command wait for a second person.
pub(super) async fn prepare_command(
    api: Arc<Api>,
    session: Session,
    headers: &HeaderMap,
    command: Command,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    prepare_with_text(api, session, headers, command, None).await
}

/// The same; for a proposal, with the text of the charter that it comes with.
pub(super) async fn prepare_with_text(
    api: Arc<Api>,
    session: Session,
    headers: &HeaderMap,
    command: Command,
    text: Option<String>,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    api.signatory(&session, Role::Maker)?;
    let record = command_record(&command);
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Problem::internal("drawing randomness", &error))?;
    let key = idempotency_key(headers)?.map_or(&random[..], str::as_bytes);
    let id = derived_id(&[b"command", session.operator.member.as_bytes(), key]);
    let work = {
        let api = api.clone();
        async move {
            let act = api.begin(&session, "prepare", describe(&api.charter(), &record)).await?;
            let waiting = api.clone();
            let added = tokio::task::spawn_blocking(move || wait(&waiting, &session, id, &record, text)).await;
            let outcome = added.map_err(|error| Problem::internal("writing an approval down", &error))?;
            api.end(act, serde_json::json!([outcome.approval, outcome.outcome])).await;
            Ok(outcome)
        }
    };
    let outcome = api.answer_in_time(work).await?;
    if outcome.is_rejected() { Err(problem(outcome)) } else { Ok((StatusCode::ACCEPTED, Json(outcome))) }
}

/// Signs a command for an operator, and waits for its outcome.
pub(super) async fn give_command(
    api: Arc<Api>,
    session: Session,
    signatory: Arc<Signatory>,
    record: Record,
) -> Result<OutcomeView, Problem> {
    let work = {
        let api = api.clone();
        async move {
            let act = api.begin(&session, "command", describe(&api.charter(), &record)).await?;
            let done = signatory.act(&api.node, vec![record]).await;
            let outcome = outcome_view(&done[0]);
            api.end(act, serde_json::json!([outcome.id, outcome.outcome, outcome.reason])).await;
            none_taken(&done).map_or(Ok(outcome), Err)
        }
    };
    let outcome = api.answer_in_time(work).await?;
    // An order that its receiver refuses is a refusal that went well.
    if outcome.is_rejected() { Err(problem(outcome)) } else { Ok(outcome) }
}
