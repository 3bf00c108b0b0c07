//! What happens, as it becomes final: server-sent events.

use crate::extract::Parameters;
use crate::problem::Problem;
use crate::recent::Next;
use crate::service::Api;
use crate::view::EventView;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use network::Replay;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use union::{Applied, Union};
use utoipa::IntoParams;

/// Events that wait for a slow reader.
const WAITING_MAX: usize = 256;
/// A reader that takes nothing for this long is cut off.
const STALLED: Duration = Duration::from_secs(30);

/// A place in the stream of events: block, and event in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    height: u64,
    index: u64,
}

impl Place {
    fn parse(text: &str) -> Option<Place> {
        let (height, index) = text.split_once('-')?;
        Some(Place { height: height.parse().ok()?, index: index.parse().ok()? })
    }

    /// After all events of a block.
    fn after(height: u64) -> Place {
        Place { height, index: u64::MAX }
    }
}

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// Id of the last event that was seen; as the header `Last-Event-ID`, which comes first. `0-0` is before all.
    after: Option<String>,
}

/// Every order event, transfer and cycle event of final blocks, as server-sent events: `id` is `height-index`, `event` the
/// kind, `data` JSON. After an interruption the stream goes on after `Last-Event-ID`, if need be from the journal. A
/// reader that is too slow gets an event `lagged` and is cut off; it may come back with the last id that it saw.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    params(From, ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that was seen")),
    responses((status = 200, body = EventView, content_type = "text/event-stream"), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn events(
    State(api): State<Arc<Api>>,
    Parameters(from): Parameters<From>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let wrong = || Problem::malformed("last-event-id", "an event's id is a block and a place in it, such as 12-0");
    let last = match headers.get("last-event-id") {
        Some(value) => Some(value.to_str().ok().and_then(Place::parse).ok_or_else(wrong)?),
        None => from.after.as_deref().map(|text| Place::parse(text).ok_or_else(wrong)).transpose()?,
    };
    let durable = api.node.durable_height();
    let seen = last.unwrap_or(Place::after(durable));
    if last.is_some_and(|last| last.height > durable) {
        return Err(Problem::malformed("last-event-id", format!("there is no block {} yet", seen.height)));
    }
    let permit = api.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Problem::busy("as many event streams are open as the node serves"))?;
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        api.metrics.streams.inc();
        follow(&api, seen, sender).await;
        api.metrics.streams.dec();
        drop(permit);
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default()))
}

type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// The reader is gone, or was cut off.
struct Ended;

async fn send(sender: &Sender, event: Event) -> Result<(), Ended> {
    match tokio::time::timeout(STALLED, sender.send(Ok(event))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended),
    }
}

/// The events of a block after a place.
fn rendered(union: &Union, applied: &Applied, seen: Place) -> Vec<Event> {
    let events = applied.events.iter().zip(0..).map(|(event, index)| (event, Place { height: applied.height, index }));
    // `0-0` is before all; otherwise an id names an event that was seen.
    let wanted = events.filter(|(_, place)| *place > seen);
    wanted
        .map(|(event, Place { height, index })| {
            let view = EventView::new(union, event);
            let data = serde_json::to_string(&view).expect("an event has a JSON form");
            Event::default().id(format!("{height}-{index}")).event(view.name()).data(data)
        })
        .collect()
}

async fn follow(api: &Arc<Api>, mut seen: Place, sender: Sender) {
    let mut reached = api.recent.watch();
    let mut stopping = api.stopping.subscribe();
    // The block of the last event may hold further ones.
    let mut height = if seen.index == u64::MAX { seen.height } else { seen.height.saturating_sub(1) };
    let mut is_first = true;
    loop {
        reached.mark_unchanged();
        match api.recent.after(height) {
            Next::Block(block) => {
                height = block.applied.height;
                for event in api.node.peek(|union| rendered(union, &block.applied, seen)) {
                    if send(&sender, event).await.is_err() {
                        return;
                    }
                }
            }
            Next::Nothing => tokio::select! {
                _ = sender.closed() => return,
                _ = stopping.wait_for(|stopping| *stopping) => return,
                changed = reached.changed() => if changed.is_err() { return },
            },
            // What a newcomer asks for may be old, and is read from the journal; who was here before is too slow.
            Next::Gone if is_first => match replay(api, seen, sender.clone()).await {
                Ok(until) => (height, seen) = (until, Place::after(until)),
                Err(Ended) => return,
            },
            Next::Gone => {
                let text = "too slow: come back with the last id that was seen";
                drop(send(&sender, Event::default().event("lagged").data(text)).await);
                return;
            }
        }
        is_first = false;
    }
}

/// Sends what happened after a place from the journal, up to the last durable block; returns its height.
async fn replay(api: &Arc<Api>, seen: Place, sender: Sender) -> Result<u64, Ended> {
    let runtime = Handle::current();
    let reader = sender.clone();
    let walked = api.walk_journal(move |api| {
        let until = api.node.durable_height();
        let mut replay = Replay::open(api.node.directory(), until).map_err(failed)?;
        while let Some(step) = replay.step().map_err(failed)? {
            // Without this, a walk through blocks that are not sent would go on for nobody.
            if sender.is_closed() || *api.stopping.borrow() {
                return Err(Ended);
            }
            if step.applied.height < seen.height {
                continue;
            }
            for event in rendered(step.union, &step.applied, seen) {
                runtime.block_on(send(&sender, event))?;
            }
        }
        Ok(until)
    });
    tokio::select! {
        walked = walked => walked.unwrap_or(Err(Ended)),
        () = reader.closed() => Err(Ended),
    }
}

fn failed(error: network::NodeError) -> Ended {
    tracing::error!(%error, "events cannot be read from the journal");
    Ended
}
