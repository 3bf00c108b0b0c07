//! ISO 20022 messages over HTTP.

use super::commands::give_command;
use super::payments::{Read, give_orders};
use crate::extract::{Received, expect_media_type};
use crate::iso::{Known, Outgoing, Prepared, Step, answers, check_signature, prepare, refusal, unreadable};
use crate::operator::Role;
use crate::problem::{Kind, Problem};
use crate::route::ORDERS_BYTES_MAX;
use crate::service::Api;
use crate::session::Session;
use crate::signatory::Signatory;
use crate::view::OutcomeView;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use iso20022::outbound::{ENVELOPE_NAMESPACE, WriteError, Writer};
use iso20022::{Directory, Head, Incoming, Limits, Messages, Reader, survey};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use union::BATCH_COMMANDS_MAX;

const XML: &str = "application/xml";

/// Header with a detached signature on the body.
const SIGNATURE: &str = "comity-signature";

/// Messages that were read, and what is to be done about each transaction.
struct Work {
    directory: Directory,
    messages: Vec<(Head, Vec<Prepared>)>,
    /// Answers that are known already.
    answered: Vec<Outgoing>,
}

/// Takes ISO 20022 messages (pacs.008, pacs.009, pacs.004, camt.056, camt.029, pacs.028, camt.050; each with or without a header,
/// one or many in any envelope) and answers with messages: pacs.002, camt.029, camt.025, admi.002, admi.007. The node signs orders with
/// the member's key; those at or above the member's threshold wait for a second person. Messages that are sent again do
/// nothing twice. Several answers come in one element `Envelopes`. Where the charter or the node's settings ask for signed messages, the header
/// `Comity-Signature` has one on the body, as `comity iso sign` makes them.
#[utoipa::path(post, path = "/iso20022", tag = "writes", security(("session" = [])),
    request_body(content((String = "application/xml"), (String = "text/xml")), description = "At most 8,190 transactions in 8 MiB"),
    responses((status = 200, body = String, content_type = "application/xml", description = "The answers"),
        (status = "4XX", body = Problem), (status = 503, body = Problem), (status = 504, body = Problem)))]
pub(super) async fn messages(
    State(api): State<Arc<Api>>,
    session: Session,
    headers: HeaderMap,
    Received(body): Received<{ ORDERS_BYTES_MAX }>,
) -> Result<impl IntoResponse, Problem> {
    let signatory = api.signatory(&session, Role::Maker)?;
    expect_media_type(&headers, &[XML, "text/xml"])?;
    expect_signature(&api, signatory.member, &headers, &body)?;
    let (reading, by) = (api.clone(), signatory.clone());
    let read = tokio::task::spawn_blocking(move || read(&reading, &by, &body));
    let work = read.await.map_err(|error| Problem::internal("reading the messages", &error))??;
    let doing = act(api.clone(), session, signatory, work);
    let answers = api.answer_in_time(doing).await?;
    Ok(([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], envelopes(&answers)))
}

/// Refuses messages without a signature that counts, where they need one.
fn expect_signature(api: &Api, member: u16, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let signers = api.iso.signers(&api.charter(), member);
    if signers.is_empty() {
        return Ok(());
    }
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let checked = match signature {
        Some(signature) => check_signature(&signers, Sha256::digest(body).into(), signature),
        None => Err("is missing, but messages have to be signed"),
    };
    let refused = |why| Problem::new(Kind::Rejected, format!("the header {SIGNATURE} {why}")).at(SIGNATURE);
    checked.map_err(|why| refused(why).because("DS0H"))
}

/// One answer as it is, several in an element around them.
fn envelopes(answers: &[Outgoing]) -> String {
    if let [only] = answers {
        return only.text.clone();
    }
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Envelopes xmlns=\"{ENVELOPE_NAMESPACE}\">\n");
    for answer in answers {
        let after_declaration = answer.text.split_once("?>\n").map_or(answer.text.as_str(), |(_, rest)| rest);
        text.push_str(after_declaration);
    }
    text.push_str("</Envelopes>\n");
    text
}

fn unsayable(error: WriteError) -> Problem {
    Problem::internal("writing an answer", &error)
}

fn read(api: &Api, signatory: &Signatory, body: &[u8]) -> Result<Work, Problem> {
    let (charter, member) = (&api.charter(), signatory.member);
    let named = api.iso.directory(charter);
    let mut directory = named.map_err(|error| Problem::internal("naming the members", &error))?;
    let (today, time_ms) = api.node.peek(|union| {
        union.participants().iter().for_each(|participant| directory.add(participant));
        (union.today(), union.time_ms())
    });
    let reader = Reader { charter, directory: &directory, member, today };
    let writer = Writer { charter, directory: &directory, member, edition: api.iso.edition };
    let surveyed = survey(body, Limits::FILE, Some(reader));
    let mut answered = Vec::new();
    let mut messages: Vec<(Head, Vec<Prepared>)> = Vec::new();
    if let Some(fault) = &surveyed.unreadable {
        answered.push(unreadable(&writer, "NONREF", fault, time_ms).map_err(unsayable)?);
    } else if surveyed.transactions > BATCH_COMMANDS_MAX as u64 {
        let text = format!("more than the {BATCH_COMMANDS_MAX} transactions of one request; split them");
        return Err(Problem::new(Kind::TooLarge, text).at("body"));
    } else {
        let signer = signatory.signer(charter);
        let mut incoming = Messages::new(body, Limits::FILE, Some(reader));
        let mut place = 1;
        while let Ok(Some(next)) = incoming.next() {
            match next {
                Incoming::Message(head) if !surveyed.refused.contains_key(&place) => messages.push((head, Vec::new())),
                Incoming::Transaction(transaction) if !surveyed.refused.contains_key(&place) => {
                    let known = |order| Ok::<_, Infallible>(api.node.peek(|union| Known::of(union, order)));
                    let Ok(prepared) = prepare(&signer, charter, member, transaction, known);
                    messages.last_mut().expect("a message begins before its transactions").1.push(prepared);
                }
                Incoming::Message(_) | Incoming::Transaction(_) => {}
                Incoming::End(_) => {
                    if let Some(refused) = surveyed.refused.get(&place) {
                        answered.push(refusal(&writer, refused, time_ms).map_err(unsayable)?);
                    }
                    place += 1;
                }
            }
        }
    }
    Ok(Work { directory, messages, answered })
}

async fn act(api: Arc<Api>, session: Session, signatory: Arc<Signatory>, work: Work) -> Result<Vec<Outgoing>, Problem> {
    let Work { directory, messages, mut answered } = work;
    let all = || messages.iter().flat_map(|(_, prepared)| prepared);
    let mut read: Read = Vec::new();
    for (line, prepared) in (1..).zip(all()) {
        if let Step::Send(send) = &prepared.step {
            let mut record = send.1.clone();
            record.line = line;
            read.push(Ok((send.0, record)));
        }
    }
    let mut outcomes: BTreeMap<u64, OutcomeView> = BTreeMap::new();
    if !read.is_empty() {
        let given = give_orders(api.clone(), session.clone(), signatory.clone(), read).await?;
        outcomes.extend(given.into_iter().map(|outcome| (outcome.line, outcome)));
    }
    for (line, prepared) in (1..).zip(all()) {
        if let Step::Cancel(record) | Step::Refuse(record) = &prepared.step {
            let given = give_command(api.clone(), session.clone(), signatory.clone(), record.clone()).await;
            outcomes.insert(line, given.unwrap_or_else(|problem| rejected(line, problem)));
        }
    }
    let time_ms = api.node.peek(|union| union.time_ms());
    let member = signatory.member;
    let charter = &api.charter();
    let writer = Writer { charter, directory: &directory, member, edition: api.iso.edition };
    let mut line = 0;
    for (place, (head, prepared)) in (0..).zip(&messages) {
        let told = |prepared: &Prepared| {
            line += 1;
            (prepared.transaction.clone(), prepared.told(outcomes.get(&line)))
        };
        let told: Vec<_> = prepared.iter().map(told).collect();
        answered.extend(answers(&writer, head, place, time_ms, &told).map_err(unsayable)?);
    }
    Ok(answered)
}

fn rejected(line: u64, problem: Problem) -> OutcomeView {
    OutcomeView {
        line,
        id: problem.order,
        proposal: None,
        outcome: "rejected".to_owned(),
        already_done: false,
        reason: problem.reason,
        field: problem.field,
        text: Some(problem.detail),
        approval: None,
    }
}
