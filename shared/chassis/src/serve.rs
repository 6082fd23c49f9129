//! The serve loop of every server: `axum::serve` has no header timeout and can't be given one.

use crate::framing::Framed;
use crate::head_timer::HeadTimer;
use crate::open_files;
use crate::workers::Workers;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::{debug, warn};

/// A connection whose request head is not complete by then is closed, idle ones too.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Open connections, sockets included; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 20_000;
/// Largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Pause after a failed accept: out of file descriptors is not cured by trying again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` on `listener` until `stopping`, then lets requests in flight end.
///
/// Sockets that were upgraded leave this loop; whoever upgraded them ends them.
///
/// # Errors
/// None at present: a failed accept is logged and tried again.
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) -> Result<(), std::io::Error> {
    let of_connection = move |peer| {
        let router = router.clone();
        move |request| ask(&router, request, peer)
    };
    accept(listener, of_connection, stopping, None).await
}

/// The same without a router, on threads of their own: `of_connection` makes of the client's address what answers the
/// requests of its connection, and `workers` take connections in turns. [`ask`] is for the requests that are a router's
/// after all.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on<S, A>(
    workers: Arc<Workers>,
    listener: TcpListener,
    of_connection: impl Fn(SocketAddr) -> S,
    stopping: CancellationToken,
) -> Result<(), std::io::Error>
where
    S: Fn(Request) -> A + Send + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    accept(listener, of_connection, stopping, Some(&workers)).await
}

/// What every request comes to.
pub type Answer = Result<Response, Infallible>;

/// Has a router answer.
pub fn ask(router: &Router, mut request: Request, peer: SocketAddr) -> impl Future<Output = Answer> + Send + use<> {
    request.extensions_mut().insert(ConnectInfo(peer));
    // Routers are always ready.
    router.clone().call(request)
}

async fn accept<S, A>(
    listener: TcpListener,
    of_connection: impl Fn(SocketAddr) -> S,
    stopping: CancellationToken,
    workers: Option<&Workers>,
) -> Result<(), std::io::Error>
where
    S: Fn(Request) -> A + Send + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    open_files::allow_all();
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (answer, stopping) = (of_connection(peer), stopping.clone());
                let Some(workers) = workers else {
                    connections.spawn(async move {
                        tell(peer, serve_connection(stream, answer, stopping).await);
                        drop(place);
                    });
                    continue;
                };
                // A socket belongs to the runtime that waits for it.
                let Ok(stream) = stream.into_std() else { continue };
                let connection = async move {
                    if let Ok(stream) = TcpStream::from_std(stream) {
                        tell(peer, serve_connection(stream, answer, stopping).await);
                    }
                    drop(place);
                };
                connections.spawn_on(connection, workers.next());
            }
            Err(failure) => {
                warn!(error = %failure, "accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

fn tell(peer: SocketAddr, ended: hyper::Result<()>) {
    if let Err(failure) = ended {
        debug!(%peer, error = %failure, "a connection ended badly");
    }
}

async fn serve_connection<A: Future<Output = Answer> + Send + 'static>(
    stream: TcpStream,
    answer: impl Fn(Request) -> A + Send + 'static,
    stopping: CancellationToken,
) -> hyper::Result<()> {
    // Small answers must not wait for Nagle's algorithm; a socket that refuses still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| answer(request.map(boxed)));
    let connection = http1::Builder::new()
        .timer(HeadTimer::default())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Framed::new(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// The body as handlers know it; none costs nothing.
fn boxed(body: Incoming) -> Body {
    if body.is_end_stream() { Body::empty() } else { Body::new(body) }
}
