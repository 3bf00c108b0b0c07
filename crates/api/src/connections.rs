//! The connections that are open. One place is always kept free: when all are taken, the connection that is open longest of those
//! on which no request is being answered is closed. Who says nothing, or says it slowly, keeps nobody out.

use axum::body::{Body, Bytes};
use axum::http::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All of them.
#[derive(Debug)]
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    /// In the order in which they were opened.
    open: Mutex<BTreeMap<u64, Arc<Connection>>>,
    /// Told when one has nothing to answer any more.
    idle: Notify,
}

#[derive(Debug, Default)]
struct Connection {
    /// Requests that are being answered: their heads have come, and their answers have not all gone.
    answering: AtomicUsize,
    close: Notify,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
    number: u64,
    _permit: OwnedSemaphorePermit,
}

/// A request on a connection, until it is answered.
#[derive(Debug)]
pub(crate) struct Answering {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
}

impl Connections {
    /// Room for so many.
    pub fn new(places: usize) -> Arc<Connections> {
        Arc::new(Connections { places: Arc::new(Semaphore::new(places)), open: Mutex::default(), idle: Notify::new() })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is a place for one more.
    pub async fn place(self: &Arc<Self>) -> Place {
        let permit = loop {
            let idle = self.idle.notified();
            if let Ok(permit) = self.places.clone().try_acquire_owned() {
                break permit;
            }
            self.close_longest_idle();
            tokio::select! {
                permit = self.places.clone().acquire_owned() => break permit.expect("the semaphore is never closed"),
                () = idle => {}
            }
        };
        let connection = Arc::new(Connection::default());
        let mut open = self.open();
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        open.insert(number, connection.clone());
        drop(open);
        Place { connections: self.clone(), connection, number, _permit: permit }
    }

    fn close_longest_idle(&self) {
        let open = self.open();
        if let Some(idle) = open.values().find(|connection| connection.answering.load(Ordering::Acquire) == 0) {
            idle.close.notify_one();
        }
    }
}

impl Place {
    /// Completes when the connection is to make room for others.
    pub async fn is_wanted(&self) {
        self.connection.close.notified().await;
    }

    /// Marks that a request has come.
    pub fn answering(&self) -> Answering {
        self.connection.answering.fetch_add(1, Ordering::AcqRel);
        Answering { connections: self.connections.clone(), connection: self.connection.clone() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.connection.answering.fetch_sub(1, Ordering::AcqRel);
        self.connections.idle.notify_one();
    }
}

/// The body of an answer, whose request is answered when all of it has been handed over.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    _answering: Answering,
}

impl Answering {
    /// Lasts as long as the answer.
    pub fn until_sent(self, response: Response<Body>) -> Response<Answer> {
        response.map(|body| Answer { body, _answering: self })
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
