//! Serving HTTP, over TLS where there is a certificate, until told to stop.

use crate::connections::Connections;
use crate::route::router;
use crate::service::Api;
use crate::tls::Tls;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A connection, over TLS or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Serves the API of a node on a listener until `shutdown` completes. Then requests that are under way are finished,
/// event streams are ended, and the node is closed.
///
/// # Errors
///
/// What closing the node reports.
pub async fn serve(
    listener: TcpListener,
    api: Arc<Api>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), network::NodeError> {
    let router = router(api.clone());
    let connections = Connections::new(api.bounds.connections);
    let graceful = GracefulShutdown::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(api.bounds.head_timeout).max_buf_size(HEAD_BYTES_MAX);
    let handshake_timeout = api.bounds.handshake_timeout;

    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = connections.place() => Arc::new(place),
        };
        let stream = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files, for one: asking again at once would only burn time until some are closed.
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                    continue;
                }
            },
        };
        // Answers are written whole; waiting to send more at once only delays them.
        drop(stream.set_nodelay(true));
        let service = TowerToHyperService::new(router.clone());
        let answer = service_fn({
            let place = place.clone();
            move |request: Request<Incoming>| {
                let (answering, response) = (place.answering(), service.call(request));
                async move { Ok::<_, Infallible>(answering.until_sent(response.await?)) }
            }
        });
        let (http, watcher, acceptor) = (http.clone(), graceful.watcher(), api.tls.as_ref().map(Tls::acceptor));
        let mut stopping = api.stopping.subscribe();
        tokio::spawn(async move {
            let served = async {
                let stream: Box<dyn Stream> = match acceptor {
                    None => Box::new(stream),
                    Some(acceptor) => {
                        let shaken = tokio::select! {
                            shaken = tokio::time::timeout(handshake_timeout, acceptor.accept(stream)) => shaken,
                            _ = stopping.wait_for(|is_stopping| *is_stopping) => return,
                        };
                        match shaken {
                            Ok(Ok(stream)) => Box::new(stream),
                            Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
                            Err(_) => return tracing::debug!("a TLS handshake took too long"),
                        }
                    }
                };
                if let Err(error) = watcher.watch(http.serve_connection(TokioIo::new(stream), answer)).await {
                    tracing::debug!(%error, "a connection ended");
                }
            };
            tokio::select! {
                () = served => {}
                () = place.is_wanted() => tracing::debug!("a connection on which nothing is answered makes room"),
            }
        });
    }
    drop(listener);
    api.stopping.send_replace(true);
    if tokio::time::timeout(api.bounds.stop_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were not finished in time");
    }
    let node = api.node().clone();
    tokio::task::spawn_blocking(move || node.close()).await.expect("closing does not panic")
}
