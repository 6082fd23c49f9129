//! The serve loop of every server. `axum::serve` can't be used, because it has no header timeout.

use crate::framing::{FramingGuard, HEAD_BYTES_MAX};
use crate::open_files;
use crate::thread_per_core::Workers;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tls::{ServerTls, Stream};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::{debug, warn};

/// A connection is closed if no complete request head arrives within this time, also while it is idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Open connections, without WebSockets; further ones wait in the kernel's accept queue.
const CONNECTIONS_MAX: usize = 20_000;
/// Connections that wait in the kernel's accept queue.
const BACKLOG: u32 = 1024;
/// Pause after a failed accept: an immediate retry does not help when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a server accepts connections.
#[derive(Debug)]
pub struct Listener {
    /// The address.
    pub tcp: TcpListener,
    /// TLS, unless connections are plain text.
    pub tls: Option<ServerTls>,
}

impl From<TcpListener> for Listener {
    /// Plain text.
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, tls: None }
    }
}

/// The address of the service could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address} (LISTEN_ADDR)")]
pub struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

/// Listens on the address that `LISTEN_ADDR` names.
///
/// # Errors
/// [`ListenError`] if another process has the address, or this machine does not.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // As `TcpListener::bind` does, which is asynchronous because it resolves names.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|source| ListenError { address, source })
}

/// Serves `router` on `listener` until `stopping` is cancelled, then waits for requests in flight.
///
/// Upgraded connections leave this loop; their handlers must close them.
///
/// # Errors
/// None at present: failed accepts are logged and retried.
pub async fn serve(
    listener: impl Into<Listener>,
    router: Router,
    stopping: CancellationToken,
) -> Result<(), std::io::Error> {
    let of_connection = move |peer| {
        let router = router.clone();
        Some(move |request| call_router(&router, request, peer))
    };
    // Half of the open files are left for what the requests need.
    let connections_max = CONNECTIONS_MAX.min(open_files::raise_limit() / 2).max(1);
    accept(listener.into(), of_connection, Arc::new(Semaphore::new(connections_max)), stopping, None).await
}

/// As [`serve`], without a router and on worker threads: `of_connection` maps a client's address to the function that
/// responds to the requests of its connection, and `workers` take connections in turn. [`call_router`] calls a router.
/// The function is dropped when the connection is closed or upgraded. Without a function the connection is closed at
/// once. Each connection takes one of `permits`.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on_workers<S, A>(
    workers: Arc<Workers>,
    listener: Listener,
    of_connection: impl Fn(SocketAddr) -> Option<S>,
    permits: Arc<Semaphore>,
    stopping: CancellationToken,
) -> Result<(), std::io::Error>
where
    S: Fn(Request) -> A + Send + 'static,
    A: Future<Output = HandlerResult> + Send + 'static,
{
    accept(listener, of_connection, permits, stopping, Some(&workers)).await
}

/// The result of every request.
pub type HandlerResult = Result<Response, Infallible>;

/// Calls a router.
pub fn call_router(
    router: &Router,
    mut request: Request,
    peer: SocketAddr,
) -> impl Future<Output = HandlerResult> + Send + use<> {
    request.extensions_mut().insert(ConnectInfo(peer));
    // Routers are always ready.
    router.clone().call(request)
}

async fn accept<S, A>(
    listener: Listener,
    of_connection: impl Fn(SocketAddr) -> Option<S>,
    permits: Arc<Semaphore>,
    stopping: CancellationToken,
    workers: Option<&Workers>,
) -> Result<(), std::io::Error>
where
    S: Fn(Request) -> A + Send + 'static,
    A: Future<Output = HandlerResult> + Send + 'static,
{
    let connections = TaskTracker::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.tcp.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(answer) = of_connection(peer) else {
                    debug!(%peer, "a connection was refused: its client has too many");
                    continue;
                };
                let (stopping, tls) = (stopping.clone(), listener.tls.clone());
                let Some(workers) = workers else {
                    connections.spawn(async move {
                        serve_stream(stream, tls, peer, answer, stopping).await;
                        drop(permit);
                    });
                    continue;
                };
                // A socket is bound to the runtime that polls it.
                let Ok(stream) = stream.into_std() else { continue };
                let connection = async move {
                    if let Ok(stream) = TcpStream::from_std(stream) {
                        serve_stream(stream, tls, peer, answer, stopping).await;
                    }
                    drop(permit);
                };
                connections.spawn_on(connection, workers.next());
            }
            Err(failure) => {
                warn!(error = %failure, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

/// Makes the TLS handshake, if the server has TLS, and serves the connection. Its permit and its share of the client's
/// connections are taken already.
async fn serve_stream<A: Future<Output = HandlerResult> + Send + 'static>(
    stream: TcpStream,
    tls: Option<ServerTls>,
    peer: SocketAddr,
    answer: impl Fn(Request) -> A + Send + 'static,
    stopping: CancellationToken,
) {
    // Nagle's algorithm would delay small responses; if disabling it fails, the socket still works.
    let _ = stream.set_nodelay(true);
    let stream = match tls {
        None => Stream::Plain(stream),
        Some(tls) => {
            let accepted = tokio::select! {
                accepted = Box::pin(tls.accept(stream)) => accepted,
                () = stopping.cancelled() => return,
            };
            match accepted {
                Ok(stream) => stream,
                Err(failure) => {
                    metrics::counter!("http_tls_handshakes_failed_total").increment(1);
                    debug!(%peer, error = %failure, "a TLS handshake failed");
                    return;
                }
            }
        }
    };
    if let Err(failure) = serve_connection(stream, answer, stopping, HEADER_TIMEOUT).await {
        debug!(%peer, error = %failure, "a connection ended with an error");
    }
}

async fn serve_connection<A: Future<Output = HandlerResult> + Send + 'static>(
    stream: Stream,
    answer: impl Fn(Request) -> A + Send + 'static,
    stopping: CancellationToken,
    header_timeout: Duration,
) -> hyper::Result<()> {
    let service = service_fn(move |request: hyper::Request<Incoming>| answer(request.map(boxed)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(FramingGuard::new(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// The body type of handlers; an empty body needs no allocation.
fn boxed(body: Incoming) -> Body {
    if body.is_end_stream() { Body::empty() } else { Body::new(body) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn heads_that_hyper_rejects_are_answered_with_problem_documents_that_have_ids() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = CancellationToken::new();
        let router = Router::new().route("/", get(|| async { "ok" }));
        let server = tokio::spawn(serve(listener, router, stopping.clone()));
        let (long, longer) = ("x".repeat(30_000), "x".repeat(200_000));
        let (fits, just_too_long) = ("x".repeat(32_000), "x".repeat(33_000));
        let many = "X: y\r\n".repeat(101);
        for (request, status, code) in [
            ("nonsense\r\n\r\n".to_owned(), 400, "bad_request"),
            ("GET / HTTP/1.1\r\nHost a\r\n\r\n".to_owned(), 400, "bad_request"),
            ("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400, "bad_request"),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/7\r\n\r\n".to_owned(), 400, "bad_request"),
            (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {longer}\r\n\r\n"), 431, "head_too_large"),
            (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {just_too_long}\r\n\r\n"), 431, "head_too_large"),
            // After a head that fits, and after a body.
            (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {fits}\r\n\r\nx\r\n\r\n"), 400, "bad_request"),
            (
                format!("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX: {just_too_long}\r\n\r\n"),
                431,
                "head_too_large",
            ),
            (
                format!(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
                     GET / HTTP/1.1\r\nHost: a\r\nX: {just_too_long}\r\n\r\n"
                ),
                431,
                "head_too_large",
            ),
            (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431, "head_too_large"),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n".to_owned(), 400, "bad_request"),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n".to_owned(),
                400,
                "bad_request",
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), 400, "bad_request"),
            ("GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), 400, "bad_request"),
            (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\nx\r\n\r\n"), 400, "bad_request"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut received = vec![];
            // Unread bytes of the request turn the end into a reset.
            while stream.read_buf(&mut received).await.is_ok_and(|count| count > 0) {}
            let answers = String::from_utf8(received).unwrap();
            let start = answers.rfind("HTTP/1.1 ").unwrap_or_else(|| panic!("no answer to {request:.60}"));
            let (head, document) = answers[start..].split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}: {answers}");
            assert!(head.contains("content-type: application/problem+json"), "{request:.60}: {answers}");
            assert!(head.contains(&format!("content-length: {}", document.len())), "{answers}");
            assert!(document.contains(code), "{request:.60}: {answers}");
            assert!(document.contains("\"trace_id\":\""), "{request:.60}: {answers}");
            assert!(head.contains("x-request-id: "), "{request:.60}: {answers}");
        }
        stopping.cancel();
        server.await.unwrap().unwrap();
    }

    /// What a client that pauses after each piece receives, if a head may take two seconds.
    async fn received_by_slow_client(pieces: &[&str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let answer = async |_: Request| Ok(Response::new(Body::empty()));
        tokio::spawn(serve_connection(Stream::Plain(stream), answer, CancellationToken::new(), Duration::from_secs(2)));
        for piece in pieces {
            // The server may have closed the connection.
            let _ = client.write_all(piece.as_bytes()).await;
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        let mut received = vec![];
        let end = async { while client.read_buf(&mut received).await.is_ok_and(|count| count > 0) {} };
        tokio::time::timeout(Duration::from_secs(20), end).await.expect("the server closes the connection");
        String::from_utf8(received).unwrap()
    }

    #[tokio::test]
    async fn each_head_has_its_time_and_one_that_takes_longer_ends_the_connection() {
        const START: &str = "GET / HTTP/1.1\r\nHost: a\r\n";
        const FIELD: &str = "X: y\r\n";
        const END: &str = "\r\n";
        let answers = async |pieces: &[&str], expected: usize| {
            let received = received_by_slow_client(pieces).await;
            assert_eq!(received.matches("HTTP/1.1 200 OK").count(), expected, "{pieces:?}: {received}");
        };
        tokio::join!(
            answers(&[], 0),
            answers(&[START], 0),
            answers(&[START, FIELD, FIELD, FIELD, FIELD, END], 0),
            answers(&[START, END], 1),
            answers(&[START, END, START, END], 2),
            answers(&[START, END, START, FIELD, FIELD, FIELD, FIELD, END], 1),
        );
    }
}
