//! Proposals: what the members are to decide, how the votes stand, and the texts that come with them.

use super::charters::as_toml;
use super::commands::prepare_with_text;
use crate::extract::{Parameters, Received, SaidWhy, json};
use crate::operator::Role;
use crate::problem::{Kind, Problem};
use crate::route::TEXT_BYTES_MAX;
use crate::service::Api;
use crate::session::Session;
use crate::text::{CommandText, Propose};
use crate::view::{OutcomeView, ProposalView, hex};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use union::{Command, Motion, ProposalStatus, Union};
use utoipa::{IntoParams, ToSchema};

/// Proposals of a page, unless fewer are asked for.
const PAGE_MAX: usize = 100;

/// Proposals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalsView {
    /// The newest first.
    pub proposals: Vec<ProposalView>,
    /// Cursor of the next page; null after the last.
    pub next: Option<u32>,
}

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only those that have come so far: `draft`, `open`, `carried`, `rejected`, `withdrawn`, `in force` or `lapsed`.
    status: Option<String>,
    /// What the page before named as `next`.
    cursor: Option<u32>,
    /// Proposals at most; 100 if not given, and no more.
    limit: Option<usize>,
}

const STATUSES: [ProposalStatus; 7] = [
    ProposalStatus::Draft,
    ProposalStatus::Open,
    ProposalStatus::Carried,
    ProposalStatus::Rejected,
    ProposalStatus::Withdrawn,
    ProposalStatus::InForce,
    ProposalStatus::Lapsed,
];

fn status(name: &str) -> Result<ProposalStatus, Problem> {
    STATUSES.into_iter().find(|status| status.name() == name).ok_or_else(|| {
        let text = format!("status is {}", STATUSES.map(ProposalStatus::name).join(", "));
        Problem::malformed("status", text)
    })
}

/// Proposals, the newest first, with the votes on them.
#[utoipa::path(get, path = "/v1/proposals", tag = "proposals", params(Which),
    responses((status = 200, body = ProposalsView), (status = "4XX", body = Problem)))]
pub(super) async fn proposals(
    State(api): State<Arc<Api>>,
    Parameters(which): Parameters<Which>,
) -> Result<Json<ProposalsView>, Problem> {
    let status = which.status.as_deref().map(status).transpose()?;
    let (from, limit) = (which.cursor.unwrap_or(u32::MAX), which.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX));
    let view = api.read(|union| {
        let rows = union.proposals().iter().rev().filter(|proposal| proposal.number <= from);
        let mut page: Vec<_> =
            rows.filter(|proposal| status.is_none_or(|status| status == proposal.status())).take(limit + 1).collect();
        let next = (page.len() > limit).then(|| page.pop().map(|proposal| proposal.number)).flatten();
        ProposalsView { proposals: page.into_iter().map(|proposal| ProposalView::new(union, proposal)).collect(), next }
    });
    Ok(Json(view.await?))
}

fn unknown(number: u32) -> Problem {
    Problem::not_found(format!("there is no proposal {number}; /v1/proposals lists them")).at("number")
}

fn find(union: &Union, number: u32) -> Option<&union::Proposal> {
    union.proposals().get(number.checked_sub(1)? as usize)
}

/// A proposal, with the votes of the members that may vote now.
#[utoipa::path(get, path = "/v1/proposals/{number}", tag = "proposals",
    params(("number" = u32, Path, description = "1 for the first")),
    responses((status = 200, body = ProposalView), (status = 404, body = Problem)))]
pub(super) async fn proposal(
    State(api): State<Arc<Api>>,
    Path(number): Path<u32>,
) -> Result<Json<ProposalView>, Problem> {
    let view = api.read(|union| find(union, number).map(|proposal| ProposalView::new(union, proposal)));
    Ok(Json(view.await?.ok_or_else(|| unknown(number))?))
}

/// The text of the charter that a proposal comes with, byte for byte: of one that is not decided yet, or that is or was in force.
#[utoipa::path(get, path = "/v1/proposals/{number}/text", tag = "proposals",
    params(("number" = u32, Path, description = "1 for the first")),
    responses((status = 200, body = String, content_type = "application/toml"), (status = 404, body = Problem),
        (status = 410, body = Problem, description = "It was not carried, and the text is forgotten")))]
pub(super) async fn text(State(api): State<Arc<Api>>, Path(number): Path<u32>) -> Result<impl IntoResponse, Problem> {
    let found = api.read(|union| {
        let proposal = find(union, number)?;
        Some((proposal.kind(), proposal.status(), union.proposal_text(number).map(<[u8]>::to_vec)))
    });
    let (kind, status, text) = found.await?.ok_or_else(|| unknown(number))?;
    let of = format!("proposal {number} ({}, {})", kind.name(), status.name());
    match text {
        Some(text) if status != ProposalStatus::Draft => Ok(as_toml(text)),
        Some(_) => Err(Problem::not_found(format!("the text of {of} is not complete yet")).at("number")),
        None if !kind.has_text() => Err(Problem::not_found(format!("{of} comes without a text")).at("number")),
        None => {
            let text = format!("the union keeps no text of {of}; the journal has it");
            Err(Problem::new(Kind::Gone, text).at("number"))
        }
    }
}

/// What is proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeRequest {
    /// `amend`, `admit`, `suspend`, `readmit`, `expel` or `upgrade`.
    pub kind: String,
    /// The member that it is about, by code, where it is to be suspended, readmitted or expelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Votes count up to this time, RFC 3339 in UTC: `2026-03-31T12:00:00Z`.
    pub deadline: String,
    /// Not in force before this day, `YYYY-MM-DD`; without it as soon as it is carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_day: Option<String>,
    /// The whole new text of the charter, where it is to be amended or a member admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The version of the rules, for an upgrade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u32>,
    /// Signature of the member to be admitted over this text, hexadecimal: `comity accede` makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accession: Option<String>,
}

impl ProposeRequest {
    fn read(&self, api: &Api) -> Result<Motion, Problem> {
        let charter = api.charter();
        let rejected = |field: &str, text: String| Problem::new(Kind::Rejected, text).at(field).because("FF01");
        let text = match self.text.as_deref() {
            None => None,
            Some(text) => Some(charter.followed_by(text).map_err(|error| rejected("text", error.to_string()))?),
        };
        let command = CommandText::from(Propose {
            kind: self.kind.clone(),
            subject: self.subject.clone(),
            deadline: self.deadline.clone(),
            from_day: self.from_day.clone(),
            protocol: self.protocol,
            text_bytes: text.as_ref().map(|text| text.text().len() as u32),
            text_hash: text.as_ref().map(|text| hex(&text.text_hash())),
            accession: self.accession.clone(),
        });
        let command = command.read(&charter).map_err(|error| rejected(&error.field, error.problem))?;
        let Command::Propose(motion) = command else { unreachable!("a proposal was written") };
        if motion.kind.has_text() != text.is_some() {
            let text = "amend and admit come with the whole new text of the charter, the others come without";
            return Err(rejected("text", text.to_owned()));
        }
        if let Some(text) = text {
            // The union checks it again; here nobody's second person is troubled with what it would not take.
            union::check_amendment(&charter, motion.kind, text.text(), &motion.text_hash, &motion.accession)
                .map_err(|text| rejected("text", text.to_owned()))?;
        }
        Ok(motion)
    }
}

/// Prepares a proposal; it waits for a second person. With that person's consent the node makes it and brings the text.
#[utoipa::path(post, path = "/v1/proposals", tag = "writes", security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"), SaidWhy),
    request_body = ProposeRequest,
    responses((status = 202, body = OutcomeView), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn propose(
    State(api): State<Arc<Api>>,
    session: Session,
    headers: HeaderMap,
    Received(body): Received<{ TEXT_BYTES_MAX }>,
) -> Result<(StatusCode, Json<OutcomeView>), Problem> {
    api.signatory(&session, Role::Maker)?;
    let request: ProposeRequest = json(&headers, &body)?;
    let motion = request.read(&api)?;
    prepare_with_text(api, session, &headers, Command::Propose(motion), request.text).await
}
