//! What waits for a second person, and the second person.

use super::orders::detail;
use super::payments::problem;
use crate::approval::{Approval, ApprovalView};
use crate::extract::SaidWhy;
use crate::operator::Role;
use crate::problem::{Kind, Problem};
use crate::proposing::{Proposed, propose};
use crate::service::Api;
use crate::session::Session;
use crate::signatory::{Signatory, describe, none_taken, outcome_view};
use crate::view::OutcomeView;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use union::{Command, Union};
use utoipa::ToSchema;

/// What waits at a member.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct ApprovalsView {
    /// The oldest first.
    approvals: Vec<ApprovalView>,
}

/// What waits for a second person at the member of the session.
#[utoipa::path(get, path = "/v1/approvals", tag = "approvals", security(("session" = [])),
    responses((status = 200, body = ApprovalsView), (status = 401, body = Problem)))]
pub(super) async fn approvals(State(api): State<Arc<Api>>, session: Session) -> Result<Json<ApprovalsView>, Problem> {
    let today = api.read(Union::today).await?;
    let approvals = api.approvals.list(session.member, today);
    let view = |union: &Union, approval: &Approval| {
        approval.view(union, |record| match Command::decode(&record.bytes) {
            Ok(Command::Pay(payment)) => detail(&api, &session, &payment, record.detail.as_deref()?),
            _ => None,
        })
    };
    let approvals = api.node.peek(|union| approvals.iter().map(|approval| view(union, approval)).collect());
    Ok(Json(ApprovalsView { approvals }))
}

/// A checker of the member who did not prepare it takes it in hand.
async fn take(api: &Api, session: &Session, id: &str) -> Result<(Approval, Arc<Signatory>), Problem> {
    let signatory = api.signatory(session, Role::Checker)?;
    let today = api.read(Union::today).await?;
    let approval = api.approvals.take_in_hand(id, session.member, today)?;
    if approval.prepared_by == session.operator.name {
        api.approvals.put_back(id);
        return Err(Problem::new(Kind::Forbidden, "whoever prepared it cannot decide about it: four eyes"));
    }
    Ok((approval, signatory))
}

/// Approves what somebody else prepared: the node signs and submits it. Approving twice cannot pay twice.
#[utoipa::path(post, path = "/v1/approvals/{id}/approve", tag = "approvals", security(("session" = [])),
    params(("id" = String, Path, description = "The approval"), SaidWhy),
    responses((status = 200, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn approve(
    State(api): State<Arc<Api>>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Json<OutcomeView>, Problem> {
    let (approval, signatory) = take(&api, &session, &id).await?;
    let work = give_approved(api.clone(), session, signatory, approval);
    let outcome = api.answer_in_time(work).await?;
    if !outcome.is_taken() { Err(problem(outcome)) } else { Ok(Json(outcome)) }
}

async fn give_approved(
    api: Arc<Api>,
    session: Session,
    signatory: Arc<Signatory>,
    approval: Approval,
) -> Result<OutcomeView, Problem> {
    let record = approval.record().expect("it was read when it was taken in");
    let of = json!({"approval": approval.id, "prepared_by": approval.prepared_by, "what": describe(&api.charter(), &record)});
    let act = match api.begin(&session, "approve", of).await {
        Ok(act) => act,
        Err(problem) => {
            api.approvals.put_back(&approval.id);
            return Err(problem);
        }
    };
    let (done, outcome) = match Command::decode(&record.bytes) {
        Ok(Command::Propose(motion)) => {
            let text = approval.text.as_deref().unwrap_or_default();
            let Proposed { done, number, already_done } =
                propose(&signatory, &api.node, record, &motion, text.as_bytes()).await;
            let outcome = OutcomeView { proposal: number, already_done, ..outcome_view(&done) };
            (done, outcome)
        }
        _ => {
            let done = signatory.act(&api.node, vec![record]).await.remove(0);
            let outcome = outcome_view(&done);
            (done, outcome)
        }
    };
    match &done.1 {
        // The union has decided, whatever it decided.
        Ok(_) => api.approvals.done(&approval.id),
        Err(_) => api.approvals.put_back(&approval.id),
    }
    api.end(act, json!([outcome.id, outcome.outcome, outcome.reason])).await;
    none_taken(&[done]).map_or(Ok(outcome), Err)
}

/// Rejects what somebody else prepared. Nothing is signed.
#[utoipa::path(post, path = "/v1/approvals/{id}/reject", tag = "approvals", security(("session" = [])),
    params(("id" = String, Path, description = "The approval"), SaidWhy),
    responses((status = 204), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn reject(
    State(api): State<Arc<Api>>,
    session: Session,
    Path(id): Path<String>,
) -> Result<axum::http::StatusCode, Problem> {
    let (approval, _) = take(&api, &session, &id).await?;
    let work = {
        let api = api.clone();
        async move {
            let of = json!({"approval": approval.id, "prepared_by": approval.prepared_by});
            match api.begin(&session, "reject", of).await {
                Ok(act) => {
                    api.approvals.done(&approval.id);
                    api.end(act, "rejected".into()).await;
                    Ok(())
                }
                Err(problem) => {
                    api.approvals.put_back(&approval.id);
                    Err(problem)
                }
            }
        }
    };
    api.answer_in_time(work).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
